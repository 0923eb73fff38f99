"""The 5 ms time axis that F0 and energy share, and the pieces of a long recording on it.

Frame k is at k * 0.005 s and is centred at sample round(k * 0.005 * rate).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, gcd

import numpy as np
from numpy.typing import ArrayLike

from lemf.arrays import FloatArray, IntArray
from lemf.config import FRAME_PERIOD_S

WHOLE_S = 60.0  # recordings up to here are analysed in one piece
OVERLAP_S = 0.5  # read on both sides of a piece; keeps F0 at the seams within 0.01 cent

_ROUNDING_S = 1e-6  # of the times of intervals
_FRAMES_PER_S = round(1 / FRAME_PERIOD_S)


@dataclass(frozen=True)
class Piece:
    """Samples `start` to `stop` are analysed; frames `first_frame` to `stop_frame` are kept.

    `start_frame` is the frame of the recording at which the analysis starts.
    """

    start: int
    stop: int
    start_frame: int
    first_frame: int
    stop_frame: int


def count_frames(n_samples: int, rate_hz: int) -> int:
    """Count the frames of a recording: one at 0 s and one after each full 5 ms, as Harvest does."""
    return int(1000.0 * n_samples / rate_hz / (1000.0 * FRAME_PERIOD_S)) + 1


def frame_times(n_frames: int) -> FloatArray:
    """Compute the times of the frames in seconds, shape (frames,)."""
    return np.arange(n_frames, dtype=np.float64) * FRAME_PERIOD_S


def frames_of(start_s: float, end_s: float, times_s: FloatArray) -> slice:
    """Find the frames of a stretch of time: those with start <= time < end."""
    first, stop = frames_from((start_s, end_s), times_s)
    return slice(int(first), int(stop))


def frames_of_each(edges_s: Sequence[tuple[float, float]], times_s: FloatArray) -> list[slice]:
    """Find the frames of several stretches of time at once, each as `frames_of` does.

    Parameters
    ----------
    edges_s : sequence of (start, end)
    times_s : (frames,) float64
    """
    return [slice(first, stop) for first, stop in frames_from(edges_s, times_s).tolist()]


def frames_from(edges_s: ArrayLike, times_s: FloatArray) -> IntArray:
    """Find the first frame at or after each edge.

    A frame up to 1 microsecond before an edge counts as at the edge: tools that shift or cut a
    TextGrid write 0.3000000000000001 s for 0.3 s, and six decimals for more.

    Parameters
    ----------
    edges_s : array_like of float64
    times_s : (frames,) float64

    Returns
    -------
    int64 array of the shape of `edges_s`
    """
    frames: IntArray = np.searchsorted(times_s, np.asarray(edges_s) - _ROUNDING_S)
    return frames


def frame_centres(n_frames: int, rate_hz: int) -> IntArray:
    """Compute the samples at which frames are centred, shape (frames,); halves round to even."""
    centres: IntArray = np.rint(np.arange(n_frames) * FRAME_PERIOD_S * rate_hz).astype(np.int64)
    return centres


def cut_pieces(
    n_samples: int, rate_hz: int, decimation: int, *, whole_s: float = WHOLE_S
) -> list[Piece]:
    """Cut a recording into overlapping pieces that Harvest analyses as it would the whole.

    What Harvest finds depends on where its decimation starts and, through the padding of the
    decimation filter, on the length modulo the decimation factor. So each piece starts at a
    multiple of both the frame period and the factor, and has the remainder of the whole length.

    Parameters
    ----------
    n_samples : int
        Length of the recording.
    rate_hz : int
    decimation : int
        Harvest's decimation factor at this rate.
    whole_s : float
        Recordings up to this length in seconds are one piece; longer pieces are half of it.

    Returns
    -------
    list of Piece
        In order; their kept frames are all frames of the recording, each once.
    """
    n_frames = count_frames(n_samples, rate_hz)
    if n_samples <= whole_s * rate_hz:
        return [Piece(0, n_samples, 0, 0, n_frames)]
    # the fewest frames that are a whole number of samples and of decimated samples
    grid = _FRAMES_PER_S * decimation // gcd(rate_hz, _FRAMES_PER_S * decimation)
    body = grid * ceil(whole_s / 2 * _FRAMES_PER_S / grid)
    overlap = grid * ceil(OVERLAP_S * _FRAMES_PER_S / grid)
    pieces = []
    first = 0
    while first < n_frames:
        stop = first + body
        start_frame = max(0, first - overlap)
        if n_frames - stop <= overlap:
            stop, stop_sample = n_frames, n_samples
        else:
            stop_sample = min(n_samples, (stop + overlap) * rate_hz // _FRAMES_PER_S)
            stop_sample -= (stop_sample - n_samples) % decimation
        start = start_frame * rate_hz // _FRAMES_PER_S
        pieces.append(Piece(start, stop_sample, start_frame, first, stop))
        first = stop
    return pieces
