"""Cues of duration in each word of a sentence; none grows with the number of its phones."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import pairwise

import numpy as np

from lemf.arrays import FloatArray
from lemf.cues.phone_norms import PhoneNorms
from lemf.reading.alignment import Word

FINAL_LENGTHENING = 1.4  # factor of the rhyme before a pause (Klatt 1979, rule 2)
PAUSE_S = 0.15  # shortest silence between words that counts as a pause
_N_LONGEST = 2  # phones


def long_phones(words: Sequence[Word]) -> FloatArray:
    """Measure the mean duration of the two longest phones of each word.

    Stress lengthens the stressed syllable, and in it the vowel, but hardly the rest of a long word,
    which a mean over all phones would dilute.

    Returns
    -------
    (words,) float64
        Seconds; the duration of a single phone, with `by_length` of the word; NaN without phones.
    """
    return _pooled(words, _longest)


def log_phones(words: Sequence[Word]) -> FloatArray:
    """Measure the mean natural logarithm of the durations of the phones of each word.

    Returns
    -------
    (words,) float64
        ln of seconds; NaN without phones.
    """
    return _pooled(words, lambda phones_s: float(np.log(phones_s).mean()))


def nonfinal_phones(words: Sequence[Word], vowels: Collection[str]) -> FloatArray:
    """Measure `long_phones` without the lengthening that pauses cause, rather than stress.

    In the last word before a pause, the phones from the last vowel on count as 1 / 1.4 of their
    length, the inverse of Klatt's rule; all of them if none is a vowel. The end of the sentence
    and 150 ms between two words are pauses.

    Returns
    -------
    (words,) float64
        Seconds; NaN without phones.

    References
    ----------
    D. H. Klatt, "Synthesis by rule of segmental durations in English sentences", in B. Lindblom,
    S. Ohman (eds.), Frontiers of Speech Communication Research, 1979.
    """
    values = np.full(len(words), np.nan)
    gaps_s = [after.start_s - before.end_s for before, after in pairwise(words)]
    for i, (word, gap_s) in enumerate(zip(words, [*gaps_s, np.inf], strict=True)):
        durations_s = np.array(word.durations_s)
        is_vowel = [phone.label in vowels for phone in word.phones]
        if gap_s >= PAUSE_S:
            rhyme = len(is_vowel) - 1 - is_vowel[::-1].index(True) if any(is_vowel) else 0
            durations_s[0 if word.by_length else rhyme :] /= FINAL_LENGTHENING
        if len(durations_s):
            values[i] = _longest(durations_s)
    return values


def lengthening(words: Sequence[Word], expected: PhoneNorms) -> FloatArray:
    """Measure how much longer the phones of each word are than phones of their kind.

    The mean over the two phones that exceed their expectation most: a long vowel is no sign of
    stress where such vowels are always long (Campbell 1992 standardises durations so).

    Returns
    -------
    (words,) float64
        ln(duration / expected duration); NaN without phones. With `by_length`, ln of the length.

    References
    ----------
    W. N. Campbell, "Syllable-based segmental duration", in G. Bailly, C. Benoit (eds.), Talking
    Machines, 1992.
    """
    values = np.full(len(words), np.nan)
    for i, word in enumerate(words):
        if durations_s := word.durations_s:
            labels = () if word.by_length else [phone.label for phone in word.phones]
            usual = np.array([expected.of(label) for label in labels] or 0.0)
            values[i] = _longest(np.log(durations_s) - usual)
    return values


def _longest(phones: FloatArray) -> float:
    return float(np.sort(phones)[-_N_LONGEST:].mean())


def _pooled(words: Sequence[Word], pool: Callable[[FloatArray], float]) -> FloatArray:
    values = np.full(len(words), np.nan)
    for i, word in enumerate(words):
        if durations_s := word.durations_s:
            values[i] = pool(np.array(durations_s))
    return values
