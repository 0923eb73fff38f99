"""A decision learnt from labels: which words are emphasised, judged on sentences left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lemf.agreement.fitting.logistic import fit_intercept, fit_logistic
from lemf.agreement.folds import LeftOut, make_folds, what_to_leave_out
from lemf.agreement.labels.files import Label, as_labels
from lemf.agreement.labels.rated_sentences import RatedSentence, rate_sentences
from lemf.arrays import BoolArray, FloatArray
from lemf.config import OFF, Settings
from lemf.errors import CorpusError
from lemf.runtime.progress import Watch, no_watch
from lemf.scoring.decision import DecisionModel, probability
from lemf.scoring.decision_models import DECISION_MODELS

CANDIDATES = ("pitch_range", "spectral_balance")  # in st and dB: another recording changes neither
FLOOR = 0.3  # share of the words below a measure's floor: EmoDB fits .05 to .4 equally well
FEWEST = 30  # emphasised words, and others, below which the intercept alone is fitted
VARIANTS = tuple(chain.from_iterable(combinations(CANDIDATES, n) for n in range(3)))

_N_OUTER = 6  # groups of speakers, and of texts, left out in turn for the held-out probabilities
_N_INNER = 4  # groups left out in turn inside a fold, to choose the measures


class LabelledWords(NamedTuple):
    """The words of one sentence: what is known of them, and what is to be told from that.

    Attributes
    ----------
    scores : (words,) float64
    measures : mapping of cue to (words,) float64
        Of `CANDIDATES`; NaN where one could not be measured.
    emphasised : (words,) bool
    speaker : str or None
    text : str
    """

    scores: FloatArray
    measures: dict[str, FloatArray]
    emphasised: BoolArray
    speaker: str | None
    text: str


@dataclass(frozen=True, eq=False)
class FittedDecision:
    """A decision, and how it does on sentences that it was not fitted on.

    Attributes
    ----------
    model : DecisionModel
        Fitted on all sentences.
    sentences : tuple of LabelledWords
    held_out : tuple of (words,) float64
        P of each word by models fitted without the speaker and the text of its sentence.
    left_out : str
    n_folds : int
    chosen : dict of tuple of str to int
        How many folds chose each set of measures; `VARIANTS` were tried.
    only_intercept : bool
        Whether there are too few labels for more.
    """

    model: DecisionModel
    sentences: tuple[LabelledWords, ...]
    held_out: tuple[FloatArray, ...]
    left_out: LeftOut
    n_folds: int
    chosen: dict[tuple[str, ...], int]
    only_intercept: bool


def fit_decision(
    labels: str | Path | Sequence[Label],
    settings: Settings | None = None,
    *,
    name: str = "emphasis",
    cut: float = 1.0,
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
    cut : float
        Least rating of an emphasised word; 1 for labels that name the emphasised words.
    jobs : int
    watch : Watch

    Returns
    -------
    FittedDecision

    Raises
    ------
    CorpusError
        The labels cannot be read, or all words or none are emphasised.
    """
    settings = replace(settings or Settings(cues="listeners"), decide=OFF)
    sentences = read_words(as_labels(labels), settings, cut=cut, jobs=jobs, watch=watch)
    return fit_words(sentences, settings, name=name)


def read_words(
    labels: Sequence[Label],
    settings: Settings,
    *,
    cut: float,
    jobs: int = 1,
    watch: Watch = no_watch,
) -> tuple[LabelledWords, ...]:
    """Score the recordings of labels; sentences without a rating for every word are left out."""
    measured = replace(settings, cues="all", weights=None, decide=OFF)
    rated = rate_sentences(labels, [settings, measured], jobs=jobs, watch=watch)
    sentences = [*rated.judged, *rated.tied, *rated.unranked]
    sentences.sort(key=lambda one: one.id)
    return tuple(_words(one, cut) for one in sentences if not np.isnan(one.ratings).any())


def _words(sentence: RatedSentence, cut: float) -> LabelledWords:
    values = sentence.scored.values[1]
    return LabelledWords(
        sentence.scored.scores[0],
        {cue: values[cue] for cue in CANDIDATES},
        sentence.ratings >= cut - 1e-9,
        sentence.speaker,
        sentence.text,
    )


