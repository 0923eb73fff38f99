import os
import subprocess
import sys

import numpy as np
import pytest
import scipy.fft
import scipy.signal

from lemf.aligner.acoustics import mfcc


@pytest.fixture
def samples():
    rng = np.random.default_rng(5)
    return scipy.signal.lfilter([1.0], [1.0, -0.9], rng.normal(0, 0.1, 16_000))


def test_cepstra_equal_those_of_each_frame_alone(samples):
    cepstra = mfcc.compute_cepstra([samples], 16_000)
    assert cepstra.shape == (201, 13)
    emphasised = np.append(samples[:1], samples[1:] - 0.97 * samples[:-1])
    centre = 120 * 80  # the frame at 0.6 s
    frame = emphasised[centre - 200 : centre + 200] * scipy.signal.windows.hamming(400)
    energies = mfcc._mel_bands() @ np.abs(scipy.fft.rfft(frame, 512)) ** 2
    expected = scipy.fft.dct(np.log(energies), norm="ortho")[:13]  # far above the floor
    np.testing.assert_allclose(cepstra[120], expected, atol=2e-3)


def test_pieces_and_level_do_not_matter(samples):
    whole = mfcc.compute_cepstra([samples], 16_000)
    parts = mfcc.compute_cepstra([samples[:5000], samples[5000:5001], samples[5001:]], 16_000)
    np.testing.assert_array_equal(parts, whole)
    moments = mfcc.measure_moments(whole)
    quiet = mfcc.compute_cepstra([samples * 1e-3], 16_000)
    np.testing.assert_allclose(
        mfcc.standardise(quiet, mfcc.measure_moments(quiet)),
        mfcc.standardise(whole, moments),
        atol=1e-3,
    )


def test_another_rate_gives_the_same_frames(samples):
    twice = scipy.signal.resample(samples, 32_000)
    cepstra = mfcc.compute_cepstra(np.array_split(twice, 3), 32_000)
    whole = mfcc.compute_cepstra([samples], 16_000)
    assert cepstra.shape == whole.shape
    assert np.median(np.abs(cepstra - whole)) < 0.1


def test_blocks_of_frames_do_not_matter(samples, monkeypatch):
    whole = mfcc.compute_cepstra([samples], 16_000)
    monkeypatch.setattr(mfcc, "_BLOCK", 7)
    np.testing.assert_allclose(mfcc.compute_cepstra([samples], 16_000), whole, atol=1e-9)


def test_standardised_cepstra_of_a_ramp_have_its_slope():
    ramp = np.outer(np.arange(100.0), np.ones(13))
    moments = mfcc.Moments(100, ramp.sum(axis=0), np.square(ramp).sum(axis=0))
    features = mfcc.standardise(ramp, moments)
    assert features.shape == (100, 26)
    np.testing.assert_allclose(features[:, :13].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(features[:, :13].std(axis=0), 1)
    np.testing.assert_allclose(features[5:95, 13:] * 0.35, 1 / ramp.std(axis=0)[0])


@pytest.mark.parametrize("n_quiet", [0, 100, 3000])
def test_moments_are_those_around_speech_however_long_the_silence(n_quiet):
    rng = np.random.default_rng(0)
    quiet, loud = rng.normal(-9, 1, (n_quiet, 13)), rng.normal(5, 1, (200, 13))
    moments = mfcc.measure_moments(np.concatenate([quiet, loud, quiet]))
    assert moments.n_frames == 200 + 2 * min(n_quiet, 30)
    counted = np.concatenate([quiet[len(quiet) - 30 :], loud, quiet[:30]])
    np.testing.assert_allclose(moments.sums, counted.sum(axis=0))
    np.testing.assert_allclose(moments.squares, np.square(counted).sum(axis=0))


def test_moments_add_up(samples):
    moments = mfcc.measure_moments(mfcc.compute_cepstra([samples], 16_000))
    both = moments + moments
    assert both.n_frames == 2 * moments.n_frames
    np.testing.assert_array_equal(both.sums, 2 * moments.sums)
    np.testing.assert_array_equal(both.squares, 2 * moments.squares)


def test_the_number_of_threads_does_not_matter():
    program = (
        "import hashlib, numpy as np; from lemf.aligner.acoustics import mfcc;"
        "samples = np.random.default_rng(0).normal(0, 0.1, 160_000);"
        "print(hashlib.sha256(mfcc.compute_cepstra([samples], 16_000)).hexdigest())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
            capture_output=True,
            check=True,
        ).stdout
        for threads in ("1", "4")
    }
    assert len(seen) == 1


@pytest.mark.parametrize("n_samples", [1, 79, 80, 400])
def test_short_and_silent_recordings_have_finite_frames(n_samples):
    cepstra = mfcc.compute_cepstra([np.zeros(n_samples)], 16_000)
    assert cepstra.shape == (n_samples // 80 + 1, 13)
    assert np.isfinite(mfcc.standardise(cepstra, mfcc.measure_moments(cepstra))).all()
