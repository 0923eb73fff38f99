"""Cues of duration in each word of a sentence; neither counts its phones nor their kinds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from lemf.alignment import Word
from lemf.config import DurationMethod
from lemf.frames import FloatArray

_LONGEST = 2  # phones


def long_phones(words: Sequence[Word], duration: DurationMethod) -> FloatArray:
    """Measure the mean duration of the two longest phones of each word.

    Stress lengthens the stressed syllable, and in it the vowel, but hardly the rest of a long word,
    which a mean over all phones would dilute.

    Parameters
    ----------
    words : sequence of Word
    duration : {"phones", "word"}
        With ``"word"``, the length of the word.

    Returns
    -------
    (words,) float64
        Seconds; of a single phone its duration; NaN without phones.
    """
    return _pooled(words, duration, lambda phones_s: np.sort(phones_s)[-_LONGEST:].mean())


def log_phones(words: Sequence[Word], duration: DurationMethod) -> FloatArray:
    """Measure the mean natural logarithm of the durations of the phones of each word.

    Returns
    -------
    (words,) float64
        ln of seconds; NaN without phones. Parameters as `long_phones`.
    """
    return _pooled(words, duration, lambda phones_s: np.log(phones_s).mean())


def _pooled(
    words: Sequence[Word], duration: DurationMethod, pool: Callable[[FloatArray], np.floating]
) -> FloatArray:
    values = np.full(len(words), np.nan)
    for i, word in enumerate(words):
        durations_s = word.phone_durations_s
        if duration == "word":
            durations_s = (word.end_s - word.start_s,)
        if durations_s:
            values[i] = pool(np.array(durations_s))
    return values
