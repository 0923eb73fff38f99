"""Labels and recordings -> sentences that can be judged, and those that cannot, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np

from lemf.agreement.labels.files import Label
from lemf.agreement.measures import rating_margin
from lemf.arrays import FloatArray
from lemf.config import Settings
from lemf.errors import CorpusError, SettingsError
from lemf.reading.silence_labels import fold
from lemf.runtime.progress import Watch, no_watch
from lemf.runtime.workers import Failure, attempt, local_workers, run_tasks
from lemf.scoring.emphasis import SentenceEmphasis

_MAY_DIFFER = ("cues", "weights", "normalise")  # settings that leave the measurement as it is
_TIED = "tie for the top word"


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


@dataclass(frozen=True, kw_only=True, eq=False)
class RatedSentence:
    """A sentence whose words are both scored and rated.

    Attributes
    ----------
    id : str
        That of the recording, with ``#N`` for sentence N where the recording has several.
    recording : str
        The id of the label.
    number, first_word : int
        The number of the sentence in its recording, and of its first word there, from 0.
    n_recording_words : int
        Words in all sentences of the recording.
    scored : ScoredSentence
    ratings : (words,) float64
    text : str
        Text of the label, or else the words, without differences of case and blanks.
    speaker, emotion : str or None
    """

    id: str
    recording: str
    number: int
    first_word: int
    n_recording_words: int
    scored: ScoredSentence
    ratings: FloatArray
    text: str
    speaker: str | None
    emotion: str | None


@dataclass(frozen=True)
class Unjudged:
    """A recording or sentence that cannot be judged: `reason` is the kind, `detail` the case."""

    id: str
    reason: str
    detail: str = ""


@dataclass(frozen=True)
class RatedSentences:
    """The sentences of labels: `judged` have one top word, `tied` several; the rest is `unjudged`.

    A tied sentence is in `unjudged`, too; its ratings still tell how its text is stressed.
    So are those of `unranked`, of one word or with all words rated alike, as where none is
    emphasised: only whether each word is emphasised can be asked of them.
    `notes` are (id, note): what a user should know about a recording, such as mixed channels.
    """

    judged: tuple[RatedSentence, ...]
    tied: tuple[RatedSentence, ...]
    unjudged: tuple[Unjudged, ...]
    notes: tuple[tuple[str, str], ...] = ()
    unranked: tuple[RatedSentence, ...] = ()


def rate_sentences(
    labels: Sequence[Label],
    settings: Sequence[Settings],
    *,
    jobs: int = 1,
    watch: Watch = no_watch,
) -> RatedSentences:
    """Score the recordings of labels, and pair the scores with the ratings.

    Parameters
    ----------
    labels : sequence of Label
    settings : sequence of Settings
        One or more; they may differ only in cues, weights and normalise.
    jobs : int
        Number of processes; with 1, the recordings are scored in this one.
    watch : Watch
        Called after every recording.

    Returns
    -------
    RatedSentences
        In the order of the labels. A recording that cannot be scored is among the unjudged.

    Raises
    ------
    SettingsError
        Settings that differ in more, since each recording is measured once.
    CorpusError
        There is no label, or no sentence that can be judged.
    """
    check_alike({str(number): one for number, one in enumerate(settings)})
    if not labels:
        raise CorpusError("no labels: name at least one recording with its ratings")

    # Score the recordings, in any order
    tasks = [
        _Task(i, label.audio, label.textgrid, tuple(settings)) for i, label in enumerate(labels)
    ]
    results: dict[int, _Scored | Failure] = {}
    n_failed = 0
    watch(0, len(tasks))
    for task, result in _run(tasks, jobs):
        results[task.number] = result
        n_failed += isinstance(result, Failure)
        watch(len(results), len(tasks), n_failed)

    # Sort the sentences, in the order of the labels
    judged, tied, unranked, unjudged, notes = [], [], [], [], []
    for number, label in enumerate(labels):
        result = results[number]
        if isinstance(result, Failure):
            unjudged.append(Unjudged(label.id, "failed", result.reason))
            continue
        notes += [(label.id, note) for note in result.notes]
        if mismatch := _mismatch(label, result.sentences):
            unjudged.append(Unjudged(label.id, "labels do not fit", mismatch))
        else:
            for sentence in _sentences(label, result.sentences):
                why = _why_unjudged(sentence)
                if why is None:
                    judged.append(sentence)
                    continue
                unjudged.append(why)
                if why.reason == _TIED:
                    tied.append(sentence)
                elif not np.isnan(sentence.ratings).any():
                    unranked.append(sentence)
    if not judged:
        raise nothing_to_judge(unjudged)
    return RatedSentences(
        tuple(judged), tuple(tied), tuple(unjudged), tuple(notes), tuple(unranked)
    )


def check_alike(systems: Mapping[str, Settings]) -> None:
    """Refuse settings that need more than one measurement of each recording.

    Parameters
    ----------
    systems : mapping of str to Settings
        One or more, by the name of the system.

    Raises
    ------
    SettingsError
        A system differs from the first one in more than cues, weights and normalise.
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


