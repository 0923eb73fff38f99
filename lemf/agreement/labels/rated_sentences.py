"""Labels and recordings -> sentences that can be judged, and those that cannot, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from lemf.agreement.labels.files import Label
from lemf.agreement.labels.scored_sentences import ScoredSentence, check_alike, score_labels
from lemf.agreement.measures import rating_margin
from lemf.agreement.raters import mean_rating
from lemf.arrays import FloatArray
from lemf.config import Settings
from lemf.errors import CorpusError
from lemf.reading.silence_labels import fold
from lemf.runtime.progress import Watch, no_watch
from lemf.runtime.workers import Failure
from lemf.scoring.edges import UNCERTAIN

_TIED, _FLAT, _ALONE = "tie for the top word", "all words rated alike", "one word"
NOT_RANKED = (_TIED, _FLAT, _ALONE)  # what only the order of the words cannot be judged by


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
        With several raters, the mean of those who rated the word.
    text : str
        Text of the label, or else the words, without differences of case and blanks.
    speaker, emotion : str or None
    raters : mapping of str to (words,) float64
        The ratings of each rater, 1 and 0 for words marked and not, NaN where he or she gave none.
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
    raters: Mapping[str, FloatArray] = field(default_factory=dict)


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

    @property
    def complete(self) -> tuple[RatedSentence, ...]:
        """The sentences with a rating for each word, in the order of recordings and sentences."""
        rated = (*self.judged, *self.tied, *self.unranked)
        return tuple(sorted(rated, key=lambda one: (one.recording, one.number)))


def rate_sentences(
    labels: Sequence[Label],
    settings: Sequence[Settings],
    *,
    labels_tier: str | None = None,
    jobs: int = 1,
    watch: Watch = no_watch,
) -> RatedSentences:
    """Score the recordings of labels, and pair the scores with the ratings.

    Parameters
    ----------
    labels : sequence of Label
    settings : sequence of Settings
        One or more; they may differ only in cues, weights, normalise,
        decide and threshold.
    labels_tier : str, optional
        The tier of the TextGrids that rates the words, instead of the labels.
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
        There is no label, or no sentence with a rating for each word.
    """
    check_alike({str(number): one for number, one in enumerate(settings)})
    if not labels:
        raise CorpusError("no labels: name at least one recording with its ratings")

    results = score_labels(labels, settings, labels_tier=labels_tier, jobs=jobs, watch=watch)
    judged, tied, unranked, unjudged, notes = [], [], [], [], []
    for label, result in zip(labels, results, strict=True):
        if isinstance(result, Failure):
            unjudged.append(Unjudged(label.id, "failed", result.reason))
            continue
        notes += [(label.id, note) for note in result.notes]
        if result.ratings is not None:
            label = replace(label, ratings=result.ratings, emphasised=(), raters={})
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
    if not (judged or tied or unranked):
        raise nothing_to_judge(unjudged)
    notes.sort(key=lambda note: UNCERTAIN not in note[1])  # those that are too uncertain come first
    return RatedSentences(
        tuple(judged), tuple(tied), tuple(unjudged), tuple(notes), tuple(unranked)
    )


def known_speakers(sentences: Sequence[RatedSentence]) -> list[str] | None:
    """Return the speaker of each sentence; None if any speaker is unknown."""
    known = [sentence.speaker for sentence in sentences if sentence.speaker is not None]
    return known if len(known) == len(sentences) else None


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


def _mismatch(label: Label, sentences: Iterable[ScoredSentence]) -> str:
    """Describe how the labels differ from the words of the TextGrid; empty if they fit."""
    words = [word for sentence in sentences for word in sentence.words]
    if label.fault:
        return label.fault
    given = {"": label.emphasised if label.ratings is None else label.ratings, **label.raters}
    for name, one in given.items():
        by = f" by {name}" if name else ""
        if isinstance(one, np.ndarray):
            if len(one) != len(words):
                return f"{len(one)} ratings{by} for {len(words)} words in {label.textgrid}"
        elif (last := max(one, default=0)) >= len(words):
            return (
                f"word {last}, from 0, is emphasised{by}, but {label.textgrid} has {len(words)} "
                "words"
            )
    if label.words is None:
        return ""
    if len(label.words) != len(words):
        return f"{len(label.words)} words in the labels, {len(words)} in {label.textgrid}"
    for i, (labelled, aligned) in enumerate(zip(label.words, words, strict=True)):
        if _letters(labelled) != _letters(aligned):
            return f"word {i} is {labelled!r} in the labels, {aligned!r} in {label.textgrid}"
    return ""


def _letters(word: str) -> str:
    """Fold a word and leave out its signs, if it has anything else."""
    folded = fold(word)
    return "".join(sign for sign in folded if sign.isalnum()) or folded


def _sentences(label: Label, scored: Sequence[ScoredSentence]) -> Iterator[RatedSentence]:
    n_words = sum(len(sentence.words) for sentence in scored)
    raters = {name: _ratings_of(one, n_words) for name, one in label.raters.items()}
    if raters:
        ratings = mean_rating(np.array(list(raters.values())))
    else:
        ratings = _ratings_of(label.emphasised if label.ratings is None else label.ratings, n_words)
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
            raters={
                name: one[first_word : first_word + len(sentence.words)]
                for name, one in raters.items()
            },
            text=fold(" ".join(sentence.words) if text is None else text),
            speaker=label.speaker,
            emotion=label.emotion,
        )
        first_word += len(sentence.words)


def _ratings_of(given: FloatArray | tuple[int, ...], n_words: int) -> FloatArray:
    """Return ratings as they are, and 1 for the words of indices, else 0."""
    if isinstance(given, np.ndarray):
        return given
    ratings = np.zeros(n_words)
    ratings[list(given)] = 1.0
    return ratings


def _why_unjudged(sentence: RatedSentence) -> Unjudged | None:
    ratings = sentence.ratings
    if len(ratings) < 2:
        return Unjudged(sentence.id, _ALONE)
    missing = np.flatnonzero(np.isnan(ratings))
    if len(missing):
        words = ", ".join(sentence.scored.words[i] for i in missing)
        return Unjudged(sentence.id, "missing ratings", words)
    if rating_margin(ratings) > 0:
        return None
    if np.ptp(ratings) == 0:
        return Unjudged(sentence.id, _FLAT)
    tied = np.flatnonzero(ratings >= ratings.max() - 1e-9)
    words = ", ".join(sentence.scored.words[i] for i in tied)
    return Unjudged(sentence.id, _TIED, words)
