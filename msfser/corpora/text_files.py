"""Text files in UTF-8, and files of older corpora in other encodings."""

from __future__ import annotations

from pathlib import Path

from lemf import CorpusError, name_annotation
from lemf.runtime.input import read_input


def read_text(path: Path) -> str:
    """Read a file in UTF-8, with or without a byte order mark.

    Raises
    ------
    CorpusError
        The file cannot be read or is not UTF-8.
    """
    try:
        return _read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path}: not UTF-8 (byte {error.start}); save it as UTF-8") from error


def read_lines(path: Path) -> list[str]:
    """Read the lines of a file in UTF-8 or, where it is not, in Windows' superset of Latin-1.

    Raises
    ------
    CorpusError
        The file cannot be read.
    """
    content = _read_bytes(path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def read_transcript(path: Path) -> tuple[str | None, bool]:
    """Read the words of a recording from a file of their own.

    Returns
    -------
    text : str or None
        In one line; None where there are none.
    is_annotation : bool
        Whether the file holds labels with times, subtitles or the like, whose text is not read.

    Raises
    ------
    CorpusError
        The file cannot be read.
    """
    text = "\n".join(read_lines(path))
    if name_annotation(text):
        return None, True
    return " ".join(text.split()) or None, False


def _read_bytes(path: Path) -> bytes:
    try:
        return read_input(path, CorpusError)
    except FileNotFoundError:
        raise CorpusError(f"{path}: no such file; check the path") from None
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror})") from error
