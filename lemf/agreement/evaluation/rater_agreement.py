"""Systems and raters beside each rater: Cohen's kappa, and the ceiling that raters set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lemf.agreement.detection import PrecisionRecall
from lemf.agreement.labels.rated_sentences import RatedSentence
from lemf.agreement.raters import cohen_kappa, pairwise_kappa, raters_ceiling, reaches
from lemf.arrays import BoolArray, FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class RaterAgreement:
    """What one rater heard, beside the other raters and the systems.

    Attributes
    ----------
    name : str
    n_words, n_emphasised : int
        Words that the rater rated, and those of them that he or she rated from the cut on.
    others : PrecisionRecall
        How well the rater finds the words that the others on average rate from the cut on.
    kappa_others : float
        Cohen's kappa of the rater and the others.
    kappas : mapping of str to float
        Cohen's kappa of each system and the rater, by the name of the system.
    """

    name: str
    n_words: int
    n_emphasised: int
    others: PrecisionRecall
    kappa_others: float
    kappas: Mapping[str, float]


def judge_raters(
    sentences: Sequence[RatedSentence],
    predicted: Mapping[str, Sequence[BoolArray]],
    cut: float,
) -> tuple[tuple[RaterAgreement, ...], float]:
    """Compare each rater with the others and with the words that the systems take as emphasised.

    Parameters
    ----------
    sentences : sequence of RatedSentence
    predicted : mapping of name to sequence of (words,) bool
        One array per sentence.
    cut : float
        Least rating of an emphasised word.

    Returns
    -------
    tuple of RaterAgreement
        In the order of their names; empty where fewer than two raters are known.
    float
        Mean of Cohen's kappa over the pairs of raters; NaN then.
    """
    names = sorted({name for sentence in sentences for name in sentence.raters})
    if len(names) < 2:
        return (), np.nan
    ratings = np.array([_all_words(sentences, name) for name in names])
    words = {name: np.concatenate(one) for name, one in predicted.items()}
    agreements = []
    for name, one, ceiling in zip(names, ratings, raters_ceiling(ratings, cut), strict=True):
        known = np.isfinite(one)
        heard = reaches(one[known], cut)
        agreements.append(
            RaterAgreement(
                name=name,
                n_words=int(known.sum()),
                n_emphasised=int(heard.sum()),
                others=ceiling.found,
                kappa_others=ceiling.kappa,
                kappas={system: cohen_kappa(said[known], heard) for system, said in words.items()},
            )
        )
    return tuple(agreements), pairwise_kappa(ratings, cut)


def _all_words(sentences: Sequence[RatedSentence], rater: str) -> FloatArray:
    return np.concatenate(
        [one.raters.get(rater, np.full(len(one.ratings), np.nan)) for one in sentences]
    )
