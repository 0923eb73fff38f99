"""Spearman's rank correlation, with equal values and constant arrays decided."""

from __future__ import annotations

import numpy as np

from lemf.frames import FloatArray, IntArray


def spearman(x: FloatArray, y: FloatArray, counts: IntArray | None = None) -> float:
    """Correlate the ranks of two arrays, equal values sharing the mean of their ranks.

    Parameters
    ----------
    x, y : (n,) float64
    counts : (n,) int64, optional
        How often each pair counts; by default once.

    Returns
    -------
    float
        From -1 to 1; 0 where `x` is constant, as for scores in random order; NaN where `y` is.
    """
    n = np.ones(len(x), dtype=np.int64) if counts is None else counts
    a, b = mean_ranks(x, n), mean_ranks(y, n)
    a, b = a - n @ a / n.sum(), b - n @ b / n.sum()
    if not b[n > 0].any():
        return np.nan
    if not a[n > 0].any():
        return 0.0
    return float(n @ (a * b) / np.sqrt((n @ a**2) * (n @ b**2)))


def mean_ranks(values: FloatArray, counts: IntArray | None = None) -> FloatArray:
    """Rank values from 1 for the lowest; equal values share the mean of their ranks.

    Parameters
    ----------
    values : (n,) float64
    counts : (n,) int64, optional
        How often each value stands there; by default once.

    Returns
    -------
    (n,) float64
    """
    _, group = np.unique(values, return_inverse=True)
    sizes = np.bincount(group, counts)
    ranks: FloatArray = (np.cumsum(sizes) - (sizes - 1) / 2)[group]
    return ranks
