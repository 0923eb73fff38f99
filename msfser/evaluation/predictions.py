"""The table of predictions: a row an utterance, what was said of it beside what listeners said.

Values are in the scale of the corpus. Everything that `msfser evaluate` reports is computed from
this table alone.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lemf.runtime.output import write_output
from msfser.ccc import FloatArray
from msfser.errors import DataError
from msfser.manifest import DIMENSIONS, Utterance, label_array

PREDICTIONS_NAME = "predictions.parquet"

_METADATA_KEY = b"msfser"
_TEXTS = ("split", "speaker", "gender", "emotion")


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
        The fold that the model held out and that the utterance is of; None for a model of splits.
    duration_s : (utterances,) float64
        NaN where it is not known.
    labels, values : (utterances, 3) float64
        In the order of `DIMENSIONS`: what listeners said, NaN where nobody did; what was predicted.
    experts : dict of str to (utterances, 3) float64
        What each expert said by itself; empty for models without experts.
    gate_mean : (utterances,) float64
        Mean of g in equation 4, 1 for LES alone; NaN for models without a gate.
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

    def select(self, chosen: NDArray[np.bool_]) -> Predictions:
        """Keep the rows that are chosen.

        Parameters
        ----------
        chosen : (utterances,) bool
        """
        rows = np.flatnonzero(chosen).tolist()
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
        )


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
) -> Predictions:
    """Set predictions beside what the manifest knows of the utterances.

    Parameters
    ----------
    utterances : sequence of Utterance
    values : (utterances, 3) float64
    corpus, version, label_bounds
        Of the manifest.
    held_out : int
        The fold that the model held out; 0 for a model of splits.
    experts, gate_mean
        As in `Predictions`, where the model has them.
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
    )


def join_predictions(parts: Sequence[Predictions]) -> Predictions:
    """Pool the predictions of several models, such as those of five folds.

    Raises
    ------
    DataError
        They are of different corpora, or two of them name the same utterance.
    """
    first = parts[0]
    for part in parts[1:]:
        for name in ("corpus", "version", "label_bounds"):
            if getattr(part, name) != getattr(first, name):
                raise DataError(
                    f"{name} {getattr(part, name)!r} beside {getattr(first, name)!r}: "
                    "only runs on one corpus can be pooled"
                )
    ids = tuple(name for part in parts for name in part.ids)
    twice = [name for name, count in Counter(ids).items() if count > 1]
    if twice:
        raise DataError(f"id {twice[0]!r}: predicted by two runs; pooled runs must not overlap")
    named = set.intersection(*(set(part.experts) for part in parts))
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
    )


def write_predictions(path: Path, predictions: Predictions, *, force: bool = False) -> None:
    """Write the table as Parquet, whole or not at all.

    Raises
    ------
    lemf.LemfError
        The file cannot be written, or exists already and `force` is not set.
    """
    import pyarrow
    import pyarrow.parquet

    columns: dict[str, Any] = {"id": pyarrow.array(predictions.ids, pyarrow.string())}
    for name in _TEXTS:
        columns[name] = pyarrow.array(getattr(predictions, name), pyarrow.string())
    columns["fold"] = pyarrow.array(predictions.fold, pyarrow.int32())
    numbers = {
        "duration_s": predictions.duration_s,
        **_named("label", predictions.labels),
        **_named("predicted", predictions.values),
        "gate_mean": predictions.gate_mean,
    }
    for expert, values in predictions.experts.items():
        numbers.update(_named(f"expert_{expert}", values))
    for name, values in numbers.items():
        columns[name] = pyarrow.array(values, pyarrow.float64(), from_pandas=True)  # NaN: null
    metadata = {
        "corpus": predictions.corpus,
        "version": predictions.version,
        "label_bounds": list(predictions.label_bounds),
        "experts": list(predictions.experts),
    }
    table = pyarrow.table(columns).replace_schema_metadata(
        {_METADATA_KEY: json.dumps(metadata).encode()}
    )
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(table, buffer, compression="zstd")
    write_output(path, buffer.getvalue(), force=force)


def read_predictions(path: Path) -> Predictions:
    """Read a table that `write_predictions` wrote.

    Raises
    ------
    DataError
        The file is missing, or is no table of predictions.
    """
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(path)
        metadata = json.loads((table.schema.metadata or {})[_METADATA_KEY])
        low, high = metadata["label_bounds"]
        return Predictions(
            corpus=str(metadata["corpus"]),
            version=str(metadata["version"]),
            label_bounds=(float(low), float(high)),
            ids=tuple(table["id"].to_pylist()),
            split=tuple(table["split"].to_pylist()),
            speaker=tuple(table["speaker"].to_pylist()),
            gender=tuple(table["gender"].to_pylist()),
            emotion=tuple(table["emotion"].to_pylist()),
            fold=tuple(table["fold"].to_pylist()),
            duration_s=_numbers(table["duration_s"]),
            labels=_dimensions(table, "label"),
            values=_dimensions(table, "predicted"),
            experts={name: _dimensions(table, f"expert_{name}") for name in metadata["experts"]},
            gate_mean=_numbers(table["gate_mean"]),
        )
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; make it with msfser evaluate") from None
    except (OSError, KeyError, ValueError, TypeError, pyarrow.ArrowException) as error:
        raise DataError(f"{path}: not a table of predictions; make it with msfser evaluate") from (
            error
        )


def _named(start: str, values: FloatArray) -> dict[str, FloatArray]:
    return {f"{start}_{name}": values[:, d] for d, name in enumerate(DIMENSIONS)}


def _numbers(column: Any) -> FloatArray:  # noqa: ANN401 - pyarrow has no types
    return np.array(column.to_numpy(), dtype=np.float64)


def _dimensions(table: Any, start: str) -> FloatArray:  # noqa: ANN401 - pyarrow has no types
    return np.stack([_numbers(table[f"{start}_{name}"]) for name in DIMENSIONS], axis=1)
