"""Folders of outputs: made before any work, never overwritten unasked; csv for tables."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from lemf.errors import OutputError
from lemf.output import check_output

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
