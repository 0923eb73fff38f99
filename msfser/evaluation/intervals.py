"""Bootstrap of CCC over utterances or over speakers, and intervals of its draws.

An interval is symmetric on Fisher's scale, atanh(CCC), where the distribution of CCC is nearly
normal: the standard deviation of the draws times the quantile of Student's t. Percentiles of the
draws would cover too little where few speakers were drawn (docs/evaluation.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from lemf import N_RESAMPLES
from msfser.ccc import CccMoments, FloatArray

LEVEL = 0.95  # of the intervals
FEWEST = 5  # utterances or speakers that an interval needs

_CHUNK = 2**22  # numbers drawn at once
_ALMOST_1 = 1 - 1e-15  # atanh(1) is infinite


def ccc_draws(
    predictions: FloatArray,
    labels: FloatArray,
    speakers: Sequence[str | None] | None = None,
    *,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> FloatArray:
    """Compute CCC of utterances that are drawn with replacement, `n_resamples` times.

    The same seed and the same number of utterances give the same draws, so two models can be
    compared draw by draw.

    Parameters
    ----------
    predictions, labels : (utterances, dimensions) float64
        On the same scale; NaN where there is no label.
    speakers : sequence of (str or None), optional
        Utterances of one speaker are drawn together, those of unknown speakers one by one. By
        default, all are drawn one by one.
    n_resamples, seed : int

    Returns
    -------
    (n_resamples, dimensions) float64
        NaN for draws in which CCC is not defined.
    """
    n_utterances, n_dimensions = labels.shape
    if n_utterances == 0:
        return np.full((n_resamples, n_dimensions), np.nan)
    sums = ccc_sums(predictions, labels).reshape(n_utterances, -1)
    if speakers is not None:
        groups = group_numbers(speakers)
        in_groups = np.zeros((groups.max() + 1, sums.shape[1]))
        np.add.at(in_groups, groups, sums)
        sums = in_groups
    draws = [
        ccc_of_sums((times_drawn @ sums).reshape(-1, 6, n_dimensions))
        for times_drawn in _times_drawn(len(sums), n_resamples, np.random.default_rng(seed))
    ]
    return np.concatenate(draws)


def ccc_intervals(
    values: FloatArray, draws: FloatArray, n_units: FloatArray, n_parts: int = 1
) -> FloatArray:
    """Compute the intervals of level `LEVEL` of CCC.

    Parameters
    ----------
    values : (measures,) float64
        CCC of each dimension, or means of them.
    draws : (n_resamples, measures) float64
        From `ccc_draws`; NaN for draws without a value.
    n_units : (measures,) float64
        Utterances or speakers that were drawn, from `count_units`.
    n_parts : int
        Parts, such as folds, in each of which was drawn; the values are means over the parts.

    Returns
    -------
    (measures, 2) float64
        Lower and upper bound; NaN for fewer units than `FEWEST`, or fewer than two draws.
    """
    freedom = n_units - n_parts
    found = np.isfinite(draws)
    usable = np.isfinite(values) & (found.sum(axis=0) > 1)
    usable &= (n_units >= FEWEST) & (freedom >= FEWEST - 1)
    freedom = np.maximum(freedom, 1.0)
    z = np.arctanh(np.clip(np.where(usable, values, 0.0), -_ALMOST_1, _ALMOST_1))
    drawn = np.arctanh(np.clip(np.where(found, draws, 0.0), -_ALMOST_1, _ALMOST_1))
    count = np.maximum(found.sum(axis=0), 1)
    mean = drawn.sum(axis=0) / count
    variance = np.where(found, (drawn - mean) ** 2, 0.0).sum(axis=0) / count
    # Draws of n units vary less than n units do, by (n - 1) / n.
    half = student_t(freedom) * np.sqrt(variance * n_units / freedom)
    bounds = np.tanh(np.stack([z - half, z + half], axis=1))
    return np.where(usable[:, np.newaxis], bounds, np.nan)


def count_units(labels: FloatArray, speakers: Sequence[str | None] | None = None) -> FloatArray:
    """Count the utterances, or the known speakers, with a label in each dimension.

    Speakers of unequal numbers of utterances count as fewer: as many as would weigh equally,
    (sum n)^2 / sum n^2, but no fewer than `FEWEST` where there are as many.

    Parameters
    ----------
    labels : (utterances, dimensions) float64
        NaN where there is no label.
    speakers : sequence of (str or None), optional
        By default, utterances are counted.

    Returns
    -------
    (dimensions,) float64

    References
    ----------
    Kish, "Survey Sampling", Wiley, 1965, 11.7.
    """
    labelled = ~np.isnan(labels)
    if speakers is None:
        return np.array(labelled.sum(axis=0), dtype=np.float64)
    counts = []
    for rows in labelled.T:
        known = [name for name, has in zip(speakers, rows, strict=True) if has and name is not None]
        n = np.array([*Counter(known).values()], dtype=np.float64)
        equal = n.sum() ** 2 / max(np.square(n).sum(), 1.0)
        counts.append(max(equal, min(len(n), FEWEST)))
    return np.array(counts, dtype=np.float64)


def student_t(freedom: FloatArray) -> FloatArray:
    """Compute the two-sided quantile of `LEVEL` of Student's t, to 0.001 from 4 degrees of freedom.

    References
    ----------
    Abramowitz and Stegun, "Handbook of Mathematical Functions", 1964, 26.7.5.
    """
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    quantiles: FloatArray = sum((t / freedom**i for i, t in enumerate(terms)), 0 * freedom)
    return quantiles


def ccc_sums(predictions: FloatArray, labels: FloatArray) -> FloatArray:
    """Compute the terms of each utterance in the six sums that CCC is computed from.

    Returns
    -------
    (utterances, 6, dimensions) float64
        1, p, l, pp, ll, pl about the mean of all labels, so that no digits are lost.
    """
    known = ~np.isnan(labels)
    n = np.maximum(known.sum(axis=0), 1)
    p = np.where(known, predictions, 0.0)
    y = np.where(known, labels, 0.0)
    # One centre for both: the difference of their means must stay.
    centre = y.sum(axis=0) / n
    p, y = np.where(known, p - centre, 0.0), np.where(known, y - centre, 0.0)
    return np.stack([known.astype(np.float64), p, y, p * p, y * y, p * y], axis=1)


def ccc_of_sums(sums: FloatArray) -> FloatArray:
    """Compute CCC from sums of `ccc_sums` over utterances, (..., 6, dimensions)."""
    n, p, y, pp, yy, py = np.moveaxis(sums, -2, 0)
    count = np.maximum(n, 1.0)
    return CccMoments(
        n=n,
        prediction_mean=p / count,
        label_mean=y / count,
        prediction_m2=np.maximum(pp - p * p / count, 0.0),
        label_m2=np.maximum(yy - y * y / count, 0.0),
        cross=py - p * y / count,
    ).ccc()


def _times_drawn(n: int, n_resamples: int, rng: np.random.Generator) -> Iterator[FloatArray]:
    """Yield how often each of n utterances or speakers is drawn, as (resamples of a chunk, n)."""
    rows = max(1, _CHUNK // n)
    for start in range(0, n_resamples, rows):
        size = min(rows, n_resamples - start)
        drawn = rng.integers(n, size=(size, n))
        drawn += n * np.arange(size)[:, np.newaxis]
        counts = np.bincount(drawn.ravel(), minlength=size * n)
        yield counts.reshape(size, n).astype(np.float64)


def group_numbers(speakers: Sequence[str | None]) -> NDArray[np.int64]:
    """Return the number of each utterance's speaker, from 0; each unknown one is a separate one."""
    numbers: dict[object, int] = {}
    return np.array(
        [
            numbers.setdefault(row if speaker is None else speaker, len(numbers))
            for row, speaker in enumerate(speakers)
        ],
        dtype=np.int64,
    )
