"""The table of predictions: one row per utterance, with predictions and labels.

Values are on the scale of the corpus. All that `msfser evaluate` reports is computed from this
table alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lemf.runtime.output import write_output
from msfser.ccc import FloatArray
from msfser.errors import DataError
from msfser.manifest import DIMENSIONS, Utterance, label_array
from msfser.outputs import Column, convert_columns, format_parquet, read_parquet, select_columns

PREDICTIONS_NAME = "predictions.parquet"
EMOTION = "emotion_"  # before the name of an emotion: its probability
VOTES = "vote_spread_"  # before the name of a dimension: the standard deviation of its votes
MORE_COLUMNS = (
    "snr_db",
    *(f"{start}{name}" for start in ("low_", "high_", VOTES) for name in DIMENSIONS),
)

_COMMAND = "msfser evaluate"
_TEXTS = ("split", "speaker", "gender", "emotion")
_OPTIONAL = (*_TEXTS, "fold", "duration_s", "gate_mean")
_LARGEST = 1e9  # of values and durations
_TYPES = {**dict.fromkeys(("id", *_TEXTS), "string"), "fold": "int32"}  # the others are float64


@dataclass(frozen=True, kw_only=True, eq=False)
class Predictions:
    """Predictions for the utterances of one corpus.

    Attributes
    ----------
    corpus, version : str
        As in the manifest.
    label_bounds : (float, float)
        Lowest and highest value of the rating scale.
    ids : tuple of str
        Unique.
    split, speaker, gender, emotion : tuple of (str or None)
        As in the manifest.
    fold : tuple of (int or None)
        The held-out fold that holds the utterance; None for a model trained on splits.
    duration_s : (utterances,) float64
        NaN if unknown.
    labels, values : (utterances, 3) float64
        In the order of `DIMENSIONS`: the label, NaN where missing, and the prediction.
    experts : dict of str to (utterances, 3) float64
        Prediction of each expert alone; empty for models without experts.
    gate_mean : (utterances,) float64
        Mean of g in equation 4, 1 for LES alone; NaN for models without a gate.
    deviations : dict of str to (utterances, 3) float64
        Standard deviations on the scale of the corpus, such as ``"aleatoric"`` and ``"epistemic"``
        of a model that predicts evidence; empty for others.
    notes : dict of str to tuple of str
        What a reader should know of the scores of a scope, such as a split of training data.
    more : dict of str to (utterances,) float64
        Further columns, some of `MORE_COLUMNS`, and probabilities of emotions, whose names begin
        with `EMOTION`; NaN where unknown.
    calibration : str
        ``"speaker"`` where the values were calibrated, see `fit_speaker_calibration`, else ``""``.
    """

    corpus: str
    version: str
    label_bounds: tuple[float, float]
    ids: tuple[str, ...]
    split: tuple[str | None, ...]
    speaker: tuple[str | None, ...]
    gender: tuple[str | None, ...]
    emotion: tuple[str | None, ...]
    fold: tuple[int | None, ...]
    duration_s: FloatArray
    labels: FloatArray
    values: FloatArray
    experts: dict[str, FloatArray]
    gate_mean: FloatArray
    deviations: dict[str, FloatArray] = field(default_factory=dict)
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    more: dict[str, FloatArray] = field(default_factory=dict)
    calibration: str = ""

    def select(self, chosen: NDArray[np.bool_]) -> Predictions:
        """Return the chosen rows.

        Parameters
        ----------
        chosen : (utterances,) bool
        """
        return self.take(np.flatnonzero(chosen))

    def take(self, places: NDArray[np.int64]) -> Predictions:
        """Return the rows at some places, in their order.

        Parameters
        ----------
        places : (rows,) int64
        """
        rows = places.tolist()
        return Predictions(
            corpus=self.corpus,
            version=self.version,
            label_bounds=self.label_bounds,
            ids=tuple(self.ids[row] for row in rows),
            split=tuple(self.split[row] for row in rows),
            speaker=tuple(self.speaker[row] for row in rows),
            gender=tuple(self.gender[row] for row in rows),
            emotion=tuple(self.emotion[row] for row in rows),
            fold=tuple(self.fold[row] for row in rows),
            duration_s=self.duration_s[rows],
            labels=self.labels[rows],
            values=self.values[rows],
            experts={name: values[rows] for name, values in self.experts.items()},
            gate_mean=self.gate_mean[rows],
            deviations={kind: values[rows] for kind, values in self.deviations.items()},
            notes=self.notes,
            more={name: values[rows] for name, values in self.more.items()},
            calibration=self.calibration,
        )

    def select_splits(self, names: Sequence[str]) -> Predictions:
        """Return the rows of some splits; all for no names.

        Raises
        ------
        DataError
            There is no such split, or the table is of held-out folds.
        """
        if names and any(fold is not None for fold in self.fold):
            raise DataError("predictions of held-out folds; leave out --split")
        there = [name for name in dict.fromkeys(self.split) if name]
        for name in names:
            if name not in there:
                raise DataError(f"no split {name!r}; there are: {', '.join(there) or 'none'}")
        return self.select(np.array([not names or split in names for split in self.split]))


def make_predictions(
    utterances: Sequence[Utterance],
    values: FloatArray,
    *,
    corpus: str,
    version: str,
    label_bounds: tuple[float, float],
    held_out: int = 0,
    experts: dict[str, FloatArray] | None = None,
    gate_mean: FloatArray | None = None,
    deviations: dict[str, FloatArray] | None = None,
    notes: dict[str, tuple[str, ...]] | None = None,
    more: dict[str, FloatArray] | None = None,
) -> Predictions:
    """Join predictions with the columns of the manifest.

    Parameters
    ----------
    utterances : sequence of Utterance
    values : (utterances, 3) float64
    corpus, version, label_bounds
        Of the manifest.
    held_out : int
        The fold that the model held out; 0 for a model trained on splits.
    experts, gate_mean, deviations, notes, more
        As in `Predictions`, if there are any.
    """
    return Predictions(
        corpus=corpus,
        version=version,
        label_bounds=label_bounds,
        ids=tuple(utterance.id for utterance in utterances),
        split=tuple(utterance.split for utterance in utterances),
        speaker=tuple(utterance.speaker for utterance in utterances),
        gender=tuple(utterance.gender for utterance in utterances),
        emotion=tuple(utterance.emotion for utterance in utterances),
        fold=tuple(utterance.fold if held_out else None for utterance in utterances),
        duration_s=np.array([utterance.duration_s for utterance in utterances], dtype=np.float64),
        labels=label_array(utterances),
        values=values,
        experts=experts or {},
        gate_mean=np.full(len(utterances), np.nan) if gate_mean is None else gate_mean,
        deviations=deviations or {},
        notes=notes or {},
        more=more or {},
    )


def join_predictions(parts: Sequence[Predictions]) -> Predictions:
    """Pool the predictions of several models, such as those of five folds.

    Raises
    ------
    DataError
        The corpora differ, or two of the models predict the same utterance.
    """
    first = parts[0]
    for part in parts[1:]:
        for name in ("corpus", "version", "label_bounds", "calibration"):
            if getattr(part, name) != getattr(first, name):
                raise DataError(
                    f"{name} {getattr(part, name)!r} and {getattr(first, name)!r}: "
                    "only runs on one corpus can be pooled"
                )
    ids = tuple(name for part in parts for name in part.ids)
    twice = [name for name, count in Counter(ids).items() if count > 1]
    if twice:
        raise DataError(f"id {twice[0]!r}: predicted by two runs; pooled runs must not overlap")
    named = set.intersection(*(set(part.experts) for part in parts))
    more = set.intersection(*(set(part.more) for part in parts))
    return Predictions(
        corpus=first.corpus,
        version=first.version,
        label_bounds=first.label_bounds,
        ids=ids,
        split=tuple(value for part in parts for value in part.split),
        speaker=tuple(value for part in parts for value in part.speaker),
        gender=tuple(value for part in parts for value in part.gender),
        emotion=tuple(value for part in parts for value in part.emotion),
        fold=tuple(value for part in parts for value in part.fold),
        duration_s=np.concatenate([part.duration_s for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        values=np.concatenate([part.values for part in parts]),
        experts={
            name: np.concatenate([part.experts[name] for part in parts])
            for name in first.experts
            if name in named
        },
        gate_mean=np.concatenate([part.gate_mean for part in parts]),
        deviations={
            kind: np.concatenate([part.deviations[kind] for part in parts])
            for kind in first.deviations
            if all(kind in part.deviations for part in parts)
        },
        notes={
            scope: tuple(dict.fromkeys(n for part in parts for n in part.notes.get(scope, ())))
            for scope in dict.fromkeys(scope for part in parts for scope in part.notes)
        },
        more={
            name: np.concatenate([part.more[name] for part in parts])
            for name in first.more
            if name in more
        },
        calibration=first.calibration,
    )


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
    table = _check_values(path, select_columns(table, (*needed, *of_model, *more), _OPTIONAL))
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
