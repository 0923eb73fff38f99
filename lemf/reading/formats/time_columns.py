"""Tables of labels with times, with or without a head, between blanks, tabs or other signs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

CLOCK = r"\d{1,3}:\d\d(?::\d\d)?(?:[.,]\d+)?"

_NUMBER = re.compile(r"-?\d+(?:\.\d+|,(?!\d{3}\b)\d+)?(?:e-?\d+)?")  # 10,000 is no fraction
_TIME = re.compile(  # no time of day
    rf"{_NUMBER.pattern}|\d{{1,3}}:\d\d:\d\d(?:[.,]\d+)?|\d{{1,3}}:\d\d[.,]\d+"
)
_WHOLE = re.compile(r"\d+")
_EXACT = re.compile(r"-?\d+\.\d{3,}")  # times that a tool wrote
_PRECISE = re.compile(r"\d+\.\d\d+")
_CHANNEL = re.compile(r"\d|[A-Za-z]")
_HEADING = re.compile(
    r"(?:t|time|word|segment|utt\w*)?[ _]?"
    r"(?:start|end|begin|stop|onset|offset|dur\w*|min|max|from|to)"
    r"(?:[ _]?(?:time\w*|s|ms|sec\w*|samples?|frames?))?(?: ?[\[(]\w+[\])])?",
    re.IGNORECASE,
)
_DELIMITERS = ("\t", ";", "|", ",", None)  # None: blanks
_LAST_COLUMN = 5  # in which a start stands
# Whole numbers from which on they are samples, ms or units of 100 ns; lower ones may be read aloud
_SHORTEST_END = 1000
_SHORTEST_END_ALONE = 3000  # and no years

_Row = list[str]


def have_time_columns(lines: Sequence[str]) -> bool:
    """Check whether all lines have a start and an end, or a length, in the same two columns.

    Parameters
    ----------
    lines : sequence of str
        At least one, each without blanks around it; a first line may name the columns.
    """
    return any(
        _are_times(rows, column, delimiter)
        for delimiter, rows in _tables(lines)
        for column in range(min(_LAST_COLUMN, *map(len, rows)) + 1)
        if all(len(row) > column + 1 for row in rows)
    )


def _tables(lines: Sequence[str]) -> Iterator[tuple[str | None, list[_Row]]]:
    """Yield the fields of all lines for each sign that may part them."""
    for delimiter in _DELIMITERS:
        rows = [[field.strip(" \"'") for field in line.split(delimiter)] for line in lines]
        if len(rows) > 1 and sum(map(bool, map(_HEADING.fullmatch, rows[0]))) > 1:
            rows = rows[1:]
        if min(map(len, rows)) > 1:
            yield delimiter, rows


def _are_times(rows: Sequence[_Row], column: int, delimiter: str | None) -> bool:
    fields = [(row[column], row[column + 1]) for row in rows]
    if not all(_TIME.fullmatch(field) for pair in fields for field in pair):
        return False
    times = [(_seconds(start), _seconds(end)) for start, end in fields]
    rise = all(before <= after for (before, _), (after, _) in pairwise(times))
    are_spans = all(start <= end for start, end in times)
    exact = [_WHOLE.fullmatch(field) is None for pair in fields for field in pair]
    labels = [" ".join((*row[:column], *row[column + 2 :])) for row in rows]
    labelled = any(any(map(str.isalpha, label)) for label in labels)
    if not (rise and (labelled or delimiter == "\t")):
        return False
    if not any(exact):
        return are_spans and column < min(2, len(rows)) and _are_units(times)
    if len(rows) > 1:
        return are_spans or (column > 1 and all(exact))  # else lengths, as in CTM
    if delimiter is not None:
        return are_spans and (delimiter != "," or ", " not in labels[0])
    return _is_single(rows[0], column) and (are_spans or column > 1)


def _are_units(times: Sequence[tuple[float, float]]) -> bool:
    """Check whether pairs of whole numbers count samples, frames, ms or units of 100 ns."""
    if len(times) > 1 and all(end == start for (_, end), (start, _) in pairwise(times)):
        return True
    return times[-1][1] >= _SHORTEST_END and (len(times) > 1 or times[0][0] == 0)


def _is_single(row: _Row, column: int) -> bool:
    """Check whether a single line between blanks has times, such as one of CTM, and no numbers."""
    start, end = row[column : column + 2]
    if len(row) < column + 3:
        return False
    if column == 0:
        zero = _seconds(start) == 0 and not _WHOLE.fullmatch(end) and not _TIME.fullmatch(row[2])
        return zero or bool(_EXACT.fullmatch(start) and _EXACT.fullmatch(end))
    precise = bool(_PRECISE.fullmatch(start) and _PRECISE.fullmatch(end))
    has_tags = row[column + 2].startswith("<")  # of STM
    return column in (2, 3) and (precise or has_tags) and bool(_CHANNEL.fullmatch(row[1]))


def are_times_and_labels(lines: Sequence[str]) -> bool:
    """Check whether all lines are a time and a label in the one or the other order."""
    for delimiter, rows in _tables(lines):
        if delimiter is None and any(len(row) != 2 for row in rows):
            continue
        for column in (0, -1):
            fields = [row[column] for row in rows]
            if all(map(_TIME.fullmatch, fields)) and _are_moments(fields, delimiter, column):
                return True
    return False


def _are_moments(fields: Sequence[str], delimiter: str | None, column: int) -> bool:
    times = list(map(_seconds, fields))
    if not all(before <= after for before, after in pairwise(times)):
        return False
    if all(map(_WHOLE.fullmatch, fields)):
        return column == 0 and len(fields) > 1 and times[-1] >= _SHORTEST_END_ALONE
    if all(map(_EXACT.fullmatch, fields)) or (delimiter in ("\t", ";", "|") and column == 0):
        return len(fields) > 1
    return len(fields) > 2


def _seconds(field: str) -> float:
    """Convert a number or a time of a clock; units do not matter here."""
    value = 0.0
    for part in field.replace(",", ".").split(":"):
        value = value * 60 + float(part)
    return value
