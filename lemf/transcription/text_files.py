"""Plain transcripts: what is read from them, and which files lie beside a recording."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lemf.errors import AlignerError, TextGridError
from lemf.reading.encoding import decode_text
from lemf.reading.formats.annotations import name_annotation
from lemf.reading.formats.detection import name_binary
from lemf.reading.formats.subtitles import are_subtitles, check_times, read_subtitle_text
from lemf.reading.sources import Source, names_beside, read_source, source_name
from lemf.runtime.input import read_input

TRANSCRIPT_SUFFIXES = ("txt", "lab")  # the first that lies beside a recording is read
_MOST_BYTES = 10_000_000  # what is said in a week


@dataclass(frozen=True)
class Transcript:
    """The words of a recording without times.

    `path` names the transcript in messages, `language` is the code of its language where that is
    known, and `notes` hold what a user should know of its reading.
    """

    text: str
    path: str = "<text>"
    language: str | None = None
    notes: tuple[str, ...] = ()


def make_transcript(text: str, path: str = "<text>", notes: Sequence[str] = ()) -> Transcript:
    """Return a text as a transcript.

    Raises
    ------
    AlignerError
        The text is empty, or is none.
    """
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        raise AlignerError(f"{path}: not a text; give the words of the recording as plain text")
    if not text.strip():
        raise AlignerError(f"{path}: the text is empty; write what is said in the recording")
    return Transcript(text, path, notes=tuple(notes))


def read_transcript(source: Source, *, encoding: str | None = None) -> Transcript:
    """Read a plain transcript in any encoding: UTF-8, UTF-16, or as the bytes tell, with a note.

    Parameters
    ----------
    source : path, bytes of a file, or file object
    encoding : str, optional
        Encoding of a file without a byte order mark, by its name in Python.

    Returns
    -------
    Transcript

    Raises
    ------
    AlignerError
        The file is missing, holds no text or one with times, or bytes that `encoding` does not
        have.
    SettingsError
        There is no such encoding.
    """
    name = source_name(source)
    if isinstance(source, str | os.PathLike):
        try:
            content: bytes | str = read_input(source, AlignerError, most_bytes=_MOST_BYTES)
        except FileNotFoundError:
            raise AlignerError(f"{name}: there is no such transcript; check the path") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise AlignerError(f"{name}: the transcript cannot be read ({reason})") from error
    else:
        content = read_source(source, AlignerError)
    if isinstance(content, str):
        return _check_plain(make_transcript(content, name))
    if kind := name_binary(content):
        raise AlignerError(f"{name}: not a text but {kind}; {_REMEDY}")
    try:
        text, notes = decode_text(
            content, name, encoding, kind="transcript", find_labels=bytes.split
        )
    except TextGridError as error:
        raise AlignerError(str(error)) from None
    return _check_plain(make_transcript(text, name, notes))


_UNTIMED = "the words are those of subtitles, whose times are not used"
_REMEDY = "give the words of the recording as plain text"


def _check_plain(transcript: Transcript) -> Transcript:
    """Refuse what another program has written about a recording, which nobody reads aloud.

    Of subtitles, which are the exception, what they say is the transcript.
    """
    lines = transcript.text.replace("\r\n", "\n").replace("\r", "\n")
    if are_subtitles(lines):
        try:
            check_times(lines, transcript.path)
        except TextGridError as error:
            raise AlignerError(str(error)) from None
        said = make_transcript(read_subtitle_text(lines), transcript.path)
        return replace(said, notes=(*transcript.notes, _UNTIMED))
    if kind := name_annotation(lines):
        raise AlignerError(f"{transcript.path}: not a plain text but {kind}; {_REMEDY}")
    return transcript


def describe_missing(audio: str) -> str:
    """Return the error that a recording has no text, and which folder has the name of one."""
    stem = os.path.splitext(audio)[0]  # noqa: PTH122
    folders = [f"{stem}.{one}" for one in TRANSCRIPT_SUFFIXES if Path(f"{stem}.{one}").is_dir()]
    if folders:
        return f"no text: {Path(folders[0]).name} is a folder; write what is said in a file"
    return "no text; write what is said beside the recording, as .txt or .lab"


def find_transcript(audio: str) -> str | None:
    """Find the transcript beside a recording, a file."""
    paths = names_beside(audio, [f".{one}" for one in TRANSCRIPT_SUFFIXES])
    return next((one for one in paths if Path(one).exists() and not Path(one).is_dir()), None)
