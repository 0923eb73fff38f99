"""Weights learnt from rated sentences, and judged on sentences that were left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lemf.agreement.evaluation.ranking import evaluate
from lemf.agreement.evaluation.results import Evaluation
from lemf.agreement.fitting.weights import minimise_loss, prepare_sentence, sentence_loss
from lemf.agreement.folds import LeftOut, make_folds, what_to_leave_out
from lemf.agreement.labels.files import Label, as_labels
from lemf.agreement.labels.rated_sentences import (
    RatedSentence,
    RatedSentences,
    Unjudged,
    nothing_to_judge,
    rate_sentences,
)
from lemf.arrays import FloatArray, IntArray
from lemf.config import N_RESAMPLES, Settings, check_choice
from lemf.errors import CorpusError
from lemf.option_choices import FIT_METHODS, FitMethod
from lemf.runtime.progress import Watch, no_watch

REGULARISATIONS: tuple[float, ...] = tuple(10.0 ** (k / 2) for k in range(-6, 3))  # 0.001 to 10
WEIGHT_SUM = 3.0  # of the absolute weights, as in the paper, so that scores are of its size

_N_OUTER = 6  # groups of speakers, and of texts, left out in turn for the held-out scores
_N_INNER = 4  # groups left out in turn inside a fold, to choose its regularisation
_FEWEST_SENTENCES = 3  # to learn from


@dataclass(frozen=True, kw_only=True, eq=False)
class Fit:
    """Weights, and the held-out scores by which they are judged.

    Attributes
    ----------
    cues : tuple of str
    weights : (cues,) float64
        Learnt on all sentences; their absolute values sum to `WEIGHT_SUM`.
    method : {"rank", "softmax", "ridge"}
    regularisation : float
    left_out : str
        What no judged sentence shares with those that its weights were learnt on.
    held_out : tuple of (words,) float64 or None
        Scores of every sentence by weights learnt without the sentence and without what is left
        out with it; None where too few sentences remain.
    fold_weights : (folds, cues) float64
        The weights that gave these scores; the absolute values of a row sum to `WEIGHT_SUM`.
    fold_regularisations : tuple of float
        Chosen inside each fold.
    """

    cues: tuple[str, ...]
    weights: FloatArray
    method: FitMethod
    regularisation: float
    left_out: LeftOut
    held_out: tuple[FloatArray | None, ...]
    fold_weights: FloatArray
    fold_regularisations: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedWeights:
    """Weights learnt from labels, and their agreement with listeners on held-out sentences.

    Attributes
    ----------
    fit : Fit
    settings : Settings
        How the recordings were measured.
    labels : tuple of Label
    rated : RatedSentences
        The sentences of the labels; those of ``rated.judged`` were learnt from.
    evaluation : Evaluation
        Two systems on these sentences: the weights of the settings, and the held-out scores.
    """

    fit: Fit
    settings: Settings
    labels: tuple[Label, ...]
    rated: RatedSentences
    evaluation: Evaluation

    @property
    def weights(self) -> dict[str, float]:
        """Weight of every cue of the set, as `Settings` takes them; 0 for cues not learnt."""
        learnt = dict(zip(self.fit.cues, map(float, self.fit.weights), strict=True))
        return {cue: learnt.get(cue, 0.0) for cue in self.settings.cue_weights}


def fit_weights(
    labels: str | Path | Sequence[Label],
    settings: Settings | None = None,
    cues: Sequence[str] | None = None,
    *,
    method: FitMethod = "softmax",
    regularisation: float | None = None,
    n_resamples: int = N_RESAMPLES,
    jobs: int = 1,
    watch: Watch = no_watch,
) -> FittedWeights:
    """Learn the weights of cues from labels, and judge them on held-out sentences.

    Parameters
    ----------
    labels : str, Path or sequence of Label
        A file as `read_labels` reads it, or its labels.
    settings : Settings, optional
        By default those of the paper.
    cues : sequence of str, optional
        Cues of the set whose weights are learnt; by default all.
    method : {"rank", "softmax", "ridge"}
        Learn the order of the words, the top word, or the ratings.
    regularisation : float, optional
        Strength of the penalty on large weights; by default chosen by cross-validation.
    n_resamples : int
        Number of draws of the bootstrap.
    jobs : int
        Number of processes; with 1, the recordings are scored in this one.
    watch : Watch
        Called after every recording, and then after every fold.

    Returns
    -------
    FittedWeights

    Raises
    ------
    SettingsError
        A cue that the set does not have; an unknown method.
    CorpusError
        Labels that cannot be used, too few sentences, or cues unrelated to the ratings.

    Examples
    --------
    >>> fitted = lemf.fit_weights("labels.jsonl")  # doctest: +SKIP
    >>> lemf.score("a.wav", "a.TextGrid", lemf.Settings(weights=fitted.weights))  # doctest: +SKIP
    """
    settings = settings or Settings()
    names = tuple(dict.fromkeys(cues or settings.cue_weights))
    check_choice("method", method, FIT_METHODS)  # before any recording is scored
    for name in names:
        check_choice("cue", name, tuple(settings.cue_weights), of=f" of the set {settings.cues!r}")
    read = as_labels(labels)
    rated = rate_sentences(read, [settings], jobs=jobs, watch=watch)
    if not rated.judged:
        error = nothing_to_judge(rated.unjudged)
        raise CorpusError(f"{error}; a decision (lemf fit --decide --cut LEVEL) goes by each word")
    fit = fit_sentences(
        rated.judged, names, method=method, regularisation=regularisation, watch=watch
    )
    unfitted = [sentence.scored.scores[0] for sentence in rated.judged]
    evaluation = evaluate(
        rated,
        {settings.cues: unfitted, f"{method}, held out": fit.held_out},
        unjudged=without_held_out(fit, rated.judged),
        n_resamples=n_resamples,
    )
    return FittedWeights(
        fit=fit, settings=settings, labels=tuple(read), rated=rated, evaluation=evaluation
    )


def fit_sentences(
    sentences: Sequence[RatedSentence],
    cues: Sequence[str],
    *,
    method: FitMethod = "softmax",
    regularisation: float | None = None,
    watch: Watch = no_watch,
) -> Fit:
    """Learn the weights of cues, judged on speakers and texts that were left out.

    Parameters
    ----------
    sentences : sequence of RatedSentence
        Scored with the same settings, whose cue set contains `cues`.
    cues : sequence of str
    method : {"rank", "softmax", "ridge"}
    regularisation : float, optional
        By default chosen by the loss on left-out sentences: once for the weights on all sentences,
        and again inside each fold, without its judged sentences.
    watch : Watch
        Called after every fold.

    Returns
    -------
    Fit
        The same for the same input.

    Raises
    ------
    SettingsError
        An unknown method.
    CorpusError
        Too few sentences, or cues unrelated to the ratings.
    """
    check_choice("method", method, FIT_METHODS)
    if len(sentences) < _FEWEST_SENTENCES:
        raise CorpusError(f"{len(sentences)} sentences are too few to learn from; label more")
    z = [np.column_stack([s.scored.z[0][cue] for cue in cues]) for s in sentences]
    learner = _Learner(
        [prepare_sentence(x, s.ratings, method) for x, s in zip(z, sentences, strict=True)],
        [s.speaker for s in sentences],
        [s.text for s in sentences],
        method,
        regularisation,
    )

    # The weights of all sentences
    everything = np.arange(len(sentences))
    weights, chosen = learner.learn(everything)

    # Held-out scores, fold by fold
    held_out: list[FloatArray | None] = [None] * len(sentences)
    learnt = []
    folds = make_folds(learner.speakers, learner.texts, n_groups=_N_OUTER)
    for number, (test, train) in enumerate(folds):
        watch(number, len(folds))
        if len(train) >= _FEWEST_SENTENCES:
            learnt.append(learner.learn(train))
            for i in test:
                held_out[i] = z[i] @ learnt[-1][0]
    watch(len(folds), len(folds))
    if not learnt:
        raise CorpusError(
            f"{len(sentences)} sentences are too few to judge weights on what was left out; label "
            "more speakers or texts"
        )
    return Fit(
        cues=tuple(cues),
        weights=weights,
        method=method,
        regularisation=chosen,
        left_out=what_to_leave_out(learner.speakers, learner.texts),
        held_out=tuple(held_out),
        fold_weights=np.array([one for one, _ in learnt]),
        fold_regularisations=tuple(one for _, one in learnt),
    )


def without_held_out(fit: Fit, sentences: Sequence[RatedSentence]) -> list[Unjudged]:
    """Return the sentences that have no held-out scores."""
    reason = f"too few sentences without its {fit.left_out}"
    return [
        Unjudged(sentence.id, reason)
        for sentence, scores in zip(sentences, fit.held_out, strict=True)
        if scores is None
    ]


@dataclass(frozen=True, eq=False)
class _Learner:
    """The sentences, as `prepare_sentence` returns them, and how weights are learnt from them."""

    prepared: Sequence[FloatArray]
    speakers: Sequence[str | None]
    texts: Sequence[str]
    method: FitMethod
    regularisation: float | None

    def learn(self, train: IntArray) -> tuple[FloatArray, float]:
        """Learn weights on some sentences; return the regularisation, too."""
        chosen = self.regularisation or self._choose(train)
        weights = minimise_loss([self.prepared[i] for i in train], self.method, chosen)
        size = np.abs(weights).sum()
        if not size > 0:
            raise CorpusError(
                "the cues tell nothing about the ratings: all weights are 0; choose others"
            )
        return weights * (WEIGHT_SUM / size), chosen

    def _choose(self, train: IntArray) -> float:
        """Choose the regularisation by the loss on left-out sentences among `train`."""
        folds = [
            fold
            for fold in make_folds(
                [self.speakers[i] for i in train], [self.texts[i] for i in train], n_groups=_N_INNER
            )
            if len(fold.train)
        ]
        losses = []
        for regularisation in REGULARISATIONS:
            loss = 0.0
            for fold in folds:
                known = [self.prepared[train[i]] for i in fold.train]
                weights = minimise_loss(known, self.method, regularisation)
                loss += sum(
                    sentence_loss(self.prepared[train[i]], weights, self.method) for i in fold.test
                )
            losses.append(loss)
        return REGULARISATIONS[int(np.argmin(losses))]
