"""Cues of the vowels in each word, which carry stress; they need phone labels (`vowels`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from lemf.alignment import Phone, Word
from lemf.frames import FloatArray
from lemf.loudness_cues import level_db
from lemf.sentence_contours import SentenceContours
from lemf.vowels import are_vowels


def vowel_duration(words: Sequence[Word]) -> FloatArray:
    """Measure the longest vowel of each word.

    Stress lengthens the vowel more than the consonants around it (Fry 1955).

    Returns
    -------
    (words,) float64
        Seconds; NaN in a word without a vowel.

    References
    ----------
    D. B. Fry, "Duration and intensity as physical correlates of linguistic stress", Journal of the
    Acoustical Society of America 27, 1955.
    """
    return _highest(words, lambda vowel: vowel.duration_s)


def vowel_loudness(words: Sequence[Word], sentence: SentenceContours) -> FloatArray:
    """Measure the mean level from 500 to 4000 Hz of the loudest vowel of each word.

    Returns
    -------
    (words,) float64
        dB below the loudest frame of the sentence, averaged over 45 ms; NaN without a vowel that
        holds a frame.
    """
    level = level_db(sentence.mid_energy)
    return _highest(words, lambda vowel: _mean(level[_frames_of(vowel, sentence)]))


def vowel_pitch(words: Sequence[Word], sentence: SentenceContours) -> FloatArray:
    """Measure the mean clear F0 of the highest vowel of each word.

    A mean over a vowel is the pitch that listeners hear of it, and no frame beside it, such as the
    burst of a stop, counts (d'Alessandro & Mertens 1995).

    Returns
    -------
    (words,) float64
        Semitones above the sentence's median; NaN without a vowel with clear F0.

    References
    ----------
    C. d'Alessandro, P. Mertens, "Automatic pitch contour stylization using a model of tonal
    perception", Computer Speech and Language 9, 1995.
    """
    semitones = np.where(sentence.clear, sentence.semitones, np.nan)

    def measure(vowel: Phone) -> float:
        measured = semitones[_frames_of(vowel, sentence)]
        return _mean(measured[np.isfinite(measured)])

    return _highest(words, measure)


def _highest(words: Sequence[Word], measure: Callable[[Phone], float]) -> FloatArray:
    """Give the highest measure of the vowels of each word, NaN where there is none."""
    vowels = iter(are_vowels(phone.label for word in words for phone in word.phones))
    values = np.full(len(words), np.nan)
    for i, word in enumerate(words):
        measured = [measure(phone) for phone in word.phones if next(vowels)]
        values[i] = np.fmax.reduce(measured, initial=-np.inf)
    return np.where(np.isfinite(values), values, np.nan)


def _frames_of(vowel: Phone, sentence: SentenceContours) -> slice:
    first, stop = np.searchsorted(sentence.times_s, [vowel.start_s, vowel.end_s])
    return slice(int(first), int(stop))


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if len(values) else np.nan
