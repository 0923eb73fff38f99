"""Text with one label and its times per line, from aligners, recognisers and label editors.

CTM (Kaldi, NeMo, NIST), labels of HTK and HTS in units of 100 ns, TIMIT's in samples, segments of
CMU Sphinx in frames, label tracks of Audacity in seconds, and the labels of ESPS, Festival and
Buckeye, which name only ends.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import NamedTuple

from lemf.errors import TextGridError
from lemf.reading.formats.htk import read_htk
from lemf.reading.formats.labels import (
    FindSound,
    Label,
    are_words,
    build_words,
    choose_recording,
    fail_sentences,
    level_of,
    read_seconds,
)
from lemf.reading.formats.praat_tokens import shorten
from lemf.reading.textgrid import TextGrid

_NUMBER = r"-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?"
_CTM = re.compile(rf"(\S+)\s+(\S+)\s+({_NUMBER})\s+({_NUMBER})\s+(\S+)(?:\s+({_NUMBER})\b)?.*")
_SECONDS = re.compile(rf"({_NUMBER})\s+({_NUMBER})(?:\s+(.*))?")
_WHOLE = re.compile(r"\d+\s+\d+\s+\S.*")
_ENDS = re.compile(rf"({_NUMBER})\s+(\d+)(?:\s+(.*))?")
_LABEL_FIRST = re.compile(rf"[^\s\d]\S*\s+{_NUMBER}\s+{_NUMBER}(?:\s+{_NUMBER})?")
_COMMAS = re.compile(r"(\d+,\d+)\s+\d+(?:,\d+)?\s+\S")
_TABLE = re.compile(r"start([,\t])end\1text")
_TABLE_ROW = re.compile(r"(\d{1,10})[,\t](\d{1,10})[,\t](.*)")
_SPHINX = re.compile(r"(\d{1,9})\s+(\d{1,9})\s+-?\d+\s+(\S+).*")
_VARIANT = re.compile(r"\(\d+\)$")  # WHAT(2): the second pronunciation
_SHORTEST_END = 1000  # samples or 100 ns: lower numbers are digits that were read aloud
_SPHINX_FRAMES_PER_S = 100
_MOST_OTHERS = 0.34  # share of lines that may be damaged


class Line(NamedTuple):
    """A line without its outer blanks; lines count from 1."""

    number: int
    text: str


def read_time_lines(text: str, path: str, find_sound: FindSound) -> TextGrid | None:
    """Read labels with times; None if the lines are none.

    Raises
    ------
    TextGridError
        The labels are sentences, the file is cut off, or it is about another recording.
    """
    split = enumerate(text.split("\n"), 1)
    lines = [Line(number, line.strip()) for number, line in split if line.strip()]
    if not lines:
        return None
    first = lines[0].text
    if first == "#!MLF!#":
        lines, notes = _lines_of_recording(lines[1:], path, find_sound)
        textgrid = _read_lines(lines, path, find_sound)
        return textgrid and replace(textgrid, notes=(*notes, *textgrid.notes))
    if "SFrm" in first:
        return _read_sphinx(lines, path, find_sound)
    if _TABLE.fullmatch(first):
        return _read_table(lines, path, find_sound)
    return _read_lines(lines, path, find_sound)


def _read_lines(lines: Sequence[Line], path: str, find_sound: FindSound) -> TextGrid | None:
    """Read lines that all have one shape; None if they have none."""
    texts = [line.text for line in lines]
    if "#" in texts:  # the end of the head of ESPS
        body = lines[texts.index("#") + 1 :]
        if body and all(_ENDS.fullmatch(line.text) for line in body):
            return _read_ends(body, path, find_sound)
    lines = [line for line in lines if not line.text.startswith((";;", "\\"))]
    texts = [line.text for line in lines]
    if not lines:
        return None
    has_point = any("." in text for text in texts)
    if has_point and all(map(_CTM.fullmatch, texts)):
        return _read_ctm(lines, path, find_sound)
    if all(map(_WHOLE.fullmatch, texts)) and _last_end(texts) >= _SHORTEST_END:
        return read_htk(lines, path, find_sound)
    if has_point and all(map(_SECONDS.fullmatch, texts)):
        return _read_seconds(lines, path, find_sound)
    if has_point and all(map(_LABEL_FIRST.fullmatch, texts)):
        turned = [" ".join((*text.split()[1:3], text.split()[0])) for text in texts]
        rows = [line._replace(text=row) for line, row in zip(lines, turned, strict=True)]
        return _read_seconds(rows, path, find_sound)
    for number, text in lines:
        if match := _COMMAS.match(text):
            raise TextGridError(
                f"{path}: line {number}: {match[1]} has a decimal comma; write a point"
            )
    _check_all(lines, path)
    return None


def _check_all(lines: Sequence[Line], path: str) -> None:
    """Refuse lines of which nearly all have one shape, and name the first that has not.

    Raises
    ------
    TextGridError
    """
    for shape, expected in (
        (_CTM, "recording, channel, start, length and word, as in CTM"),
        (_SECONDS, "start, end and label"),
        (_LABEL_FIRST, "label, start and end"),
        (_WHOLE, "start, end and label, in samples or units of 100 ns"),
    ):
        others = [line for line in lines if not shape.fullmatch(line.text)]
        well = [line.text for line in lines if line not in others]
        is_shape = bool(well) and (
            _last_end(well) >= _SHORTEST_END if shape is _WHOLE else any("." in one for one in well)
        )
        if is_shape and 0 < len(others) <= _MOST_OTHERS * len(lines):
            number, text = others[0]
            raise TextGridError(
                f"{path}: line {number}: expected {expected}, found {shorten(text)}; correct it"
            )


def _last_end(texts: Sequence[str]) -> int:
    return max(int(text.split()[1][:20]) for text in texts)


def _lines_of_recording(
    lines: Sequence[Line], path: str, find_sound: FindSound
) -> tuple[list[Line], tuple[str, ...]]:
    """Return the lines of the recording at hand in a master label file of HTK."""
    by_name: dict[str, list[Line]] = {}
    inside: list[Line] = []
    for line in lines:
        if line.text.startswith('"'):
            inside = by_name.setdefault(PurePath(line.text.strip('"')).stem, [])
        elif line.text != ".":
            inside.append(line)
    return choose_recording(by_name, path, find_sound)


def _read_table(lines: Sequence[Line], path: str, find_sound: FindSound) -> TextGrid:
    """Read Whisper's tables of start and end in ms, .tsv, and those of whisper.cpp, .csv."""
    labels = []
    for number, text in lines[1:]:
        match = _TABLE_ROW.fullmatch(text)
        if match is None:
            raise TextGridError(
                f"{path}: line {number}: expected start and end in ms and text, found "
                f"{shorten(text)}"
            )
        start_s, end_s = (int(time) / 1000 for time in match.group(1, 2))
        labels.append(Label(match[3].strip('"'), start_s, end_s, number))
    return _build(labels, path, find_sound, "a table of Whisper", "words")


