"""A TextGrid in memory: tiers of labelled intervals and points.

`lemf.reading.alignment_files` reads one; `lemf.reading.geometry` checks the times of the
tiers that are used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

UNTOLD = "und"  # code of a language that is not known, by ISO 639-2
UNTIMED_TIERS = "tiers without times, left out: "  # opens a note on files of other tools


@dataclass(frozen=True, slots=True)
class Interval:
    """A labelled stretch of time in seconds; `line` is its line in the file, 0 if unknown."""

    start_s: float
    end_s: float
    label: str
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Point:
    """A labelled instant in seconds."""

    time_s: float
    label: str


@dataclass(frozen=True)
class IntervalTier:
    """A tier of intervals from `start_s` to `end_s` seconds, in the order of the file."""

    name: str
    start_s: float
    end_s: float
    intervals: tuple[Interval, ...]


@dataclass(frozen=True)
class PointTier:
    """A tier of points (Praat's class name is TextTier), in the order of the file."""

    name: str
    start_s: float
    end_s: float
    points: tuple[Point, ...]


Tier = IntervalTier | PointTier


@dataclass(frozen=True)
class TextGrid:
    """All tiers of a TextGrid from `start_s` to `end_s` seconds.

    `path` names it in messages; `notes` hold what a user should know of its reading. `language` is
    that which a recogniser has written, `UNTOLD` where it has written none, else None.
    """

    start_s: float
    end_s: float
    tiers: tuple[Tier, ...]
    path: str = field(default="<TextGrid>", compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)
    language: str | None = field(default=None, compare=False)


def fill_gaps(intervals: Iterable[Interval], start_s: float, end_s: float) -> Iterator[Interval]:
    """Yield intervals as they are, with empty labels where none is, as Praat requires.

    Parameters
    ----------
    intervals : iterable of Interval
        In the order of time.
    start_s, end_s : float
        Of the tier.
    """
    reached_s = start_s
    for interval in intervals:
        if interval.start_s > reached_s:
            yield Interval(reached_s, interval.start_s, "")
        yield interval
        reached_s = max(reached_s, interval.end_s)
    if reached_s < end_s:
        yield Interval(reached_s, end_s, "")


def make_tier(
    name: str, intervals: Iterable[Interval], start_s: float, end_s: float
) -> IntervalTier:
    """Return a tier without gaps or overlaps, as Praat requires.

    Parameters
    ----------
    name : str
    intervals : iterable of Interval
        In the order of time. Each is cut at the end of the one before and at the ends of the tier;
        what has no length then is left out.
    start_s, end_s : float
        Of the tier, in seconds.

    Returns
    -------
    IntervalTier
        With empty labels where no interval is.
    """
    apart = tuple(fill_gaps(_cut_apart(intervals, start_s, end_s), start_s, end_s))
    return IntervalTier(name, start_s, end_s, apart)


def _cut_apart(intervals: Iterable[Interval], start_s: float, end_s: float) -> Iterator[Interval]:
    reached_s = start_s
    for interval in intervals:
        low, high = max(interval.start_s, reached_s), min(interval.end_s, end_s)
        if high > low:
            yield Interval(low, high, interval.label)
            reached_s = high
