"""Which tool wrote a file of words with times, told by the content, and what other files are."""

from __future__ import annotations

import re
from dataclasses import replace

from lemf.errors import TextGridError, shown
from lemf.reading.encoding import decode_text
from lemf.reading.formats.labels import ALIGN_IT, FindSound, NotAnAlignmentError
from lemf.reading.textgrid import TextGrid
from lemf.runtime.json_text import parse_json

_MAGIC = (  # bytes that open a file
    (rb"%PDF", "a PDF"),
    (rb"PK\x03\x04.{0,4000}?word/", "a Word document"),
    (rb"PK\x03\x04.{0,4000}?xl/", "an Excel workbook"),
    (rb"PK\x03\x04.{0,100}?opendocument", "an OpenDocument file"),
    (rb"PK\x03\x04", "a zip archive"),
    (rb"\xd0\xcf\x11\xe0", "an old Office document"),
    (rb"RIFF|RIFX|RF64|FORM|fLaC|OggS|caff|NIST_1A|\.snd|ID3", "a recording"),
    (rb"\xff[\xe2\xe3\xf1-\xf3\xf9-\xfb]", "a recording"),  # mp3, aac
    (rb"....ftyp|\x1a\x45\xdf\xa3", "a video or compressed recording"),
    (rb"\x89PNG|\xff\xd8\xff|GIF8", "a picture"),
    (rb"\x1f\x8b|7z\xbc\xaf|Rar!|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd", "a compressed file"),
    (rb"PAR1", "a Parquet table"),
    (rb"SQLite format 3", "a database"),
)
_TEXTS = (  # patterns that open a text
    (r"\{\\rtf", "RTF, a document"),
    (r"<!doctype html|<html", "a page of HTML"),
    (r"@UTF8|@Begin", "a CHAT transcript"),
    (r"\[Script Info\]", "subtitles in ASS format"),
    (r"(?:SPEAKER|SPKR-INFO|LEXEME|NON-LEX)\s", "RTTM, the turns of speakers"),
    (r"version https://git-lfs", "a pointer of Git LFS; fetch the file itself"),
    (r"\[\d+:\d\d", "lines of text with times of lines"),
)
_XML = re.compile(  # in any encoding; a transcript may open with <laugh>
    rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\0\s]*<\0?(?:\?|!|h\0?t\0?m|A\0?N\0?N\0?O)",
    re.IGNORECASE,
)
_JSON = re.compile(  # a transcript may open with {laugh} or [noise]
    r'\{\s*(?:["}]|\Z)|\[[\s\[]*(?:\Z|\{\s*(?:["}]|\Z))|\[\s*\[[\s\[]*["\d-]'
)
_STM = re.compile(r"\S+\s+\S+\s+\S+\s+\d+\.\d+\s+\d+\.\d+\s+\S.*")
_LABELS = re.compile(rb"[^\s\x00-\x20]+")  # of files without quotes, where letters may stand
_ADVICE = (
    "not a TextGrid, nor what another aligner writes; in Praat, select the TextGrid and choose "
    "Save as text file"
)


def name_binary(content: bytes) -> str | None:
    """Name the kind of a file that is no text, such as a recording; None if no kind is known."""
    kinds = (kind for magic, kind in _MAGIC if re.match(magic, content, re.DOTALL))
    return next(kinds, None) if b"\0" in content else None


def parse_other(
    content: str | bytes, path: str, encoding: str | None, find_sound: FindSound
) -> TextGrid:
    """Read what is not Praat's; parameters and errors are those of `parse_textgrid`.

    Raises
    ------
    NotAnAlignmentError
        No tool that is known writes words with times so.
    TextGridError
        The file is damaged, or has times of sentences only.
    """
    if isinstance(content, bytes):
        for magic, kind in _MAGIC:
            if re.match(magic, content, re.DOTALL):
                raise NotAnAlignmentError(f"{path}: not a TextGrid but {kind}; {_remedy(kind)}")
    raw = content if isinstance(content, bytes) else content.encode(errors="surrogatepass")
    if _XML.match(raw):
        return _parse_xml(raw, path, find_sound)
    notes: list[str] = []
    if isinstance(content, bytes):
        content, notes = _decode(content, path, encoding)
    text = content.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    textgrid = _parse_text(text, path, find_sound)
    if textgrid is None:
        raise NotAnAlignmentError(f"{path}: {_describe(text)}")
    return _with_notes(textgrid, notes)


