"""Rows of .csv, .tsv, .jsonl and Parquet as text by column name, each with its place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lemf import CorpusError, Rows
from lemf.runtime.output import NO_BYTE
from msfser.corpora.values import UNKNOWN, to_text

Row = dict[str, str]

# Columns whose text is taken as it is; the others are numbers and names with readers of their own.
_PATHS = ("wav", "audio", "file", "alignment", "textgrid")
_FREE = (*_PATHS, "id", "transcript", "es", "context", "speaker", "emotion", "dialogue")
_SPOKEN = ("transcript", "es", "context")
_HALF = re.compile("[\ud800-\udfff]")  # of a UTF-16 pair; in paths, some stand for bytes
_WHOLE_NUMBER = re.compile(r"-?[0-9]+(\.0+)?")


class TextRows(NamedTuple):
    """The cells of a table as text.

    Attributes
    ----------
    rows : list of (str, dict of str to str)
        Place and cells of each row; cells without a value are left out.
    notes : tuple of str
        Which texts, such as ``NA``, were read as no value.
    """

    rows: list[tuple[str, Row]]
    notes: tuple[str, ...]


def rows_as_text(table: Rows, names: Mapping[str, str]) -> TextRows:
    """Convert columns of a table to text, unrounded.

    Parameters
    ----------
    table : Rows
    names : mapping of str to str
        The columns of the table by the names that they get.

    Returns
    -------
    TextRows
        A column of whole numbers is written without ``.0``, as tables write them where a cell of
        the column is empty.

    Raises
    ------
    CorpusError
        A cell holds a list, an object, or bytes that are not text; a name or a path holds half of
        a UTF-16 pair, which no file can hold.
    """
    rows: list[tuple[str, Row]] = [(place, {}) for place, _ in table.rows]
    notes = []
    for name, column in names.items():
        texts = [to_text(row.get(column), f"{place}: {column}") for place, row in table.rows]
        if name in _SPOKEN:  # without lone halves of UTF-16 pairs, which no model reads
            texts = [text and text.encode(errors="ignore").decode() for text in texts]
        elif name in _FREE:
            _check_halves(table, column, texts, NO_BYTE if name in _PATHS else _HALF)
        unknown = Counter(text for text in texts if name in _FREE and text in UNKNOWN)
        known = {i: text for i, text in enumerate(texts) if text and text not in unknown}
        whole = all(map(_WHOLE_NUMBER.fullmatch, known.values()))
        for i, text in known.items():
            rows[i][1][name] = text.partition(".")[0] if whole else text
        notes += unknown_notes(column, unknown)
    return TextRows(rows, tuple(notes))


def unknown_notes(column: str, unknown: Mapping[str, int]) -> list[str]:
    """Return a note for each text of a column that was read as no value, by its count."""
    return [
        f"{column} {text!r} is read as no value, in {count:,} row{'s' if count > 1 else ''}"
        for text, count in unknown.items()
    ]


def _check_halves(table: Rows, column: str, texts: Sequence[str], halves: re.Pattern[str]) -> None:
    for (place, _), text in zip(table.rows, texts, strict=True):
        if halves.search(text):
            raise CorpusError(
                f"{place}: {column} {text!r} holds half of a UTF-16 pair, which is no character; "
                "write the whole character"
            )
