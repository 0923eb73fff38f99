"""What each cue adds to the score of each word, as bars in a panel of the figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np

from lemf.config import PAPER_CUES
from lemf.emphasis import SentenceEmphasis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOUR_MAPS = {  # a colour a kind, a shade a cue
    "Blues": ("pitch", "pitch_area", "pitch_contrast", "pitch_peak", "pitch_range", "vowel_pitch"),
    "Oranges": (
        "energy", "loudness", "loudness_peak", "energy_peak", "spectral_balance", "vowel_loudness",
    ),
    "Greens": (
        "duration", "long_phones", "log_phones", "nonfinal_phones", "lengthening", "vowel_duration",
    ),
    "Greys": ("wavelet_prominence",),
}  # fmt: skip
_DARKEST, _LIGHTEST = 0.8, 0.3
_WIDTH = 0.8  # of the word


def beyond_the_papers(sentence: SentenceEmphasis) -> bool:
    """Tell whether the cues are others than the paper's, whose figure has no such panel."""
    return tuple(sentence.words[0].cues) != PAPER_CUES


def draw_contributions(axes: Axes, sentence: SentenceEmphasis) -> None:
    """Stack the contributions of the cues above and below zero; a line marks their sum, the score.

    Parameters
    ----------
    axes : Axes
        Over time, as the panels of the contours.
    sentence : SentenceEmphasis
    """
    words = sentence.words
    spans_s = np.array([(word.start_s, word.end_s) for word in words])
    centres_s, widths_s = spans_s.mean(axis=1), _WIDTH * np.diff(spans_s, axis=1)[:, 0]
    names = [name for name, share in words[0].cues.items() if share.weight]
    above, below = np.zeros(len(words)), np.zeros(len(words))
    for name, colour in _colours(names).items():
        parts = np.array([word.cues[name].contribution for word in words])
        bottoms = np.where(parts > 0, above, below)
        axes.bar(
            centres_s, parts, widths_s, bottoms, color=colour, linewidth=0,
            label=name.replace("_", " "),
        )  # fmt: skip
        above += np.maximum(parts, 0.0)
        below += np.minimum(parts, 0.0)
    scores = [word.score for word in words]
    starts_s, ends_s = centres_s - widths_s / 2, centres_s + widths_s / 2
    text_colour = mpl.rcParams["text.color"]
    axes.hlines(scores, starts_s, ends_s, color=text_colour, linewidth=2.0, label="score")
    axes.axhline(0.0, color=text_colour, linewidth=0.6)
    for edge in np.unique(spans_s):
        axes.axvline(edge, color="0.8", linewidth=0.6, zorder=0)
    axes.set_ylabel("weight times z")
    figure = axes.get_figure(root=True)
    if figure is not None and figure.get_layout_engine() is not None:  # which makes room beside
        legend = axes.legend(
            loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=7, labelspacing=0.2,
            frameon=False,
        )  # fmt: skip
        axes.add_artist(legend).set_clip_on(False)  # so that another may stand below the panel


def _colours(names: list[str]) -> dict[str, tuple[float, ...]]:
    """Give each cue its colour, in the order of the names."""
    colours: dict[str, tuple[float, ...]] = {}
    for colour_map, kind in _COLOUR_MAPS.items():
        own = [name for name in names if name in kind]
        for name, shade in zip(own, np.linspace(_DARKEST, _LIGHTEST, len(own)), strict=True):
            colours[name] = mpl.colormaps[colour_map](float(shade))
    return {name: colours[name] for name in names}
