"""Whether the times of a TextGrid hold together: its intervals with each other and the recording.

Only the tiers that are used are checked.
"""

from __future__ import annotations

from collections.abc import Sequence

from lemf.config import END_TOLERANCE_S
from lemf.errors import TextGridError
from lemf.reading.formats.praat_tokens import shorten
from lemf.reading.textgrid import Interval, IntervalTier, TextGrid

_OVERLAP_TOLERANCE_S = 1e-4  # writers that round times make neighbours overlap by less


def check_geometry(textgrid: TextGrid, tier: IntervalTier) -> None:
    """Check that the intervals of a tier have a length, follow each other and end with the file.

    Raises
    ------
    TextGridError
        The first interval that does not, with its line and the remedy.
    """
    end_s = max(tier.end_s, textgrid.end_s)
    previous: Interval | None = None
    number = 0
    has_lines = any(interval.line for interval in tier.intervals)
    for interval in tier.intervals:
        number += bool(interval.line) or not has_lines  # gaps that no file holds do not count
        if fault := _fault(interval, previous, end_s):
            line = f"line {interval.line}: " if interval.line else ""
            span = f"{_seconds(interval.start_s)}-{_seconds(interval.end_s)} s"
            raise TextGridError(
                f"{textgrid.path}: {line}interval {number} {shorten(interval.label)} "
                f"({span}) of tier {tier.name!r} {fault}"
            )
        previous = interval


def _fault(interval: Interval, previous: Interval | None, end_s: float) -> str | None:
    """Return what is wrong with the times of an interval, and the remedy; None if nothing is."""
    if interval.end_s == interval.start_s:
        return "has no length; remove or widen it in Praat"
    if not interval.end_s > interval.start_s:
        return "ends before it starts; correct its times"
    if previous is None and interval.start_s <= -END_TOLERANCE_S:
        return "starts before the recording; correct its times"
    if previous is not None and interval.end_s <= previous.start_s:
        return "comes after a later interval; sort the intervals by time"
    if previous is not None and interval.start_s < previous.end_s - _OVERLAP_TOLERANCE_S:
        return (
            f"overlaps the interval before it, which ends at {_seconds(previous.end_s)} s; "
            "correct the boundary"
        )
    if interval.end_s >= end_s + END_TOLERANCE_S:
        return f"goes past the end of the TextGrid at {_seconds(end_s)} s; correct its times"
    return None


def _seconds(time_s: float) -> str:
    """Format a time to a tenth of a millisecond, without trailing zeros."""
    return f"{round(time_s, 4):.12g}"


def check_recording(textgrid: TextGrid, spoken: Sequence[Interval], duration_s: float) -> None:
    """Check that a recording is as long as its TextGrid and the words in it.

    Raises
    ------
    TextGridError
        The TextGrid, or a word, ends 20 ms or more after the recording, or starts elsewhere than 0.
    """
    end_s = max(textgrid.end_s, max(word.end_s for word in spoken))
    if end_s >= duration_s + END_TOLERANCE_S:
        if abs(end_s - textgrid.start_s - duration_s) < END_TOLERANCE_S:
            raise TextGridError(
                f"{textgrid.path}: starts at {textgrid.start_s:.3f} s, but the recording at 0; "
                "in Praat, choose Modify times, Shift to zero"
            )
        raise TextGridError(
            f"{textgrid.path}: goes to {end_s:.3f} s but the recording ends at {duration_s:.3f} s; "
            "the recording is cut short or belongs to another TextGrid"
        )
