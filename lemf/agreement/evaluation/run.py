"""Systems side by side on the same sentences: how far each agrees with what listeners heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lemf.agreement.bootstrap import Intervals, Spread, draw_spread
from lemf.agreement.external_systems import baseline_scores, match_scores, read_scores
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


def evaluate_labels(
    labels: str | Path | Sequence[Label],
    settings: Mapping[str, Settings] | None = None,
    score_files: Mapping[str, str | Path] | None = None,
    *,
    clear_margin: float = CLEAR_MARGIN,
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
    rated = rate_sentences(as_labels(labels), list(settings.values()), jobs=jobs, watch=watch)
    scores: dict[str, list[FloatArray | None]] = {
        name: [sentence.scored.scores[i] for sentence in rated.judged]
        for i, name in enumerate(settings)
    }
    unjudged = []
    for name, read in external.items():
        scores[name], without = match_scores(name, read, rated.judged)
        unjudged += without
    return evaluate(
        rated,
        scores,
        unjudged=unjudged,
        clear_margin=clear_margin,
        n_resamples=n_resamples,
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
