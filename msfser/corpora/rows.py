"""Rows of .csv, .tsv, .jsonl and Parquet as text by column name, each with its place."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from lemf import read_rows

Row = dict[str, str]


class TextRows(NamedTuple):
    """The named columns of a table, and (place, row) of each row; empty cells are left out."""

    columns: tuple[str, ...]
    rows: list[tuple[str, Row]]


def read_text_rows(path: Path) -> TextRows:
    """Read all rows of a table; parameters and errors as in `lemf.read_rows`.

    Returns
    -------
    TextRows
        Numbers of JSON and Parquet become text, unrounded.
    """
    columns, rows = read_rows(path)
    return TextRows(columns, [(place, _as_text(row)) for place, row in rows])


def _as_text(row: dict[str, object]) -> Row:
    texts = {name: str(value).strip() for name, value in row.items()}
    return {name: text for name, text in texts.items() if text}
