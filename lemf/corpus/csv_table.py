"""A table of a corpus as CSV, under the names and with the values of the Parquet table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import IO, Any

from lemf.corpus.tables import Row
from lemf.runtime.csv_text import format_rows

_ROWS_AT_ONCE = 1000


class CsvWriter:
    """Writes CSV from the streams of rows in parts; made by `open_tables`.

    Numbers stand in full precision, nulls are empty, and lines end in a line feed, as `lemf score
    --format csv` writes them.

    Parameters
    ----------
    stream : file object
    names : sequence of str
        Of the columns.
    read_rows : function
        Reads the rows of a stream.
    """

    def __init__(
        self, stream: IO[bytes], names: Sequence[str], read_rows: Callable[[bytes], Sequence[Row]]
    ) -> None:
        self._stream = stream
        self._read_rows = read_rows
        self.n_rows = 0
        write_rows(stream, [names])

    def add(self, stream: bytes) -> None:
        """Add the next rows."""
        rows = self._read_rows(stream)
        self.n_rows += len(rows)
        write_rows(self._stream, (row.values() for row in rows))

    def close(self) -> None:
        """Write nothing more: each row is written when it is added."""

    def abandon(self) -> None:
        """Write nothing more."""


def write_rows(stream: IO[bytes], rows: Iterable[Iterable[Any]]) -> None:
    """Write rows as CSV in UTF-8, some at a time."""
    rows = iter(rows)
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        stream.write(format_rows(some).encode())
