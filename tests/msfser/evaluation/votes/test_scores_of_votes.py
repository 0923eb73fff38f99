"""Scores of emotions against sklearn, of spreads against scipy."""

import numpy as np
import pytest
import scipy.stats
from sklearn.metrics import balanced_accuracy_score, f1_score, precision_recall_fscore_support

from msfser.evaluation.predictions import make_predictions
from msfser.evaluation.votes.categories import score_categories
from msfser.evaluation.votes.spread import rank_correlation, score_spread
from msfser.manifest import DIMENSIONS, Utterance


def test_scores_of_emotions_are_those_of_sklearn():
    rng = np.random.default_rng(0)
    names = np.array(["N", "H", "S", "A"])
    labelled = names[rng.choice(4, 300, p=[0.6, 0.25, 0.1, 0.05])]
    predicted = np.where(rng.random(300) < 0.6, labelled, names[rng.integers(4, size=300)])
    score = score_categories([*predicted, "N"], [*labelled, None])
    assert score.macro_f1 == pytest.approx(f1_score(labelled, predicted, average="macro"))
    assert score.uar == pytest.approx(balanced_accuracy_score(labelled, predicted))
    expected = precision_recall_fscore_support(labelled, predicted, labels=list(score.names))
    np.testing.assert_allclose(
        [score.precision, score.recall, score.f1, score.n_labelled], np.array(expected)
    )


def test_an_emotion_that_is_predicted_and_never_labelled_lowers_f1_alone():
    score = score_categories(["a", "b", "c"], ["a", "b", "b"])
    assert score.names == ("a", "b", "c")
    assert np.isnan(score.recall[2])
    assert score.uar == pytest.approx(0.75)
    assert score.macro_f1 == pytest.approx((1 + 2 / 3 + 0) / 3)
    assert score_categories(["a"], [None]) is None


def test_rank_correlation_is_that_of_scipy_with_ties():
    rng = np.random.default_rng(1)
    for _ in range(20):
        first, second = rng.integers(6, size=(2, 40)).astype(float)
        expected = scipy.stats.spearmanr(first, second).statistic
        assert rank_correlation(first, second) == pytest.approx(expected)
    assert np.isnan(rank_correlation(first, np.ones(40)))
    assert np.isnan(rank_correlation(first[:1], second[:1]))


def test_a_split_without_votes_has_no_score_of_the_spread():
    rows = [Utterance(id=name, wav="a.wav", split="test3") for name in "abc"]
    table = make_predictions(
        rows, np.full((3, 3), 4.0), corpus="own", version="", label_bounds=(1.0, 7.0),
        deviations={"rater_spread": np.ones((3, 3))},
        more={f"vote_spread_{name}": np.full(3, np.nan) for name in DIMENSIONS},
    )  # fmt: skip
    assert score_spread(table) == []
    table.more["vote_spread_arousal"][:2] = (0.5, 1.5)
    (score,) = score_spread(table)
    assert score.n_utterances.tolist() == [0, 2, 0]
