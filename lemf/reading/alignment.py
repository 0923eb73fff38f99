"""The tiers of a TextGrid -> sentences of words, each with its phones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from lemf.config import BREAKS, ROUNDING_S, TIER, Settings
from lemf.errors import TextGridError
from lemf.reading.formats.praat_tokens import shorten
from lemf.reading.geometry import check_geometry, check_recording
from lemf.reading.silence import (
    Hearing,
    Labels,
    describe_labels,
    find_phones,
    find_words,
    group_by_midpoint,
)
from lemf.reading.silence_labels import UNNOTED, fold, is_silence
from lemf.reading.textgrid import Interval, IntervalTier, TextGrid
from lemf.reading.tiers import (
    fail_no_words,
    find_phone_tier,
    read_confidences,
    select_tiers,
    tier_by_name,
)

MATCHES_NOTHING = "matches no label"  # how the note on an option without effect ends
_HEARD_S = 0.1  # length from which the sound of a word tells
_SHOWN = 5  # labels in a note
_LONGER_S = 1.0  # time by which a recording may outlast its TextGrid without a note
_LONG_SENTENCE_S = 40.0  # longer than the utterances of corpora of read speech
_USUAL_PAUSE_S = 0.4  # at which speech is cut into sentences


class Phone(NamedTuple):
    """A phone as the aligner labels it, with its place in time, in seconds."""

    label: str
    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """Length of the phone, above 0."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Word:
    """A word with its place in time, in seconds, and its phones in their order.

    With `by_length`, its duration cue is its length, not that of its phones (``--duration word``).
    `confidence` says from 0 to 1 how sure an aligner was of its place, where it told.
    """

    text: str
    start_s: float
    end_s: float
    phones: tuple[Phone, ...] = ()
    by_length: bool = False
    confidence: float | None = None

    @property
    def durations_s(self) -> tuple[float, ...]:
        """The durations that cues measure: those of the phones, or that of the word."""
        if self.by_length:
            return (self.end_s - self.start_s,)
        return tuple(phone.duration_s for phone in self.phones)


@dataclass(frozen=True)
class Alignment:
    """Sentences of words in the order of time, and the names of the tiers that were read."""

    sentences: tuple[tuple[Word, ...], ...]
    words_tier: str
    phones_tier: str | None
    notes: tuple[str, ...] = ()


def align(
    textgrid: TextGrid, settings: Settings, duration_s: float, hearing: Hearing | None = None
) -> Alignment:
    """Build the sentences of words, each with its phones, from a TextGrid.

    A phone belongs to the word that holds its midpoint: the tiers of real files disagree by
    milliseconds. Silence and noise are neither words nor phones.

    Parameters
    ----------
    textgrid : TextGrid
    settings : Settings
        Which tiers, which speaker, what a sentence is, which labels are silence.
    duration_s : float
        Length of the recording in seconds.
    hearing : function, optional
        Tells whether intervals sound as the words do, where a label may be silence or a word and
        no phone tier tells.

    Returns
    -------
    Alignment

    Raises
    ------
    TextGridError
        A tier that is missing or ambiguous; intervals without length, out of order, or beyond the
        recording by 20 ms or more; no word left; a recording shorter than the TextGrid.
    """
    # intervals of the spoken words
    words_tier, phones_tier = select_tiers(textgrid, settings)
    check_geometry(textgrid, words_tier)
    below = phones_tier or find_phone_tier(textgrid, words_tier, settings)
    found = find_words(words_tier, below, settings.silence, hearing)
    spoken = found.spoken
    if not spoken:
        fail_no_words(textgrid, words_tier)
    check_recording(textgrid, spoken, duration_s)
    # phones inside the words
    phones: list[list[Phone]] = [[] for _ in spoken]
    phone_labels: dict[str, Labels] = {}
    if phones_tier is not None:
        check_geometry(textgrid, phones_tier)
        phone_labels[phones_tier.name] = find_phones(phones_tier, settings.silence)
        inside, _ = group_by_midpoint(spoken, phone_labels[phones_tier.name].spoken)
        phones = [[Phone(i.label.strip(), i.start_s, i.end_s) for i in each] for each in inside]
    by_length = settings.duration == "word"
    confidences, confidence_notes = read_confidences(textgrid, spoken)
    words = tuple(
        Word(" ".join(i.label.split()), i.start_s, i.end_s, tuple(inside), by_length, confidence)
        for i, inside, confidence in zip(spoken, phones, confidences, strict=True)
    )
    # sentences, and what a user should know
    sentences, notes = _split_sentences(words, textgrid, settings)
    notes += confidence_notes
    notes += describe_labels(words_tier.name, found, phone_labels)
    notes += _unmatched_silence(textgrid, words_tier, below, settings)
    if below is not None and hearing is not None:
        of_phones = phone_labels.get(below.name) or find_phones(below, settings.silence)
        notes += _note_unheard(found, of_phones.spoken, hearing)
    n_phones = sum(map(len, phones))
    if phones_tier is not None and 0 < 2 * n_phones < len(words):
        notes.append(
            f"tier {words_tier.name!r} holds {len(words)} words, but {phones_tier.name!r} only "
            f"{n_phones} inside them as phones: are the two swapped?"
        )
    if phones_tier is not None and not n_phones:
        notes.append(
            f"tier {phones_tier.name!r} holds no phone inside any word: duration counts for "
            "nothing; --duration word takes the length of the words"
        )
    if duration_s - textgrid.end_s > _LONGER_S:
        notes.append(
            f"the recording goes on for {duration_s - textgrid.end_s:.1f} s after the TextGrid "
            "ends; do they belong together?"
        )
    return Alignment(
        sentences,
        words_tier.name,
        phones_tier.name if phones_tier else None,
        (*textgrid.notes, *notes),
    )


