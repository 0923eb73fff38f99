"""Harvest in numpy against the reference, pyworld: the same voicing and the same F0."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from lemf.contours.harvest.bands import (
    band_centres,
    falls,
    filter_bands,
    interpolated_f0,
)
from lemf.contours.harvest.connect import connect, voiced_sections, without_short_gaps
from lemf.contours.harvest.decimation import Decimated, decimate, impulse_response
from lemf.contours.harvest.fallback import harvest_numpy, smooth
from lemf.contours.harvest.refine import Candidates, reliable, round_half_away

HZ = 1e-6
CENT = 1.0
RATES = (8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000)
EXAMPLES = sorted((Path(__file__).parents[4] / "examples").glob("*.wav"))

with warnings.catch_warnings():  # pyworld 0.3.5 imports the deprecated pkg_resources
    warnings.simplefilter("ignore")
    import pyworld


def assert_equals_pyworld(samples, rate_hz, floor_hz=71.0, ceiling_hz=800.0):
    samples = np.ascontiguousarray(samples, dtype=np.float64)
    expected, _ = pyworld.harvest(
        samples, rate_hz, f0_floor=floor_hz, f0_ceil=ceiling_hz, frame_period=1.0
    )
    found = harvest_numpy(samples, rate_hz, floor_hz=floor_hz, ceiling_hz=ceiling_hz)
    np.testing.assert_array_equal(found > 0, expected > 0)
    np.testing.assert_allclose(found, expected, rtol=0, atol=HZ)
    return found


def speech_like(rate_hz, seconds, seed):
    """Glides with harmonics between pauses, in faint noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    f0_hz = 150 * 2 ** (rng.uniform(-1, 1) + 0.5 * np.sin(2 * np.pi * (0.8 * t + rng.uniform())))
    phase = 2 * np.pi * np.cumsum(f0_hz) / rate_hz
    loudness = np.clip(np.sin(2 * np.pi * (1.7 * t + rng.uniform())) + 0.5, 0, None)
    voice = sum(rng.uniform(0.1, 1) * np.sin(k * phase) / k for k in range(1, 13))
    return loudness * voice + rng.normal(0, 10.0 ** rng.uniform(-4, -1), len(t))


@settings(max_examples=16)
@given(
    rate_hz=st.sampled_from(RATES),
    seconds=st.floats(0.3, 1.5),
    seed=st.integers(0, 10_000),
    floor_hz=st.floats(40, 200),
    ceiling_hz=st.floats(300, 1100),
)
def test_speech_like_signals_at_all_rates_and_ranges(rate_hz, seconds, seed, floor_hz, ceiling_hz):
    assert_equals_pyworld(speech_like(rate_hz, seconds, seed), rate_hz, floor_hz, ceiling_hz)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples(path):
    samples, rate_hz = soundfile.read(path)
    assert (assert_equals_pyworld(samples, rate_hz) > 0).mean() > 0.3


@pytest.mark.slow
def test_real_speech(speech_data):
    paths = sorted((speech_data / "emodb").rglob("*.wav"))[::5]
    paths += sorted((speech_data / "libritts").glob("*.wav"))
    assert len(paths) > 10
    for path in paths:
        samples, rate_hz = soundfile.read(path)
        assert_equals_pyworld(samples[: 3 * rate_hz], rate_hz)


@pytest.mark.parametrize("rate_hz", [8000, 16000, 48000])
@pytest.mark.parametrize("seed", [4, 13, 17])
def test_loud_signals_where_the_ripple_of_worlds_filters_decides(rate_hz, seed):
    assert_equals_pyworld(speech_like(rate_hz, 1.0, seed) * 32768, rate_hz)


@pytest.mark.parametrize("seed", [0, 1, 3, 15, 16, 17])
def test_zeros_where_the_ripple_of_worlds_filters_decides(seed):
    # these seeds are those in which rounding does not decide
    before, after = np.split(speech_like(8000, 1.0, seed), 2)
    silence = np.zeros(4000)
    assert_equals_pyworld(np.concatenate([silence, before, silence, after]), 8000)


@pytest.mark.parametrize("rate_hz", [8000, 22050])
def test_clipping_offset_noise_and_chirp(rate_hz, rng):
    voice, t = speech_like(rate_hz, 1.0, 9), np.arange(rate_hz) / rate_hz
    chirp = np.sin(2 * np.pi * (100 * t + 150 * t**2))
    for samples in (np.clip(voice, -0.3, 0.3), voice * 1e-3 + 0.2, rng.normal(size=rate_hz), chirp):
        assert_equals_pyworld(samples, rate_hz)


@pytest.mark.parametrize("f0_hz", [100.0, 220.0, 400.0])
@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100])
def test_a_tone_within_a_cent(f0_hz, rate_hz):
    t = np.arange(rate_hz // 2) / rate_hz
    found = harvest_numpy(sum(np.sin(2 * np.pi * f0_hz * k * t) / k for k in range(1, 8)), rate_hz)
    assert len(found) == 501
    np.testing.assert_allclose(1200 * np.log2(found[50:-50] / f0_hz), 0, rtol=0, atol=CENT)


@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100, 96000])
def test_very_short_recordings(rate_hz, rng):
    for n_samples in [*range(1, 20), 79, 80, 81, 400, 2000]:
        found = harvest_numpy(rng.normal(size=n_samples), rate_hz)
        assert len(found) == int(1000.0 * n_samples / rate_hz) + 1
        assert np.isfinite(found).all()


