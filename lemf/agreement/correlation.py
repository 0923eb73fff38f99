"""The correlation of scores and ratings across the readings of one text.

Which words of a text are content words, or long, is the same in all readings, so only the sound can
tell why one reading has more stress on a word than another.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np

from lemf.arrays import FloatArray, IntArray
from lemf.cues.zscore import zscore

FEWEST_READINGS = 3  # of a text; with fewer, their mean tells too little
_DIGITS = 9  # decimals to which two deviations count as equal


def spearman(x: FloatArray, y: FloatArray, counts: IntArray | None = None) -> float:
    """Compute the rank correlation of two arrays, equal values sharing the mean of their ranks.

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
        How often each value occurs; by default once.

    Returns
    -------
    (n,) float64
    """
    _, group = np.unique(values, return_inverse=True)
    sizes = np.bincount(group, counts)
    ranks: FloatArray = (np.cumsum(sizes) - (sizes - 1) / 2)[group]
    return ranks


class Readings(NamedTuple):
    """Every word of every reading of the texts that have enough of them.

    `sentences` is the index of the reading, `places` the number of the word in all texts; `scores`
    are z-scores in their sentence.
    """

    sentences: IntArray
    places: IntArray
    scores: FloatArray
    ratings: FloatArray


def group_readings(
    scores: Sequence[FloatArray], ratings: Sequence[FloatArray], texts: Sequence[Hashable]
) -> Readings:
    """Group the readings of each text side by side; leave out texts with too few readings.

    Parameters
    ----------
    scores, ratings : sequence of (words,) float64
        One array per sentence.
    texts : sequence of hashable
        Text of each sentence; readings with another number of words count as another text.
    """
    members: dict[tuple[Hashable, int], list[int]] = {}
    for i, text in enumerate(texts):
        members.setdefault((text, len(ratings[i])), []).append(i)
    sentences, places, n_places = [], [], 0
    for (_, n_words), group in members.items():
        if len(group) >= FEWEST_READINGS:
            sentences += group
            places += [np.arange(n_places, n_places + n_words)] * len(group)
            n_places += n_words
    return Readings(
        np.repeat(sentences, [len(one) for one in places]).astype(np.int64),
        _join(places).astype(np.int64),
        _join([zscore(scores[i]) for i in sentences]),
        _join([ratings[i] for i in sentences]),
    )


def within_text_correlation(readings: Readings, counts: IntArray) -> float:
    """Correlate scores and ratings across the readings of each text, whose words are the same.

    The mean over all readings of the text is subtracted from the score and the rating of each word;
    the deviations of all texts with `FEWEST_READINGS` or more go into one rank correlation.

    Parameters
    ----------
    readings : Readings
    counts : (sentences,) int64
        How often each sentence counts.

    Returns
    -------
    float
        NaN where no text has enough readings.
    """
    n = counts[readings.sentences]
    if not len(n):
        return np.nan
    n_readings = np.bincount(readings.places, n)[readings.places]
    kept = (n > 0) & (n_readings >= FEWEST_READINGS)
    if not kept.any():
        return np.nan
    n, places = n[kept], readings.places[kept]
    return spearman(
        _deviations(readings.scores[kept], places, n),
        _deviations(readings.ratings[kept], places, n),
        n,
    )


def _deviations(values: FloatArray, places: IntArray, n: IntArray) -> FloatArray:
    """Subtract from each word its mean over the readings of its text."""
    means = np.bincount(places, n * values)[places] / np.bincount(places, n)[places]
    deviations: FloatArray = np.round(values - means, _DIGITS)
    return deviations


def _join(arrays: Sequence[FloatArray | IntArray]) -> FloatArray:
    return np.concatenate([np.zeros(0), *arrays])
