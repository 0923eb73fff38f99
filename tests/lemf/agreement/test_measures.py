"""The measures of agreement, against answers by hand and other people's implementations."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from lemf.agreement.bootstrap import bootstrap_interval, resample
from lemf.agreement.correlation import (
    group_readings,
    mean_ranks,
    spearman,
    within_text_correlation,
)
from lemf.agreement.measures import (
    MEASURES,
    auc,
    judge,
    judge_sentence,
    rating_margin,
    top_n,
    top_word,
    within_segment,
)

EXACT = 1e-12

HEARD = np.array([0.1, 2.0, 0.4, 1.8])
levels = st.lists(st.integers(-3, 3).map(float), min_size=2, max_size=6)


def ranked_orders(scores: np.ndarray) -> list[tuple[int, ...]]:
    """All orders of the words in which no lower score comes before a higher one."""
    return [
        order
        for order in itertools.permutations(range(len(scores)))
        if all(scores[a] >= scores[b] for a, b in itertools.pairwise(order))
    ]


def test_one_sentence_by_hand():
    measured = judge_sentence(np.array([0.0, 1.0, 2.0, -1.0]), HEARD)
    assert measured["top1"] == 0
    assert np.isnan(measured["clear_top1"])  # the margin is 0.2
    assert measured["segment"] == 1  # word 2 is beside word 1
    assert measured["top3"] == 1
    assert measured["auc"] == pytest.approx(2 / 3, abs=EXACT)  # above words 0 and 3, not word 2
    # ranks 2 3 4 1 against 1 4 2 3: the differences' squares sum to 1 + 1 + 4 + 4
    assert measured["spearman"] == pytest.approx(1 - 6 * 10 / (4 * 15), abs=EXACT)


def test_margin_of_three_tenths_is_clear_in_spite_of_rounding():
    ratings = np.array([2.4, 2.1])
    assert ratings[0] - ratings[1] < 0.3
    assert rating_margin(ratings) == 0.3
    assert judge_sentence(np.array([1.0, 0.0]), ratings)["clear_top1"] == 1


@pytest.mark.parametrize("ratings", [[1.0], [2.0, 2.0, 1.0], [np.nan, 1.0], [0.1 + 0.2, 0.3]])
def test_no_single_top_word(ratings):
    with pytest.raises(ValueError, match="no single top word"):
        top_word(np.array(ratings))


def test_as_many_scores_as_ratings():
    with pytest.raises(ValueError, match="2 scores for 4 ratings"):
        judge_sentence(np.zeros(2), HEARD)


@given(levels, st.data())
def test_ties_are_means_over_all_orders(scores, data):
    scores = np.array(scores)
    top = data.draw(st.integers(0, len(scores) - 1))
    orders = ranked_orders(scores)
    for n in (1, 3):
        expected = np.mean([top in order[:n] for order in orders])
        assert top_n(scores, top, n) == pytest.approx(expected, abs=EXACT)
    near = np.mean([abs(order[0] - top) <= 1 for order in orders])
    assert within_segment(scores, top) == pytest.approx(near, abs=EXACT)
    below = np.mean([(len(scores) - 1 - order.index(top)) for order in orders])
    assert auc(scores, top) == pytest.approx(below / (len(scores) - 1), abs=EXACT)


@given(st.integers(2, 12))
def test_constant_scores_get_what_chance_gets(n_words):
    ratings = np.arange(n_words, dtype=float)
    measured = judge_sentence(np.full(n_words, 0.7), ratings)
    assert measured["top1"] == pytest.approx(1 / n_words, abs=EXACT)
    assert measured["top3"] == pytest.approx(min(3 / n_words, 1), abs=EXACT)
    assert measured["segment"] == pytest.approx(2 / n_words, abs=EXACT)  # the top word is the last
    assert measured["auc"] == 0.5
    assert measured["spearman"] == 0


@given(levels, st.data())
def test_auc_and_spearman_agree_with_other_packages(scores, data):
    scores = np.array(scores)
    top = data.draw(st.integers(0, len(scores) - 1))
    is_top = np.arange(len(scores)) == top
    assert auc(scores, top) == pytest.approx(roc_auc_score(is_top, scores), abs=EXACT)
    ratings = np.array(data.draw(st.permutations(np.arange(len(scores)) // 2))) * 1.0
    assert mean_ranks(scores) == pytest.approx(stats.rankdata(scores), abs=EXACT)
    if np.ptp(scores) > 0 and np.ptp(ratings) > 0:
        expected = stats.spearmanr(scores, ratings).statistic
        assert spearman(scores, ratings) == pytest.approx(expected, abs=EXACT)


def test_spearman_of_constants():
    assert spearman(np.ones(3), np.arange(3.0)) == 0
    assert np.isnan(spearman(np.arange(3.0), np.ones(3)))


@given(st.lists(st.floats(-5, 5), min_size=4, max_size=4), st.floats(0.01, 100), st.floats(-9, 9))
def test_only_the_order_of_scores_counts_in_a_sentence(scores, factor, shift):
    scores = np.round(scores, 3)
    moved = np.exp(scores / 5) * factor
    assert judge_sentence(moved, HEARD) == pytest.approx(
        judge_sentence(scores, HEARD), abs=EXACT, nan_ok=True
    )


def within_text(scores, heard, texts):
    readings = group_readings(scores, heard, texts)
    return within_text_correlation(readings, np.ones(len(texts), dtype=np.int64))


def test_within_text_by_hand_and_by_scipy(rng):
    heard = [rng.normal(size=4) for _ in range(5)]
    scores = [rng.normal(size=4) for _ in range(5)]
    texts = ["a", "a", "b", "a", "b"]  # b has too few readings
    z = np.array([stats.zscore(scores[i]) for i in (0, 1, 3)])
    y = np.array([heard[i] for i in (0, 1, 3)])
    expected = stats.spearmanr((z - z.mean(0)).ravel(), (y - y.mean(0)).ravel()).statistic
    assert within_text(scores, heard, texts) == pytest.approx(expected, abs=EXACT)


def test_what_a_text_alone_tells_has_no_correlation_within_texts(rng):
    heard = [rng.normal(size=4) for _ in range(6)]
    letters = np.array([3.0, 6.0, 2.0, 7.0])
    assert within_text([letters] * 6, heard, ["a"] * 6) == 0
    assert np.isnan(within_text(heard[:2], heard[:2], ["a"] * 2))
    heard = [stats.zscore(ratings) for ratings in heard]
    assert within_text(heard, heard, ["a"] * 6) == pytest.approx(1, abs=EXACT)


def test_readings_with_another_number_of_words_are_another_text():
    scores = [np.arange(3.0)] * 3 + [np.arange(4.0)]
    assert within_text(scores, scores, ["a"] * 4) != 0  # and no error


def test_summary_counts_each_sentence_as_often_as_asked(rng):
    heard = [np.array([0.0, 1.0, 0.9, 0.2]) + rng.uniform(0, 0.05, 4) for _ in range(4)]
    scores = [rng.normal(size=4) for _ in range(4)]
    judgement = judge(scores, heard, ["a"] * 4)
    twice = judge([*scores, scores[1]], [*heard, heard[1]], ["a"] * 5).summary()
    assert judgement.summary(np.array([1, 2, 1, 1])) == pytest.approx(twice, nan_ok=True)
    assert tuple(twice) == MEASURES
    assert all(np.isnan(value) for value in judgement.summary(np.zeros(4, dtype=int)).values())


def test_bootstrap_draws_groups_whole_and_by_seed(rng):
    heard = [np.array([0.0, 3.0, 1.0])] * 6
    scores = [np.array([0.0, 1.0, 0.5])] * 3 + [np.array([1.0, 0.0, 0.5])] * 3
    judgement = judge(scores, heard, ["a"] * 6)
    speakers = ["x"] * 3 + ["y"] * 3
    by_speaker = resample(judgement, speakers, n_resamples=200, seed=3)["top1"]
    assert set(by_speaker) == {0.0, 0.5, 1.0}
    by_sentence = resample(judgement, n_resamples=400, seed=3)["top1"]
    assert by_sentence.std() == pytest.approx(0.5 / np.sqrt(6), rel=0.15)
    again = resample(judgement, n_resamples=400, seed=3)["top1"]
    np.testing.assert_array_equal(by_sentence, again)
    assert (resample(judgement, n_resamples=400, seed=4)["top1"] != again).any()


def test_draws_with_too_few_readings_of_a_text_have_no_correlation_within_texts(rng):
    heard = [rng.normal(size=4) for _ in range(3)]
    judgement = judge([rng.normal(size=4) for _ in range(3)], heard, ["a"] * 3)
    assert np.isfinite(judgement.summary(np.array([1, 1, 1]))["within_text"])
    assert np.isnan(judgement.summary(np.array([1, 1, 0]))["within_text"])


def test_interval():
    draws = np.append(np.linspace(0, 1, 1001), np.nan)
    assert bootstrap_interval(draws) == pytest.approx((0.025, 0.975), abs=EXACT)
    assert all(np.isnan(bootstrap_interval(np.array([np.nan]))))


@pytest.mark.parametrize(("n_undefined", "is_known"), [(0, True), (5, True), (6, False)])
def test_draws_without_a_value_may_be_few(n_undefined, is_known):
    draws = np.where(np.arange(100) < n_undefined, np.nan, 0.64)
    found = bootstrap_interval(draws, most_undefined=0.05)
    assert np.isfinite(found).all() == is_known
    assert bootstrap_interval(draws) == (0.64, 0.64)
