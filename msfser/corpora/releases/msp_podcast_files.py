"""MSP-Podcast's files, as its releases 1.6 to 2.0 name and spell them.

``labels_consensus`` (up to 1.9 ``labels_concensus``) has activation, valence, dominance in this
order; columns are found by name. ``Partitions.txt`` has splits, ``Speaker_ids.txt`` speakers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePath

from lemf import CorpusError, Rows, read_rows
from lemf.runtime.json_text import parse_json
from msfser.corpora.rows import Row, rows_as_text
from msfser.corpora.text_files import read_lines, read_text
from msfser.corpora.values import is_missing, parse_gender, parse_label, parse_split
from msfser.manifest import DIMENSIONS, Utterance

_COLUMNS = {  # ours: theirs
    "file": "FileName",
    "emotion": "EmoClass",
    "arousal": "EmoAct",
    "valence": "EmoVal",
    "dominance": "EmoDom",
    "speaker": "SpkrID",
    "gender": "Gender",
    "split": "Split_Set",
}
_NEEDED = ("file", *DIMENSIONS)
_FILE_LINE = re.compile(r"(\S+\.wav)\s*;\s*(\S+)\s*", re.IGNORECASE)
_SPEAKER_LINE = re.compile(r"(?:Speaker|Spkr)_?([^\s;]+)\s*;\s*(\S+)\s*", re.IGNORECASE)
_FILE_NAME = re.compile(r"[^/\\]+\.wav", re.IGNORECASE)
_PARTITION_LINE = re.compile(r"([^;]+?)\s*;\s*(\S+\.wav)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Speakers:
    """Who speaks in which recording, and the genders of the speakers."""

    of_file: dict[str, str | None]
    genders: dict[str | None, str | None]


def find_entry(folder: Path, names: tuple[str, ...]) -> Path | None:
    """Find a file or folder by any of its spellings, in any case."""
    entries = {path.name.casefold(): path for path in sorted(folder.iterdir())}
    return next((entries[name] for name in names if name in entries), None)


def read_consensus(path: Path) -> list[Utterance]:
    """Read labels_consensus.csv or .json.

    Returns
    -------
    list of Utterance
        `wav` is the name of the file without its folder; NaN and None where there is no value.

    Raises
    ------
    CorpusError
        The file cannot be read, is empty, lacks a column, names a recording twice or by more than
        the name of its file, or a value is wrong.
    """
    rows = _json_rows(path) if path.suffix.lower() == ".json" else _csv_rows(path)
    places: dict[str, str] = {}
    utterances = []
    for place, row in rows:
        name = row.get("file")
        if name is None:
            raise CorpusError(f"{place}: no {_COLUMNS['file']}")
        if not _FILE_NAME.fullmatch(name):
            raise CorpusError(
                f"{place}: {_COLUMNS['file']} {name!r}; write the name of the recording without "
                "its folder and with its suffix, as MSP-PODCAST_0001_0008.wav"
            )
        if name in places:
            raise CorpusError(f"{place}: {name} is also in {places[name]}; remove one of the two")
        places[name] = place
        utterances.append(_make_utterance(name, place, row))
    if not utterances:
        raise CorpusError(f"{path}: no row below the names of the columns; unpack the file again")
    return utterances


def read_partitions(path: Path) -> dict[str, str | None]:
    """Read the split of each recording from Partitions.txt; lines without one are comments.

    Raises
    ------
    CorpusError
        The file cannot be read, a line names a recording in another way, or a split has a name
        that no release uses.
    """
    splits: dict[str, str | None] = {}
    for number, line in enumerate(read_lines(path), 1):
        if match := _PARTITION_LINE.fullmatch(line.strip()):
            split = parse_split(match[1], f"{path}: line {number}")
            if splits.setdefault(match[2], split) != split:
                raise CorpusError(
                    f"{path}: line {number}: {match[2]} is in {splits[match[2]]} and in {split}; "
                    "remove one of the lines"
                )
        else:
            _check_comment(line, f"{path}: line {number}", "Train; MSP-PODCAST_0001_0008.wav")
    return splits


def read_speakers(path: Path) -> Speakers:
    """Read Speaker_ids.txt: ``Speaker_30; Male`` and ``MSP-PODCAST_0001_0008.wav; 30``.

    Raises
    ------
    CorpusError
        The file cannot be read, or a line names a recording in another way.
    """
    of_file: dict[str, str | None] = {}
    genders: dict[str | None, str | None] = {}
    for number, line in enumerate(read_lines(path), 1):
        if match := _FILE_LINE.fullmatch(line.strip()):
            of_file[match[1]] = parse_speaker(match[2])
        elif match := _SPEAKER_LINE.fullmatch(line.strip()):
            genders[match[1]] = parse_gender(match[2])
        else:
            _check_comment(line, f"{path}: line {number}", "MSP-PODCAST_0001_0008.wav; 30")
    return Speakers(of_file, genders)


def _check_comment(line: str, place: str, form: str) -> None:
    """Refuse a line that names a recording, and not in the form that is read."""
    if ".wav" in line.casefold():
        raise CorpusError(f"{place}: {line.strip()!r} is not read; write it as {form}")


def parse_speaker(text: str) -> str | None:
    """Return the number of a speaker, without ``Speaker_`` before it; None where unknown."""
    if is_missing(text) or text.strip().casefold() == "unknown":
        return None
    return re.sub(r"^(?:Speaker|Spkr)_", "", text.strip(), flags=re.IGNORECASE)


def _make_utterance(name: str, place: str, row: Row) -> Utterance:
    labels = {
        dimension: parse_label(row.get(dimension, ""), _COLUMNS[dimension], place)
        for dimension in DIMENSIONS
    }
    return Utterance(
        id=PurePath(name).stem,
        wav=name,
        speaker=parse_speaker(row.get("speaker", "")),
        gender=parse_gender(row.get("gender", "")),
        emotion=row.get("emotion"),
        split=parse_split(row.get("split", ""), place),
        valence=labels["valence"],
        arousal=labels["arousal"],
        dominance=labels["dominance"],
    )


def _csv_rows(path: Path) -> list[tuple[str, Row]]:
    table = read_rows(path)
    return rows_as_text(table, _find_columns(path, table.columns)).rows


def _json_rows(path: Path) -> list[tuple[str, Row]]:
    try:
        content = parse_json(read_text(path))
    except ValueError as error:
        raise CorpusError(f"{path}: not JSON ({error}); correct the file") from error
    if not isinstance(content, dict):
        raise CorpusError(f"{path}: expected an object with one key per recording")
    rows: list[tuple[str, Row]] = []
    for name, labels in content.items():
        place = f"{path}: {name}"
        if not isinstance(labels, dict):
            raise CorpusError(f"{place}: expected an object with EmoAct, EmoVal, EmoDom")
        found = _find_columns(place, ("FileName", *labels))
        ((_, row),) = rows_as_text(Rows((), [(place, labels)]), found).rows
        rows.append((place, {**row, "file": name}))
    return rows


def _find_columns(place: Path | str, names: tuple[str, ...]) -> dict[str, str]:
    """Map our names of the columns to those of the release, whose case varies."""
    spellings = {name.casefold(): name for name in names}
    found = {
        ours: spellings[theirs.casefold()]
        for ours, theirs in _COLUMNS.items()
        if theirs.casefold() in spellings
    }
    for ours in _NEEDED:
        if ours not in found:
            raise CorpusError(
                f"{place}: no column {_COLUMNS[ours]}; it has {', '.join(names) or 'none'}"
            )
    return found
