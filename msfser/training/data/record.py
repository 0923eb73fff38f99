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

from msfser.config.settings import ModelConfig, TrainConfig
from msfser.data.examples import Examples
from msfser.data.facts import ClipFacts, hash_array
from msfser.data.scan import Scan
from msfser.errors import CheckpointError
from msfser.manifest import DIMENSIONS
from msfser.outputs import replace_output
from msfser.parquet import format_parquet, read_parquet
from msfser.semantics.features import Features
from msfser.training.labels.targets import learns_votes

TRAIN_PART = "train"  # of the column ``part``
_LEVEL_TOLERANCE = 1e-3  # of the energy: another machine may resample in another order of sums
_FILE_COLUMNS = ClipFacts._fields
_BOUNDS = "label_bounds"
_CONTOURS, _VOTES = "contours", "votes"  # only of a model that reads them
_TRAINED_ON = ("emotion", "gender", _VOTES)  # of training utterances alone
_NEWER = ("samples_hash", *_TRAINED_ON)  # columns that records of earlier versions may lack
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
        int64, 0 without a text; ``contours``, hashes, of a model that reads them; of the training
        utterances ``emotion`` and ``gender``, ``""`` where unknown, and ``votes``, hashes, of a
        model that learns from them.
    label_bounds : (float, float) or None
        Ends of the rating scale; None for a record of an earlier version.
    skipped : dict of str to str
        Why an utterance was left out, by its id; not written.
    """

    ids: NDArray[np.str_]
    columns: dict[str, NDArray[Any]]
    label_bounds: tuple[float, float] | None = None
    skipped: dict[str, str] = field(default_factory=dict)

    def clips(self) -> dict[str, ClipFacts]:
        """Return what the scan of the recordings found, by the id of the utterance."""
        facts = zip(*(self.columns[name].tolist() for name in _FILE_COLUMNS), strict=True)
        return dict(zip(self.ids.tolist(), map(ClipFacts._make, facts), strict=True))


def columns_read(model: ModelConfig, train: TrainConfig | None = None) -> tuple[str, ...]:
    """Return the columns that tell what a model reads and, with `train`, what its training does.

    Those of the recordings and labels, which all models read, are left out.
    """
    names = [f"{semantic}_{kind}" for semantic in model.semantics for kind in ("text", "vector")]
    if model.contours != "none":
        names.append(_CONTOURS)
    if train is not None:
        if train.sampling != "all" or "emotion" in model.side_heads:
            names.append("emotion")
        if "gender" in model.side_heads:
            names.append("gender")
        if learns_votes(model):
            names.append(_VOTES)
    return tuple(names)


def make_record(
    parts: Sequence[str],
    examples: Examples,
    scan: Scan,
    features: Features | None,
    skipped: dict[str, str],
    *,
    label_bounds: tuple[float, float],
    votes: NDArray[np.float64] | None = None,
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
    label_bounds : (float, float)
        Ends of the rating scale.
    votes : (training utterances, votes, 3) float64, optional
        From `stack_votes`, of a model that learns from them.
    """
    trained = np.array([part == TRAIN_PART for part in parts], dtype=np.bool_)
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
    for name, values in (("emotion", examples.emotions), ("gender", examples.genders)):
        said = np.array([value or "" for value in values], dtype=np.str_)
        columns[name] = np.where(trained, said, "")
    if votes is not None:
        columns[_VOTES] = np.zeros(len(parts), dtype=np.int64)
        columns[_VOTES][trained] = [hash_array(_known(rows).astype(np.float32)) for rows in votes]
    if examples.contours is not None:
        columns[_CONTOURS] = np.array(
            [hash_array(contours) for contours in examples.contours], dtype=np.int64
        )
    return DataRecord(np.array(examples.ids, dtype=np.str_), columns, label_bounds, skipped)


def _known(votes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the votes of an utterance, (n, 3), without those that fill up."""
    return votes[~np.isnan(votes).all(axis=1)]


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
    about = {} if record.label_bounds is None else {_BOUNDS: record.label_bounds}
    replace_output(path, format_parquet(range(len(record.ids)), columns, about))


def read_record(path: Path, columns: Sequence[str] = ()) -> DataRecord | None:
    """Read a record; None where there is none, or where one of an earlier version lacks a column.

    Parameters
    ----------
    path : Path
    columns : sequence of str
        From `columns_read`; those of recordings and labels are read in any case.

    Raises
    ------
    CheckpointError
        The file is damaged.
    """
    if not path.exists():
        return None
    names = ["part", *_FILE_COLUMNS, *DIMENSIONS, *columns]
    sure = ["id", *(name for name in names if name not in _NEWER)]
    newer = [name for name in names if name in _NEWER]
    table, about = read_parquet(path, sure, CheckpointError, "msfser train", optional=newer)
    if not set(newer) <= set(table.column_names):
        return None
    bounds = about.get(_BOUNDS)
    try:
        return DataRecord(
            np.array(table["id"].to_pylist(), dtype=np.str_),
            {name: np.asarray(table[name].to_numpy()).astype(_dtype(name)) for name in names},
            None if bounds is None else (float(bounds[0]), float(bounds[1])),
        )
    except (ValueError, TypeError) as error:
        raise CheckpointError(f"{path}: damaged ({error}); train in another folder") from error


def _dtype(name: str) -> str:
    texts, numbers = ("part", "emotion", "gender"), ("sum", "square", *DIMENSIONS)
    return {**dict.fromkeys(texts, "U"), **dict.fromkeys(numbers, "f8")}.get(name, "i8")


def find_difference(before: DataRecord, now: DataRecord) -> tuple[str, str] | None:
    """Find what differs first between two records, in the columns of `before`.

    Returns
    -------
    (str, str) or None
        What differs, such as ``"ES texts"``, and where first.
    """
    if fault := _other_utterance(before, now):
        return "utterances", fault
    scale, earlier = now.label_bounds, before.label_bounds
    if scale and earlier and scale != earlier:
        is_now, was = ("{:g} to {:g}".format(*ends) for ends in (scale, earlier))
        return "ends of the rating scale", f"{is_now}, not {was}"
    # what is exact, what is rounded, in the order of their causes
    old, new = before.columns, now.columns
    for name in old:
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
        if name in ("emotion", "gender"):
            values = (str(columns[name][place]) or "none" for columns in (new, old))
            return f"{name}s", "{} ({}, not {})".format(where, *values)
        if name in (_CONTOURS, _VOTES):
            return name, where
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
