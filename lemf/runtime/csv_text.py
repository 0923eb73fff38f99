"""Rows of a table -> CSV that every reader splits as it was written."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Any

_ENDS = "\r\n"  # a cell that holds one of these is quoted


class _Lines:
    """Takes the rows of `csv.writer` and ends them in a line feed alone."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, line: str) -> None:
        self.lines.append(line.removesuffix(_ENDS) + "\n")


def format_rows(rows: Iterable[Iterable[Any]]) -> str:
    """Format rows as CSV: None is empty, numbers have full precision, lines end in a line feed.

    Cells with commas, quotes, line feeds or carriage returns are quoted. With lines that end in a
    line feed, `csv.writer` leaves carriage returns unquoted before Python 3.13, and readers take
    them for the end of a row.
    """
    stream = _Lines()
    csv.writer(stream, lineterminator=_ENDS).writerows(rows)
    return "".join(stream.lines)


def format_named_rows(rows: Iterable[dict[str, Any]]) -> str:
    """Format rows of the same or fewer names as CSV, under all names in the order they come."""
    rows = list(rows)
    names = list(dict.fromkeys(name for row in rows for name in row))
    return format_rows([names, *([row.get(name, "") for name in names] for row in rows)])
