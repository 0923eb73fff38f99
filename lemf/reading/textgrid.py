"""Read TextGrids of Praat, tier by tier.

Every format that Praat saves is read (long and short text, chronological, binary). The geometry of
the intervals is not checked here; `lemf.reading.alignment` checks the tiers that it uses.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import NoReturn

from lemf.errors import TextGridError
from lemf.reading.praat_tokens import PraatTokens, shorten, tokenise
from lemf.reading.sources import Source, read_source, source_name
from lemf.runtime.input import read_input


@dataclass(frozen=True)
class Interval:
    """A labelled stretch of time in seconds; `line` is its line in the file, 0 if unknown."""

    start_s: float
    end_s: float
    label: str
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Point:
    """A labelled instant in seconds."""

    time_s: float
    label: str


@dataclass(frozen=True)
class IntervalTier:
    """A tier of intervals from `start_s` to `end_s` seconds, in the order of the file."""

    name: str
    start_s: float
    end_s: float
    intervals: tuple[Interval, ...]


@dataclass(frozen=True)
class PointTier:
    """A tier of points (Praat's class name is TextTier), in the order of the file."""

    name: str
    start_s: float
    end_s: float
    points: tuple[Point, ...]


Tier = IntervalTier | PointTier

_FILE_TYPES = (b"ooTextFile", b"ooBinaryFile", b"Praat chronological")
_MOST_BYTES = 500_000_000  # far above the TextGrid of a day of speech
_HEAD = 1000  # bytes in which the file type must occur
_CUT_TOLERANCE_S = 0.001  # writers that round times end the last interval a little early


@dataclass(frozen=True)
class TextGrid:
    """All tiers of a TextGrid from `start_s` to `end_s` seconds; `path` names it in messages."""

    start_s: float
    end_s: float
    tiers: tuple[Tier, ...]
    path: str = field(default="<TextGrid>", compare=False)


def read_textgrid(source: Source) -> TextGrid:
    """Read a TextGrid in any format of Praat and any of its encodings.

    Long, short and chronological text, and binary; UTF-8 with or without a byte order mark, UTF-16
    of both byte orders, and Latin-1 for bytes that are not UTF-8; line ends of every system.

    Parameters
    ----------
    source : path, bytes of a file, or file object
        A file object is opened as binary or as text, and seekable; it is read from its start,
        whatever its position, and stays open. A str is a path: `parse_textgrid` reads a text.

    Returns
    -------
    TextGrid

    Raises
    ------
    TextGridError
        The file is missing, cut off or not a TextGrid, or its counts do not match its content; a
        file object that is closed or not seekable.
    """
    name = source_name(source)
    if not isinstance(source, str | os.PathLike):
        return parse_textgrid(read_source(source, TextGridError), name)
    try:
        content = read_input(source, TextGridError, most_bytes=_MOST_BYTES)
    except (OSError, ValueError) as error:
        if "\n" in name:
            remedy = "parse_textgrid reads the text of a TextGrid"
            raise TextGridError(f"{shorten(name)}: not a path; {remedy}") from None
        if isinstance(error, FileNotFoundError):
            raise TextGridError(f"{name}: there is no such TextGrid; check the path") from None
        reason = getattr(error, "strerror", None) or error
        raise TextGridError(f"{name}: the TextGrid cannot be read ({reason})") from error
    return parse_textgrid(content, name)


def parse_textgrid(content: str | bytes, path: str = "<TextGrid>") -> TextGrid:
    """Read the content of a TextGrid.

    Parameters
    ----------
    content : str or bytes
        In any format of `read_textgrid`.
    path : str
        Name of the TextGrid in messages.

    Returns
    -------
    TextGrid

    Raises
    ------
    TextGridError
        As `read_textgrid`.
    """
    raw = content.encode(errors="replace") if isinstance(content, str) else content
    if not raw.strip(b"\0 \t\r\n"):
        raise TextGridError(f"{path}: the file is empty; export the TextGrid again")
    advice = "not a TextGrid; in Praat, select the TextGrid and choose Save as text file"
    head = raw[:_HEAD].replace(b"\0", b"")  # UTF-16 reads as ASCII then
    if not any(name in head for name in _FILE_TYPES):
        raise TextGridError(f"{path}: {advice}")
    tokens = tokenise(content, path)
    if tokens.peek_kind() != "string":
        raise TextGridError(f"{path}: {advice}")
    file_type = tokens.take_string("the file type")
    if file_type == "Praat chronological TextGrid text file":
        return _read_chronological(tokens)
    if not file_type.startswith("oo") or tokens.peek_kind() != "string":
        raise TextGridError(f"{path}: {advice}")
    object_class = tokens.take_string("the object class")
    if object_class != "TextGrid":
        raise TextGridError(f"{path}: a Praat file of class {shorten(object_class)}, {advice}")
    return _read_tier_by_tier(tokens)


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
    return TextGrid(start_s, end_s, tuple(tiers), tokens.path)


def _fail_too_many(tokens: PraatTokens, tier: Tier) -> NoReturn:
    count = len(tier.intervals) if isinstance(tier, IntervalTier) else len(tier.points)
    tokens.fail(f"tier {tier.name!r} has more entries than the {count} that it announces")


def _read_tier(tokens: PraatTokens, number: int, n_tiers: int) -> Tier:
    where = f"tier {number} of {n_tiers}"
    tier_class = tokens.take_string(f"the class of {where}")
    if tier_class not in ("IntervalTier", "TextTier"):
        tokens.fail(f"{where} is of class {shorten(tier_class)}, not IntervalTier or TextTier")
    name = tokens.take_string(f"the name of {where}")
    start_s = tokens.take_number(f"the start of tier {name!r}")
    end_s = tokens.take_number(f"the end of tier {name!r}")
    count = tokens.take_count(f"the number of entries of tier {name!r}")
    if tier_class == "TextTier":
        points = tuple(
            _read_point(tokens, f"point {i} of {count} of tier {name!r}")
            for i in range(1, count + 1)
        )
        return PointTier(name, start_s, end_s, points)
    intervals = tuple(
        _read_interval(tokens, f"interval {i} of {count} of tier {name!r}")
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
        low_s = tokens.take_number(f"the start of tier {name!r}")
        high_s = tokens.take_number(f"the end of tier {name!r}")
        heads.append((tier_class, name, low_s, high_s))

    # Entries, in the order of time
    intervals: list[list[Interval]] = [[] for _ in heads]
    points: list[list[Point]] = [[] for _ in heads]
    while not tokens.at_end:
        number = tokens.take_count("the number of a tier")
        if not 1 <= number <= n_tiers:
            tokens.fail(f"an entry of tier {number}, but the file announces {n_tiers} tiers")
        tier_class, name = heads[number - 1][:2]
        if tier_class == "TextTier":
            points[number - 1].append(_read_point(tokens, f"a point of tier {name!r}"))
        else:
            intervals[number - 1].append(_read_interval(tokens, f"an interval of tier {name!r}"))

    # Tiers that reach their ends
    for (_, name, _, high_s), entries in zip(heads, intervals, strict=True):
        if entries and entries[-1].end_s < high_s - _CUT_TOLERANCE_S:
            tokens.fail(
                f"tier {name!r} goes to {high_s:g} s but its last interval ends at "
                f"{entries[-1].end_s:g} s; the file is cut off"
            )
    tiers = tuple(
        PointTier(name, low, high, tuple(points[i]))
        if tier_class == "TextTier"
        else IntervalTier(name, low, high, tuple(intervals[i]))
        for i, (tier_class, name, low, high) in enumerate(heads)
    )
    return TextGrid(start_s, end_s, tiers, tokens.path)
