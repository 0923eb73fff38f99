"""Formats of annotation that lie beside recordings under the suffix of a transcript.

Each is known by its content. In a transcript, digits may have been read aloud: what decides is that
all lines have times in the same place, which rise from line to line (`time_columns`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lemf.reading.formats.time_columns import CLOCK, are_times_and_labels, have_time_columns
from lemf.runtime.json_text import parse_json

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
_MARKUP = re.compile(r"<(p|div|body|span|text|speak|seg|turn|utt\w*)\b[^<>]{0,300}>", re.IGNORECASE)
# Keys with times, as in YAML
_KEYED_START = re.compile(r"\b(?:start|begin|from|onset|xmin)\w*\s*[:=]\s*\d+\.\d", re.IGNORECASE)
_KEYED_END = re.compile(r"\b(?:end|stop|to|offset|duration|xmax)\w*\s*[:=]\s*\d", re.IGNORECASE)
_CLOCK = re.compile(rf"(?<!\S){CLOCK}(?!\S)")
_LINKS = frozenset(
    ("to", "till", "until", "and", "or", "bis", "und", "-", "\u2013")
)  # of times of day
# Phones of the IPA, one per token, and those of SAMPA that are no letters alone
_IPA_LETTER = re.compile("[\u0250-\u02af\u02c8\u02cc\u02d0\u02d1]|[a-zæœøð]\u0329")
_MODIFIERS = re.compile("[\u02b0-\u02ff\u0300-\u036f]")
_SAMPA = re.compile(r"[a-zA-Z@{}&2-9?][:~`_0^=\\]*|[a-zA-Z@269]{2}[:~]?")
_SAMPA_MARK = re.compile(r"[aeiouy29]:(?!\d)|@")
_MOST_TOKENS = 2000  # that are looked at
_ID = re.compile(  # of a recording, as in Kaldi: 1688-142285-0000, anna_017, LJ001-0001, utt12
    r"(?!\d{4}-\d\d-\d\d$)"
    r"(?:\w+-\w+-\w*\d{2,}|\w+_[\w-]*\d|[A-Za-z]+\d+-\d{2,}|utt\w*\d|[A-Za-z]+0\d{2,})",
    re.IGNORECASE,
)
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
        return "a file with NUL bytes"
    for mark, kind in _STARTS:
        if mark.match(start):
            return kind
    if start[:1] in ("{", "[") and _is_json(start):
        return "JSON"
    if start[:1] == "<" and _ELEMENTS.fullmatch(start):
        return "XML"
    markup = _MARKUP.match(start)
    if markup and start.rstrip().endswith(f"</{markup[1]}>"):
        return "markup"
    if _KEYED_START.search(text) and _KEYED_END.search(text):
        return "labels with times"
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
    if _are_clocked(lines) or _has_clocks_within(lines[0]):
        return "lines with times"
    tokens = [token for line in lines for token in line.split()]
    if several and len(tokens) == len(lines) and all(map(_TRIPHONE.fullmatch, tokens)):
        return "labels of phones"
    ids = [line.partition(" ")[0].partition("\t")[0].partition("|")[0] for line in lines]
    if several and len({*ids}) == len(ids) and all(map(_ID.fullmatch, ids)):
        return "the texts of several recordings"
    if _are_phones(tokens):
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


def _has_clocks_within(line: str) -> bool:
    """Check for times from the start of a recording between the words of a line."""
    clocks = list(_CLOCK.finditer(line))
    if len(clocks) < 2 or clocks[0].start() or not _FROM_START.match(line):
        return False
    between = line[clocks[0].end() : clocks[1].start()].strip()
    return bool(between) and between.casefold() not in _LINKS


def _are_phones(tokens: Sequence[str]) -> bool:
    """Check for phones of the IPA or SAMPA with blanks between, or between slashes."""
    tokens = tokens[:_MOST_TOKENS]
    whole = " ".join(tokens)
    if len(whole) > 2 and whole[0] == whole[-1] == "/" and "/" not in whole[1:-1]:
        tokens = whole[1:-1].split()
        if _IPA_LETTER.search(whole) or _SAMPA_MARK.search(whole):
            return True
        return len(tokens) > 2 and all(map(_SAMPA.fullmatch, tokens))
    if len(tokens) < 3:
        return False
    bare = [len(_MODIFIERS.sub("", token)) for token in tokens]
    single = sum(length <= 1 for length in bare) > len(tokens) / 2
    if single and max(bare) <= 2 and any(map(_IPA_LETTER.search, tokens)):
        return True
    bare = [len(token.rstrip(":~`=")) for token in tokens]
    single = sum(length == 1 for length in bare) > len(tokens) / 2
    return single and all(map(_SAMPA.fullmatch, tokens)) and any(map(_SAMPA_MARK.fullmatch, tokens))


def remove_id(text: str, name: str) -> str:
    """Return the words of a line without the id of their recording, at its start or its end.

    Parameters
    ----------
    text : str
        Words with single blanks.
    name : str
        Of the recording, without its suffix; it is an id where it looks like one.
    """
    if not _ID.fullmatch(name):
        return text
    if text.endswith(f" ({name})"):
        return text[: -len(name) - 3]
    return text.removeprefix(f"{name} ").removeprefix(f"{name}|")


def _is_json(text: str) -> bool:
    try:
        return isinstance(parse_json(text), dict | list)
    except ValueError:
        return False
