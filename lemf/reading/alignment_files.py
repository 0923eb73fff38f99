"""Read files of words with their times: TextGrids of Praat, and what other tools write.

Files are told apart by their content; the suffix only says where to look beside a recording, and
which files come in pairs, one of the words and one of the phones.
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from lemf.errors import TextGridError
from lemf.reading.formats.praat import is_praat, parse_praat
from lemf.reading.formats.praat_tokens import shorten
from lemf.reading.sources import Source, names_beside, read_source, source_name
from lemf.reading.textgrid import TextGrid
from lemf.runtime.input import read_input

if TYPE_CHECKING:
    from lemf.reading.audio import Audio
    from lemf.reading.formats.labels import Sound

_MOST_BYTES = 100_000_000  # beyond the TextGrid of half a day of speech, and a few hundred MB read
_BLANK = b"\0 \t\r\n"
_HEAD = 4000  # bytes in which the file type of Praat must occur
_TEXTGRIDS = (".TextGrid", ".textgrid", ".TEXTGRID")
_SUFFIXES = (  # beside a recording, the surest first
    "_annot.json", ".eaf", ".ctm", ".par", ".wdseg", ".wrd", ".WRD", ".words", ".json", ".csv",
    ".lab", ".srt", ".vtt", ".txt",
)  # fmt: skip
# One file of the words, one of the phones
_PARTNERS = {".wrd": ".phn", ".wdseg": ".phseg", ".words": ".phones"}


def read_textgrid(
    source: Source, *, encoding: str | None = None, audio: Source | Audio | None = None
) -> TextGrid:
    r"""Read a TextGrid, or what another tool wrote of words with their times, as a TextGrid.

    Of Praat, long, short and chronological text, and binary; UTF-8, UTF-16 and UTF-32 with or
    without a byte order mark, and other encodings as their bytes tell, with a note; line ends of
    every system. Praat's backslash sequences, such as ``\sw``, become letters. Of other tools, the
    files that docs/textgrids.md lists, with tiers ``words``, ``phones`` and
    ``recognition confidence`` as far as they hold these.

    Parameters
    ----------
    source : path, bytes of a file, or file object
        A file object is opened as binary or as text, and seekable; it is read from its start,
        whatever its position, and stays open. A str is a path: `parse_textgrid` reads a text.
    encoding : str, optional
        Encoding of a file without a byte order mark, by its name in Python.
    audio : path, bytes of a file, file object, or Audio, optional
        The recording. Some formats need its rate, its length or its name; Praat's need nothing.

    Returns
    -------
    TextGrid

    Raises
    ------
    TextGridError
        The file is missing, cut off or of no format that is read, or its counts do not match its
        content; it holds bytes that `encoding` does not have, or times of sentences only; a file
        object that is closed or not seekable.
    AudioError
        The recording is needed and cannot be read.
    SettingsError
        There is no such encoding.
    """
    name = source_name(source)
    if not isinstance(source, str | os.PathLike):
        return parse_textgrid(read_source(source, TextGridError), name, encoding, audio=audio)
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
    textgrid = parse_textgrid(content, name, encoding, audio=audio)
    partner = None if is_praat(content[:_HEAD]) else _find_partner(Path(source))
    if partner is None:
        return textgrid
    content = read_input(partner, TextGridError, most_bytes=_MOST_BYTES)
    return _merge(textgrid, parse_textgrid(content, str(partner), encoding, audio=audio))


def parse_textgrid(
    content: str | bytes,
    path: str = "<TextGrid>",
    encoding: str | None = None,
    *,
    audio: Source | Audio | None = None,
) -> TextGrid:
    """Read the content of a TextGrid or of another tool's file.

    Parameters
    ----------
    content : str or bytes
        In any format of `read_textgrid`.
    path : str
        Name of the TextGrid in messages.
    encoding : str, optional
        Encoding of bytes without a byte order mark, by its name in Python.
    audio : path, bytes of a file, file object, or Audio, optional
        As in `read_textgrid`.

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
    if not raw.strip(_BLANK):
        raise TextGridError(f"{path}: the file is empty; export the TextGrid again")
    if is_praat(raw):
        return parse_praat(content, path, encoding)
    from lemf.reading.formats.detection import parse_other  # rarer

    return parse_other(content, path, encoding, cache(partial(_find_sound, audio)))


