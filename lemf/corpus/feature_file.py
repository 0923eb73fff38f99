"""The features that `lemf batch` wrote, read from Parquet and checked value by value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lemf.arrays import FloatArray
from lemf.config import DurationMethod, Settings
from lemf.contours.contours import Contours, Detail
from lemf.contours.measurement import Measurement
from lemf.corpus.feature_values import find_fault
from lemf.corpus.parquet import META, META_CHECKSUM, checksum_of, has_contours, schema_of
from lemf.corpus.tables import CONFIDENCE_COLUMN, FEATURE_COLUMNS
from lemf.errors import CorpusError, shown
from lemf.reading.alignment import Alignment, Phone, Word
from lemf.reading.frames import frame_times
from lemf.runtime.extras import importing
from lemf.runtime.input import check_input
from lemf.runtime.json_text import parse_json

with importing("lemf[batch]"):
    import pyarrow
    import pyarrow.parquet

_OPTIONAL_COLUMN = "notes"  # which files without a checksum may lack


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
        if META not in metadata or not has_contours(schema):
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
        content = metadata[META]
        if metadata.get(META_CHECKSUM, checksum_of(content)) != checksum_of(content):
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
        older = META_CHECKSUM not in schema.metadata
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