def nothing_to_judge(unjudged: Sequence[Unjudged]) -> CorpusError:
    """Return the error that says why no sentence can be judged."""
    kinds: dict[str, list[Unjudged]] = {}
    for one in unjudged:
        kinds.setdefault(one.reason, []).append(one)
    reasons = []
    for reason, (first, *others) in list(kinds.items())[:3]:
        more = f" and {len(others)} more" if others else ""
        detail = f": {first.detail}" if first.detail else ""
        reasons.append(f"{reason} ({first.id}{more}){detail}; ")
    return CorpusError(
        f"no sentence can be judged: {''.join(reasons)}each needs labels that fit its words, and "
        "one top word among two or more"
    )


@dataclass(frozen=True)
class _Task:
    number: int
    audio: str
    textgrid: str
    settings: tuple[Settings, ...]


@dataclass(frozen=True)
class _Scored:
    sentences: tuple[ScoredSentence, ...]
    notes: tuple[str, ...]


def _run(tasks: Sequence[_Task], jobs: int) -> Iterator[tuple[_Task, _Scored | Failure]]:
    if jobs == 1:
        yield from ((task, _try_to_score(task)) for task in tasks)
        return
    with local_workers(min(jobs, max(len(tasks), 1))) as workers:
        yield from run_tasks(workers, _try_to_score, tasks)


def _try_to_score(task: _Task) -> _Scored | Failure:
    return attempt(_score, task)


def _score(task: _Task) -> _Scored:
    """Score one recording with each of the settings."""
    from lemf.contours.measurement import measure
    from lemf.pipeline import score_measurement

    with_detail = any(settings.needs_detail for settings in task.settings)
    measured = measure(task.audio, task.textgrid, task.settings[0], with_detail=with_detail)
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
    return _Scored(scored, tuple(dict.fromkeys(n for result in results for n in result.notes)))


def _of_cues(sentence: SentenceEmphasis, what: Literal["z", "value"]) -> dict[str, FloatArray]:
    return {
        cue: np.array([getattr(word.cues[cue], what) for word in sentence.words])
        for cue in sentence.words[0].cues
    }


def _probabilities(sentence: SentenceEmphasis) -> FloatArray | None:
    decisions = [word.decision for word in sentence.words]
    known = [decision.probability for decision in decisions if decision is not None]
    return np.array(known) if known and len(known) == len(decisions) else None


def _mismatch(label: Label, sentences: Iterable[ScoredSentence]) -> str:
    """Describe how the labels differ from the words of the TextGrid; empty if they fit."""
    words = [word for sentence in sentences for word in sentence.words]
    if label.ratings is not None and len(label.ratings) != len(words):
        return f"{len(label.ratings)} ratings for {len(words)} words in {label.textgrid}"
    last = max(label.emphasised, default=0)
    if last >= len(words):
        return f"word {last}, from 0, is emphasised, but {label.textgrid} has {len(words)} words"
    if label.words is None:
        return ""
    if len(label.words) != len(words):
        return f"{len(label.words)} words in the labels, {len(words)} in {label.textgrid}"
    for i, (labelled, aligned) in enumerate(zip(label.words, words, strict=True)):
        if fold(labelled) != fold(aligned):
            return f"word {i} is {labelled!r} in the labels, {aligned!r} in {label.textgrid}"
    return ""


def _sentences(label: Label, scored: Sequence[ScoredSentence]) -> Iterator[RatedSentence]:
    n_words = sum(len(sentence.words) for sentence in scored)
    ratings = label.ratings
    if ratings is None:
        ratings = np.zeros(n_words)
        ratings[list(label.emphasised)] = 1.0
    first_word = 0
    for number, sentence in enumerate(scored):
        text = label.text if label.text is not None and len(scored) == 1 else None
        yield RatedSentence(
            id=label.id if len(scored) == 1 else f"{label.id}#{number}",
            recording=label.id,
            number=number,
            first_word=first_word,
            n_recording_words=n_words,
            scored=sentence,
            ratings=ratings[first_word : first_word + len(sentence.words)],
            text=fold(" ".join(sentence.words) if text is None else text),
            speaker=label.speaker,
            emotion=label.emotion,
        )
        first_word += len(sentence.words)


def _why_unjudged(sentence: RatedSentence) -> Unjudged | None:
    ratings = sentence.ratings
    if len(ratings) < 2:
        return Unjudged(sentence.id, "one word")
    missing = np.flatnonzero(np.isnan(ratings))
    if len(missing):
        words = ", ".join(sentence.scored.words[i] for i in missing)
        return Unjudged(sentence.id, "missing ratings", words)
    if rating_margin(ratings) > 0:
        return None
    if np.ptp(ratings) == 0:
        return Unjudged(sentence.id, "all words rated alike")
    tied = np.flatnonzero(ratings >= ratings.max() - 1e-9)
    words = ", ".join(sentence.scored.words[i] for i in tied)
    return Unjudged(sentence.id, _TIED, words)