def find_alignment(audio: str | os.PathLike[str]) -> Path | None:
    """Find the TextGrid beside a recording, else what another tool wrote of its words and times.

    Parameters
    ----------
    audio : path
        ``talk.wav`` finds ``talk.TextGrid``, else ``talk.json``, ``talk.ctm``, ``talk.lab`` and so
        on, where the content is that of an alignment: a transcript is none.

    Returns
    -------
    Path or None
    """
    name = os.fspath(audio)
    textgrids = map(Path, names_beside(name, _TEXTGRIDS))
    if (found := next(filter(Path.is_file, textgrids), None)) is not None:
        return found
    others = map(Path, other_names(name))
    return next((one for one in others if one.is_file() and holds_alignment(one)), None)


def other_names(audio: str) -> list[str]:
    """Return the names under which other tools write the alignment of a recording of a name."""
    of_whisper_cpp = f"{os.path.splitext(audio)[1]}.json"  # noqa: PTH122 - a.wav.json
    return names_beside(audio, (*_SUFFIXES, of_whisper_cpp))


def holds_alignment(path: str | os.PathLike[str]) -> bool:
    """Check whether the content of a file is that of an alignment, damaged or not.

    Sentences with times are none, such as subtitles, but in JSON, which a recogniser has written.
    """
    from lemf.reading.formats.labels import NotAnAlignmentError, SentenceTimesError

    try:
        content = read_input(path, TextGridError, most_bytes=_MOST_BYTES)
        if not content.strip(_BLANK):
            return False
        parse_textgrid(content, os.fspath(path))
    except (OSError, ValueError, NotAnAlignmentError):
        return False
    except SentenceTimesError:
        return os.fspath(path).lower().endswith(".json")
    except TextGridError:
        return True
    return not _may_be_read_aloud(os.fspath(path), content)


def _may_be_read_aloud(path: str, content: bytes) -> bool:
    """Check whether a transcript may open with numbers, such as ``0.5 1.5 litres``."""
    is_transcript = path.lower().endswith((".txt", ".lab")) and b"\n" not in content.strip()
    return is_transcript and b"\t" not in content and not content.startswith(b"0 ")


def _find_sound(audio: Source | Audio | None) -> Sound | None:
    """Return what the header of a recording tells; None if no recording is known."""
    if audio is None:
        return None
    from lemf.reading.audio import Audio
    from lemf.reading.formats.labels import Sound
    from lemf.reading.sound_files.lengths import read_length

    if isinstance(audio, Audio):
        return Sound(audio.name, audio.rate_hz, audio.duration_s)
    rate_hz, n_samples = read_length(audio)
    return Sound(source_name(audio), rate_hz, n_samples / rate_hz)


def _find_partner(path: Path) -> Path | None:
    """Return the file of the phones beside that of the words, or the other way round."""
    pairs = _PARTNERS | {phones: words for words, phones in _PARTNERS.items()}
    suffix = pairs.get(path.suffix.lower())
    if suffix is None:
        return None
    forms = (suffix, suffix.upper())
    return next((one for form in forms if (one := path.with_suffix(form)).is_file()), None)


def _merge(textgrid: TextGrid, other: TextGrid) -> TextGrid:
    """Add the tiers of another TextGrid that this one does not have."""
    names = {tier.name for tier in textgrid.tiers}
    added = tuple(tier for tier in other.tiers if tier.name not in names)
    end_s = max(textgrid.end_s, other.end_s)
    notes = (*textgrid.notes, *(note for note in other.notes if note not in textgrid.notes))
    return replace(textgrid, end_s=end_s, tiers=(*textgrid.tiers, *added), notes=notes)
