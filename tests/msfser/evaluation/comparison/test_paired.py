"""The paired tests against scipy, against loops over the draws, and on systems that are alike."""

import numpy as np
import pytest
import scipy.stats

from msfser.ccc import ccc
from msfser.evaluation.comparison.paired import (
    difference_draws,
    difference_intervals,
    permutation_p,
)
from msfser.evaluation.intervals import ccc_draws


def draw_systems(n=60, n_speakers=6, *, better=0.0, seed=0):
    """Labels, two systems with errors of their own, the second with smaller ones, and speakers."""
    rng = np.random.default_rng(seed)
    speakers = [f"s{i % n_speakers}" for i in range(n)]
    labels = rng.normal(4.0, 1.0, (n, 3))
    hard = rng.normal(0.0, 0.5, (n, 3))
    first = labels + hard + rng.normal(0.0, 0.5, (n, 3))
    second = labels + hard + rng.normal(0.0, 0.5 - better, (n, 3))
    return first, second, labels, speakers


def average_ccc(values, labels):
    found = ccc(values, labels)
    return np.append(found, found.mean())


def test_all_exchanges_of_speakers_as_scipy_tries_them():
    first, second, labels, speakers = draw_systems(better=0.1)
    names = sorted(set(speakers))
    both = np.stack([first, second])

    def statistic(which, _, measure=0):
        """Difference where speaker i has the system which[i] in the first place."""
        chosen = np.array([which[names.index(name)] >= len(names) for name in speakers])
        one = np.where(chosen[:, None], both[1], both[0])
        other = np.where(chosen[:, None], both[0], both[1])
        return average_ccc(other, labels)[measure] - average_ccc(one, labels)[measure]

    found = permutation_p(first, second, labels, speakers)
    places = np.arange(len(names))
    for measure in range(4):
        expected = scipy.stats.permutation_test(
            (places, places + len(names)),
            lambda x, y, m=measure: statistic(x, y, m),
            permutation_type="samples", n_resamples=np.inf, alternative="two-sided",
        )  # fmt: skip
        # scipy doubles the smaller tail; exchanges of all make the two tails alike
        assert found[measure] == pytest.approx(expected.pvalue, abs=1e-12)


def test_p_is_uniform_for_alike_systems_and_small_for_a_better_one():
    p = [
        permutation_p(*draw_systems(n=160, n_speakers=16, seed=seed), n_permutations=200)[0]
        for seed in range(200)
    ]
    assert scipy.stats.kstest(p, "uniform").pvalue > 0.01
    better = draw_systems(n=160, n_speakers=16, better=0.3)
    assert permutation_p(*better)[3] == pytest.approx(1 / 10_001)


def test_speakers_are_exchanged_whole():
    first, second, labels, speakers = draw_systems(n=60, n_speakers=3, better=0.3)
    assert permutation_p(first, second, labels, speakers).min() >= 2 / 2**3
    assert permutation_p(first, second, labels)[3] < 0.01


def test_identical_systems_do_not_differ():
    first, _, labels, speakers = draw_systems()
    assert permutation_p(first, first, labels, speakers) == pytest.approx(1.0)
    draws = difference_draws(first, first, labels, speakers, n_resamples=20)
    assert (draws == 0).all()


def test_difference_draws_are_paired():
    first, second, labels, speakers = draw_systems(n=200, n_speakers=20)
    draws = difference_draws(first, second, labels, speakers, n_resamples=400, seed=3)
    one = ccc_draws(first, labels, speakers, n_resamples=400, seed=3)
    other = ccc_draws(second, labels, speakers, n_resamples=400, seed=4)
    assert draws[:, 0].std() < 0.9 * (other - one)[:, 0].std()  # draws of their own are wider
    assert draws.shape == (400, 4)
    np.testing.assert_allclose(draws[:, 3], draws[:, :3].mean(axis=1))


def test_intervals_are_t_times_the_deviation_and_need_five_units():
    draws = np.random.default_rng(0).normal(0.1, 0.02, (500, 2))
    bounds = difference_intervals(np.array([0.1, 0.1]), draws, np.array([8.0, 4.0]))
    half = scipy.stats.t.ppf(0.975, 7) * draws[:, 0].std() * np.sqrt(8 / 7)
    np.testing.assert_allclose(bounds[0], [0.1 - half, 0.1 + half], rtol=1e-3)
    assert np.isnan(bounds[1]).all()


def test_intervals_over_speakers_hold_the_true_difference():
    held = []
    for seed in range(120):
        first, second, labels, speakers = draw_systems(n=200, n_speakers=10, better=0.2, seed=seed)
        draws = difference_draws(first, second, labels, speakers, n_resamples=200, seed=seed)
        difference = average_ccc(second, labels) - average_ccc(first, labels)
        low, high = difference_intervals(difference, draws, np.full(4, 10.0))[0]
        # variances: 1 of labels, 1.5 and 1.34 of predictions
        held.append(low <= 2 / (1 + 1.34) - 2 / (1 + 1.5) <= high)
    assert 0.89 <= np.mean(held) <= 0.99