def fit_words(
    sentences: Sequence[LabelledWords], settings: Settings, *, name: str = "emphasis"
) -> FittedDecision:
    """Fit a decision to scored words; parameters and errors as in `fit_decision`."""
    emphasised = np.concatenate([one.emphasised for one in sentences])
    if emphasised.all() or not emphasised.any():
        which = "all" if emphasised.any() else "none"
        raise CorpusError(
            f"{which} of the {len(emphasised)} words are emphasised: nothing tells them apart; set "
            "--cut to a rating between the lowest and the highest"
        )
    few = min(emphasised.sum(), (~emphasised).sum()) < FEWEST
    fit: Callable[[Sequence[LabelledWords]], _Coefficients] = _move_intercept if few else _choose
    speakers, texts = [one.speaker for one in sentences], [one.text for one in sentences]
    held_out: dict[int, FloatArray] = {}
    chosen: dict[tuple[str, ...], int] = {}
    folds = make_folds(speakers, texts, n_groups=_N_OUTER)
    for fold in folds:
        train = [sentences[i] for i in fold.train]
        found = fit(train if _has_both(train) else sentences)
        chosen[found.measures] = chosen.get(found.measures, 0) + 1
        for i in fold.test:
            held_out[int(i)] = probability(found.log_odds(sentences[i]))
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
        floors=dict(final.floors),
        fitted_on="",
    )
    return FittedDecision(
        model,
        tuple(sentences),
        tuple(held_out[i] for i in range(len(sentences))),
        what_to_leave_out(speakers, texts),
        len(folds),
        chosen,
        bool(few),
    )


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
            values = words.measures[cue]
            known = np.where(np.isnan(values), self.means[cue], values)
            log_odds = log_odds + slope * np.maximum(known, self.floors[cue])
        return log_odds


def _has_both(sentences: Sequence[LabelledWords]) -> bool:
    emphasised = [one.emphasised for one in sentences]
    return bool(emphasised) and any(map(np.any, emphasised)) and not all(map(np.all, emphasised))


def _fit(sentences: Sequence[LabelledWords], measures: tuple[str, ...]) -> _Coefficients:
    """Fit the score and some measures."""
    columns = [np.concatenate([one.scores for one in sentences])]
    means, floors = {}, {}
    for cue in measures:
        values = np.concatenate([one.measures[cue] for one in sentences])
        known = values[~np.isnan(values)]
        means[cue] = float(known.mean()) if len(known) else 0.0
        floors[cue] = float(np.quantile(known, FLOOR)) if len(known) else 0.0
        columns.append(np.maximum(np.where(np.isnan(values), means[cue], values), floors[cue]))
    emphasised = np.concatenate([one.emphasised for one in sentences])
    intercept, slopes = fit_logistic(np.column_stack(columns), emphasised)
    return _Coefficients(intercept, float(slopes[0]), measures, slopes[1:], means, floors)


def _choose(sentences: Sequence[LabelledWords]) -> _Coefficients:
    """Fit the score with the measures that do best on sentences left out, by their log loss."""
    speakers, texts = [one.speaker for one in sentences], [one.text for one in sentences]
    folds = make_folds(speakers, texts, n_groups=_N_INNER)
    losses = dict.fromkeys(VARIANTS, 0.0)
    for fold in folds:
        train = [sentences[i] for i in fold.train]
        if not _has_both(train):
            continue
        for measures in VARIANTS:
            found = _fit(train, measures)
            losses[measures] += sum(_log_loss(found, sentences[i]) for i in fold.test)
    return _fit(sentences, min(VARIANTS, key=losses.__getitem__))


def _log_loss(found: _Coefficients, words: LabelledWords) -> float:
    signs = np.where(words.emphasised, 1.0, -1.0)
    return float(np.logaddexp(0.0, -signs * found.log_odds(words)).sum())


def _move_intercept(sentences: Sequence[LabelledWords]) -> _Coefficients:
    """Take the shipped decision on emphasis, and fit its intercept."""
    shipped = DECISION_MODELS["emphasis"]
    measures = tuple(shipped.absolute)
    start = _Coefficients(
        0.0,
        shipped.slope,
        measures,
        np.array([shipped.absolute[cue] for cue in measures]),
        {cue: shipped.means[cue] for cue in measures},
        {cue: shipped.floors[cue] for cue in measures},
    )
    log_odds = np.concatenate([start.log_odds(one) for one in sentences])
    emphasised = np.concatenate([one.emphasised for one in sentences])
    return start._replace(intercept=fit_intercept(log_odds, emphasised))
