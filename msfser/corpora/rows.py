"""Rows of .csv, .tsv, .jsonl and Parquet as text by column name, each with the place it stands.

A row that is cut short is an error: half a number would still look like a number.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

from msfser.corpora.text_files import read_text
from msfser.errors import CorpusError

ROW_SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet")

Row = dict[str, str]


@dataclass(frozen=True)
class Rows:
    """The named columns of a file, and (place, row) of each row; empty cells are left out."""

    columns: tuple[str, ...]
    rows: list[tuple[str, Row]]


def read_rows(path: Path) -> Rows:
    """Read all rows of a table.

    Parameters
    ----------
    path : Path
        Its suffix says the format: ``.csv`` with commas, ``.tsv`` with tabs, both with a header;
        ``.jsonl``, an object a line; ``.parquet``. Text is UTF-8.

    Returns
    -------
    Rows
        Places read ``"own.csv: line 3"``; numbers of JSON and Parquet become text, unrounded.

    Raises
    ------
    CorpusError
        The file cannot be read, has another suffix, names a column twice, or a row is cut short.
    """
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _parquet_rows(path)
    if suffix not in ROW_SUFFIXES:
        raise CorpusError(f"{path}: the name must end in {', '.join(ROW_SUFFIXES)}")
    text = read_text(path)
    if suffix == ".jsonl":
        return _json_rows(path, text)
    return _delimited_rows(path, text, "\t" if suffix == ".tsv" else ",")


def _delimited_rows(path: Path, text: str, delimiter: str) -> Rows:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[str, Row]] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_columns(path, header)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            place = f"{path}: line {reader.line_num}"
            if len(cells) != len(header):
                raise CorpusError(
                    f"{place}: {len(cells)} cells where the header names {len(header)}; "
                    "the line is cut or holds a separator too many"
                )
            named = zip(header, (cell.strip() for cell in cells), strict=True)
            rows.append((place, {name: cell for name, cell in named if name and cell}))
    except csv.Error as error:
        raise CorpusError(f"{path}: line {reader.line_num}: {error}") from error
    return Rows(tuple(name for name in header if name), rows)


def _check_columns(path: Path, header: list[str]) -> None:
    for name in header:
        if name and header.count(name) > 1:
            raise CorpusError(f"{path}: two columns are named {name!r}; rename one")


def _json_rows(path: Path, text: str) -> Rows:
    columns: dict[str, None] = {}
    rows: list[tuple[str, Row]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        place = f"{path}: line {number}"
        try:
            content = json.loads(line)
        except ValueError as error:
            raise CorpusError(f"{place}: not JSON ({error})") from error
        if not isinstance(content, dict):
            raise CorpusError(f'{place}: expected an object such as {{"wav": "a.wav"}}')
        columns.update(dict.fromkeys(content))
        rows.append((place, _as_text(content)))
    return Rows(tuple(columns), rows)


def _parquet_rows(path: Path) -> Rows:
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.ParquetFile(path).read()
    except FileNotFoundError:
        raise CorpusError(f"{path}: no such file; check the path") from None
    except (OSError, pyarrow.ArrowException) as error:
        reason = str(error).partition("\n")[0]
        raise CorpusError(f"{path}: no Parquet file ({reason})") from error
    _check_columns(path, table.column_names)
    contents = table.to_pylist()
    rows = [(f"{path}: row {number}", _as_text(row)) for number, row in enumerate(contents, 1)]
    return Rows(tuple(table.column_names), rows)


def _as_text(content: dict[str, object]) -> Row:
    texts = {name: str(value).strip() for name, value in content.items() if value is not None}
    return {name: text for name, text in texts.items() if text}
