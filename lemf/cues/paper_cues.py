"""The cues of each word: contours and phones pooled inside it (section 2.2 of the paper)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lemf.arrays import FloatArray
from lemf.contours.contours import Contours
from lemf.reading.alignment import Word


def word_cues(words: Sequence[Word], contours: Contours) -> dict[str, FloatArray]:
    """Measure the paper's three cues of every word.

    A frame belongs to a word when start <= time < end.

    Parameters
    ----------
    words : sequence of Word
    contours : Contours

    Returns
    -------
    dict of str to (words,) float64
        ``pitch``: natural log of the highest F0 in Hz over the voiced frames.
        ``energy``: mean frame energy.
        ``duration``: mean duration of the phones (or the length of the word), in seconds.
        NaN where there is no voiced frame, no frame, no phone.
    """
    spans = [_frames_of(word, contours.times_s) for word in words]
    return {
        "pitch": np.array([_highest_log_f0(contours.f0_hz[span]) for span in spans]),
        "energy": np.array([_mean(contours.energy[span]) for span in spans]),
        "duration": np.array([_mean(np.array(word.durations_s)) for word in words]),
    }


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
        span = _frames_of(word, contours.times_s)
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


def _frames_of(word: Word, times_s: FloatArray) -> slice:
    first, stop = np.searchsorted(times_s, [word.start_s, word.end_s])
    return slice(int(first), int(stop))


def _highest_log_f0(f0_hz: FloatArray) -> float:
    highest = f0_hz.max(initial=0.0)
    return float(np.log(highest)) if highest > 0 else np.nan


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if len(values) else np.nan
