"""The likeliest way through a text that need not fit.

At each boundary between words the way may leave the text for other sound, and come back there or
after any number of words, which are then left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lemf.aligner.acoustics.graph import Graph
from lemf.aligner.acoustics.viterbi import BLOCK, NEVER, part_jumps
from lemf.arrays import FloatArray, IntArray

_STAYS = -1  # the other sound goes on


def find_open_path(
    scores: FloatArray,
    columns: IntArray,
    graph: Graph,
    other: FloatArray,
    penalties: FloatArray,
    *,
    to_end: bool = True,
) -> IntArray:
    """Find the likeliest way through a graph and other sound.

    Parameters
    ----------
    scores : (frames, columns) float64
        Logarithms of likelihoods.
    columns : (states,) int64
        The column of `scores` that holds each state's.
    graph : Graph
    other : (frames,) float64
        Logarithms of the likelihoods of other sound.
    penalties : (words + 1,) float64
        Subtracted where other sound begins: before each word, and after the last.
    to_end : bool
        Whether the way ends at the end of the text or after it, not anywhere.

    Returns
    -------
    (frames,) int64
        The state of each frame; in other sound before word k, -1 - k.
    """
    n_frames, n_states = len(scores), len(columns)
    borders = _find_borders(graph)
    n_borders = len(borders.exits)
    jumps = part_jumps(graph.jumps)
    closed = np.where(graph.follows[1:], 0.0, NEVER)
    back = len(jumps) + 2
    entered_from = np.zeros((n_frames, n_states), np.int8)  # itself, the one before, jumps, outside
    left_at = np.zeros((n_frames, n_borders), np.int16)  # the border from which other sound came
    left_by = np.full((n_frames, n_borders), _STAYS, np.int8)  # the exit at that border
    best = np.full(n_states + 1, NEVER)  # the last is that of no state
    best[graph.starts] = scores[0, columns[graph.starts]]
    outside = np.full(n_borders, other[0] - penalties[0])
    is_before = entered_from.view(np.bool_)
    before, now = np.full(n_states, NEVER), np.empty(n_states)
    places = np.arange(n_borders)
    exits = borders.exits.T.copy()
    for first in range(1, n_frames, BLOCK):
        for frame, given in enumerate(scores[first : first + BLOCK, columns], first):
            inside, choice = best[:-1], entered_from[frame]
            np.add(inside[:-1], closed, out=before[1:])
            np.greater(before, inside, out=is_before[frame])
            np.maximum(before, inside, out=now)
            for number, (states, sources) in enumerate(jumps, 2):
                _take(now, choice, states, inside[sources], number)
            _take(now, choice, borders.entries, outside[borders.entered], back)
            leaving = best[exits]
            by = leaving.argmax(axis=0)
            leaving = leaving.max(axis=0) - penalties
            left = leaving > outside
            left_by[frame] = np.where(left, by, _STAYS)
            outside = np.maximum(outside, leaving)
            reached = np.maximum.accumulate(outside)
            left_at[frame] = np.maximum.accumulate(np.where(outside >= reached, places, 0))
            outside = reached + other[frame]
            np.add(now, given, out=inside)
    ends = graph.ends if to_end else np.arange(n_states)
    state = int(ends[np.argmax(best[ends])])
    border = n_borders - 1 if to_end else int(outside.argmax())
    if outside[border] > best[state]:
        state = -1 - border
    sources_of = [
        dict(zip(states.tolist(), sources.tolist(), strict=True)) for states, sources in jumps
    ]
    entered = dict(zip(borders.entries.tolist(), borders.entered.tolist(), strict=True))
    path = np.empty(n_frames, np.int64)
    for frame in range(n_frames - 1, -1, -1):
        path[frame] = state
        if state < 0:
            border = int(left_at[frame, -1 - state])
            by_exit = int(left_by[frame, border])
            state = -1 - border if by_exit == _STAYS else int(borders.exits[border, by_exit])
        elif (chosen := int(entered_from[frame, state])) < 2:
            state -= chosen
        else:
            state = -1 - entered[state] if chosen == back else sources_of[chosen - 2][state]
    return path


def _take(
    now: FloatArray, choice: np.ndarray, states: IntArray, offered: FloatArray, number: int
) -> None:
    """Enter states from where that is better, and note the number of that way."""
    better = offered > now[states]
    taken = states[better]
    now[taken] = offered[better]
    choice[taken] = number


@dataclass(frozen=True, eq=False)
class _Borders:
    """Where a way may leave a text and enter it: before each word, and after the last.

    Attributes
    ----------
    entries, entered : (entries,) int64
        States that are entered at a border, and the border.
    exits : (borders, some) int64
        The states that may be left at each, filled up with the number of states.
    """

    entries: IntArray
    entered: IntArray
    exits: IntArray


def _find_borders(graph: Graph) -> _Borders:
    words, n_states = graph.words[graph.units], len(graph.units)
    n_words = int(graph.words.max()) + 1
    following = np.flatnonzero(graph.follows)
    steps = np.concatenate([np.stack([following, following - 1], axis=1), graph.jumps])
    steps = steps[words[steps[:, 0]] != words[steps[:, 1]]]
    states, sources = steps.T
    borders = np.where(words[states] >= 0, words[states], words[sources] + 1)
    entries = np.unique(
        np.concatenate(
            [
                np.stack([borders, states], axis=1),
                np.stack([np.zeros_like(graph.starts), graph.starts], axis=1),
            ]
        ),
        axis=0,
    )
    leaving = np.unique(
        np.concatenate(
            [
                np.stack([borders, sources], axis=1),
                np.stack([np.full_like(graph.ends, n_words), graph.ends], axis=1),
            ]
        ),
        axis=0,
    )
    numbers = np.arange(len(leaving)) - np.searchsorted(leaving[:, 0], leaving[:, 0])
    exits = np.full((n_words + 1, numbers.max() + 1), n_states)
    exits[leaving[:, 0], numbers] = leaving[:, 1]
    return _Borders(entries[:, 1], entries[:, 0], exits)
