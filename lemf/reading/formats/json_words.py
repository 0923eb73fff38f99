"""JSON of recognisers and aligners: words with times, of Gentle words with phones.

WhisperX, Whisper (OpenAI's package and API, faster-whisper, whisper.cpp, whisper-timestamped,
stable-ts, pipelines of transformers), Vosk and Gentle.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import Any

from lemf.reading.formats.labels import (
    FindSound,
    Label,
    are_words,
    build_words,
    fail_sentences,
    read_seconds,
)
from lemf.reading.textgrid import UNTOLD, TextGrid

_CONFIDENCES = ("score", "probability", "confidence", "conf", "p")
_SPECIAL = re.compile(r"\[_.*\]|<\|.*\|>")  # tokens of whisper.cpp that are no text
_POSITION = re.compile(r"_[SBIE]$")  # of Kaldi's phones: the only, first, inner or last of a word
_UNKNOWN_PHONE = "oov"  # of Gentle, under a word outside its dictionary; MFA writes spn
_HALF_LETTER = re.compile("[\udc80-\udcff]")  # of a token of whisper.cpp, joined to the next

_SHORTEST_MS = 20  # the median length of words from which whole numbers are ms, not seconds

_Row = dict[str, Any]


def read_json_words(document: object, path: str, find_sound: FindSound) -> TextGrid | None:
    """Read the words of a JSON document; None if no known tool has written it.

    Raises
    ------
    TextGridError
        There are sentences but no words with times, or a time is no number.
    """
    if isinstance(document, list):
        document = _of_rows(_rows(document))
    if not isinstance(document, dict):
        return None
    if isinstance(transcription := document.get("transcription"), list):
        return _read_whisper_cpp(_rows(transcription), path, find_sound)
    listed = _rows(document.get("words"))
    if any("case" in row or "alignedWord" in row for row in listed):
        return _read_gentle(listed, path, find_sound)
    segments = _rows(document.get("segments"))
    words = [
        word if "speaker" in word or "speaker" not in row else word | {"speaker": row["speaker"]}
        for row in segments
        for word in _rows(row.get("words"))
    ]
    of_whisperx, of_vosk = (_rows(document.get(key)) for key in ("word_segments", "result"))
    for rows in (words, of_whisperx, listed, of_vosk):
        is_told = "audio_duration" in document  # of AssemblyAI
        in_ms = is_told or _are_ms(rows)
        if labels := list(_labels(rows, path, 1000 if in_ms else 1)):
            notes = ["times are whole numbers, taken as milliseconds"] if in_ms > is_told else []
            return build_words(path, _join(labels), find_sound=find_sound, notes=notes)
    pieces = _rows(document.get("chunks"))  # of pipelines of transformers
    if not pieces and any("text" in row and "start" in row for row in segments):
        pieces = segments
    labels = list(_labels(pieces, path))
    if not labels:
        known = ({"segments", "language"}, {"segments", "word_segments"}, {"words", "transcript"})
        is_known = any(keys <= {*document} for keys in known)
        return build_words(path, (), find_sound=find_sound) if is_known else None
    if not are_words(label.text for label in labels):
        fail_sentences(
            path,
            "JSON of a recogniser",
            "transcribe again with times of words (whisper --word_timestamps True, whisperx, "
            'return_timestamps="word")',
        )
    return build_words(path, _join(labels), find_sound=find_sound)


def read_language(document: object) -> str:
    """Return the language that a recogniser has written, a code or a name; `UNTOLD` without one."""
    places = [document]
    if isinstance(document, dict):
        places.append(document.get("result"))  # of whisper.cpp
    found = [place.get("language") for place in places if isinstance(place, dict)]
    return next((one.strip() for one in found if isinstance(one, str) and one.strip()), UNTOLD)


def _of_rows(rows: list[_Row]) -> _Row:
    """Return a list as the document that would hold it."""
    if any("result" in row for row in rows):  # Vosk writes one document per utterance
        return {"result": [word for row in rows for word in _rows(row.get("result"))]}
    return {"segments" if any("words" in row for row in rows) else "words": rows}


def _rows(value: object) -> list[_Row]:
    """Return the objects of a list, and what faster-whisper writes for a word as such objects."""
    rows = value if isinstance(value, list) else []
    if all(isinstance(row, list) and len(row) == 4 and isinstance(row[2], str) for row in rows):
        names = ("start", "end", "word", "probability")
        return [dict(zip(names, row, strict=True)) for row in rows]
    return [row for row in rows if isinstance(row, dict)]


def _are_ms(rows: Iterable[_Row]) -> bool:
    """Check whether times are whole numbers between which no word lasts seconds."""
    lengths = [
        row["end"] - row["start"]
        for row in rows
        if _is_number(row.get("start")) and _is_number(row.get("end"))
    ]
    times = [row.get(key, 0) for row in rows for key in ("start", "end")]
    are_whole = all(time is None or (_is_number(time) and time % 1 == 0) for time in times)
    return are_whole and bool(lengths) and median(lengths) >= _SHORTEST_MS


def _labels(rows: Iterable[_Row], path: str, units_per_s: int = 1) -> Iterator[Label]:
    """Read rows that hold a text; the times of a row may be missing.

    A row without a speaker is that of the speaker before.
    """
    speaker = ""
    spoken = [(text, row) for row in rows if (text := _text(row)).strip()]
    for number, (text, row) in enumerate(spoken, 1):
        place = f"{path}: word {number} {text.strip()[:40]!r}"
        times = row.get("timestamp")
        start, end = times if isinstance(times, list) and len(times) == 2 else (None, None)
        if isinstance(named := row.get("speaker"), str):
            speaker = named.strip()
        confidence = next((row[key] for key in _CONFIDENCES if _is_number(row.get(key))), None)
        start_s = read_seconds(row.get("start", start), f"{place}: the start")
        end_s = read_seconds(row.get("end", end), f"{place}: the end")
        if start_s is not None and end_s is not None:
            start_s, end_s = start_s / units_per_s, end_s / units_per_s
        yield Label(text, start_s, end_s, speaker=speaker, confidence=confidence)


def _text(row: _Row) -> str:
    return next((row[key] for key in ("word", "text") if isinstance(row.get(key), str)), "")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _join(pieces: Sequence[Label]) -> list[Label]:
    """Join the pieces of words, where a space opens each word: " mother", "-in", "-law"."""
    spaced = 2 * sum(piece.text[0].isspace() for piece in pieces) >= len(pieces)
    words: list[Label] = []
    for piece in pieces:
        goes_on = spaced and not piece.text[0].isspace()
        if words and (goes_on or _HALF_LETTER.search(words[-1].text[-1])):
            before = words[-1]
            text = before.text + piece.text
            joined = before._replace(text=_whole_letters(text))
            is_spoken = any(map(str.isalnum, piece.text)) or _HALF_LETTER.search(piece.text)
            if piece.end_s is not None and is_spoken:
                joined = joined._replace(end_s=piece.end_s)
            if joined.start_s is None:
                joined = joined._replace(start_s=piece.start_s)
            words[-1] = joined
        else:
            words.append(piece)
    return [word._replace(text=_HALF_LETTER.sub("\ufffd", word.text)) for word in words]


def _whole_letters(text: str) -> str:
    """Decode the bytes of letters that were cut between tokens, once they are all there."""
    try:
        return text.encode("utf-8", "surrogateescape").decode()
    except UnicodeError:
        return text


def _read_whisper_cpp(segments: Sequence[_Row], path: str, find_sound: FindSound) -> TextGrid:
    """Read the tokens of ``-ojf``, or segments of one word each (``-ml 1 -oj``)."""
    rows = [row for segment in segments for row in _rows(segment.get("tokens"))]
    has_tokens = bool(rows)
    pieces = []
    spoken = [
        (text, row)
        for row in rows or segments
        if (text := _text(row)).strip() and not _SPECIAL.fullmatch(text.strip())
    ]
    for number, (text, row) in enumerate(spoken, 1):
        offsets = row.get("offsets")
        times = offsets if isinstance(offsets, dict) else {}
        place = f"{path}: piece {number} {text.strip()[:40]!r}: the time in ms"
        start_ms, end_ms = (read_seconds(times.get(key), place) for key in ("from", "to"))
        confidence = row.get("p") if _is_number(row.get("p")) else None
        start_s = None if start_ms is None else start_ms / 1000
        end_s = None if end_ms is None else end_ms / 1000
        pieces.append(Label(text, start_s, end_s, confidence=confidence))
    if not has_tokens and not are_words(piece.text for piece in pieces):
        remedy = "transcribe again with -ojf, or with -ml 1 -sow -oj"
        fail_sentences(path, "JSON of whisper.cpp", remedy)
    return build_words(path, _join(pieces), find_sound=find_sound)


def _read_gentle(rows: Iterable[_Row], path: str, find_sound: FindSound) -> TextGrid:
    rows = [row for row in rows if _text(row).strip()]
    words = list(_labels(rows, path))
    phones: list[Label] = []
    for row, word in zip(rows, words, strict=True):
        reached_s = word.start_s
        for phone in _rows(row.get("phones")):
            place = f"{path}: word {word.text[:40]!r}: the duration of a phone"
            duration_s = read_seconds(phone.get("duration"), place)
            if reached_s is None or duration_s is None:
                break
            name = _POSITION.sub("", str(phone.get("phone", "")))
            name = "spn" if name == _UNKNOWN_PHONE else name
            phones.append(Label(name, reached_s, reached_s + duration_s))
            reached_s += duration_s
    return build_words(path, words, phones, find_sound=find_sound)
