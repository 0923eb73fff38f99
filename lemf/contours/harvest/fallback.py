"""Harvest (Morise 2017) in plain numpy, for where the compiled extension could not be built.

The F0s are those of WORLD to 1e-8 Hz with the same voicing, except in a few frames beside exact
zeros, where WORLD's result is rounding noise. Time and memory are linear in the length.
Convention: 0 Hz means unvoiced; frames are 1 ms apart.

References
----------
M. Morise, "Harvest: a high-performance fundamental frequency estimator from speech signals",
Interspeech 2017, pp. 2321-2325.
"""

from __future__ import annotations

import numpy as np

from lemf.arrays import FloatArray
from lemf.config import PITCH_CEILING_HZ, PITCH_FLOOR_HZ
from lemf.contours.harvest.bands import raw_candidates
from lemf.contours.harvest.connect import connect, voiced_sections
from lemf.contours.harvest.decimation import decimate, impulse_response
from lemf.contours.harvest.refine import refine

_SETTLED = 300  # frames in which the smoothing filter settles


def harvest_numpy(
    samples: FloatArray,
    rate_hz: int,
    *,
    floor_hz: float = PITCH_FLOOR_HZ,
    ceiling_hz: float = PITCH_CEILING_HZ,
) -> FloatArray:
    """Track F0 by Harvest.

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
