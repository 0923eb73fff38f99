"""What the cues go by, in the panels of the figure."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from lemf.alignment import Word
from lemf.contours import Contours
from lemf.emphasis import SentenceEmphasis
from lemf.frames import FloatArray
from lemf.sentence_contours import cut_sentence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CUE_COLOUR = "#0072B2"
Scale = Callable[[FloatArray], FloatArray]  # Hz to the axis


def mark_pitch(axes: Axes, sentence: SentenceEmphasis, contours: Contours, scale: Scale) -> None:
    """Mark what the cues of pitch measure: the highest F0 of each word, or the area under F0.

    Parameters
    ----------
    axes : Axes
    sentence : SentenceEmphasis
    contours : Contours
        Of the recording.
    scale : function
    """
    cues = sentence.words[0].cues
    if "pitch" in cues:
        words = [word for word in sentence.words if not math.isnan(word.pitch)]
        places_s = [_peak_s(word.start_s, word.end_s, contours) for word in words]
        axes.plot(
            places_s, scale(np.exp([word.pitch for word in words])), "o", markersize=5,
            markerfacecolor="white", markeredgecolor=CUE_COLOUR, label="highest F0 of the word",
        )  # fmt: skip
    if "pitch_area" in cues:
        _fill_area(axes, sentence, contours, scale)


def mark_energy(
    axes: Axes, sentence: SentenceEmphasis, contours: Contours, span: slice, unit: float
) -> None:
    """Mark what the cues of loudness measure: the mean of each word, or the middle of the spectrum.

    Parameters
    ----------
    axes : Axes
    sentence : SentenceEmphasis
    contours : Contours
        Of the recording.
    span : slice
        The frames to draw.
    unit : float
        Of the axis.
    """
    cues = sentence.words[0].cues
    if "energy" in cues:
        words = [word for word in sentence.words if not math.isnan(word.energy)]
        axes.hlines(
            [word.energy / unit for word in words],
            [word.start_s for word in words],
            [word.end_s for word in words],
            color=CUE_COLOUR,
            linewidth=2.0,
            label="mean energy of the word",
        )
    if "loudness" in cues and contours.detail is not None:
        axes.plot(
            contours.times_s[span], contours.detail.mid_energy[span] / unit, "--",
            color=CUE_COLOUR, linewidth=1.0, label="0.5 to 4 kHz",
        )  # fmt: skip


def _peak_s(start_s: float, end_s: float, contours: Contours) -> float:
    inside = slice(*np.searchsorted(contours.times_s, [start_s, end_s]))
    return float(contours.times_s[inside][contours.f0_hz[inside].argmax()])


def _fill_area(axes: Axes, sentence: SentenceEmphasis, contours: Contours, scale: Scale) -> None:
    """Fill what lies between clear F0 and its baseline, above it."""
    words = [Word(word.word, word.start_s, word.end_s) for word in sentence.words]
    cut = cut_sentence(words, contours)
    first = int(np.searchsorted(contours.times_s, words[0].start_s))
    frames = slice(first, first + len(cut.clear))
    f0_hz = np.where(cut.clear, contours.f0_hz[frames], np.nan)
    baseline_hz = f0_hz * 2.0 ** ((cut.baseline - cut.semitones) / 12)
    axes.fill_between(
        contours.times_s[frames], scale(baseline_hz), scale(f0_hz), where=f0_hz > baseline_hz,
        color=CUE_COLOUR, alpha=0.35, linewidth=0, label="above its median",
    )  # fmt: skip
