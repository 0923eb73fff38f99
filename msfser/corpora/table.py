"""Any other corpus: a table with one row per recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

from lemf import CorpusError, Rows, read_rows
from lemf.runtime.progress import Watch, no_watch
from msfser.config.settings import OutsideLabels
from msfser.corpora.checks import Reading, check_utterances, count_note
from msfser.corpora.columns import TABLE_COLUMNS
from msfser.corpora.joining import check_corpus_name
from msfser.corpora.rows import Row, rows_as_text
from msfser.corpora.speaker_split import (
    describe_speaker_splits,
    find_split_faults,
    with_speaker_splits,
)
from msfser.corpora.table_faults import (
    describe_missing_wav,
    describe_no_labels,
    describe_other_case,
    find_label_faults,
)
from msfser.corpora.values import is_missing, parse_gender, parse_label, parse_split
from msfser.errors import all_faults
from msfser.manifest import DIMENSIONS, UNLABELLED_BOUNDS, Manifest, Utterance


def read_table(
    path: Path,
    *,
    label_bounds: tuple[float, float] | None = None,
    columns: Mapping[str, str] | None = None,
    name: str | None = None,
    speaker_seed: int | None = None,
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
    name : str, optional
        Of the corpus; by default that of the table.
    speaker_seed : int, optional
        Make splits without a common speaker, drawn with this seed, as `split_speakers` does.
    outside, watch
        As in `check_utterances`.

    Returns
    -------
    Reading

    Raises
    ------
    ConfigError
        The name is empty, or holds a slash or what cannot be printed.
    CorpusError
        The table cannot be read, lacks what is needed, all of which one message says, or has a
        value that cannot be used.
    """
    if name is not None:
        check_corpus_name(name)
    return read_table_rows(
        read_rows(path),
        path,
        root=path.parent.resolve(),
        corpus=path.stem if name is None else name,
        label_bounds=label_bounds,
        columns=columns,
        speaker_seed=speaker_seed,
        outside=outside,
        watch=watch,
    )


def read_table_rows(
    table: Rows,
    path: Path,
    *,
    root: Path,
    corpus: str,
    version: str = "",
    label_bounds: tuple[float, float] | None = None,
    columns: Mapping[str, str] | None = None,
    speaker_seed: int | None = None,
    outside: OutsideLabels = "keep",
    watch: Watch = no_watch,
) -> Reading:
    """Read the rows of a table of recordings.

    Parameters
    ----------
    table : Rows
    path : Path
        Of the table, for messages.
    root : Path
        Folder that the paths of recordings begin at.
    corpus, version : str
        Of the manifest.
    label_bounds, columns, speaker_seed, outside, watch
        As in `read_table`, and so are the result and the errors.
    """
    if not table.rows:
        raise CorpusError(f"{path}: the table has no rows")
    # columns and scale of labels
    names = _column_names(path, table, columns or {})
    if miswritten := describe_other_case(table.columns, names, TABLE_COLUMNS):
        raise CorpusError(f"{path}: {miswritten}")
    texts = rows_as_text(table, names)
    faults = [] if "wav" in names else [describe_missing_wav(table)]
    faults += find_label_faults(names, texts.rows, label_bounds)
    rows = [] if faults else _make_utterances(texts.rows)
    if speaker_seed is not None:
        faults += find_split_faults(rows or _speakers_only(texts.rows))
    no_labels = [] if set(DIMENSIONS) & set(names) else [describe_no_labels(table, names)]
    if faults:
        raise CorpusError(all_faults(path, [*faults, *no_labels]))
    # rows of the manifest
    if speaker_seed is not None:
        rows = list(with_speaker_splits(rows, seed=speaker_seed))
    manifest = Manifest(
        utterances=tuple(rows),
        corpus=corpus,
        version=version,
        root=root,
        label_bounds=label_bounds or UNLABELLED_BOUNDS,
    )
    # notes on the table
    lost = _missing_alignments(manifest)
    notes = [*texts.notes]
    if note := count_note("{} whose alignment file is missing", lost):
        notes.append(note)
    odd = {
        row.id: cells["gender"]
        for row, (_, cells) in zip(rows, texts.rows, strict=True)
        if row.gender is None and not is_missing(cells.get("gender", ""))
    }
    if note := count_note(
        "{} without a gender, since {!r} is neither female nor male", [*odd], [*odd.values()][:1]
    ):
        notes.append(note)
    if unread := [name for name in table.columns if name not in names.values()]:
        notes.append(f"columns not read: {', '.join(unread)}")
    notes += no_labels
    if speaker_seed is not None:
        notes += describe_speaker_splits(rows, speaker_seed)
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
    return {
        name: renamed.get(name, name)
        for name in TABLE_COLUMNS
        if name in renamed or (name in table.columns and name not in renamed.values())
    }


def _speakers_only(rows: Sequence[tuple[str, Row]]) -> list[Utterance]:
    """Return rows of a table that lacks something else, with their speakers and splits alone."""
    return [
        Utterance(
            id=place,
            wav="",
            speaker=row.get("speaker"),
            split=parse_split(row.get("split", ""), place),
        )
        for place, row in rows
    ]


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
        dialogue=row.get("dialogue"),
        start_s=parse_label(row.get("start_s", ""), "start_s", place),
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
