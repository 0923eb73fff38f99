"""Tables of words and numbers, on a terminal and as Markdown."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from lemf import OutputError
from lemf.runtime.output import check_output

FIGURES_NAME = "figures"

Cell = str | float | None


def prepare_folder(folder: Path, names: Iterable[str], *, force: bool) -> None:
    """Make an output folder, and refuse before any work what could not be written after it.

    Parameters
    ----------
    folder : Path
    names : iterable of str
        Files that will be written into it.
    force : bool
        Whether existing files may be replaced.

    Raises
    ------
    lemf.LemfError
        The folder cannot be made, or a file exists and `force` is not set.
    """
    try:
        (folder / FIGURES_NAME).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: no folder can be made there ({error.strerror})") from error
    for name in names:
        check_output(folder / name, force=force)


def format_csv(rows: Iterable[Sequence[Cell]]) -> bytes:
    """Write rows as csv, the first with the names of the columns; NaN and None are empty."""
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(
        ["" if _is_nan(cell) else cell for cell in row] for row in rows
    )
    return stream.getvalue().encode()


def _is_nan(cell: Cell) -> bool:
    return isinstance(cell, float) and math.isnan(cell)


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
