"""Several raters: agreement beyond chance, and how well each finds what the others heard."""

from __future__ import annotations

import numpy as np

from lemf.agreement.detection import PrecisionRecall, check_alike, precision_recall
from lemf.arrays import BoolArray


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
