"""Bootstrap of CCC over utterances or over speakers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lemf import N_RESAMPLES
from msfser.ccc import CccMoments, FloatArray

LEVEL = 0.95  # share of the draws inside the intervals

_CHUNK = 2**22  # numbers drawn at once


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
    sums = _sums(predictions, labels).reshape(n_utterances, -1)
    if speakers is not None:
        groups = _group_numbers(speakers)
        in_groups = np.zeros((groups.max() + 1, sums.shape[1]))
        np.add.at(in_groups, groups, sums)
        sums = in_groups
    draws = [
        _ccc_of_sums((times_drawn @ sums).reshape(-1, 6, n_dimensions))
        for times_drawn in _times_drawn(len(sums), n_resamples, np.random.default_rng(seed))
    ]
    return np.concatenate(draws)


def _sums(predictions: FloatArray, labels: FloatArray) -> FloatArray:
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


def _ccc_of_sums(sums: FloatArray) -> FloatArray:
    n, p, y, pp, yy, py = np.moveaxis(sums, 1, 0)
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


def _group_numbers(speakers: Sequence[str | None]) -> NDArray[np.int64]:
    numbers: dict[object, int] = {}
    return np.array(
        [
            numbers.setdefault(row if speaker is None else speaker, len(numbers))
            for row, speaker in enumerate(speakers)
        ],
        dtype=np.int64,
    )
