"""F0 by SwiftF0 on the 5 ms axis, and the rule by which its frames of 16 ms come there."""

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from lemf.commands.cli import main
from lemf.config import Settings
from lemf.contours.pitch import f0_contour, resample_f0
from lemf.errors import SettingsError
from lemf.reading.frames import count_frames, frame_times

CENT = 1.0
SWIFT = Settings(pitch="swift")


@pytest.fixture
def swift():
    pytest.importorskip("soxr")
    return pytest.importorskip("swift_f0")


def cents(f0_hz, reference_hz):
    return 1200 * np.log2(f0_hz / reference_hz)


def tone(f0_hz, rate_hz, length_s=1.0):
    t = np.arange(round(length_s * rate_hz)) / rate_hz
    return 0.3 * sum(np.sin(2 * np.pi * f0_hz * k * t) / k for k in range(1, 8))


def test_log_f0_is_interpolated_between_neighbours_and_held_beside_gaps_and_jumps():
    coarse = np.array([100.0, 121.0, 0.0, 120.0, 240.0])
    found = resample_f0(coarse, 0.016, np.array([0.0, 0.008, 0.016, 0.023, 0.025, 0.055, 0.057]))
    np.testing.assert_allclose(found, [100, 110, 121, 121, 0, 120, 240], rtol=1e-12)


def test_beyond_half_a_period_after_the_last_frame_all_is_unvoiced():
    times_s = np.array([0.007, 0.009, 0.5])
    np.testing.assert_array_equal(resample_f0(np.array([100.0]), 0.016, times_s), [100, 0, 0])


@given(st.lists(st.sampled_from([0.0, 90.0, 110.0, 130.0, 260.0]), min_size=1, max_size=30))
def test_a_resampled_contour_keeps_its_voicing_and_its_range(coarse):
    values = np.array(coarse)
    times_s = frame_times(int(len(values) * 0.016 / 0.005))
    found = resample_f0(values, 0.016, times_s)
    nearest = np.rint(times_s / 0.016).astype(int)
    inside = nearest < len(values)
    np.testing.assert_array_equal(found[inside] > 0, values[nearest[inside]] > 0)
    assert not found[~inside].any()
    assert found.max(initial=0.0) <= values.max() + 1e-9
    np.testing.assert_allclose(resample_f0(values, 0.005, frame_times(len(values))), values)


@pytest.mark.parametrize("f0_hz", [100.0, 220.0, 400.0])
@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100])
def test_a_tone_within_ten_cents(swift, f0_hz, rate_hz):
    samples = tone(f0_hz, rate_hz)
    found = f0_contour(samples, rate_hz, SWIFT)
    assert len(found) == count_frames(len(samples), rate_hz)
    np.testing.assert_allclose(cents(found[20:-20], f0_hz), 0, rtol=0, atol=10 * CENT)


def test_a_glide_is_followed_at_the_right_time(swift):
    rate_hz = 16000
    t = np.arange(2 * rate_hz) / rate_hz
    phase = 2 * np.pi * np.cumsum(150 + 50 * t) / rate_hz
    found = f0_contour(sum(np.sin(k * phase) / k for k in range(1, 8)), rate_hz, SWIFT)
    error_s = (found - 150) / 50 - frame_times(len(found))
    assert np.abs(np.median(error_s[40:-40])) < 0.005


def test_the_gain_does_not_matter(swift):
    samples = tone(150.0, 16000) * np.hanning(16000)
    expected = f0_contour(samples, 16000, SWIFT)
    for gain in (1e-3, 30.0):
        found = f0_contour(gain * samples, 16000, SWIFT)
        assert np.mean((found > 0) != (expected > 0)) < 0.01
        both = (found > 0) & (expected > 0)
        np.testing.assert_allclose(cents(found[both], expected[both]), 0, rtol=0, atol=CENT)


@pytest.mark.parametrize("samples", [np.zeros(16000), np.zeros(1), np.full(100, 0.5)])
def test_silence_is_unvoiced(swift, samples):
    assert not f0_contour(samples, 16000, SWIFT).any()


@pytest.mark.parametrize("rate_hz", [8000, 16000, 48000])
@pytest.mark.parametrize("n_samples", [1, 2, 79, 160, 1600])
def test_very_short_recordings_have_all_their_frames(swift, n_samples, rate_hz):
    found = f0_contour(np.sin(np.arange(n_samples)), rate_hz, SWIFT)
    assert len(found) == count_frames(n_samples, rate_hz)


def test_f0_stays_inside_the_range(swift):
    found = f0_contour(tone(300.0, 16000), 16000, Settings(pitch="swift", pitch_ceiling_hz=250))
    assert found[found > 0].max(initial=0.0) <= 250 * 2 ** (1 / 12)


@pytest.mark.parametrize(("low", "high"), [(20.0, 45.0), (100.0, 101.0)])
def test_a_range_below_or_narrower_than_its_steps_is_refused(low, high):
    with pytest.raises(SettingsError, match=r"SwiftF0 finds F0 from 46\.875 Hz on"):
        Settings(pitch="swift", pitch_floor_hz=low, pitch_ceiling_hz=high)
    Settings(pitch_floor_hz=low, pitch_ceiling_hz=high)


def test_the_command_scores_by_it(swift, utterance):
    arguments = ["score", str(utterance.wav), str(utterance.textgrid), "--pitch", "swift"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("emphasised: two")
    assert result.stderr == ""
