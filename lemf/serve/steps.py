"""A TextGrid and the steps of a correction -> the corrected TextGrid.

An edge that is moved takes along the edges of all tiers of intervals that lie at the same time, so
that a word and its last phone still end together. What is set by hand is beyond the doubts of an
aligner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from lemf.errors import TextGridError
from lemf.reading.formats.praat_tokens import shorten
from lemf.reading.silence_labels import UNNOTED, fold
from lemf.reading.textgrid import Interval, IntervalTier, TextGrid
from lemf.reading.tiers import CONFIDENCE_TIER
from lemf.serve.correction import (
    SAME_S,
    Add,
    Correction,
    Join,
    Label,
    Move,
    Split,
    count_changes,
)

UNSAVED = " (corrected, not saved)"  # ends the name of the words
_SURE = "1"


@dataclass
class _Draft:
    """The intervals of a TextGrid while they are corrected, a list per tier of intervals."""

    textgrid: TextGrid
    names: list[str]
    tiers: list[list[Interval]]
    words: int
    phones: int | None

    @property
    def confidence(self) -> list[list[Interval]]:
        """The tiers that say how sure an aligner was."""
        named = zip(self.names, self.tiers, strict=True)
        return [tier for name, tier in named if name.lower() == CONFIDENCE_TIER]

    def fail(self, fault: str) -> TextGridError:
        """Return the error of a step that does not fit."""
        return TextGridError(f"{self.textgrid.path}: {fault}")


def correct(
    textgrid: TextGrid, words: IntervalTier, phones: IntervalTier | None, correction: Correction
) -> TextGrid:
    """Correct a TextGrid.

    Parameters
    ----------
    textgrid : TextGrid
    words : IntervalTier
        The tier of its words.
    phones : IntervalTier or None
        That of its phones, which are split with the words.
    correction : Correction

    Returns
    -------
    TextGrid
        With a note, under a name that says that no file holds the words; the TextGrid itself where
        nothing was corrected, or all of it was undone.

    Raises
    ------
    TextGridError
        No edge or word is where a step says; an edge would pass another or the end; a word would
        lie over another.
    """
    if not correction:
        return textgrid
    held = [tier for tier in textgrid.tiers if isinstance(tier, IntervalTier)]
    places = {id(tier): place for place, tier in enumerate(held)}
    draft = _Draft(
        textgrid,
        [tier.name for tier in held],
        [list(tier.intervals) for tier in held],
        places[id(words)],
        None if phones is None else places[id(phones)],
    )
    for step in correction.steps:
        match step:
            case Move():
                _move(draft, step)
            case Label():
                _label(draft, step)
            case Split():
                _split(draft, step)
            case Join():
                _join(draft, step)
            case Add():
                _add(draft, step)
    counts = count_changes(correction, words)
    if not counts:
        return textgrid
    corrected = iter(draft.tiers)
    tiers = tuple(
        replace(tier, intervals=tuple(next(corrected))) if isinstance(tier, IntervalTier) else tier
        for tier in textgrid.tiers
    )
    return replace(
        textgrid,
        tiers=tiers,
        path=f"{textgrid.path}{UNSAVED}",
        notes=(*textgrid.notes, f"corrected by hand: {counts}"),
    )


def _move(draft: _Draft, step: Move) -> None:
    from_s, target_s = step
    if not draft.textgrid.start_s <= target_s <= draft.textgrid.end_s:
        raise draft.fail(
            f"{target_s:g} s lies outside the {draft.textgrid.end_s:g} s; move the edge to "
            "another place"
        )
    _settle(draft, from_s)
    found = False
    for name, tier in zip(draft.names, draft.tiers, strict=True):
        touched = [
            index
            for index, one in enumerate(tier)
            if abs(one.start_s - from_s) <= SAME_S or abs(one.end_s - from_s) <= SAME_S
        ]
        if not touched:
            continue
        found = True
        first, stop = max(touched[0] - 1, 0), touched[-1] + 2  # with those beside
        before = tier[first:stop]
        for index in touched:
            one = tier[index]
            start_s = target_s if abs(one.start_s - from_s) <= SAME_S else one.start_s
            end_s = target_s if abs(one.end_s - from_s) <= SAME_S else one.end_s
            tier[index] = Interval(start_s, end_s, one.label)
        _check_order(draft, name, before, tier[first:stop])
    if not found:
        raise draft.fail(f"no interval begins or ends at {from_s:g} s")


def _label(draft: _Draft, step: Label) -> None:
    words, index = draft.tiers[draft.words], _word_at(draft, step.start_s)
    _settle(draft, step.start_s)
    words[index] = replace(words[index], label=step.text)


def _split(draft: _Draft, step: Split) -> None:
    words, index = draft.tiers[draft.words], _word_at(draft, step.start_s)
    word = words[index]
    if not word.start_s + SAME_S < step.at_s < word.end_s - SAME_S:
        raise draft.fail(f"{shorten(word.label)} cannot be split at {step.at_s:g} s, outside of it")
    _settle(draft, step.start_s)
    for tier in [*draft.confidence, *([] if draft.phones is None else [draft.tiers[draft.phones]])]:
        _cut(tier, step.at_s)
    words[index : index + 1] = [
        Interval(word.start_s, step.at_s, step.left),
        Interval(step.at_s, word.end_s, step.right),
    ]


def _join(draft: _Draft, step: Join) -> None:
    words, index = draft.tiers[draft.words], _word_at(draft, step.start_s)
    last = index + 1
    while last < len(words) and fold(words[last].label) in UNNOTED:
        last += 1
    if last == len(words):
        raise draft.fail(f"no word follows {shorten(words[index].label)}")
    start_s, end_s = words[index].start_s, words[last].end_s
    words[index : last + 1] = [Interval(start_s, end_s, step.text)]
    for tier in draft.confidence:
        inside = [
            place
            for place, one in enumerate(tier)
            if start_s - SAME_S <= one.start_s and one.end_s <= end_s + SAME_S
        ]
        if inside:
            span = Interval(tier[inside[0]].start_s, tier[inside[-1]].end_s, _SURE)
            tier[inside[0] : inside[-1] + 1] = [span]


def _add(draft: _Draft, step: Add) -> None:
    words, (start_s, end_s, text) = draft.tiers[draft.words], step
    whole = draft.textgrid
    if not (whole.start_s <= start_s < end_s - SAME_S and end_s <= whole.end_s):
        raise draft.fail(f"no word lies from {start_s:g} to {end_s:g} s; give it another place")
    for one in words:
        apart = one.end_s <= start_s + SAME_S or one.start_s >= end_s - SAME_S
        if not apart and fold(one.label) not in UNNOTED:
            raise draft.fail(
                f"{shorten(one.label)} lies between {start_s:g} and {end_s:g} s already; add a "
                "word where there is silence"
            )
    for time_s in (start_s, end_s):
        _cut(words, time_s)
    kept = [one for one in words if one.end_s <= start_s + SAME_S or one.start_s >= end_s - SAME_S]
    words[:] = sorted([*kept, Interval(start_s, end_s, text)], key=lambda one: one.start_s)


def _word_at(draft: _Draft, start_s: float) -> int:
    """Return the place of the word that begins at a time."""
    for index, one in enumerate(draft.tiers[draft.words]):
        if abs(one.start_s - start_s) <= SAME_S:
            return index
    raise draft.fail(f"no word begins at {start_s:g} s")


def _cut(tier: list[Interval], at_s: float) -> None:
    """Cut the interval that holds a time into two of its label; an edge there stays as it is."""
    for index, one in enumerate(tier):
        if one.start_s + SAME_S < at_s < one.end_s - SAME_S:
            tier[index : index + 1] = [
                Interval(one.start_s, at_s, one.label),
                Interval(at_s, one.end_s, one.label),
            ]
            return


def _settle(draft: _Draft, time_s: float) -> None:
    """Take the doubts from the words that have an edge at a time."""
    for tier in draft.confidence:
        for index, one in enumerate(tier):
            near = min(abs(one.start_s - time_s), abs(one.end_s - time_s)) <= SAME_S
            if near and one.label.strip():
                tier[index] = replace(one, label=_SURE)


def _check_order(
    draft: _Draft, name: str, intervals: Sequence[Interval], moved: Sequence[Interval]
) -> None:
    """Refuse edges that pass each other, which they did not before."""
    for before, after in zip(intervals, moved, strict=True):
        if after.end_s - after.start_s <= SAME_S < before.end_s - before.start_s:
            raise draft.fail(
                f"{shorten(after.label)} of tier {name!r} would end at {after.end_s:g} s, before "
                f"its start at {after.start_s:g} s; move its other edge first"
            )
    for (left, right), (first, second) in zip(pairwise(intervals), pairwise(moved), strict=True):
        if second.start_s < first.end_s - SAME_S and right.start_s >= left.end_s - SAME_S:
            raise draft.fail(
                f"{shorten(first.label)} and {shorten(second.label)} of tier {name!r} would "
                f"overlap at {second.start_s:g} s; move another edge first"
            )
