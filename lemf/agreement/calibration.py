"""Calibration of P(emphasised): Brier score, reliability and its error, as functions of arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lemf.agreement.detection import check_alike
from lemf.arrays import BoolArray, FloatArray, IntArray

N_BINS = 10  # of the reliability plot and the calibration error, of equal width


def brier_score(probabilities: FloatArray, emphasised: BoolArray) -> float:
    """Compute the mean square of P(emphasised) minus 1 or 0; NaN without words.

    Parameters
    ----------
    probabilities : (words,) float64
        From 0 to 1.
    emphasised : (words,) bool
    """
    _check_probabilities(probabilities, emphasised)
    return float(np.mean((probabilities - emphasised) ** 2)) if len(emphasised) else np.nan


class Reliability(NamedTuple):
    """Bins of P of equal width: the words in each, their mean P and the share emphasised.

    The means of a bin without words are NaN.
    """

    n_words: IntArray
    mean_probability: FloatArray
    share_emphasised: FloatArray


def reliability(
    probabilities: FloatArray, emphasised: BoolArray, n_bins: int = N_BINS
) -> Reliability:
    """Compute how often words with about the same P are emphasised.

    Parameters
    ----------
    probabilities : (words,) float64
        From 0 to 1.
    emphasised : (words,) bool
    n_bins : int
        Bins of equal width; a bin holds its lower edge, the last one 1, too.

    Returns
    -------
    Reliability
        Arrays of (n_bins,).
    """
    _check_probabilities(probabilities, emphasised)
    bins = bins_of(probabilities, n_bins)
    n_words = np.bincount(bins, minlength=n_bins)
    with np.errstate(invalid="ignore"):
        return Reliability(
            n_words,
            np.bincount(bins, probabilities, n_bins) / n_words,
            np.bincount(bins, emphasised.astype(np.float64), n_bins) / n_words,
        )


def calibration_error(
    probabilities: FloatArray, emphasised: BoolArray, n_bins: int = N_BINS
) -> float:
    """Compute the expected calibration error: mean over words of |share - P| of their bin.

    Above 0 even for a perfect model, by chance: see `perfect_calibration_error`.

    Parameters
    ----------
    probabilities : (words,) float64
        From 0 to 1.
    emphasised : (words,) bool
    n_bins : int
        Bins of equal width, as in `reliability`.

    Returns
    -------
    float
        NaN without words.
    """
    _check_probabilities(probabilities, emphasised)
    if not len(emphasised):
        return np.nan
    sums = np.bincount(bins_of(probabilities, n_bins), probabilities - emphasised, n_bins)
    return float(np.abs(sums).sum() / len(emphasised))


def perfect_calibration_error(
    probabilities: FloatArray, n_bins: int = N_BINS, *, n_draws: int = 1000, seed: int = 0
) -> float:
    """Compute the calibration error that a perfect model has on average with these P.

    Labels are drawn `n_draws` times, each word emphasised with its P.

    Parameters
    ----------
    probabilities : (words,) float64
        From 0 to 1.
    n_bins : int
        As in `calibration_error`.
    n_draws, seed : int

    Returns
    -------
    float
        NaN without words.
    """
    rng = np.random.default_rng(seed)
    draws = (rng.random(len(probabilities)) < probabilities for _ in range(n_draws))
    return float(np.mean([calibration_error(probabilities, one, n_bins) for one in draws]))


def bins_of(probabilities: FloatArray, n_bins: int = N_BINS) -> IntArray:
    """Return the bin of each P, (words,) int64."""
    bins: IntArray = np.minimum((probabilities * n_bins).astype(np.int64), n_bins - 1)
    return bins


def _check_probabilities(probabilities: FloatArray, emphasised: BoolArray) -> None:
    check_alike(probabilities, emphasised)
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise ValueError("a probability that is not from 0 to 1")
