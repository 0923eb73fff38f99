"""Contours in the few bytes that drawing takes: 16 bits a frame, in base64.

The figure draws the same contours; here F0 is rounded to 0.05 Hz and energy to 1/65535 of the
loudest frame. Of recordings that would take over a megabyte, frames are joined: the median F0 of
the voiced ones, the highest energy.
"""

from __future__ import annotations

import math
from base64 import b64encode
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lemf.arrays import FloatArray
from lemf.config import FRAME_PERIOD_S
from lemf.contours.contours import Contours

STEPS_PER_HZ = 20
_LARGEST = 65_535
MOST_FRAMES = 180_000  # 15 minutes


def pack_contours(contours: Contours) -> dict[str, Any]:
    """Pack F0 and energy for the page.

    Parameters
    ----------
    contours : Contours

    Returns
    -------
    dict
        ``period_s`` from frame to frame, ``steps_per_hz``, ``loudest`` (the energy of the highest
        value), and ``f0`` and ``energy``: little-endian uint16 in base64, 0 where unvoiced.
    """
    joined = math.ceil(len(contours.f0_hz) / MOST_FRAMES)
    f0_hz, energy = _join_f0(contours.f0_hz, joined), _join_energy(contours.energy, joined)
    loudest = float(energy.max(initial=0.0))
    return {
        "period_s": FRAME_PERIOD_S * joined,
        "steps_per_hz": STEPS_PER_HZ,
        "loudest": loudest,
        "f0": _pack(f0_hz * STEPS_PER_HZ),
        "energy": _pack(energy / loudest * _LARGEST if loudest else energy),
    }


def _pack(values: FloatArray) -> str:
    steps: NDArray[np.uint16] = np.rint(values).clip(0, _LARGEST).astype("<u2")
    return b64encode(steps.tobytes()).decode()


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
