"""Intervals of predictions that hold a given share of labels, by split conformal prediction.

The expected squared error of a prediction is a + sum b_k u_k^2, where the u_k are what is known of
its uncertainty, such as the spread of an ensemble; a and b_k are 0 or more and fitted to the errors
on utterances that the model was not trained on. The errors in units of its root are then sorted,
and an interval reaches as far as that error below which the wanted share lies.

References
----------
Lei, G'Sell, Rinaldo, Tibshirani and Wasserman, "Distribution-free predictive inference for
regression", JASA 113, 2018, sections 2.2 and 5.2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from msfser.ccc import FloatArray
from msfser.errors import DataError
from msfser.manifest import DIMENSIONS

LEVELS = tuple(float(level) for level in np.round(np.arange(0.05, 1.0, 0.05), 2))  # of the figure
_SMALLEST = 1e-6  # of expected errors, relative to the largest


@dataclass(frozen=True, kw_only=True, eq=False)
class Intervals:
    """Intervals of one level for every prediction of a model.

    Attributes
    ----------
    level : float
        Share of the labels that they shall hold.
    kinds : tuple of str
        Deviations that the widths depend on, such as ``"ensemble"``.
    offset : (3,) float64
        a of the expected squared error, in the order of `DIMENSIONS`.
    slopes : (kinds, 3) float64
        b of each kind.
    reach : (3,) float64
        Half widths in units of the root of the expected squared error; infinite where too few
        labels are known for the level.
    curve : (levels, 3) float64
        `reach` at each of `LEVELS`.
    n_labels : (3,) int64
        Labels that were fitted.
    """

    level: float
    kinds: tuple[str, ...]
    offset: FloatArray
    slopes: FloatArray
    reach: FloatArray
    curve: FloatArray
    n_labels: np.ndarray[tuple[int], np.dtype[np.int64]]

    def scale(self, deviations: Mapping[str, FloatArray], n: int) -> FloatArray:
        """Return the root of the expected squared error, (predictions, 3).

        Parameters
        ----------
        deviations : mapping of str to (predictions, 3) float64
            Of each kind in `kinds`.
        n : int
            Predictions.

        Raises
        ------
        DataError
            A kind is missing.
        """
        expected = np.tile(self.offset, (n, 1))
        for kind, slope in zip(self.kinds, self.slopes, strict=True):
            if kind not in deviations:
                raise DataError(
                    f"the intervals depend on the deviation {kind!r}, which these predictions do "
                    "not have; predict with the same models and options, or fit the intervals anew"
                )
            expected += slope * deviations[kind] ** 2
        return np.sqrt(expected)

    def bounds(self, values: FloatArray, deviations: Mapping[str, FloatArray]) -> FloatArray:
        """Compute the lower and upper bound of each prediction, (predictions, 3) to (..., 3, 2)."""
        half = self.reach * self.scale(deviations, len(values))
        return np.stack([values - half, values + half], axis=-1)


def fit_intervals(
    values: FloatArray,
    labels: FloatArray,
    deviations: Mapping[str, FloatArray],
    level: float,
) -> Intervals:
    """Fit intervals to predictions of utterances that the model was not trained on.

    Parameters
    ----------
    values, labels : (utterances, 3) float64
        NaN where there is no label.
    deviations : mapping of str to (utterances, 3) float64
        Standard deviations of the values; none make all intervals of a dimension equally wide.
    level : float
        Above 0 and below 1.

    Raises
    ------
    DataError
        A dimension has labels, and too few for the level: level / (1 - level) are needed.
    """
    kinds = tuple(sorted(deviations))
    offset, reach = np.full(3, np.nan), np.full(3, np.nan)
    slopes, curve = np.zeros((len(kinds), 3)), np.full((len(LEVELS), 3), np.nan)
    counts = (~np.isnan(labels)).sum(axis=0)
    for d, name in enumerate(DIMENSIONS):
        known = ~np.isnan(labels[:, d])
        n = int(known.sum())
        if n == 0:
            continue
        errors = np.abs(values[known, d] - labels[known, d])
        terms = np.stack([np.ones(n), *(deviations[kind][known, d] ** 2 for kind in kinds)], axis=1)
        weights = fit_non_negative(terms, errors**2)
        expected = terms @ weights
        floor = _SMALLEST * max(float(expected.max()), np.finfo(np.float64).tiny)
        if weights[0] < floor:  # no width may be 0
            weights[0] = floor
            expected = terms @ weights
        scores = np.sort(errors / np.sqrt(expected))
        offset[d], slopes[:, d] = weights[0], weights[1:]
        reach[d] = conformal_quantile(scores, level)
        curve[:, d] = [conformal_quantile(scores, one) for one in LEVELS]
        if math.isinf(reach[d]):
            raise DataError(
                f"{n:,} labels of {name} to fit intervals of level {level:g} on, and "
                f"{math.ceil(level / (1 - level) - 1e-6):,} or more are needed; name a lower level"
            )
    return Intervals(
        level=level,
        kinds=kinds,
        offset=offset,
        slopes=slopes,
        reach=reach,
        curve=curve,
        n_labels=counts.astype(np.int64),
    )


def conformal_quantile(scores: FloatArray, level: float) -> float:
    """Return the smallest score that holds the share `level` of the next one, by its rank.

    Parameters
    ----------
    scores : (n,) float64
        In ascending order.
    level : float

    Returns
    -------
    float
        The ceil((n + 1) level)-th score; infinite where there are fewer.
    """
    rank = math.ceil((len(scores) + 1) * level - 1e-9)
    return float(scores[rank - 1]) if rank <= len(scores) else math.inf


def fit_non_negative(terms: FloatArray, targets: FloatArray) -> FloatArray:
    """Fit least squares whose weights are 0 or more, by trying every set of terms.

    Parameters
    ----------
    terms : (n, k) float64
        A handful of columns.
    targets : (n,) float64

    Returns
    -------
    (k,) float64
    """
    k = terms.shape[1]
    best, least = np.zeros(k), float((targets**2).sum())
    for size in range(1, k + 1):
        for chosen in combinations(range(k), size):
            columns = terms[:, chosen]
            found = np.linalg.lstsq(columns, targets, rcond=None)[0]
            squares = float(((targets - columns @ found) ** 2).sum())
            if (found >= 0).all() and squares < least:
                best = np.zeros(k)
                best[list(chosen)], least = found, squares
    return best