def _note_unheard(found: Labels, phones: Sequence[Interval], hearing: Hearing) -> list[str]:
    """Return a note on words of any label that have neither a phone nor the sound of the others."""
    spoken, noted = found.spoken, {fold(label) for label in found.unusual}
    inside, _ = group_by_midpoint(spoken, phones)
    others = [word for word, held in zip(spoken, inside, strict=True) if held]
    groups: dict[str, list[Interval]] = {}
    for word, held in zip(spoken, inside, strict=True):
        long_enough = word.end_s - word.start_s >= _HEARD_S
        if not held and long_enough and fold(word.label) not in noted:
            groups.setdefault(fold(word.label), []).append(word)
    unheard = [each for each in groups.values() if others and not hearing(each, others)]
    if not unheard:
        return []
    shown = ", ".join(f"{shorten(each[0].label)} ({len(each)})" for each in unheard[:_SHOWN])
    more = f" and {len(unheard) - _SHOWN} other labels" if len(unheard) > _SHOWN else ""
    return [
        f"scored as words, without a phone under them or the sound of the other words: {shown}"
        f"{more}; --silence LABEL leaves one out"
    ]


def _unmatched_silence(
    textgrid: TextGrid, words: IntervalTier, phones: IntervalTier | None, settings: Settings
) -> list[str]:
    """Return a note for each of the user's labels of silence that no tier in use holds."""
    if not settings.silence:
        return []
    used = [words] if phones is None else [words, phones]
    if settings.sentences_tier is not None:
        used.append(tier_by_name(textgrid, settings.sentences_tier, "--sentences"))
    labels = {fold(interval.label) for tier in used for interval in tier.intervals}
    return [
        f"--silence {shorten(label)} {MATCHES_NOTHING}"
        for label in dict.fromkeys(settings.silence)
        if fold(label) not in labels
    ]


def _split_sentences(
    words: tuple[Word, ...], textgrid: TextGrid, settings: Settings
) -> tuple[tuple[tuple[Word, ...], ...], list[str]]:
    if settings.sentences == "whole":
        return (words,), _note_long_sentence(words)
    if settings.sentences_from_breaks:  # cut when the contours are measured
        return (words,), _note_tier_of_breaks(textgrid)
    if settings.pause_s is not None:
        return _split_at_pauses(words, settings.pause_s), []
    return _sentences_of_tier(words, textgrid, settings)


def _split_at_pauses(words: tuple[Word, ...], pause_s: float) -> tuple[tuple[Word, ...], ...]:
    """Start a new sentence after each pause longer than `pause_s`."""
    sentences = [[words[0]]]
    for before, word in pairwise(words):
        if word.start_s - before.end_s > pause_s + ROUNDING_S:
            sentences.append([])
        sentences[-1].append(word)
    return tuple(tuple(sentence) for sentence in sentences)


def _note_long_sentence(words: tuple[Word, ...]) -> list[str]:
    """Return how to cut words at pauses that are too many for one sentence; [] if they are not."""
    spoken_s = words[-1].end_s - words[0].start_s
    if spoken_s <= _LONG_SENTENCE_S:
        return []
    n_sentences = len(_split_at_pauses(words, _USUAL_PAUSE_S))
    if n_sentences == 1:
        return []
    return [
        f"{len(words)} words over {spoken_s:.0f} s count as one sentence; "
        f"--sentences pause:{_USUAL_PAUSE_S:g} makes {n_sentences} of them"
    ]


def _note_tier_of_breaks(textgrid: TextGrid) -> list[str]:
    """Return how to take the sentences from a tier whose name is that of measured breaks."""
    named = any(
        isinstance(tier, IntervalTier) and fold(tier.name) == BREAKS for tier in textgrid.tiers
    )
    if not named:
        return []
    return [
        f"sentences end at measured breaks; --sentences {TIER}{BREAKS} takes the intervals of the "
        "tier of that name"
    ]


def _sentences_of_tier(
    words: tuple[Word, ...], textgrid: TextGrid, settings: Settings
) -> tuple[tuple[tuple[Word, ...], ...], list[str]]:
    """Group the words by the sentence interval that holds their midpoint."""
    tier = tier_by_name(textgrid, settings.sentences_tier or "", "--sentences")
    check_geometry(textgrid, tier)
    never = UNNOTED.union(map(fold, settings.silence))
    spans = [i for i in tier.intervals if fold(i.label) not in never]
    held, outside = group_by_midpoint(spans, words)
    sentences = tuple(tuple(sentence) for sentence in held if sentence)
    if not sentences:
        raise TextGridError(
            f"{textgrid.path}: no labelled interval of tier {tier.name!r} holds a word; "
            "name another with --sentences"
        )
    notes = []
    if outside:
        notes.append(f"words outside the sentences of tier {tier.name!r}, left out: {len(outside)}")
    unfilled = (span for span, inside in zip(spans, held, strict=True) if not inside)
    if empty := sum(not is_silence(span.label) for span in unfilled):
        notes.append(f"sentences of tier {tier.name!r} without a word, left out: {empty}")
    return sentences, notes
