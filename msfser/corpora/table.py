"""Any other corpus: a table with one row per recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

from lemf import CorpusError, Rows, read_rows
from lemf.runtime.progress import Watch, no_watch
from msfser.config.settings import OutsideLabels
from msfser.corpora.checks import Reading, check_utterances, count_note
from msfser.corpora.rows import Row, rows_as_text
from msfser.corpora.values import is_missing, parse_gender, parse_label, parse_split
from msfser.manifest import DIMENSIONS, Manifest, Utterance

TABLE_COLUMNS = (
    "wav",
    "id",
    "alignment",
    "transcript",
    "speaker",
    "gender",
    "emotion",
    *DIMENSIONS,
    "split",
    "fold",
)

_UNLABELLED_BOUNDS = (0.0, 1.0)


def read_table(
    path: Path,
    *,
    label_bounds: tuple[float, float] | None = None,
    columns: Mapping[str, str] | None = None,
    outside: OutsideLabels = "keep",
    watch: Watch = no_watch,
) -> Reading:
    """Read a table of recordings.

    Parameters
    ----------
    path : Path
        ``.csv``, ``.tsv``, ``.jsonl`` or ``.parquet`` with a column ``wav`` and any other of
        `TABLE_COLUMNS`; paths are relative to its folder. Without ``id``, the id is the path of the
        wav without its suffix.
    label_bounds : (float, float), optional
        Lowest and highest value of the rating scale; needed where there are labels.
    columns : mapping of str to str, optional
        Columns of the table by their names in `TABLE_COLUMNS`, such as
        ``{"valence": "val_mean"}``.
    outside, watch
        As in `check_utterances`.

    Returns
    -------
    Reading

    Raises
    ------
    CorpusError
        The table cannot be read, lacks a named column, or has a value that cannot be used.
    """
    table = read_rows(path)
    if not table.rows:
        raise CorpusError(f"{path}: the table has no rows")
    # columns and scale of labels
    names = _column_names(path, table, columns or {})
    labelled = [names[dimension] for dimension in DIMENSIONS if dimension in names]
    if labelled and label_bounds is None:
        raise CorpusError(
            f"{path}: the scale of {', '.join(labelled)} is not known; name it: --label-bounds 1,5"
        )
    # rows of the manifest
    texts = rows_as_text(table, names)
    manifest = Manifest(
        utterances=tuple(_make_utterances(texts.rows)),
        corpus=path.stem,
        version="",
        root=path.parent.resolve(),
        label_bounds=label_bounds or _UNLABELLED_BOUNDS,
    )
    # notes on the table
    lost = _missing_alignments(manifest)
    notes = [*texts.notes]
    if note := count_note("{} whose alignment file is missing", lost):
        notes.append(note)
    if unread := [name for name in table.columns if name not in names.values()]:
        notes.append(f"columns not read: {', '.join(unread)}")
    return check_utterances(manifest, notes, outside=outside, watch=watch)


def _column_names(path: Path, table: Rows, renamed: Mapping[str, str]) -> dict[str, str]:
    """Map the columns of the manifest to those of the table."""
    for name, column in renamed.items():
        if name not in TABLE_COLUMNS:
            raise CorpusError(
                f"column {name!r}: not of the manifest; choose from {', '.join(TABLE_COLUMNS)}"
            )
        if column not in table.columns:
            raise CorpusError(f"{path}: no column {column!r}; it has {', '.join(table.columns)}")
    names = {
        name: renamed.get(name, name)
        for name in TABLE_COLUMNS
        if name in renamed or (name in table.columns and name not in renamed.values())
    }
    if "wav" not in names:
        raise CorpusError(
            f"{path}: no column 'wav'; it has {', '.join(table.columns)}. "
            "Name it with --column wav=NAME"
        )
    return names


def _make_utterances(rows: Sequence[tuple[str, Row]]) -> list[Utterance]:
    utterances: list[Utterance] = []
    places: dict[str, str] = {}
    for place, row in rows:
        utterance = _make_utterance(place, row)
        if utterance.id in places:
            raise CorpusError(
                f"{place}: id {utterance.id!r} is also in {places[utterance.id]}; ids must differ"
            )
        places[utterance.id] = place
        utterances.append(utterance)
    return utterances


def _make_utterance(place: str, row: Row) -> Utterance:
    if "wav" not in row:
        raise CorpusError(f"{place}: no wav; name the recording")
    wav = PurePath(row["wav"])
    return Utterance(
        id=row.get("id") or (wav.parent / wav.stem).as_posix(),
        wav=row["wav"],
        alignment=row.get("alignment"),
        transcript=row.get("transcript"),
        speaker=row.get("speaker"),
        gender=parse_gender(row.get("gender", "")),
        emotion=row.get("emotion"),
        valence=parse_label(row.get("valence", ""), "valence", place),
        arousal=parse_label(row.get("arousal", ""), "arousal", place),
        dominance=parse_label(row.get("dominance", ""), "dominance", place),
        split=parse_split(row.get("split", ""), place),
        fold=_parse_fold(row.get("fold", ""), place),
    )


def _parse_fold(text: str, place: str) -> int | None:
    if is_missing(text):
        return None
    number = text.removesuffix(".0")  # whole numbers of pandas, where a cell is empty
    if not (number.isascii() and number.isdigit() and int(number) >= 1):
        raise CorpusError(f"{place}: fold {text!r}; write a whole number from 1")
    return int(number)


def _missing_alignments(manifest: Manifest) -> list[str]:
    return [
        utterance.id
        for utterance in manifest.utterances
        if (path := manifest.alignment_path(utterance)) is not None and not path.is_file()
    ]
