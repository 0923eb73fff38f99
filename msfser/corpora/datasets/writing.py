"""A corpus as a folder of Hugging Face `datasets`, which holds its sounds."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from lemf import CorpusError
from msfser.corpora.datasets.parts import NO_SPLIT, format_about, import_datasets
from msfser.corpora.datasets.reading import GRID_COLUMN, VOTES_COLUMN
from msfser.manifest import DIMENSIONS, Manifest, Utterance
from msfser.outputs import make_folder
from msfser.ratings import Rating

_TYPES = {
    **dict.fromkeys(("id", "transcript", "speaker", "gender", "emotion", "dialogue"), "string"),
    **dict.fromkeys((*DIMENSIONS, "start_s"), "float64"),
    "fold": "int32",
    GRID_COLUMN: "binary",
}
_SPLITS = {"development": "validation"}  # as the hub names it; read back as development


def save_corpus(manifest: Manifest, ratings: Sequence[Rating], folder: Path) -> list[str]:
    """Write the usable utterances of a corpus as a ``DatasetDict`` with one part per split.

    Parameters
    ----------
    manifest : Manifest
    ratings : sequence of Rating
        The votes of single raters, if there are any.
    folder : Path
        New; written completely or not at all.

    Returns
    -------
    list of str
        Notes on what is not in the folder.

    Raises
    ------
    CorpusError
        The folder exists, no utterance can be used, or `datasets` is not installed.
    OSError
        The folder cannot be written, or a recording or an alignment cannot be read.
    """
    datasets = import_datasets()
    if folder.exists():
        raise CorpusError(f"{folder}: exists already; name another folder")
    rows = manifest.usable()
    if not rows:
        raise CorpusError(f"{manifest.root}: no utterance can be used; see the column 'reason'")
    columns = _columns(manifest, rows, ratings)
    parts: dict[str, list[Utterance]] = {}
    for row in rows:
        parts.setdefault(row.split or NO_SPLIT, []).append(row)
    about = format_about(manifest.corpus, manifest.version, manifest.label_bounds)
    saved = datasets.DatasetDict(
        {
            _SPLITS.get(name, name): _make_part(members, columns, about)
            for name, members in parts.items()
        }
    )
    make_folder(folder.parent)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as place:
        whole = Path(place, folder.name)
        saved.save_to_disk(str(whole))
        whole.rename(folder)
    left_out = len(manifest.utterances) - len(rows)
    return [f"failed rows are left out: {left_out:,}"] if left_out else []


def _make_part(
    rows: Sequence[Utterance], columns: dict[str, Callable[[Utterance], Any]], about: str
) -> Any:  # noqa: ANN401 - a dataset
    """Build a dataset that names the recordings; `save_to_disk` puts their bytes into it."""
    datasets = import_datasets()
    kind = datasets.Value
    vote = {"rater": "string", "emotion": "string", **dict.fromkeys(DIMENSIONS, "float64")}
    features = {
        "audio": {"bytes": kind("binary"), "path": kind("string")},
        VOTES_COLUMN: [{name: kind(one) for name, one in vote.items()}],
        **{name: kind(one) for name, one in _TYPES.items()},
    }
    made = datasets.Dataset.from_dict(
        {name: [value_of(row) for row in rows] for name, value_of in columns.items()},
        features=datasets.Features({name: features[name] for name in columns}),
    )
    made = made.cast(datasets.Features({**made.features, "audio": datasets.Audio()}))
    made.info.description = about
    return made


def _columns(
    manifest: Manifest, rows: Sequence[Utterance], ratings: Sequence[Rating]
) -> dict[str, Callable[[Utterance], Any]]:
    """Return the columns that any row has a value in, as functions of a row."""
    votes: dict[str, list[dict[str, Any]]] = {}
    for rating in ratings:
        votes.setdefault(rating.id, []).append(_vote(rating))
    columns: dict[str, Callable[[Utterance], Any]] = {
        "audio": lambda row: {"bytes": None, "path": str(manifest.wav_path(row))},
        **{name: partial(_cell, name) for name in _TYPES if name != GRID_COLUMN},
        GRID_COLUMN: partial(_read_grid, manifest),
        VOTES_COLUMN: lambda row: votes.get(row.id, []),
    }
    return {
        name: value_of
        for name, value_of in columns.items()
        if any(value_of(row) not in (None, []) for row in rows)
    }


def _cell(name: str, row: Utterance) -> Any:  # noqa: ANN401
    return _known(getattr(row, name))


def _vote(rating: Rating) -> dict[str, Any]:
    values = {name: _known(getattr(rating, name)) for name in DIMENSIONS}
    return {"rater": rating.rater, "emotion": rating.emotion, **values}


def _known(value: Any) -> Any:  # noqa: ANN401
    """Return a value, or None for NaN."""
    return None if value != value else value


def _read_grid(manifest: Manifest, row: Utterance) -> bytes | None:
    path = manifest.alignment_path(row)
    return path.read_bytes() if path is not None and path.is_file() else None
