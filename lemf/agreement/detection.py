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

N_BINS = 10  # of the reliability plot and the calibration error, of equal width


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
    _check_alike(predicted, emphasised)
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
    _check_alike(scores, emphasised)
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
    _check_alike(scores, emphasised)
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
    _check_alike(scores, emphasised)
    n_emphasised = int(emphasised.sum())
    n_others = len(emphasised) - n_emphasised
    if not n_emphasised or not n_others:
        return np.nan
    above = mean_ranks(scores)[emphasised].sum() - n_emphasised * (n_emphasised + 1) / 2
    return float(above / (n_emphasised * n_others))


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
    bins = _bins(probabilities, n_bins)
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
    sums = np.bincount(_bins(probabilities, n_bins), probabilities - emphasised, n_bins)
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
    draws = rng.random((n_draws, len(probabilities))) < probabilities
    return float(np.mean([calibration_error(probabilities, one, n_bins) for one in draws]))


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


def cohen_kappa(one: BoolArray, other: BoolArray) -> float:
    """Compute Cohen's kappa of two raters: agreement beyond what their shares give by chance.

    Parameters
    ----------
    one, other : (words,) bool

    Returns
    -------
    float
        1 for equal labels, 0 for chance; NaN without words, or where both raters give all words
        the same single label.

    References
    ----------
    J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological
    Measurement 20, 1960.
    """
    _check_alike(one, other)
    if not len(one):
        return np.nan
    p, q = float(one.mean()), float(other.mean())
    by_chance = p * q + (1 - p) * (1 - q)
    return (
        np.nan if by_chance == 1 else float((np.mean(one == other) - by_chance) / (1 - by_chance))
    )


def majority(raters: BoolArray) -> BoolArray:
    """Return which words more than half of the raters marked; half of them is not enough.

    Parameters
    ----------
    raters : (raters, words) bool

    Returns
    -------
    (words,) bool
    """
    marked: BoolArray = 2 * raters.sum(axis=0) > len(raters)
    return marked


def raters_ceiling(raters: BoolArray) -> tuple[PrecisionRecall, ...]:
    """Compute how well each rater finds the words that the majority of the others marked.

    What a system can at most be asked for: one rater left out, judged as a system is.

    Parameters
    ----------
    raters : (raters, words) bool

    Returns
    -------
    tuple of PrecisionRecall
        One per rater.

    Raises
    ------
    ValueError
        Fewer than two raters.
    """
    if len(raters) < 2:
        raise ValueError(f"{len(raters)} raters; two or more are needed to leave one out")
    return tuple(
        precision_recall(one, majority(np.delete(raters, i, axis=0)))
        for i, one in enumerate(raters)
    )


def _cumulative(scores: FloatArray, emphasised: BoolArray) -> tuple[FloatArray, IntArray, IntArray]:
    """Return the different scores, falling, and the words right and taken from each on."""
    thresholds, group = np.unique(-scores, return_inverse=True)
    n_taken = np.cumsum(np.bincount(group))
    n_right = np.cumsum(np.bincount(group[emphasised], minlength=len(thresholds)))
    return -thresholds, n_right, n_taken


def _bins(probabilities: FloatArray, n_bins: int) -> IntArray:
    bins: IntArray = np.minimum((probabilities * n_bins).astype(np.int64), n_bins - 1)
    return bins


def _check_alike(numbers: FloatArray | BoolArray, emphasised: BoolArray) -> None:
    if numbers.shape != emphasised.shape:
        raise ValueError(f"{len(numbers)} words scored, {len(emphasised)} labelled")


def _check_probabilities(probabilities: FloatArray, emphasised: BoolArray) -> None:
    _check_alike(probabilities, emphasised)
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise ValueError("a probability that is not from 0 to 1")
