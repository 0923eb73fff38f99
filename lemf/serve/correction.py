"""A TextGrid and what a user corrected -> the corrected TextGrid.

An edge that is moved takes along the edges of all tiers of intervals that lie at the same time, so
that a word and its last phone still end together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from lemf.errors import TextGridError, shown
from lemf.reading.formats.praat_tokens import shorten
from lemf.reading.textgrid import Interval, IntervalTier, TextGrid, Tier
from lemf.reading.tiers import CONFIDENCE_TIER

SAME_S = 1e-6  # up to which two edges are one
_FAR_S = 1e9  # beyond any recording; NaN is not below either
_LONGEST_LABEL = 200  # characters
_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Correction:
    """What was changed in a TextGrid.

    Attributes
    ----------
    moves : tuple of (float, float)
        Edges: the time in the file and the new time, in seconds.
    labels : tuple of (float, str)
        Words: the start in the file, in seconds, and what the word is now; empty for silence.
    """

    moves: tuple[tuple[float, float], ...] = ()
    labels: tuple[tuple[float, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.moves or self.labels)

    @property
    def note(self) -> str:
        """What results say of the correction."""
        edges, words = len(self.moves), len(self.labels)
        return f"corrected by hand: edges moved {edges}, words changed {words}"


def read_correction(content: Mapping[str, Any]) -> Correction:
    """Convert what a page sends to a correction.

    Parameters
    ----------
    content : mapping
        ``moves``: pairs of times; ``labels``: pairs of a time and a word.

    Raises
    ------
    TextGridError
        Other content.
    """
    moves, labels = content.get("moves", []), content.get("labels", [])
    if not (isinstance(moves, list) and isinstance(labels, list)):
        raise TextGridError("corrections: expected lists of moves and labels")
    return Correction(
        tuple((_time(a), _time(b)) for a, b in map(_pair, moves)),
        tuple((_time(a), _label(b)) for a, b in map(_pair, labels)),
    )


def _pair(value: object) -> tuple[object, object]:
    if not (isinstance(value, list) and len(value) == 2):
        raise TextGridError(f"corrections: expected a pair, not {shown(value)}")
    return value[0], value[1]


def _time(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < _FAR_S:
        raise TextGridError(f"corrections: expected a time in seconds, not {shown(value)}")
    return float(value)


def _label(value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_LABEL:
        raise TextGridError(
            f"word {shown(value)}: write a word of at most {_LONGEST_LABEL} characters"
        )
    label = " ".join(value.split())
    if _CONTROL.search(label):
        raise TextGridError(f"word {shown(value)}: holds what is no letter; write the word anew")
    return label


def correct(textgrid: TextGrid, words: IntervalTier, correction: Correction) -> TextGrid:
    """Correct a TextGrid.

    Parameters
    ----------
    textgrid : TextGrid
    words : IntervalTier
        The tier of its words.
    correction : Correction

    Returns
    -------
    TextGrid
        With a note; the TextGrid itself where nothing was corrected.

    Raises
    ------
    TextGridError
        No edge or word is where the correction says; an edge would pass another or the end.
    """
    if not correction:
        return textgrid
    moves = {_key(a): b for a, b in correction.moves}
    held = {
        _key(edge)
        for tier in textgrid.tiers
        if isinstance(tier, IntervalTier)
        for one in tier.intervals
        for edge in (one.start_s, one.end_s)
    }
    for place_s, target_s in correction.moves:
        if _key(place_s) not in held:
            raise TextGridError(f"{textgrid.path}: no interval begins or ends at {place_s:g} s")
        if not textgrid.start_s <= target_s <= textgrid.end_s:
            raise TextGridError(
                f"{textgrid.path}: {target_s:g} s lies outside the {textgrid.end_s:g} s; "
                "move the edge to another place"
            )
    tiers = tuple(_correct_tier(textgrid.path, tier, words, moves, correction) for tier in
                  textgrid.tiers)  # fmt: skip
    return replace(textgrid, tiers=tiers, notes=(*textgrid.notes, correction.note))


def _key(time_s: float) -> int:
    return round(time_s / SAME_S)


def _correct_tier(
    path: str, tier: Tier, words: IntervalTier, moves: Mapping[int, float], correction: Correction
) -> Tier:
    if not isinstance(tier, IntervalTier):
        return tier
    labels = {_key(start_s): label for start_s, label in correction.labels} if tier is words else {}
    unknown = labels.keys() - {_key(one.start_s) for one in tier.intervals}
    if unknown:
        raise TextGridError(f"{path}: no word begins at {min(unknown) * SAME_S:g} s")
    if tier.name.lower() == CONFIDENCE_TIER:  # nobody doubts what was set by hand
        set_by_hand = {*moves, *map(_key, dict(correction.labels))}
        for one in tier.intervals:
            if one.label.strip() and not set_by_hand.isdisjoint(
                map(_key, (one.start_s, one.end_s))
            ):
                labels[_key(one.start_s)] = "1"
    intervals = tuple(
        Interval(
            moves.get(_key(one.start_s), one.start_s),
            moves.get(_key(one.end_s), one.end_s),
            labels.get(_key(one.start_s), one.label),
        )
        for one in tier.intervals
    )
    if intervals != tier.intervals:
        _check_order(path, tier, intervals)
    return replace(tier, intervals=intervals)


def _check_order(path: str, tier: IntervalTier, intervals: tuple[Interval, ...]) -> None:
    """Refuse edges that pass each other, which they did not before."""
    for before, after in zip(tier.intervals, intervals, strict=True):
        if after.end_s - after.start_s <= SAME_S < before.end_s - before.start_s:
            raise TextGridError(
                f"{path}: {shorten(after.label)} of tier {tier.name!r} would end at "
                f"{after.end_s:g} s, before its start at {after.start_s:g} s; move its other edge "
                "first"
            )
    for (left, right), (first, second) in zip(
        pairwise(tier.intervals), pairwise(intervals), strict=True
    ):
        if second.start_s < first.end_s - SAME_S and right.start_s >= left.end_s - SAME_S:
            raise TextGridError(
                f"{path}: {shorten(first.label)} and {shorten(second.label)} of tier "
                f"{tier.name!r} would overlap at {second.start_s:g} s; move another edge first"
            )
