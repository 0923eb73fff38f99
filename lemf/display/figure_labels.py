"""Words written along a panel of the figure so that none covers another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np

from lemf.arrays import FloatArray
from lemf.runtime.colours import GREEN, ORANGE, PURPLE, SKY_BLUE, VERMILION
from lemf.scoring.word_emphasis import SentenceEmphasis, WordEmphasis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHADE = 0.28  # opacity of the colour of a rank
_RANK_COLOURS = (VERMILION, ORANGE, SKY_BLUE, GREEN, PURPLE)
_LABEL_PT = 9.0  # where the font of the figure has the usual size
_SMALLEST_PT = 5.0
_SMALLER = 0.75  # of the usual size, for a label in a narrow band
_USUAL_PT = 10.0
_LINE_EM = 1.2
_GAP_PT = 4.0


def points(size_pt: float) -> float:
    """Scale a size as the font of the figure is scaled, whose usual size is 10 points."""
    return size_pt * float(mpl.rcParams["font.size"]) / _USUAL_PT


def rank_colour(rank: int) -> str:
    """Return the colour of a rank, from 1; the colours repeat after five."""
    return _RANK_COLOURS[(rank - 1) % len(_RANK_COLOURS)]


def marked_words(sentence: SentenceEmphasis, top: int) -> list[WordEmphasis]:
    """Return the words to mark, in the order of time: the emphasised, or the `top` ones.

    Where it is decided which words are emphasised, no others are marked. Of the top ones, those
    with a score above 0 are, since the others are less prominent than the mean of their sentence.
    """
    if sentence.decision is not None:
        return [word for word in sentence.words if word.decision and word.decision.emphasised]
    return [word for word in sentence.words if word.rank <= top and word.score > 0]


def write_words(axes: Axes, sentence: SentenceEmphasis, top: int) -> None:
    """Write all words above the panel, the marked ones bold: level if they fit, else upright."""
    words = sentence.words
    marked = {word.index for word in marked_words(sentence, top)}
    low_s, high_s = axes.get_xlim()
    s_per_pt = (high_s - low_s) / width_pt(axes)
    centres = np.array([(word.start_s + word.end_s) / 2 for word in words])
    usual_pt = points(_LABEL_PT)
    widths = np.array([_text_width_pt(axes, word.word, usual_pt) for word in words]) * s_per_pt
    level = bool(np.all(np.diff(centres) >= (widths[:-1] + widths[1:]) / 2))
    size_pt = usual_pt
    if not level:
        fitting_pt = width_pt(axes) / len(words) / _LINE_EM
        size_pt = float(np.clip(fitting_pt, _SMALLEST_PT, usual_pt))
        heights = np.full(len(words), _LINE_EM * size_pt * s_per_pt)
        centres = spread(centres, heights, low_s, high_s)
    for word, centre in zip(words, centres, strict=True):
        axes.text(
            centre, 1.02, word.word, transform=axes.get_xaxis_transform(),
            fontsize=size_pt, rotation=0 if level else 90, ha="center", va="bottom",
            fontweight="bold" if word.index in marked else "normal", clip_on=False,
            parse_math=False,
        )  # fmt: skip


def name_top_words(axes: Axes, sentence: SentenceEmphasis, top: int) -> None:
    """Write rank, word and score of the marked words at the top of the panel, inside their bands.

    Where emphasis is decided, the probability stands for the score. Letters are smaller where a
    band is narrow; where that is not enough, the word is left out, then all but the rank.
    """
    words = marked_words(sentence, top)
    if not words:  # on a page of a longer sentence
        return
    low_s, high_s = axes.get_xlim()
    s_per_pt = (high_s - low_s) / width_pt(axes)
    labels = [_fit_label(axes, word, (word.end_s - word.start_s) / s_per_pt) for word in words]
    widths = np.array([_text_width_pt(axes, *label) for label in labels]) * s_per_pt
    centres = np.array([(word.start_s + word.end_s) / 2 for word in words])
    for word, (label, size_pt), centre in zip(
        words, labels, spread(centres, widths, low_s, high_s), strict=True
    ):
        shade = {"facecolor": rank_colour(word.rank), "alpha": SHADE, "linewidth": 0, "pad": 1.5}
        axes.text(
            centre, 0.96, label, transform=axes.get_xaxis_transform(),
            fontsize=size_pt, ha="center", va="top", parse_math=False,
            fontweight="bold" if word.rank == 1 else "normal", bbox=shade,
        )  # fmt: skip


def _fit_label(axes: Axes, word: WordEmphasis, room_pt: float) -> tuple[str, float]:
    """Return the longest label of a marked word that fits, at least its rank, and its size."""
    usual_pt, value = points(_LABEL_PT), _value(word)
    fitting = [
        (label, size_pt)
        for label in (f"{word.rank}. {word.word}\n{value}", f"{word.rank}\n{value}")
        for size_pt in (usual_pt, usual_pt * _SMALLER)
        if _text_width_pt(axes, label, size_pt) <= room_pt
    ]
    return fitting[0] if fitting else (str(word.rank), usual_pt)


def _value(word: WordEmphasis) -> str:
    if word.decision is not None:
        return f"P {word.decision.probability:.2f}"
    return f"{word.score:+.2f}"


def width_pt(axes: Axes) -> float:
    """Return the width of a panel in points."""
    return float(axes.get_window_extent().width / axes.figure.dpi * 72)


def spread(centres: FloatArray, widths: FloatArray, low: float, high: float) -> FloatArray:
    """Move labels as little as possible until none overlaps its neighbour, within the bounds.

    Isotonic regression by pooling adjacent violators, once the widths are subtracted.

    Parameters
    ----------
    centres : (labels,) float64, ascending
    widths : (labels,) float64
    low, high : float
        Bounds of the outer edges; kept where all labels fit between them.

    Returns
    -------
    (labels,) float64
    """
    offsets = np.concatenate([[0.0], np.cumsum((widths[:-1] + widths[1:]) / 2)])
    pools: list[tuple[float, int]] = []
    for value in centres - offsets:
        mean, count = float(value), 1
        while pools and pools[-1][0] > mean:
            other, members = pools.pop()
            mean = (mean * count + other * members) / (count + members)
            count += members
        pools.append((mean, count))
    places = np.concatenate([np.full(count, mean) for mean, count in pools])
    first, last = low + widths[0] / 2, high - widths[-1] / 2 - offsets[-1]
    inside: FloatArray = np.clip(places, first, max(first, last)) + offsets
    return inside


def _text_width_pt(axes: Axes, text: str, size_pt: float) -> float:
    """Return the width of a text in bold letters, with some room, in points."""
    written = axes.text(0, 0, text, fontsize=size_pt, fontweight="bold", parse_math=False)
    width_px = written.get_window_extent().width
    written.remove()
    return float(width_px / axes.figure.dpi * 72) + _GAP_PT
