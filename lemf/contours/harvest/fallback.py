"""Harvest (Morise 2017) in plain numpy, for where the compiled extension could not be built.

The F0s are those of WORLD to 1e-8 Hz with the same voicing, but for a few frames beside exact
zeros, where WORLD's own answer is rounding noise. Time and memory are linear in the length.
Convention: 0 Hz means unvoiced; frames are 1 ms apart.

References
----------
M. Morise, "Harvest: a high-performance fundamental frequency estimator from speech signals",
Interspeech 2017, pp. 2321-2325.
"""

from __future__ import annotations

from math import asinh, ceil, cosh, pi, sinh, tan

import numpy as np

from lemf.arrays import FloatArray
from lemf.contours.harvest.bands import Decimated, raw_candidates
from lemf.contours.harvest.connect import connect, voiced_sections
from lemf.contours.harvest.refine import refine

_RATE_HZ = 8000.0  # the signal is decimated to about this rate
_LARGEST_FACTOR = 12
_HELD = 140  # samples by which the ends are held for the decimation, at least
_REFLECTED = 9  # samples by which they are reflected beyond
_SETTLED = 300  # frames in which the smoothing filter settles
_NEGLIGIBLE = 1e-18  # of an impulse response


def harvest_numpy(
    samples: FloatArray, rate_hz: int, *, floor_hz: float = 71.0, ceiling_hz: float = 800.0
) -> FloatArray:
    """Track F0.

    Parameters
    ----------
    samples : (samples,) float64
        Finite, at least one.
    rate_hz : int
    floor_hz, ceiling_hz : float
        Range of the search.

    Returns
    -------
    (frames,) float64
        F0 in Hz every millisecond from 0 s on; 0 where unvoiced.
    """
    n_frames = int(1000.0 * len(samples) / rate_hz) + 1
    signal = decimate(samples, rate_hz)
    raw = raw_candidates(signal, n_frames, floor_hz=floor_hz, ceiling_hz=ceiling_hz)
    candidates = refine(signal, raw, n_frames, floor_hz=floor_hz, ceiling_hz=ceiling_hz)
    return smooth(connect(candidates))


def decimate(samples: FloatArray, rate_hz: int) -> Decimated:
    """Bring the recording to about 8 kHz, as MATLAB's decimate does, and subtract its mean."""
    factor = max(min(int(rate_hz / _RATE_HZ + 0.5), _LARGEST_FACTOR), 1)
    n_samples = len(samples)
    n_kept = -(-n_samples // factor)
    if factor > 1:
        # reflecting the held ends holds them
        before = ceil(_HELD / factor) * factor + _REFLECTED
        held = np.pad(samples, before, mode="edge")
        response = decimation_response(factor)
        forward = np.convolve(held, response)[: len(held)]
        both = np.convolve(forward[::-1], response)[: len(held)][::-1]
        # every so many samples, such that the last one is among them
        start = before + (n_samples - 1) % factor
        samples = both[start::factor][:n_kept]
    return Decimated(samples - np.cumsum(samples)[-1] / n_kept, rate_hz / factor)


def decimation_response(factor: int) -> FloatArray:
    """Give the impulse response of the decimation's low-pass filter.

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


def smooth(f0_hz: FloatArray) -> FloatArray:
    """Smooth each voiced section, held at its ends, by a zero-phase Butterworth filter.

    Parameters
    ----------
    f0_hz : (frames,) float64

    Returns
    -------
    (frames,) float64
    """
    b0 = 0.0078202080334971724
    response = impulse_response(
        np.array([b0, 2.0 * b0, b0]), np.array([1.0, -1.7347257688092754, 0.76600660094326412])
    )
    response = np.pad(response, (0, _SETTLED + 1))[: _SETTLED + 1]
    both_ways = np.convolve(response, response[::-1])
    smoothed = np.zeros(len(f0_hz) + 2)
    padded = np.pad(f0_hz, 1)  # the ends may be voiced here
    for first, last in voiced_sections(padded):
        held = np.pad(padded[first : last + 1], _SETTLED, mode="edge")
        smoothed[first : last + 1] = np.convolve(held, both_ways, mode="valid")
    return smoothed[1:-1]


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
