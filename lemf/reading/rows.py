"""Rows of a .csv with a header or of a .jsonl, each with the number of its line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterator
from pathlib import Path

from lemf.errors import CorpusError

Row = dict[str, object]


def read_rows(
    source: str, what: str, *, required: Collection[str] = ()
) -> Iterator[tuple[int, Row]]:
    """Read the rows of a file in UTF-8; cells and values that are empty are left out.

    Parameters
    ----------
    source : str
        A path that ends in ``.csv`` or ``.jsonl``.
    what : str
        What the file is, for messages.
    required : collection of str
        Columns that a ``.csv`` must have.

    Returns
    -------
    iterator of (int, dict of str to object)
        The line, and its values by column.

    Raises
    ------
    CorpusError
        The file cannot be read, or a line is wrong.
    """
    try:
        text = Path(source).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise CorpusError(f"{source}: the {what} cannot be read ({reason})") from error
    if source.lower().endswith(".csv"):
        return _csv_rows(source, text, required)
    return _json_rows(source, text)


def _csv_rows(source: str, text: str, required: Collection[str]) -> Iterator[tuple[int, Row]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        missing = set(required) - set(reader.fieldnames or ())
        if missing:
            names = " and ".join(sorted(missing))
            raise CorpusError(f"{source}: no column {names} in its first line")
        for row in reader:
            if None in row:
                raise CorpusError(
                    f"{source}: line {reader.line_num}: more cells than its first line names; "
                    "put cells with commas into double quotes"
                )
            yield reader.line_num, {key: value for key, value in row.items() if key and value}
    except csv.Error as error:
        raise CorpusError(f"{source}: line {reader.line_num}: {error}") from error


def _json_rows(source: str, text: str) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(text.split("\n"), 1):  # splitlines would cut at U+2028, too
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise CorpusError(f"{source}: line {number}: not JSON ({error})") from error
        if not isinstance(row, dict):
            raise CorpusError(f'{source}: line {number}: expected {{"audio": ..., ...}}')
        yield number, {key: value for key, value in row.items() if value is not None}