def _remedy(kind: str) -> str:
    if "recording" in kind:
        return "name the recording first, then its TextGrid"
    return "name the file that the aligner wrote"


def _decode(content: bytes, path: str, encoding: str | None) -> tuple[str, list[str]]:
    if encoding is None and b'"transcription"' in content and b'"offsets"' in content:
        # whisper.cpp cuts letters between tokens
        return content.decode("utf-8-sig", errors="surrogateescape"), []
    return decode_text(content, path, encoding, kind="file", find_labels=_LABELS.findall)


def _with_notes(textgrid: TextGrid, notes: list[str]) -> TextGrid:
    return replace(textgrid, notes=(*notes, *textgrid.notes)) if notes else textgrid


def _parse_xml(content: bytes, path: str, find_sound: FindSound) -> TextGrid:
    from lemf.reading.formats.eaf import ROOT_TAG, read_eaf, read_xml_root

    if re.search(rb"<(?:!doctype )?html", content[:1000], re.IGNORECASE):
        raise NotAnAlignmentError(f"{path}: not a TextGrid but a page of HTML; {_remedy('')}")
    root = read_xml_root(content, path)
    if root.tag == ROOT_TAG:
        return read_eaf(root, path, find_sound)
    tag = shown(str(root.tag).rpartition("}")[2])
    raise NotAnAlignmentError(
        f"{path}: not a TextGrid but XML of another program than ELAN ({tag}); export a TextGrid "
        "or an .eaf there"
    )


def _parse_text(text: str, path: str, find_sound: FindSound) -> TextGrid | None:
    """Read text of any known format; None if it has none."""
    start = text.lstrip()
    if start[:1] in ("{", "["):
        try:
            document = parse_json(start)
        except ValueError as error:
            document = _parse_json_lines(start)
            if document is None and _JSON.match(start):
                raise TextGridError(f"{path}: damaged JSON ({error}); export it again") from None
        if document is not None:
            return _parse_json(document, path, find_sound)
    from lemf.reading.formats.json_tiers import MFA_COLUMNS, read_mfa_csv
    from lemf.reading.formats.partitur import read_partitur
    from lemf.reading.formats.subtitles import are_subtitles, read_subtitles
    from lemf.reading.formats.time_lines import read_time_lines

    if any(re.match(pattern, start, re.IGNORECASE) for pattern, _ in _TEXTS):
        return None
    if start.startswith("LHD:"):
        return read_partitur(text, path, find_sound)
    if start.split("\n", 1)[0].strip() == ",".join(MFA_COLUMNS):
        return read_mfa_csv(text, path, find_sound)
    if start.startswith("WEBVTT") or are_subtitles(text):
        return read_subtitles(text, path, find_sound)
    return read_time_lines(text, path, find_sound)


def _parse_json_lines(text: str) -> list[object] | None:
    """Parse one document per line; None if the lines are none, or there is only one."""
    try:
        rows = [parse_json(line) for line in text.split("\n") if line.strip()]
    except ValueError:
        return None
    return rows if len(rows) > 1 else None


def _parse_json(document: object, path: str, find_sound: FindSound) -> TextGrid:
    from lemf.reading.formats.json_tiers import read_json_tiers
    from lemf.reading.formats.json_words import read_json_words, read_language

    if (textgrid := read_json_tiers(document, path, find_sound)) is not None:
        return textgrid
    if (textgrid := read_json_words(document, path, find_sound)) is not None:
        return replace(textgrid, language=read_language(document))
    kind = f"a {type(document).__name__}"
    if isinstance(document, dict):
        kind = f"the keys {', '.join(shown(key) for key in list(document)[:5])}"
    raise NotAnAlignmentError(
        f"{path}: not a TextGrid but JSON of no aligner or recogniser that is known ({kind}); "
        "docs/textgrids.md lists what is read"
    )


def _describe(text: str) -> str:
    """Name a text that no tool has written as words with times."""
    start = text.lstrip()
    for pattern, kind in _TEXTS:
        if re.match(pattern, start, re.IGNORECASE):
            return f"not a TextGrid but {kind}; {_remedy(kind)}"
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if lines and all(map(_STM.fullmatch, lines)):
        return f"not a TextGrid but STM, with times of sentences, not of words; {ALIGN_IT}"
    printable = sum(char.isprintable() or char.isspace() for char in text[:4000])
    if printable >= 0.95 * len(text[:4000]) and any(map(str.isalpha, text)):
        return f"not a TextGrid but text without times of words; {ALIGN_IT}"
    return _ADVICE
