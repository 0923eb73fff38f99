"""Formats of annotation that lie beside recordings under the suffix of a transcript.

Each is known by its content: a transcript has no line of times, and no phones in their context.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lemf.runtime.json_text import parse_json

_SHORTEST_END = 1000  # samples, 100 ns or ms: lower numbers may be digits that were read aloud

_CLOCK = r"\d{1,3}:\d\d(?::\d\d)?(?:[.,]\d+)?"
_FRACTION = r"-?\d+\.\d+(?:e-?\d+)?"
_CUE_TIMES = re.compile(rf"^\W*{_CLOCK}\s*(?:-->|,{_CLOCK}\s*$)", re.MULTILINE)
_FULL_CONTEXT = re.compile(r"(?:\d+\s+\d+\s+)?[^\s-]*-[^\s+]+\+[^\s/]*/[A-Z]:\S*(?:\s.*)?")
_STARTS = (
    ("#!MLF!#", "HTK labels"),
    ("WEBVTT", "subtitles"),
    ("[Script Info]", "subtitles"),
    ("@UTF8", "a CHAT transcript"),
    ("@Begin", "a CHAT transcript"),
    ("{\\rtf", "RTF"),
    ("<?xml", "XML"),
    ("<!DOCTYPE", "HTML"),
    ("<html", "HTML"),
)
_LINES = (  # all lines of a file look like this
    (_FULL_CONTEXT, "full-context labels"),
    (re.compile(r"\d+\s+\d+(?:\s+.*)?"), "labels with times"),
    (re.compile(rf"{_FRACTION}\t+{_FRACTION}(?:\s+.*)?"), "labels with times"),
    (re.compile(rf"{_FRACTION}\s+\d+\s+\S+(?:\s+.*)?"), "labels with times"),
    (re.compile(rf"\S+\s+\S+\s+{_FRACTION}\s+{_FRACTION}\s+.*"), "words with times"),
    (re.compile(rf"\S+\s+\S+\s+\S+\s+{_FRACTION}\s+{_FRACTION}\s+.*"), "words with times"),
    (re.compile(rf"[\[(<]{_CLOCK}[\])>].*"), "lines with times"),
)
_SEVERAL_LINES = (  # a single line like this may be a transcript
    (re.compile(rf"{_FRACTION}\s+{_FRACTION}(?:\s+.*)?"), "labels with times"),
    (re.compile(rf"{_FRACTION}\s+\S+"), "labels with times"),
    (re.compile(rf"{_CLOCK}\s.*"), "lines with times"),
)
_PAUSES = frozenset(("sil", "pau", "sp", "SIL", "h#", "#", "_", "pause"))  # of phones, one per line


def name_annotation(text: str) -> str:
    """Name the format of annotation that a text has; ``""`` for a transcript.

    Parameters
    ----------
    text : str
        Content of the file, with newlines between its lines.
    """
    start = text.lstrip()
    if "\0" in text:
        return "text in UTF-16, or no text"
    if "ooTextFile" in start[:60]:
        return "a TextGrid"
    for mark, kind in _STARTS:
        if start.startswith(mark):
            return kind
    if start[:1] in ("{", "[") and _is_json(start):
        return "JSON"
    if _CUE_TIMES.search(text):
        return "subtitles"
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if "#" in lines[:-1]:  # the end of the head of labels of Festival and ESPS
        lines = lines[lines.index("#") + 1 :]
    # Audacity writes the frequencies of a selection on a line of their own
    lines = [line for line in lines if not line.startswith("\\")]
    patterns = [*_LINES, *_SEVERAL_LINES] if len(lines) > 1 else _LINES
    for pattern, name in patterns:
        if lines and all(map(pattern.fullmatch, lines)) and _times_rise(lines):
            return name
    tokens = [line.split() for line in lines]
    if len(lines) > 2 and {lines[0], lines[-1]} <= _PAUSES and all(len(t) == 1 for t in tokens):
        return "labels of phones"
    return ""


def _is_json(text: str) -> bool:
    try:
        return isinstance(parse_json(text), dict | list)
    except ValueError:
        return False


def _times_rise(lines: Sequence[str]) -> bool:
    """Check that leading pairs of whole numbers are times: each from a start to a later end."""
    pairs = [tuple(map(int, line.split()[:2])) for line in lines if re.match(r"\d+\s+\d+\b", line)]
    if len(pairs) < len(lines):
        return True
    starts = [start for start, _ in pairs]
    return (
        pairs[-1][1] >= _SHORTEST_END
        and (len(pairs) > 1 or starts == [0])
        and starts == sorted(starts)
        and all(start <= end for start, end in pairs)
    )
