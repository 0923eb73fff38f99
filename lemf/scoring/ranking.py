"""Equation 2 of the paper, the ranking of the words and the emphasis segment."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lemf.arrays import FloatArray, IntArray

_DIGITS = 9  # decimals to which relative scores are compared; a z-score's rounding is 1e-15
_NOISE = 1e-12  # scores that cancel to less are all equal


def contributions(
    z: Mapping[str, FloatArray], weights: Mapping[str, float]
) -> dict[str, FloatArray]:
    """Compute what each cue adds to the score, weight * z; a word's contributions sum to s(w).

    Parameters
    ----------
    z : mapping of cue to (words,) float64
    weights : mapping of cue to float

    Returns
    -------
    dict of cue to (words,) float64, in the order of `weights`
    """
    return {name: weight * z[name] for name, weight in weights.items()}


def emphasis_score(z: Mapping[str, FloatArray], weights: Mapping[str, float]) -> FloatArray:
    """Compute the scores: s(w) = alpha z_pitch(w) + beta z_energy(w) + gamma z_duration(w), eq. 2.

    Parameters
    ----------
    z : mapping of cue to (words,) float64
    weights : mapping of cue to float

    Returns
    -------
    (words,) float64
    """
    scores: FloatArray = np.sum(list(contributions(z, weights).values()), axis=0)
    return scores


def rank_words(scores: FloatArray) -> IntArray:
    """Rank the words by score, 1 for the highest; ties go to the earlier word.

    Parameters
    ----------
    scores : (words,) float64

    Returns
    -------
    (words,) int64
    """
    order = np.argsort(-rounded(scores), kind="stable")
    ranks = np.empty(len(scores), dtype=np.int64)
    ranks[order] = np.arange(1, len(scores) + 1)
    return ranks


def is_flat(scores: FloatArray) -> bool:
    """Check whether all scores of a sentence are equal, which makes its top word arbitrary."""
    return bool(np.ptp(rounded(scores)) == 0)


def emphasis_segment(top: int, n_words: int) -> range:
    """Find the indices of the emphasis segment: the top word and its neighbours in the sentence.

    Parameters
    ----------
    top : int
        Index of the word with the highest score.
    n_words : int
        Words in the sentence.

    Returns
    -------
    range
        Three words; two at an edge of the sentence, one in a sentence of one word.
    """
    return range(max(top - 1, 0), min(top + 2, n_words))


def rounded(scores: FloatArray) -> FloatArray:
    """Round scores, shape (words,), relative to the largest, which removes rounding noise."""
    largest = np.abs(scores).max()
    return np.round(scores / largest, _DIGITS) if largest > _NOISE else np.zeros(len(scores))
