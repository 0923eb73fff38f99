"""Intervals hold as many labels as they say, by a fit that scipy confirms."""

import math

import numpy as np
import pytest
import scipy.optimize

from msfser.errors import DataError
from msfser.evaluation.uncertainty.conformal import (
    LEVELS,
    conformal_quantile,
    fit_intervals,
    fit_non_negative,
)
from msfser.evaluation.uncertainty.coverage import KEPT, selective_rmse


def draw(n, rng, *, known=True):
    """Values, labels whose error has a cause, and a deviation that shows the cause or not."""
    cause = rng.uniform(0.2, 2.0, (n, 3))
    values = rng.normal(4.0, 1.0, (n, 3))
    labels = values + 0.3 + cause * rng.standard_normal((n, 3))
    shown = cause if known else rng.permuted(cause, axis=0)
    return values, labels, {"ensemble": 0.4 * shown}


@pytest.mark.parametrize("known", [True, False])
def test_new_labels_are_covered_as_often_as_the_level_says(known):
    rng = np.random.default_rng(0)
    inside = []
    for _ in range(100):
        values, labels, deviations = draw(60, rng, known=known)
        fitted = fit_intervals(values, labels, deviations, 0.9)
        values, labels, deviations = draw(200, rng, known=known)
        bounds = fitted.bounds(values, deviations)
        inside.append(((bounds[..., 0] <= labels) & (labels <= bounds[..., 1])).mean())
    assert np.mean(inside) == pytest.approx(0.9, abs=0.012)


def test_widths_follow_a_deviation_that_shows_the_cause_and_ignore_one_that_does_not():
    rng = np.random.default_rng(1)
    values, labels, deviations = draw(4000, rng)
    fitted = fit_intervals(values, labels, deviations, 0.9)
    assert fitted.slopes[0] == pytest.approx(1 / 0.4**2, rel=0.15)  # the planted factor
    low, high = fitted.bounds(values, deviations).T
    width = (high - low)[0]
    covered = (low[0] <= labels[:, 0]) & (labels[:, 0] <= high[0])
    sure = deviations["ensemble"][:, 0] < 0.3
    assert width[sure].mean() < 0.5 * width[~sure].mean()
    assert covered[sure].mean() == pytest.approx(0.9, abs=0.05)
    values, labels, deviations = draw(4000, rng, known=False)
    blind = fit_intervals(values, labels, deviations, 0.9)
    assert np.ptp(blind.scale(deviations, 4000)[:, 0]) < 0.4


def test_the_non_negative_fit_is_that_of_scipy():
    rng = np.random.default_rng(2)
    for _ in range(50):
        terms = rng.uniform(0.0, 2.0, (30, 4))
        targets = terms @ rng.normal(0.0, 1.0, 4) + rng.normal(0.0, 0.5, 30)
        expected, _ = scipy.optimize.nnls(terms, targets)
        np.testing.assert_allclose(fit_non_negative(terms, targets), expected, atol=1e-8)


def test_the_rank_counts_the_next_label():
    scores = np.arange(1.0, 10.0)
    assert conformal_quantile(scores, 0.9) == 9.0  # of nine, ceil(10 x .9)
    assert conformal_quantile(scores, 0.5) == 5.0
    assert math.isinf(conformal_quantile(scores[:8], 0.9))


def test_too_few_labels_for_the_level_are_refused_and_a_dimension_without_labels_is_left_out():
    values, labels, _ = draw(8, np.random.default_rng(3))
    with pytest.raises(DataError, match=r"8 labels of valence .* 9 or more are needed"):
        fit_intervals(values, labels, {}, 0.9)
    values, labels, _ = draw(50, np.random.default_rng(3))
    labels[:, 2] = np.nan
    fitted = fit_intervals(values, labels, {}, 0.9)
    assert np.isnan(fitted.reach).tolist() == [False, False, True]
    assert fitted.curve.shape == (len(LEVELS), 3)
    assert (np.diff(fitted.curve[:, 0]) >= 0).all()


def test_perfect_predictions_have_intervals_of_no_width_and_no_nan():
    values, _, deviations = draw(50, np.random.default_rng(4))
    bounds = fit_intervals(values, values, deviations, 0.9).bounds(values, deviations)
    np.testing.assert_allclose(bounds[..., 0], values)


def test_a_deviation_that_is_missing_is_named():
    values, labels, deviations = draw(50, np.random.default_rng(5))
    fitted = fit_intervals(values, labels, deviations, 0.9)
    with pytest.raises(DataError, match="depend on the deviation 'ensemble'"):
        fitted.bounds(values, {})


def test_selective_errors_are_those_of_the_surest():
    errors = np.array([[0.1], [np.nan], [0.4], [0.2], [0.3], [0.5]])
    scale = np.array([[1.0], [0.1], [4.0], [2.0], [3.0], [5.0]])
    found = selective_rmse(errors, scale)[:, 0]
    assert found[KEPT.index(1.0)] == pytest.approx(
        np.sqrt(np.mean(np.square([1, 2, 3, 4, 5])) / 100)
    )
    assert found[KEPT.index(0.4)] == pytest.approx(np.sqrt((0.1**2 + 0.2**2) / 2))
    assert found[KEPT.index(0.1)] == pytest.approx(0.1)
