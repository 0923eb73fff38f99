"""Measures of detection against known answers and against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lemf.agreement.calibration import (
    brier_score,
    calibration_error,
    perfect_calibration_error,
    reliability,
)
from lemf.agreement.detection import (
    average_precision,
    best_threshold,
    count_accuracy,
    none_or_some_auc,
    precision_recall,
    roc_auc,
)
from lemf.agreement.raters import (
    cohen_kappa,
    kappa_of_counts,
    mean_rating,
    pairwise_kappa,
    raters_ceiling,
)

P = np.array([0.1, 0.1, 0.4, 0.8, 0.8, 1.0])
Y = np.array([0, 1, 0, 1, 1, 1], dtype=bool)
NOTHING = np.zeros(6, dtype=bool)


def test_precision_recall_and_f1_of_counted_words():
    # 3 taken, 3 right of 4
    assert precision_recall(P >= 0.5, Y) == (1.0, 0.75, pytest.approx(6 / 7))


def test_undefined_is_nan():
    none = precision_recall(NOTHING, NOTHING)
    assert np.isnan(none).all()
    assert precision_recall(NOTHING, Y)[1:] == (0.0, 0.0)
    assert np.isnan(precision_recall(NOTHING, Y).precision)
    assert precision_recall(Y, NOTHING)[::2] == (0.0, 0.0)
    for measure in (average_precision, best_threshold, roc_auc):
        assert np.isnan(measure(P, NOTHING))
    assert np.isnan(roc_auc(P, ~NOTHING))
    assert np.isnan(cohen_kappa(NOTHING, NOTHING))
    empty = np.zeros(0)
    assert np.isnan(brier_score(empty, empty.astype(bool)))
    assert np.isnan(calibration_error(empty, empty.astype(bool)))
    assert np.isnan(perfect_calibration_error(empty))
    assert np.isnan(count_accuracy([], []))


def test_equal_scores_share_a_threshold():
    assert average_precision(np.ones(6), Y) == pytest.approx(4 / 6)
    assert roc_auc(np.ones(6), Y) == 0.5
    assert best_threshold(P, Y) == 0.8  # F1 6/7; all words .8


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=2, max_size=60))
def test_equals_scikit_learn(words):
    metrics = pytest.importorskip("sklearn.metrics")
    p = np.array([level / 20 for level, _ in words])
    y = np.array([is_emphasised for _, is_emphasised in words])
    if y.any() and not y.all():
        assert average_precision(p, y) == pytest.approx(metrics.average_precision_score(y, p))
        assert roc_auc(p, y) == pytest.approx(metrics.roc_auc_score(y, p))
        said = p >= 0.5
        expected = metrics.precision_recall_fscore_support(
            y, said, average="binary", zero_division=np.nan
        )
        np.testing.assert_allclose(precision_recall(said, y)[:2], expected[:2])
        assert precision_recall(said, y).f1 == pytest.approx(metrics.f1_score(y, said))
        if said.any() and not said.all():
            assert cohen_kappa(said, y) == pytest.approx(metrics.cohen_kappa_score(said, y))
        best = best_threshold(p, y)
        assert precision_recall(p >= best, y).f1 == pytest.approx(
            max(metrics.f1_score(y, p >= level) for level in p)
        )
    assert brier_score(p, y) == pytest.approx(np.mean((p - y) ** 2))


def test_reliability_and_calibration_error_of_counted_words():
    bins = reliability(P, Y, 5)
    assert bins.n_words.tolist() == [2, 0, 1, 0, 3]
    np.testing.assert_allclose(bins.share_emphasised, [0.5, np.nan, 0, np.nan, 1])
    np.testing.assert_allclose(bins.mean_probability, [0.1, np.nan, 0.4, np.nan, 2.6 / 3])
    assert calibration_error(P, Y, 5) == pytest.approx((2 * 0.4 + 0.4 + 0.4) / 6)


def test_a_perfect_model_shows_a_calibration_error_by_chance():
    p = np.full(400, 0.5)
    # |share - 0.5| of 400 draws: sqrt(2 / pi) times its standard deviation
    expected = np.sqrt(2 / np.pi) * 0.5 / np.sqrt(400)
    assert perfect_calibration_error(p) == pytest.approx(expected, rel=0.1)
    assert perfect_calibration_error(np.array([0.0, 1.0])) == 0


def test_none_or_some_by_the_highest_word():
    numbers = [np.array([0.1, 0.9]), np.array([0.6, 0.2]), np.array([0.3, 0.7])]
    heard = [np.array([False, True]), np.array([False, False]), np.array([True, True])]
    assert none_or_some_auc(numbers, heard) == 1
    assert np.isnan(none_or_some_auc(numbers[:1], heard[:1]))
    assert count_accuracy([one >= 0.5 for one in numbers], heard) == pytest.approx(1 / 3)


def test_raters():
    raters = np.array([[1.0, 0, 1, 0], [1, 0, 0, 0], [1, 1, 0, 0]])
    np.testing.assert_allclose(mean_rating(raters), [1, 1 / 3, 1 / 3, 0])
    first, second, third = raters_ceiling(raters, 0.6)  # both of the two others
    assert first.found == (0.5, 1.0, pytest.approx(2 / 3))
    assert second.found == (1.0, 1.0, 1.0)
    assert (second.kappa, third.n_words) == (1.0, 4)
    assert cohen_kappa(raters[0] > 0, raters[0] > 0) == 1
    with pytest.raises(ValueError, match="1 raters"):
        raters_ceiling(raters[:1], 0.5)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=9))
def test_kappa_of_counts_is_that_of_the_words(words):
    one, other = np.array(words, dtype=bool).reshape(-1, 2).T
    counts = [
        np.array([float(n)]) for n in (len(one), one.sum(), other.sum(), (one == other).sum())
    ]
    np.testing.assert_allclose(kappa_of_counts(*counts), [cohen_kappa(one, other)], atol=1e-12)


def test_raters_who_left_words_out():
    nan = np.nan
    raters = np.array([[1, 0, nan, nan], [1, nan, 0, nan], [nan, 1, 0, nan]])
    np.testing.assert_array_equal(mean_rating(raters), [1, 0.5, 0, nan])
    assert [one.n_words for one in raters_ceiling(raters, 0.5)] == [2, 2, 2]
    alone = np.array([[1.0, nan], [nan, 1.0]])
    assert np.isnan(raters_ceiling(alone, 0.5)[0].kappa)
    assert np.isnan(pairwise_kappa(alone, 0.5))
    one, other = np.array([1.0, 0, 0, 1]), np.array([1.0, 0, 1, 1])
    assert pairwise_kappa(np.array([one, other]), 0.5) == cohen_kappa(one > 0, other > 0)


def test_wrong_numbers_are_refused():
    with pytest.raises(ValueError, match="2 words scored, 6 labelled"):
        roc_auc(np.zeros(2), Y)
    with pytest.raises(ValueError, match="not from 0 to 1"):
        brier_score(P + 1, Y)
