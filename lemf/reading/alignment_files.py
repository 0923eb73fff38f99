"""Read files of words with their times: TextGrids of Praat."""

from __future__ import annotations

import os

from lemf.errors import TextGridError
from lemf.reading.formats.praat import is_praat, parse_praat
from lemf.reading.formats.praat_tokens import shorten
from lemf.reading.sources import Source, read_source, source_name
from lemf.reading.textgrid import TextGrid
from lemf.runtime.input import read_input

_MOST_BYTES = 100_000_000  # beyond the TextGrid of half a day of speech, and a few hundred MB read
_HEAD = 4000  # bytes in which the file type of Praat must occur


def read_textgrid(source: Source, *, encoding: str | None = None) -> TextGrid:
    r"""Read a TextGrid in any format of Praat and any encoding.

    Long, short and chronological text, and binary; UTF-8, UTF-16 and UTF-32 with or without a byte
    order mark, and other encodings as their bytes tell, with a note; line ends of every system.
    Praat's backslash sequences, such as ``\sw``, become letters.

    Parameters
    ----------
    source : path, bytes of a file, or file object
        A file object is opened as binary or as text, and seekable; it is read from its start,
        whatever its position, and stays open. A str is a path: `parse_textgrid` reads a text.
    encoding : str, optional
        Encoding of a file without a byte order mark, by its name in Python.

    Returns
    -------
    TextGrid

    Raises
    ------
    TextGridError
        The file is missing, cut off or not a TextGrid, or its counts do not match its content; it
        holds bytes that `encoding` does not have; a file object that is closed or not seekable.
    SettingsError
        There is no such encoding.
    """
    name = source_name(source)
    if not isinstance(source, str | os.PathLike):
        return parse_textgrid(read_source(source, TextGridError), name, encoding)
    try:
        content = read_input(source, TextGridError, most_bytes=_MOST_BYTES)
    except (OSError, ValueError) as error:
        if "\n" in name:
            remedy = "parse_textgrid reads the text of a TextGrid"
            raise TextGridError(f"{shorten(name)}: not a path; {remedy}") from None
        if isinstance(error, FileNotFoundError):
            raise TextGridError(f"{name}: there is no such TextGrid; check the path") from None
        reason = getattr(error, "strerror", None) or error
        raise TextGridError(f"{name}: the TextGrid cannot be read ({reason})") from error
    return parse_textgrid(content, name, encoding)


def parse_textgrid(
    content: str | bytes, path: str = "<TextGrid>", encoding: str | None = None
) -> TextGrid:
    """Read the content of a TextGrid.

    Parameters
    ----------
    content : str or bytes
        In any format of `read_textgrid`.
    path : str
        Name of the TextGrid in messages.
    encoding : str, optional
        Encoding of bytes without a byte order mark, by its name in Python.

    Returns
    -------
    TextGrid

    Raises
    ------
    TextGridError
        As `read_textgrid`.
    """
    head = content[:_HEAD]
    raw = head.encode(errors="replace") if isinstance(head, str) else head
    if not raw.strip(b"\0 \t\r\n"):
        raise TextGridError(f"{path}: the file is empty; export the TextGrid again")
    if not is_praat(raw):
        raise TextGridError(
            f"{path}: not a TextGrid; in Praat, select the TextGrid and choose Save as text file"
        )
    return parse_praat(content, path, encoding)
