import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemf.cues.wavelet import ricker_transform

CUT = 1e-4  # tails of the wavelet that are left out


@pytest.mark.parametrize(("width", "scale"), [(20.0, 20.0), (15.0, 30.0), (40.0, 14.0)])
def test_a_gaussian_hill_gives_what_calculus_gives(width, scale):
    t = np.arange(-600, 601)
    found = ricker_transform(np.exp(-(t**2) / (2 * width**2)), scale)
    whole = width**2 + scale**2
    expected = scale**2 * width / whole**1.5 * (1 - t**2 / whole) * np.exp(-(t**2) / (2 * whole))
    np.testing.assert_allclose(found, expected, rtol=0, atol=CUT)


def test_it_is_the_second_derivative_of_the_smoothed_contour():
    from scipy.ndimage import gaussian_filter1d

    signal = np.random.default_rng(0).normal(size=500).cumsum()
    padded = np.pad(signal, 200, mode="edge")
    expected = -(14.0**2) * gaussian_filter1d(padded, 14.0, order=2, truncate=8)[200:-200]
    np.testing.assert_allclose(ricker_transform(signal, 14.0), expected, rtol=0, atol=0.02)


@given(st.floats(-1e3, 1e3), st.integers(1, 300))
def test_a_constant_gives_nothing(level, n_frames):
    found = ricker_transform(np.full(n_frames, level), 20.0)
    assert found.shape == (n_frames,)
    np.testing.assert_allclose(found, 0.0, rtol=0, atol=1e-9)


def test_a_slope_counts_for_nothing_away_from_the_ends():
    found = ricker_transform(np.linspace(10.0, 0.0, 600), 20.0)
    np.testing.assert_allclose(found[150:-150], 0.0, rtol=0, atol=1e-9)
