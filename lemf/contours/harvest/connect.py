"""The third step of Harvest in numpy: from candidates to one contour.

The best candidates that do not jump make voiced sections; these are extended along the other
candidates, and merged into one contour.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from lemf.arrays import FloatArray
from lemf.contours.harvest.refine import Candidates

_LARGEST_JUMP = 0.008  # relative, from frame to frame in the best candidates
_SHORTEST_SECTION = 6  # frames from the first to the last
_REACH = 100  # frames that a section may be extended by
_LONGEST_LACK = 4  # frames without a candidate that end the extension
_ALLOWED_RANGE = 0.18  # relative step of the extension
_CYCLES_TIMES_1000 = 2200.0  # a section must hold 2.2 cycles
_SHORTEST_GAP = 9  # frames; shorter gaps are bridged


@dataclass
class _Section:
    """A voiced section: its frames `first` to `last`, and F0 from frame `origin` on."""

    first: int
    last: int
    origin: int
    f0_hz: list[float]  # may run beyond the section, in zeros

    def at(self, frame: int) -> float:
        """Return F0 at a frame; 0 outside the section."""
        place = frame - self.origin
        return self.f0_hz[place] if 0 <= place < len(self.f0_hz) else 0.0


class _CandidateLists:
    """The candidates as lists, for the loops."""

    def __init__(self, candidates: Candidates) -> None:
        self._first: list[int] = candidates.first.tolist()
        self._f0_hz: list[float] = candidates.f0_hz.tolist()
        self._score: list[float] = candidates.score.tolist()

    def nearest(self, f0_hz: float, frame: int) -> float:
        """Find the candidate nearest to an F0; 0 if none lies within the allowed range."""
        low, high = self._first[frame], self._first[frame + 1]
        place = bisect_left(self._f0_hz, f0_hz, low, high)
        best, error = 0.0, _ALLOWED_RANGE
        for i in range(max(place - 1, low), min(place + 1, high)):
            distance = abs(f0_hz - self._f0_hz[i]) / f0_hz
            if distance <= error:
                best, error = self._f0_hz[i], distance
        return best

    def score(self, f0_hz: float, frame: int) -> float:
        """Return the score of a candidate; 0 for an F0 that is no candidate."""
        high = self._first[frame + 1]
        place = bisect_left(self._f0_hz, f0_hz, self._first[frame], high)
        return self._score[place] if place < high and self._f0_hz[place] == f0_hz else 0.0


def connect(candidates: Candidates) -> FloatArray:
    """Connect the candidates.

    Parameters
    ----------
    candidates : Candidates

    Returns
    -------
    (frames,) float64
        F0 in Hz; 0 where unvoiced.
    """
    voiced = without_short_sections(without_jumps(best_candidates(candidates)))
    lists = _CandidateLists(candidates)
    sections = _extended_sections(voiced, lists)
    return without_short_gaps(_merge(sections, len(voiced), lists) if sections else voiced)


def voiced_sections(f0_hz: FloatArray) -> list[tuple[int, int]]:
    """Find the first and last index of each run of F0; the ends of the array count as unvoiced."""
    voiced = f0_hz > 0.0
    voiced[0] = voiced[-1] = False
    changes = np.flatnonzero(voiced[1:] != voiced[:-1])
    return list(zip((changes[::2] + 1).tolist(), changes[1::2].tolist(), strict=True))


def best_candidates(candidates: Candidates) -> FloatArray:
    """Find the candidate with the highest score in each frame, shape (frames,); 0 for none."""
    best = np.zeros(len(candidates.first) - 1)
    count = np.diff(candidates.first)
    filled = np.flatnonzero(count)
    if len(filled):
        highest = np.maximum.reduceat(candidates.score, candidates.first[filled])
        chosen = np.flatnonzero(candidates.score == np.repeat(highest, count[filled]))
        best[candidates.frames()[chosen]] = candidates.f0_hz[chosen]
    return best


def without_jumps(best_hz: FloatArray) -> FloatArray:
    """Remove F0s that continue neither the last F0 nor the line through the last two."""
    kept = np.zeros(len(best_hz))
    now, before = best_hz[2:], best_hz[1:-1]
    expected = before * 2 - best_hz[:-2]
    with np.errstate(divide="ignore", invalid="ignore"):
        off_line = np.abs((now - expected) / expected) > _LARGEST_JUMP
        off_level = np.abs(now - before) / before > _LARGEST_JUMP
    kept[2:] = np.where(off_line & off_level, 0.0, now)
    return kept


def without_short_sections(f0_hz: FloatArray) -> FloatArray:
    """Remove voiced sections of up to 6 frames."""
    kept = f0_hz.copy()
    for first, last in voiced_sections(f0_hz):
        if last - first < _SHORTEST_SECTION:
            kept[first : last + 1] = 0.0
    return kept


def without_short_gaps(f0_hz: FloatArray) -> FloatArray:
    """Bridge gaps of up to 8 frames by a line from 1 Hz above one end to 1 Hz below the other."""
    bridged = f0_hz.copy()
    sections = voiced_sections(f0_hz)
    for (_, before), (after, _) in pairwise(sections):
        gap = after - before - 1
        if gap < _SHORTEST_GAP:
            start_hz, end_hz = f0_hz[before] + 1.0, f0_hz[after] - 1.0
            step_hz = (end_hz - start_hz) / (gap + 1.0)
            bridged[before + 1 : after] = start_hz + step_hz * np.arange(1, gap + 1)
    return bridged


def _extended_sections(f0_hz: FloatArray, candidates: _CandidateLists) -> list[_Section]:
    """Extend the voiced sections at both ends and keep those that hold enough cycles."""
    n_frames = len(f0_hz)
    kept = []
    mean_hz = 0.0
    for first, last in voiced_sections(f0_hz):
        voiced: list[float] = f0_hz[first : last + 1].tolist()
        stop = min(n_frames - 2, last + _REACH)
        after = _followed(voiced[-1], range(last + 1, stop + 2), candidates)
        stop = max(1, first - _REACH)
        before = _followed(voiced[0], range(first - 1, stop - 2, -1), candidates)
        section = _Section(
            first=first - _count_to_last(before),
            last=last + _count_to_last(after),
            origin=first - len(before),
            f0_hz=before[::-1] + voiced + after,
        )
        # the sum starts from the mean of the section before, as it does in WORLD
        n_steps = section.last - section.first
        mean_hz = sum(map(section.at, range(section.first, section.last)), mean_hz) / n_steps
        if _CYCLES_TIMES_1000 / mean_hz < n_steps:
            kept.append(section)
    return kept


def _followed(f0_hz: float, frames: range, candidates: _CandidateLists) -> list[float]:
    """Find the candidates that continue an F0, until too many frames in a row have none (0)."""
    followed = []
    lacking = 0
    for frame in frames:
        found = candidates.nearest(f0_hz, frame)
        followed.append(found)
        if found:
            f0_hz = found
            lacking = 0
        else:
            lacking += 1
            if lacking == _LONGEST_LACK:
                break
    return followed


def _count_to_last(followed: list[float]) -> int:
    """Count the frames up to the last one that is voiced."""
    n = len(followed)
    while n and not followed[n - 1]:
        n -= 1
    return n


def _merge(sections: list[_Section], n_frames: int, candidates: _CandidateLists) -> FloatArray:
    """Merge the sections into one contour; where two overlap, the better candidates win."""
    merged = [0.0] * n_frames
    head = sections[0]
    merged[head.origin : head.origin + len(head.f0_hz)] = head.f0_hz
    # the first section's bounds serve as those of the contour so far, as they do in WORLD
    for number in _order([section.first for section in sections])[1:]:
        section = sections[number]
        first, last = section.first, section.last
        if first > head.last:
            head.first, start = first, first
        elif head.first <= first and head.last >= last:
            continue
        else:
            score_so_far = score_next = 0.0
            for frame in range(first, head.last + 1):
                score_so_far += candidates.score(merged[frame], frame)
                score_next += candidates.score(section.at(frame), frame)
            start = head.last if score_so_far > score_next else first
        for frame in range(start, last + 1):
            merged[frame] = section.at(frame)
        head.last = last
    return np.array(merged)


def _order(starts: list[int]) -> list[int]:
    """Order sections by their starts as WORLD does: none is moved forward past more than one."""
    order = list(range(len(starts)))
    for i in range(1, len(order)):
        for j in range(i - 1, -1, -1):
            if starts[order[j]] <= starts[order[i]]:
                break
            order[i], order[j] = order[j], order[i]
    return order
