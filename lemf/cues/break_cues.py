"""Cues of a phrase boundary after each word: the pause, final lengthening, the reset of F0."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lemf.arrays import FloatArray
from lemf.config import FRAME_PERIOD_S
from lemf.cues.phone_norms import PhoneNorms
from lemf.reading.alignment import Word

_END_FRAMES = round(0.1 / FRAME_PERIOD_S)  # of a word
_START_FRAMES = round(0.5 / FRAME_PERIOD_S)  # of what follows: about two syllables, against accents


def pauses_after(starts_s: FloatArray, ends_s: FloatArray) -> FloatArray:
    """Compute the silence from the end of each word to the start of the next.

    Parameters
    ----------
    starts_s, ends_s : (words,) float64

    Returns
    -------
    (words,) float64
        Seconds, 0 where the words touch or overlap; NaN after the last word.
    """
    pauses = np.full(len(starts_s), np.nan)
    pauses[:-1] = np.maximum(starts_s[1:] - ends_s[:-1], 0.0)
    return pauses


def final_lengthening(
    words: Sequence[Word], expected: PhoneNorms, vowels: Collection[str]
) -> FloatArray:
    """Measure how much longer than usual the phones from the last vowel of each word on are.

    Before a boundary the rhyme of the last syllable is lengthened, the more the stronger the
    boundary, and the sounds before it hardly are (Wightman et al. 1992).

    Parameters
    ----------
    words : sequence of Word
    expected : PhoneNorms
        Expected durations of phones.
    vowels : collection of str
        The labels of vowels; in a word without one all phones count.

    Returns
    -------
    (words,) float64
        The duration of these phones less the sum of their expected durations, in average phones
        (`expected.otherwise`), so that tempo does not matter; NaN without phones, and with
        `by_length`.

    References
    ----------
    C. W. Wightman, S. Shattuck-Hufnagel, M. Ostendorf, P. J. Price, "Segmental durations in the
    vicinity of prosodic phrase boundaries", Journal of the Acoustical Society of America 91, 1992.
    """
    values = np.full(len(words), np.nan)
    for i, word in enumerate(words):
        if word.by_length or not word.phones:
            continue
        places = [k for k, phone in enumerate(word.phones) if phone.label in vowels]
        rhyme = word.phones[places[-1] if places else 0 :]
        excess_s = [phone.duration_s - np.exp(expected.of(phone.label)) for phone in rhyme]
        values[i] = np.sum(excess_s) / np.exp(expected.otherwise)
    return values


def f0_resets(
    semitones: FloatArray, clear: NDArray[np.bool_], spans: Sequence[slice]
) -> FloatArray:
    """Measure how far F0 lies above the end of each word in what follows.

    F0 declines over a phrase, falls at its end, and is reset where the next one starts.

    Parameters
    ----------
    semitones : (frames,) float64
        F0 relative to any reference.
    clear : (frames,) bool
        The frames that count, as in `SentenceContours`.
    spans : sequence of slice
        The frames of each word.

    Returns
    -------
    (words,) float64
        Median of clear F0 in the 0.5 s from the start of the next word less that of the last 100 ms
        of clear F0 in this one, in semitones; NaN where either has no clear frame, and after the
        last word.
    """
    resets = np.full(len(spans), np.nan)
    for i, (span, after) in enumerate(pairwise(spans)):
        ending = semitones[span][clear[span]][-_END_FRAMES:]
        follows = slice(after.start, after.start + _START_FRAMES)
        starting = semitones[follows][clear[follows]]
        if len(ending) and len(starting):
            resets[i] = np.median(starting) - np.median(ending)
    return resets
