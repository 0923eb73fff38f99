"""Our Harvest against the reference, pyworld: the same voicing and the same F0 at every scale,
everywhere but where the signal is constant and the reference's own answer is rounding noise."""

import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lemf
from lemf.contours.pitch import HARVEST_IS_COMPILED

HZ = 1e-6
EXAMPLES = sorted((Path(__file__).parents[4] / "examples").glob("*.wav"))
RATES = (8000, 11025, 16000, 18000, 22050, 24000, 32000, 44100, 48000, 96000)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pyworld


def speech_like(rate_hz, seconds, seed):
    """Glides with formant-like harmonics between pauses, in faint noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    f0_hz = 150 * 2 ** (rng.uniform(-1, 1) + 0.5 * np.sin(2 * np.pi * (0.8 * t + rng.uniform())))
    phase = 2 * np.pi * np.cumsum(f0_hz) / rate_hz
    loudness = np.clip(np.sin(2 * np.pi * (1.7 * t + rng.uniform())) + 0.5, 0, None)
    gains = rng.uniform(0.1, 1, 12) / np.arange(1, 13)
    voice = sum(g * np.sin(k * phase) for k, g in enumerate(gains, 1))
    return loudness * voice + rng.normal(0, 10.0 ** rng.uniform(-4, -1), len(t))


@pytest.fixture(params=EXAMPLES, ids=lambda path: path.stem)
def example(request):
    audio = lemf.read_audio(request.param)
    (samples,) = audio.slices([(0, audio.n_samples)])
    return np.ascontiguousarray(samples), audio.rate_hz


def assert_equal(samples, rate_hz, floor_hz=71.0, ceiling_hz=800.0, period_ms=5.0):
    samples = np.ascontiguousarray(samples, dtype=np.float64)
    expected, times_s = pyworld.harvest(
        samples, rate_hz, f0_floor=floor_hz, f0_ceil=ceiling_hz, frame_period=period_ms
    )
    found, found_times_s = lemf.harvest(
        samples, rate_hz, floor_hz=floor_hz, ceiling_hz=ceiling_hz, period_ms=period_ms
    )
    np.testing.assert_array_equal(found_times_s, times_s)
    np.testing.assert_array_equal(found > 0, expected > 0)
    np.testing.assert_allclose(found, expected, rtol=0, atol=HZ)
    return found


def test_the_extension_is_compiled():
    # where a compiler is at hand, the tests must not quietly compare the fallback
    assert HARVEST_IS_COMPILED


@settings(max_examples=25)
@given(
    rate_hz=st.sampled_from(RATES),
    seconds=st.floats(0.3, 2.0),
    seed=st.integers(0, 10_000),
    floor_hz=st.floats(40, 200),
    octaves=st.floats(1.0, 2.5),
)
def test_speech_like_signals_at_all_rates_and_ranges(rate_hz, seconds, seed, floor_hz, octaves):
    ceiling_hz = min(max(300.0, floor_hz * 2**octaves), 1100.0)
    assert_equal(speech_like(rate_hz, seconds, seed), rate_hz, floor_hz, ceiling_hz)


@pytest.mark.parametrize("rate_hz", RATES)
def test_the_corners_of_the_ranges(rate_hz):
    for seed, (floor_hz, ceiling_hz) in enumerate(((40, 300), (40, 1100), (200, 300), (200, 1100))):
        assert_equal(speech_like(rate_hz, 0.4, seed), rate_hz, floor_hz, ceiling_hz)


@pytest.mark.parametrize("gain", [1e-4, 30.0, 32768.0, 1e6])
def test_any_scale(gain):
    # WORLD's filters leave a ripple that grows with the square of the signal
    for seed, rate_hz in enumerate((8000, 16000, 44100)):
        assert_equal(gain * speech_like(rate_hz, 1.0, seed), rate_hz)


def test_samples_of_16_bits(example):
    samples, rate_hz = example
    voiced = assert_equal(np.round(32768 * samples), rate_hz) > 0
    assert voiced.mean() > 0.3


@pytest.mark.parametrize("rate_hz", [8000, 11025, 44100, 96000])
def test_resampled_speech(example, rate_hz):
    samples, old_rate_hz = example
    times_s = np.arange(len(samples) * rate_hz // old_rate_hz) / rate_hz
    assert_equal(np.interp(times_s, np.arange(len(samples)) / old_rate_hz, samples), rate_hz)


def test_exact_zeros_and_clipping_in_speech(example):
    # what differs here would be rounding; it may on another processor
    samples, rate_hz = example
    zeros, half = np.zeros(rate_hz // 4), len(samples) // 2
    for altered in (
        np.concatenate([zeros, samples, zeros]),
        np.concatenate([samples[:half], zeros, samples[half:]]),
        np.clip(samples, *np.percentile(samples, [5, 95])),
    ):
        expected, _ = pyworld.harvest(altered, rate_hz)
        found, _ = lemf.harvest(altered, rate_hz)
        off = ((found > 0) != (expected > 0)) | (np.abs(found - expected) > HZ)
        assert off.mean() < 0.01


@pytest.mark.parametrize("period_ms", [1.0, 2.5, 5.0, 10.0])
def test_other_frame_periods(period_ms):
    assert_equal(speech_like(16000, 1.0, 4), 16000, period_ms=period_ms)


def test_tones_chirps_noise_clipping_and_offsets(rng):
    t = np.arange(16000) / 16000
    chirp = np.sin(2 * np.pi * (100 * t + 150 * t**2)) + 0.3 * np.sin(
        4 * np.pi * (100 * t + 150 * t**2)
    )
    voice = speech_like(16000, 1.0, 9)
    for samples in (
        sum(np.sin(2 * np.pi * 220 * k * t) / k for k in range(1, 8)),
        chirp,
        rng.normal(size=16000),
        np.cumsum(rng.normal(size=16000)) / 100,
        np.clip(voice, -0.3, 0.3),
        voice + 0.2,
        voice * 1e-3,
    ):
        assert_equal(samples, 16000)


def test_silence_is_unvoiced():
    for samples in (np.zeros(8000), np.full(8000, 0.3)):
        f0_hz, _ = lemf.harvest(samples, 16000)
        assert not f0_hz.any()


@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100])
def test_very_short_recordings(rate_hz, rng):
    for n_samples in [*range(1, 30), 79, 80, 81, 160, 400, 1000, 2000]:
        samples = rng.normal(size=n_samples)
        f0_hz, times_s = lemf.harvest(samples, rate_hz)
        assert len(f0_hz) == len(times_s) == int(1000.0 * n_samples / rate_hz / 5.0) + 1
        assert np.isfinite(f0_hz).all()


def test_silence_around_speech_changes_nothing_inside(rng):
    voice = speech_like(16000, 1.0, 3)
    padded = np.concatenate([np.zeros(4000), voice, np.zeros(4000)])
    expected, _ = pyworld.harvest(padded, 16000)
    found, times_s = lemf.harvest(padded, 16000)
    inside = (times_s > 0.4) & (times_s < 1.1)  # sections that touch the zeros are noise
    np.testing.assert_allclose(found[inside], expected[inside], rtol=0, atol=HZ)


@pytest.mark.slow
@pytest.mark.parametrize(("gain", "step"), [(1.0, 8), (32768.0, 24)])
def test_real_speech(speech_data, gain, step):
    recordings = sorted(speech_data.rglob("*.wav")) + sorted(speech_data.rglob("*.flac"))
    assert len(recordings) > 100
    n_frames = 0
    for path in recordings[::step]:
        audio = lemf.read_audio(path, channel="mix")
        if audio.duration_s > 8:
            continue
        (samples,) = audio.slices([(0, audio.n_samples)])
        n_frames += len(assert_equal(gain * samples, audio.rate_hz))
    assert n_frames > 40_000 / step


@pytest.mark.parametrize(
    ("samples", "options", "message"),
    [
        (np.zeros(0), {}, "shape"),
        (np.zeros((2, 800)), {}, "shape"),
        (np.array([0.0, np.nan]), {}, "NaN or inf"),
        (np.zeros(800), {"floor_hz": 800.0}, "F0 range 800-800 Hz"),
        (np.zeros(800), {"floor_hz": 1.0}, "at least 10 Hz"),
        (np.zeros(800), {"ceiling_hz": 9000.0}, "below half the rate"),
        (np.zeros(800), {"period_ms": 0.0}, "must be positive"),
        (np.zeros(800), {"threads": 0}, "at least 1"),
    ],
)
def test_nonsense_is_refused(samples, options, message):
    with pytest.raises(ValueError, match=message):
        lemf.harvest(samples, 16000, **options)


def test_types_and_strides_are_taken_as_they_come():
    samples = speech_like(16000, 0.5, 1)
    expected, _ = lemf.harvest(samples, 16000)
    twice = np.repeat(samples, 2)
    np.testing.assert_array_equal(lemf.harvest(twice[::2], 16000)[0], expected)
    single = samples.astype(np.float32)
    np.testing.assert_array_equal(
        lemf.harvest(single, 16000)[0], lemf.harvest(single.astype(np.float64), 16000)[0]
    )


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_the_number_of_threads_changes_no_bit(threads):
    for n_samples, rate_hz in ((1, 16000), (100, 8000), (5000, 8000), (40_000, 16000)):
        samples = speech_like(rate_hz, n_samples / rate_hz, 7)
        expected, _ = lemf.harvest(samples, rate_hz)
        found, _ = lemf.harvest(samples, rate_hz, threads=threads)
        np.testing.assert_array_equal(found, expected)


def test_the_instruction_set_changes_no_bit():
    import lemf._harvest as compiled

    sets = compiled.instruction_sets()
    assert sets[0] == "base"
    for n_samples, rate_hz in ((1, 16000), (700, 8000), (30_000, 22050), (40_000, 16000)):
        samples = speech_like(rate_hz, n_samples / rate_hz, 7)
        for range_hz in ((40.0, 1100.0), (71.0, 800.0)):
            expected = compiled.harvest(samples, rate_hz, *range_hz, 1)
            assert np.frombuffer(expected).any() == (n_samples > 700)
            for name in sets:
                assert compiled.harvest(samples, rate_hz, *range_hz, 2, name) == expected
    with pytest.raises(ValueError, match="no 8087"):
        compiled.harvest(np.zeros(100), 16000, 71.0, 800.0, 1, "8087")


def test_threads_do_not_disturb_each_other():
    signals = [(speech_like(rate, 1.0, i), rate) for i, rate in enumerate((16000, 22050) * 4)]
    expected = [lemf.harvest(*signal)[0] for signal in signals]
    found = [None] * len(signals)

    def work(i):
        found[i] = lemf.harvest(*signals[i])[0]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(signals))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
