"""The tables of a corpus as Parquet: words, sentences, features.

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

import numpy as np

from lemf.arrays import FloatArray
from lemf.config import DurationMethod, Settings
from lemf.contours.contours import Contours, Detail
from lemf.contours.measurement import Measurement
from lemf.corpus.csv_table import CsvWriter
from lemf.corpus.feature_values import find_fault
from lemf.corpus.tables import (
    CONFIDENCE_COLUMN,
    FEATURE_COLUMNS,
    FLOATS,
    TEXTS,
    Column,
    Row,
    columns_of,
)
from lemf.errors import CorpusError, shown
from lemf.reading.alignment import Alignment, Phone, Word
from lemf.reading.frames import frame_times
from lemf.runtime.extras import importing
from lemf.runtime.input import check_input
from lemf.runtime.json_text import parse_json
from lemf.runtime.output import open_output

with importing("lemf[batch]"):
    import pyarrow
    import pyarrow.ipc
    import pyarrow.parquet

_META = b"lemf"  # key in the metadata of the files
_META_CHECKSUM = b"lemf.crc32"  # of the value of that key
_ROW_GROUPS = {"words": 100_000, "sentences": 100_000, "features": 64}  # rows
_ROW_GROUP_BYTES = 64_000_000
_OPTIONAL_COLUMN = "notes"  # which files without a checksum may lack
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
                f"{name}.list.element" for name in _CONTOURS if _has_contours(schema)
            ],
        )
        self._names = schema.names
        self._row_group = row_group
        self._bounded = _has_contours(schema)  # those of long recordings are large
        self._held: list[pyarrow.Table] = []
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
        if sum(table.num_rows for table in self._held) >= self._row_group:
            self._write_full_groups()
        elif self._bounded and sum(table.nbytes for table in self._held) >= _ROW_GROUP_BYTES:
            self._write_full_groups()
            self._writer.write_table(self._held.pop())

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
            group = table.slice(start, self._row_group).combine_chunks()
            self._writer.write_table(group, row_group_size=self._row_group)
            start += self._row_group
        self._held = [table.slice(start).combine_chunks()]


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
    metadata = {_META: content, _META_CHECKSUM: _checksum(content)}
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


def _read_rows(stream: bytes) -> list[Row]:
    rows: list[Row] = pyarrow.ipc.open_stream(stream).read_all().to_pylist()
    return rows


def _checksum(content: bytes) -> bytes:
    return f"{zlib.crc32(content):08x}".encode()


class FeatureFile:
    """A file of features, read a few recordings at a time; every value is checked.

    Attributes
    ----------
    about : dict
        The version, the settings and the numbers of files of the run that made the features.
    n_files : int

    Raises
    ------
    CorpusError
        The file cannot be read, was not written by ``lemf batch --features``, or is damaged.
    """

    def __init__(self, path: Path) -> None:
        check_input(path, CorpusError)
        self._path = path
        try:
            self._file = pyarrow.parquet.ParquetFile(path, page_checksum_verification=True)
            schema, self.n_files = self._file.schema_arrow, int(self._file.metadata.num_rows)
            _ = schema.names  # raises on text that is not UTF-8
        except (OSError, ValueError, pyarrow.ArrowException) as error:
            reason = getattr(error, "strerror", None)
            remedy = "check the path" if reason else "lemf batch --features writes one"
            reason = reason or "it is no Parquet file, or damaged"
            raise CorpusError(f"{path}: cannot be read ({reason}); {remedy}") from error
        metadata = schema.metadata or {}
        if _META not in metadata or not _has_contours(schema):
            raise CorpusError(f"{path}: holds no features; lemf batch --features writes them")
        self.about = self._read_about(metadata)
        self._check_columns(schema)
        known = (*FEATURE_COLUMNS, CONFIDENCE_COLUMN)
        self._columns = [one.name for one in known if one.name in schema.names]

    def measurements(self, duration: DurationMethod) -> Iterator[tuple[str, Measurement]]:
        """Yield the id and the measurement of each recording, in the order of the file.

        Raises
        ------
        CorpusError
            The file is damaged, or holds a value that no recording has.
        """
        names: set[str] = set()
        try:
            for batch in self._file.iter_batches(batch_size=8, columns=self._columns):
                batch.validate(full=True)
                if null := _null_column(batch):
                    raise self._damaged(f"a null in {null} from row {len(names) + 1} on")
                for index in range(batch.num_rows):
                    row = {name: batch.column(name)[index] for name in batch.schema.names}
                    name, measured = _measurement(row, duration)
                    fault = "an id that occurs twice" if name in names else find_fault(measured)
                    if fault:
                        raise self._damaged(f"{shown(name)}: {fault}")
                    names.add(name)
                    yield name, measured
        except (OSError, ValueError, pyarrow.ArrowException) as error:
            raise self._damaged(str(error)) from error
        if len(names) != self.n_files:
            raise self._damaged(f"{len(names):,} of {self.n_files:,} recordings")

    def _read_about(self, metadata: Mapping[bytes, bytes]) -> dict[str, Any]:
        """Return what the file tells of itself; refuse what differs from its checksum."""
        content = metadata[_META]
        if metadata.get(_META_CHECKSUM, _checksum(content)) != _checksum(content):
            raise self._damaged("its metadata differ from their checksum")
        try:
            about: dict[str, Any] = parse_json(content)
            fits = about["files"] == self.n_files and about["failed"] >= 0 <= about["audio_s"]
        except (ValueError, KeyError, TypeError) as error:
            raise self._damaged(f"its metadata: {shown(error)}") from None
        if not fits:
            raise self._damaged(f"{self.n_files:,} recordings, but its metadata: {shown(about)}")
        return about

    def _check_columns(self, schema: pyarrow.Schema) -> None:
        """Refuse a table that lacks a column, or has one twice or of another type."""
        older = _META_CHECKSUM not in schema.metadata
        wanted = [
            one
            for one in schema_of(
                "features", Settings(), with_confidence=CONFIDENCE_COLUMN.name in schema.names
            )
            if one.name in schema.names or not (older and one.name == _OPTIONAL_COLUMN)
        ]
        if any(schema.names.count(one.name) != 1 for one in wanted) or not _has_phones(schema):
            raise CorpusError(
                f"{self._path}: made by lemf {shown(self.about.get('lemf'))}, which kept less than "
                "this version needs; run lemf batch --features again"
            )
        for one in wanted:
            if (found := schema.field(one.name).type) != one.type:
                raise self._damaged(f"{one.name} of type {found}, not {one.type}")

    def _damaged(self, fault: str) -> CorpusError:
        return CorpusError(f"{self._path}: damaged: {fault}; run lemf batch --features again")


def _has_contours(schema: pyarrow.Schema) -> bool:
    """Check whether a table is one of features; one of words has numbers in such columns."""
    return "f0_hz" in schema.names and "rank" not in schema.names


def _has_phones(schema: pyarrow.Schema) -> bool:
    words, types = schema.field("words").type, pyarrow.types
    is_table = types.is_list(words) and types.is_struct(words.value_type)
    return not is_table or words.value_type.get_field_index("phones") >= 0


def _measurement(row: Mapping[str, Any], duration: DurationMethod) -> tuple[str, Measurement]:
    """Convert a row of `tables.feature_row` back to the id and the measurement."""
    sentences: dict[int, list[Word]] = {}
    told = row.get(CONFIDENCE_COLUMN.name)
    words = row["words"].as_py()
    confidences = told.as_py() if told is not None and told.is_valid else [None] * len(words)
    for word, confidence in zip(words, confidences, strict=True):
        sentence = sentences.setdefault(word["sentence"], [])
        phones = tuple(Phone(**phone) for phone in word["phones"])
        edges_s = word["start_s"], word["end_s"]
        sentence.append(Word(word["word"], *edges_s, phones, duration == "word", confidence))
    if list(sentences) != list(range(len(sentences))):
        raise ValueError(f"{row['id']}: sentences numbered {shown(list(sentences))}")
    f0_hz, energy = _contour(row["f0_hz"]), _contour(row["energy"])
    detail = Detail(_contour(row["mid_energy"]), _contour(row["periodicity"]))
    return row["id"].as_py(), Measurement(
        audio=row["audio"].as_py(),
        textgrid=row["textgrid"].as_py(),
        rate_hz=row["rate_hz"].as_py(),
        duration_s=row["duration_s"].as_py(),
        alignment=Alignment(
            tuple(tuple(words) for words in sentences.values()),
            row["words_tier"].as_py(),
            row["phones_tier"].as_py(),
        ),
        contours=Contours(frame_times(len(f0_hz)), f0_hz, energy, detail),
        notes=tuple(row[_OPTIONAL_COLUMN].as_py()) if _OPTIONAL_COLUMN in row else (),
    )


def _contour(column: Any) -> FloatArray:  # noqa: ANN401 - a pyarrow.ListScalar
    return np.asarray(column.values, dtype=np.float64)


def _null_column(batch: pyarrow.RecordBatch) -> str | None:
    """Return the name of a column that holds a null where none may be; None if there is none."""
    return next(
        (
            name
            for name in batch.schema.names
            if name not in ("phones_tier", CONFIDENCE_COLUMN.name)
            and _holds_null(batch.column(name))
        ),
        None,
    )


def _holds_null(column: pyarrow.Array) -> bool:
    if column.null_count:
        return True
    if pyarrow.types.is_list(column.type):
        return _holds_null(column.flatten())
    return pyarrow.types.is_struct(column.type) and any(map(_holds_null, column.flatten()))
