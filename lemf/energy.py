"""Frame energy: the L2 norm of the short-time Fourier transform under a 20 ms window."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lemf.config import ENERGY_WINDOW_S
from lemf.frames import FloatArray, IntArray

_FRAMES_AT_A_TIME = 2048  # bounds the memory of the spectra


def frame_energy(samples: FloatArray, centres: IntArray, rate_hz: int) -> FloatArray:
    """Measure the energy of each frame (section 2.2 of the paper).

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
    size = round(ENERGY_WINDOW_S * rate_hz)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    padded = np.pad(samples, size)
    segments = sliding_window_view(padded, size)
    starts = centres - size // 2 + size
    energy = np.empty(len(centres))
    for first in range(0, len(centres), _FRAMES_AT_A_TIME):
        block = slice(first, first + _FRAMES_AT_A_TIME)
        spectra = np.fft.rfft(segments[starts[block]] * window, axis=1)
        energy[block] = np.linalg.norm(spectra, axis=1)
    return energy
