"""Tables of words and numbers, on a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TextIO

_WIDEST = 1000  # characters of a line in a file, which has no edge to break words at


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of words and numbers, ready to be printed.

    Attributes
    ----------
    title : str
    head : tuple of str
        The first column is of words, the others are of numbers.
    rows : tuple of tuple of str
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def print_tables(tables: Iterable[Table], stream: TextIO) -> None:
    """Print tables, within the width of a terminal where the stream is one."""
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    width = None if stream.isatty() else _WIDEST
    console = Console(file=stream, highlight=False, width=width)
    for number, table in enumerate(tables):
        if number:
            console.print()
        console.print(Text(table.title, style="bold"))
        printed = RichTable(box=None, padding=(0, 2, 0, 0), header_style="dim")
        printed.add_column(table.head[0], overflow="fold")
        for name in table.head[1:]:
            printed.add_column(name, justify="right", no_wrap=True)
        for row in table.rows:
            printed.add_row(*map(Text, row))
        console.print(printed)


def format_markdown(tables: Iterable[Table], level: int = 2) -> str:
    """Write tables as Markdown, each under a heading of the given level."""
    parts = []
    for table in tables:
        lines = [f"{'#' * level} {table.title}", ""]
        lines.append(_markdown_row(table.head))
        lines.append(_markdown_row(["---", *["--:"] * (len(table.head) - 1)]))
        lines += [_markdown_row(row) for row in table.rows]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _markdown_row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
