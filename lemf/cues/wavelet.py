"""The continuous wavelet transform of a contour: how far it rises above what is around it."""

from __future__ import annotations

import numpy as np

from lemf.arrays import FloatArray

_REACH = 5  # of the wavelet, in scales: exp(-12.5) is nothing


def ricker_transform(signal: FloatArray, scale: float) -> FloatArray:
    """Convolve a contour with the Ricker wavelet ("Mexican hat") of one scale.

    psi(t) = (1 - (t/s)^2) exp(-(t/s)^2 / 2) / (s sqrt(2 pi)), which is the difference between a
    Gaussian mean and its surroundings: -s^2 times the second derivative of the smoothed contour.

    Parameters
    ----------
    signal : (frames,) float64
        Goes on with its first and last value beyond its ends.
    scale : float
        s in frames.

    Returns
    -------
    (frames,) float64
        0 for a constant signal; in the unit of the signal.

    References
    ----------
    A. Suni, J. Simko, D. Aalto, M. Vainio, "Hierarchical representation and estimation of prosody
    using continuous wavelet transform", Computer Speech & Language 45, 2017.
    """
    if not len(signal):
        return signal
    reach = int(np.ceil(_REACH * scale))
    t = np.arange(-reach, reach + 1) / scale
    wavelet = (1 - t**2) * np.exp(-(t**2) / 2) / (scale * np.sqrt(2 * np.pi))
    wavelet -= wavelet.mean()  # the tails that are cut off
    return np.convolve(np.pad(signal, reach, mode="edge"), wavelet, mode="valid")
