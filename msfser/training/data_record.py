"""What a run is trained on, one row per utterance, and how other data differ from it.

Recordings, texts and vectors are recorded by their hashes, recordings also by length and level, and
by the size and the time of change of the file: one that is as recorded need not be read again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msfser.config.settings import Semantic
from msfser.data.examples import Examples
from msfser.data.facts import ClipFacts, hash_array
from msfser.data.scan import Scan
from msfser.errors import CheckpointError
from msfser.manifest import DIMENSIONS
from msfser.outputs import replace_output
from msfser.parquet import format_parquet, read_parquet
from msfser.semantics.features import Features

_LEVEL_TOLERANCE = 1e-3  # of the energy: another machine may resample in another order of sums
_FILE_COLUMNS = ClipFacts._fields
CONTOURS_COLUMN = "contours"  # only of a model that reads them
_NEWEST = "samples_hash"  # a column that records of earlier versions lack
_ARROW_TYPES = {"i": "int64", "f": "float64", "U": "string"}


@dataclass(frozen=True, eq=False)
class DataRecord:
    """The utterances of a run in their order.

    Attributes
    ----------
    ids : (utterances,) str
    columns : dict of str to (utterances,) array
        ``part``, ``"train"``, ``"development"`` or another split; the fields of `ClipFacts`; the
        labels from 0 to 1, NaN where there is none; ``gs_text``, ``gs_vector`` and so on, hashes as
        int64, 0 without a text; ``contours``, hashes, of a model that reads them.
    skipped : dict of str to str
        Why an utterance was left out, by its id; not written.
    """

    ids: NDArray[np.str_]
    columns: dict[str, NDArray[Any]]
    skipped: dict[str, str] = field(default_factory=dict)

    def clips(self) -> dict[str, ClipFacts]:
        """Return what the scan of the recordings found, by the id of the utterance."""
        facts = zip(*(self.columns[name].tolist() for name in _FILE_COLUMNS), strict=True)
        return dict(zip(self.ids.tolist(), map(ClipFacts._make, facts), strict=True))


def make_record(
    parts: Sequence[str],
    examples: Examples,
    scan: Scan,
    features: Features | None,
    skipped: dict[str, str],
) -> DataRecord:
    """Build the record of utterances.

    Parameters
    ----------
    parts : sequence of str
        Of each example.
    examples : Examples
        Of the recordings at `Scan.usable`.
    scan : Scan
    features : Features or None
        None for a model without semantics.
    skipped : dict of str to str
    """
    columns: dict[str, NDArray[Any]] = {
        "part": np.array(parts, dtype=np.str_),
        **dict(
            zip(
                _FILE_COLUMNS,
                (
                    found[scan.usable]
                    for found in (
                        scan.n_samples, scan.sums, scan.squares, scan.samples_hash,
                        scan.file_hash, scan.n_bytes, scan.changed_ns,
                    )
                ),
                strict=True,
            )
        ),
        **{name: examples.labels[:, k].astype(np.float64) for k, name in enumerate(DIMENSIONS)},
    }  # fmt: skip
    for semantic, vectors in examples.texts.items():
        if features is not None:
            columns[f"{semantic}_text"] = features.text_hashes(examples.ids, semantic)
        columns[f"{semantic}_vector"] = np.where(
            examples.present[semantic], _hash_rows(vectors), np.int64(0)
        )
    if examples.contours is not None:
        columns[CONTOURS_COLUMN] = np.array(
            [hash_array(contours) for contours in examples.contours], dtype=np.int64
        )
    return DataRecord(np.array(examples.ids, dtype=np.str_), columns, skipped)


def _hash_rows(vectors: NDArray[np.float32]) -> NDArray[np.int64]:
    """Compute a hash of each row of (utterances, dim); (utterances,)."""
    return np.array([hash_array(row) for row in vectors], dtype=np.int64)


def write_record(path: Path, record: DataRecord) -> None:
    """Write a record as Parquet, in place of another.

    Raises
    ------
    lemf.LemfError
        The file cannot be written.
    """
    columns = [
        (name, _ARROW_TYPES[values.dtype.kind], values.tolist().__getitem__)
        for name, values in {"id": record.ids, **record.columns}.items()
    ]
    replace_output(path, format_parquet(range(len(record.ids)), columns, {}))


def read_record(
    path: Path, semantics: Sequence[Semantic], *, contours: bool = False
) -> DataRecord | None:
    """Read the record of a model that reads these semantics; None for none, or an earlier version.

    With `contours`, of a model that reads contours, too.

    Raises
    ------
    CheckpointError
        The file is damaged.
    """
    if not path.exists():
        return None
    names = ["part", *_FILE_COLUMNS, *DIMENSIONS]
    names += [f"{semantic}_{kind}" for semantic in semantics for kind in ("text", "vector")]
    names += [CONTOURS_COLUMN] if contours else []
    try:
        table, _ = read_parquet(path, ["id", *names], CheckpointError, "msfser train")
    except CheckpointError as error:
        if f": no column {_NEWEST!r}; " in str(error):
            return None
        raise
    try:
        return DataRecord(
            np.array(table["id"].to_pylist(), dtype=np.str_),
            {name: np.asarray(table[name].to_numpy()).astype(_dtype(name)) for name in names},
        )
    except (ValueError, TypeError) as error:
        raise CheckpointError(f"{path}: damaged ({error}); train in another folder") from error


def _dtype(name: str) -> str:
    return {"part": "U", **dict.fromkeys(("sum", "square", *DIMENSIONS), "f8")}.get(name, "i8")


def find_difference(before: DataRecord, now: DataRecord) -> tuple[str, str] | None:
    """Find what differs first between two records of models that read the same semantics.

    Returns
    -------
    (str, str) or None
        What differs, such as ``"ES texts"``, and where first.
    """
    if fault := _other_utterance(before, now):
        return "utterances", fault
    # what is exact, what is rounded, in the order of their causes
    old, new = before.columns, now.columns
    for name in new:
        if name in ("part", "sum", "file_hash", "n_bytes", "changed_ns"):
            continue
        tolerance = _LEVEL_TOLERANCE if name == "square" else 0.0
        if new[name].dtype.kind == "f":
            same = np.isclose(new[name], old[name], rtol=tolerance, atol=0.0, equal_nan=True)
        else:
            same = new[name] == old[name]
        if name == "samples_hash":  # a copy of a file may be decoded otherwise on another machine
            same |= new["file_hash"] == old["file_hash"]
        if same.all():
            continue
        place = int(np.argmin(same))
        where = f"first {str(now.ids[place])!r}"
        if name == "n_samples":
            return "recordings", f"{where} ({new[name][place]:,} samples, not {old[name][place]:,})"
        if name == "square":
            return "recordings", f"{where} (another level)"
        if name == "samples_hash":
            return "recordings", f"{where} (other samples)"
        if name in DIMENSIONS:
            return "labels", f"{where} ({name})"
        if name == CONTOURS_COLUMN:
            return "contours", where
        semantic, _, kind = name.partition("_")
        return f"{semantic.upper()} {kind}s", where
    return None


def _other_utterance(before: DataRecord, now: DataRecord) -> str:
    """Return which utterance differs, or ``""``."""
    old, new = (
        dict(zip(record.ids.tolist(), record.columns["part"].tolist(), strict=True))
        for record in (before, now)
    )
    for name, part in old.items():
        if name not in new:
            reason = now.skipped.get(name)
            return f"{name!r} is missing" + (f" ({reason})" if reason else "")
        if new[name] != part:
            return f"{name!r} is in {new[name]!r}, not in {part!r}"
    for name in new:
        if name not in old:
            reason = before.skipped.get(name)
            return f"{name!r} is new" + (f" (there: {reason})" if reason else "")
    moved = next((b for a, b in zip(old, new, strict=True) if a != b), "")
    return f"{moved!r} stands in another place" if moved else ""
