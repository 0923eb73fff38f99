"""Intervals as a file that ``msfser predict`` reads, with what they are valid for."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lemf.runtime.input import read_text_input
from lemf.runtime.json_text import parse_json
from lemf.runtime.output import write_output
from msfser.errors import DataError
from msfser.evaluation.uncertainty.conformal import LEVELS, Intervals
from msfser.manifest import DIMENSIONS
from msfser.model.folder import WEIGHTS_NAME

INTERVALS_NAME = "intervals.json"

_COMMAND = "msfser evaluate RUN --intervals 0.9"


@dataclass(frozen=True, kw_only=True)
class Validity:
    """The models and options that intervals are valid for.

    Attributes
    ----------
    models : tuple of str
        Hashes of the weights, sorted; empty where the intervals were fitted to a table.
    dropout_passes : int
        Of MC dropout; 0 without.
    calibration : str
        ``"speaker"`` or ``""``.
    label_bounds : (float, float)
        Ends of the rating scale.
    """

    models: tuple[str, ...]
    dropout_passes: int
    calibration: str
    label_bounds: tuple[float, float]


def hash_models(folders: Sequence[Path]) -> tuple[str, ...]:
    """Compute the hashes of the weights of models, sorted.

    Parameters
    ----------
    folders : sequence of Path
        That hold ``model.safetensors``; a name on the hub, which is no folder, is its own hash.
    """
    return tuple(sorted(_hash_weights(folder) for folder in folders))


def _hash_weights(folder: Path) -> str:
    try:
        with (folder / WEIGHTS_NAME).open("rb") as stream:
            return hashlib.file_digest(stream, "blake2b").hexdigest()[:32]
    except FileNotFoundError:
        return str(folder)


def write_intervals(
    path: Path,
    intervals: Intervals,
    validity: Validity,
    split: str,
    *,
    notes: Sequence[str] = (),
    force: bool = False,
) -> None:
    """Write intervals as JSON.

    Parameters
    ----------
    path : Path
    intervals : Intervals
    validity : Validity
    split : str
        On which they were fitted.
    notes : sequence of str
        What a reader should know of that split.
    force : bool

    Raises
    ------
    lemf.LemfError
        The file cannot be written, or exists already and `force` is not set.
    """
    from lemf import __version__

    content = {
        "msfser": __version__,
        "level": intervals.level,
        "fitted_on": split,
        "notes": list(notes),
        "models": list(validity.models),
        "dropout_passes": validity.dropout_passes,
        "calibration": validity.calibration,
        "label_bounds": list(validity.label_bounds),
        "kinds": list(intervals.kinds),
        "dimensions": {
            name: {
                "n_labels": int(intervals.n_labels[d]),
                "offset": _number(intervals.offset[d]),
                "slopes": [_number(slope) for slope in intervals.slopes[:, d]],
                "reach": _number(intervals.reach[d]),
                "curve": [_number(reach) for reach in intervals.curve[:, d]],
            }
            for d, name in enumerate(DIMENSIONS)
        },
    }
    write_output(path, json.dumps(content, indent=1, allow_nan=False).encode() + b"\n", force=force)


def read_intervals(path: Path) -> tuple[Intervals, Validity]:
    """Read intervals that `write_intervals` wrote.

    Raises
    ------
    DataError
        The file is missing, or holds no intervals.
    """
    try:
        content = parse_json(read_text_input(path, DataError))
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; make it with {_COMMAND}") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error}); make it with {_COMMAND}") from error
    try:
        kinds = tuple(str(kind) for kind in content["kinds"])
        low, high = map(float, content["label_bounds"])
        rows = [content["dimensions"][name] for name in DIMENSIONS]
        slopes = np.array([[_value(one) for one in row["slopes"]] for row in rows]).T
        intervals = Intervals(
            level=float(content["level"]),
            kinds=kinds,
            offset=np.array([_value(row["offset"]) for row in rows]),
            slopes=slopes.reshape(len(kinds), len(DIMENSIONS)),
            reach=np.array([_value(row["reach"]) for row in rows]),
            curve=np.array([[_value(one) for one in row["curve"]] for row in rows]).T,
            n_labels=np.array([int(row["n_labels"]) for row in rows], dtype=np.int64),
        )
        validity = Validity(
            models=tuple(str(one) for one in content["models"]),
            dropout_passes=int(content["dropout_passes"]),
            calibration=str(content["calibration"]),
            label_bounds=(low, high),
        )
        fits = 0 < intervals.level < 1 and intervals.curve.shape == (len(LEVELS), 3)
    except (KeyError, TypeError, ValueError, AttributeError):
        fits = False
    if not fits:
        raise DataError(f"{path}: holds no intervals of msfser; make it with {_COMMAND}")
    return intervals, validity


def check_validity(path: Path, found: Validity, here: Validity) -> list[str]:
    """Check that intervals are valid for models and options; return notes.

    Raises
    ------
    DataError
        They were fitted for others.
    """
    if found.models and found.models != here.models:
        raise DataError(
            f"{path}: fitted for {len(found.models)} models, not for these "
            f"{len(here.models)}; evaluate these with --intervals, or name the others"
        )
    if found.label_bounds != here.label_bounds:
        raise DataError(f"{path}: of another rating scale; evaluate these models with --intervals")
    for name, option in (("dropout_passes", "--mc-dropout"), ("calibration", "--calibrate")):
        there, now = getattr(found, name), getattr(here, name)
        if there != now:
            raise DataError(
                f"{path}: fitted with {option} {there or 'none'}, not {now or 'none'}; use the same"
            )
    if not found.models:
        return ["the intervals were fitted to a table: that it is of these models is not known"]
    return []


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _value(number: Any) -> float:  # noqa: ANN401 - as JSON has it
    return math.nan if number is None else float(number)
