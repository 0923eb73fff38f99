"""Systems side by side on the same sentences: how far each agrees with what listeners heard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lemf.agreement.evaluation.detect import detect
from lemf.agreement.evaluation.ranking import evaluate
from lemf.agreement.evaluation.results import Evaluation
from lemf.agreement.external_systems import ExternalSystem, Scores, match_scores, read_system
from lemf.agreement.labels.files import Label, as_labels
from lemf.agreement.labels.rated_sentences import (
    RatedSentence,
    RatedSentences,
    Unjudged,
    nothing_to_judge,
    rate_sentences,
)
from lemf.agreement.labels.scored_sentences import check_alike
from lemf.agreement.labels.tier_labels import UNCERTAIN
from lemf.agreement.measures import CLEAR_MARGIN
from lemf.agreement.raters import reaches
from lemf.arrays import BoolArray, FloatArray
from lemf.config import DEFAULT_THRESHOLD, N_RESAMPLES, Settings
from lemf.errors import CorpusError
from lemf.runtime.progress import Watch, no_watch

_HALF = 0.5  # of the raters, who mark a word that counts as emphasised


def evaluate_labels(
    labels: str | Path | Sequence[Label],
    settings: Mapping[str, Settings] | None = None,
    score_files: Mapping[str, str | Path] | None = None,
    *,
    labels_tier: str | None = None,
    clear_margin: float = CLEAR_MARGIN,
    cut: float | None = None,
    threshold: float | None = None,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
    jobs: int = 1,
    watch: Watch = no_watch,
) -> Evaluation:
    """Score the recordings of labels and judge all systems side by side.

    Parameters
    ----------
    labels : str, Path or sequence of Label
        A file as `read_labels` reads it, or its labels.
    settings : mapping of str to Settings, optional
        Settings by the name of the system; they may differ only in cues, weights,
        normalise, decide and threshold. By default those of the paper.
    score_files : mapping of str to path, optional
        Scores of external systems, as `external_systems.read_system` reads them.
    labels_tier : str, optional
        The tier of the TextGrids that rates the words, as `tier_labels.rate_by_tier` reads it.
        `labels` may be a folder of recordings with TextGrids then, and its rows name only these.
    clear_margin : float
        Lead of the highest rating over the next from which a sentence counts as clear.
    cut : float, optional
        Words with this rating or a higher one are emphasised: adds `Evaluation.detection`. By
        default 1 if the labels name emphasised words or are 0 and 1, unless they come from a file
        in which each recording has exactly one emphasised word; 0.5, half of the raters, where
        several raters mark words.
    threshold : float, optional
        P from which on a word is taken as emphasised; by default that of each settings, and 0.5.
    n_resamples, seed : int
        Number of draws and seed of the bootstrap.
    jobs : int
        Number of processes; with 1, the recordings are scored in this one.
    watch : Watch
        Called after every recording.

    Returns
    -------
    Evaluation
        The agreement of each system, those of `settings` first.

    Raises
    ------
    SettingsError
        Settings that differ in more, since each recording is measured once.
    CorpusError
        Labels or scores that cannot be used, or no sentence that can be judged.

    Examples
    --------
    >>> evaluation = lemf.evaluate_labels("labels.jsonl")  # doctest: +SKIP
    >>> evaluation.systems[0].measures["top1"]  # doctest: +SKIP
    0.61
    """
    scored = score_systems(
        labels, settings, score_files, labels_tier=labels_tier, jobs=jobs, watch=watch
    )
    return judge_systems(
        scored,
        clear_margin=clear_margin,
        cut=cut,
        threshold=threshold,
        n_resamples=n_resamples,
        seed=seed,
    )


class ScoredSystems(NamedTuple):
    """What `score_systems` returns: labels, and what all systems say of them."""

    labels: Sequence[Label]
    labels_tier: str | None
    settings: Mapping[str, Settings]
    external: Mapping[str, ExternalSystem]
    rated: RatedSentences


def score_systems(
    labels: str | Path | Sequence[Label],
    settings: Mapping[str, Settings] | None = None,
    score_files: Mapping[str, str | Path] | None = None,
    *,
    labels_tier: str | None = None,
    jobs: int = 1,
    watch: Watch = no_watch,
) -> ScoredSystems:
    """Score the recordings of labels by all systems, the first half of `evaluate_labels`.

    Its parameters and errors are described there.
    """
    settings = settings or {"paper": Settings()}
    check_alike(settings)
    external = {name: read_system(path) for name, path in (score_files or {}).items()}
    known = as_labels(labels, by_tier=labels_tier is not None)
    rated = rate_sentences(
        known, list(settings.values()), labels_tier=labels_tier, jobs=jobs, watch=watch
    )
    return ScoredSystems(known, labels_tier, settings, external, rated)


def judge_systems(
    scored: ScoredSystems,
    *,
    clear_margin: float = CLEAR_MARGIN,
    cut: float | None = None,
    threshold: float | None = None,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
    watch: Watch = no_watch,
) -> Evaluation:
    """Judge all systems on the same sentences, the second half of `evaluate_labels`.

    Its parameters and errors are described there, but `watch` is called after every system and
    baseline: once by the order of the words and, with a cut, once by the emphasised words.
    """
    known, labels_tier, settings, external, rated = scored
    is_binary = _are_binary(known, rated, labels_tier)
    if cut is None and is_binary:
        cut = _default_cut(known, rated, labels_tier)

    # The order of the words
    scores: dict[str, Sequence[FloatArray | None]] = {
        name: [sentence.scored.scores[i] for sentence in rated.judged]
        for i, name in enumerate(settings)
    }
    unjudged: list[Unjudged] = []
    for name, system in external.items():
        sentences = rated.judged if cut is None else rated.complete
        found, without = match_scores(name, system.scores, sentences)
        by_id = {one.id: values for one, values in zip(sentences, found, strict=True)}
        scores[name] = [by_id[one.id] for one in rated.judged]
        unjudged += without
    evaluation = evaluate(
        rated,
        scores,
        unjudged=unjudged,
        clear_margin=clear_margin,
        n_resamples=n_resamples,
        seed=seed,
        may_be_unranked=cut is not None,
        watch=watch,
    )
    if cut is None:
        return evaluation

    # The words that are emphasised
    systems = _Systems(settings, external)
    level = DEFAULT_THRESHOLD if threshold is None else threshold
    complete = systems.complete(rated.complete)
    if not (is_binary and 0 < cut <= 1):
        _check_cut(cut, complete)
    detection = detect(
        complete,
        systems.scores(complete),
        systems.probabilities(complete),
        systems.decisions(complete),
        cut=cut,
        thresholds={
            name: settings[name].threshold if threshold is None and name in settings else level
            for name in scores
        },
        n_resamples=n_resamples,
        seed=seed,
        watch=watch,
    )
    return replace(evaluation, detection=detection)


def _are_binary(labels: Sequence[Label], rated: RatedSentences, labels_tier: str | None) -> bool:
    """Check for labels that say of each word whether it is emphasised, or are not sure."""
    if labels_tier is not None:
        values = np.concatenate([one.ratings for one in rated.complete])
        return bool(np.isin(values, (0.0, UNCERTAIN, 1.0)).all())
    return all(label.is_binary for label in labels)


def _default_cut(
    labels: Sequence[Label], rated: RatedSentences, labels_tier: str | None
) -> float | None:
    """Return the least rating of an emphasised word; None if only the order of words matters."""
    if labels_tier is None and any(label.raters for label in labels):
        return _HALF
    needs_no_words = rated.judged and labels_tier is None
    return None if needs_no_words and all(label.is_one_word for label in labels) else 1.0


class _Systems(NamedTuple):
    """What the systems say of sentences: lemf by each of the settings, and external ones."""

    settings: Mapping[str, Settings]
    external: Mapping[str, ExternalSystem]

    def complete(self, sentences: Sequence[RatedSentence]) -> list[RatedSentence]:
        """Return the sentences whose words all external systems scored."""
        found = [match_scores(name, one.scores, sentences) for name, one in self._external()]
        scored = [
            one for i, one in enumerate(sentences) if all(of[i] is not None for of, _ in found)
        ]
        if not scored:
            raise nothing_to_judge([one for _, without in found for one in without])
        return scored

    def scores(self, sentences: Sequence[RatedSentence]) -> dict[str, list[FloatArray]]:
        """Return the scores of complete sentences by the name of the system."""
        own = {
            name: [sentence.scored.scores[i] for sentence in sentences]
            for i, name in enumerate(self.settings)
        }
        return own | {
            name: self._matched(name, one.scores, sentences) for name, one in self._external()
        }

    def probabilities(self, sentences: Sequence[RatedSentence]) -> dict[str, list[FloatArray]]:
        """Return P(emphasised) of the systems that give it."""
        given: dict[str, list[FloatArray]] = {}
        for i, name in enumerate(self.settings):
            of_system = [one.scored.probabilities[i] for one in sentences]
            known = [p for p in of_system if p is not None]
            if known:
                given[name] = known
        for name, one in self._external():
            if one.probabilities:
                given[name] = self._matched(name, one.probabilities, sentences, "probability")
        return given

    def decisions(self, sentences: Sequence[RatedSentence]) -> dict[str, list[BoolArray]]:
        """Return which words are emphasised, by the systems whose files say so."""
        return {
            name: [
                words > 0
                for words in self._matched(name, one.decisions, sentences, "value of emphasised")
            ]
            for name, one in self._external()
            if one.decisions
        }

    def _external(self) -> Iterable[tuple[str, ExternalSystem]]:
        return self.external.items()

    def _matched(
        self, name: str, numbers: Scores, sentences: Sequence[RatedSentence], what: str = "score"
    ) -> list[FloatArray]:
        found = [one for one in match_scores(name, numbers, sentences)[0] if one is not None]
        if len(found) < len(sentences):
            raise CorpusError(
                f"{name}: a {what} for {len(found)} of {len(sentences)} sentences; give one for "
                "every word or leave out the column"
            )
        return found


def _check_cut(cut: float, sentences: Sequence[RatedSentence]) -> None:
    """Refuse a cut of ratings that makes all words emphasised, or none."""
    emphasised = np.concatenate([reaches(one.ratings, cut) for one in sentences])
    ratings = np.concatenate([one.ratings for one in sentences])
    low, high = ratings.min(), ratings.max()
    span = f"the ratings go from {low:g} to {high:g}; choose a cut between them"
    if low == high:
        span = f"every rating is {low:g}, so no cut tells words apart"
    if not emphasised.any():
        raise CorpusError(f"cut {cut:g}: no word is rated that high; {span}")
    if emphasised.all():
        raise CorpusError(f"cut {cut:g}: all words are rated as high; {span}")
