"""Which intervals are silence or noise: by their labels, and by what lies under them.

An interval with a label of silence is a word all the same if phones are spoken under it or, where
no phone tier tells, if it sounds as the words do.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from lemf.reading.formats.praat_tokens import shorten
from lemf.reading.silence_labels import (
    UNNOTED,
    Kind,
    fold,
    has_letter,
    is_either,
    is_unknown,
    kind_of,
    plain_name,
    silent_phones,
)
from lemf.reading.textgrid import Interval, IntervalTier

# Whether the sound of the first intervals is as loud and as voiced as that of the second, the words
Hearing = Callable[[Sequence[Interval], Sequence[Interval]], bool]

_Timed = TypeVar("_Timed", bound="_HasTimes")


class _HasTimes(Protocol):
    @property
    def start_s(self) -> float: ...
    @property
    def end_s(self) -> float: ...


_DISC_VOWELS = frozenset("$1456789")  # only CELEX has them; there # and _ are phones, too
_DIGIT = re.compile(r"\d")  # a tone, a stress
_FEWEST_LETTERS = 3  # of an unknown label of a pause: fewer may be a word of one phone
_MOST_REPEATED = 3  # such labels in a recording
_N_NAMED = 6  # labels that a note names


class Labels(NamedTuple):
    """The spoken intervals of a tier, and the labels whose treatment a user should know.

    Attributes
    ----------
    spoken : list of Interval
    silent : Counter of str
        Labels taken for silence, but the user's and those that everyone knows (`UNNOTED`).
    unusual : Counter of str
        Labels of spoken intervals that look like silence, or hold no letter; but not those that
        could be words and lie over phones.
    """

    spoken: list[Interval]
    silent: Counter[str]
    unusual: Counter[str]


def find_words(
    tier: IntervalTier,
    phones: IntervalTier | None,
    silence: Collection[str] = (),
    hearing: Hearing | None = None,
) -> Labels:
    """Find the words of a word tier.

    Parameters
    ----------
    tier : IntervalTier
        In the order of time.
    phones : IntervalTier, optional
        The phones of the same speaker, for what lies under a label that looks like silence.
    silence : collection of str
        The user's labels of silence, which hold whatever lies under them.
    hearing : function, optional
        Tells by the sound where no phone tier does.

    Returns
    -------
    Labels
    """
    never = UNNOTED - {"sil"} | {fold(label) for label in silence}
    kinds = {i.label: kind_of(i.label) for i in tier.intervals if fold(i.label) not in never}
    candidates = [i for i in tier.intervals if i.label in kinds]
    repeated = _repeat_their_phone(candidates, kinds, phones)
    others = [i for i in candidates if kinds[i.label] == "word" and fold(i.label) not in repeated]
    for intervals in repeated.values():
        if others and hearing is not None and not hearing(intervals, others):
            kinds |= dict.fromkeys((i.label for i in intervals), "mark")
    words = [i for i in candidates if kinds[i.label] == "word"]
    unsure = [i for i in candidates if kinds[i.label] != "word"]
    below = _phones_below(unsure, phones, never) if unsure and phones is not None else None
    spoken, looks = set(words), [i.label for i in words if not has_letter(i.label)]
    unheard: dict[str, list[Interval]] = {}
    for number, interval in enumerate(unsure):
        kind, inside = kinds[interval.label], None if below is None else below[number]
        if inside is None or (
            kind == "name" and inside and all(is_unknown(phone.label) for phone in inside)
        ):
            unheard.setdefault(fold(interval.label), []).append(interval)
        elif _is_spoken(interval, kind, inside):
            spoken.add(interval)
            looks += [interval.label] if kind != "name" else []
    for intervals in unheard.values():
        can_be_word = kinds[intervals[0].label] != "mark"
        if can_be_word and words and hearing is not None and hearing(intervals, words):
            spoken.update(intervals)
            looks += [interval.label for interval in intervals]
    silent = (i.label for i in unsure if i not in spoken and fold(i.label) not in UNNOTED)
    return Labels([i for i in candidates if i in spoken], _count(silent), _count(looks))


def find_phones(tier: IntervalTier, silence: Collection[str] = ()) -> Labels:
    """Find the phones of a phone tier; `silence` are the user's labels."""
    never = {fold(label) for label in silence} | {""}
    texts = {i.label: fold(i.label) for i in tier.intervals}
    silent = silent_phones(texts.values())
    others = set(texts.values()) - silent - never
    if not others.isdisjoint(_DISC_VOWELS) and all(len(text) == 1 for text in others):
        silent -= {"_", "#"}
    found = [i for i in tier.intervals if texts[i.label] not in silent | never]
    taken = (i.label for i in tier.intervals if texts[i.label] in silent - never - UNNOTED)
    return Labels(found, _count(taken), Counter())


