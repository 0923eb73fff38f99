"""How the words of a sentence stand out, in units that anybody can picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lemf.scoring.word_emphasis import SentenceEmphasis


@dataclass(frozen=True)
class Contrast:
    """A word against the mean of the other words of its sentence; NaN where not measurable.

    Attributes
    ----------
    pitch_st : float
        Highest F0, in semitones above the mean of the others.
    level_db : float
        Energy, in dB above the mean energy of the others.
    length : float
        Mean duration of the phones, in mean durations of the others.
    names : tuple of str
        As `WordEmphasis.in_words`.
    """

    pitch_st: float
    level_db: float
    length: float
    names: tuple[str, str, str]

    def describe(self) -> str:
        """Return the contrast in words, such as ``"+3.1 st (high), +4.2 dB (loud), 1.4x long"``.

        What could not be measured is left out.
        """
        pitch, level, length = self.names
        parts = [
            _with_name(f"{self.pitch_st:+.1f} st", self.pitch_st, pitch),
            _with_name(f"{self.level_db:+.1f} dB", self.level_db, level),
            _with_name(f"{self.length:.1f}x as long", self.length, length),
        ]
        return ", ".join(part for part in parts if part) or "not measurable"


def contrasts(sentence: SentenceEmphasis) -> tuple[Contrast, ...]:
    """Compare each word of a sentence with the mean of the others.

    Parameters
    ----------
    sentence : SentenceEmphasis

    Returns
    -------
    tuple of Contrast
        One per word. From the features of equation 1 of the paper: the natural log of the highest
        F0, the mean norm of the STFT, the mean duration of phones. All NaN in a sentence of one
        word.
    """
    words = sentence.words
    pitch = _above_others([word.pitch for word in words], lambda one, rest: one - rest)
    energy = _above_others([word.energy for word in words], _ratio)
    length = _above_others([word.duration for word in words], _ratio)
    return tuple(
        Contrast(
            pitch_st=12 * pitch_nepers / math.log(2),
            level_db=20 * math.log10(ratio) if ratio > 0 else math.nan,
            length=times,
            names=word.in_words,
        )
        for word, pitch_nepers, ratio, times in zip(words, pitch, energy, length, strict=True)
    )


def _above_others(values: Sequence[float], compare: Callable[[float, float], float]) -> list[float]:
    """Compare each value with the mean of the other values that were measured."""
    measured = np.isfinite(values)
    total, count = float(np.sum(values, where=measured)), int(measured.sum())
    return [
        compare(value, (total - value) / (count - 1)) if known and count > 1 else math.nan
        for value, known in zip(values, measured.tolist(), strict=True)
    ]


def _ratio(one: float, rest: float) -> float:
    return one / rest if rest > 0 else math.nan


def _with_name(text: str, value: float, name: str) -> str:
    if math.isnan(value):
        return ""
    return f"{text} ({name})" if name else text
