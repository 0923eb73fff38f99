"""Rows of .csv, .tsv, .jsonl and Parquet tables by column name, each with its place in the file.

A row that is cut short is an error: half a number would still look like a number.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from lemf.errors import CorpusError, shown
from lemf.runtime.extras import importing
from lemf.runtime.input import check_input, read_text_input
from lemf.runtime.json_text import parse_json

ROW_SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet")
MANIFEST_SUFFIXES = (".csv", ".jsonl")  # of manifests of corpora, and of labels

Row = dict[str, object]

SPREADSHEET_SUFFIXES = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers")
_ZIP = b"PK\x03\x04"  # the beginning of .xlsx and .ods
_MOST_DIGITS = 9  # of an index
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


class Rows(NamedTuple):
    """The named columns of a table, and (place, row) of each row without empty cells and nulls."""

    columns: tuple[str, ...]
    rows: list[tuple[str, Row]]


def read_rows(
    path: str | Path,
    *,
    suffixes: Sequence[str] = ROW_SUFFIXES,
    required: Collection[str] = (),
    only: Collection[str] | None = None,
) -> Rows:
    """Read the rows of a table.

    Parameters
    ----------
    path : str or Path
        Its suffix tells the format: ``.csv`` with commas, ``.tsv`` with tabs, both with a header;
        ``.jsonl``, or ``.json`` where allowed, one object per line; ``.parquet``. Text is UTF-8.
    suffixes : sequence of str
        The formats that are allowed.
    required : collection of str
        Columns that a header or a Parquet file must have.
    only : collection of str, optional
        Columns of a Parquet file to read, if it has them; by default all.

    Returns
    -------
    Rows
        Places read ``"corpus.csv: line 3"``. Cells of ``.csv`` and ``.tsv`` are text without the
        blanks around them; values of the other formats keep their type.

    Raises
    ------
    CorpusError
        The file cannot be read or has another suffix, a column is missing or named twice, or a row
        is cut short, too long or no JSON object.
    """
    suffix = Path(path).suffix.lower()
    if suffix in SPREADSHEET_SUFFIXES and ".csv" in suffixes:
        raise CorpusError(f"{path}: a spreadsheet; save it as CSV, in UTF-8 and with commas")
    if suffix not in suffixes:
        raise CorpusError(f"{path}: the name must end in {', '.join(suffixes)}")
    if suffix == ".parquet":
        return _parquet_rows(path, required, only)
    try:
        text = read_text_input(path, CorpusError)
    except FileNotFoundError:
        raise CorpusError(f"{path}: no such file; check the path") from None
    except UnicodeDecodeError as error:
        if error.object.startswith(_ZIP):  # renamed
            raise CorpusError(
                f"{path}: a spreadsheet under the name of a table; save it as CSV, in UTF-8 and "
                "with commas"
            ) from error
        raise CorpusError(f"{path}: not UTF-8 (byte {error.start}); save it as UTF-8") from error
    except (OSError, ValueError) as error:  # ValueError: no file can have this name
        raise CorpusError(
            f"{path}: cannot be read ({getattr(error, 'strerror', error)})"
        ) from error
    if suffix in (".jsonl", ".json"):
        return _json_rows(path, text)
    return _delimited_rows(path, text, "\t" if suffix == ".tsv" else ",", required)


def is_index(text: str) -> bool:
    """Check whether text is a whole number from 0, below a billion."""
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS


def _delimited_rows(path: str | Path, text: str, delimiter: str, required: Collection[str]) -> Rows:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[str, Row]] = []
    n_lines = 0  # of the rows before
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_separator(path, header, delimiter)
        _check_columns(path, header, required)
        n_lines = reader.line_num
        for cells in reader:
            n_lines = reader.line_num
            named = list(zip(header, map(str.strip, cells), strict=False))
            if not any(cell for _, cell in named) and len(cells) <= len(header):
                continue
            place = f"{path}: line {reader.line_num}"
            if len(cells) != len(header):
                raise CorpusError(
                    f"{place}: {len(cells)} cells where the header names {len(header)}; the line "
                    "is cut, or a cell that holds a separator lacks its double quotes"
                )
            rows.append((place, {name: cell for name, cell in named if name and cell}))
    except csv.Error as error:
        raise CorpusError(
            f"{path}: line {n_lines + 1}: {error}; close each double quote that opens a cell, and "
            "double those inside it"
        ) from error
    return Rows(tuple(name for name in header if name), rows)


def _check_columns(path: str | Path, columns: Sequence[str], required: Collection[str]) -> None:
    for name, count in Counter(columns).items():
        if name and count > 1:
            raise CorpusError(f"{path}: two columns are named {shown(name)}; rename one")
    if missing := " and ".join(sorted(set(required) - set(columns))):
        raise CorpusError(f"{path}: no column {missing}; it has {', '.join(columns) or 'none'}")


def _check_separator(path: str | Path, header: Sequence[str], delimiter: str) -> None:
    """Refuse a header that is one column only because other separators stand between its names."""
    if len(header) != 1:
        return
    found = [name for separator, name in _SEPARATORS.items() if separator in header[0]]
    if found:
        wanted = _SEPARATORS[delimiter]
        decimals = ", and write numbers as 3.5" if ";" in header[0] else ""
        raise CorpusError(
            f"{path}: the columns are separated by {found[0]}; separate them with {wanted}"
            f"{decimals}"
        )


def _json_rows(path: str | Path, text: str) -> Rows:
    columns: dict[str, None] = {}
    rows: list[tuple[str, Row]] = []
    for number, line in enumerate(text.split("\n"), 1):  # splitlines would cut at U+2028, too
        if not line.strip():
            continue
        place = f"{path}: line {number}"
        try:
            content = parse_json(line)
        except ValueError as error:
            raise CorpusError(f"{place}: not JSON ({error}); write one object per line") from error
        if not isinstance(content, dict):
            raise CorpusError(f'{place}: not an object such as {{"audio": "a.wav"}}')
        columns.update(dict.fromkeys(content))
        rows.append((place, _without_nulls(content)))
    return Rows(tuple(columns), rows)


def _parquet_rows(
    path: str | Path, required: Collection[str], only: Collection[str] | None
) -> Rows:
    with importing("lemf[batch]"):
        import pyarrow
        import pyarrow.parquet

    check_input(path, CorpusError)
    try:
        file = pyarrow.parquet.ParquetFile(path, page_checksum_verification=True)
        columns = file.schema_arrow.names
        _check_columns(path, columns, required)
        wanted = [name for name in columns if only is None or name in only]
        contents = file.read(wanted).to_pylist()
    except FileNotFoundError:
        raise CorpusError(f"{path}: no such file; check the path") from None
    except (OSError, ValueError, OverflowError, pyarrow.ArrowException) as error:
        raise CorpusError(
            f"{path}: no Parquet file, or damaged ({error}); write it again, or name another"
        ) from error
    rows = [
        (f"{path}: row {number}", _without_nulls(content))
        for number, content in enumerate(contents, 1)
    ]
    return Rows(tuple(columns), rows)


def _without_nulls(content: Row) -> Row:
    return {name: value for name, value in content.items() if value is not None}