def _build(
    labels: Sequence[Label], path: str, find_sound: FindSound, kind: str, level: str = ""
) -> TextGrid:
    """Build a TextGrid of the one level that a file has."""
    if not are_words(label.text for label in labels):
        fail_sentences(path, kind)
    if labels and all(label.start_s == label.end_s for label in labels):
        raise TextGridError(f"{path}: labels of points in time; label the stretches of the words")
    if (level or level_of(labels, path)) == "phones":
        return build_words(path, (), labels, find_sound=find_sound)
    return build_words(path, labels, find_sound=find_sound)


def _read_seconds(lines: Sequence[Line], path: str, find_sound: FindSound) -> TextGrid:
    """Read start, end and label: a label track of Audacity, or what looks like one."""
    rows = [_split(text) for _, text in lines]
    colours = {end for _, end, _ in rows}
    if len(rows) > 2 and len(colours) == 1 and colours.pop().isdigit():
        return _read_ends(lines, path, find_sound)  # Festival without its head: end, colour, label
    labels = [
        Label(label, _time(start, path, number), _time(end, path, number), number)
        for (number, _), (start, end, label) in zip(lines, rows, strict=True)
        if label
    ]
    return _build(labels, path, find_sound, "labels")


def _read_ends(lines: Sequence[Line], path: str, find_sound: FindSound) -> TextGrid:
    """Read end, colour and label; each label starts where the one before ends."""
    labels, reached_s = [], 0.0
    for number, text in lines:
        end, _, label = _split(text)
        end_s = _time(end, path, number)
        name = label.split(";")[0].strip()  # of Buckeye: the word; its pronunciations
        if end_s is not None and end_s > reached_s:
            labels.append(Label(name, reached_s, end_s, number))
        reached_s = end_s or 0.0
    return _build(labels, path, find_sound, "labels")


def _split(text: str) -> tuple[str, str, str]:
    """Split a line into two numbers and the label, which may be empty."""
    first, second, *label = text.split(None, 2)
    return first, second, label[0] if label else ""


def _time(text: str, path: str, line: int) -> float | None:
    return read_seconds(float(text), f"{path}: line {line}: {text[:40]}")


def _read_sphinx(lines: Sequence[Line], path: str, find_sound: FindSound) -> TextGrid:
    head, *rest = lines
    labels = []
    whole = False
    for number, text in rest:
        if text.startswith("Total"):
            whole = True
            continue
        match = _SPHINX.fullmatch(text)
        if match is None or whole:
            raise TextGridError(
                f"{path}: line {number}: expected frames, score and label of Sphinx, found "
                f"{shorten(text)}"
            )
        start_s = int(match[1]) / _SPHINX_FRAMES_PER_S
        end_s = (int(match[2]) + 1) / _SPHINX_FRAMES_PER_S
        labels.append(Label(_VARIANT.sub("", match[3]), start_s, end_s, number))
    if not whole:
        raise TextGridError(f"{path}: no total score in the last line; the file is cut off")
    level = "phones" if head.text.lower().endswith("phone") else "words"
    return _build(labels, path, find_sound, "segments of Sphinx", level)


def _read_ctm(lines: Sequence[Line], path: str, find_sound: FindSound) -> TextGrid:
    """Read the lines of one recording; several channels become speakers."""
    by_id: dict[str, list[Label]] = {}
    for number, text in lines:
        match = _CTM.fullmatch(text)
        assert match is not None  # as the caller has checked
        start_s, length_s = (_time(time, path, number) for time in match.group(3, 4))
        confidence = None if match[6] is None else _time(match[6], path, number)
        end_s = None if start_s is None or length_s is None else start_s + length_s
        word = match[5].replace("<space>", " ")  # of NeMo
        label = Label(word, start_s, end_s, number, match[2], confidence)
        by_id.setdefault(match[1], []).append(label)
    labels, notes = choose_recording(by_id, path, find_sound)
    textgrid = _build(labels, path, find_sound, "a CTM")
    return replace(textgrid, notes=(*notes, *textgrid.notes))
