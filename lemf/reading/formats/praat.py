"""Read TextGrids of Praat, tier by tier: long and short text, chronological, binary.

The geometry of the intervals is not checked here; `lemf.reading.geometry` checks the tiers that are
used.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NoReturn, TypeVar

from lemf.errors import TextGridError
from lemf.reading.formats.praat_escapes import replace_escapes
from lemf.reading.formats.praat_tokens import (
    BINARY_MAGIC,
    PraatTokens,
    read_text,
    shorten,
    tokenise,
)
from lemf.reading.textgrid import Interval, IntervalTier, Point, PointTier, TextGrid, Tier

_Entry = TypeVar("_Entry", Interval, Point)

_FILE_TYPES = (b"ooTextFile", b"ooBinaryFile", b"Praat chronological")
_ADVICE = "not a TextGrid; in Praat, select the TextGrid and choose Save as text file"
# The lines of a long text file as Praat and others write them
_SECONDS = r"= ([0-9]{1,9}(?:\.[0-9]*)?(?:[eE]-[0-9]{1,3})?)[ \t]*\n"
_COUNT = r"= ([0-9]{1,9})[ \t]*(?:\n|\Z)"
_PLAIN_HEAD = re.compile(
    r'File type = "ooTextFile"\s+Object class = "TextGrid"\s+'
    rf"xmin {_SECONDS}\s*xmax {_SECONDS}\s*tiers\? <exists>\s+size {_COUNT}\s*item \[\]:?\s*\n"
)
_PLAIN_TIER = re.compile(
    r'\s*item \[[0-9]+\]:?\s*class = "IntervalTier"\s+name = "([^"]*)"\s+'
    rf"xmin {_SECONDS}\s*xmax {_SECONDS}\s*intervals: size {_COUNT}"
)
_PLAIN_INTERVAL = re.compile(
    rf"[ \t]*intervals \[[0-9]+\]:?[ \t]*\n[ \t]*xmin {_SECONDS}[ \t]*xmax {_SECONDS}"
    r'[ \t]*text = "([^"\n]*)"[ \t]*(?:\n|\Z)'
)
_LINES_PER_INTERVAL = 4
_CUT_TOLERANCE_S = 0.001  # writers that round times end the last interval a little early


def is_praat(head: bytes) -> bool:
    """Check whether the first bytes of a file, in any encoding, name a file type of Praat."""
    ascii_head = head.replace(b"\0", b"")  # of UTF-16, too
    return any(name in ascii_head for name in _FILE_TYPES)


def parse_praat(content: str | bytes, path: str, encoding: str | None = None) -> TextGrid:
    """Read the content of a file of Praat; parameters and errors are those of `parse_textgrid`."""
    notes: tuple[str, ...] = ()
    if isinstance(content, str) or not content.startswith(BINARY_MAGIC):
        content, notes = read_text(content, path, encoding)
        if plain := _read_plain(content, path, notes):
            return plain
    tokens = tokenise(content, path, encoding)
    tokens.notes = notes
    if tokens.peek_kind() != "string":
        raise TextGridError(f"{path}: {_ADVICE}")
    file_type = tokens.take_string("the file type")
    if file_type == "Praat chronological TextGrid text file":
        return _read_chronological(tokens)
    if not file_type.startswith("oo") or tokens.peek_kind() != "string":
        raise TextGridError(f"{path}: {_ADVICE}")
    object_class = tokens.take_string("the object class")
    if object_class != "TextGrid":
        raise TextGridError(f"{path}: a Praat file of class {shorten(object_class)}, {_ADVICE}")
    return _read_tier_by_tier(tokens)


def _read_plain(text: str, path: str, notes: tuple[str, ...]) -> TextGrid | None:
    """Read intervals from the lines that most programs write, in a fifth of the time.

    None for any other text, which is read token by token, to the same result.
    """
    head = _PLAIN_HEAD.match(text)
    if head is None:
        return None
    place, line = head.end(), 1 + text.count("\n", 0, head.end())
    tiers: list[Tier] = []
    for _ in range(int(head[3])):
        if (announced := _PLAIN_TIER.match(text, place)) is None:
            return None
        line += text.count("\n", place, announced.end())
        place = announced.end()
        intervals = []
        for _ in range(int(announced[4])):
            if (found := _PLAIN_INTERVAL.match(text, place)) is None:
                return None
            start_s, end_s, label = found.groups()
            intervals.append(Interval(float(start_s), float(end_s), label, line + 1))
            place = found.end()
            line += _LINES_PER_INTERVAL
        name, start_s, end_s, _ = announced.groups()
        tiers.append(IntervalTier(name, float(start_s), float(end_s), tuple(intervals)))
    if text[place:].strip():
        return None
    tiers = [*map(_in_letters, tiers)] if "\\" in text else tiers
    return TextGrid(float(head[1]), float(head[2]), tuple(tiers), path, notes)


def _read_tier_by_tier(tokens: PraatTokens) -> TextGrid:
    start_s = tokens.take_number("the start of the TextGrid")
    end_s = tokens.take_number("the end of the TextGrid")
    tiers: list[Tier] = []
    exists = tokens.take_flag("the flag <exists> of the tiers")
    if exists not in ("<exists>", "<absent>"):
        tokens.fail(f"expected the flag <exists> of the tiers, found {shorten(exists)}")
    if exists == "<absent>" and not tokens.at_end:
        tokens.fail("the file says that it has no tiers, but more follows")
    if exists == "<exists>":
        n_tiers = tokens.take_count("the number of tiers")
        for number in range(1, n_tiers + 1):
            if tiers and tokens.peek_kind() == "number":
                _fail_too_many(tokens, tiers[-1])
            tiers.append(_read_tier(tokens, number, n_tiers))
        if tiers and tokens.peek_kind() == "number":
            _fail_too_many(tokens, tiers[-1])
        if not tokens.at_end:
            tokens.fail(f"more follows after the {n_tiers} tiers that the file announces")
    return _text_grid(tokens, start_s, end_s, tiers)


def _fail_too_many(tokens: PraatTokens, tier: Tier) -> NoReturn:
    count = len(tier.intervals) if isinstance(tier, IntervalTier) else len(tier.points)
    tokens.fail(f"tier {shorten(tier.name)} has more entries than the {count} that it announces")


def _read_tier(tokens: PraatTokens, number: int, n_tiers: int) -> Tier:
    where = f"tier {number} of {n_tiers}"
    tier_class = tokens.take_string(f"the class of {where}")
    if tier_class not in ("IntervalTier", "TextTier"):
        tokens.fail(f"{where} is of class {shorten(tier_class)}, not IntervalTier or TextTier")
    name = tokens.take_string(f"the name of {where}")
    shown = shorten(name)
    start_s = tokens.take_number(f"the start of tier {shown}")
    end_s = tokens.take_number(f"the end of tier {shown}")
    count = tokens.take_count(f"the number of entries of tier {shown}")
    if tier_class == "TextTier":
        points = tuple(
            _read_point(tokens, f"point {i} of {count} of tier {shown}")
            for i in range(1, count + 1)
        )
        return PointTier(name, start_s, end_s, points)
    intervals = tuple(
        _read_interval(tokens, f"interval {i} of {count} of tier {shown}")
        for i in range(1, count + 1)
    )
    return IntervalTier(name, start_s, end_s, intervals)


def _read_interval(tokens: PraatTokens, where: str) -> Interval:
    start_s = tokens.take_number(f"the start of {where}")
    line = tokens.line()
    end_s = tokens.take_number(f"the end of {where}")
    return Interval(start_s, end_s, tokens.take_string(f"the label of {where}"), line)


def _read_point(tokens: PraatTokens, where: str) -> Point:
    time_s = tokens.take_number(f"the time of {where}")
    return Point(time_s, tokens.take_string(f"the label of {where}"))


def _read_chronological(tokens: PraatTokens) -> TextGrid:
    # Heads of the tiers
    start_s = tokens.take_number("the start of the TextGrid")
    end_s = tokens.take_number("the end of the TextGrid")
    n_tiers = tokens.take_count("the number of tiers")
    heads: list[tuple[str, str, float, float]] = []
    for number in range(1, n_tiers + 1):
        tier_class = tokens.take_string(f"the class of tier {number} of {n_tiers}")
        if tier_class not in ("IntervalTier", "TextTier"):
            tokens.fail(
                f"tier {number} is of class {shorten(tier_class)}, not IntervalTier or TextTier"
            )
        name = tokens.take_string(f"the name of tier {number} of {n_tiers}")
        low_s = tokens.take_number(f"the start of tier {shorten(name)}")
        high_s = tokens.take_number(f"the end of tier {shorten(name)}")
        heads.append((tier_class, name, low_s, high_s))

    # Entries, in the order of time
    shown = [shorten(name) for _, name, _, _ in heads]
    intervals: list[list[Interval]] = [[] for _ in heads]
    points: list[list[Point]] = [[] for _ in heads]
    while not tokens.at_end:
        number = tokens.take_count("the number of a tier")
        if not 1 <= number <= n_tiers:
            tokens.fail(f"an entry of tier {number}, but the file announces {n_tiers} tiers")
        tier_class = heads[number - 1][0]
        if tier_class == "TextTier":
            points[number - 1].append(_read_point(tokens, f"a point of tier {shown[number - 1]}"))
        else:
            intervals[number - 1].append(
                _read_interval(tokens, f"an interval of tier {shown[number - 1]}")
            )

    # Tiers that reach their ends
    for (_, name, _, high_s), entries in zip(heads, intervals, strict=True):
        if entries and entries[-1].end_s < high_s - _CUT_TOLERANCE_S:
            tokens.fail(
                f"tier {shorten(name)} goes to {high_s:g} s but its last interval ends at "
                f"{entries[-1].end_s:g} s; the file is cut off"
            )
    tiers: list[Tier] = [
        PointTier(name, low, high, tuple(points[i]))
        if tier_class == "TextTier"
        else IntervalTier(name, low, high, tuple(intervals[i]))
        for i, (tier_class, name, low, high) in enumerate(heads)
    ]
    return _text_grid(tokens, start_s, end_s, tiers)


def _text_grid(tokens: PraatTokens, start_s: float, end_s: float, tiers: list[Tier]) -> TextGrid:
    """Build the TextGrid, with letters for Praat's backslash sequences."""
    return TextGrid(start_s, end_s, tuple(map(_in_letters, tiers)), tokens.path, tokens.notes)


def _in_letters(tier: Tier) -> Tier:
    (name,) = replace_escapes([tier.name])
    if isinstance(tier, IntervalTier):
        labels = replace_escapes([interval.label for interval in tier.intervals])
        intervals = zip(tier.intervals, labels, strict=True)
        return replace(tier, name=name, intervals=tuple(_labelled(*one) for one in intervals))
    labels = replace_escapes([point.label for point in tier.points])
    points = zip(tier.points, labels, strict=True)
    return replace(tier, name=name, points=tuple(_labelled(*one) for one in points))


def _labelled(entry: _Entry, label: str) -> _Entry:
    return entry if entry.label == label else replace(entry, label=label)
