import itertools

import numpy as np
import pytest

from lemf.aligner.acoustics.graph import build_graph
from lemf.aligner.acoustics.viterbi import find_path


def every_path(graph, n_frames):
    """All ways through a graph, by trying each next state."""
    allowed = [{state} | ({state - 1} if graph.follows[state] else set())
               for state in range(len(graph.units))]  # fmt: skip
    for state, source in graph.jumps.tolist():
        allowed[state].add(source)
    paths = [[int(state)] for state in graph.starts]
    for _ in range(n_frames - 1):
        paths = [
            [*path, state]
            for path in paths
            for state in range(path[-1], len(allowed))
            if path[-1] in allowed[state]
        ]
    return [path for path in paths if path[-1] in graph.ends]


@pytest.mark.parametrize(
    ("phones", "n_frames"),
    [([["t"]], 5), ([["ə", "n"]], 6), ([["ə", "n"], ["a"]], 7), ([["t"], ["ə", "l"]], 9)],
)
@pytest.mark.parametrize("seed", range(5))
def test_path_is_the_best_of_all(phones, n_frames, seed):
    graph = build_graph(phones, n_repeats=1)
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 3, (n_frames, 4))
    columns = rng.integers(0, 4, len(graph.units))
    path, total = find_path(scores, columns, graph)
    totals = {
        tuple(way): sum(scores[frame, columns[state]] for frame, state in enumerate(way))
        for way in every_path(graph, n_frames)
    }
    assert tuple(path) in totals
    assert total == pytest.approx(max(totals.values()))
    assert total == pytest.approx(totals[tuple(path)])


def test_known_states_are_found():
    graph = build_graph([["t", "a"], ["n"]], n_repeats=1)
    states = [0, 0, 1, 2, 3, 3, 4, 5, 6, 7, 7, 7, 8, 12, 12, 13, 14, 14]
    scores = np.zeros((len(states), len(graph.units)))
    scores[np.arange(len(states)), states] = 1.0
    path, total = find_path(scores, np.arange(len(graph.units)), graph)
    assert path.tolist() == states
    assert total == len(states)


def test_too_few_frames_have_no_path():
    graph = build_graph([["t", "a"]], n_repeats=1)
    columns = np.zeros(len(graph.units), int)
    for n_frames, fits in itertools.product([1, 5, 6], [False]):
        _, total = find_path(np.zeros((n_frames, 1)), columns, graph)
        assert (total > -1e29) == (n_frames >= graph.least_frames or fits)
