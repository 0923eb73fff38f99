"""Spearman's rank correlation, with equal values and constant arrays decided."""

from __future__ import annotations

import numpy as np

from lemf.frames import FloatArray


def spearman(x: FloatArray, y: FloatArray) -> float:
    """Correlate the ranks of two arrays, equal values sharing the mean of their ranks.

    Parameters
    ----------
    x, y : (n,) float64

    Returns
    -------
    float
        From -1 to 1; 0 where `x` is constant, as for scores in random order; NaN where `y` is.
    """
    a, b = mean_ranks(x), mean_ranks(y)
    a, b = a - a.mean(), b - b.mean()
    if not b.any():
        return np.nan
    return float(a @ b / np.sqrt((a @ a) * (b @ b))) if a.any() else 0.0


def mean_ranks(values: FloatArray) -> FloatArray:
    """Rank values from 1 for the lowest; equal values share the mean of their ranks.

    Parameters
    ----------
    values : (n,) float64

    Returns
    -------
    (n,) float64
    """
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: FloatArray = (last - (counts - 1) / 2)[inverse]
    return ranks
