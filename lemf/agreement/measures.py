"""Agreement of scores with what listeners heard: the measures, of one sentence and of many.

A sentence is judged by two arrays: one score and one rating per word. The *top word* has the
highest rating; a sentence without exactly one top word cannot be judged (`top_word` raises).
Words whose scores are equal (to nine digits of the largest, as in the ranking) count as being in
random order: a measure is then its mean over all orders, so constant scores get what chance gets.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from lemf.agreement.correlation import Readings, group_readings, spearman, within_text_correlation
from lemf.arrays import FloatArray, IntArray
from lemf.scoring.ranking import rounded

CLEAR_MARGIN = 0.3  # for ratings from 0 to 3: a tenth of the scale

SENTENCE_MEASURES = ("top1", "clear_top1", "segment", "top3", "spearman", "auc")
MEASURES = ("top1", "clear_top1", "segment", "top3", "spearman", "within_text", "auc")

_DIGITS = 9  # decimals to which ratings are compared: 2.4 - 2.1 is not less than 0.3


def top_word(ratings: FloatArray) -> int:
    """Return the index of the word with the highest rating.

    Parameters
    ----------
    ratings : (words,) float64

    Raises
    ------
    ValueError
        Fewer than two words, a rating that is not finite, or a tie for the highest.
    """
    if len(ratings) < 2 or not np.isfinite(ratings).all() or rating_margin(ratings) <= 0:
        raise ValueError(f"no single top word in the ratings {ratings.tolist()}")
    return int(ratings.argmax())


def rating_margin(ratings: FloatArray) -> float:
    """Compute how far the highest rating is above the next; 0 for a tie.

    Parameters
    ----------
    ratings : (words,) float64
        Two or more.
    """
    second, first = np.sort(ratings)[-2:]
    return float(np.round(first - second, _DIGITS))


def top_n(scores: FloatArray, top: int, n: int) -> float:
    """Compute whether the top word is among the `n` highest scores.

    Parameters
    ----------
    scores : (words,) float64
    top : int
        Index of the top word.
    n : int
        1 for top-1.

    Returns
    -------
    float
        0 or 1; between them, the probability over the orders of words with equal scores.
    """
    values = rounded(scores)
    n_above = np.count_nonzero(values > values[top])
    n_equal = np.count_nonzero(values == values[top])
    return float(np.clip((n - n_above) / n_equal, 0.0, 1.0))


def within_segment(scores: FloatArray, top: int) -> float:
    """Compute whether the top word is in the emphasis segment, within one word of the top score.

    Parameters
    ----------
    scores : (words,) float64
    top : int
        Index of the top word.

    Returns
    -------
    float
        0 or 1; between them, the probability over the orders of words with equal scores.
    """
    values = rounded(scores)
    highest = np.flatnonzero(values == values.max())
    return float(np.mean(np.abs(highest - top) <= 1))


def auc(scores: FloatArray, top: int) -> float:
    """Compute the share of the other words that score below the top word; equal ones count half.

    This is the area under the ROC curve of "is it the top word?" inside one sentence.

    Parameters
    ----------
    scores : (words,) float64
    top : int
        Index of the top word.
    """
    values = rounded(scores)
    others = np.delete(values, top)
    return float(np.mean(others < values[top]) + np.mean(others == values[top]) / 2)


def judge_sentence(
    scores: FloatArray, ratings: FloatArray, *, clear_margin: float = CLEAR_MARGIN
) -> dict[str, float]:
    """Compute all measures of one sentence.

    Parameters
    ----------
    scores, ratings : (words,) float64
    clear_margin : float
        Lead of the highest rating over the next from which a sentence counts as clear.

    Returns
    -------
    dict of str to float
        `SENTENCE_MEASURES`; ``clear_top1`` is NaN where the raters were not clear.

    Raises
    ------
    ValueError
        As `top_word`, or the numbers of scores and ratings differ.
    """
    if scores.shape != ratings.shape:
        raise ValueError(f"{len(scores)} scores for {len(ratings)} ratings")
    top = top_word(ratings)
    first = top_n(scores, top, 1)
    return {
        "top1": first,
        "clear_top1": first if rating_margin(ratings) >= clear_margin else np.nan,
        "segment": within_segment(scores, top),
        "top3": top_n(scores, top, 3),
        "spearman": spearman(rounded(scores), np.round(ratings, _DIGITS)),
        "auc": auc(scores, top),
    }


@dataclass(frozen=True, eq=False)
class Judgement:
    """The measures of each sentence for one system, which `summary` averages over any selection.

    Attributes
    ----------
    values : (measures, sentences) float64
        `SENTENCE_MEASURES` of every sentence; NaN where the sentence does not count.
    readings : Readings
        What `within_text_correlation` needs of the texts with enough readings.
    """

    values: FloatArray
    readings: Readings

    def summary(self, counts: IntArray | None = None) -> dict[str, float]:
        """Compute `MEASURES`: means over the sentences, and the correlation within texts.

        Parameters
        ----------
        counts : (sentences,) int64, optional
            How often each sentence counts, 0 to leave it out; by default once.

        Returns
        -------
        dict of str to float
            NaN where no sentence counts for a measure.
        """
        if counts is None:
            counts = np.ones(self.values.shape[1], dtype=np.int64)
        known = np.isfinite(self.values)
        sums, weights = np.where(known, self.values, 0.0) @ counts, known @ counts
        means = np.divide(sums, weights, out=np.full(len(sums), np.nan), where=weights > 0)
        summary = dict(zip(SENTENCE_MEASURES, means.tolist(), strict=True))
        summary["within_text"] = within_text_correlation(self.readings, counts)
        return {name: summary[name] for name in MEASURES}


def judge(
    scores: Sequence[FloatArray],
    ratings: Sequence[FloatArray],
    texts: Sequence[Hashable],
    *,
    clear_margin: float = CLEAR_MARGIN,
) -> Judgement:
    """Compute the measures of a system's scores of many sentences.

    Parameters
    ----------
    scores, ratings : sequence of (words,) float64
        One array per sentence.
    texts : sequence of hashable
        Text of each sentence.
    clear_margin : float
        Lead of the highest rating over the next from which a sentence counts as clear.

    Raises
    ------
    ValueError
        As `judge_sentence`.

    Examples
    --------
    >>> heard = [np.array([0.1, 2.0, 0.4]), np.array([1.5, 0.2, 0.3])]
    >>> scored = [np.array([-1.0, 1.2, -0.2]), np.array([0.3, 0.9, -1.2])]
    >>> judge(scored, heard, ["a b c", "a b c"]).summary()["top1"]
    0.5
    """
    judged = [
        judge_sentence(x, y, clear_margin=clear_margin)
        for x, y in zip(scores, ratings, strict=True)
    ]
    return Judgement(
        np.array([[one[name] for one in judged] for name in SENTENCE_MEASURES]),
        group_readings(scores, ratings, texts),
    )
