"""The cues of the paper: contours and phones pooled inside each word (section 2.2)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lemf.arrays import FloatArray
from lemf.config import ROUNDING_S
from lemf.contours.contours import Contours
from lemf.cues.pooling import mean
from lemf.reading.alignment import Word
from lemf.reading.frames import frames_of_each


def pitch(words: Sequence[Word], contours: Contours) -> FloatArray:
    """Measure the natural log of the highest F0 in Hz over the voiced frames of each word.

    A frame belongs to a word when start <= time < end.

    Returns
    -------
    (words,) float64
        NaN where there is no voiced frame.
    """
    return np.array([_highest_log_f0(contours.f0_hz[span]) for span in _spans(words, contours)])


def energy(words: Sequence[Word], contours: Contours) -> FloatArray:
    """Measure the mean frame energy of each word.

    Returns
    -------
    (words,) float64
        NaN where there is no frame.
    """
    return np.array([mean(contours.energy[span]) for span in _spans(words, contours)])


def duration(words: Sequence[Word]) -> FloatArray:
    """Measure the mean duration of the phones of each word, or its length (`Word.by_length`).

    Returns
    -------
    (words,) float64
        Seconds; NaN where there is no phone.
    """
    return np.array([mean(np.array(word.durations_s)) for word in words])


def word_flags(
    words: Sequence[Word], contours: Contours, recording_s: float
) -> list[tuple[str, ...]]:
    """Find what could not be measured as usual, for every word.

    Returns
    -------
    list of tuple of str
        ``no_frame``: shorter than the frame period, so neither pitch nor energy.
        ``unvoiced``: no voiced frame, so no pitch.
        ``unknown_word``: no phone, so no duration (MFA labels words that it does not know ``spn``).
        ``outside_audio``: reaches beyond the recording, by less than 20 ms.
    """
    flags = []
    for word, span in zip(words, _spans(words, contours), strict=True):
        found = []
        if span.start == span.stop:
            found.append("no_frame")
        elif not contours.f0_hz[span].any():
            found.append("unvoiced")
        if not word.durations_s:
            found.append("unknown_word")
        if word.start_s < 0 or word.end_s > recording_s + ROUNDING_S:
            found.append("outside_audio")
        flags.append(tuple(found))
    return flags


def _spans(words: Sequence[Word], contours: Contours) -> list[slice]:
    return frames_of_each([(word.start_s, word.end_s) for word in words], contours.times_s)


def _highest_log_f0(f0_hz: FloatArray) -> float:
    highest = f0_hz.max(initial=0.0)
    return float(np.log(highest)) if highest > 0 else np.nan
