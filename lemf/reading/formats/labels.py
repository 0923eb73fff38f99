"""The labels with times of any format -> a TextGrid with tiers of words and phones.

Gaps between labels become empty intervals. The geometry is checked where the tiers are used, by
`lemf.reading.geometry`: what overlaps or runs backwards is kept here as it is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import PurePath
from statistics import fmean, median
from typing import NamedTuple, NoReturn, TypeVar

from lemf.config import END_TOLERANCE_S
from lemf.errors import TextGridError, shown
from lemf.reading.formats.praat_tokens import shorten
from lemf.reading.silence_labels import is_silence
from lemf.reading.textgrid import UNTIMED_TIERS, Interval, IntervalTier, TextGrid, fill_gaps

_Rows = TypeVar("_Rows")

ALIGN_IT = "lemf align aligns the recording with its text, and --text-file scores it"
_ROUNDED_S = 0.011  # by which neighbours overlap in formats that round times to 10 ms
_BEYOND_S = 1.0  # by which the last word of a recogniser may end after the recording
_SHOWN = 5  # labels in a note
# Not the tier `confidence` of an aligner: of the word, on a scale of the tool, so no flag reads it
_CONFIDENCE_TIER = "recognition confidence"
_LARGEST = 1e12  # of a time in any unit
# Scripts that are written without spaces between words
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_LONGEST_UNSPACED = 6  # characters of a word in such a script
_PHONE_SUFFIXES = (".phn", ".phseg", ".phones", ".pho")
_WORD_SUFFIXES = (".wrd", ".wdseg", ".words")
_LONGEST_PHONE = 2.6  # characters, the mean of the names of phones
_LONGEST_PHONE_S = 0.25  # the median of their lengths
_FEWEST_CONSONANTS = 0.2  # their share of phones; words have vowels
_CONSONANT = re.compile(
    "[b-df-hj-np-tv-xzʃʒθðŋɹɾʁ\u0294çɲβ\u0263χ\u0261ɫɸʎɬʂʐɕʑ]+[ːʰʲʷ:'~`\\\\0-9]*", re.IGNORECASE
)


class Label(NamedTuple):
    """A labelled stretch of time in seconds, None where the file tells no time.

    Attributes
    ----------
    line : int
        Line in the file, 0 if unknown.
    speaker : str
        ``""`` where the file names none.
    confidence : float or None
        Of the aligner or recogniser, as it gives it.
    """

    text: str
    start_s: float | None
    end_s: float | None
    line: int = 0
    speaker: str = ""
    confidence: float | None = None


class Sound(NamedTuple):
    """What a format may need to know of the recording: its name, and the rate and length."""

    name: str
    rate_hz: int
    duration_s: float


FindSound = Callable[[], Sound | None]  # opens the header of the recording, if one is known


class NotAnAlignmentError(TextGridError):
    """A file that no tool has written as words with times: a transcript, a table, a picture."""


class SentenceTimesError(TextGridError):
    """A file of a known tool that has times of sentences or phrases only."""


def read_seconds(value: object, place: str) -> float | None:
    """Check a number of seconds; None is no time.

    Raises
    ------
    TextGridError
        Neither None nor a finite number.
    """
    if value is None:
        return None
    usable = isinstance(value, int | float) and not isinstance(value, bool)
    if not usable or not math.isfinite(value) or abs(value) > _LARGEST:  # type: ignore[arg-type]
        raise TextGridError(f"{place} is {shown(value)}, which is not a time in seconds")
    return float(value)  # type: ignore[arg-type]


def are_words(texts: Iterable[str]) -> bool:
    """Check whether texts are words, but for one in ten, not phrases or sentences."""
    written = [text for text in texts if text.strip()]
    n_phrases = sum(
        len(text.split()) > 1 or len(_UNSPACED.findall(text)) > _LONGEST_UNSPACED
        for text in written
    )
    return 10 * n_phrases <= len(written)


def level_of(labels: Sequence[Label], path: str) -> str:
    """Return what labels are, ``"words"`` or ``"phones"``, by the suffix or their lengths."""
    suffix = PurePath(path).suffix.lower()
    if suffix in _WORD_SUFFIXES:
        return "words"
    spoken = [label for label in labels if label.text and not is_silence(label.text)]
    if suffix in _PHONE_SUFFIXES or not spoken:
        return "phones" if suffix in _PHONE_SUFFIXES else "words"
    length_s = median((label.end_s or 0) - (label.start_s or 0) for label in spoken)
    letters = fmean(len(label.text.rstrip("0123456789")) for label in spoken)
    consonants = fmean(bool(_CONSONANT.fullmatch(label.text)) for label in spoken)
    is_short = length_s < _LONGEST_PHONE_S and letters <= _LONGEST_PHONE
    return "phones" if is_short and consonants >= _FEWEST_CONSONANTS else "words"


def fail_sentences(path: str, kind: str, remedy: str = ALIGN_IT) -> NoReturn:
    """Refuse a file whose labels are sentences."""
    raise SentenceTimesError(f"{path}: {kind} with times of sentences, not of words; {remedy}")


def choose_recording(
    by_id: Mapping[str, _Rows], path: str, find_sound: FindSound
) -> tuple[_Rows, tuple[str, ...]]:
    """Choose what is about the recording, by its name without the suffix, or else of the file.

    A note tells where the only one of the file has another name than the recording.

    Raises
    ------
    TextGridError
        There are several, none of that name.
    """
    sound = find_sound()
    stem = PurePath(sound.name if sound is not None else path).stem
    for name in (stem, stem.replace(" ", "-")):  # NeMo writes no spaces
        if name in by_id:
            return by_id[name], ()
    if len(by_id) == 1:
        ((only, rows),) = by_id.items()
        is_same = sound is None or sound.name.startswith("<") or PurePath(only).stem == stem
        note = f"{path}: its only recording is named {shorten(only)}; read for {shorten(stem)}"
        return rows, () if is_same else (note,)
    known = ", ".join(map(shorten, list(by_id)[:3]))
    raise TextGridError(
        f"{path}: times of {len(by_id)} recordings ({known}, ...), none named {shorten(stem)}; "
        "name the recording as they are"
    )


def build_words(
    path: str,
    words: Sequence[Label],
    phones: Sequence[Label] = (),
    *,
    find_sound: FindSound,
    notes: Sequence[str] = (),
) -> TextGrid:
    """Build a TextGrid of words and perhaps phones; several speakers get tiers of their own.

    Where words have a confidence, the tier ``recognition confidence`` holds it.

    Raises
    ------
    TextGridError
        No word has a time.
    """
    if words and not any(map(_is_timed, words)):
        raise TextGridError(f"{path}: none of the {len(words)} words has a time; {ALIGN_IT}")
    tiers: list[tuple[str, Sequence[Label]]] = []
    speakers = list(dict.fromkeys(label.speaker for label in (*words, *phones))) or [""]
    for speaker in speakers:
        prefix = f"{speaker or 'unknown'} - " if len(speakers) > 1 else ""
        own = [word for word in words if word.speaker == speaker]
        own_phones = [phone for phone in phones if phone.speaker == speaker]
        if own or not own_phones:
            tiers.append((f"{prefix}words", own))
        if own_phones:
            tiers.append((f"{prefix}phones", own_phones))
        if rated := [word for word in own if word.confidence is not None]:
            confidences = [word._replace(text=f"{word.confidence:.4g}") for word in rated]
            rated_name = f"{prefix}{_CONFIDENCE_TIER}"
            tiers.append((rated_name, [c for c in confidences if _is_timed(c)]))
    return build_grid(path, tiers, find_sound=find_sound, notes=notes)


def build_grid(
    path: str,
    tiers: Iterable[tuple[str, Sequence[Label]]],
    *,
    find_sound: FindSound,
    end_s: float | None = None,
    notes: Sequence[str] = (),
) -> TextGrid:
    """Build a TextGrid of tiers of labels.

    Parameters
    ----------
    path : str
        Name of the file in messages.
    tiers : iterable of (name, labels)
        Labels in the order of the file. Those without a time or a length are left out, with a note.
    find_sound : function
        Returns the recording, whose end is that of the TextGrid.
    end_s : float, optional
        End that the file itself tells.
    notes : sequence of str
        What else a user should know.
    """
    timed: list[tuple[str, list[Label]]] = []
    notes, untimed_tiers = list(notes), list[str]()
    for name, labels in tiers:
        timed_labels = [label for label in labels if _is_timed(label)]
        untimed = [
            label.text
            for label in labels
            if not _is_timed(label) and label.text.strip() and not is_silence(label.text)
        ]
        if untimed and not timed_labels:
            untimed_tiers.append(shorten(name))
            continue
        timed.append((name, timed_labels))
        if untimed:
            notes.append(_note_untimed(name, untimed))
    if untimed_tiers:
        notes.append(UNTIMED_TIERS + ", ".join(untimed_tiers))
    if end_s is None and (sound := find_sound()) is not None:
        end_s = sound.duration_s
        notes += _cut_last(timed, end_s)
    ends = (label.end_s or 0.0 for _, labels in timed for label in labels)
    end_s = max((end_s or 0.0, *ends))
    made = (
        IntervalTier(name, 0.0, end_s, tuple(fill_gaps(_intervals(labels), 0.0, end_s)))
        for name, labels in timed
    )
    return TextGrid(0.0, end_s, tuple(made), path, tuple(notes))


def _is_timed(label: Label) -> bool:
    return label.start_s is not None and label.end_s is not None and label.start_s != label.end_s


def _note_untimed(name: str, texts: list[str]) -> str:
    named = ", ".join(map(shorten, texts[:_SHOWN]))
    more = f" and {len(texts) - _SHOWN} others" if len(texts) > _SHOWN else ""
    return f"left out of tier {name!r}, since they have no time or no length: {named}{more}"


def _cut_last(timed: Sequence[tuple[str, list[Label]]], end_s: float) -> list[str]:
    """Cut last labels that end a little after the recording; return a note on it."""
    cut = []
    for name, labels in timed:
        if not labels:
            continue
        last = labels[-1]
        start_s, stop_s = last.start_s or 0.0, last.end_s or 0.0
        if start_s < end_s and end_s + END_TOLERANCE_S <= stop_s < end_s + _BEYOND_S:
            labels[-1] = last._replace(end_s=end_s)
            cut.append(f"{shorten(last.text)} of tier {name!r} ({stop_s:.2f} s)")
    if not cut:
        return []
    return [f"cut at the end of the recording, {end_s:.2f} s: {', '.join(cut[:_SHOWN])}"]


def _intervals(labels: Sequence[Label]) -> list[Interval]:
    """Return labels as intervals; neighbours that overlap by rounding are parted."""
    starts = [label.start_s or 0.0 for label in labels]
    stops = [label.end_s or 0.0 for label in labels]
    for number, (stop_s, next_s) in enumerate(zip(stops, starts[1:], strict=False)):
        if next_s < stop_s <= next_s + _ROUNDED_S and starts[number] < next_s:
            stops[number] = next_s
    return [
        Interval(start_s, stop_s, label.text.strip(), label.line)
        for label, start_s, stop_s in zip(labels, starts, stops, strict=True)
    ]
