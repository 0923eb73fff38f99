"""What must not change the scores: gain, polarity, labels; and what may only change them little."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lemf

EXAMPLES = Path(__file__).parents[2] / "examples"
SAME = 1e-6  # score
CLOSE = 0.05  # score; Harvest's answer depends a little on the phase of its decimation
BOUNDED = settings(
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module", params=["really", "didnt"])
def example(request):
    path = EXAMPLES / f"{request.param}.wav"
    audio = lemf.read_audio(path)
    (samples,) = audio.slices([(0, audio.n_samples)])
    grid = lemf.read_textgrid(path.with_suffix(".TextGrid"))
    return samples, audio.rate_hz, grid, scores(samples, audio.rate_hz, grid)


def scores(samples, rate_hz, grid):
    return np.array([word.score for word in lemf.score(samples, grid, rate_hz=rate_hz).words])


def shifted(grid, by_s):
    def move(interval):
        return replace(interval, start_s=interval.start_s + by_s, end_s=interval.end_s + by_s)

    tiers = tuple(
        replace(tier, end_s=tier.end_s + by_s, intervals=tuple(map(move, tier.intervals)))
        for tier in grid.tiers
    )
    return replace(grid, end_s=grid.end_s + by_s, tiers=tiers)


@BOUNDED
@given(gain_db=st.floats(-60, 20), sign=st.sampled_from([-1, 1]))
def test_gain_and_polarity(example, gain_db, sign):
    samples, rate_hz, grid, expected = example
    louder = sign * 10 ** (gain_db / 20) * samples
    np.testing.assert_allclose(scores(louder, rate_hz, grid), expected, rtol=0, atol=SAME)


@BOUNDED
@given(frames=st.integers(1, 100), seed=st.integers(0, 99))
def test_time_shift_on_the_grid(example, frames, seed):
    # 5 ms at 16 kHz are 80 samples, a multiple of the decimation factor 2
    samples, rate_hz, grid, expected = example
    noise = np.random.default_rng(seed).normal(0, 3e-4, 80 * frames)
    later = np.concatenate([noise, samples])
    found = scores(later, rate_hz, shifted(grid, frames * 0.005))
    np.testing.assert_allclose(found, expected, rtol=0, atol=CLOSE)


@BOUNDED
@given(frames=st.integers(1, 100), seed=st.integers(0, 99))
def test_appended_length_on_the_grid(example, frames, seed):
    samples, rate_hz, grid, expected = example
    noise = np.random.default_rng(seed).normal(0, 3e-4, 80 * frames)
    longer = np.concatenate([samples, noise])
    np.testing.assert_allclose(scores(longer, rate_hz, grid), expected, rtol=0, atol=CLOSE)


@BOUNDED
@given(
    labels=st.lists(st.text(st.characters(categories=["L"]), min_size=4), min_size=5, max_size=5)
)
def test_other_labels(example, labels):
    samples, rate_hz, grid, expected = example
    names = iter(labels)
    words = tuple(
        replace(interval, label=next(names)) if interval.label else interval
        for interval in grid.tiers[0].intervals
    )
    renamed = replace(grid, tiers=(replace(grid.tiers[0], intervals=words), grid.tiers[1]))
    np.testing.assert_array_equal(scores(samples, rate_hz, renamed), expected)


@pytest.mark.slow
def test_gain_on_real_speech(speech_data):
    for textgrid in sorted(speech_data.glob("libritts/*.TextGrid"))[:2]:
        audio = lemf.read_audio(textgrid.with_suffix(".wav"))
        (samples,) = audio.slices([(0, audio.n_samples)])
        grid = lemf.read_textgrid(textgrid)
        expected = scores(samples, audio.rate_hz, grid)
        found = scores(-0.1 * samples, audio.rate_hz, grid)
        np.testing.assert_allclose(found, expected, rtol=0, atol=SAME)
