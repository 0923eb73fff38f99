"""Frames pooled inside each word: the densest stretch, the highest frame, a percentile."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lemf.arrays import FloatArray
from lemf.config import FRAME_PERIOD_S

SYLLABLE_S = 0.3  # length of a stressed syllable in slow speech
_SYLLABLE_FRAMES = round(SYLLABLE_S / FRAME_PERIOD_S)


def densest(values: FloatArray, spans: Sequence[slice]) -> FloatArray:
    """Compute the sum of the frames in the 0.3 s of each word where the sum is largest.

    A shorter word is summed as a whole; a longer one gains nothing by its length.

    Parameters
    ----------
    values : (frames,) float64
    spans : sequence of slice
        The frames of each word.

    Returns
    -------
    (words,) float64
        NaN for a word without a frame, or with a NaN.
    """
    return np.array([_densest(values[span]) for span in spans])


def highest(values: FloatArray, spans: Sequence[slice]) -> FloatArray:
    """Find the highest frame of each word.

    Returns
    -------
    (words,) float64
        NaN for a word without a frame, or with a NaN.
    """
    return np.array([values[span].max() if span.stop > span.start else np.nan for span in spans])


def mean(values: FloatArray) -> float:
    """Compute the mean of values; NaN if there are none."""
    return float(np.add.reduce(values)) / len(values) if len(values) else np.nan


def percentile(values: FloatArray, spans: Sequence[slice], percent: float) -> FloatArray:
    """Compute a percentile of the frames of each word that are not NaN.

    Returns
    -------
    (words,) float64
        NaN for a word without such a frame.
    """
    pooled = np.full(len(spans), np.nan)
    for i, span in enumerate(spans):
        measured = values[span][np.isfinite(values[span])]
        if len(measured):
            measured.sort()
            pooled[i] = percentile_of(measured, percent)
    return pooled


def median_of(ordered: FloatArray) -> float:
    """Return the median of values in ascending order, as `numpy.median`, which takes far longer."""
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return float(ordered[middle])
    return float((ordered[middle - 1] + ordered[middle]) / 2)


def percentile_of(ordered: FloatArray | Sequence[float], percent: float) -> float:
    """Return a percentile of values in ascending order to the bit of `numpy.percentile`."""
    place = percent / 100 * (len(ordered) - 1)
    below = int(place)
    low, high = float(ordered[below]), float(ordered[min(below + 1, len(ordered) - 1)])
    share = place - below
    if share >= 0.5:
        return high - (high - low) * (1 - share)
    return low + (high - low) * share


def _densest(frames: FloatArray) -> float:
    if not len(frames):
        return np.nan
    sums = np.concatenate([[0.0], np.cumsum(frames)])
    length = min(_SYLLABLE_FRAMES, len(frames))
    return float((sums[length:] - sums[:-length]).max())
