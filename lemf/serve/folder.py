"""The recordings of the served folder and the files of their words; nothing outside the folder.

Requests name a recording by a number made of its name, which is looked up among the recordings
that are there: no part of a request becomes part of a path. Links are left out, wherever they lead.
"""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from lemf.corpus.listing import AUDIO_SUFFIXES
from lemf.errors import OutputError, printable, shown
from lemf.reading.alignment_files import find_alignment
from lemf.runtime.output import check_suffix
from lemf.transcription.text_files import find_transcript

CORRECTED = ".corrected.TextGrid"
WORD_SUFFIXES = (".TextGrid", ".eaf", ".json", ".ctm", ".csv", ".srt", ".vtt", ".txt", ".lab")
_LONGEST_NAME = 200  # bytes
_UNFIT = re.compile(r'[\0-\x1f\x7f<>:"/\\|?*]')  # somewhere, in a name of a file


@dataclass(frozen=True)
class Entry:
    """A recording of the folder.

    Attributes
    ----------
    id : str
        16 hexadecimal digits, made of the name.
    name : str
        Path below the folder.
    path : Path
    """

    id: str
    name: str
    path: Path

    @property
    def corrected(self) -> Path:
        """Where a corrected TextGrid is written if there are words beside the recording."""
        return self.path.with_name(self.path.stem + CORRECTED)


@dataclass(frozen=True)
class WordFiles:
    """Where the words of a recording may come from; None where there is no such file."""

    corrected: Path | None = None
    alignment: Path | None = None
    transcript: Path | None = None


def list_entries(folder: Path) -> dict[str, Entry]:
    """Return the recordings of a folder and of the folders in it by their ids, sorted by name."""
    return {entry.id: entry for entry, _ in _walk(folder)}


def list_with_words(folder: Path) -> list[tuple[Entry, WordFiles]]:
    """Return the recordings, sorted by name, each with the files of its words."""
    return [
        (entry, find_words(folder, entry) if _may_have_words(entry, names) else WordFiles())
        for entry, names in _walk(folder)
    ]


def _walk(folder: Path) -> list[tuple[Entry, set[str]]]:
    """Return the recordings below a folder, each with the names of the files beside.

    Hidden files and folders are left out, and links.
    """
    found = []
    for place, below, names in os.walk(folder):
        below[:] = [name for name in below if not name.startswith(".")]
        beside = {os.path.splitext(name)[0] for name in names if not _is_audio(name)}  # noqa: PTH122
        for name in filter(_is_audio, names):
            path = Path(place, name)
            if name.startswith(".") or path.is_symlink() or not path.is_file():
                continue
            below_folder = os.fspath(path.relative_to(folder))
            number = sha256(os.fsencode(below_folder)).hexdigest()[:16]
            found.append((Entry(number, below_folder, path), beside))
    return sorted(found, key=lambda one: one[0].name)


def _is_audio(name: str) -> bool:
    return name.lower().rpartition(".")[2] in AUDIO_SUFFIXES


def _may_have_words(entry: Entry, beside: set[str]) -> bool:
    """Check whether a file beside a recording may hold its words, without a look at the disk."""
    stem = entry.path.stem
    forms = {stem, *(unicodedata.normalize(form, stem) for form in ("NFC", "NFD"))}
    endings = ("", "_annot", ".corrected", entry.path.suffix)
    return any(form + ending in beside for form in forms for ending in endings)


def find_words(folder: Path, entry: Entry) -> WordFiles:
    """Find the files of the words of a recording; those that lie outside the folder are none."""
    transcript = find_transcript(os.fspath(entry.path))
    return WordFiles(
        _inside(folder, entry.corrected if entry.corrected.is_file() else None),
        _inside(folder, find_alignment(entry.path)),
        _inside(folder, Path(transcript) if transcript is not None else None),
    )


@dataclass(frozen=True)
class Use:
    """Which recording has the words of a file, and which other file it takes instead; or None."""

    entry: Entry | None = None
    instead: str | None = None


def find_use(folder: Path, words: Path) -> Use:
    """Find what a file of words is used for.

    Parameters
    ----------
    folder : Path
    words : Path
        A file directly in the folder.
    """
    stem = {os.path.splitext(words.name)[0]}  # noqa: PTH122
    for entry, _ in _walk(folder):
        if entry.path.parent != words.parent or not _may_have_words(entry, stem):
            continue
        files = find_words(folder, entry)
        taken = files.corrected or files.alignment or files.transcript
        return Use(entry, None if taken is None or taken == words else taken.name)
    return Use()


def describe_unused(words: Path, use: Use) -> str:
    """Return why no recording has the words of a file, and what helps; empty where one has."""
    if use.entry is None:
        stem = os.path.splitext(words.name)[0]  # noqa: PTH122
        return (
            f"{words.name} is in the folder, but no recording has its name; drop {stem}.wav, or "
            "name the words as their recording"
        )
    if use.instead is not None:
        return (
            f"{words.name} is in the folder, but the words of {use.entry.name} stay those of "
            f"{use.instead}; remove that file to use the new one"
        )
    return ""


def _inside(folder: Path, path: Path | None) -> Path | None:
    """Return a path beside a recording, which is found without links, unless a link leads out."""
    if path is None or not path.is_symlink():
        return path
    return path if path.resolve().is_relative_to(folder.resolve()) else None


def check_place(folder: Path, path: Path) -> None:
    """Refuse to write where a link leads out of the folder.

    Raises
    ------
    OutputError
    """
    if path.is_symlink() or not path.resolve().is_relative_to(folder.resolve()):
        raise OutputError(f"{path}: leads out of the folder; name another file")


def name_upload(folder: Path, name: str) -> Path:
    """Return where a file that a browser sends is written.

    Parameters
    ----------
    folder : Path
    name : str
        As the browser gives it: a name without a folder.

    Raises
    ------
    OutputError
        A name that is no plain name of a recording or of words.
    """
    unfit = _UNFIT.search(name) or printable(name) != name
    if unfit or name.startswith((".", "-")) or name != name.strip():
        raise OutputError(f"{shown(name)}: not a plain name of a file; name the file anew")
    try:
        long = len(name.encode()) > _LONGEST_NAME
    except UnicodeEncodeError:
        raise OutputError(f"{shown(name)}: not a plain name of a file; name it anew") from None
    if long:
        raise OutputError(f"{shown(name)}: the name is too long; name the file anew")
    path = folder / name
    check_suffix(path, (*(f".{suffix}" for suffix in AUDIO_SUFFIXES), *WORD_SUFFIXES))
    check_place(folder, path)
    return path


def is_recording(path: Path) -> bool:
    """Check whether the name of a file is that of a recording."""
    return _is_audio(path.name)


def recordings_beside(path: Path) -> list[Path]:
    """Return the recordings that a file of words may belong to."""
    found = (path.with_suffix(f".{suffix}") for suffix in AUDIO_SUFFIXES)
    return [one for one in found if one.is_file()]
