"""The table that every command reads: one row per utterance, as Parquet.

Labels keep the scale of the corpus, whose bounds are in the metadata. Columns are named, never
indexed: IEMOCAP has valence, activation, dominance; MSP-Podcast activation, valence, dominance.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lemf.runtime.output import write_output
from msfser.errors import ManifestError
from msfser.parquet import (
    Column,
    convert_columns,
    format_parquet,
    read_parquet,
)

DIMENSIONS = ("valence", "arousal", "dominance")  # their order everywhere
MANIFEST_NAME = "manifest.parquet"
UNLABELLED_BOUNDS = (0.0, 1.0)  # of a corpus without any label of the dimensions


@dataclass(frozen=True, kw_only=True, slots=True)
class Utterance:
    """One row of the manifest.

    Attributes
    ----------
    id : str
        Unique in the manifest.
    wav : str
        Path relative to the root of the manifest, or absolute where the file lies elsewhere.
    alignment : str or None
        Path of the TextGrid, like that of the recording.
    transcript : str or None
        As the corpus writes it.
    speaker, gender, emotion : str or None
        As the corpus names them; gender is ``"female"`` or ``"male"``.
    valence, arousal, dominance : float
        In the scale of the corpus; NaN where there is no label.
    split : str or None
        ``"train"``, ``"development"``, ``"test"``, or ``"test1"`` to ``"test3"``.
    fold : int or None
        The fold that holds the utterance out, from 1.
    duration_s : float
        Length of the recording; NaN where it could not be read.
    status : str
        ``"ok"`` or ``"failed"``; a failed row stays, and nothing is computed from it.
    reason : str or None
        Why the row failed.
    dialogue : str or None
        The conversation that the utterance is a turn of, unique in the manifest.
    start_s : float
        Where the turn begins in the dialogue; NaN where unknown.
    """

    id: str
    wav: str
    alignment: str | None = None
    transcript: str | None = None
    speaker: str | None = None
    gender: str | None = None
    emotion: str | None = None
    valence: float = math.nan
    arousal: float = math.nan
    dominance: float = math.nan
    split: str | None = None
    fold: int | None = None
    duration_s: float = math.nan
    status: str = "ok"
    reason: str | None = None
    dialogue: str | None = None
    start_s: float = math.nan

    @property
    def labels(self) -> tuple[float, float, float]:
        """Valence, arousal, dominance."""
        return self.valence, self.arousal, self.dominance


_ARROW_TYPES = {"str": "string", "str | None": "string", "int | None": "int32", "float": "float64"}
COLUMNS: tuple[Column[Utterance], ...] = tuple(
    (field.name, _ARROW_TYPES[str(field.type)], attrgetter(field.name))
    for field in fields(Utterance)
)
_OPTIONAL = ("dialogue", "start_s")  # columns of corpora of dialogues


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """All utterances of a corpus.

    Attributes
    ----------
    utterances : tuple of Utterance
        In the order of the corpus; ids are unique.
    corpus, version : str
        Such as ``"msp-podcast"`` and ``"1.12"``; version is empty where there is none.
    root : Path
        Absolute folder that the paths of the rows are relative to; the folder of the file that was
        read, where the recordings lie there, too.
    label_bounds : (float, float)
        Lowest and highest value of the rating scale.

    Raises
    ------
    ManifestError
        Two utterances with the same id, or bounds that are not a range.
    """

    utterances: tuple[Utterance, ...]
    corpus: str
    version: str
    root: Path
    label_bounds: tuple[float, float]

    def __post_init__(self) -> None:
        low, high = self.label_bounds
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ManifestError(
                f"label bounds {low:g} to {high:g}: write two finite numbers, the lower first"
            )
        counts = Counter(utterance.id for utterance in self.utterances)
        twice = [name for name, count in counts.items() if count > 1]
        if twice:
            others = f" and {len(twice) - 1:,} more" if len(twice) > 1 else ""
            raise ManifestError(f"id {twice[0]!r}{others}: named more than once; ids must differ")

    @property
    def title(self) -> str:
        """Corpus and version, for figures and tables."""
        return " ".join(part for part in (self.corpus, self.version) if part)

    @property
    def label_title(self) -> str:
        """Which dimensions have labels, and on which scale; for figures and tables."""
        unlabelled = unlabelled_dimensions(label_array(self.utterances))
        if unlabelled == DIMENSIONS:
            return f"no labels of {', '.join(DIMENSIONS)}"
        low, high = self.label_bounds
        labelled = ", ".join(name for name in DIMENSIONS if name not in unlabelled)
        of = f"of {labelled} " if unlabelled else ""
        return f"labels {of}from {low:g} to {high:g}"

    def wav_path(self, utterance: Utterance) -> Path:
        """Return the absolute path of a recording."""
        return self.root / utterance.wav

    def alignment_path(self, utterance: Utterance) -> Path | None:
        """Return the absolute path of a TextGrid; None where there is none."""
        return None if utterance.alignment is None else self.root / utterance.alignment

    def usable(self) -> list[Utterance]:
        """Return the utterances that did not fail."""
        return [utterance for utterance in self.utterances if utterance.status == "ok"]


def label_array(utterances: Iterable[Utterance]) -> NDArray[np.float64]:
    """Return the labels as one array.

    Parameters
    ----------
    utterances : iterable of Utterance

    Returns
    -------
    (utterances, 3) float64
        In the order of `DIMENSIONS`; NaN where there is no label.
    """
    rows = [utterance.labels for utterance in utterances]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(DIMENSIONS))


def unlabelled_dimensions(labels: NDArray[np.floating]) -> tuple[str, ...]:
    """Return the dimensions of which no utterance has a label.

    Parameters
    ----------
    labels : (utterances, 3) float
        As `label_array` returns them.
    """
    missing = np.isnan(labels).all(axis=0).tolist()
    return tuple(name for name, one in zip(DIMENSIONS, missing, strict=True) if one)


def write_manifest(path: Path, manifest: Manifest, *, force: bool = False) -> None:
    """Write the manifest as Parquet, whole or not at all.

    Parameters
    ----------
    path : Path
        The file; its folder must exist.
    manifest : Manifest
    force : bool
        Whether an existing file may be replaced.

    Raises
    ------
    lemf.LemfError
        The file cannot be written, or exists already.
    """
    metadata = {
        "corpus": manifest.corpus,
        "version": manifest.version,
        "root": str(manifest.root),
        "label_bounds": list(manifest.label_bounds),
    }
    rows = manifest.utterances
    columns = [
        (name, kind, value_of)
        for name, kind, value_of in COLUMNS
        if name not in _OPTIONAL or any(row.dialogue is not None for row in rows)
    ]
    write_output(path, format_parquet(rows, columns, metadata), force=force)


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Parameters
    ----------
    path : Path
        The Parquet file, or the folder that holds `MANIFEST_NAME`.

    Returns
    -------
    Manifest

    Raises
    ------
    ManifestError
        The file is missing, not written by msfser, or lacks a column.
    """
    if path.is_dir():
        path = path / MANIFEST_NAME
    types = {name: kind for name, kind, _ in COLUMNS}
    needed = [name for name in types if name not in _OPTIONAL]
    table, metadata = read_parquet(path, needed, ManifestError, "msfser corpus", optional=_OPTIONAL)
    types = {name: types[name] for name in table.column_names}
    table = convert_columns(path, table, types, ManifestError)
    try:
        low, high = metadata["label_bounds"]
        utterances = tuple(_from_row(row) for row in table.to_pylist())
        return Manifest(
            utterances=utterances,
            corpus=str(metadata["corpus"]),
            version=str(metadata["version"]),
            root=_find_root(path.parent.resolve(), Path(metadata["root"]), utterances),
            label_bounds=(float(low), float(high)),
        )
    except ManifestError as error:
        raise ManifestError(f"{path}: {error}") from error
    except (KeyError, ValueError, TypeError, OverflowError):
        raise ManifestError(
            f"{path}: not a manifest; check the path, or make it with msfser corpus"
        ) from None


def _find_root(here: Path, written: Path, utterances: Sequence[Utterance]) -> Path:
    """Return the folder of the manifest where it was copied with its recordings."""
    wavs = (Path(row.wav) for row in utterances if row.status == "ok")
    first = next((wav for wav in wavs if not wav.is_absolute()), None)
    return here if first is not None and (here / first).is_file() else written


def _from_row(row: dict[str, Any]) -> Utterance:
    for name in (*DIMENSIONS, "duration_s", "start_s"):
        if row.get(name, math.nan) is None:
            row[name] = math.nan
    return Utterance(**row)
