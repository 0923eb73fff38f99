"""Frame energy: the L2 norm of the short-time Fourier transform under a 20 ms window.

All of the spectrum as in the paper, or the middle of it, where vocal effort shows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from lemf.arrays import FloatArray, IntArray
from lemf.config import ENERGY_WINDOW_S

MID_BAND_HZ = (500.0, 4000.0)
_FRAMES_AT_A_TIME = 64  # whose segments and spectra stay in the cache


def frame_energy(samples: FloatArray, centres: IntArray, rate_hz: int) -> FloatArray:
    """Compute the energy of each frame (section 2.2 of the paper).

    E_k = ||rfft(w * x_k)||_2 over the one-sided spectrum of round(0.020 * rate) samples centred at
    the frame under a periodic Hann window w; beyond the ends of the recording there are zeros.

    Parameters
    ----------
    samples : (samples,) float64
    centres : (frames,) int64
        Sample at which each frame is centred.
    rate_hz : int

    Returns
    -------
    (frames,) float64
        Proportional to the amplitude, never negative.
    """
    energy = np.empty(len(centres))
    for block, spectra in _spectra(samples, centres, rate_hz):
        energy[block] = _norms(spectra)
    return energy


def frame_energies(
    samples: FloatArray, centres: IntArray, rate_hz: int
) -> tuple[FloatArray, FloatArray]:
    """Compute what `frame_energy` and `frame_mid_energy` do, from one transform of each frame.

    Parameters
    ----------
    samples, centres, rate_hz
        As in `frame_energy`.

    Returns
    -------
    (frames,) float64
        As `frame_energy` computes it.
    (frames,) float64
        As `frame_mid_energy` computes it.
    """
    band = _mid_band(rate_hz)
    energy, mid_energy = np.empty(len(centres)), np.empty(len(centres))
    for block, spectra in _spectra(samples, centres, rate_hz):
        energy[block] = _norms(spectra)
        mid_energy[block] = _norms(spectra[:, band])
    return energy, mid_energy


def frame_mid_energy(samples: FloatArray, centres: IntArray, rate_hz: int) -> FloatArray:
    """Compute the energy of each frame between 500 and 4000 Hz.

    Emphasis raises this band more than the whole: effort flattens the spectrum (Sluijter & van
    Heuven 1996), and detectors of prominence do best on it (Tamburini 2003).

    Parameters
    ----------
    samples : (samples,) float64
    centres : (frames,) int64
        Sample at which each frame is centred.
    rate_hz : int

    Returns
    -------
    (frames,) float64
        L2 norm of the bins of the band, on the scale of `frame_energy`; the band ends at half the
        rate where that is lower.

    References
    ----------
    A. Sluijter, V. van Heuven, "Spectral balance as an acoustic correlate of linguistic stress",
    JASA 100, 1996. F. Tamburini, "Prosodic prominence detection in speech", ISSPA 2003.
    """
    band = _mid_band(rate_hz)
    energy = np.empty(len(centres))
    for block, spectra in _spectra(samples, centres, rate_hz):
        energy[block] = _norms(spectra[:, band])
    return energy


def mean_level_db(energy: FloatArray, rate_hz: int) -> float:
    """Compute the mean level of frames in decibels re full scale.

    10 log10 of the mean power. By Parseval's theorem, the mean square of a frame of n samples under
    the window is 16 E_k^2 / (3 n^2). A sine of full scale has -3.01 dB, its root mean square.

    Parameters
    ----------
    energy : (frames,) float64
        As `frame_energy` computes it.
    rate_hz : int
        Sampling rate of the recording.

    Returns
    -------
    float
        NaN without a frame, or where all are silent.
    """
    power = 16.0 / 3.0 * np.square(energy / _window_size(rate_hz))
    total = float(power.sum())
    return 10.0 * math.log10(total / len(power)) if total > 0 else math.nan


def _window_size(rate_hz: int) -> int:
    return round(ENERGY_WINDOW_S * rate_hz)


def _mid_band(rate_hz: int) -> slice:
    """Return the bins from 500 to 4000 Hz, both included."""
    low_hz, high_hz = MID_BAND_HZ
    frequencies_hz = np.fft.rfftfreq(_window_size(rate_hz), 1 / rate_hz)
    return slice(*np.searchsorted(frequencies_hz, [low_hz, np.nextafter(high_hz, np.inf)]))


def _norms(spectra: NDArray[np.complex128]) -> FloatArray:
    """Compute the L2 norm of each row, to the bit of `numpy.linalg.norm`, with one array less."""
    squares = spectra.conj()
    squares *= spectra
    norms: FloatArray = np.sqrt(np.add.reduce(squares.real, axis=1))
    return norms


def _spectra(
    samples: FloatArray, centres: IntArray, rate_hz: int
) -> Iterator[tuple[slice, NDArray[np.complex128]]]:
    size = _window_size(rate_hz)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    padded = np.zeros(len(samples) + 2 * size)
    padded[size : size + len(samples)] = samples
    segments = sliding_window_view(padded, size)
    starts = centres - size // 2 + size
    for first in range(0, len(centres), _FRAMES_AT_A_TIME):
        block = slice(first, first + _FRAMES_AT_A_TIME)
        frames = segments[starts[block]]  # a copy
        frames *= window
        yield block, np.fft.rfft(frames, axis=1)
