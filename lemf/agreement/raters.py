"""Several raters: agreement beyond chance, and how well each finds what the others heard."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np

from lemf.agreement.detection import PrecisionRecall, check_alike, precision_recall
from lemf.arrays import BoolArray, FloatArray


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
    check_alike(one, other)
    if not len(one):
        return np.nan
    p, q = float(one.mean()), float(other.mean())
    by_chance = p * q + (1 - p) * (1 - q)
    return (
        np.nan if by_chance == 1 else float((np.mean(one == other) - by_chance) / (1 - by_chance))
    )


def kappa_of_counts(
    n_words: FloatArray, said: FloatArray, heard: FloatArray, alike: FloatArray
) -> FloatArray:
    """Compute Cohen's kappa from counts of words, each (draws,) float64.

    Parameters
    ----------
    n_words, said, heard, alike : (draws,) float64
        Words that both labelled, those that the one and the other marked, and those on which they
        agree.

    Returns
    -------
    (draws,) float64
        NaN as in `cohen_kappa`.
    """
    kappas = np.full(len(n_words), np.nan)
    some = n_words > 0
    p, q, agree = (one[some] / n_words[some] for one in (said, heard, alike))
    by_chance = p * q + (1 - p) * (1 - q)
    of_some = np.full(len(p), np.nan)
    np.divide(agree - by_chance, 1 - by_chance, out=of_some, where=by_chance < 1)
    kappas[some] = of_some
    return kappas


def mean_rating(ratings: FloatArray) -> FloatArray:
    """Compute the mean of the raters who rated a word.

    Parameters
    ----------
    ratings : (raters, words) float64
        NaN where a rater gave none; 1 and 0 for words that a rater marked or not.

    Returns
    -------
    (words,) float64
        NaN where nobody rated the word.
    """
    known = np.isfinite(ratings)
    n_raters = known.sum(axis=0)
    sums = np.where(known, ratings, 0.0).sum(axis=0)
    mean = np.full(len(n_raters), np.nan)
    np.divide(sums, n_raters, out=mean, where=n_raters > 0)
    return mean


class Ceiling(NamedTuple):
    """How well a rater finds what the others heard, on the `n_words` that both rated."""

    n_words: int
    found: PrecisionRecall
    kappa: float


def raters_ceiling(ratings: FloatArray, cut: float) -> tuple[Ceiling, ...]:
    """Compute how well each rater finds the words that the others on average rate from `cut` on.

    What a system can at most be asked for: one rater left out, judged as a system is.

    Parameters
    ----------
    ratings : (raters, words) float64
        NaN where a rater gave none.
    cut : float
        Least rating of an emphasised word; of raters who mark words, the least share of raters.

    Returns
    -------
    tuple of Ceiling
        One per rater; of a rater with no word in common with others the measures are NaN.

    Raises
    ------
    ValueError
        Fewer than two raters.
    """
    if len(ratings) < 2:
        raise ValueError(f"{len(ratings)} raters; two or more are needed to leave one out")
    ceilings = []
    for i, one in enumerate(ratings):
        others = mean_rating(np.delete(ratings, i, axis=0))
        both = np.isfinite(one) & np.isfinite(others)
        said, heard = reaches(one[both], cut), reaches(others[both], cut)
        ceilings.append(
            Ceiling(int(both.sum()), precision_recall(said, heard), cohen_kappa(said, heard))
        )
    return tuple(ceilings)


def pairwise_kappa(ratings: FloatArray, cut: float) -> float:
    """Compute the mean of Cohen's kappa over the pairs of raters; NaN where no pair has one."""
    kappas = []
    for one, other in combinations(ratings, 2):
        both = np.isfinite(one) & np.isfinite(other)
        kappas.append(cohen_kappa(reaches(one[both], cut), reaches(other[both], cut)))
    known = [kappa for kappa in kappas if not np.isnan(kappa)]
    return float(np.mean(known)) if known else np.nan


def reaches(ratings: FloatArray, cut: float) -> BoolArray:
    """Return which ratings are the cut or higher, up to rounding."""
    emphasised: BoolArray = ratings >= cut - 1e-9
    return emphasised
