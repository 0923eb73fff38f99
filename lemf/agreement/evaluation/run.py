"""Systems side by side on the same sentences: how far each agrees with what listeners heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lemf.agreement.bootstrap import Intervals, Spread, draw_spread
from lemf.agreement.evaluation.detect import Detection, detect
from lemf.agreement.external_systems import (
    ScoreKey,
    baseline_scores,
    match_scores,
    read_probabilities,
    read_scores,
)
from lemf.agreement.labels.files import Label, as_labels
from lemf.agreement.labels.rated_sentences import (
    RatedSentence,
    RatedSentences,
    Unjudged,
    check_alike,
    nothing_to_judge,
    rate_sentences,
)
from lemf.agreement.measures import CLEAR_MARGIN, Judgement, judge, rating_margin
from lemf.arrays import FloatArray
from lemf.config import GROUPINGS, N_RESAMPLES, Grouping, Settings
from lemf.errors import CorpusError
from lemf.runtime.progress import Watch, no_watch
from lemf.scoring.ranking import rounded


@dataclass(frozen=True, eq=False)
class GroupAgreement:
    """The measures over the sentences of one speaker or one emotion."""

    name: str
    n_sentences: int
    measures: Mapping[str, float]


@dataclass(frozen=True, kw_only=True, eq=False)
class SystemAgreement:
    """How far one system agrees with the listeners.

    Attributes
    ----------
    name : str
    baseline : bool
        Whether the system is a baseline, which does not use the audio.
    measures : mapping of str to float
        `measures.MEASURES`; NaN where no sentence counts for the measure.
    intervals : mapping of unit to mapping of str to (float, float)
        95 % bootstrap intervals of the measures over sentences, and over speakers where two or
        more are known.
    difference, difference_intervals : mapping
        The same for the measures minus those of the first system, draw by draw; empty for the
        first system and for baselines.
    groups : mapping of grouping to tuple of GroupAgreement
    n_tied : int
        Sentences in which several words share the highest score.
    """

    name: str
    baseline: bool
    measures: Mapping[str, float]
    intervals: Intervals
    difference: Mapping[str, float]
    difference_intervals: Intervals
    groups: Mapping[Grouping, tuple[GroupAgreement, ...]]
    n_tied: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluation:
    """All systems on the same sentences.

    Attributes
    ----------
    systems : tuple of SystemAgreement
        In the given order, then the baselines.
    n_sentences, n_clear, n_texts : int
        Sentences judged; of them, those with a clear margin; different texts among them.
    n_speakers : int or None
        None where the speaker of any sentence is unknown.
    unjudged : tuple of Unjudged
        What was left out, for all systems alike.
    notes : tuple of (str, str)
        Recording, and what a user should know about it.
    clear_margin : float
    n_resamples, seed : int
    detection : Detection or None
        Which words are emphasised, where that was asked; on all sentences without a missing
        rating, those with several or no emphasised words, too.
    """

    systems: tuple[SystemAgreement, ...]
    n_sentences: int
    n_clear: int
    n_texts: int
    n_speakers: int | None
    unjudged: tuple[Unjudged, ...]
    notes: tuple[tuple[str, str], ...]
    clear_margin: float
    n_resamples: int
    seed: int
    detection: Detection | None = None


def evaluate_labels(
    labels: str | Path | Sequence[Label],
    settings: Mapping[str, Settings] | None = None,
    score_files: Mapping[str, str | Path] | None = None,
    *,
    clear_margin: float = CLEAR_MARGIN,
    cut: float | None = None,
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
        Settings by the name of the system; they may differ only in cues, weights and
        normalise. By default those of the paper.
    score_files : mapping of str to path, optional
        Scores of external systems, as `external_systems.read_scores` reads them.
    clear_margin : float
        Lead of the highest rating over the next from which a sentence counts as clear.
    cut : float, optional
        Words with this rating or a higher one are emphasised: adds `Evaluation.detection`. By
        default 1 if the labels name emphasised words, not one in every recording.
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
    settings = settings or {"paper": Settings()}
    check_alike(settings)
    external = {name: read_scores(path) for name, path in (score_files or {}).items()}
    read_by_name = {name: read_probabilities(path) for name, path in (score_files or {}).items()}
    known = as_labels(labels)
    rated = rate_sentences(known, list(settings.values()), jobs=jobs, watch=watch)
    scores: dict[str, list[FloatArray | None]] = {
        name: [sentence.scored.scores[i] for sentence in rated.judged]
        for i, name in enumerate(settings)
    }
    unjudged = []
    for name, read in external.items():
        scores[name], without = match_scores(name, read, rated.judged)
        unjudged += without
    evaluation = evaluate(
        rated,
        scores,
        unjudged=unjudged,
        clear_margin=clear_margin,
        n_resamples=n_resamples,
        seed=seed,
    )
    binary = all(label.ratings is None for label in known)
    if cut is None and binary and any(len(label.emphasised) != 1 for label in known):
        cut = 1.0
    if cut is None:
        return evaluation
    return replace(
        evaluation, detection=_detect(rated, settings, external, read_by_name, cut=cut, seed=seed)
    )


def _detect(
    rated: RatedSentences,
    settings: Mapping[str, Settings],
    external: Mapping[str, dict[ScoreKey, float]],
    probabilities: Mapping[str, dict[ScoreKey, float]],
    *,
    cut: float,
    seed: int,
) -> Detection:
    """Detect emphasised words on the sentences that all external systems scored."""
    sentences = sorted(
        (*rated.judged, *rated.tied, *rated.unranked), key=lambda one: (one.recording, one.number)
    )
    found = {name: match_scores(name, read, sentences)[0] for name, read in external.items()}
    complete = [
        i for i in range(len(sentences)) if all(one[i] is not None for one in found.values())
    ]
    sentences = [sentences[i] for i in complete]
    scores = {
        name: [sentence.scored.scores[i] for sentence in sentences]
        for i, name in enumerate(settings)
    } | {name: [x for i in complete if (x := one[i]) is not None] for name, one in found.items()}
    given: dict[str, list[FloatArray]] = {}
    for i, name in enumerate(settings):
        of_system = [s.scored.probabilities[i] for s in sentences if s.scored.probabilities]
        given[name] = [p for p in of_system if p is not None]
    for name, read in probabilities.items():
        if read:
            given[name] = [p for p in match_scores(name, read, sentences)[0] if p is not None]
    for name in [name for name, one in given.items() if 0 < len(one) < len(sentences)]:
        raise CorpusError(
            f"{name}: a probability for {len(given[name])} of {len(sentences)} sentences; give "
            "one for every word or leave out the column"
        )
    return detect(
        sentences,
        scores,
        {name: one for name, one in given.items() if one},
        cut=cut,
        threshold=next(iter(settings.values())).threshold,
        seed=seed,
    )


def evaluate(
    sentences: RatedSentences,
    scores: Mapping[str, Sequence[FloatArray | None]],
    *,
    unjudged: Sequence[Unjudged] = (),
    clear_margin: float = CLEAR_MARGIN,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> Evaluation:
    """Evaluate systems and the baselines, which use no audio, on the sentences that all scored.

    Parameters
    ----------
    sentences : RatedSentences
    scores : mapping of name to sequence of (words,) float64 or None
        One array for each of ``sentences.judged``; None where the system has no scores.
    unjudged : sequence of Unjudged
        The sentences without scores, and why.
    clear_margin : float
        Lead of the highest rating over the next from which a sentence counts as clear.
    n_resamples, seed : int
        Number of draws and seed of the bootstrap.

    Returns
    -------
    Evaluation

    Raises
    ------
    CorpusError
        There is no sentence that can be judged.
    """
    # Sentences that all systems scored
    complete = [
        i
        for i in range(len(sentences.judged))
        if all(one[i] is not None for one in scores.values())
    ]
    left_out = (*sentences.unjudged, *unjudged)
    if not complete:
        raise nothing_to_judge(left_out)
    judged = [sentences.judged[i] for i in complete]
    given = {
        name: [array for i in complete if (array := one[i]) is not None]
        for name, one in scores.items()
    }

    # Measures, intervals and differences to the first system
    baselines = baseline_scores(judged, (*sentences.judged, *sentences.tied))
    speakers = _speakers(judged)
    systems: list[SystemAgreement] = []
    first: Spread | None = None
    for name, arrays in (given | baselines).items():
        judgement = judge(
            arrays,
            [s.ratings for s in judged],
            [s.text for s in judged],
            clear_margin=clear_margin,
        )
        spread = draw_spread(judgement, speakers, n_resamples=n_resamples, seed=seed)
        differs = None if first is None or name in baselines else spread.minus(first)
        first = first or spread
        systems.append(
            SystemAgreement(
                name=name,
                baseline=name in baselines,
                measures=spread.measures,
                intervals=spread.intervals(),
                difference=differs.measures if differs else {},
                difference_intervals=differs.intervals() if differs else {},
                groups=_by_groups(judgement, judged),
                n_tied=sum(_is_tied(one) for one in arrays),
            )
        )

    # What they were judged on
    return Evaluation(
        systems=tuple(systems),
        n_sentences=len(judged),
        n_clear=sum(rating_margin(s.ratings) >= clear_margin for s in judged),
        n_texts=len({s.text for s in judged}),
        n_speakers=None if speakers is None else len(set(speakers)),
        unjudged=left_out,
        notes=sentences.notes,
        clear_margin=clear_margin,
        n_resamples=n_resamples,
        seed=seed,
    )


def _speakers(sentences: Sequence[RatedSentence]) -> list[str] | None:
    """Return the speaker of each sentence; None if any speaker is unknown."""
    known = [sentence.speaker for sentence in sentences if sentence.speaker is not None]
    return known if len(known) == len(sentences) else None


def _by_groups(
    judgement: Judgement, sentences: Sequence[RatedSentence]
) -> dict[Grouping, tuple[GroupAgreement, ...]]:
    by: dict[Grouping, tuple[GroupAgreement, ...]] = {}
    for grouping in GROUPINGS:
        names = [getattr(sentence, grouping) for sentence in sentences]
        by[grouping] = tuple(
            GroupAgreement(
                name, names.count(name), judgement.summary(np.array([n == name for n in names]) * 1)
            )
            for name in sorted({name for name in names if name is not None})
        )
    return by


def _is_tied(scores: FloatArray) -> bool:
    return bool(np.count_nonzero(rounded(scores) == rounded(scores).max()) > 1)
