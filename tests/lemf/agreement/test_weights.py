"""Weights learnt from labels: known answers, other optimisers, folds that share nothing."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression, Ridge

from lemf.agreement.fitting.weights import minimise_loss, prepare_sentence, sentence_loss
from lemf.agreement.folds import make_folds, what_to_leave_out
from lemf.option_choices import FIT_METHODS

SOLVED = 1e-5  # of a weight: what the optimisers of others reach


def some_sentences(rng, weights, n_sentences=40, noise=0.5):
    """Sentences of three to seven words whose ratings follow the weights, and noise."""
    sentences = []
    for _ in range(n_sentences):
        z = rng.normal(size=(rng.integers(3, 8), len(weights)))
        z = (z - z.mean(0)) / z.std(0)
        sentences.append((z, z @ weights + rng.normal(scale=noise, size=len(z))))
    return sentences


def prepared(sentences, method):
    return [prepare_sentence(z, ratings, method) for z, ratings in sentences]


def test_rows_of_a_sentence_by_hand():
    z = np.array([[1.0, 0.0], [3.0, 1.0], [2.0, 5.0]])
    ratings = np.array([0.0, 2.0, 1.0])
    assert prepare_sentence(z, ratings, "softmax").tolist() == [[-2, -1], [-1, 4]]
    assert sorted(prepare_sentence(z, ratings, "rank").tolist()) == [[1, -4], [1, 5], [2, 1]]
    ridge = prepare_sentence(z, ratings, "ridge")
    assert ridge[:, :2].tolist() == z.tolist()
    np.testing.assert_allclose(ridge[:, 2], np.array([-1, 1, 0]) * np.sqrt(1.5), atol=1e-12)


@pytest.mark.parametrize("method", FIT_METHODS)
def test_no_weights_are_better(rng, method):
    """A general optimiser on the sum of the single losses finds the same weights."""
    sentences = prepared(some_sentences(rng, np.array([1.0, -0.5, 0.0])), method)

    def total(weights):
        losses = [sentence_loss(one, weights, method) for one in sentences]
        return np.mean(losses) + 0.05 / 2 * weights @ weights

    found = minimize(total, np.zeros(3), method="BFGS", options={"gtol": 1e-8})
    weights = minimise_loss(sentences, method, 0.05)
    np.testing.assert_allclose(weights, found.x, rtol=0, atol=SOLVED)


def test_rank_is_logistic_regression_on_differences(rng):
    sentences = prepared(some_sentences(rng, np.array([1.0, 0.3]), 30), "rank")
    rows = np.concatenate(sentences)
    shares = np.concatenate([np.full(len(one), 1 / len(one)) for one in sentences])
    both = LogisticRegression(C=1 / (0.1 * len(sentences)), fit_intercept=False, tol=1e-10)
    both.fit(
        np.concatenate([rows, -rows]),
        np.repeat([1, 0], len(rows)),
        sample_weight=np.tile(shares / 2, 2),
    )
    weights = minimise_loss(sentences, "rank", 0.1)
    np.testing.assert_allclose(weights, both.coef_[0], rtol=0, atol=1e-4)


def test_ridge_is_ridge_regression(rng):
    sentences = prepared(some_sentences(rng, np.array([1.0, 0.3, 0.1]), 30), "ridge")
    rows = np.concatenate(sentences)
    shares = np.concatenate([np.full(len(one), 1 / len(one) / len(sentences)) for one in sentences])
    theirs = Ridge(alpha=0.2 / 2, fit_intercept=False)
    theirs.fit(rows[:, :-1], rows[:, -1], sample_weight=shares)
    np.testing.assert_allclose(
        minimise_loss(sentences, "ridge", 0.2), theirs.coef_, rtol=0, atol=SOLVED
    )


@pytest.mark.parametrize("method", FIT_METHODS)
def test_the_weights_that_made_the_ratings_come_back(rng, method):
    true = np.array([1.0, 1.2, 0.8, 0.0])
    sentences = prepared(some_sentences(rng, true, 300, noise=0.3), method)
    weights = minimise_loss(sentences, method, 1e-3)
    np.testing.assert_allclose(weights / weights.sum(), true / true.sum(), rtol=0, atol=0.04)


@pytest.mark.parametrize("method", FIT_METHODS)
def test_degenerate_cues(rng, method):
    """A constant cue gets no weight; a cue that decides everything gets one that is finite."""
    sentences = []
    for _ in range(6):
        ratings = rng.permutation(5).astype(float)
        z = np.column_stack([np.zeros(5), ratings - 2, 1e3 * (ratings - 2)])
        sentences.append(prepare_sentence(z, ratings, method))
    weights = minimise_loss(sentences, method, 1e-3)
    assert np.isfinite(weights).all()
    assert weights[0] == 0
    assert weights[1:].sum() > 0


@settings(max_examples=20)
@given(st.permutations(range(3)), st.integers(0, 2**32 - 1), st.sampled_from(FIT_METHODS))
def test_neither_the_order_of_cues_nor_of_sentences_matters(order, seed, method):
    rng = np.random.default_rng(seed)
    sentences = some_sentences(rng, np.array([1.0, -0.5, 0.2]), 8)
    weights = minimise_loss(prepared(sentences, method), method, 0.1)
    moved = [(z[:, order], ratings) for z, ratings in sentences[::-1]]
    again = minimise_loss(prepared(moved, method), method, 0.1)
    np.testing.assert_allclose(again, weights[list(order)], rtol=0, atol=1e-7)


@given(st.data())
def test_folds_judge_each_sentence_once_and_share_nothing(data):
    n = data.draw(st.integers(1, 30))
    speakers = data.draw(st.lists(st.sampled_from("xyz"), min_size=n, max_size=n))
    texts = data.draw(st.lists(st.sampled_from("abcdefgh"), min_size=n, max_size=n))
    left_out = what_to_leave_out(speakers, texts)
    folds = make_folds(speakers, texts, n_groups=4)
    assert sorted(itertools.chain(*(fold.test.tolist() for fold in folds))) == list(range(n))
    for test, train in folds:
        assert not set(test) & set(train)
        for what, names in (("speaker", speakers), ("text", texts)):
            if what in left_out:
                assert not {names[i] for i in test} & {names[i] for i in train}


def test_folds_by_hand():
    speakers, texts = ["x", "x", "y", "y"], ["a", "b", "a", "b"]
    folds = [(list(test), list(train)) for test, train in make_folds(speakers, texts, n_groups=6)]
    assert folds == [([0], [3]), ([1], [2]), ([2], [1]), ([3], [0])]


@pytest.mark.parametrize(
    ("speakers", "texts", "expected"),
    [
        (["x", "y"], ["a", "b"], "speaker and text"),
        (["x", "x"], ["a", "b"], "text"),
        (["x", None], ["a", "b"], "text"),
        (["x", "y"], ["a", "a"], "speaker"),
        ([None, None], ["a", "a"], "sentence"),
    ],
)
def test_what_can_be_left_out(speakers, texts, expected):
    assert what_to_leave_out(speakers, texts) == expected
    assert sum(len(fold.test) for fold in make_folds(speakers, texts, n_groups=4)) == 2
