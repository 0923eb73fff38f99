"""The likeliest way of a recording through the states of its text."""

from __future__ import annotations

import numpy as np

from lemf.aligner.acoustics.graph import Graph
from lemf.arrays import FloatArray, IntArray

NEVER = -1e30  # logarithm of a likelihood of none
BLOCK = 256  # frames whose scores are gathered at once


def find_path(scores: FloatArray, columns: IntArray, graph: Graph) -> tuple[IntArray, float]:
    """Find the likeliest way through a graph.

    Parameters
    ----------
    scores : (frames, columns) float64
        Logarithms of likelihoods.
    columns : (states,) int64
        The column of `scores` that holds each state's.
    graph : Graph

    Returns
    -------
    (frames,) int64, float
        The state of each frame, and the logarithm of the likelihood of that way, which is below
        -1e29 where the recording has fewer frames than the shortest way.
    """
    n_frames, n_states = len(scores), len(columns)
    rounds = part_jumps(graph.jumps)
    closed = np.where(graph.follows[1:], 0.0, NEVER)
    entered_from = np.zeros((n_frames, n_states), np.int8)  # 0: itself, 1: the one before, 2...
    is_before = entered_from.view(np.bool_)
    best = np.full(n_states, NEVER)
    best[graph.starts] = scores[0, columns[graph.starts]]
    before, now = np.full(n_states, NEVER), np.empty(n_states)
    for first in range(1, n_frames, BLOCK):
        for frame, given in enumerate(scores[first : first + BLOCK, columns], first):
            np.add(best[:-1], closed, out=before[1:])
            choice = entered_from[frame]
            np.greater(before, best, out=is_before[frame])
            np.maximum(before, best, out=now)
            for number, (states, sources) in enumerate(rounds, 2):
                jumped = best[sources]
                better = jumped > now[states]
                taken = states[better]
                now[taken] = jumped[better]
                choice[taken] = number
            now += given
            best, now = now, best
    state = int(graph.ends[np.argmax(best[graph.ends])])
    total = float(best[state])
    path = np.empty(n_frames, np.int64)
    sources_of = [
        dict(zip(states.tolist(), sources.tolist(), strict=True)) for states, sources in rounds
    ]
    for frame in range(n_frames - 1, -1, -1):
        path[frame] = state
        choice = entered_from[frame, state]
        state = state - int(choice) if choice < 2 else sources_of[choice - 2][state]
    return path, total


def part_jumps(jumps: IntArray) -> list[tuple[IntArray, IntArray]]:
    """Part the jumps into rounds in none of which a state occurs twice."""
    counts: dict[int, int] = {}
    rounds: list[list[tuple[int, int]]] = []
    for state, source in jumps.tolist():
        number = counts[state] = counts.get(state, -1) + 1
        if number == len(rounds):
            rounds.append([])
        rounds[number].append((state, source))
    return [(array[:, 0], array[:, 1]) for array in map(np.array, rounds)]
