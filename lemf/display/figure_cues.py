"""What the cues measure and add, in the panels of the figure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np

from lemf.arrays import FloatArray
from lemf.config import CUE_SETS, CUES
from lemf.contours.contours import Contours
from lemf.cues.sentence_contours import cut_sentence
from lemf.reading.alignment import Word
from lemf.reading.frames import frames_of
from lemf.runtime.colours import BLUE, GREEN
from lemf.scoring.decision import INTERCEPT
from lemf.scoring.word_emphasis import SentenceEmphasis, WordEmphasis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DARKEST, _LIGHTEST = 0.8, 0.3
_WIDTH = 0.8  # of a bar, relative to the word


def beyond_the_papers(sentence: SentenceEmphasis) -> bool:
    """Check whether there is more to show than in the paper's figure: other cues, or a decision."""
    return sentence.decision is not None or tuple(sentence.words[0].cues) != tuple(
        CUE_SETS["paper"]
    )


def draw_contributions(axes: Axes, sentence: SentenceEmphasis, *, with_legend: bool = True) -> None:
    """Stack the contributions of the cues above and below zero; a line marks their sum, the score.

    Parameters
    ----------
    axes : Axes
        Over time, as the panels of the contours.
    sentence : SentenceEmphasis
    with_legend : bool
        Whether the cues are named beside the panel.
    """
    words = sentence.words
    names = [name for name, share in words[0].cues.items() if share.weight]
    parts = {name: np.array([word.cues[name].contribution for word in words]) for name in names}
    _stack(axes, words, parts, 0.0)
    _draw_sums(axes, words, [word.score for word in words], "score")
    axes.axhline(0.0, color=mpl.rcParams["text.color"], linewidth=0.6)
    axes.set_ylabel("weight times z")
    if with_legend:
        _put_legend_beside(axes)


def draw_log_odds(
    axes: Axes, sentence: SentenceEmphasis, threshold: float, *, with_legend: bool = True
) -> None:
    """Stack what the cues add to the log-odds of emphasis on their intercept; a line is the sum.

    Parameters
    ----------
    axes : Axes
        Over time, as the panels of the contours.
    sentence : SentenceEmphasis
        With a decision.
    threshold : float
        The probability from which a word is emphasised; its log-odds are a line across.
    with_legend : bool
        Whether the parts are named beside the panel.
    """
    words = sentence.words
    decisions = [word.decision for word in words if word.decision is not None]
    names = [name for name in decisions[0].parts if name in CUES]
    parts = {name: np.array([one.parts[name] for one in decisions]) for name in names}
    intercept = decisions[0].parts[INTERCEPT]
    _stack(axes, words, parts, intercept)
    _draw_sums(axes, words, [one.log_odds for one in decisions], "log-odds")
    text_colour = mpl.rcParams["text.color"]
    axes.axhline(intercept, color=text_colour, linewidth=0.6)
    axes.axhline(
        math.log(threshold / (1 - threshold)), color=text_colour, linewidth=1.0, linestyle=":",
        label=f"P = {threshold:g}",
    )  # fmt: skip
    axes.set_ylabel("log-odds")
    if with_legend:
        _put_legend_beside(axes)


def _stack(
    axes: Axes, words: Sequence[WordEmphasis], parts: Mapping[str, FloatArray], level: float
) -> None:
    """Stack the parts of each word, (words,) float64 each, above and below a level."""
    centres_s, widths_s = _places(words)
    above, below = np.full(len(words), level), np.full(len(words), level)
    for name, colour in _colours([*parts]).items():
        bottoms = np.where(parts[name] > 0, above, below)
        axes.bar(
            centres_s, parts[name], widths_s, bottoms, color=colour, linewidth=0,
            label=name.replace("_", " "),
        )  # fmt: skip
        above += np.maximum(parts[name], 0.0)
        below += np.minimum(parts[name], 0.0)
    for edge in np.unique([(word.start_s, word.end_s) for word in words]):
        axes.axvline(edge, color="0.8", linewidth=0.6, zorder=0)


def _draw_sums(
    axes: Axes, words: Sequence[WordEmphasis], sums: Sequence[float], label: str
) -> None:
    centres_s, widths_s = _places(words)
    axes.hlines(
        sums, centres_s - widths_s / 2, centres_s + widths_s / 2,
        color=mpl.rcParams["text.color"], linewidth=2.0, label=label,
    )  # fmt: skip


def _places(words: Sequence[WordEmphasis]) -> tuple[FloatArray, FloatArray]:
    """Return centres and widths of the bars in seconds."""
    spans_s = np.array([(word.start_s, word.end_s) for word in words])
    return spans_s.mean(axis=1), _WIDTH * np.diff(spans_s, axis=1)[:, 0]


