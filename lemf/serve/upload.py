"""A file that a browser sends -> a file of the folder, if it is a recording or words, and not long.

The content goes to a file beside its place first, so that what is refused leaves nothing behind.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from lemf.errors import AudioError, LemfError, OutputError
from lemf.reading.alignment_files import parse_textgrid
from lemf.reading.audio import read_audio
from lemf.reading.formats.labels import NotAnAlignmentError, SentenceTimesError
from lemf.reading.sound_files.lengths import claimed_duration
from lemf.runtime.output import PARTIAL_SUFFIX, open_output, remove_partials
from lemf.serve.folder import is_recording, name_upload, recordings_beside
from lemf.serve.messages import Body
from lemf.transcription.text_files import TRANSCRIPT_SUFFIXES, read_transcript

LARGEST_RECORDING = 256_000_000  # bytes
LARGEST_WORDS = 16_000_000  # bytes
LONGEST_S = 1800.0  # of a recording
_BLOCK = 1 << 20  # bytes
_UNFINISHED = re.compile(rf"\.(.+)\.\w{{8}}{re.escape(PARTIAL_SUFFIX)}")
_TEXTS = tuple(f".{suffix}" for suffix in TRANSCRIPT_SUFFIXES)


def check_size(folder: Path, name: str, n_bytes: int) -> Path:
    """Return where a file is written; refuse it before its content is read.

    Raises
    ------
    OutputError
        A name that does not fit, a file that exists, or one that is too large.
    """
    path = name_upload(folder, name)
    if path.exists():
        raise OutputError(f"{path.name}: exists already; name the file anew, or remove the other")
    largest = LARGEST_RECORDING if is_recording(path) else LARGEST_WORDS
    if n_bytes > largest:
        raise OutputError(
            f"{path.name}: {n_bytes / 1e6:,.0f} MB; a file that is sent has at most "
            f"{largest / 1e6:,.0f} MB: copy it into the folder instead"
        )
    return path


def receive(folder: Path, name: str, body: Body) -> Path:
    """Write a file that a browser sends into the folder.

    Parameters
    ----------
    folder : Path
    name : str
    body : Body

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        As `check_size`; the connection ended early.
    LemfError
        The file holds no recording that can be read, one that is too long, or no words.
    """
    path = check_size(folder, name, body.n_bytes)
    with open_output(path) as output:
        while body.n_left:
            block = body.read(_BLOCK)
            if not block:
                raise OutputError(f"{path.name}: the connection ended early; send the file again")
            output.write(block)
        output.flush()
        try:
            _check_content(path, Path(output.name))
        except LemfError as error:  # of the partial file, which nobody named
            raise type(error)(str(error).replace(output.name, path.name)) from None
    return path


def remove_unfinished(folder: Path) -> None:
    """Remove what is left of files whose sending a server did not outlive."""
    for name in os.listdir(folder):  # noqa: PTH208
        if (match := _UNFINISHED.fullmatch(name)) is not None:
            try:
                remove_partials(name_upload(folder, match[1]))
            except OutputError:  # another program's
                continue


def _check_content(path: Path, partial: Path) -> None:
    """Refuse what is neither a recording of fitting length nor a file of words."""
    if is_recording(path):
        _check_length(partial, claimed_duration(partial))
        _check_length(partial, read_audio(partial).duration_s)
        return
    recording = next(iter(recordings_beside(path)), None)
    content = partial.read_bytes()
    try:
        parse_textgrid(content, path.name, audio=recording)
    except NotAnAlignmentError:
        if path.suffix.lower() not in _TEXTS:
            raise
        read_transcript(partial)
    except SentenceTimesError:
        if path.suffix.lower() != ".json":  # which holds the words, too
            raise


def _check_length(partial: Path, length_s: float) -> None:
    if length_s > LONGEST_S:
        raise AudioError(
            f"{partial}: {length_s / 60:.0f} minutes; a recording that is sent has at most "
            f"{LONGEST_S / 60:.0f}: copy it into the folder instead"
        )
