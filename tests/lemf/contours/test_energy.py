import numpy as np
import pytest

from lemf.contours.energy import frame_energies, frame_energy, frame_mid_energy
from lemf.reading.frames import count_frames, frame_centres

RELATIVE = 1e-9


def energy_of(samples, rate_hz):
    centres = frame_centres(count_frames(len(samples), rate_hz), rate_hz)
    return frame_energy(samples, centres, rate_hz)


@pytest.mark.parametrize("rate_hz", [8000, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize("cycles", [3, 7, 20])
def test_sine_has_its_closed_form(rate_hz, cycles):
    # a sine of amplitude a with a whole number of cycles in a periodic Hann window of N samples
    # has bins of magnitude a N / 4, a N / 8 on either side, and nothing elsewhere
    size, amplitude = round(0.020 * rate_hz), 0.3
    samples = amplitude * np.sin(2 * np.pi * cycles / size * np.arange(rate_hz) + 0.4)
    expected = amplitude * size * np.sqrt(1 / 16 + 2 / 64)
    inner = energy_of(samples, rate_hz)[4:-4]
    np.testing.assert_allclose(inner, expected, rtol=RELATIVE, atol=0)


@pytest.mark.parametrize("rate_hz", [16000, 22050, 48000])
@pytest.mark.parametrize(
    ("tone_hz", "inside"),  # bins are 50 Hz apart; squares of the three that a sine has
    [
        (400, 0),
        (450, 1 / 64),
        (500, 1 / 16 + 1 / 64),
        (550, 1 / 16 + 2 / 64),
        (3950, 1 / 16 + 2 / 64),
        (4000, 1 / 16 + 1 / 64),
        (4050, 1 / 64),
        (4100, 0),
    ],
)
def test_mid_energy_is_that_of_the_bins_from_500_to_4000_hz(rate_hz, tone_hz, inside):
    samples = 0.3 * np.sin(2 * np.pi * tone_hz / rate_hz * np.arange(rate_hz) + 0.4)
    centres = frame_centres(count_frames(len(samples), rate_hz), rate_hz)
    expected = 0.3 * round(0.020 * rate_hz) * np.sqrt(inside)
    inner = frame_mid_energy(samples, centres, rate_hz)[4:-4]
    np.testing.assert_allclose(inner, expected, rtol=RELATIVE, atol=1e-9)


def test_agrees_with_a_loop_over_frames(rng):
    rate_hz, samples = 22050, rng.normal(size=5000)
    size = round(0.020 * rate_hz)
    window = [0.5 - 0.5 * np.cos(2 * np.pi * n / size) for n in range(size)]
    expected = []
    for k in range(int(1000.0 * len(samples) / rate_hz / 5.0) + 1):
        first = round(k * 0.005 * rate_hz) - size // 2
        frame = [
            samples[first + n] * window[n] if 0 <= first + n < len(samples) else 0.0
            for n in range(size)
        ]
        expected.append(np.sqrt(sum(abs(x) ** 2 for x in np.fft.rfft(frame))))
    np.testing.assert_allclose(energy_of(samples, rate_hz), expected, rtol=RELATIVE, atol=0)


def test_gain_and_polarity(rng):
    samples = rng.normal(size=8000)
    expected = 10 * energy_of(samples, 16000)
    np.testing.assert_allclose(energy_of(-10 * samples, 16000), expected, rtol=RELATIVE, atol=0)


@pytest.mark.parametrize("n_samples", [1, 5, 79, 80, 81])
def test_recordings_shorter_than_the_window(n_samples):
    energy = energy_of(np.ones(n_samples), 16000)
    assert len(energy) == n_samples // 80 + 1
    assert np.all(np.isfinite(energy))
    assert energy[0] > 0


def test_silence_has_none():
    assert not energy_of(np.zeros(16000), 16000).any()


@pytest.mark.parametrize("rate_hz", [8000, 22050])
def test_both_energies_at_once_are_those_of_each_alone(rng, rate_hz):
    samples = rng.normal(size=rate_hz)
    centres = frame_centres(count_frames(len(samples), rate_hz), rate_hz)
    energy, mid_energy = frame_energies(samples, centres, rate_hz)
    np.testing.assert_array_equal(energy, frame_energy(samples, centres, rate_hz))
    np.testing.assert_array_equal(mid_energy, frame_mid_energy(samples, centres, rate_hz))
    assert (mid_energy < energy).all()
