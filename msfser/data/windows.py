"""The windows of equal length that long recordings are cut into."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from msfser.config.settings import RATE_HZ, WINDOW_S
from msfser.data.examples import IntArray


@dataclass(frozen=True, eq=False)
class Windows:
    """The windows that recordings are cut into, in the order of the recordings and of time.

    Attributes
    ----------
    recordings : (windows,) int64
        Place of the recording of each window.
    starts, stops : (windows,) int64
        First sample of each window, and the sample after its last.
    """

    recordings: IntArray
    starts: IntArray
    stops: IntArray

    @property
    def lengths(self) -> IntArray:
        """Samples of each window."""
        return self.stops - self.starts


def cut_windows(n_samples: IntArray, window_s: float = WINDOW_S) -> Windows:
    """Cut each recording into the fewest windows of equal length, within one sample.

    Parameters
    ----------
    n_samples : (recordings,) int64
        Lengths at 16 kHz.
    window_s : float
        The longest window allowed.
    """
    n_windows = np.maximum(-(-n_samples // int(window_s * RATE_HZ)), 1)
    recordings = np.repeat(np.arange(len(n_samples)), n_windows)
    numbers = np.arange(len(recordings)) - (np.cumsum(n_windows) - n_windows)[recordings]
    n, parts = n_samples[recordings], n_windows[recordings]
    return Windows(recordings, numbers * n // parts, (numbers + 1) * n // parts)
