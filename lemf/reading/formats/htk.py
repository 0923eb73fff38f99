"""Labels with times in whole numbers: HTK's and HTS's in units of 100 ns, TIMIT's in samples."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from lemf.config import END_TOLERANCE_S
from lemf.errors import TextGridError
from lemf.reading.formats.labels import (
    FindSound,
    Label,
    Sound,
    build_words,
    fail_sentences,
    level_of,
)
from lemf.reading.formats.praat_tokens import shorten
from lemf.reading.silence_labels import fold, silent_phones
from lemf.reading.textgrid import TextGrid

_HTK_PER_S = 10_000_000
_TIMIT_RATE_HZ = 16_000
_MS_PER_S = 1000
_USUAL_RATES_HZ = (8_000, 16_000, 22_050, 44_100, 48_000)
_SILENT_END_S = 0.5  # by which a recording may outlast its labels for no other rate to be sought
_BEYOND_S = 1.0  # by which the labels may end after the recording
_BETTER = 3  # by which factor another rate must bring the labels closer to the recording's end
_SHORTEST_S = 0.004  # mean length of labels from which units of 100 ns make sense
_MOST_DIGITS = 15  # of a time: 30 years in units of 100 ns
_SCORE = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|nan|-?inf", re.IGNORECASE)
_STATE = re.compile(r"\[(\d{1,3})\]$")  # of a model: ay[2]
_STATE_ALONE = re.compile(r"s\d+")
_FULL_CONTEXT = re.compile(r"[^\s-]*-([^\s+]+)\+\S*/[A-Z]:\S*")  # HTS: the phone in the middle
_MOST_COLUMNS = 3  # state, phone, word
_MOST_PHRASES = 0.8  # share of lines that start a word, of a file that has words above phones


class _Row(NamedTuple):
    line: int
    start: int
    end: int
    names: list[str]  # of state, phone and word, as far as the line has them


def read_htk(lines: Sequence[tuple[int, str]], path: str, find_sound: FindSound) -> TextGrid:
    """Read lines of start, end, label and perhaps scores and the label of the level above.

    Parameters
    ----------
    lines : sequence of (number, text)
    path : str
    find_sound : function
        Returns the recording, whose rate and length tell samples from units of 100 ns.

    Raises
    ------
    TextGridError
        The labels are sentences, or the unit of the times is unknown.
    """
    rows = []
    for number, text in lines:
        start, end, name, *others = text.split()
        names = [name, *(other for other in others if not _SCORE.fullmatch(other))]
        if len(start) > _MOST_DIGITS or len(end) > _MOST_DIGITS:
            raise TextGridError(f"{path}: line {number}: {shorten(end)} is no time")
        rows.append(_Row(number, int(start), int(end), names))
    n_columns = max(len(row.names) for row in rows)
    n_phrases = sum(len(row.names) > 1 for row in rows)
    if n_columns > _MOST_COLUMNS or n_phrases > _MOST_PHRASES * len(rows):
        fail_sentences(path, "labels")
    unit_s, notes = _unit(rows, path, find_sound)
    columns = [_column(rows, index, unit_s) for index in range(n_columns)]
    if n_columns > 1 and all(_STATE_ALONE.fullmatch(row.names[0]) for row in rows):
        columns = columns[1:]
    lowest = _without_states(columns[0])
    if len(columns) > 1:
        phones = lowest if len(columns) == 2 else columns[-2]
        words: Sequence[Label] = _spoken(columns[-1], phones)
    elif level_of(lowest, path) == "phones":
        words, phones = (), lowest
    else:
        words, phones = lowest, []
    return build_words(path, words, phones, find_sound=find_sound, notes=notes)


def _unit(rows: Sequence[_Row], path: str, find_sound: FindSound) -> tuple[float, list[str]]:
    """Return the length of a unit in seconds, and a note where the rate is a guess."""
    last = max(row.end for row in rows)
    sound = find_sound()
    if sound is None or not sound.duration_s or not last:
        if last / len(rows) >= _SHORTEST_S * _HTK_PER_S:
            return 1 / _HTK_PER_S, []
        note = f"times are samples, taken as {_TIMIT_RATE_HZ} Hz, the rate of TIMIT"
        return 1 / _TIMIT_RATE_HZ, [note]
    off = {  # by which factor, in log, the labels are longer or shorter than the recording
        unit: abs(math.log(last / unit / sound.duration_s))
        for unit in (_HTK_PER_S, sound.rate_hz, _MS_PER_S)
    }
    unit = min((_HTK_PER_S, sound.rate_hz), key=off.__getitem__)
    if off[_MS_PER_S] < off[unit] - 1:
        raise TextGridError(
            f"{path}: times up to {last} look like milliseconds, not like samples or HTK's units "
            "of 100 ns; write seconds with a point"
        )
    return 1 / unit, _note_other_rate(last, sound, path) if unit == sound.rate_hz else []


def _note_other_rate(last: int, sound: Sound, path: str) -> list[str]:
    """Return a note where samples at another usual rate reach the end of the recording.

    Raises
    ------
    TextGridError
        So it is, and at the rate of the recording they would end over 1 s after it.
    """
    own_s = last / sound.rate_hz
    left_s = sound.duration_s - own_s
    if -END_TOLERANCE_S < left_s <= _SILENT_END_S:
        return []
    off_s = {
        rate_hz: sound.duration_s - last / rate_hz
        for rate_hz in _USUAL_RATES_HZ
        if sound.duration_s - last / rate_hz > -END_TOLERANCE_S
    }
    other_hz = min(off_s, key=off_s.__getitem__, default=sound.rate_hz)
    if other_hz == sound.rate_hz or _BETTER * off_s[other_hz] > abs(left_s):
        return []
    note = (
        f"times taken as samples at {sound.rate_hz:,} Hz, the rate of the recording, end at "
        f"{own_s:.2f} of its {sound.duration_s:.2f} s; as samples at {other_hz:,} Hz they would "
        f"end at {last / other_hz:.2f} s: if that is their rate, resample the recording to it"
    )
    if left_s <= -_BEYOND_S:
        raise TextGridError(f"{path}: {note}")
    return [note]


def _column(rows: Sequence[_Row], index: int, unit_s: float) -> list[Label]:
    """Return the labels of a column; a label lasts until the next one in its column."""
    labels: list[Label] = []
    for row in rows:
        start_s, end_s = row.start * unit_s, row.end * unit_s
        if index < len(row.names):
            labels.append(Label(_name(row.names[index]), start_s, end_s, row.line))
        elif labels:
            labels[-1] = labels[-1]._replace(end_s=end_s)
    return labels


def _name(name: str) -> str:
    """Return the phone of a full-context label, with its state; any other name as it is."""
    name = name.strip('"')
    context, state = _FULL_CONTEXT.fullmatch(name), _STATE.search(name)
    return name if context is None else context[1] + (state[0] if state else "")


def _without_states(labels: Sequence[Label]) -> list[Label]:
    """Join the states of a model to its phone: ``ay[2]``, ``ay[3]``, ``ay[4]``."""
    joined: list[Label] = []
    before = 0
    for label in labels:
        match = _STATE.search(label.text)
        name, state = _STATE.sub("", label.text), int(match[1]) if match else 0
        if state > before > 0 and joined and name == joined[-1].text:
            joined[-1] = joined[-1]._replace(end_s=label.end_s)
        else:
            joined.append(label._replace(text=name))
        before = state
    return joined


def _spoken(words: Sequence[Label], phones: Sequence[Label]) -> list[Label]:
    """End each word before the silence that follows it; words of silence alone become silence."""
    silent = silent_phones({fold(phone.text) for phone in phones})
    spoken = [phone for phone in phones if fold(phone.text) not in silent]
    starts = [phone.start_s or 0.0 for phone in spoken]
    ended = []
    for word in words:
        first, after = (bisect_left(starts, time or 0.0) for time in (word.start_s, word.end_s))
        if first < after:
            ended.append(word._replace(end_s=spoken[after - 1].end_s))
        else:
            ended.append(word._replace(text=""))
    return ended
