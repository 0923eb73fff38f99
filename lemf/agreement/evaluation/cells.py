"""Numbers as the tables of an evaluation show them, and Markdown of tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from lemf.agreement.bootstrap import Intervals, Unit


def two_digits(value: float) -> str:
    """Format a measure with two decimals; a dash for NaN."""
    return "-" if math.isnan(value) else f"{value + 0.0:.2f}".replace("-0.00", "0.00")


def short(value: float) -> str:
    """Write 0.34 as .34, which keeps columns narrow."""
    return two_digits(value).replace("0.", ".", 1)


def short_span(low: float, high: float) -> str:
    """Write an interval as two short numbers; nothing for NaN."""
    return "" if math.isnan(low) else f"{short(low)} {short(high)}"


def signed(value: float) -> str:
    """Format a difference with its sign; a dash for NaN."""
    return "-" if math.isnan(value) else f"{value + 0.0:+.2f}"


def cells(
    measures: Mapping[str, float], intervals: Intervals, unit: Unit, names: Iterable[str]
) -> list[str]:
    """Format measures, each with its interval behind it."""
    return [
        two_digits(measures[name])
        if math.isnan(measures[name])
        else f"{two_digits(measures[name])} [{', '.join(map(two_digits, intervals[unit][name]))}]"
        for name in names
    ]


def markdown_cell(text: str) -> str:
    """Escape a text from the user for a cell or a line of Markdown; line breaks become blanks."""
    return " ".join(text.split()).replace("|", "\\|")


def markdown_name(name: str, *, baseline: bool) -> str:
    """Escape the name of a system; that of a baseline is in italics."""
    escaped = markdown_cell(name)
    return f"*{escaped}*" if baseline else escaped


def markdown_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Format a table in Markdown."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def plain(measures: Mapping[str, float]) -> dict[str, float | None]:
    """Return measures with None for NaN, as JSON takes them."""
    return {name: None if math.isnan(value) else value for name, value in measures.items()}


def plain_intervals(intervals: Intervals) -> dict[str, dict[str, list[float] | None]]:
    """Return intervals as lists, None for NaN."""
    return {
        unit: {
            name: None if math.isnan(low) else [low, high] for name, (low, high) in spans.items()
        }
        for unit, spans in intervals.items()
    }
