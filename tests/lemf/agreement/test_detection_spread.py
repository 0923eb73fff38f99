"""Intervals of the measures of detection: weighted sums beside words that are really repeated."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemf.agreement.bootstrap import times_drawn
from lemf.agreement.evaluation.detection_spread import (
    DETECTION_MEASURES,
    WordJudgement,
    spread_detection,
)

WORDS = st.tuples(st.integers(0, 5), st.integers(0, 5), st.booleans())
SENTENCES = st.lists(st.lists(WORDS, min_size=1, max_size=4), min_size=1, max_size=5)


def judgement(sentences, by="probability"):
    p = [np.array([word[0] / 5 for word in one]) for one in sentences]
    return WordJudgement(
        tuple(p),
        tuple(np.array([float(word[1]) for word in one]) for one in sentences),
        tuple(one >= 0.5 for one in p),
        tuple(np.array([word[2] for word in one]) for one in sentences),
        by,
    )


@given(SENTENCES, st.integers(0, 99))
def test_a_draw_measures_what_repeated_sentences_measure(sentences, seed):
    counts = np.array(list(times_drawn(range(len(sentences)), n_resamples=3, seed=seed)))
    drawn = judgement(sentences).summaries(counts)
    assert tuple(drawn) == DETECTION_MEASURES
    for i, row in enumerate(counts):
        repeated = [one for one, n in zip(sentences, row, strict=True) for _ in range(n)]
        expected = judgement(repeated).summary()
        for name in DETECTION_MEASURES:
            np.testing.assert_allclose(drawn[name][i], expected[name], atol=1e-12, err_msg=name)


def test_a_perfect_system_has_no_spread_and_speakers_are_drawn_together():
    one = [(0, 0, False), (5, 5, True)]
    spread = spread_detection(judgement([one] * 4), list("aabb"), n_resamples=250, seed=1)
    assert set(spread.intervals()) == {"sentences", "speakers"}
    assert spread.intervals()["speakers"]["f1"] == (1.0, 1.0)
    assert len(spread.draws["sentences"]["f1"]) == 250
    wrong = [(5, 5, False), (0, 0, True)]
    spread = spread_detection(judgement([one, wrong]), ["a", "b"], n_resamples=400, seed=0)
    assert spread.measures["precision"] == 0.5
    assert spread.intervals()["sentences"]["precision"] == (0.0, 1.0)
    shares = np.unique(spread.draws["speakers"]["precision"], return_counts=True)
    assert shares[0].tolist() == [0, 0.5, 1]
    assert shares[1] / 400 == pytest.approx([0.25, 0.5, 0.25], abs=0.08)


def test_without_probabilities_there_is_no_calibration():
    spread = spread_detection(
        judgement([[(1, 1, True), (0, 0, False)]], "score"), None, n_resamples=2, seed=0
    )
    assert np.isnan(spread.measures["ece"])
    assert np.isnan(spread.intervals()["sentences"]["brier"]).all()


def test_differences_are_taken_draw_by_draw():
    sentences = [[(5, 5, True), (0, 0, False)], [(0, 0, True), (5, 5, False)]]
    one = spread_detection(judgement(sentences), None, n_resamples=50, seed=3)
    assert one.minus(one).intervals()["sentences"]["f1"] == (0.0, 0.0)
