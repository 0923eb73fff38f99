"""The tables of a corpus, written as Parquet: words, sentences, features.

Rows are kept as Arrow streams in the parts of a run and joined at its end, in the order of the
shards. The same rows give the same bytes. Pages and metadata carry checksums.
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from lemf.config import Settings
from lemf.corpus.csv_table import CsvWriter
from lemf.corpus.tables import (
    CONFIDENCE_COLUMN,
    FEATURE_COLUMNS,
    FLOATS,
    TEXTS,
    Column,
    Row,
    columns_of,
)
from lemf.runtime.extras import importing
from lemf.runtime.output import open_output

with importing("lemf[batch]"):
    import pyarrow
    import pyarrow.ipc
    import pyarrow.parquet

META = b"lemf"  # key in the metadata of the files
META_CHECKSUM = b"lemf.crc32"  # of the value of that key
_ROW_GROUPS = {"words": 100_000, "sentences": 100_000, "features": 64}  # rows
_ROW_GROUP_BYTES = 64_000_000
_TABLES_AT_ONCE = 64
_CONTOURS = [column.name for column in FEATURE_COLUMNS if column.type == FLOATS]


def schema_of(table: str, settings: Settings, *, with_confidence: bool = False) -> pyarrow.Schema:
    """Return the columns of ``words``, ``sentences`` or ``features`` with their types."""
    columns = columns_of(table, settings)
    if with_confidence and table == "features":
        columns = (*columns, CONFIDENCE_COLUMN)
    return pyarrow.schema(_fields(columns))


def _fields(columns: Iterable[Column]) -> list[tuple[str, pyarrow.DataType]]:
    return [(column.name, _arrow_type(column.type)) for column in columns]


def _arrow_type(kind: str | tuple[Column, ...]) -> pyarrow.DataType:
    if isinstance(kind, tuple):
        return pyarrow.list_(pyarrow.struct(_fields(kind)))
    if kind in (FLOATS, TEXTS):
        return pyarrow.list_(pyarrow.float64() if kind == FLOATS else pyarrow.string())
    return pyarrow.type_for_alias(kind)


def to_stream(rows: list[Row], schema: pyarrow.Schema) -> bytes:
    """Convert rows to an Arrow stream."""
    sink = io.BytesIO()
    with pyarrow.ipc.new_stream(sink, schema) as writer:
        columns = [pyarrow.array([row.get(one.name) for row in rows], one.type) for one in schema]
        writer.write_table(pyarrow.Table.from_arrays(columns, schema=schema))
    return sink.getvalue()


class TableWriter:
    """Writes a Parquet file from Arrow streams; made by `open_tables`."""

    def __init__(self, stream: Any, schema: pyarrow.Schema, row_group: int) -> None:  # noqa: ANN401
        self._writer = pyarrow.parquet.ParquetWriter(
            stream,
            schema,
            compression="zstd",
            write_page_checksum=True,
            use_dictionary=[
                name for name in schema.names if pyarrow.types.is_string(schema.field(name).type)
            ],
            use_byte_stream_split=[
                f"{name}.list.element" for name in _CONTOURS if has_contours(schema)
            ],
        )
        self._names = schema.names
        self._row_group = row_group
        self._bounded = has_contours(schema)  # those of long recordings are large
        self._held: list[pyarrow.Table] = []
        self._n_held = 0  # rows
        self._n_joined = 0  # tables in front that are joined ones
        self.n_rows = 0

    def add(self, stream: bytes) -> None:
        """Add the next rows."""
        table = pyarrow.ipc.open_stream(stream).read_all()
        if CONFIDENCE_COLUMN.name in self._names and table.num_columns < len(self._names):
            kind = _arrow_type(CONFIDENCE_COLUMN.type)
            nulls = pyarrow.nulls(table.num_rows, kind)
            table = table.append_column(pyarrow.field(CONFIDENCE_COLUMN.name, kind), nulls)
        self.n_rows += table.num_rows
        self._held.append(table)
        self._n_held += table.num_rows
        if self._n_held >= self._row_group:
            self._write_full_groups()
        elif self._bounded and sum(table.nbytes for table in self._held) >= _ROW_GROUP_BYTES:
            self._write_full_groups()
            self._writer.write_table(self._held.pop())
            self._n_held = 0
        elif not self._bounded and len(self._held) - self._n_joined == _TABLES_AT_ONCE:
            # A small table takes more memory for its columns than for its rows
            small = self._held[self._n_joined :]
            self._held[self._n_joined :] = [_join(pyarrow.concat_tables(small))]
            self._n_joined += 1

    def close(self) -> None:
        """Write the remaining rows and close the file."""
        if self._held:
            self._write_full_groups()
            if self._held[0].num_rows:
                self._writer.write_table(self._held.pop())
        self._writer.close()

    def abandon(self) -> None:
        """Close the file without the rows not yet written; no effect after `close`."""
        with suppress(OSError, pyarrow.ArrowException):  # such as a full disk
            self._writer.close()

    def _write_full_groups(self) -> None:
        """Write row groups of equal size: the bytes must not depend on how the streams were cut."""
        table = pyarrow.concat_tables(self._held)
        start = 0
        while table.num_rows - start >= self._row_group:
            group = _join(table.slice(start, self._row_group))
            self._writer.write_table(group, row_group_size=self._row_group)
            start += self._row_group
        self._held = [_join(table.slice(start))]
        self._n_held, self._n_joined = self._held[0].num_rows, 1


@contextmanager
def open_tables(
    paths: Mapping[str, Path],
    settings: Settings,
    about: Mapping[str, Any],
    *,
    force: bool,
    with_confidence: bool = False,
) -> Iterator[dict[str, TableWriter | CsvWriter]]:
    """Open one file per table; all appear when the ``with`` block ends without an error.

    Parameters
    ----------
    paths : mapping of table to path
        Written in this order: Parquet, or CSV where the path ends in ``.csv``.
    settings : Settings
    about : mapping
        Kept in the metadata under the key ``lemf``, as JSON.
    force : bool
        Whether existing files may be replaced.
    with_confidence : bool
        Whether features have the column ``confidence``, null where no aligner told it.
    """
    content = json.dumps(about, sort_keys=True).encode()
    metadata = {META: content, META_CHECKSUM: checksum_of(content)}
    with ExitStack() as files:
        writers: dict[str, TableWriter | CsvWriter] = {}
        for table, path in reversed(list(paths.items())):  # the last opened appears first
            stream = files.enter_context(open_output(path, force=force))
            schema = schema_of(table, settings, with_confidence=with_confidence)
            if path.suffix.lower() == ".csv":
                writers[table] = CsvWriter(stream, schema.names, _read_rows)
                continue
            schema = schema.with_metadata(metadata)
            writers[table] = TableWriter(stream, schema, _ROW_GROUPS[table])
        try:
            yield writers
            for writer in writers.values():
                writer.close()
        finally:
            for writer in writers.values():
                writer.abandon()


def _join(table: pyarrow.Table) -> pyarrow.Table:
    """Join the pieces of each column, in memory that goes back to the system when it is freed."""
    return table.combine_chunks(pyarrow.system_memory_pool())


def _read_rows(stream: bytes) -> list[Row]:
    rows: list[Row] = pyarrow.ipc.open_stream(stream).read_all().to_pylist()
    return rows


def checksum_of(content: bytes) -> bytes:
    """Return the CRC-32 of metadata as it stands beside them."""
    return f"{zlib.crc32(content):08x}".encode()


def has_contours(schema: pyarrow.Schema) -> bool:
    """Check whether a table is one of features; one of words has numbers in such columns."""
    return "f0_hz" in schema.names and "rank" not in schema.names
