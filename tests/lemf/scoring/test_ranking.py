import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemf.config import CUE_SETS
from lemf.scoring.ranking import (
    contributions,
    emphasis_score,
    emphasis_segment,
    is_flat,
    rank_words,
)

SCORES = st.lists(st.floats(-10, 10), min_size=1, max_size=30)


def test_equation_2_by_hand():
    z = {"pitch": np.array([1.0, -1.0]), "energy": np.array([0.5, -0.5]), "duration": np.zeros(2)}
    scores = emphasis_score(z, CUE_SETS["paper"])
    np.testing.assert_allclose(scores, [1.0 + 1.2 * 0.5, -1.0 - 1.2 * 0.5], rtol=0, atol=1e-15)


def test_the_papers_weights():
    assert dict(CUE_SETS["paper"]) == {"pitch": 1.0, "energy": 1.2, "duration": 0.8}


def test_contributions_sum_to_the_score(rng):
    z = {name: rng.normal(size=6) for name in CUE_SETS["paper"]}
    shares = contributions(z, CUE_SETS["paper"])
    np.testing.assert_allclose(
        sum(shares.values()), emphasis_score(z, CUE_SETS["paper"]), rtol=0, atol=1e-14
    )


def test_ties_go_to_the_earlier_word_even_when_rounding_breaks_them():
    assert rank_words(np.array([1.0, 2.0, 2.0, 0.0])).tolist() == [3, 1, 2, 4]
    assert rank_words(np.array([2.0, 2.0 + 1e-13])).tolist() == [1, 2]


def test_flat_scores_are_detected():
    assert is_flat(np.array([0.3, 0.3, 0.3]))
    assert is_flat(np.array([-1.0]))
    assert not is_flat(np.array([0.3, 0.31]))


@pytest.mark.parametrize(
    ("top", "n_words", "expected"),
    [
        (0, 1, [0]),
        (0, 2, [0, 1]),
        (1, 2, [0, 1]),
        (0, 5, [0, 1]),
        (2, 5, [1, 2, 3]),
        (4, 5, [3, 4]),
    ],
)
def test_segment_is_the_top_word_and_its_neighbours(top, n_words, expected):
    assert list(emphasis_segment(top, n_words)) == expected


@given(SCORES)
def test_ranks_are_a_permutation_in_the_order_of_the_scores(scores):
    ranks = rank_words(np.array(scores))
    assert sorted(ranks.tolist()) == list(range(1, len(scores) + 1))
    by_rank = np.array(scores)[np.argsort(ranks)]
    assert np.all(np.diff(by_rank) <= 1e-8)


def test_small_weights_are_ranked_as_large_ones():
    scores = np.array([1.0, 3.0, 2.0])
    np.testing.assert_array_equal(rank_words(1e-10 * scores), rank_words(scores))
    assert not is_flat(1e-10 * scores)
    assert is_flat(np.array([1e-16, -1e-16, 0.0]))
