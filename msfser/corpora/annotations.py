"""Formats of annotation that lie beside recordings under the suffix of a transcript.

Each is known by its content. In a transcript, digits may have been read aloud: what decides is that
all lines have times in the same place, which rise from line to line (`time_columns`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lemf.runtime.json_text import parse_json
from msfser.corpora.time_columns import CLOCK, are_times_and_labels, have_time_columns

_STARTS = tuple(
    (re.compile(mark, re.IGNORECASE), kind)
    for mark, kind in (
        (r".{0,20}oo(?:Text|Binary)File|\"?Praat chronological|Object class =", "a TextGrid"),
        (r"#!MLF!#|SFrm\s+EFrm", "labels with times"),
        (r"LHD:", "a BAS Partitur"),
        (r"WEBVTT|\[Script Info\]|<SAMI\b|\{\d+\}\{\d+\}", "subtitles"),
        (r"@UTF8|@Begin", "a CHAT transcript"),
        (r"\{\\rtf", "RTF"),
        (r"%PDF-\d|PK\x03\x04", "a document"),
        (r"<\?xml|<(?:ANNOTATION_DOCUMENT|Trans|tt)\b", "XML"),
        (r"<!doctype html|<html\b", "HTML"),
        (r"[\[{][\s\[{]*\"[^\"\n]*\"\s*:", "JSON"),
    )
)
_INTERVALS = re.compile(r"^[ \t]*(?:xmin|intervals \[\d+\])\s*[=:]", re.MULTILINE)  # without a head
_CUE_TIMES = re.compile(rf"^[^\w\n]{{0,9}}{CLOCK}\s*(?:-->|,{CLOCK}\s*$)", re.MULTILINE)
_ELEMENTS = re.compile(r"<([\w:.-]+)[\s>].*</[\w:.-]+>.*</[\w:.-]+>.*</\1>\s*", re.DOTALL)

# Lines: all of a file look like this
_FULL_CONTEXT = re.compile(
    r"(?:[\d.]+\s+[\d.]+\s+)?"
    r"(?:[^\s-]*-[^\s+]+\+[^\s/]*/[A-Z]:\S*|[^\s^]+\^[^\s-]+-[^\s+]+\+[^\s=]+=\S+)(?:\s.*)?"
)
_AFTER_HEAD = re.compile(r"\d+\.\d+\s+\d+(?:\s.*)?")
_TRIPHONE = re.compile(r"[^\s+-]+-[^\s+-]+\+[^\s+-]+")
_TURN = re.compile(r"(?:SPEAKER|LEXEME|NON-LEX|NON-SPEECH|SPKR-INFO|SEGMENT)\s.*<NA>.*")
_BRACKETED = re.compile(rf"[\[(<]({CLOCK})[\])>].*|\[[a-z]{{2,6}}:.*\]")  # and the head of LRC
_CLOCKED = re.compile(rf"({CLOCK})\s.*")
_FROM_START = re.compile(r"(?:0+:)*0+:\d\d")  # within the first minute
_PHONE = re.compile(r"[A-Z]{1,3}[012]?")
_VOWEL = re.compile(r"(?:A[AEHOWY]|E[HRY]|I[HY]|O[WY]|U[HW])[012]")  # with its stress
_PAUSES = frozenset(
    ("sil", "pau", "sp", "spn", "silb", "sile", "<sil>", "<p:>", "h#", "#", "_", "pause")
)


def name_annotation(text: str) -> str:
    """Name the format of annotation that a text has; ``""`` for a transcript.

    Parameters
    ----------
    text : str
        Content of the file, with newlines between its lines.
    """
    start = text.lstrip("\ufeff \t\r\n")
    if "\0" in text:
        return "no text"
    for mark, kind in _STARTS:
        if mark.match(start):
            return kind
    if start[:1] in ("{", "[") and _is_json(start):
        return "JSON"
    if start[:1] == "<" and _ELEMENTS.fullmatch(start):
        return "XML"
    if len(_INTERVALS.findall(text)) > 1:
        return "a TextGrid"
    if _CUE_TIMES.search(text):
        return "subtitles"
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if "#" in lines[:-1]:  # the end of the head of labels of Festival and ESPS
        lines = lines[lines.index("#") + 1 :]
        if all(map(_AFTER_HEAD.fullmatch, lines)):
            return "labels with times"
    # comments of CTM and STM; Audacity has the frequencies of a selection on a line of their own
    lines = [line for line in lines if not line.startswith((";;", "\\"))]
    return _name_lines(lines) if lines else ""


def _name_lines(lines: Sequence[str]) -> str:
    several = len(lines) > 1
    if all(map(_FULL_CONTEXT.fullmatch, lines)):
        return "full-context labels"
    if all(map(_TURN.fullmatch, lines)):
        return "turns with times"
    if have_time_columns(lines) or are_times_and_labels(lines):
        return "labels with times"
    if _are_clocked(lines):
        return "lines with times"
    tokens = [token for line in lines for token in line.split()]
    if several and len(tokens) == len(lines) and all(map(_TRIPHONE.fullmatch, tokens)):
        return "labels of phones"
    ends = {tokens[0].lower(), tokens[-1].lower()}
    if len(tokens) > 2 and ends <= _PAUSES and (several or all(end.isalpha() for end in ends)):
        return "labels of phones"
    if all(map(_PHONE.fullmatch, tokens)) and sum(map(bool, map(_VOWEL.fullmatch, tokens))) > 1:
        return "labels of phones"
    return ""


def _are_clocked(lines: Sequence[str]) -> bool:
    """Check for times as players show them, from the start of a recording: no times of day."""
    bracketed = [_BRACKETED.fullmatch(line) for line in lines]
    if all(bracketed):
        clocks = [found[1] for found in bracketed if found and found[1]]
        return bool(clocks) and (len(lines) > 1 or "." in clocks[0] or lines[0][0] == "[")
    alone = lines[::2]
    if len(alone) > 1 and all(re.fullmatch(CLOCK, line) for line in alone):
        return True
    clocked = [_CLOCKED.fullmatch(line) for line in lines]
    return len(lines) > 1 and all(clocked) and bool(_FROM_START.match(lines[0]))


def _is_json(text: str) -> bool:
    try:
        return isinstance(parse_json(text), dict | list)
    except ValueError:
        return False
