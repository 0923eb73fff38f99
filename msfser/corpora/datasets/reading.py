"""A folder of Hugging Face `datasets` into a manifest.

The folder is one that ``save_to_disk`` wrote, or holds Parquet files, as on the hub. Sounds inside
the tables become files, byte by byte as they are; sounds beside the tables stay where they are.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from lemf import CorpusError, Rows
from lemf.runtime.progress import Watch, no_watch
from msfser.config.settings import OutsideLabels
from msfser.corpora.checks import Reading, check_votes
from msfser.corpora.datasets.parts import NO_SPLIT, Part, open_parts, read_about
from msfser.corpora.datasets.sounds import Sound, find_sound_column, read_sound
from msfser.corpora.joining import check_corpus_name
from msfser.corpora.table import read_table_rows
from msfser.manifest import DIMENSIONS
from msfser.outputs import write_once
from msfser.ratings import Rating

GRID_COLUMN, VOTES_COLUMN = "textgrid", "votes"  # of folders that msfser wrote
SOUNDS_NAME, GRIDS_NAME = "audio", "alignment"  # folders beside the manifest

_WHOLE = ("", NO_SPLIT, "data", "default", "full")  # names of parts that are no split


@dataclass(frozen=True)
class Unpacked:
    """The rows of a folder of `datasets`, whose sounds are files.

    Attributes
    ----------
    folder : Path
    table : Rows
        With a column ``wav``.
    about : dict
        As `read_about` returns.
    votes : list of list of dict
        On each row.
    notes : list of str
    """

    folder: Path
    table: Rows
    about: dict[str, Any]
    votes: list[list[dict[str, Any]]]
    notes: list[str] = field(default_factory=list)


def unpack_dataset(
    folder: Path,
    output: Path,
    *,
    columns: Mapping[str, str] | None = None,
    with_splits: bool = True,
    force: bool = False,
    watch: Watch = no_watch,
) -> Unpacked:
    """Write the sounds of a folder of `datasets` as files, and return its rows.

    Parameters
    ----------
    folder : Path
        Of ``Dataset.save_to_disk`` or ``DatasetDict.save_to_disk``, or with Parquet files.
    output : Path
        Sounds inside the tables are written to its ``audio/``, alignments to its ``alignment/``.
    columns : mapping of str to str, optional
        As in `read_table`; ``wav`` is the column of the sounds.
    with_splits : bool
        Parts such as ``train`` are splits, unless there is a column of splits.
    force : bool
        Replace files of the output that are others.
    watch : function
        Called with the number of rows done, and the total.

    Returns
    -------
    Unpacked
        Without a column ``id``, the id is the name of the sound without its suffix, or part and
        number of the row where these names are not unique.

    Raises
    ------
    CorpusError
        The folder is none of these, `datasets` is not installed, there is no column of sounds, or
        a cell of it holds none.
    lemf.OutputError
        A file cannot be written, or is there, is another one, and `force` is not set.
    """
    parts = open_parts(folder)
    about, renamed = read_about(parts), columns or {}
    features = parts[0].features
    wav = find_sound_column(folder, features, renamed.get("wav", ""))
    plain = [name for name, one in features.items() if name != wav and _is_plain(one)]
    own_splits = renamed.get("split", "split") in plain
    rows, votes, names, unnamed = [], [], [], []
    n_rows = sum(part.n_rows for part in parts)
    watch(0, n_rows)
    for part in parts:
        for number, row in enumerate(part.rows()):
            place = f"{folder}: row {number}" + (f" of {part.name}" if part.name else "")
            sound = read_sound(row[wav], f"{place}: {wav}")
            file = f"{part.name or NO_SPLIT}-{number:06d}"
            cells = {name: row[name] for name in plain if row[name] is not None}
            cells["wav"] = _place_sound(sound, file, folder, output, force=force)
            if with_splits and not own_splits and part.name not in _WHOLE:
                cells["split"] = part.name
            if about and row.get(GRID_COLUMN) is not None:
                grid = output / GRIDS_NAME / f"{file}.TextGrid"
                write_once(grid, row[GRID_COLUMN], force=force)
                cells["alignment"] = str(grid.resolve())
            rows.append((place, cells))
            votes.append(row.get(VOTES_COLUMN) or [] if about else [])
            names.append(PurePosixPath(sound.path or "").stem)
            unnamed.append(file)
            watch(len(rows), n_rows)
    if not rows:
        raise CorpusError(f"{folder}: the dataset has no rows")
    if "id" not in renamed and "id" not in plain:
        unique = "" not in names and max(Counter(names).values()) == 1
        for (_, cells), name in zip(rows, names if unique else unnamed, strict=True):
            cells["id"] = name
    shown = dict.fromkeys(name for _, cells in rows for name in cells)
    known = {wav, *plain, *((GRID_COLUMN, VOTES_COLUMN) if about else ())}
    notes = []
    if unread := [name for name in features if name not in known]:
        notes.append(f"columns of neither text nor numbers, not read: {', '.join(unread)}")
    if own_splits and len(parts) > 1:
        notes.append(f"splits are those of the column, not the parts {_list_parts(parts)}")
    return Unpacked(folder, Rows(tuple(dict.fromkeys((*plain, *shown))), rows), about, votes, notes)


def read_unpacked(
    unpacked: Unpacked,
    output: Path,
    *,
    label_bounds: tuple[float, float] | None = None,
    columns: Mapping[str, str] | None = None,
    name: str | None = None,
    speaker_seed: int | None = None,
    outside: OutsideLabels = "keep",
    watch: Watch = no_watch,
) -> Reading:
    """Read the rows of a folder of `datasets` into a manifest.

    Parameters
    ----------
    unpacked : Unpacked
    output : Path
        The root of the manifest.
    label_bounds, columns, name, speaker_seed, outside, watch
        As in `read_table`; a folder that msfser wrote knows its rating scale and its name.

    Raises
    ------
    MsfserError
        As in `read_table`.
    """
    if name is not None:
        check_corpus_name(name)
    about = unpacked.about
    renamed = {key: column for key, column in (columns or {}).items() if key != "wav"}
    reading = read_table_rows(
        unpacked.table,
        unpacked.folder,
        root=output.resolve(),
        corpus=name or about.get("corpus", unpacked.folder.resolve().name),
        version=about.get("version", ""),
        label_bounds=label_bounds or about.get("label_bounds"),
        columns=renamed,
        speaker_seed=speaker_seed,
        outside=outside,
        watch=watch,
    )
    votes = [
        _make_vote(vote, row.id)
        for row, votes in zip(reading.manifest.utterances, unpacked.votes, strict=True)
        for vote in votes
    ]
    kept, vote_notes = check_votes(votes, reading.manifest)
    notes = (*unpacked.notes, *reading.notes, *vote_notes)
    return Reading(manifest=reading.manifest, notes=notes, ratings=kept)


def _make_vote(vote: Mapping[str, Any], name: str) -> Rating:
    """Return a vote on an utterance, NaN for what datasets stores as None."""
    values = {key: math.nan if vote[key] is None else vote[key] for key in DIMENSIONS}
    return Rating(**{**vote, **values, "id": name})


def _is_plain(feature: Any) -> bool:  # noqa: ANN401 - any feature of datasets
    kind = type(feature).__name__
    return kind == "ClassLabel" or (kind == "Value" and "binary" not in feature.dtype)


def _list_parts(parts: list[Part]) -> str:
    return ", ".join(part.name for part in parts)


def _place_sound(sound: Sound, file: str, folder: Path, output: Path, *, force: bool) -> str:
    """Write the bytes of a sound, and return its path from the manifest, or where its file lies."""
    name = f"{SOUNDS_NAME}/{file}{sound.suffix}"
    if sound.content is not None:
        write_once(output / name, sound.content, force=force)
        return name
    return str(folder.resolve() / sound.path) if sound.path else name
