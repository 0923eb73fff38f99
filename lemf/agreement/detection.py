"""Detection of emphasised words: the field's measures of binary labels, as functions of arrays.

Labels are (words,) bool, True where the word is emphasised; numbers are scores or probabilities of
the same words, higher for more emphasis. A measure that the labels do not define is NaN. Scores are
compared exactly; equal scores share one threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lemf.agreement.correlation import mean_ranks
from lemf.arrays import BoolArray, FloatArray, IntArray


class PrecisionRecall(NamedTuple):
    """Precision, recall and their harmonic mean, F1."""

    precision: float
    recall: float
    f1: float


def precision_recall(predicted: BoolArray, emphasised: BoolArray) -> PrecisionRecall:
    """Compute word precision, recall and F1.

    Parameters
    ----------
    predicted, emphasised : (words,) bool

    Returns
    -------
    PrecisionRecall
        Precision is NaN where no word is predicted, recall where none is emphasised, F1 where
        both; with emphasised words of which none is predicted F1 is 0.

    Raises
    ------
    ValueError
        The numbers of words differ.
    """
    check_alike(predicted, emphasised)
    n_right = int(np.count_nonzero(predicted & emphasised))
    n_predicted, n_emphasised = int(predicted.sum()), int(emphasised.sum())
    return PrecisionRecall(
        n_right / n_predicted if n_predicted else np.nan,
        n_right / n_emphasised if n_emphasised else np.nan,
        2 * n_right / (n_predicted + n_emphasised) if n_predicted + n_emphasised else np.nan,
    )


def best_threshold(scores: FloatArray, emphasised: BoolArray) -> float:
    """Return the score from which on words are taken as emphasised for the highest F1.

    Parameters
    ----------
    scores : (words,) float64
    emphasised : (words,) bool

    Returns
    -------
    float
        One of the scores, the highest of equally good ones; NaN where no word is emphasised.
    """
    check_alike(scores, emphasised)
    if not emphasised.any():
        return np.nan
    thresholds, n_right, n_taken = _cumulative(scores, emphasised)
    return float(thresholds[np.argmax(2 * n_right / (n_taken + emphasised.sum()))])


def average_precision(scores: FloatArray, emphasised: BoolArray) -> float:
    """Compute the area under the curve of precision and recall, as the sum of steps.

    Sum over thresholds of precision times the rise in recall (average precision, without
    interpolation). Constant scores get the share of emphasised words.

    Parameters
    ----------
    scores : (words,) float64
    emphasised : (words,) bool

    Returns
    -------
    float
        NaN where no word is emphasised.
    """
    check_alike(scores, emphasised)
    if not emphasised.any():
        return np.nan
    _, n_right, n_taken = _cumulative(scores, emphasised)
    rises = np.diff(n_right, prepend=0) / emphasised.sum()
    return float(np.sum(rises * n_right / n_taken))


def roc_auc(scores: FloatArray, emphasised: BoolArray) -> float:
    """Compute the share of pairs (emphasised, other) in the right order; equal ones count half.

    Parameters
    ----------
    scores : (words,) float64
    emphasised : (words,) bool

    Returns
    -------
    float
        NaN where all words or none are emphasised.
    """
    check_alike(scores, emphasised)
    n_emphasised = int(emphasised.sum())
    n_others = len(emphasised) - n_emphasised
    if not n_emphasised or not n_others:
        return np.nan
    above = mean_ranks(scores)[emphasised].sum() - n_emphasised * (n_emphasised + 1) / 2
    return float(above / (n_emphasised * n_others))


def none_or_some_auc(numbers: Sequence[FloatArray], emphasised: Sequence[BoolArray]) -> float:
    """Compute the ROC-AUC of a sentence's highest number for whether any word is emphasised.

    Parameters
    ----------
    numbers, emphasised : sequence of (words,) float64 and bool
        One array per sentence, of one or more words.

    Returns
    -------
    float
        NaN where all sentences or none have an emphasised word.
    """
    highest = np.array([one.max() for one in numbers])
    return roc_auc(highest, np.array([one.any() for one in emphasised], dtype=bool))


def count_accuracy(predicted: Sequence[BoolArray], emphasised: Sequence[BoolArray]) -> float:
    """Compute the share of sentences with none, one or several words predicted as labelled.

    Which words they are does not count.

    Parameters
    ----------
    predicted, emphasised : sequence of (words,) bool
        One array per sentence.

    Returns
    -------
    float
        NaN without sentences.
    """
    right = [
        min(int(said.sum()), 2) == min(int(heard.sum()), 2)
        for said, heard in zip(predicted, emphasised, strict=True)
    ]
    return float(np.mean(right)) if right else np.nan


def _cumulative(scores: FloatArray, emphasised: BoolArray) -> tuple[FloatArray, IntArray, IntArray]:
    """Return the different scores, falling, and the words right and taken from each on."""
    thresholds, group = np.unique(-scores, return_inverse=True)
    n_taken = np.cumsum(np.bincount(group))
    n_right = np.cumsum(np.bincount(group[emphasised], minlength=len(thresholds)))
    return -thresholds, n_right, n_taken


def check_alike(numbers: FloatArray | BoolArray, emphasised: BoolArray) -> None:
    """Raise a ValueError if the numbers of words differ."""
    if numbers.shape != emphasised.shape:
        raise ValueError(f"{len(numbers)} words scored, {len(emphasised)} labelled")
