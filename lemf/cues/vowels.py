"""Cues of the vowels in each word, which carry stress."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np

from lemf.arrays import FloatArray
from lemf.cues.loudness_cues import level_db
from lemf.cues.pooling import mean
from lemf.cues.sentence_contours import SentenceContours
from lemf.reading.alignment import Phone, Word
from lemf.reading.frames import frames_of


def vowel_duration(words: Sequence[Word], vowels: Collection[str]) -> FloatArray:
    """Measure the duration of the longest vowel of each word.

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
    return _highest(words, vowels, lambda vowel: vowel.duration_s)


def vowel_loudness(
    words: Sequence[Word], sentence: SentenceContours, vowels: Collection[str]
) -> FloatArray:
    """Measure the mean level from 500 to 4000 Hz of the loudest vowel of each word.

    Returns
    -------
    (words,) float64
        dB relative to the loudest frame of the sentence, averaged over 45 ms, 0 or less; NaN
        without a vowel that holds a frame.
    """
    level = level_db(sentence.mid_energy)
    return _highest(words, vowels, lambda vowel: mean(level[_frames_of(vowel, sentence)]))


def vowel_pitch(
    words: Sequence[Word], sentence: SentenceContours, vowels: Collection[str]
) -> FloatArray:
    """Measure the mean clear F0 of the highest vowel of each word.

    Listeners hear the mean over a vowel as its pitch, and no neighbouring frame, such as the burst
    of a stop, counts (d'Alessandro & Mertens 1995).

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
        return mean(measured[np.isfinite(measured)])

    return _highest(words, vowels, measure)


def _highest(
    words: Sequence[Word], vowels: Collection[str], measure: Callable[[Phone], float]
) -> FloatArray:
    """Find the highest measure of the vowels of each word; NaN without one."""
    values = np.full(len(words), np.nan)
    for i, word in enumerate(words):
        measured = [measure(phone) for phone in word.phones if phone.label in vowels]
        values[i] = np.fmax.reduce(measured, initial=-np.inf)
    return np.where(np.isfinite(values), values, np.nan)


def _frames_of(vowel: Phone, sentence: SentenceContours) -> slice:
    return frames_of(vowel.start_s, vowel.end_s, sentence.times_s)
