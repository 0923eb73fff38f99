"""Recordings of labels -> the scores of their words by one or several settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np

from lemf.agreement.labels.files import Label
from lemf.agreement.labels.tier_labels import rate_by_tier
from lemf.arrays import FloatArray
from lemf.config import Settings
from lemf.errors import SettingsError
from lemf.reading.alignment_files import read_textgrid
from lemf.runtime.progress import Watch, no_watch
from lemf.runtime.workers import Failure, attempt, local_workers, run_tasks
from lemf.scoring.doubts import TRY_LISTENERS
from lemf.scoring.word_emphasis import SentenceEmphasis

# Settings that leave the measurement as it is
_MAY_DIFFER = ("cues", "weights", "normalise", "decide", "threshold")


@dataclass(frozen=True, eq=False)
class ScoredSentence:
    """The words of a sentence as one or several settings score them.

    Attributes
    ----------
    words : tuple of str
    lengths_s : (words,) float64
    scores : tuple of (words,) float64
        One array per settings.
    z : tuple of mapping of cue to (words,) float64
        The standardised cues, one mapping per settings.
    probabilities : tuple of (words,) float64 or None
        P(emphasised), one array per settings; None where they do not decide.
    values : tuple of mapping of cue to (words,) float64
        The cues as measured, one mapping per settings; NaN where one could not be.
    """

    words: tuple[str, ...]
    lengths_s: FloatArray
    scores: tuple[FloatArray, ...]
    z: tuple[Mapping[str, FloatArray], ...]
    probabilities: tuple[FloatArray | None, ...] = ()
    values: tuple[Mapping[str, FloatArray], ...] = ()


def check_alike(systems: Mapping[str, Settings]) -> None:
    """Refuse settings that need more than one measurement of each recording.

    Parameters
    ----------
    systems : mapping of str to Settings
        One or more, by the name of the system.

    Raises
    ------
    SettingsError
        A system differs from the first one in more than cues, weights, normalise, decide
        and threshold.
    """
    first, *others = systems
    for name in others:
        for setting in (one.name for one in fields(Settings) if one.name not in _MAY_DIFFER):
            here, there = (getattr(systems[system], setting) for system in (name, first))
            if here != there:
                raise SettingsError(
                    f"system {name!r}: {setting} is {here!r}, but {there!r} in system {first!r}; "
                    f"systems may differ in {', '.join(_MAY_DIFFER)}: evaluate the others apart"
                )


@dataclass(frozen=True, eq=False)
class ScoredRecording:
    """The sentences of a recording, notes on it, and ratings of its words where a tier has them."""

    sentences: tuple[ScoredSentence, ...]
    notes: tuple[str, ...]
    ratings: FloatArray | None = None


def score_labels(
    labels: Sequence[Label],
    settings: Sequence[Settings],
    *,
    labels_tier: str | None = None,
    jobs: int = 1,
    watch: Watch = no_watch,
) -> list[ScoredRecording | Failure]:
    """Score the recordings of labels with each of the settings.

    Parameters
    ----------
    labels : sequence of Label
    settings : sequence of Settings
        As `check_alike` allows them.
    labels_tier : str, optional
        The tier of the TextGrids that rates the words, as `rate_by_tier` reads it.
    jobs : int
        Number of processes; with 1, the recordings are scored in this one.
    watch : Watch
        Called after every recording.

    Returns
    -------
    list of ScoredRecording or Failure
        One per label, in their order.
    """
    tasks = [
        _Task(i, label.audio, label.textgrid, tuple(settings), labels_tier)
        for i, label in enumerate(labels)
    ]
    results: dict[int, ScoredRecording | Failure] = {}
    n_failed = 0
    watch(0, len(tasks))
    for task, result in _run(tasks, jobs):
        results[task.number] = result
        n_failed += isinstance(result, Failure)
        watch(len(results), len(tasks), n_failed)
    return [results[number] for number in range(len(tasks))]


@dataclass(frozen=True)
class _Task:
    number: int
    audio: str
    textgrid: str
    settings: tuple[Settings, ...]
    labels_tier: str | None


def _run(tasks: Sequence[_Task], jobs: int) -> Iterator[tuple[_Task, ScoredRecording | Failure]]:
    if jobs == 1:
        yield from ((task, _try_to_score(task)) for task in tasks)
        return
    with local_workers(min(jobs, max(len(tasks), 1))) as workers:
        yield from run_tasks(workers, _try_to_score, tasks)


def _try_to_score(task: _Task) -> ScoredRecording | Failure:
    return attempt(_score, task)


def _score(task: _Task) -> ScoredRecording:
    """Score one recording with each of the settings."""
    from lemf.contours.measurement import measure
    from lemf.pipeline import score_measurement

    with_detail = any(settings.needs_detail for settings in task.settings)
    settings = task.settings[0]
    measured = measure(task.audio, task.textgrid, settings, with_detail=with_detail)
    results = [score_measurement(measured, settings) for settings in task.settings]
    scored = tuple(
        ScoredSentence(
            tuple(word.word for word in sentences[0].words),
            np.array([word.end_s - word.start_s for word in sentences[0].words]),
            tuple(np.array([word.score for word in sentence.words]) for sentence in sentences),
            tuple(_of_cues(sentence, "z") for sentence in sentences),
            tuple(_probabilities(sentence) for sentence in sentences),
            tuple(_of_cues(sentence, "value") for sentence in sentences),
        )
        for sentences in zip(*(result.sentences for result in results), strict=True)
    )
    notes = [note for result in results for note in result.notes]
    if any(settings.cues == "listeners" for settings in task.settings):
        notes = [note.removesuffix(TRY_LISTENERS) for note in notes]
    ratings = None
    if task.labels_tier is not None:
        words = [word for sentence in measured.alignment.sentences for word in sentence]
        grid = read_textgrid(task.textgrid, encoding=settings.encoding, audio=task.audio)
        of_tier = rate_by_tier(grid, task.labels_tier, words)
        ratings, notes = of_tier.ratings, [*notes, *of_tier.notes]
    return ScoredRecording(scored, tuple(dict.fromkeys(notes)), ratings)


def _of_cues(sentence: SentenceEmphasis, what: Literal["z", "value"]) -> dict[str, FloatArray]:
    return {
        cue: np.array([getattr(word.cues[cue], what) for word in sentence.words])
        for cue in sentence.words[0].cues
    }


def _probabilities(sentence: SentenceEmphasis) -> FloatArray | None:
    decisions = [word.decision for word in sentence.words]
    known = [decision.probability for decision in decisions if decision is not None]
    return np.array(known) if known and len(known) == len(decisions) else None
