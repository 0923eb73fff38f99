"""The correlation of scores and ratings across the readings of one text.

Which words of a text are content words, or long, is the same in all its readings, so nothing but
the sound can tell why one reading has more stress on a word than another.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np

from lemf.frames import FloatArray, IntArray
from lemf.rank_correlation import spearman
from lemf.zscore import zscore

FEWEST_READINGS = 3  # of a text, below which its mean says too little
_DIGITS = 9  # to which two deviations count as equal


def within_text_correlation(
    scores: Sequence[FloatArray], ratings: Sequence[FloatArray], texts: Sequence[Hashable]
) -> float:
    """Correlate scores and ratings across the readings of each text: what a text cannot tell.

    The score of a word is standardised in its sentence. Then from score and rating the mean of
    that word over all readings of the text is taken away, and what is left of all texts with
    `FEWEST_READINGS` or more goes into one rank correlation.

    Parameters
    ----------
    scores, ratings : sequence of (words,) float64
        An array a sentence.
    texts : sequence of hashable
        What was read; readings with another number of words count as another text.

    Returns
    -------
    float
        NaN where no text has enough readings.
    """
    once = np.ones(len(scores), dtype=np.int64)
    return correlate_readings(group_readings(scores, ratings, texts), once)


class Readings(NamedTuple):
    """The readings of one text: which sentences, their scores (z) and ratings, a row a reading."""

    sentences: IntArray
    scores: FloatArray
    ratings: FloatArray


def group_readings(
    scores: Sequence[FloatArray], ratings: Sequence[FloatArray], texts: Sequence[Hashable]
) -> tuple[Readings, ...]:
    """Put the readings of each text together, texts with too few left out."""
    members: dict[Hashable, list[int]] = {}
    for i, text in enumerate(texts):
        members.setdefault((text, len(ratings[i])), []).append(i)
    return tuple(
        Readings(
            np.array(group),
            np.array([zscore(scores[i]) for i in group]),
            np.array([ratings[i] for i in group]),
        )
        for group in members.values()
        if len(group) >= FEWEST_READINGS
    )


def correlate_readings(texts: Sequence[Readings], counts: IntArray) -> float:
    """Give the correlation over sentences of which each counts as often as `counts` says."""
    scores, ratings = [], []
    for text in texts:
        rows = np.repeat(np.arange(len(text.sentences)), counts[text.sentences])
        if len(rows) >= FEWEST_READINGS:
            scores.append(_deviations(text.scores[rows]))
            ratings.append(_deviations(text.ratings[rows]))
    return spearman(np.concatenate(scores), np.concatenate(ratings)) if scores else np.nan


def _deviations(readings: FloatArray) -> FloatArray:
    """Take its mean over the readings from each word: (readings, words) -> (readings * words,)."""
    flat: FloatArray = np.round(readings - readings.mean(axis=0), _DIGITS).ravel()
    return flat
