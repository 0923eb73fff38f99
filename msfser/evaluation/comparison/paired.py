"""Paired tests of two systems by CCC: bootstrap of the difference, and a permutation test.

Both draw speakers, with all their utterances, or utterances; both see the two systems on the same
draws, so that what is hard for both does not count as a difference.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lemf import N_RESAMPLES
from msfser.ccc import FloatArray
from msfser.evaluation.intervals import (
    FEWEST,
    ccc_draws,
    ccc_of_sums,
    ccc_sums,
    group_numbers,
    student_t,
)
from msfser.evaluation.scores import with_average

N_PERMUTATIONS = 10_000
EXACT_UNITS = 13  # units up to which all 2^n exchanges are tried
_CHUNK = 2**22  # numbers at once
_TIE = 1e-12  # differences this close to the observed one count as no smaller


def difference_draws(
    first: FloatArray,
    second: FloatArray,
    labels: FloatArray,
    speakers: Sequence[str | None] | None = None,
    *,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> FloatArray:
    """Compute CCC of the second minus CCC of the first on the same draws, as `ccc_draws` draws.

    Parameters
    ----------
    first, second, labels : (utterances, dimensions) float64
        On the same scale; NaN where there is no label.
    speakers : sequence of (str or None), optional
        By default, utterances are drawn.
    n_resamples, seed : int

    Returns
    -------
    (n_resamples, dimensions + 1) float64
        The last column is the average; NaN for draws in which a CCC is not defined.
    """
    draws = [
        with_average(ccc_draws(values, labels, speakers, n_resamples=n_resamples, seed=seed))
        for values in (first, second)
    ]
    return draws[1] - draws[0]


def difference_intervals(
    differences: FloatArray, draws: FloatArray, n_units: FloatArray
) -> FloatArray:
    """Compute intervals of level `LEVEL` of differences: t times the deviation of their draws.

    Parameters
    ----------
    differences : (measures,) float64
    draws : (n_resamples, measures) float64
        NaN for draws without a value.
    n_units : (measures,) float64
        Utterances or speakers that were drawn, from `count_units`.

    Returns
    -------
    (measures, 2) float64
        Lower and upper bound; NaN for fewer units than `FEWEST`, or fewer than two draws.
    """
    found = np.isfinite(draws)
    count = np.maximum(found.sum(axis=0), 1)
    usable = np.isfinite(differences) & (found.sum(axis=0) > 1) & (n_units >= FEWEST)
    mean = np.where(found, draws, 0.0).sum(axis=0) / count
    variance = np.where(found, draws - mean, 0.0) ** 2
    freedom = np.maximum(n_units - 1, 1.0)
    # Draws of n units vary less than n units do, by (n - 1) / n.
    half = student_t(freedom) * np.sqrt(variance.sum(axis=0) / count * n_units / freedom)
    bounds = np.stack([differences - half, differences + half], axis=1)
    return np.where(usable[:, np.newaxis], bounds, np.nan)


def permutation_p(
    first: FloatArray,
    second: FloatArray,
    labels: FloatArray,
    speakers: Sequence[str | None] | None = None,
    *,
    n_permutations: int = N_PERMUTATIONS,
    seed: int = 0,
) -> FloatArray:
    """Compute how often a difference this large would come about if the systems were alike.

    Under this hypothesis, the predictions of the two systems for a speaker may be exchanged. All
    exchanges are tried for up to 13 speakers (the smallest p is then 2 / 2^n, since the exchange of
    all is as extreme), random ones for more, where p is (1 + larger ones) / (1 + tried).

    Parameters
    ----------
    first, second, labels : (utterances, dimensions) float64
        NaN where there is no label.
    speakers : sequence of (str or None), optional
        Utterances of one speaker are exchanged together; by default, each by itself.
    n_permutations, seed : int
        Of random exchanges.

    Returns
    -------
    (dimensions + 1,) float64
        Two-sided; the last is of the average. NaN where a CCC is not defined.

    References
    ----------
    Ernst, "Permutation methods: a basis for exact inference", Statistical Science 19, 2004.
    """
    n_utterances, n_dimensions = labels.shape
    if n_utterances == 0:
        return np.full(n_dimensions + 1, np.nan)
    sums = [ccc_sums(values, labels) for values in (first, second)]
    groups = np.arange(n_utterances) if speakers is None else group_numbers(speakers)
    n_units = int(groups.max()) + 1
    in_units = [np.zeros((n_units, *sums[0].shape[1:])) for _ in sums]
    for target, of_system in zip(in_units, sums, strict=True):
        np.add.at(target, groups, of_system)
    total = in_units[0].sum(axis=0), in_units[1].sum(axis=0)
    change = (in_units[1] - in_units[0]).reshape(n_units, -1)

    def differences(exchanged: NDArray[np.float64]) -> FloatArray:
        moved = (exchanged @ change).reshape(len(exchanged), *total[0].shape)
        firsts = with_average(ccc_of_sums(total[0] + moved))
        return with_average(ccc_of_sums(total[1] - moved)) - firsts

    observed = differences(np.zeros((1, n_units)))[0]
    larger, tried = np.zeros(n_dimensions + 1), 0
    exact = n_units <= EXACT_UNITS
    for exchanged in _exchanges(n_units, n_permutations, seed, exact=exact):
        found = np.abs(differences(exchanged))
        larger += (found >= np.abs(observed) - _TIE).sum(axis=0)
        tried += len(exchanged)
    p = larger / tried if exact else (larger + 1) / (tried + 1)
    return np.where(np.isfinite(observed), p, np.nan)


def _exchanges(
    n_units: int, n_permutations: int, seed: int, *, exact: bool
) -> Sequence[NDArray[np.float64]]:
    """Return which units are exchanged, 1 or 0, in chunks of (exchanges, units)."""
    if exact:
        numbers = np.arange(2**n_units)[:, np.newaxis]
        return [((numbers >> np.arange(n_units)) & 1).astype(np.float64)]
    rng = np.random.default_rng(seed)
    rows = max(1, _CHUNK // n_units)
    sizes = [min(rows, n_permutations - start) for start in range(0, n_permutations, rows)]
    return [rng.integers(2, size=(size, n_units)).astype(np.float64) for size in sizes]
