"""A table of a corpus as CSV, under the names and with the values of the Parquet table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import IO, Any

from lemf.corpus.tables import Row
from lemf.runtime.csv_text import format_rows


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
        self._write([names])

    def add(self, stream: bytes) -> None:
        """Add the next rows."""
        rows = self._read_rows(stream)
        self.n_rows += len(rows)
        self._write(row.values() for row in rows)

    def close(self) -> None:
        """Write nothing more: each row is written when it is added."""

    def abandon(self) -> None:
        """Write nothing more."""

    def _write(self, rows: Iterable[Iterable[Any]]) -> None:
        self._stream.write(format_rows(rows).encode())
