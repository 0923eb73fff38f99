"""What the server holds of a recording that is open, and whether the disk still holds the same."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Literal, NamedTuple

from lemf.contours.contours import Contours
from lemf.contours.measurement import Measurement
from lemf.contours.voice import Known
from lemf.errors import LemfError, OutputError, TextGridError
from lemf.page.sound import Sound
from lemf.reading.audio import Audio
from lemf.reading.textgrid import TextGrid
from lemf.serve.folder import Entry

Choice = Literal["corrected", "original"]  # whether the words are those that were corrected before


class ExistsError(OutputError):
    """A file that exists and that the user has not agreed to replace."""


class ChangedError(TextGridError):
    """The recording or its words have changed on the disk: a page is loaded again."""


class NoWordsYetError(LemfError):
    """A recording that has no words beside it: a page asks for them."""


class Corrected(NamedTuple):
    """A recording with its words as they are corrected.

    `counts` says how much is corrected; it is empty where nothing is.
    """

    recording: Audio
    textgrid: TextGrid
    measured: Measurement
    counts: str


class Tracked(NamedTuple):
    """What of a recording does not depend on its words.

    Attributes
    ----------
    revision : str
        Changes when the file does.
    sound : Sound
        What is played.
    heard : dict
        What was heard of each word, as `sounds_like_words` keeps it.
    """

    revision: str
    recording: Audio
    contours: Contours
    sound: Sound
    heard: Known


@dataclass(frozen=True, eq=False)
class Opened:
    """A recording with its words.

    Attributes
    ----------
    choice : {"corrected", "original"}
        Of the words.
    revision : str
        Changes when the recording or the file of its words does.
    textgrid : TextGrid
        The words before any correction.
    """

    entry: Entry
    choice: Choice
    revision: str
    textgrid: TextGrid
    tracked: Tracked


def read_revision(*paths: Path) -> str:
    """Return what changes when the content of one of the files does: digits.

    Raises
    ------
    TextGridError
        A file is gone.
    """
    parts = []
    for path in paths:
        try:
            status = path.stat()
            content = _content_digest(path, status.st_mtime_ns, status.st_size, status.st_ino)
        except OSError as error:
            raise TextGridError(f"{path}: cannot be read ({error.strerror})") from error
        parts.append((os.fspath(path), content))
    return sha256(repr(parts).encode(errors="surrogateescape")).hexdigest()[:16]


@lru_cache(maxsize=256)
def _content_digest(path: Path, mtime_ns: int, n_bytes: int, inode: int) -> str:
    """Return the digest of a file's content, read anew only where the times or the size differ."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def check_revision(opened: Opened, given: object) -> None:
    """Refuse corrections of words that have changed since the page was made.

    Raises
    ------
    ChangedError
    """
    if given != opened.revision:
        raise ChangedError(
            f"{opened.entry.name}: the recording or its words have changed on the disk; load the "
            "page again"
        )
