"""The recordings to be predicted, and the alignment and transcript next to each.

Next to `talk.wav`, `talk.TextGrid` is its alignment, `talk.txt` or `talk.lab` its transcript.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lemf import (
    AUDIO_SUFFIXES,
    MANIFEST_SUFFIXES,
    TextGridError,
    decode_text,
    name_annotation,
    read_rows,
    remove_id,
)
from lemf.runtime.input import read_input
from msfser.corpora.rows import rows_as_text
from msfser.errors import DataError

_SPREADSHEETS = (".xlsx", ".xls", ".ods")  # refused as such by `read_rows`
_GRID_SUFFIXES = (".TextGrid", ".textgrid", ".TEXTGRID")
_TRANSCRIPT_SUFFIXES = (".txt", ".lab", ".TXT", ".LAB", ".Txt", ".Lab")
_WAV_COLUMNS = ("wav", "audio", "file")
_COLUMNS = (*_WAV_COLUMNS, "alignment", "textgrid", "transcript", "es", "context", "speaker")
_WANTED = {  # in folders
    f".{suffix}"
    for suffix in (
        *AUDIO_SUFFIXES, *("mp3", "oga", "opus", "aif", "aiff", "aifc", "au", "caf", "rf64", "w64")
    )
}  # fmt: skip
_UNREADABLE = {f".{suffix}" for suffix in ("m4a", "aac", "wma", "amr", "mp2", "ape", "wv", "webm")}


class NotATranscriptError(DataError):
    """A file beside a recording that has the suffix of a transcript, and holds something else."""


@dataclass(frozen=True, kw_only=True)
class SpeechFile:
    """A recording, and the sources of its texts.

    Attributes
    ----------
    wav : Path
    alignment : Path or None
        A TextGrid.
    transcript : Path, str or None
        The file of the transcript, or its words.
    es : str or None
        A description of speaker, emotion and situation.
    context : str or None
        What was said before.
    speaker : str or None
        Named in a table.
    """

    wav: Path
    alignment: Path | None = None
    transcript: Path | str | None = None
    es: str | None = None
    context: str | None = None
    speaker: str | None = None

    @property
    def has_text(self) -> bool:
        """Whether the recording has any text besides the audio."""
        return any((self.alignment, self.transcript, self.es, self.context))

    def read_transcript(self) -> tuple[str | None, list[str]]:
        """Read the words, separated by single spaces; None if there are none.

        Returns
        -------
        (str or None, list of str)
            The words, and a note where the file is not UTF-8: its bytes tell the encoding.

        Raises
        ------
        NotATranscriptError
            The file holds labels with times, subtitles or the like, or no text.
        DataError
            The file cannot be read.
        """
        if not isinstance(self.transcript, Path):
            return " ".join((self.transcript or "").split()) or None, []
        path = str(self.transcript)
        try:
            text, notes = decode_text(
                read_input(path, DataError),
                path,
                kind="transcript",
                find_labels=bytes.split,
                remedy="otherwise write it in UTF-8",
            )
        except OSError as error:
            raise DataError(
                f"{path}: cannot be read ({error.strerror}); make it readable"
            ) from error
        except TextGridError as error:
            raise NotATranscriptError(f"{error}; not read") from error
        if kind := name_annotation(text.replace("\r\n", "\n").replace("\r", "\n")):
            raise NotATranscriptError(
                f"{path}: not read: {kind}, no transcript; write the words alone"
            )
        words = " ".join(text.split())
        if (spoken := remove_id(words, self.wav.stem)) != words:
            notes.append(f"{self.wav.stem!r} is the id of the recording and was not read")
        return spoken or None, [f"{path}: {note}" for note in notes]


def find_speech(sources: Sequence[Path], alignments: Path | None = None) -> list[SpeechFile]:
    """Find the recordings that files, folders and tables name, each once, in that order.

    Parameters
    ----------
    sources : sequence of Path
        Recordings; folders, searched with all folders in them; or tables, ``.csv`` or ``.jsonl``,
        with the column ``wav`` and perhaps ``alignment``, ``transcript``, ``es``, ``context`` and
        ``speaker``,
        whose paths are relative to the folder of the table.
    alignments : Path, optional
        The TextGrid of a single recording, or a folder of TextGrids with the same subfolders as
        the recordings; by default, they are next to the recordings.

    Raises
    ------
    DataError
        No recording is found, or a table does not name its recordings.
    lemf.LemfError
        A table cannot be read.
    """
    if alignments is not None and not alignments.exists():
        raise DataError(f"{alignments}: no such TextGrid and no such folder; check --alignments")
    found: dict[Path, SpeechFile] = {}
    for source in sources:
        for speech in _find(source, alignments):
            found.setdefault(speech.wav, speech)
    if not found:
        kinds = ", ".join(AUDIO_SUFFIXES)
        other = name_unreadable(sources)
        raise DataError(f"{sources[0]}: no recording found ({kinds}); {other or 'check the path'}")
    if alignments is not None and alignments.is_file():
        if len(found) > 1:
            raise DataError(
                f"{alignments}: one TextGrid for {len(found)} recordings; name a folder"
            )
        ((wav, speech),) = found.items()
        found[wav] = replace(speech, alignment=alignments)
    return list(found.values())


def name_unreadable(sources: Sequence[Path]) -> str:
    """Count the recordings in folders that are passed over, since nothing here reads them.

    Returns
    -------
    str
        Such as ``"passed over: 2 .m4a files; convert to wav or flac"``; ``""`` for none.
    """
    found = Counter(
        path.suffix.lower()
        for source in sources
        if source.is_dir()
        for path in _walk(source, _UNREADABLE)
    )
    counts = [f"{n:,} {suffix} file{'s' if n > 1 else ''}" for suffix, n in sorted(found.items())]
    return f"passed over: {', '.join(counts)}; convert to wav or flac" if counts else ""


def _walk(folder: Path, suffixes: Container[str]) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in suffixes and not hidden:
            yield path


def _find(source: Path, alignments: Path | None) -> Iterator[SpeechFile]:
    grids = alignments if alignments is not None and alignments.is_dir() else None
    if source.suffix.lower() in (*MANIFEST_SUFFIXES, *_SPREADSHEETS):
        yield from _read_table(source)
    elif source.is_dir():
        for wav in _walk(source, _WANTED):
            yield _with_neighbours(wav, grids and grids / wav.relative_to(source).parent)
    else:  # a missing file becomes a failed row
        yield _with_neighbours(source, grids)


def _with_neighbours(wav: Path, grids: Path | None) -> SpeechFile:
    """Find the TextGrid, next to the recording or in `grids`, and the transcript of a recording."""
    return SpeechFile(
        wav=wav,
        alignment=_first_existing((grids or wav.parent) / wav.stem, _GRID_SUFFIXES),
        transcript=_first_existing(wav.with_suffix(""), _TRANSCRIPT_SUFFIXES),
    )


def _first_existing(stem: Path, suffixes: Iterable[str]) -> Path | None:
    forms = (stem.name, *(unicodedata.normalize(form, stem.name) for form in ("NFC", "NFD")))
    paths = (stem.with_name(name + suffix) for name in forms for suffix in suffixes)
    return next((path for path in paths if path.is_file()), None)


def _read_table(source: Path) -> Iterator[SpeechFile]:
    folder = source.parent
    table = read_rows(source, suffixes=MANIFEST_SUFFIXES)
    names = {name: name for name in _COLUMNS if name in table.columns}
    for place, row in rows_as_text(table, names).rows:
        wav = next((row[name] for name in _WAV_COLUMNS if name in row), None)
        if wav is None:
            raise DataError(f"{place}: no column wav; name the recording there")
        neighbours = _with_neighbours(folder / wav, None)
        alignment = row.get("alignment", row.get("textgrid"))
        yield SpeechFile(
            wav=neighbours.wav,
            alignment=folder / alignment if alignment else neighbours.alignment,
            transcript=row.get("transcript", neighbours.transcript),
            es=row.get("es"),
            context=row.get("context"),
            speaker=row.get("speaker"),
        )
