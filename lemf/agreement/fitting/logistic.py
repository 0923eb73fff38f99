"""Logistic regression with a small ridge, by Newton's method."""

from __future__ import annotations

import numpy as np

from lemf.arrays import BoolArray, FloatArray
from lemf.scoring.decision import probability

_MOST_STEPS = 100
_CLOSE = 1e-10  # change of the log-odds at which the steps end


def fit_logistic(
    features: FloatArray, emphasised: BoolArray, *, ridge: float = 1.0
) -> tuple[float, FloatArray]:
    """Fit logit P = intercept + features @ slopes by maximum likelihood with a ridge.

    Minimises the sum over the words of the log loss, plus ridge / 2 times the squared slopes of
    the features divided by their standard deviations; the intercept is free.

    Parameters
    ----------
    features : (words, features) float64
    emphasised : (words,) bool
        Both values must occur.
    ridge : float

    Returns
    -------
    intercept : float
    slopes : (features,) float64
        0 for a feature without spread.
    """
    means, spreads = features.mean(axis=0), features.std(axis=0)
    spreads = np.where(spreads > 0, spreads, np.inf)
    design = np.column_stack([np.ones(len(features)), (features - means) / spreads])
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = 0.0
    weights = np.zeros(design.shape[1])
    weights[0] = np.log(emphasised.mean() / (1 - emphasised.mean()))
    for _ in range(_MOST_STEPS):
        chance = probability(design @ weights)
        slope = design.T @ (chance - emphasised) + penalty * weights
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curvature, slope)
        weights = weights - step
        if np.abs(design @ step).max() < _CLOSE:
            break
    slopes: FloatArray = weights[1:] / spreads
    return float(weights[0] - slopes @ means), slopes


def fit_intercept(log_odds: FloatArray, emphasised: BoolArray) -> float:
    """Fit the intercept that makes given log-odds true on average: the mean P is the share.

    Parameters
    ----------
    log_odds : (words,) float64
        Without the intercept.
    emphasised : (words,) bool
        Both values must occur.
    """
    low, high = -log_odds.max() - 40.0, -log_odds.min() + 40.0
    for _ in range(200):  # the mean rises with the intercept
        middle = (low + high) / 2
        if probability(log_odds + middle).mean() < emphasised.mean():
            low = middle
        else:
            high = middle
    return float((low + high) / 2)
