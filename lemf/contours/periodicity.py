"""Periodicity at the tracked F0: tells voice from noise that Harvest takes for voice."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lemf.arrays import FloatArray, IntArray

PERIODICITY_WINDOW_S = 0.040  # three periods of 75 Hz
_FRAMES_AT_A_TIME = 32  # whose segments stay in the cache
_N_LAGS = 4  # around the period


def frame_periodicity(
    samples: FloatArray, centres: IntArray, rate_hz: int, f0_hz: FloatArray
) -> FloatArray:
    """Compute the autocorrelation of each voiced frame at the period of its F0.

    r(T) / r(0) under a 40 ms Hann window, divided by the window's own autocorrelation, which undoes
    the taper (Boersma 1993, equations 7 to 9), without its sub-sample interpolation: the highest of
    the four lags around T = 1 / F0. Beyond the ends of the recording there are zeros. Below 27 Hz a
    period hardly fits into the window, and even noise may seem periodic.

    Parameters
    ----------
    samples : (samples,) float64
    centres : (frames,) int64
        Sample at which each frame is centred.
    rate_hz : int
    f0_hz : (frames,) float64
        0 where unvoiced.

    Returns
    -------
    (frames,) float64
        At most 1, near 1 for a periodic signal; 0 where unvoiced or silent.

    References
    ----------
    P. Boersma, "Accurate short-term analysis of the fundamental frequency and the harmonics-to-
    noise ratio of a sampled sound", Proc. Institute of Phonetic Sciences 17, Amsterdam 1993.
    """
    size = round(PERIODICITY_WINDOW_S * rate_hz)
    window = np.hanning(size + 2)[1:-1]
    n_fft = 1 << (2 * size - 1).bit_length()
    taper = autocorrelation(window[np.newaxis], n_fft)[0, :size]
    taper /= taper[0]
    around = np.zeros(len(samples) + 2 * size)
    around[size : size + len(samples)] = samples
    segments = sliding_window_view(around, size)
    voiced = np.flatnonzero(f0_hz > 0)
    starts = centres[voiced] - size // 2 + size
    lowest = np.clip(np.floor(rate_hz / f0_hz[voiced]).astype(np.int64), 1, size - 3) - 1
    # Only the four lags are summed: a transform of the frame would take all of them
    padded = np.zeros((_FRAMES_AT_A_TIME, 2 * size))
    delayed = sliding_window_view(padded, size + _N_LAGS - 1, axis=1)
    rows = np.arange(_FRAMES_AT_A_TIME)
    at_lags, at_zero = np.empty((len(voiced), _N_LAGS)), np.empty(len(voiced))
    for first in range(0, len(voiced), _FRAMES_AT_A_TIME):
        block = slice(first, first + _FRAMES_AT_A_TIME)
        segment = segments[starts[block]]  # a copy
        segment -= segment.mean(axis=1, keepdims=True)
        segment *= window
        padded[: len(segment), :size] = segment
        ahead = delayed[rows[: len(segment)], lowest[block]]
        for k in range(_N_LAGS):
            np.einsum("ij,ij->i", segment, ahead[:, k : k + size], out=at_lags[block, k])
        np.einsum("ij,ij->i", segment, segment, out=at_zero[block])
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = at_lags / at_zero[:, np.newaxis]
        ratio /= taper[lowest[:, np.newaxis] + np.arange(_N_LAGS)]
    ratio[at_zero <= 0] = 0.0
    periodicity = np.zeros(len(f0_hz))
    periodicity[voiced] = np.clip(ratio.max(axis=1), 0.0, 1.0)
    return periodicity


def autocorrelation(segments: FloatArray, n_fft: int) -> FloatArray:
    """Compute the autocorrelation of each segment, a (segments, samples) array, from lag 0."""
    return np.fft.irfft(np.abs(np.fft.rfft(segments, n_fft, axis=1)) ** 2, n_fft, axis=1)
