"""Bootstrap: how much a measure depends on the sentences or the speakers that were drawn."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from lemf.agreement.measures import MEASURES, Judgement
from lemf.arrays import FloatArray
from lemf.config import N_RESAMPLES


def resample(
    judgement: Judgement,
    groups: Sequence[Hashable] | None = None,
    *,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> dict[str, FloatArray]:
    """Compute the measures of a judgement over sentences drawn with replacement.

    The same seed and groups give the same draws, so two systems can be compared draw by draw.

    Parameters
    ----------
    judgement : Judgement
    groups : sequence of hashable, optional
        Group of each sentence, such as its speaker; the sentences of a group are drawn together.
        By default each sentence is drawn alone.
    n_resamples : int
    seed : int

    Returns
    -------
    dict of str to (n_resamples,) float64
        One array for each of `MEASURES`; NaN in draws where no sentence counts for the measure.
    """
    n_sentences = judgement.values.shape[1]
    groups = range(n_sentences) if groups is None else groups
    numbers = {group: i for i, group in enumerate(dict.fromkeys(groups))}
    group_of = np.array([numbers[group] for group in groups])
    rng = np.random.default_rng(seed)
    draws = []
    for _ in range(n_resamples):
        drawn = rng.integers(len(numbers), size=len(numbers))
        times_drawn = np.bincount(drawn, minlength=len(numbers))
        draws.append(judgement.summary(times_drawn[group_of]))
    return {name: np.array([draw[name] for draw in draws]) for name in MEASURES}


def bootstrap_interval(draws: FloatArray, level: float = 0.95) -> tuple[float, float]:
    """Compute the percentile interval of bootstrap draws.

    Parameters
    ----------
    draws : (n_resamples,) float64
        NaN where a draw had no value.
    level : float
        Share of the draws inside the interval, from 0 to 1.

    Returns
    -------
    low, high : float
        NaN where no draw has a value.
    """
    known = draws[np.isfinite(draws)]
    if not len(known):
        return np.nan, np.nan
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
