"""Output folders and formats: CSV, figures, wav, and tables for people."""

from __future__ import annotations

import io
import math
import wave
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np

from lemf import OutputError
from lemf.runtime.console import printable
from lemf.runtime.csv_text import format_rows
from lemf.runtime.output import FigureFormat, check_output, write_output

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

FIGURES_NAME = "figures"
METRICS_NAME = "metrics.json"
REPORT_NAME = "report.md"
SKIPPED_NAME = "skipped.csv"

_FILE_WIDTH = 1000  # characters per line where the output is a file, so that no line is wrapped

Cell = str | float | None


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, where they are missing.

    Raises
    ------
    lemf.OutputError
        The folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OutputError(
            f"{folder}: the folder cannot be made ({reason}); name another"
        ) from error


def replace_output(path: Path, content: bytes) -> None:
    """Write a file in place of another.

    Raises
    ------
    lemf.OutputError
        The file cannot be written.
    """
    write_output(path, content, force=True)


def write_once(path: Path, content: bytes, *, force: bool = False) -> None:
    """Write a file and its folder, unless the file is there with this content.

    Raises
    ------
    lemf.OutputError
        The file cannot be written, or exists with other content and `force` is not set.
    """
    if path.is_file() and path.read_bytes() == content:
        return
    make_folder(path.parent)
    write_output(path, content, force=force)


def prepare_folder(folder: Path, names: Iterable[str], *, force: bool) -> None:
    """Make an output folder, and check before any work that the files can be written.

    Parameters
    ----------
    folder : Path
    names : iterable of str
        Files that will be written into the folder.
    force : bool
        Whether existing files may be replaced.

    Raises
    ------
    lemf.OutputError
        The folder cannot be made, or a file exists and `force` is not set.
    """
    make_folder(folder / FIGURES_NAME)
    for name in names:
        check_output(folder / name, force=force)


def render_figure(figure: Figure, file_format: FigureFormat = "png") -> bytes:
    """Render a figure as a file; the same figure gives the same bytes."""
    import matplotlib as mpl

    stream = io.BytesIO()
    metadata = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with mpl.rc_context({"svg.hashsalt": "msfser", "pdf.fonttype": 42}):
        figure.savefig(stream, format=file_format, dpi=150, metadata=metadata[file_format])
    return stream.getvalue()


def format_wav(samples: NDArray[np.float64], rate_hz: int) -> bytes:
    """Format samples as a wav file of one channel and 16 bits.

    Parameters
    ----------
    samples : (samples,) float64
        Full scale is 1; values beyond are clipped.
    rate_hz : int
    """
    numbers = np.clip(np.round(samples * 2**15), -(2**15), 2**15 - 1).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(numbers.itemsize)
        sound.setframerate(rate_hz)
        sound.writeframes(numbers.tobytes())
    return buffer.getvalue()


def format_csv(rows: Iterable[Sequence[Cell]]) -> bytes:
    """Format rows as CSV, the first with the names of the columns; NaN and None are empty."""
    return format_rows(["" if _is_nan(cell) else cell for cell in row] for row in rows).encode()


def _is_nan(cell: Cell) -> bool:
    return isinstance(cell, float) and math.isnan(cell)


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of words and formatted numbers.

    Attributes
    ----------
    title : str
    head : tuple of str
        The first column has words, the others have numbers.
    rows : tuple of tuple of str
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def print_tables(tables: Iterable[Table], stream: TextIO) -> None:
    """Print tables, on a terminal within its width."""
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    width = None if stream.isatty() else _FILE_WIDTH
    console = Console(file=stream, highlight=False, width=width)
    for number, table in enumerate(tables):
        if number:
            console.print()
        console.print(Text(printable(table.title), style="bold"))
        printed = RichTable(box=None, padding=(0, 2, 0, 0), header_style="dim")
        printed.add_column(Text(printable(table.head[0])), overflow="fold")
        for name in table.head[1:]:
            printed.add_column(Text(printable(name)), justify="right", no_wrap=True)
        for row in table.rows:
            printed.add_row(*(Text(printable(cell)) for cell in row))
        console.print(printed)


def format_markdown(tables: Iterable[Table], level: int = 2) -> str:
    """Format tables as Markdown, each under a heading of the given level."""
    parts = []
    for table in tables:
        lines = [f"{'#' * level} {table.title}", ""]
        lines.append(_markdown_row(table.head))
        lines.append(_markdown_row(["---", *["--:"] * (len(table.head) - 1)]))
        lines += [_markdown_row(row) for row in table.rows]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def counted(number: int, noun: str) -> str:
    """Format a number of things, such as ``"1 speaker"`` and ``"1,200 speakers"``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def format_notes(notes: Iterable[str]) -> list[str]:
    """Format notes as paragraphs of Markdown."""
    return [f"{note}.\n" for note in notes]


def _markdown_row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
