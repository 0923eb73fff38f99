"""A table of a corpus as CSV, under the names and with the values of the Parquet table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import IO, Any

from lemf.runtime.extras import importing

with importing("lemf[batch]"):
    import pyarrow
    import pyarrow.ipc


class CsvWriter:
    """Writes CSV from Arrow streams; made by `open_tables`.

    Numbers stand in full precision, nulls are empty, and lines end in a line feed, as `lemf score
    --format csv` writes them.
    """

    def __init__(self, stream: IO[bytes], schema: pyarrow.Schema) -> None:
        self._stream = stream
        self.n_rows = 0
        self._write([schema.names])

    def add(self, stream: bytes) -> None:
        """Add the next rows."""
        table = pyarrow.ipc.open_stream(stream).read_all()
        self.n_rows += table.num_rows
        self._write(row.values() for row in table.to_pylist())

    def close(self) -> None:
        """Write nothing more: each row is written when it is added."""

    def abandon(self) -> None:
        """Write nothing more."""

    def _write(self, rows: Iterable[Iterable[Any]]) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        self._stream.write(text.getvalue().encode())
