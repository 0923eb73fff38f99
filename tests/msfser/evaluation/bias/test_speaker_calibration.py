"""Calibration of speakers: recovers what was planted, leaves alone what was not."""

import numpy as np
import pytest
import scipy.stats

from msfser.ccc import ccc
from msfser.evaluation.bias.speaker_calibration import (
    between_variance,
    differ_beyond_chance,
    fit_speaker_calibration,
    shrunk_deviations,
)


def draw_speakers(*, shift=0.0, log_scale=0.0, n_speakers=12, n=30, seed=0):
    """Labels, predictions with planted shift and scale of each speaker, and the speakers."""
    rng = np.random.default_rng(seed)
    speakers = [f"s{i // n}" for i in range(n_speakers * n)]
    labels = rng.uniform(2.0, 6.0, (len(speakers), 1))
    shifts = rng.normal(0.0, shift, n_speakers).repeat(n)[:, None]
    scales = np.exp(rng.normal(0.0, log_scale, n_speakers)).repeat(n)[:, None]
    values = 4.0 + scales * (labels - 4.0) + shifts + rng.normal(0.0, 0.3, labels.shape)
    return values, labels, speakers


def gain(**planted):
    gains = []
    for seed in range(20):
        values, labels, speakers = draw_speakers(**planted, seed=seed)
        calibrated = fit_speaker_calibration(values, speakers).apply(values, speakers)
        gains.append(ccc(calibrated, labels)[0] - ccc(values, labels)[0])
    return np.array(gains)


def test_planted_shift_is_removed_without_labels():
    found = gain(shift=1.0)
    assert found.min() > 0.04
    assert found.mean() > 0.15


def test_planted_scale_is_removed():
    assert gain(log_scale=0.6).mean() > 0.02


def test_nothing_changes_where_nothing_was_planted_but_by_a_chance_of_one_in_a_thousand():
    changed = 0
    for seed in range(200):
        values, _, speakers = draw_speakers(seed=seed)
        fit = fit_speaker_calibration(values, speakers)
        changed += bool(fit.shifts.any() or (fit.scales != 1).any())
    assert changed <= 2


def test_few_recordings_of_a_speaker_move_little():
    values, _, speakers = draw_speakers(shift=1.0, n=30)
    lone = np.vstack([values, [[7.5]]])
    fit = fit_speaker_calibration(lone, [*speakers, "new"])
    before, after = 7.5, fit.apply(lone, [*speakers, "new"])[-1, 0]
    centre = np.mean([part.mean() for part in np.split(values, 12)])
    assert centre < after < before
    assert fit.scales[fit.speakers.index("new"), 0] == 1.0


def test_unknown_speakers_stay_and_one_speaker_is_not_calibrated():
    values, _, speakers = draw_speakers(shift=1.0)
    unknown = [None, *speakers[1:]]
    fit = fit_speaker_calibration(values, unknown)
    assert fit.apply(values, unknown)[0, 0] == values[0, 0]
    assert fit.apply(values, unknown)[1, 0] != values[1, 0]
    assert fit_speaker_calibration(values, ["s"] * len(values)).speakers == ()
    np.testing.assert_array_equal(
        fit_speaker_calibration(values, ["s"] * len(values)).apply(values, speakers), values
    )


def test_between_variance_by_the_formulas_of_dersimonian_and_laird():
    means, variances = np.array([0.1, 0.5, 1.2, -0.3]), np.array([0.04, 0.1, 0.02, 0.08])
    w = 1 / variances
    q = sum(w * (means - sum(w * means) / sum(w)) ** 2)
    expected = (q - 3) / (sum(w) - sum(w**2) / sum(w))
    assert between_variance(means, variances) == pytest.approx(expected)
    assert between_variance(np.full(4, 0.2), variances) == 0.0
    shares = expected / (expected + variances)
    centre = sum(means / (expected + variances)) / sum(1 / (expected + variances))
    np.testing.assert_allclose(shrunk_deviations(means, variances), shares * (means - centre))


@pytest.mark.parametrize("n_units", [2, 5, 10, 60])
def test_units_differ_where_the_statistic_exceeds_the_quantile_of_chi_square(n_units):
    signs = np.where(np.arange(n_units) % 2, 1.0, -1.0)
    signs -= signs.mean()
    limit = np.sqrt(scipy.stats.chi2.ppf(0.999, n_units - 1) / (signs**2).sum())
    assert not differ_beyond_chance(0.97 * limit * signs, np.ones(n_units))
    assert differ_beyond_chance(1.03 * limit * signs, np.ones(n_units))
