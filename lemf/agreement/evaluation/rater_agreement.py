"""Systems and raters beside each rater: Cohen's kappa, and the ceiling that raters set."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from lemf.agreement.bootstrap import Intervals, Unit, bootstrap_interval, times_drawn, units_of
from lemf.agreement.detection import PrecisionRecall
from lemf.agreement.labels.rated_sentences import RatedSentence, known_speakers
from lemf.agreement.raters import (
    cohen_kappa,
    kappa_of_counts,
    mean_rating,
    pairwise_kappa,
    raters_ceiling,
    reaches,
)
from lemf.arrays import BoolArray, FloatArray

_DRAWS_AT_ONCE = 100  # bounds the memory
OTHERS = "the other raters"  # beside the systems, in intervals of kappa


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
    intervals : mapping of unit to mapping of str to (float, float)
        95 % bootstrap intervals of `kappas`, and of `kappa_others` by the name `OTHERS`.
    """

    name: str
    n_words: int
    n_emphasised: int
    others: PrecisionRecall
    kappa_others: float
    kappas: Mapping[str, float]
    intervals: Intervals


@dataclass(frozen=True, kw_only=True, eq=False)
class Raters:
    """All raters, and how far they agree.

    Attributes
    ----------
    raters : tuple of RaterAgreement
        In the order of their names.
    pairwise_kappa : float
        Mean of Cohen's kappa over the pairs of raters.
    mean_intervals : mapping of unit to mapping of str to (float, float)
        95 % bootstrap intervals of the mean over the raters, as in `RaterAgreement.intervals`.
    """

    raters: tuple[RaterAgreement, ...]
    pairwise_kappa: float
    mean_intervals: Intervals


def judge_raters(
    sentences: Sequence[RatedSentence],
    predicted: Mapping[str, Sequence[BoolArray]],
    cut: float,
    *,
    n_resamples: int,
    seed: int,
) -> Raters | None:
    """Compare each rater with the others and with the words that the systems take as emphasised.

    Parameters
    ----------
    sentences : sequence of RatedSentence
    predicted : mapping of name to sequence of (words,) bool
        One array per sentence.
    cut : float
        Least rating of an emphasised word.
    n_resamples, seed : int
        Of the bootstrap.

    Returns
    -------
    Raters or None
        None where fewer than two raters are known.
    """
    names = sorted({name for sentence in sentences for name in sentence.raters})
    if len(names) < 2:
        return None
    ratings = np.array([_all_words(sentences, name) for name in names])
    words = {name: np.concatenate(one) for name, one in predicted.items()}
    draws = _draw_kappas(sentences, ratings, words, cut, n_resamples=n_resamples, seed=seed)
    agreements = []
    ceilings = raters_ceiling(ratings, cut)
    for i, (name, one, ceiling) in enumerate(zip(names, ratings, ceilings, strict=True)):
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
                intervals={
                    unit: {system: bootstrap_interval(drawn[i]) for system, drawn in of.items()}
                    for unit, of in draws.items()
                },
            )
        )
    return Raters(
        raters=tuple(agreements),
        pairwise_kappa=pairwise_kappa(ratings, cut),
        mean_intervals={
            unit: {system: bootstrap_interval(_mean(drawn)) for system, drawn in of.items()}
            for unit, of in draws.items()
        },
    )


def _draw_kappas(
    sentences: Sequence[RatedSentence],
    ratings: FloatArray,
    words: Mapping[str, BoolArray],
    cut: float,
    *,
    n_resamples: int,
    seed: int,
) -> dict[Unit, dict[str, FloatArray]]:
    """Draw sentences, and speakers: kappa by unit and system, (raters, n_resamples) float64."""
    lengths = [len(one.ratings) for one in sentences]
    sentence = np.repeat(np.arange(len(sentences)), lengths)
    sums: dict[str, list[FloatArray]] = {name: [] for name in (*words, OTHERS)}
    for i, one in enumerate(ratings):
        others = mean_rating(np.delete(ratings, i, axis=0))
        heard = reaches(one, cut)
        beside = [(name, said, np.isfinite(one)) for name, said in words.items()]
        beside.append((OTHERS, reaches(others, cut), np.isfinite(one) & np.isfinite(others)))
        for name, said, known in beside:
            columns = (known, known & said, known & heard, known & (said == heard))
            sums[name].append(
                np.array([np.bincount(sentence, column, len(lengths)) for column in columns])
            )
    draws: dict[Unit, dict[str, FloatArray]] = {}
    for unit, groups in units_of(known_speakers(sentences)).items():
        drawn = range(len(sentences)) if groups is None else groups
        rows = times_drawn(drawn, n_resamples=n_resamples, seed=seed)
        parts: list[dict[str, FloatArray]] = []
        while some := list(islice(rows, _DRAWS_AT_ONCE)):
            counts = np.array(some, dtype=np.float64).T
            parts.append(
                {
                    name: np.array([kappa_of_counts(*(one @ counts)) for one in of_raters])
                    for name, of_raters in sums.items()
                }
            )
        draws[unit] = {
            name: np.concatenate([part[name] for part in parts], axis=1) for name in sums
        }
    return draws


def _mean(draws: FloatArray) -> FloatArray:
    """Compute the mean over raters, whose kappa may be NaN in a draw."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a draw in which no rater has one
        mean: FloatArray = np.nanmean(draws, axis=0)
    return mean


def _all_words(sentences: Sequence[RatedSentence], rater: str) -> FloatArray:
    return np.concatenate(
        [one.raters.get(rater, np.full(len(one.ratings), np.nan)) for one in sentences]
    )
