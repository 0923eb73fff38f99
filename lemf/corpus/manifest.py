"""The recordings that the rows of a manifest name, with their TextGrids or texts."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal, NamedTuple

from lemf.errors import CorpusError, shown
from lemf.reading.rows import Row, is_index, read_rows
from lemf.transcription.text_files import find_transcript

_TEXT_COLUMNS = ("text", "transcript")
_NEAR_TEXT = ("text", "transcript", "transcription", "sentence", "utterance", "normalized_text")
_WORD_COLUMNS = frozenset(("textgrid", "text_file", *_TEXT_COLUMNS))
_WHOLE = re.compile(r"(?<=[0-9])\.0+\Z")  # as pandas writes whole numbers of a column with gaps


class Recording(NamedTuple):
    """A recording and its words.

    Attributes
    ----------
    id, audio : str
    textgrid : str or None
    speaker, channel : optional
        Take the place of the settings'.
    text_file : str or None
        Path of a plain text of what is said.
    text : str or None
        What is said, where a manifest has it.
    """

    id: str
    audio: str
    textgrid: str | None
    speaker: str | None = None
    channel: int | Literal["mix"] | None = None
    text_file: str | None = None
    text: str | None = None


def read_manifest(source: str, needs_text: bool, transcribes: bool = False) -> list[Recording]:
    """Read the recordings of a manifest, in the order of its rows.

    Parameters
    ----------
    source : str
        Path of a file that `read_rows` reads; paths in it are relative to its folder.
    needs_text : bool
        Whether the recordings are to be aligned with texts.
    transcribes : bool
        Whether those without TextGrids and texts are to be transcribed.

    Returns
    -------
    list of Recording

    Raises
    ------
    CorpusError
        The file cannot be read, lacks a column, or has two rows with one id; a value is no text.
    """
    folder = str(Path(source).parent)
    columns, rows = read_rows(source)
    has_words = needs_text or transcribes or _WORD_COLUMNS.intersection(columns)
    needed = ["audio"] if has_words else ["audio", "textgrid"]
    if not source.lower().endswith(".jsonl") and not set(needed) <= set(columns):
        read_rows(source, required=needed)  # raises
    recordings = [_recording(place, folder, row) for place, row in rows]
    if needs_text and recordings and not any(one.text_file or one.text for one in recordings):
        near = [
            name for name in columns if name.lower() in _NEAR_TEXT and name not in _TEXT_COLUMNS
        ]
        remedy = f"rename the column {shown(near[0])}" if near else "add what is said"
        raise CorpusError(
            f"{source}: no text in a column text, transcript or text_file, nor beside the "
            f"recordings; {remedy}"
        )
    places: dict[str, str] = {}
    for (place, _), recording in zip(rows, recordings, strict=True):
        if recording.id in places:
            raise CorpusError(
                f"{places[recording.id]} and {place.removeprefix(source + ': ')} have the same id "
                f"{shown(recording.id)}; the ids of a manifest must differ, or, where it has none, "
                "the paths of the recordings without their suffixes"
            )
        places[recording.id] = place
    return recordings


def _recording(place: str, folder: str, row: Row) -> Recording:
    """Convert a row to a recording; other columns are ignored."""
    channel = row.pop("channel", None)
    for key in ("speaker", *_TEXT_COLUMNS):  # numbers of speakers, and numbers that are said
        if isinstance(number := row.get(key), int | float) and not isinstance(number, bool):
            row[key] = _WHOLE.sub("", str(number))
    for key in ("id", "audio", "textgrid", "speaker", "text_file", *_TEXT_COLUMNS):
        if not isinstance(row.get(key, ""), str):
            raise CorpusError(f"{place}: {key} must be text, not {shown(row[key])}")
    if not row.get("audio"):
        raise CorpusError(f"{place}: no audio; name the recording")
    audio = str(row["audio"])
    texts = [str(row[key]) for key in _TEXT_COLUMNS if row.get(key)]
    text_file = _join(folder, str(row["text_file"])) if row.get("text_file") else None
    if not texts and text_file is None and not row.get("textgrid"):
        text_file = find_transcript(_join(folder, audio))
    return Recording(
        str(row.get("id") or os.path.splitext(audio)[0]),  # noqa: PTH122
        _join(folder, audio),
        _join(folder, str(row["textgrid"])) if row.get("textgrid") else None,
        str(row["speaker"]) if "speaker" in row else None,
        None if channel is None else _channel(place, channel),
        text_file,
        texts[0] if texts else None,
    )


def _join(folder: str, path: str) -> str:
    return path if os.path.isabs(path) else prefix_of(folder) + path  # noqa: PTH117


def _channel(place: str, value: object) -> int | Literal["mix"]:
    if value == "mix":
        return "mix"
    text = _WHOLE.sub("", str(value))
    if not (is_index(text) and int(text) >= 1):
        raise CorpusError(f"{place}: channel {shown(value)}; write a number from 1, or mix")
    return int(text)


def prefix_of(folder: str) -> str:
    """Return a folder as the prefix of paths, without ``./``, as a user would write it."""
    return "" if folder == "." else folder.rstrip("/") + "/"
