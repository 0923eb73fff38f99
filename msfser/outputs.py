"""Output folders and formats: CSV, Parquet, figures, wav, and tables for people."""

from __future__ import annotations

import csv
import io
import json
import math
import wave
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import numpy as np

from lemf import OutputError
from lemf.runtime.console import printable
from lemf.runtime.input import check_input
from lemf.runtime.json_text import parse_json
from lemf.runtime.output import FigureFormat, check_output, write_output
from msfser.errors import MsfserError, first_line

if TYPE_CHECKING:
    import pyarrow
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

FIGURES_NAME = "figures"
METRICS_NAME = "metrics.json"
REPORT_NAME = "report.md"
SKIPPED_NAME = "skipped.csv"

_METADATA_KEY = b"msfser"  # of Parquet files
_FILE_WIDTH = 1000  # characters per line where the output is a file, so that no line is wrapped

Cell = str | float | None

_RowT = TypeVar("_RowT")
Column = tuple[str, str, Callable[[_RowT], object]]  # name, type, value of a row


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


def format_parquet(
    rows: Sequence[_RowT], columns: Iterable[Column[_RowT]], metadata: Mapping[str, object]
) -> bytes:
    """Format rows as Parquet; the same rows give the same bytes.

    Parameters
    ----------
    rows : sequence
    columns : iterable of (str, str, function of a row)
        Name, Arrow type, and the function that returns the value; None and NaN become null.
    metadata : mapping
        Stored as JSON; `read_parquet` returns it with the table.
    """
    import pyarrow

    arrays = {
        name: pyarrow.array([value_of(row) for row in rows], arrow_type, from_pandas=True)
        for name, arrow_type, value_of in columns
    }
    return _write_table(pyarrow.table(arrays, metadata={_METADATA_KEY: json.dumps(metadata)}))


def format_vectors(names: Sequence[str], vectors: NDArray[np.float32]) -> bytes:
    """Format embeddings as Parquet, one row per recording.

    Parameters
    ----------
    names : sequence of str
        Of the recordings, the column `recording`.
    vectors : (recordings, dim) float32
        The column `embedding`.
    """
    import pyarrow

    column = pyarrow.array(list(vectors), pyarrow.list_(pyarrow.float32()))
    return _write_table(pyarrow.table({"recording": names, "embedding": column}))


def _write_table(table: pyarrow.Table) -> bytes:
    import pyarrow.parquet

    stream = io.BytesIO()
    pyarrow.parquet.write_table(table, stream, compression="zstd", write_page_checksum=True)
    return stream.getvalue()


def read_parquet(
    path: Path,
    names: Iterable[str],
    error_type: type[MsfserError],
    command: str,
    *,
    optional: Iterable[str] = (),
    by_others: bool = False,
) -> tuple[pyarrow.Table, Any]:
    """Read a table that `format_parquet` made, and its metadata.

    Parameters
    ----------
    path : Path
    names : iterable of str
        Columns that the table must have; others are left out.
    error_type : type
        Class of the error to raise.
    command : str
        The command that makes the file, such as ``"msfser corpus"``.
    optional : iterable of str
        Columns that are returned, too, where the table has them.
    by_others : bool
        Accept a table that another program made, whose metadata are then None, and return all
        columns.

    Raises
    ------
    MsfserError
        Of `error_type`: the file is missing, not a Parquet file of msfser, or lacks a column.
    """
    import pyarrow
    import pyarrow.parquet

    names = list(names)
    check_input(path, error_type)
    try:
        table = pyarrow.parquet.read_table(path, page_checksum_verification=True)
        columns = table.column_names
        stored = table.schema.metadata or {}
        is_others = by_others and _METADATA_KEY not in stored
        metadata = None if is_others else parse_json(stored[_METADATA_KEY])
    except FileNotFoundError:
        raise error_type(f"{path}: no such file; make it with {command}") from None
    except (OSError, pyarrow.ArrowException) as error:
        fault = f"not a Parquet file ({first_line(error)})"
    except (KeyError, ValueError):
        fault = "not written by msfser"
    else:
        missing = [name for name in names if columns.count(name) != 1]
        twice = [name for name in columns if by_others and columns.count(name) > 1]
        if not missing and not twice:
            more = [name for name in optional if name not in names]
            names += [name for name in more if columns.count(name) == 1]
            return (table if by_others else table.select(names)), metadata
        fault = f"two columns {twice[0]!r}" if twice else f"no column {missing[0]!r}"
    raise error_type(f"{path}: {fault}; check the path, or make it with {command}")


def select_columns(
    table: pyarrow.Table, needed: Sequence[str], optional: Sequence[str]
) -> pyarrow.Table:
    """Return the columns that are needed, and the optional ones, empty where they are missing."""
    import pyarrow

    for name in optional:
        if name not in table.column_names:
            table = table.append_column(name, pyarrow.nulls(table.num_rows))
    return table.select([*needed, *optional])


def convert_columns(
    path: Path, table: pyarrow.Table, types: Mapping[str, str], error_type: type[MsfserError]
) -> pyarrow.Table:
    """Convert the columns of a table to Arrow types, such as those that pandas made wider.

    The columns `id`, `wav` and `status` need a value in each row.

    Raises
    ------
    MsfserError
        Of `error_type`: a column holds other values, or text that is not UTF-8.
    """
    import pyarrow

    for name, kind in types.items():
        try:
            column = table[name]
            if kind == "string" and pyarrow.types.is_floating(column.type):  # NaN of pandas
                column = pyarrow.chunked_array([pyarrow.array(column.to_numpy(), from_pandas=True)])
            column = column.cast(kind)
            column.validate(full=True)
        except pyarrow.ArrowException as error:
            fault = f"{name} is not {kind} ({first_line(error)})"
            raise error_type(f"{path}: {fault}") from error
        if name in ("id", "wav", "status") and column.null_count:
            article = "an" if name == "id" else "a"
            raise error_type(f"{path}: a row without {article} {name}; give each row one")
        table = table.set_column(table.column_names.index(name), name, column)
    return table


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
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(
        ["" if _is_nan(cell) else cell for cell in row] for row in rows
    )
    return stream.getvalue().encode()


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
