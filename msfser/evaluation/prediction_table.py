"""The table of predictions, `predictions.parquet`: one row per utterance."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lemf.runtime.output import write_output
from msfser.ccc import FloatArray
from msfser.errors import DataError
from msfser.evaluation.predictions import EMOTION, MORE_COLUMNS, Predictions
from msfser.manifest import DIMENSIONS
from msfser.parquet import (
    Column,
    convert_columns,
    format_parquet,
    read_parquet,
    select_columns,
)

PREDICTIONS_NAME = "predictions.parquet"

_COMMAND = "msfser evaluate"
_TEXTS = ("split", "speaker", "gender", "emotion")
_OPTIONAL = (*_TEXTS, "fold", "duration_s", "gate_mean")
_LARGEST = 1e9  # of values and durations
_TRAINED = "trained_on"  # a column where the model was trained on any utterance of the table
_TYPES = {  # the others are float64
    **dict.fromkeys(("id", *_TEXTS), "string"),
    "fold": "int32",
    _TRAINED: "bool",
}


def write_predictions(path: Path, predictions: Predictions, *, force: bool = False) -> None:
    """Write the table as Parquet, whole or not at all.

    Raises
    ------
    lemf.LemfError
        The file cannot be written, or exists already and `force` is not set.
    """
    values_of = {
        "id": predictions.ids,
        **{name: getattr(predictions, name) for name in _TEXTS},
        "fold": predictions.fold,
        "duration_s": predictions.duration_s,
        **dict(zip(_names("label"), predictions.labels.T, strict=True)),
        **dict(zip(_names("predicted"), predictions.values.T, strict=True)),
        "gate_mean": predictions.gate_mean,
    }
    for expert, values in predictions.experts.items():
        values_of |= dict(zip(_names(f"expert_{expert}"), values.T, strict=True))
    for kind, values in predictions.deviations.items():
        values_of |= dict(zip(_names(kind), values.T, strict=True))
    values_of |= predictions.more
    if not predictions.trained_on.isdisjoint(predictions.ids):
        values_of[_TRAINED] = [name in predictions.trained_on for name in predictions.ids]
    columns: list[Column[int]] = [
        (name, _TYPES.get(name, "float64"), values.__getitem__)
        for name, values in values_of.items()
    ]
    metadata = {
        "corpus": predictions.corpus,
        "version": predictions.version,
        "label_bounds": list(predictions.label_bounds),
        "experts": list(predictions.experts),
        **({"deviations": list(predictions.deviations)} if predictions.deviations else {}),
        **({"notes": predictions.notes} if predictions.notes else {}),
        **({"calibration": predictions.calibration} if predictions.calibration else {}),
    }
    content = format_parquet(range(len(predictions.ids)), columns, metadata)
    write_output(path, content, force=force)


def read_predictions(path: Path, label_bounds: tuple[float, float] | None = None) -> Predictions:
    """Read a table that `write_predictions` wrote, or one of another program with such columns.

    The columns `id`, ``label_*`` and ``predicted_*`` are needed; others may be left out.

    Parameters
    ----------
    path : Path
    label_bounds : (float, float), optional
        The rating scale, which tables of other programs do not name.

    Raises
    ------
    DataError
        The file is missing, or is not a table of predictions; its scale is another, or unknown.
    """
    needed = ("id", *_names("label"), *_names("predicted"))
    table, metadata = read_parquet(path, needed, DataError, _COMMAND, by_others=True)
    if metadata is None:
        if label_bounds is None:
            raise DataError(
                f"{path}: not written by msfser, so the rating scale is not known; name its ends, "
                "such as --label-bounds 1,5"
            )
        metadata = {
            "corpus": "",
            "version": "",
            "label_bounds": label_bounds,
            "experts": _find_experts(table.column_names),
        }
    try:
        corpus, version = str(metadata["corpus"]), str(metadata["version"])
        low, high = map(float, metadata["label_bounds"])
        experts = [str(name) for name in metadata["experts"]]
        kinds = [str(kind) for kind in metadata.get("deviations", ())]
        fits = -_LARGEST < low < high < _LARGEST and len({*experts}) == len(experts)
        notes = {
            scope: tuple(map(str, texts)) for scope, texts in metadata.get("notes", {}).items()
        }
        calibration = str(metadata.get("calibration", ""))
    except (KeyError, ValueError, TypeError, OverflowError, AttributeError):
        fits = False
    if not fits:
        raise DataError(f"{path}: not a table of predictions; make it with {_COMMAND}")
    if label_bounds not in (None, (low, high)):
        raise DataError(
            f"{path}: the rating scale is {low:g} to {high:g}, not that of --label-bounds; leave "
            "the option out"
        )
    starts = [*(f"expert_{expert}" for expert in experts), *kinds]
    of_model = [name for start in starts for name in _names(start)]
    if missing := [name for name in of_model if name not in table.column_names]:
        raise DataError(f"{path}: no column {missing[0]!r}; make it with {_COMMAND}")
    more = [
        field.name
        for field in table.schema
        if field.name in MORE_COLUMNS
        or (field.name.startswith(EMOTION) and str(field.type) == "double")
    ]
    optional = (*_OPTIONAL, _TRAINED)
    table = _check_values(path, select_columns(table, (*needed, *of_model, *more), optional))
    (name, n_rows), *_ = [*Counter(table["id"].to_pylist()).most_common(1), ("", 0)]
    if n_rows > 1:
        raise DataError(f"{path}: id {name!r}: {n_rows:,} rows; give each utterance one")
    return Predictions(
        corpus=corpus,
        version=version,
        label_bounds=(low, high),
        ids=tuple(table["id"].to_pylist()),
        split=tuple(table["split"].to_pylist()),
        speaker=tuple(table["speaker"].to_pylist()),
        gender=tuple(table["gender"].to_pylist()),
        emotion=tuple(table["emotion"].to_pylist()),
        fold=tuple(table["fold"].to_pylist()),
        duration_s=_numbers(table["duration_s"]),
        labels=_dimensions(table, "label"),
        values=_dimensions(table, "predicted"),
        experts={name: _dimensions(table, f"expert_{name}") for name in experts},
        gate_mean=_numbers(table["gate_mean"]),
        deviations={kind: _dimensions(table, kind) for kind in kinds},
        notes=notes,
        more={name: _numbers(table[name]) for name in more},
        calibration=calibration,
        trained_on=frozenset(table["id"].filter(table[_TRAINED].fill_null(False)).to_pylist()),
    )


def _find_experts(columns: Sequence[str]) -> list[str]:
    """Return the names of the experts whose columns are all there."""
    found = re.findall(rf"^expert_(.+)_{DIMENSIONS[0]}$", "\n".join(columns), re.MULTILINE)
    return [name for name in found if {*_names(f"expert_{name}")} <= {*columns}]


def _check_values(path: Path, table: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Convert the columns to their types; refuse rows without an id and infinite values."""
    types = {name: _TYPES.get(name, "float64") for name in table.column_names}
    table = convert_columns(path, table, types, DataError)
    for name, kind in types.items():
        if kind == "float64":
            values = _numbers(table[name])
            if (large := np.abs(values) > _LARGEST).any():
                row = int(large.argmax())
                raise DataError(
                    f"{path}: row {row + 1}: {name} is {values[row]}; leave the cell empty"
                )
    return table


def _names(start: str) -> list[str]:
    return [f"{start}_{name}" for name in DIMENSIONS]


def _numbers(column: Any) -> FloatArray:  # noqa: ANN401 - pyarrow has no types
    return np.array(column.to_numpy(), dtype=np.float64)


def _dimensions(table: Any, start: str) -> FloatArray:  # noqa: ANN401 - pyarrow has no types
    return np.stack([_numbers(table[name]) for name in _names(start)], axis=1)