def group_by_midpoint(
    spans: Sequence[Interval], timed: Iterable[_Timed]
) -> tuple[list[list[_Timed]], list[_Timed]]:
    """Group what has a time by the span that holds its midpoint; return what lies in none, too.

    The spans follow each other in the order of time.
    """
    starts = [span.start_s for span in spans]
    inside: list[list[_Timed]] = [[] for _ in spans]
    outside: list[_Timed] = []
    for one in timed:
        midpoint_s = (one.start_s + one.end_s) / 2
        index = bisect_right(starts, midpoint_s) - 1
        is_inside = index >= 0 and midpoint_s < spans[index].end_s
        (inside[index] if is_inside else outside).append(one)
    return inside, outside


def describe_labels(words: str, found: Labels, phones: Mapping[str, Labels]) -> list[str]:
    """Return the notes on labels taken for silence, or for words against their looks, by tier."""
    tiers = {words: found, **phones}
    taken = [f"{_list(one.silent)} of tier {name!r}" for name, one in tiers.items() if one.silent]
    notes = [f"taken for silence or noise: {', '.join(taken)}"] if taken else []
    if found.unusual:
        notes.append(
            "scored as words, though they look like silence or hold no letter: "
            f"{_list(found.unusual)} of tier {words!r}; --silence LABEL leaves one out"
        )
    return notes


def _repeat_their_phone(
    candidates: Sequence[Interval], kinds: Mapping[str, Kind], phones: IntervalTier | None
) -> dict[str, list[Interval]]:
    """Group the words whose only phone bears their label, as unknown labels of pauses do.

    More such labels than an aligner has for pauses are syllables, and are not returned.
    """
    if phones is None:
        return {}
    labels = {fold(one.label) for one in phones.intervals if len(one.label) >= _FEWEST_LETTERS}
    alike = [i for i in candidates if kinds[i.label] == "word" and fold(i.label) in labels]
    filled = [phone for phone in phones.intervals if phone.label.strip()]
    found: dict[str, list[Interval]] = {}
    for interval, inside in zip(alike, group_by_midpoint(alike, filled)[0], strict=True):
        text = fold(interval.label)
        if [fold(phone.label) for phone in inside] == [text] and not _DIGIT.search(text):
            found.setdefault(text, []).append(interval)
    return found if len(found) <= _MOST_REPEATED else {}


def _phones_below(
    unsure: Sequence[Interval], phones: IntervalTier, never: Collection[str]
) -> list[list[Interval]] | None:
    """Return the phones in each interval by the midpoint rule; None if the tier holds no phone.

    The phone ``spn`` is among them: it stands for a word that the aligner did not know.
    """
    texts = [fold(phone.label) for phone in phones.intervals]
    silent = silent_phones(texts).union(never)
    if silent.issuperset(texts):
        return None
    kept = zip(phones.intervals, texts, strict=True)
    speech = [phone for phone, text in kept if text not in silent or is_unknown(text)]
    return group_by_midpoint(unsure, speech)[0]


def _is_spoken(interval: Interval, kind: Kind, inside: Sequence[Interval]) -> bool:
    """Check whether phones fill half of an interval, or are two: one may have drifted there.

    A phone that repeats the label of a noise (`lg` under `{LG}`, `?` under `?`) is none.
    """
    text = fold(interval.label)
    own = set() if kind == "content" else {text, plain_name(text)} - {""}
    labels = [fold(phone.label) for phone in inside]
    phones = [
        phone
        for phone, label in zip(inside, labels, strict=True)
        if own.isdisjoint({label, plain_name(label)})
        and not is_unknown(label)
        and not is_either(label)
    ]
    overlap_s = sum(min(p.end_s, interval.end_s) - max(p.start_s, interval.start_s) for p in phones)
    longer_s = max(interval.end_s - interval.start_s, sum(p.end_s - p.start_s for p in phones))
    return len(phones) > 1 or 2 * overlap_s >= longer_s


def _count(labels: Iterable[str]) -> Counter[str]:
    return Counter(" ".join(label.split()) for label in labels)


def _list(labels: Counter[str]) -> str:
    named = [f"{shorten(label)} ({n})" for label, n in labels.most_common(_N_NAMED)]
    others = len(labels) - len(named)
    return ", ".join(named) + (f" and {others} more" if others else "")
