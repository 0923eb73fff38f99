"""A decision learnt from labels: which words are emphasised, judged on sentences left out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lemf.agreement.fitting.labelled_words import CANDIDATES, LabelledWords, read_words, usual_cut
from lemf.agreement.fitting.logistic import fit_intercept, fit_logistic
from lemf.agreement.folds import LeftOut, make_folds, what_to_leave_out
from lemf.agreement.labels.files import Label, as_labels
from lemf.agreement.labels.rated_sentences import Unjudged
from lemf.arrays import FloatArray
from lemf.config import DEFAULT_THRESHOLD, OFF, Settings
from lemf.errors import CorpusError, SettingsError, shown
from lemf.runtime.progress import Watch, no_watch
from lemf.scoring.decision import DecisionModel, probability
from lemf.scoring.decision_models import DECISION_MODELS, difference_of, load_model

FLOOR = 0.3  # share of the words below a measure's floor: EmoDB fits .05 to .4 equally well
FEWEST = 30  # emphasised words, and others, below which the intercept alone is fitted
VARIANTS = tuple(chain.from_iterable(combinations(CANDIDATES, n) for n in range(3)))

_N_OUTER = 6  # groups of speakers, and of texts, left out in turn for the held-out probabilities
_N_INNER = 4  # groups left out in turn inside a fold, to choose the measures


@dataclass(frozen=True, eq=False)
class FittedDecision:
    """A decision, and how it does on sentences that it was not fitted on.

    Attributes
    ----------
    model : DecisionModel
        Fitted on all sentences.
    sentences : tuple of LabelledWords
        Those that were judged.
    held_out : tuple of (words,) float64
        P of each word by models fitted without the speaker and the text of its sentence; NaN where
        what remains without them does not have both emphasised words and others.
    left_out : str
    n_folds : int
        Folds that were judged.
    chosen : dict of tuple of str to int
        How many folds chose each set of measures, of `VARIANTS`; empty if `only_intercept`.
    only_intercept : bool
        Whether there are too few labels for more than the intercept of `start`.
    start : DecisionModel
        Whose intercept is fitted where labels are few.
    intercept_error : float
        Standard error of the intercept; NaN where more was fitted.
    unused : tuple of Unjudged
        Sentences and recordings of the labels that could not be used, with the reason.
    """

    model: DecisionModel
    sentences: tuple[LabelledWords, ...]
    held_out: tuple[FloatArray, ...]
    left_out: LeftOut
    n_folds: int
    chosen: dict[tuple[str, ...], int]
    only_intercept: bool
    start: DecisionModel
    intercept_error: float
    unused: tuple[Unjudged, ...] = ()


def fit_decision(
    labels: str | Path | Sequence[Label],
    settings: Settings | None = None,
    *,
    name: str = "emphasis",
    cut: float | None = None,
    start: str = "emphasis",
    jobs: int = 1,
    watch: Watch = no_watch,
) -> FittedDecision:
    """Fit a decision to labels.

    Parameters
    ----------
    labels : path of a file, or sequence of Label
        Ratings, of which those from `cut` on are emphasis, or emphasised words.
    settings : Settings, optional
        Those of the scores; by default the cue set of listeners.
    name : str
        Of the decision.
    cut : float, optional
        Least rating of an emphasised word; by default that of `usual_cut`.
    start : str
        The decision whose intercept is fitted where labels are few: one that ships, or a file.
    jobs : int
    watch : Watch

    Returns
    -------
    FittedDecision

    Raises
    ------
    SettingsError
        A cut that is not a number, or is missing for ratings beside 0 and 1; there is no such
        decision to start from.
    CorpusError
        The labels cannot be read; all words or none are emphasised; few are, and the decision to
        start from belongs to other scores.
    """
    read = as_labels(labels)
    cut = usual_cut(read) if cut is None else cut
    if not math.isfinite(cut):
        raise SettingsError(f"cut {cut}: write a rating, such as 1")
    settings = replace(settings or Settings(cues="listeners"), decide=OFF)
    settings = replace(settings, threshold=DEFAULT_THRESHOLD)
    model = load_model(start, setting="start")  # before any recording is scored
    words, unused = read_words(
        read,
        settings,
        cut=cut,
        measures=(*CANDIDATES, *model.absolute),
        jobs=jobs,
        watch=watch,
    )
    return replace(fit_words(words, settings, name=name, start=model), unused=unused)


def fit_words(
    sentences: Sequence[LabelledWords],
    settings: Settings,
    *,
    name: str = "emphasis",
    start: DecisionModel = DECISION_MODELS["emphasis"],
    variants: Sequence[tuple[str, ...]] = VARIANTS,
    judged: Sequence[LabelledWords] | None = None,
) -> FittedDecision:
    """Fit a decision to scored words; errors as in `fit_decision`.

    Parameters
    ----------
    sentences : sequence of LabelledWords
    settings : Settings
        Those of the scores.
    name : str
        Of the decision.
    start : DecisionModel
        Whose intercept is fitted where labels are few.
    variants : sequence of tuple of str
        Sets of measures to choose from.
    judged : sequence of LabelledWords, optional
        The same sentences measured otherwise, such as on other grids, whose held-out probabilities
        are computed in place of those of `sentences`.

    Returns
    -------
    FittedDecision
    """
    judged = sentences if judged is None else judged
    n_both = _count_both(sentences)
    if 0 in n_both:
        n_emphasised, n_others = n_both
        raise CorpusError(
            f"{'none' if n_others else 'all'} of the {n_emphasised + n_others} words are "
            "emphasised: nothing tells them apart; label both kinds of words, or set --cut to a "
            "rating between the lowest and the highest"
        )
    few = min(n_both) < FEWEST
    if few:
        _check_start(start, settings, n_both)

    def fit(some: Sequence[LabelledWords]) -> _Coefficients:
        return _move_intercept(start, some) if few else _choose(some, variants)

    # Held-out probabilities, fold by fold
    speakers, texts = [one.speaker for one in sentences], [one.text for one in sentences]
    held_out = [np.full(len(one.emphasised), np.nan) for one in judged]
    chosen: Counter[tuple[str, ...]] = Counter()
    folds = make_folds(speakers, texts, n_groups=_N_OUTER)
    for fold in folds:
        train = [sentences[i] for i in fold.train]
        if 0 in _count_both(train):
            continue  # nothing to learn from
        found = fit(train)
        chosen[found.measures] += 1
        for i in fold.test:
            held_out[i] = probability(found.log_odds(judged[i]))

    # The decision by all sentences
    final = fit(sentences)
    model = DecisionModel(
        name=name,
        cues=settings.cues,
        weights=settings.cue_weights,
        normalise=settings.normalise,
        intercept=final.intercept,
        slope=final.slope,
        absolute=dict(zip(final.measures, final.slopes.tolist(), strict=True)),
        means=dict(final.means),
        floors={cue: floor for cue, floor in final.floors.items() if math.isfinite(floor)},
        fitted_on="",
    )
    return FittedDecision(
        model=model,
        sentences=tuple(judged),
        held_out=tuple(held_out),
        left_out=what_to_leave_out(speakers, texts),
        n_folds=chosen.total(),
        chosen={} if few else dict(chosen),
        only_intercept=few,
        start=start,
        intercept_error=_intercept_error(final, sentences) if few else math.nan,
    )


def _check_start(start: DecisionModel, settings: Settings, n_both: tuple[int, int]) -> None:
    """Refuse to take over slopes that belong to other scores."""
    if difference := difference_of(start, settings):
        which = "emphasised words" if n_both[0] < FEWEST else "words that are not emphasised"
        raise CorpusError(
            f"{min(n_both)} of the {FEWEST} {which} that are needed to fit more than an intercept, "
            f"and the slopes of {shown(start.name)} were {difference.fault}; label more, or choose "
            "the same scores or another start"
        )


def _intercept_error(found: _Coefficients, sentences: Sequence[LabelledWords]) -> float:
    """Compute the standard error of an intercept by the curvature of the likelihood."""
    chances = probability(np.concatenate([found.log_odds(one) for one in sentences]))
    return float(1 / np.sqrt(np.sum(chances * (1 - chances))))


def _count_both(sentences: Sequence[LabelledWords]) -> tuple[int, int]:
    """Count the words that are emphasised, and the others."""
    n_emphasised = sum(int(one.emphasised.sum()) for one in sentences)
    return n_emphasised, sum(len(one.emphasised) for one in sentences) - n_emphasised


class _Coefficients(NamedTuple):
    intercept: float
    slope: float
    measures: tuple[str, ...]
    slopes: FloatArray
    means: dict[str, float]
    floors: dict[str, float]

    def log_odds(self, words: LabelledWords) -> FloatArray:
        """Compute logit P of the words, (words,) float64."""
        log_odds = self.intercept + self.slope * words.scores
        for cue, slope in zip(self.measures, self.slopes, strict=True):
            values, floor = words.measures[cue], self.floors[cue]
            missing = floor if math.isfinite(floor) else self.means[cue]
            counted = np.where(np.isnan(values), missing, np.maximum(values, floor))
            log_odds = log_odds + slope * counted
        return log_odds


def _fit(sentences: Sequence[LabelledWords], measures: tuple[str, ...]) -> _Coefficients:
    """Fit the score and some measures."""
    columns = [np.concatenate([one.scores for one in sentences])]
    means, floors = {}, {}
    for cue in measures:
        values = np.concatenate([one.measures[cue] for one in sentences])
        known = values[~np.isnan(values)]
        means[cue] = float(known.mean()) if len(known) else 0.0
        floors[cue] = float(np.quantile(known, FLOOR)) if len(known) else 0.0
        columns.append(np.where(np.isnan(values), floors[cue], np.maximum(values, floors[cue])))
    emphasised = np.concatenate([one.emphasised for one in sentences])
    intercept, slopes = fit_logistic(np.column_stack(columns), emphasised)
    return _Coefficients(intercept, float(slopes[0]), measures, slopes[1:], means, floors)


def _choose(
    sentences: Sequence[LabelledWords], variants: Sequence[tuple[str, ...]]
) -> _Coefficients:
    """Fit the score with the measures that do best on sentences left out, by their log loss."""
    speakers, texts = [one.speaker for one in sentences], [one.text for one in sentences]
    folds = make_folds(speakers, texts, n_groups=_N_INNER)
    losses = dict.fromkeys(variants, 0.0)
    for fold in folds:
        train = [sentences[i] for i in fold.train]
        if 0 in _count_both(train):
            continue
        for measures in variants:
            found = _fit(train, measures)
            losses[measures] += sum(_log_loss(found, sentences[i]) for i in fold.test)
    return _fit(sentences, min(variants, key=losses.__getitem__))


def _log_loss(found: _Coefficients, words: LabelledWords) -> float:
    signs = np.where(words.emphasised, 1.0, -1.0)
    return float(np.logaddexp(0.0, -signs * found.log_odds(words)).sum())


def _move_intercept(start: DecisionModel, sentences: Sequence[LabelledWords]) -> _Coefficients:
    """Take a decision, and fit its intercept."""
    measures = tuple(start.absolute)
    found = _Coefficients(
        0.0,
        start.slope,
        measures,
        np.array([start.absolute[cue] for cue in measures]),
        {cue: start.means[cue] for cue in measures},
        {cue: start.floors.get(cue, -np.inf) for cue in measures},
    )
    log_odds = np.concatenate([found.log_odds(one) for one in sentences])
    emphasised = np.concatenate([one.emphasised for one in sentences])
    return found._replace(intercept=fit_intercept(log_odds, emphasised))