def _put_legend_beside(axes: Axes) -> None:
    figure = axes.get_figure(root=True)
    if figure is not None and figure.get_layout_engine() is not None:  # which makes room for it
        legend = axes.legend(
            loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=7, labelspacing=0.2,
            frameon=False,
        )  # fmt: skip
        axes.add_artist(legend).set_clip_on(False)  # another may be drawn below the panel


def _colours(names: list[str]) -> dict[str, tuple[float, ...]]:
    """Return the colours in the order of the names: a colour per kind of cue, a shade per cue."""
    colours: dict[str, tuple[float, ...]] = {}
    for colour_map in {CUES[name].colour for name in names}:
        of_kind = [name for name in names if CUES[name].colour == colour_map]
        for name, shade in zip(
            of_kind, np.linspace(_DARKEST, _LIGHTEST, len(of_kind)), strict=True
        ):
            colours[name] = mpl.colormaps[colour_map](float(shade))
    return {name: colours[name] for name in names}


Scale = Callable[[FloatArray], FloatArray]  # Hz to the axis


def mark_pitch(
    axes: Axes,
    page: SentenceEmphasis,
    sentence: SentenceEmphasis,
    contours: Contours,
    scale: Scale,
) -> None:
    """Mark what the cues of pitch measure: the highest F0 of each word, or the area under F0.

    Where measures were asked for, the highest clear F0 of each word, too.

    Parameters
    ----------
    axes : Axes
    page : SentenceEmphasis
        The words on the page.
    sentence : SentenceEmphasis
        All words of the sentence, over which F0 has its median.
    contours : Contours
        Contours of the recording.
    scale : function
        Converts Hz to the axis.
    """
    cues = page.words[0].cues
    if "pitch" in cues:
        words = [word for word in page.words if not math.isnan(word.pitch)]
        places_s = [_peak_s(word.start_s, word.end_s, contours) for word in words]
        axes.plot(
            places_s, scale(np.exp([word.pitch for word in words])), "o", markersize=5,
            markerfacecolor="white", markeredgecolor=BLUE, label="highest F0 of the word",
        )  # fmt: skip
    measures = [word.measures for word in page.words if word.measures is not None]
    if clear := [one for one in measures if not math.isnan(one.f0_hz)]:
        axes.plot(
            [one.f0_time_s for one in clear], scale(np.array([one.f0_hz for one in clear])), "v",
            markersize=7, markerfacecolor=GREEN, markeredgecolor="white", label="highest clear F0",
        )  # fmt: skip
    if "pitch_area" in cues:
        _fill_area(axes, page, sentence, contours, scale)


def mark_energy(
    axes: Axes, sentence: SentenceEmphasis, contours: Contours, span: slice, unit: float
) -> None:
    """Mark what the cues of loudness measure: the mean of each word, or the middle of the spectrum.

    Parameters
    ----------
    axes : Axes
    sentence : SentenceEmphasis
    contours : Contours
        Contours of the recording.
    span : slice
        The frames to draw.
    unit : float
        Energy that is 1 on the axis.
    """
    cues = sentence.words[0].cues
    if "energy" in cues:
        words = [word for word in sentence.words if not math.isnan(word.energy)]
        axes.hlines(
            [word.energy / unit for word in words],
            [word.start_s for word in words],
            [word.end_s for word in words],
            color=BLUE,
            linewidth=2.0,
            label="mean energy of the word",
        )
    if "loudness" in cues and contours.detail is not None:
        axes.plot(
            contours.times_s[span], contours.detail.mid_energy[span] / unit, "--",
            color=BLUE, linewidth=1.0, label="0.5 to 4 kHz",
        )  # fmt: skip


def _peak_s(start_s: float, end_s: float, contours: Contours) -> float:
    inside = frames_of(start_s, end_s, contours.times_s)
    return float(contours.times_s[inside][contours.f0_hz[inside].argmax()])


def _fill_area(
    axes: Axes,
    page: SentenceEmphasis,
    sentence: SentenceEmphasis,
    contours: Contours,
    scale: Scale,
) -> None:
    """Fill the area between clear F0 and the baseline below it, in the words on the page."""
    words = [Word(word.word, word.start_s, word.end_s) for word in sentence.words]
    cut = cut_sentence(words, contours)
    frames = frames_of(words[0].start_s, words[-1].end_s, contours.times_s)
    f0_hz = np.where(cut.clear, contours.f0_hz[frames], np.nan)
    baseline_hz = f0_hz * 2.0 ** ((cut.baseline - cut.semitones) / 12)
    times_s = contours.times_s[frames]
    on_page = (times_s >= page.start_s) & (times_s <= page.end_s)
    axes.fill_between(
        times_s, scale(baseline_hz), scale(f0_hz), where=on_page & (f0_hz > baseline_hz),
        color=BLUE, alpha=0.35, linewidth=0, label="above its median",
    )  # fmt: skip
