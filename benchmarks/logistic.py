"""Logistic regression of a label on one or several measures of a word."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
RIDGE = 1e-3  # on the standardised slopes


def fit_logistic(x: FloatArray, y: BoolArray) -> tuple[float, FloatArray]:
    """Fit the log-odds of a label by Newton's method.

    Parameters
    ----------
    x : (words, measures) float64
    y : (words,) bool

    Returns
    -------
    intercept : float
    slopes : (measures,) float64
        Per unit of each measure.
    """
    mean, spread = x.mean(axis=0), x.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    rows = np.column_stack([np.ones(len(x)), (x - mean) / spread])
    penalty = np.diag([0.0, *[RIDGE * len(x)] * x.shape[1]])
    weights = np.zeros(rows.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-rows @ weights))
        gradient = rows.T @ (p - y) + penalty @ weights
        curvature = (rows.T * (p * (1 - p))) @ rows + penalty
        weights = weights - np.linalg.solve(curvature, gradient)
    slopes: FloatArray = weights[1:] / spread
    return float(weights[0] - mean @ slopes), slopes
