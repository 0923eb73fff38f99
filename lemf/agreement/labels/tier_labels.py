"""Labels from a tier of the TextGrids: accents of ToBI, accented stretches, and ratings."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lemf.arrays import FloatArray
from lemf.errors import TextGridError, shown
from lemf.reading.alignment import Word
from lemf.reading.silence_labels import is_silence
from lemf.reading.textgrid import Interval, Point, PointTier, TextGrid
from lemf.reading.tiers import any_tier_by_name

UNCERTAIN = 0.5  # of a word whose accent the labeller was not sure of
_AT_EDGE_S = 1e-3  # from the edge of a word
_NEAR_S = 0.05  # from the nearest word, for a point in a pause
_SHOWN = 5  # labels in a message
_BREAK_INDEX = re.compile(r"[0-4][-p?]*")
_TONE = re.compile(r"[*%]|(?<![A-Za-z])[HL]-(?![A-Za-z])")  # accent, boundary tone, phrase accent
_UNSURE = re.compile(r"(?<![HLXhlx])\*\?")  # H*? is an accent of uncertain type


@dataclass(frozen=True, eq=False)
class TierRatings:
    """The ratings of words by a tier, (words,) float64, NaN where none; and what to know of it."""

    ratings: FloatArray
    notes: tuple[str, ...]


def rate_by_tier(textgrid: TextGrid, name: str, words: Sequence[Word]) -> TierRatings:
    """Rate words by the labels of a tier.

    **Tones** (some label holds ``*``, ``%``, ``H-`` or ``L-``): 1 for a word with a ``*``, 0.5 if
    all it has is ``*?``, by which ToBI marks an accent that is uncertain, else 0. **Numbers** in
    intervals: the highest of a word's. **Other** labels, in intervals or points: 1 for the words
    below them, else 0. A point belongs to the word at its time; at the edge of two words to the
    later, or to the earlier if its label has a boundary tone, too; within 0.05 s of a word to that
    word. An interval belongs to each word of which it covers half, or that covers half of it.

    Parameters
    ----------
    textgrid : TextGrid
    name : str
        Of the tier.
    words : sequence of Word
        Of all sentences, in the order of time.

    Raises
    ------
    TextGridError
        There is no such tier; nobody labelled it; it holds break indices, or points of numbers; a
        label of no known kind lies above every word.
    """
    tier = any_tier_by_name(textgrid, name, "--labels-tier")
    timed = tier.points if isinstance(tier, PointTier) else tier.intervals
    marks = [mark for mark in timed if mark.label.strip() and not _is_pause(mark.label)]
    labels = [mark.label.strip() for mark in marks]
    place = f"{textgrid.path}: tier {tier.name!r}"
    if not marks:
        raise TextGridError(f"{place} has no label; leave out a recording that nobody labelled")
    numbers = [_number(label) for label in labels]
    has_breaks = any(label[1:] for label in labels) or isinstance(tier, PointTier)
    if has_breaks and all(map(_BREAK_INDEX.fullmatch, labels)):
        raise TextGridError(
            f"{place} holds break indices ({_list(labels)}), not accents; name the tier of tones "
            "or accents, or write ratings in intervals"
        )
    owners = [_words_of(mark, words) for mark in marks]
    notes: list[str] = []
    values: list[float | None]
    if any(map(_TONE.search, labels)):
        values = [_of_tones(label) for label in labels]
        default = 0.0
        if n_unsure := values.count(UNCERTAIN):
            notes.append(
                f"tier {tier.name!r}: {n_unsure} uncertain accents (*?) are rated {UNCERTAIN:g}: "
                f"emphasised only with --cut {UNCERTAIN:g}"
            )
    elif None not in numbers:
        values = numbers
        default = 0.0 if min(x for x in numbers if x is not None) > 0 else math.nan
    else:
        values = [1.0] * len(marks)
        default = 0.0
        notes.append(f"tier {tier.name!r}: words below a label count as accented: {_list(labels)}")
    n_outside = sum(bool(x) and not own for x, own in zip(values, owners, strict=True))
    if n_outside:
        notes.append(f"tier {tier.name!r}: {n_outside} labels lie at no word and are left out")
    ratings = _highest(words, owners, values, default=default)
    if ratings.all() and None in numbers and not any(map(_TONE.search, labels)):
        raise TextGridError(
            f"{place}: every word lies below a label ({_list(labels)}); name a tier whose labels "
            "are accents"
        )
    return TierRatings(ratings, tuple(notes))


def _words_of(mark: Point | Interval, words: Sequence[Word]) -> list[int]:
    """Return the indices of the words that a point or interval belongs to."""
    if isinstance(mark, Interval):
        return [i for i, word in enumerate(words) if _covers(mark, word)]
    gaps_s = [max(word.start_s - mark.time_s, mark.time_s - word.end_s) for word in words]
    if at := [i for i, gap_s in enumerate(gaps_s) if gap_s <= _AT_EDGE_S]:
        return [at[0] if "%" in mark.label or "-" in mark.label else at[-1]]
    nearest = int(np.argmin(gaps_s))
    return [nearest] if gaps_s[nearest] <= _NEAR_S else []


def _covers(interval: Interval, word: Word) -> bool:
    shared_s = min(interval.end_s, word.end_s) - max(interval.start_s, word.start_s)
    shorter_s = min(interval.end_s - interval.start_s, word.end_s - word.start_s)
    return shared_s > 0 and shared_s >= shorter_s / 2 - 1e-9


def _of_tones(label: str) -> float | None:
    """Rate a label of tones; None for boundary tones and remarks, which say nothing of a word."""
    if "*" not in label:
        return None
    return 1.0 if "*" in _UNSURE.sub("", label) else UNCERTAIN


def _highest(
    words: Sequence[Word],
    owners: Sequence[Sequence[int]],
    values: Sequence[float | None],
    *,
    default: float,
) -> FloatArray:
    """Return the highest value of each word's marks; the default where it has none."""
    ratings = np.full(len(words), np.nan)
    for owner, value in zip(owners, values, strict=True):
        for i in owner:
            ratings[i] = np.fmax(ratings[i], math.nan if value is None else value)
    ratings[np.isnan(ratings)] = default
    return ratings


def _number(label: str) -> float | None:
    try:
        value = float(label)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _is_pause(label: str) -> bool:
    """Check for a label of silence; ``*``, ``+`` and numbers are labels of accents here."""
    is_mark = "*" in label or "%" in label or label.strip() == "+" or _number(label) is not None
    return not is_mark and is_silence(label)


def _list(labels: Sequence[str]) -> str:
    different = list(dict.fromkeys(labels))
    more = ", ..." if len(different) > _SHOWN else ""
    return ", ".join(shown(label) for label in different[:_SHOWN]) + more
