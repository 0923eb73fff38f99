"""The likeliest way of a recording through the states of its text."""

from __future__ import annotations

import numpy as np

from lemf.aligner.acoustics.graph import Graph
from lemf.arrays import FloatArray, IntArray

NEVER = -1e30  # logarithm of a likelihood of none


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
    closed = ~graph.follows[1:]
    entered_from = np.zeros((n_frames, n_states), np.int8)  # 0: itself, 1: the one before, 2...
    best = np.full(n_states, NEVER)
    best[graph.starts] = scores[0, columns[graph.starts]]
    before = np.full(n_states, NEVER)
    for frame in range(1, n_frames):
        before[1:] = best[:-1]
        before[1:][closed] = NEVER
        choice = entered_from[frame]
        np.greater(before, best, out=choice, casting="unsafe")
        now = np.maximum(before, best)
        for number, (states, sources) in enumerate(rounds, 2):
            jumped = best[sources]
            better = jumped > now[states]
            now[states[better]] = jumped[better]
            choice[states[better]] = number
        best = now + scores[frame, columns]
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
