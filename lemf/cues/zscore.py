"""Equation 1 of the paper: a cue, standardised over the words of one sentence."""

from __future__ import annotations

import math

import numpy as np

from lemf.arrays import FloatArray

_CONSTANT = 1e-9  # spread relative to the size of the values, up to which it is rounding


def zscore(values: FloatArray) -> FloatArray:
    """Standardise one cue over the words of a sentence: z = (f - mean) / std (equation 1).

    Parameters
    ----------
    values : (words,) float64
        NaN where the cue could not be measured.

    Returns
    -------
    (words,) float64
        Zero mean and unit population standard deviation over the measured words; 0 where the cue
        was not measured, and 0 everywhere when it is constant.
    """
    z = np.zeros(len(values))
    measured = np.isfinite(values)
    f = values[measured]
    deviation = _spread(f)
    if deviation > 0:
        z[measured] = (f - _mean(f)) / deviation
    return z


def zscore_against(values: FloatArray, mean: float, deviation: float) -> FloatArray:
    """Standardise one cue by the mean and the standard deviation of more than its sentence.

    Parameters
    ----------
    values : (words,) float64
        NaN where the cue could not be measured.
    mean, deviation : float
        Statistics of a recording, a speaker or a corpus; NaN if nothing was measured.

    Returns
    -------
    (words,) float64
        0 where the cue was not measured, and 0 everywhere when the cue is constant in that group.
    """
    z = np.zeros(len(values))
    if deviation > _CONSTANT * abs(mean):
        measured = np.isfinite(values)
        z[measured] = (values[measured] - mean) / deviation
    return z


def is_constant(values: FloatArray) -> bool:
    """Check whether a cue has no spread: fewer than two values, or all equal within rounding.

    Parameters
    ----------
    values : (words,) float64
        NaN where the cue could not be measured.
    """
    return _spread(values[np.isfinite(values)]) == 0


def _spread(measured: FloatArray) -> float:
    """Compute the population standard deviation; 0 where it is rounding, or of fewer than two."""
    if len(measured) < 2:
        return 0.0
    apart = measured - _mean(measured)
    deviation = math.sqrt(_mean(apart * apart))
    return deviation if deviation > _CONSTANT * np.abs(measured).max() else 0.0


def _mean(values: FloatArray) -> float:
    """Compute the mean of some values, to the bit of `numpy.mean`, which takes far longer."""
    return float(np.add.reduce(values)) / len(values)
