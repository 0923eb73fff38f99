"""Weights of cues from labels: three convex problems over the z-scores of the words.

Each sentence counts the same, whatever its length, and a ridge penalty keeps weights small where
the sentences tell little:

- ``rank`` (pairwise logistic regression, as in RankNet): for every two words of a sentence, the
  one rated higher should score higher; minimises log(1 + exp(-(s_higher - s_lower))).
- ``softmax`` (conditional logit): the top word should be the likeliest of its sentence under
  exp(s); minimises -log p(top word).
- ``ridge``: the score should be the rating, standardised in its sentence; minimises the squares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from lemf.agreement.measures import top_word
from lemf.arrays import FloatArray, IntArray
from lemf.cues.zscore import zscore
from lemf.option_choices import FitMethod

_MOST_STEPS = 50  # of Newton, and halvings of each; five to ten are usual
_SHORTEST_STEP = 1e-10  # largest change of a weight, below which the search ends

_Slopes = Callable[[FloatArray], tuple[float, FloatArray, FloatArray]]


def prepare_sentence(z: FloatArray, ratings: FloatArray, method: FitMethod) -> FloatArray:
    """Convert a sentence to the rows that a method learns from.

    Parameters
    ----------
    z : (words, cues) float64
    ratings : (words,) float64
        With one top word.
    method : {"rank", "softmax", "ridge"}

    Returns
    -------
    (rows, columns) float64
        ``rank``: the cues of the higher word minus those of the lower, one row per pair of words.
        ``softmax``: the cues of each other word minus those of the top word.
        ``ridge``: the cues of each word, and its standardised rating as the last column.
    """
    if method == "rank":
        higher, lower = np.nonzero(ratings[:, None] > ratings[None, :])
        return np.asarray(z[higher] - z[lower])
    if method == "softmax":
        top = top_word(ratings)
        return np.asarray(np.delete(z, top, axis=0) - z[top])
    return np.column_stack([z, zscore(ratings)])


def minimise_loss(
    sentences: Sequence[FloatArray], method: FitMethod, regularisation: float
) -> FloatArray:
    """Find the weights that minimise the mean loss of the sentences + regularisation/2 |w|^2.

    Parameters
    ----------
    sentences : sequence of (rows, columns) float64
        As `prepare_sentence` returns them.
    method : {"rank", "softmax", "ridge"}
    regularisation : float
        More than 0.

    Returns
    -------
    (cues,) float64
    """
    rows = np.concatenate(sentences)
    lengths = np.array([len(sentence) for sentence in sentences], dtype=np.int64)
    n_cues = rows.shape[1] - (method == "ridge")
    shares = np.repeat(1 / (lengths * len(sentences)), lengths)  # (rows,), sum to 1
    if method == "ridge":
        z, target = rows[:, :-1], rows[:, -1]
        penalty = regularisation / 2 * np.eye(n_cues)
        return np.asarray(np.linalg.solve((z.T * shares) @ z + penalty, (z.T * shares) @ target))
    slopes = _rank_slopes(rows, shares) if method == "rank" else _softmax_slopes(rows, lengths)
    return _minimise(slopes, n_cues, regularisation)


def sentence_loss(sentence: FloatArray, weights: FloatArray, method: FitMethod) -> float:
    """Compute the loss of one sentence, without the penalty.

    Parameters
    ----------
    sentence : (rows, columns) float64
        As `prepare_sentence` returns it.
    weights : (cues,) float64
    method : {"rank", "softmax", "ridge"}
    """
    if method == "rank":
        return float(np.logaddexp(0, -sentence @ weights).mean())
    if method == "softmax":
        return float(np.logaddexp.reduce(np.append(sentence @ weights, 0.0)))
    return float(np.mean((sentence[:, -1] - sentence[:, :-1] @ weights) ** 2))


def _rank_slopes(rows: FloatArray, shares: FloatArray) -> _Slopes:
    def slopes(weights: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        lead = rows @ weights
        wrong = np.exp(-np.logaddexp(0, lead))  # probability of the wrong order
        gradient = -(shares * wrong) @ rows
        curvature = (rows.T * (shares * wrong * (1 - wrong))) @ rows
        return float(shares @ np.logaddexp(0, -lead)), gradient, curvature

    return slopes


def _softmax_slopes(rows: FloatArray, lengths: IntArray) -> _Slopes:
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    sentence_of = np.repeat(np.arange(len(lengths)), lengths)

    def slopes(weights: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        lead = rows @ weights  # over the top word, whose lead is 0
        highest = np.maximum(np.maximum.reduceat(lead, starts), 0.0)
        powers = np.exp(lead - highest[sentence_of])
        total = np.add.reduceat(powers, starts) + np.exp(-highest)
        p = powers / total[sentence_of]
        means = np.add.reduceat(p[:, None] * rows, starts)  # (sentences, cues)
        n = len(lengths)
        curvature = ((rows.T * p) @ rows - means.T @ means) / n
        return float(np.mean(highest + np.log(total))), means.sum(axis=0) / n, curvature

    return slopes


def _minimise(slopes: _Slopes, n_cues: int, regularisation: float) -> FloatArray:
    """Minimise a convex loss by Newton's steps, halved where they go too far."""
    weights = np.zeros(n_cues)
    loss, gradient, curvature = slopes(weights)
    for _ in range(_MOST_STEPS):
        step = np.linalg.solve(
            curvature + regularisation * np.eye(n_cues), gradient + regularisation * weights
        )
        before = loss + regularisation / 2 * (weights @ weights)
        for _ in range(_MOST_STEPS):
            moved = weights - step
            loss, gradient, curvature = slopes(moved)
            if loss + regularisation / 2 * (moved @ moved) <= before:
                break
            step /= 2
        weights = moved
        if np.abs(step).max() < _SHORTEST_STEP:
            break
    return weights
