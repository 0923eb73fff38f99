import pytest

from lemf.aligner.acoustics.graph import ANY_SOUND, GLOTTAL_STOP, SILENCE, build_graph


def sources(graph, unit):
    """The units from which a unit is entered."""
    first = 3 * unit
    entries = [first - 1] if graph.follows[first] else []
    entries += [source for state, source in graph.jumps.tolist() if state == first]
    return sorted(int(graph.units[entry]) for entry in entries)


def test_silence_between_words_may_be_left_out():
    graph = build_graph([["d", "a"], ["n"]], n_repeats=1)
    assert graph.names == (SILENCE, "d", "a", SILENCE, "n", SILENCE)
    assert graph.words.tolist() == [-1, 0, 0, -1, 1, -1]
    assert [sources(graph, unit) for unit in range(6)] == [[], [0], [1], [2], [2, 3], [4]]
    assert graph.starts.tolist() == [0, 3]
    assert sorted(graph.units[graph.ends].tolist()) == [4, 5]
    assert graph.least_frames == 9


def test_a_vowel_may_begin_with_a_glottal_stop():
    graph = build_graph([["aɪ"], ["ʊ", "m"]], n_repeats=1)
    assert graph.names == (
        SILENCE, GLOTTAL_STOP, "aɪ", SILENCE, GLOTTAL_STOP, "ʊ", "m", SILENCE
    )  # fmt: skip
    assert sources(graph, 2) == [0, 1]
    assert sources(graph, 4) == [2, 3]
    assert sources(graph, 5) == [2, 3, 4]
    assert graph.starts.tolist() == [0, 3, 6]
    assert graph.words[4] == 1


def test_schwa_before_a_sonorant_may_be_left_out():
    graph = build_graph([["b", "ə", "n"], ["b", "ə"], ["t"]], n_repeats=1)
    assert sources(graph, 3) == [1, 2]
    assert sources(graph, 7) == [6]


def test_a_word_without_phones_sounds_like_anything():
    graph = build_graph([[], ["t"]], n_repeats=1)
    assert graph.names[1] == ANY_SOUND
    assert graph.words[1] == 0


@pytest.mark.parametrize(
    ("phones", "least"), [([["t"]], 3), ([["ə", "n"]], 3), ([["a"], ["ə", "l"], ["k"]], 9)]
)
def test_least_frames_leave_out_all_that_may_be(phones, least):
    assert build_graph(phones, n_repeats=1).least_frames == least
