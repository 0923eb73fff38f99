"""Cues of a phrase boundary after each word: the pause, final lengthening, the reset of F0."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from lemf.arrays import FloatArray
from lemf.config import FRAME_PERIOD_S
from lemf.cues.phone_norms import PhoneNorms
from lemf.reading.alignment import Word

EDGE_S = 0.1  # clear F0 at the end of a word and the start of the next, about a syllable
_EDGE_FRAMES = round(EDGE_S / FRAME_PERIOD_S)


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
        Mean of ln(duration / expected duration); NaN without phones, and with `by_length`.

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
        values[i] = np.mean([np.log(p.duration_s) - expected.of(p.label) for p in rhyme])
    return values


def f0_resets(
    semitones: FloatArray, clear: NDArray[np.bool_], spans: Sequence[slice]
) -> FloatArray:
    """Measure how far F0 jumps up from the end of each word to the start of the next.

    F0 declines over a phrase and is reset where the next one starts.

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
        Median of the first 100 ms of clear F0 in the next word less that of the last 100 ms in
        this one, in semitones, below 0 where F0 goes on falling; NaN where either word has no
        clear frame, and after the last word.
    """
    known = [semitones[span][clear[span]] for span in spans]
    starts = np.array([np.median(f0[:_EDGE_FRAMES]) if len(f0) else np.nan for f0 in known])
    ends = np.array([np.median(f0[-_EDGE_FRAMES:]) if len(f0) else np.nan for f0 in known])
    resets = np.full(len(spans), np.nan)
    resets[:-1] = starts[1:] - ends[:-1]
    return resets
