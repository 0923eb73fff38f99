"""Contours in the few bytes that drawing takes: whole steps, as differences from frame to frame.

The figure draws the same contours; here F0 is rounded to 0.1 Hz, and the square root of energy to
1/1023 of that of the loudest frame, so that quiet sentences keep their shape. Of recordings of
more than 15 minutes, frames are joined: the median F0 of the voiced ones, the highest energy.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lemf.arrays import FloatArray
from lemf.config import FRAME_PERIOD_S
from lemf.contours.contours import Contours

STEPS_PER_HZ = 10
ENERGY_STEPS = 1023
MOST_FRAMES = 180_000  # 15 minutes


def pack_contours(contours: Contours) -> dict[str, Any]:
    """Pack F0 and energy for the page.

    Parameters
    ----------
    contours : Contours

    Returns
    -------
    dict
        ``period_s`` from frame to frame, ``steps_per_hz``, ``energy_steps``, ``loudest`` (the
        energy of the highest step), and ``f0`` and ``energy``: lists of int, the differences of
        the steps from frame to frame, from 0 on. F0 is 0 where unvoiced; energy is `loudest`
        times the square of its steps over `energy_steps`.
    """
    joined = math.ceil(len(contours.f0_hz) / MOST_FRAMES)
    f0_hz, energy = _join_f0(contours.f0_hz, joined), _join_energy(contours.energy, joined)
    loudest = float(energy.max(initial=0.0))
    steps = np.where(f0_hz > 0, np.maximum(f0_hz * STEPS_PER_HZ, 1.0), 0.0)  # voiced stays voiced
    share = energy / loudest if loudest else energy
    return {
        "period_s": FRAME_PERIOD_S * joined,
        "steps_per_hz": STEPS_PER_HZ,
        "energy_steps": ENERGY_STEPS,
        "loudest": loudest,
        "f0": _differences(steps),
        "energy": _differences(np.sqrt(share) * ENERGY_STEPS),
    }


def _differences(steps: FloatArray) -> list[int]:
    whole: NDArray[np.int64] = np.rint(steps).astype(np.int64)
    differences: list[int] = np.diff(whole, prepend=0).tolist()
    return differences


def _join_energy(energy: FloatArray, joined: int) -> FloatArray:
    highest: FloatArray = _table(energy, joined).max(axis=1)
    return highest


def _join_f0(f0_hz: FloatArray, joined: int) -> FloatArray:
    """Return the median of the voiced frames, 0 where most are unvoiced."""
    table = _table(f0_hz, joined)
    if joined == 1:
        return table[:, 0]
    n_voiced = (table > 0).sum(axis=1)
    place = joined - 1 - (np.maximum(n_voiced, 1) - 1) // 2  # of the upper median, sorted
    median = np.take_along_axis(np.sort(table, axis=1), place[:, None], axis=1)[:, 0]
    values: FloatArray = np.where(2 * n_voiced >= joined, median, 0.0)
    return values


def _table(values: FloatArray, joined: int) -> FloatArray:
    padding = -len(values) % joined
    return np.pad(values, (0, padding)).reshape(-1, joined)
