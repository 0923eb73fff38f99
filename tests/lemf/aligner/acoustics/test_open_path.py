import numpy as np
import pytest

from lemf.aligner.acoustics.graph import build_graph
from lemf.aligner.acoustics.open_path import find_open_path
from lemf.aligner.acoustics.viterbi import find_path

WORDS = [["a"], ["b"], ["c"], ["d"]]
LIKELY, UNLIKELY, OTHER = 0.0, -9.0, -3.0
PENALTIES = np.full(len(WORDS) + 1, 10.0)


def sound_like(graph, said):
    """Return scores of states where each of these phones, or sound of no phone, lasts 12 frames."""
    scores = np.full((12 * len(said), len(graph.units)), UNLIKELY)
    for place, name in enumerate(said):
        for state, unit in enumerate(graph.units):
            if graph.names[unit] == name:
                scores[12 * place : 12 * (place + 1), state] = LIKELY
    return scores


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (["a", "b", "c", "d"], [0, 1, 2, 3]),
        (["x", "x", "a", "b", "c", "d", "x", "x"], [-2, -2, 0, 1, 2, 3, -2, -2]),
        (["a", "b", "x", "x", "c", "d"], [0, 1, -2, -2, 2, 3]),
        (["a", "x", "x", "d"], [0, -2, -2, 3]),
        (["c", "d"], [2, 3]),
        (["a", "", "b", "c", "x", "x"], [0, -1, 1, 2, -2, -2]),
    ],
)
def test_words_that_are_left_out_and_sound_between_are_found(said, words):
    graph = build_graph(WORDS, 1)
    scores = sound_like(graph, said)
    other = np.full(len(scores), OTHER)
    path = find_open_path(scores, np.arange(len(graph.units)), graph, other, PENALTIES)
    found = np.where(path < 0, -2, graph.words[graph.units[path.clip(min=0)]])
    np.testing.assert_array_equal(found[6::12], words)


def test_without_other_sound_the_path_is_that_through_the_text():
    graph = build_graph(WORDS)
    scores = np.random.default_rng(1).normal(0, 3, (60, len(graph.units)))
    columns = np.arange(len(graph.units))
    found = find_open_path(scores, columns, graph, np.full(60, -1e6), PENALTIES)
    np.testing.assert_array_equal(found, find_path(scores, columns, graph)[0])


def test_a_path_that_need_not_end_stops_where_the_sound_does():
    graph = build_graph(WORDS, 1)
    scores = sound_like(graph, ["a", "b"])
    columns, other = np.arange(len(graph.units)), np.full(24, OTHER)
    path = find_open_path(scores, columns, graph, other, PENALTIES, to_end=False)
    assert graph.words[graph.units[path[-1]]] == 1
