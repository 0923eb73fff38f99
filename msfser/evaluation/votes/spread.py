"""Scores of the predicted spread of raters: rank correlation with that of their votes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from msfser.ccc import FloatArray
from msfser.evaluation.predictions import VOTES, Predictions
from msfser.manifest import DIMENSIONS

SPREADS = ("rater_spread", "aleatoric")  # deviations that predict it


@dataclass(frozen=True, kw_only=True, eq=False)
class SpreadScore:
    """How a predicted standard deviation of raters fares against that of their votes.

    Attributes
    ----------
    kind : str
        Of the deviation, of `SPREADS`.
    n_utterances : (3,) int64
        With two votes or more, in the order of `DIMENSIONS`.
    correlation : (3,) float64
        Spearman's; NaN where one of the two is constant.
    predicted, observed : (3,) float64
        Roots of the mean variances.
    """

    kind: str
    n_utterances: np.ndarray[tuple[int], np.dtype[np.int64]]
    correlation: FloatArray
    predicted: FloatArray
    observed: FloatArray


def score_spread(predictions: Predictions) -> list[SpreadScore]:
    """Score each predicted spread of raters; none where no utterance has votes."""
    columns = [predictions.more.get(f"{VOTES}{name}") for name in DIMENSIONS]
    if any(column is None for column in columns):
        return []
    votes = np.stack([column for column in columns if column is not None], axis=1)
    found = []
    for kind in SPREADS:
        if kind not in predictions.deviations:
            continue
        predicted = predictions.deviations[kind]
        known = np.isfinite(votes) & np.isfinite(predicted)
        if not known.any():
            continue
        parts = [(predicted[known[:, d], d], votes[known[:, d], d]) for d in range(votes.shape[1])]
        found.append(
            SpreadScore(
                kind=kind,
                n_utterances=known.sum(axis=0).astype(np.int64),
                correlation=np.array([rank_correlation(p, y) for p, y in parts]),
                predicted=np.array([_root_mean_square(p) for p, _ in parts]),
                observed=np.array([_root_mean_square(y) for _, y in parts]),
            )
        )
    return found


def rank_correlation(first: FloatArray, second: FloatArray) -> float:
    """Compute Spearman's correlation, with mean ranks for ties.

    Parameters
    ----------
    first, second : (n,) float64

    Returns
    -------
    float
        NaN for fewer than two values, or where one of the two is constant.
    """
    if len(first) < 2:
        return float("nan")
    ranks = [_mean_ranks(values) for values in (first, second)]
    x, y = (rank - rank.mean() for rank in ranks)
    spread = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / spread if spread > 0 else float("nan")


def _mean_ranks(values: FloatArray) -> FloatArray:
    _, numbers, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: FloatArray = (ends - (counts - 1) / 2)[numbers]
    return ranks


def _root_mean_square(values: FloatArray) -> float:
    return float(np.sqrt(np.mean(values**2))) if len(values) else float("nan")
