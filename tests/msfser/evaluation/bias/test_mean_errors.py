"""Mean errors and their intervals, noise groups, and the spread between speakers."""

import math

import numpy as np
import pytest
import scipy.stats

from msfser.evaluation.bias.mean_errors import mean_intervals, speaker_deviation
from msfser.evaluation.groups import estimate_snr_db, noise_group


def test_intervals_of_single_utterances_are_those_of_student_t():
    values = np.random.default_rng(0).normal(0.3, 1.0, (40, 2))
    values[:5, 1] = np.nan
    bounds = mean_intervals(values)
    for d, known in ((0, values[:, 0]), (1, values[5:, 1])):
        expected = scipy.stats.t.interval(
            0.95, len(known) - 1, known.mean(), scipy.stats.sem(known)
        )
        np.testing.assert_allclose(bounds[d], expected, atol=1e-3)
    assert np.isnan(mean_intervals(values[:4])).all()


def test_intervals_over_speakers_hold_the_true_mean_where_speakers_are_alike():
    rng = np.random.default_rng(1)
    speakers = [f"s{i // 20}" for i in range(200)]
    held = {"speakers": [], "utterances": []}
    for _ in range(300):
        errors = rng.normal(0.0, 0.5, (10, 1)).repeat(20, axis=0) + rng.normal(0, 1, (200, 1))
        for unit, drawn in (("speakers", speakers), ("utterances", None)):
            low, high = mean_intervals(errors, drawn)[0]
            held[unit].append(low <= 0.0 <= high)
    assert 0.92 <= np.mean(held["speakers"]) <= 0.98
    assert np.mean(held["utterances"]) < 0.75  # what speakers have in common is no new evidence


def test_deviation_between_speakers_is_what_was_planted():
    rng = np.random.default_rng(2)
    speakers = [f"s{i // 30}" for i in range(1200)]
    errors = rng.normal(0.0, 1.0, (1200, 2))
    errors[:, 0] += rng.normal(0.0, 0.8, 40).repeat(30)
    planted, none = speaker_deviation(errors, speakers)
    assert planted == pytest.approx(0.8, abs=0.2)
    assert none < 0.1
    assert np.isnan(speaker_deviation(errors[:90], speakers[:90])).all()  # three speakers


def test_the_ratio_of_speech_to_noise():
    rng = np.random.default_rng(3)
    noise = rng.normal(0.0, 0.01, 32_000)
    speech = np.where(np.arange(32_000) % 8000 < 6000, rng.normal(0.0, 0.1, 32_000), 0.0)
    clip = (speech + noise).astype(np.float32)
    assert estimate_snr_db(clip, 16_000) == pytest.approx(20.0, abs=1.0)
    assert estimate_snr_db(7 * clip, 16_000) == pytest.approx(
        estimate_snr_db(clip, 16_000), abs=1e-4
    )
    assert estimate_snr_db(np.where(speech, clip, 0).astype(np.float32), 16_000) > 60
    assert math.isnan(estimate_snr_db(np.zeros(16_000, dtype=np.float32), 16_000))
    assert math.isnan(estimate_snr_db(clip[:500], 16_000))


@pytest.mark.parametrize(
    ("snr_db", "expected"),
    [(-3.0, "below 10 dB"), (10.0, "10 to 20 dB"), (55.0, "40 dB or more"), (math.nan, "")],
)
def test_groups_of_noise(snr_db, expected):
    assert noise_group(snr_db) == expected
