"""Measures of each word as one quotes them: F0 in Hz, its excursion, the level, the rate.

The paper's `pitch` is the highest frame of the contour, which an octave error or the edge of a
consonant decides where there is one. `f0_hz` is the highest frame that is clear.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lemf.arrays import FloatArray
from lemf.config import FRAME_PERIOD_S
from lemf.contours.contours import Contours
from lemf.contours.energy import mean_level_db
from lemf.cues.sentence_contours import clear_semitones
from lemf.reading.alignment import Word
from lemf.reading.frames import frames_from

BRIEF_S = 0.03  # clear F0 in a word for less is flagged


@dataclass(frozen=True)
class WordMeasures:
    """The measures of a word; NaN where nothing was measurable.

    Attributes
    ----------
    f0_hz : float
        Highest clear F0 in Hz; NaN where no F0 of the word is clear.
    f0_time_s : float
        Where it is in the recording, inside the word.
    excursion_st : float
        `f0_hz` above the median of the clear F0 of its sentence, in semitones.
    level_db : float
        Mean level in dB re full scale, of which a sine has -3.01 dB; NaN where the word is silent.
    rate_phones_per_s : float
        Phones of the word over the sum of their durations; NaN without phones.
    """

    f0_hz: float
    f0_time_s: float
    excursion_st: float
    level_db: float
    rate_phones_per_s: float


@dataclass(frozen=True, eq=False)
class ClearF0:
    """The clear F0 of a sentence, by frames counted from its first.

    Attributes
    ----------
    spans : tuple of slice
        The frames of each word.
    f0_hz, semitones : (frames,) float64
        F0, and F0 above the median of all clear frames; NaN where it is not clear.
    energy, times_s : (frames,) float64
        As in `Contours`.
    """

    spans: tuple[slice, ...]
    f0_hz: FloatArray
    semitones: FloatArray
    energy: FloatArray
    times_s: FloatArray


def find_clear_f0(words: Sequence[Word], contours: Contours) -> ClearF0:
    """Find the clear F0 of a sentence, as `clear_semitones` defines it.

    Parameters
    ----------
    words : sequence of Word
        Of one sentence.
    contours : Contours
        Contours of the recording, with detail.

    Raises
    ------
    ValueError
        The contours were measured without detail.
    """
    if contours.detail is None:
        raise ValueError("clear F0 needs contours that were measured with_detail=True")
    frames = frames_from([(word.start_s, word.end_s) for word in words], contours.times_s)
    first, stop = int(frames.min()), int(frames.max())
    inside = slice(first, stop)
    f0_hz, energy = contours.f0_hz[inside], contours.energy[inside]
    semitones = clear_semitones(f0_hz, energy, contours.detail.periodicity[inside])
    return ClearF0(
        spans=tuple(slice(int(a) - first, int(b) - first) for a, b in frames),
        f0_hz=np.where(np.isfinite(semitones), f0_hz, np.nan),
        semitones=semitones,
        energy=energy,
        times_s=contours.times_s[inside],
    )


def measure_words(words: Sequence[Word], clear: ClearF0, rate_hz: int) -> list[WordMeasures]:
    """Measure the words of a sentence.

    Parameters
    ----------
    words : sequence of Word
        Of one sentence.
    clear : ClearF0
        Of this sentence.
    rate_hz : int
        Sampling rate of the recording.

    Returns
    -------
    list of WordMeasures
    """
    measures = []
    for word, span in zip(words, clear.spans, strict=True):
        f0_hz, time_s, excursion_st = math.nan, math.nan, math.nan
        if np.isfinite(clear.f0_hz[span]).any():
            peak = span.start + int(np.nanargmax(clear.f0_hz[span]))
            f0_hz, excursion_st = float(clear.f0_hz[peak]), float(clear.semitones[peak])
            time_s = max(float(clear.times_s[peak]), word.start_s)  # a rounded start lies after it
        level_db = mean_level_db(clear.energy[span], rate_hz)
        measures.append(WordMeasures(f0_hz, time_s, excursion_st, level_db, phone_rate(word)))
    return measures


def measure_flags(clear: ClearF0) -> list[tuple[str, ...]]:
    """Find the words of a sentence whose clear F0 rests on few frames.

    Returns
    -------
    list of tuple of str
        ``brief_pitch`` or nothing, for every word.
    """
    n_clear = [int(np.isfinite(clear.f0_hz[span]).sum()) for span in clear.spans]
    return [("brief_pitch",) if 0 < n * FRAME_PERIOD_S < BRIEF_S else () for n in n_clear]


def phone_rate(word: Word) -> float:
    """Compute the phones of a word over the sum of their durations, per second.

    Returns
    -------
    float
        NaN without phones.
    """
    spoken_s = math.fsum(phone.duration_s for phone in word.phones)
    return len(word.phones) / spoken_s if spoken_s > 0 else math.nan
