import numpy as np
import pytest

from lemf.contours.periodicity import frame_periodicity
from lemf.reading.frames import count_frames, frame_centres

RATE_HZ = 16000
TAPER = 0.035  # the window's autocorrelation is taken at whole samples


def periodicity_of(samples, f0_hz, rate_hz=RATE_HZ):
    centres = frame_centres(count_frames(len(samples), rate_hz), rate_hz)
    return frame_periodicity(samples, centres, rate_hz, np.full(len(centres), f0_hz))


def tone(f0_hz, seconds=0.4, rate_hz=RATE_HZ):
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    return sum(np.sin(2 * np.pi * k * f0_hz * t) / k for k in range(1, 6))


@pytest.mark.parametrize("f0_hz", [75.0, 123.4, 240.0, 391.0])
def test_a_periodic_signal_has_periodicity_one(f0_hz):
    inner = periodicity_of(tone(f0_hz), f0_hz)[8:-8]
    np.testing.assert_allclose(inner, 1.0, rtol=0, atol=TAPER)


@pytest.mark.parametrize("period", [22.1, 22.5, 22.9])
def test_a_period_between_two_samples_is_found_at_8_khz(period):
    inner = periodicity_of(tone(8000 / period, rate_hz=8000), 8000 / period, 8000)[8:-8]
    np.testing.assert_allclose(inner, 1.0, rtol=0, atol=TAPER)


def test_a_wrong_period_and_noise_have_little():
    assert periodicity_of(tone(100.0), 100.0 * 2**0.5)[8:-8].max() < 0.7
    noise = np.random.default_rng(0).normal(size=RATE_HZ)
    values = periodicity_of(noise, 150.0)
    assert np.median(values) < 0.3
    assert values.min() >= 0.0


def test_equal_power_of_voice_and_noise_gives_a_half():
    voice = tone(125.0, 2.0)
    noise = np.random.default_rng(1).normal(size=len(voice)) * voice.std()
    assert np.median(periodicity_of(voice + noise, 125.0)) == pytest.approx(0.5, abs=0.05)


def test_it_is_what_boersmas_equations_give_term_by_term():
    """Equations 7 to 9 as sums, with the Hanning window of Praat, whose ends are not 0."""
    rate_hz, f0_hz, size = 8000, 125.0, 320
    n = np.arange(1, size + 1)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / (size + 1))
    samples = np.random.default_rng(3).normal(size=4000) + 0.5 * tone(f0_hz, 0.5, rate_hz)

    def at(values, lag):
        return sum(values[i] * values[i + lag] for i in range(size - lag)) / sum(values**2)

    centres = np.array([1000, 2000, 3000])
    expected = []
    for centre in centres:
        segment = samples[centre - size // 2 : centre + size // 2]
        tapered = (segment - segment.mean()) * window
        lags = range(63, 67)  # around 8000 / 125 = 64
        expected.append(max(at(tapered, lag) / at(window, lag) for lag in lags))
    found = frame_periodicity(samples, centres, rate_hz, np.full(3, f0_hz))
    assert min(expected) > 0.0
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def test_unvoiced_and_silent_frames_are_zero():
    assert not periodicity_of(tone(100.0), 0.0).any()
    assert not periodicity_of(np.zeros(4000), 100.0).any()
    assert periodicity_of(np.ones(3), 100.0).shape == (1,)


def test_the_gain_does_not_matter():
    samples = tone(200.0) + 0.1 * np.random.default_rng(2).normal(size=6400)
    np.testing.assert_allclose(
        periodicity_of(samples, 200.0), periodicity_of(1e-3 * samples, 200.0), rtol=0, atol=1e-9
    )


def test_many_frames_are_each_measured_as_one_alone(rng):
    samples = rng.normal(size=12000) + tone(130.0, 12000 / RATE_HZ)
    centres = np.arange(0, 12000, 80)
    f0_hz = np.where(rng.random(150) < 0.8, rng.uniform(71, 800, 150), 0.0)
    together = frame_periodicity(samples, centres, RATE_HZ, f0_hz)
    alone = [
        frame_periodicity(samples, centres[i : i + 1], RATE_HZ, f0_hz[i : i + 1])[0]
        for i in range(150)
    ]
    assert (f0_hz > 0).sum() > 100  # more than one block
    np.testing.assert_array_equal(together, alone)
