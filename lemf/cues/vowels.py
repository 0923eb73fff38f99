"""Vowels, known by their labels, and cues of the vowels in each word, which carry stress."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from lemf.arrays import FloatArray
from lemf.cues.loudness_cues import level_db
from lemf.cues.pooling import mean
from lemf.cues.sentence_contours import SentenceContours
from lemf.reading.alignment import Phone, Word
from lemf.reading.frames import frames_of

# ARPABET as the CMU dictionary, MFA, FAVE and TIMIT write it; case and stress digits do not count.
_ARPABET_VOWELS = frozenset(
    [
        "aa", "ae", "ah", "ao", "aw", "ax", "ax-h", "axr", "ay", "eh", "er", "ey", "ih",
        "ix", "iy", "ow", "oy", "uh", "uw", "ux",
    ]
)  # fmt: skip
_ARPABET = _ARPABET_VOWELS | frozenset(
    [
        "b", "bcl", "ch", "d", "dcl", "dh", "dx", "el", "em", "en", "eng", "epi", "f",
        "g", "gcl", "hh", "hv", "jh", "k", "kcl", "l", "m", "n", "ng", "nx", "p", "pcl",
        "q", "r", "s", "sh", "t", "tcl", "th", "v", "w", "wh", "y", "z", "zh",
    ]
)  # fmt: skip
_ARPABET_SUFFIX = re.compile(r"[0-2]?(_[BIES])?$")  # stress; Kaldi's place in the word
# The first letter of a vowel in the IPA and in (X-)SAMPA, which agree where both have it.
_VOWELS = frozenset(
    "iyɨʉɯuɪʏʊeøɘɵɤoəɛœɜɞʌɔæɐaɶɑɒɚɝᵻᵿ"  # noqa: RUF001 - IPA
    "1}MIYU2@87E93VO{6&AQ"  # the rest of X-SAMPA
)
_STRESS_MARKS = "ˈˌ'\"%"


def are_vowels(labels: Iterable[str]) -> list[bool]:
    """Check which phones are vowels.

    Labels that are all ARPABET are read as ARPABET, others as the IPA or X-SAMPA, in which the
    first letter tells a vowel. So ``V`` is a consonant beside ``AH1`` and a vowel beside ``@``.

    Parameters
    ----------
    labels : iterable of str
        Labels of a sentence or more, which show the alphabet.

    Returns
    -------
    list of bool
        True for diphthongs, too; False for syllabic consonants.
    """
    labels = list(labels)
    plain = [_ARPABET_SUFFIX.sub("", label).casefold() for label in labels]
    if set(plain) <= _ARPABET:
        return [label in _ARPABET_VOWELS for label in plain]
    return [_first_letter(label) in _VOWELS for label in labels]


def _first_letter(label: str) -> str:
    return unicodedata.normalize("NFD", label.lstrip(_STRESS_MARKS))[:1]


def vowel_duration(words: Sequence[Word]) -> FloatArray:
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
    return _highest(words, lambda vowel: vowel.duration_s)


def vowel_loudness(words: Sequence[Word], sentence: SentenceContours) -> FloatArray:
    """Measure the mean level from 500 to 4000 Hz of the loudest vowel of each word.

    Returns
    -------
    (words,) float64
        dB relative to the loudest frame of the sentence, averaged over 45 ms, 0 or less; NaN
        without a vowel that holds a frame.
    """
    level = level_db(sentence.mid_energy)
    return _highest(words, lambda vowel: mean(level[_frames_of(vowel, sentence)]))


def vowel_pitch(words: Sequence[Word], sentence: SentenceContours) -> FloatArray:
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

    return _highest(words, measure)


def _highest(words: Sequence[Word], measure: Callable[[Phone], float]) -> FloatArray:
    """Find the highest measure of the vowels of each word; NaN without one."""
    vowels = iter(are_vowels(phone.label for word in words for phone in word.phones))
    values = np.full(len(words), np.nan)
    for i, word in enumerate(words):
        measured = [measure(phone) for phone in word.phones if next(vowels)]
        values[i] = np.fmax.reduce(measured, initial=-np.inf)
    return np.where(np.isfinite(values), values, np.nan)


def _frames_of(vowel: Phone, sentence: SentenceContours) -> slice:
    return frames_of(vowel.start_s, vowel.end_s, sentence.times_s)
