"""Subtitles, SRT and WebVTT, whose cues are words or mark the words inside them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import unescape
from typing import NamedTuple

from lemf.errors import TextGridError
from lemf.reading.formats.labels import (
    FindSound,
    Label,
    are_words,
    build_words,
    fail_sentences,
)
from lemf.reading.formats.praat_tokens import shorten
from lemf.reading.silence_labels import is_silence
from lemf.reading.textgrid import TextGrid

_CLOCK = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_TIMES = re.compile(rf"^[ \t]*{_CLOCK}[ \t]*-->[ \t]*{_CLOCK}.*$", re.MULTILINE)
_ARROW = re.compile(
    r"^[ \t]*[^\s>]*\d[^\s>]*:[^\s>]*[ \t]*-->.*$", re.MULTILINE
)  # times, or nearly
_INSIDE = re.compile(rf"<{_CLOCK}>")  # before the word that starts there, in WebVTT
_LIKE_INSIDE = re.compile(r"<\d[\w.,]*:[^<>\n]*>")  # or nearly
_MARKED = re.compile(r"<(u|b|i|font|c)\b[^<>]*>([^<]*)</\1>")  # the word that is spoken
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|\{\\[^{}]*\}")
_NEXT_NUMBER = re.compile(r"\n[ \t]*\d+[ \t]*\n*\Z")  # of the cue that follows
_SHORTEST_S = 0.02  # of the cues with which YouTube repeats a line


class _Cue(NamedTuple):
    start_s: float
    end_s: float
    text: str
    line: int


def are_subtitles(text: str) -> bool:
    """Check whether a text holds the times of a cue of SRT or WebVTT, be they damaged."""
    return _ARROW.search(text) is not None


def read_subtitles(text: str, path: str, find_sound: FindSound) -> TextGrid:
    """Read the words of subtitles.

    They are cues of one word each, times inside the cues (WebVTT of YouTube), or the one marked
    word of each cue (``whisper --highlight_words``).

    Raises
    ------
    SentenceTimesError
        Only sentences have times.
    TextGridError
        The times of a cue are damaged.
    """
    check_times(text, path)
    cues = list(_cues(text))
    inside = [cue for cue in cues if _INSIDE.search(cue.text)]
    marked = [cue for cue in cues if len(_MARKED.findall(cue.text)) == 1]
    if inside:
        words = list(_words_inside(cues))
    elif marked and any(_plain(cue.text) != _plain(_mark(cue)) for cue in marked):
        words = [Label(_plain(_mark(cue)), cue.start_s, cue.end_s, cue.line) for cue in marked]
    else:
        words = [Label(_plain(cue.text), cue.start_s, cue.end_s, cue.line) for cue in cues]
    if not are_words(word.text for word in words):
        fail_sentences(path, "subtitles")
    return build_words(path, words, find_sound=find_sound)


def check_times(text: str, path: str) -> None:
    """Refuse subtitles with a line of times that cannot be read, whose cue would be lost.

    Raises
    ------
    TextGridError
    """
    for match in (*_ARROW.finditer(text), *_LIKE_INSIDE.finditer(text)):
        if _TIMES.match(match[0]) is None and _INSIDE.fullmatch(match[0]) is None:
            line = text.count("\n", 0, match.start()) + 1
            raise TextGridError(
                f"{path}: line {line}: expected times such as 00:00:01,500 --> 00:00:02,000, or "
                f"<00:00:01.500> inside a cue, found {shorten(match[0])}; correct it"
            )


def read_subtitle_text(text: str) -> str:
    """Return what subtitles say, line by line, without tags, and without noises in brackets.

    A line that is shown again with other marks in it is said once.
    """
    said: list[tuple[str, str]] = []  # each line, plain and as written
    for written in (line for cue in _cues(text) for line in cue.text.split("\n")):
        plain = _plain(written)
        is_noise = plain[:1] in ("[", "(") and is_silence(plain)
        is_shown_again = bool(said) and said[-1][0] == plain and said[-1][1] != written
        if plain and not is_noise and not is_shown_again:
            said.append((plain, written))
    return "\n".join(plain for plain, _ in said)


def _cues(text: str) -> Iterator[_Cue]:
    """Yield the cues; the text of one ends at an empty line, or before the number of the next."""
    found = list(_TIMES.finditer(text))
    stops = [match.start() for match in found[1:]] + [len(text)]
    for match, stop in zip(found, stops, strict=False):  # one stop where there is no cue
        clock = match.groups()
        body = text[match.end() : stop].lstrip("\n")
        if stop < len(text):
            body = _NEXT_NUMBER.sub("", body)
        body = body.split("\n\n")[0]
        line = text.count("\n", 0, match.start()) + 1
        yield _Cue(_seconds(clock[:4]), _seconds(clock[4:]), body, line)


def _seconds(clock: Sequence[str | None]) -> float:
    hours, minutes, seconds, fraction = (part or "0" for part in clock)
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + int(fraction.ljust(3, "0")) / 1000


def _mark(cue: _Cue) -> str:
    match = _MARKED.search(cue.text)
    return match[2] if match else ""


def _plain(text: str) -> str:
    """Remove tags, and write entities as their characters."""
    return " ".join(unescape(_TAG.sub("", _INSIDE.sub(" ", text))).split())


def _words_inside(cues: Sequence[_Cue]) -> Iterator[Label]:
    """Yield the words of cues with times inside; a line that was shown before is repeated."""
    shown = ""
    for cue in cues:
        for line in cue.text.split("\n"):
            text = _plain(line)
            parts = _INSIDE.split(line)
            if not text or (text == shown and len(parts) == 1):
                continue
            shown = text
            if len(parts) == 1 and (len(text.split()) > 1 or cue.end_s - cue.start_s < _SHORTEST_S):
                continue
            texts, clocks = parts[::5], [parts[i + 1 : i + 5] for i in range(0, len(parts) - 1, 5)]
            times = [cue.start_s, *map(_seconds, clocks), cue.end_s]
            for piece, start_s, end_s in zip(texts, times[:-1], times[1:], strict=True):
                if word := _plain(piece):
                    yield Label(word, start_s, end_s, cue.line)
