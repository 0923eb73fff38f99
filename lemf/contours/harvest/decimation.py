"""Decimation to about 8 kHz, the rate on which Harvest works, as MATLAB's decimate does it."""

from __future__ import annotations

from dataclasses import dataclass
from math import asinh, ceil, cosh, pi, sinh, tan

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lemf.arrays import FloatArray, IntArray

_RATE_HZ = 8000.0  # Harvest works near this rate, whatever the recording's
_LARGEST_FACTOR = 12
_HELD = 140  # fewest samples by which the ends are held
_REFLECTED = 9  # samples by which the held ends are reflected
_NEGLIGIBLE = 1e-18  # of an impulse response


@dataclass(frozen=True)
class Decimated:
    """The recording at the rate on which Harvest works, without its mean."""

    samples: FloatArray
    rate_hz: float

    def around(self, middles: IntArray, half: int) -> FloatArray:
        """Return the samples around places, shape (places, 2 half + 1); the ends are held."""
        low = max(0, half - int(middles.min()))
        high = max(0, int(middles.max()) + half + 1 - len(self.samples))
        held = np.pad(self.samples, (low, high), mode="edge") if low or high else self.samples
        return sliding_window_view(held, 2 * half + 1)[middles - half + low]


def decimation_factor(rate_hz: int) -> int:
    """Return the whole number by which Harvest divides the sampling rate."""
    return max(min(int(rate_hz / _RATE_HZ + 0.5), _LARGEST_FACTOR), 1)


def decimate(samples: FloatArray, rate_hz: int) -> Decimated:
    """Decimate the recording to about 8 kHz, as MATLAB does, and subtract its mean."""
    factor = decimation_factor(rate_hz)
    n_samples = len(samples)
    n_kept = -(-n_samples // factor)
    if factor > 1:
        # a held end reflected is a held end
        before = ceil(_HELD / factor) * factor + _REFLECTED
        held = np.pad(samples, before, mode="edge")
        response = decimation_response(factor)
        forward = np.convolve(held, response)[: len(held)]
        both = np.convolve(forward[::-1], response)[: len(held)][::-1]
        # every factor-th sample, counted so that the last one is kept
        start = before + (n_samples - 1) % factor
        samples = both[start::factor][:n_kept]
    return Decimated(samples - np.cumsum(samples)[-1] / n_kept, rate_hz / factor)


def decimation_response(factor: int) -> FloatArray:
    """Compute the impulse response of the decimation's low-pass filter.

    A Chebyshev filter of the first kind, third order, with 0.05 dB of ripple, cut off at 0.8 of
    the new Nyquist frequency.
    """
    spread = asinh(1.0 / (10.0**0.005 - 1.0) ** 0.5) / 3.0
    cut_off = tan(pi * 0.8 / factor / 2.0)
    poles = np.array(
        [
            -cut_off * complex(sinh(spread) * np.cos(angle), cosh(spread) * np.sin(angle))
            for angle in (-pi / 3.0, 0.0, pi / 3.0)
        ]
    )
    gain = np.prod(-poles / (1.0 - poles)).real
    denominator = np.poly((1.0 + poles) / (1.0 - poles)).real.astype(np.float64)
    return impulse_response(gain * np.array([1.0, 3.0, 3.0, 1.0]), denominator)


def impulse_response(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Run an impulse through a recursive filter until it has died away.

    Parameters
    ----------
    numerator, denominator : (order + 1,) float64
        The denominator starts with 1.

    Returns
    -------
    (taps,) float64
    """
    order = len(denominator) - 1
    taps = [0.0] * order
    feedback = [-float(value) for value in denominator[:0:-1]]
    drive = [float(value) for value in numerator]
    while len(taps) <= 2 * order or max(map(abs, taps[-order:])) > _NEGLIGIBLE:
        n = len(taps) - order
        value = drive[n] if n < len(drive) else 0.0
        taps.append(value + sum(a * y for a, y in zip(feedback, taps[-order:], strict=True)))
    return np.array(taps[order:])