@pytest.mark.parametrize("rate_hz", [8000, 22050, 48000])
def test_silence_is_unvoiced(rate_hz):
    for level in (0.0, 0.3):
        assert not harvest_numpy(np.full(rate_hz // 2, level), rate_hz).any()


def test_decimation_keeps_a_low_tone_and_removes_the_mean():
    t = np.arange(48000) / 48000
    decimated = decimate(0.5 + np.sin(2 * np.pi * 200 * t), 48000)
    assert decimated.rate_hz == 8000.0
    kept = np.sin(2 * np.pi * 200 * t[5::6])  # the filter ripples by 0.1 dB in two runs
    np.testing.assert_allclose(decimated.samples[50:-50], kept[50:-50], rtol=0, atol=0.012)


def test_a_band_passes_its_centre_one_sample_early():
    signal = Decimated(np.sin(2 * np.pi * 200 * np.arange(8000) / 8000), 8000.0)
    centres_hz = band_centres(71.0, 800.0)
    at_centre = int(np.argmin(np.abs(centres_hz - 200.0)))
    outputs = [output[2000:6000] for output in filter_bands(signal, centres_hz)]
    largest = int(np.argmax([np.abs(output).max() for output in outputs[:-40]]))
    assert abs(largest - at_centre) <= 8
    correlation = np.corrcoef(outputs[at_centre], signal.samples[2001:6001])[0, 1]
    assert correlation > 1 - 1e-9


def test_falls_are_the_ends_of_runs():
    np.testing.assert_array_equal(falls(np.array([True, True, False, True, False, True])), [1, 3])


def test_intervals_are_interpolated_and_go_on_at_both_ends():
    # intervals of 80, 100, 80 samples at 8 kHz, centred at 5, 16.25 and 27.5 ms
    found = interpolated_f0(np.array([0.0, 80.0, 180.0, 260.0]), 8000.0, np.arange(33) / 1000)
    slope = (80.0 - 100.0) / 11.25
    frames = np.arange(33)
    expected = np.where(frames < 16.25, 100 + slope * (frames - 5), 80 - slope * (frames - 16.25))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def test_rounding_goes_away_from_zero():
    np.testing.assert_array_equal(round_half_away(np.array([0.5, -0.5, -1.6, 0.0])), [1, -1, -2, 0])


def test_candidates_alone_are_unreliable():
    frames, f0_hz = (
        np.array([0, 1, 1, 2, 3, 3]),
        np.array([90.0, 200.0, 100.0, 103.0, 103.0, 103.0]),
    )
    score = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    candidates = Candidates.collect(frames, f0_hz, score, 5)
    np.testing.assert_array_equal(candidates.f0_hz, [90.0, 100.0, 200.0, 103.0, 103.0])
    np.testing.assert_array_equal(candidates.score, [1.0, 3.0, 2.0, 4.0, 6.0])
    kept = reliable(candidates)
    np.testing.assert_array_equal(kept.f0_hz, [90.0, 100.0, 103.0, 103.0])
    np.testing.assert_array_equal(kept.first, [0, 1, 2, 3, 4, 4])


def test_the_better_contour_is_connected_over_a_gap():
    frames = np.r_[5:30, 5:30, 33:60]
    f0_hz = np.r_[np.full(25, 200.0), np.full(25, 100.0), np.full(27, 205.0)]
    score = np.r_[np.full(25, 9.0), np.full(25, 5.0), np.full(27, 9.0)]
    found = connect(Candidates.collect(frames, f0_hz, score, 80))
    assert voiced_sections(found) == [(5, 59)]
    np.testing.assert_allclose(found[[5, 29, 30, 32, 33]], [200, 200, 201.75, 203.25, 205])


def test_short_gaps_are_bridged_and_long_ones_kept():
    f0_hz = np.zeros(40)
    f0_hz[2:8], f0_hz[16:20], f0_hz[29:35] = 100.0, 120.0, 90.0
    assert voiced_sections(without_short_gaps(f0_hz)) == [(2, 19), (29, 34)]


def test_smoothing_keeps_a_constant_and_halves_a_step():
    f0_hz = np.zeros(200)
    f0_hz[50:100], f0_hz[100:150] = 100.0, 200.0
    found = smooth(f0_hz)
    np.testing.assert_array_equal(found > 0, f0_hz > 0)
    np.testing.assert_allclose(found[[50, 149]], [100.0, 200.0], rtol=0, atol=1.0)
    assert found[99] + found[100] == pytest.approx(300.0, abs=1e-6)


def test_an_impulse_response_dies_away():
    taps = impulse_response(np.array([1.0, 0.0]), np.array([1.0, -0.5]))
    np.testing.assert_allclose(taps, 0.5 ** np.arange(len(taps)), rtol=1e-12)
    assert taps[-1] < 1e-17
