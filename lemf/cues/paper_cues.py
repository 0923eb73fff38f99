"""The cues of each word: contours and phones pooled inside it (section 2.2 of the paper)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lemf.arrays import FloatArray
from lemf.contours.contours import Contours
from lemf.reading.alignment import Word


def pitch(words: Sequence[Word], contours: Contours) -> FloatArray:
    """Measure the natural log of the highest F0 in Hz over the voiced frames of each word.

    A frame belongs to a word when start <= time < end.

    Returns
    -------
    (words,) float64
        NaN where there is no voiced frame.
    """
    return np.array([_highest_log_f0(contours.f0_hz[_frames_of(w, contours)]) for w in words])


def energy(words: Sequence[Word], contours: Contours) -> FloatArray:
    """Measure the mean frame energy of each word.

    Returns
    -------
    (words,) float64
        NaN where there is no frame.
    """
    return np.array([_mean(contours.energy[_frames_of(word, contours)]) for word in words])


def duration(words: Sequence[Word]) -> FloatArray:
    """Measure the mean duration of the phones of each word, or the length of a word by length.

    Returns
    -------
    (words,) float64
        Seconds; NaN where there is no phone.
    """
    return np.array([_mean(np.array(word.durations_s)) for word in words])


def word_flags(
    words: Sequence[Word], contours: Contours, recording_s: float
) -> list[tuple[str, ...]]:
    """Say for every word what could not be measured as usual.

    Returns
    -------
    list of tuple of str
        ``no_frame``: shorter than the frame period, so neither pitch nor energy.
        ``unvoiced``: no voiced frame, so no pitch.
        ``unknown_word``: no phone, so no duration (MFA marks words it does not know so).
        ``outside_audio``: reaches beyond the recording, by less than 20 ms.
    """
    flags = []
    for word in words:
        span = _frames_of(word, contours)
        found = []
        if span.start == span.stop:
            found.append("no_frame")
        elif not contours.f0_hz[span].any():
            found.append("unvoiced")
        if not word.durations_s:
            found.append("unknown_word")
        if word.start_s < 0 or word.end_s > recording_s + 1e-9:
            found.append("outside_audio")
        flags.append(tuple(found))
    return flags


def _frames_of(word: Word, contours: Contours) -> slice:
    first, stop = np.searchsorted(contours.times_s, [word.start_s, word.end_s])
    return slice(int(first), int(stop))


def _highest_log_f0(f0_hz: FloatArray) -> float:
    highest = f0_hz.max(initial=0.0)
    return float(np.log(highest)) if highest > 0 else np.nan


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if len(values) else np.nan
