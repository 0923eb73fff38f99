"""Groups of utterances that scores are reported for: emotion, gender, duration, noise, speaker."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from msfser.ccc import FloatArray
from msfser.evaluation.predictions import Predictions

DURATION_EDGES_S = (0.0, 2.0, 4.0, 8.0, 16.0, math.inf)
SNR_EDGES_DB = (-math.inf, 10.0, 20.0, 30.0, 40.0, math.inf)
SPEAKER = "speaker"

_FRAME_S = 0.025
_QUIET, _LOUD = 0.05, 0.95  # shares of the frames that are quieter
_SILENCE = 1e-5  # of full scale: the least level of a frame

Group = tuple[str, str, NDArray[np.bool_]]  # by, name, which utterances


def utterance_groups(predictions: Predictions) -> Iterator[Group]:
    """Yield all utterances, then those of each emotion, gender, duration and noise.

    Yields
    ------
    (str, str, (utterances,) bool)
        What is told apart, the name of the group, and its utterances; ``"all"`` and ``""`` for all.
    """
    yield "all", "", np.ones(len(predictions.ids), dtype=bool)
    durations = [duration_group(duration_s) for duration_s in predictions.duration_s]
    noises = [noise_group(snr_db) for snr_db in predictions.more.get("snr_db", ())]
    columns: dict[str, tuple[Sequence[str | None], Sequence[str]]] = {
        "emotion": (predictions.emotion, _sorted_names(predictions.emotion)),
        "gender": (predictions.gender, _sorted_names(predictions.gender)),
        "duration": (durations, _edge_names(DURATION_EDGES_S, "s")),
        "noise": (noises, _edge_names(SNR_EDGES_DB, "dB")),
    }
    for by, (column, ordered) in columns.items():
        names = {name for name in column if name}
        for name in ordered:
            if name in names:
                yield by, name, np.array([value == name for value in column], dtype=bool)


def speaker_groups(predictions: Predictions) -> Iterator[Group]:
    """Yield the utterances of each known speaker, as `utterance_groups` yields groups."""
    column = np.array(predictions.speaker, dtype=object)
    for name in _sorted_names(predictions.speaker):
        yield SPEAKER, name, np.asarray(column == name, dtype=bool)


def duration_group(duration_s: float) -> str:
    """Name the group of a duration, such as ``"2 to 4 s"``; empty if unknown."""
    return _edge_group(duration_s, DURATION_EDGES_S, "s")


def noise_group(snr_db: float) -> str:
    """Name the group of a ratio from `estimate_snr_db`, such as ``"10 to 20 dB"``, or ``""``."""
    return _edge_group(snr_db, SNR_EDGES_DB, "dB")


def estimate_snr_db(samples: NDArray[np.float32], rate_hz: int) -> float:
    """Estimate the ratio of speech to noise: how far loud frames lie above quiet ones.

    The levels of the frames of 25 ms, whose 95th percentile is taken for speech and whose 5th for
    noise; speech without pauses makes the ratio too small. A factor on the samples changes nothing.

    Parameters
    ----------
    samples : (samples,) float32
    rate_hz : int

    Returns
    -------
    float
        In dB; NaN for a clip of less than two frames or nothing but zeros.
    """
    width = round(_FRAME_S * rate_hz)
    n_frames = len(samples) // width
    largest = float(np.abs(samples).max()) if len(samples) else 0.0
    if n_frames < 2 or not largest > 0:
        return math.nan
    frames = samples[: n_frames * width].reshape(n_frames, width).astype(np.float64) / largest
    frames -= frames.mean(axis=1, keepdims=True)  # a constant is no sound
    rms = np.maximum(np.sqrt(np.mean(frames**2, axis=1)), _SILENCE)
    quiet, loud = np.quantile(20.0 * np.log10(rms), (_QUIET, _LOUD))
    return float(loud - quiet)


def _edge_group(value: float, edges: Sequence[float], unit: str) -> str:
    if math.isnan(value):
        return ""
    place = int(np.searchsorted(edges, value, side="right")) - 1
    return _edge_names(edges, unit)[place]


def _edge_names(edges: Sequence[float], unit: str) -> list[str]:
    names = []
    for low, high in pairwise(edges):
        if math.isinf(high):
            names.append(f"{low:g} {unit} or more")
        elif math.isinf(low):
            names.append(f"below {high:g} {unit}")
        else:
            names.append(f"{low:g} to {high:g} {unit}")
    return names


def _sorted_names(column: Sequence[str | None]) -> list[str]:
    return sorted({name for name in column if name})


def mean_known(values: FloatArray) -> FloatArray:
    """Average each column over its known values; NaN if there are none."""
    known = ~np.isnan(values)
    n = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)
