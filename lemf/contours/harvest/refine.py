"""The second step of Harvest in numpy: each candidate is refined by its instantaneous frequency.

Around a candidate, the signal under a window of three periods has its first six harmonics near
the multiples of F0; their exact frequencies tell F0, and their agreement scores it.
Candidates with the same window length go through one matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.typing import NDArray

from lemf.arrays import FloatArray, IntArray
from lemf.contours.harvest.bands import FRAMES_PER_S
from lemf.contours.harvest.decimation import Decimated

_SPREAD = 3  # frames to either side in which a candidate is tried as well
_HARMONICS = 6
_LOWEST_SCORE = 2.5
_TINY = 1e-12
_NEIGHBOUR = 0.05  # largest relative step to a candidate of the next frame
_CHUNK = 1 << 17  # windowed samples at a time
_SINGLE_THREAD = 1 << 18  # multiplications up to which OpenBLAS takes one thread


BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Candidates:
    """The distinct candidates of each frame, in order of F0.

    Those of frame i are `first[i]` to `first[i + 1] - 1`.
    """

    first: IntArray  # (frames + 1,)
    f0_hz: FloatArray  # (candidates,)
    score: FloatArray  # (candidates,)

    @classmethod
    def collect(
        cls, frames: IntArray, f0_hz: FloatArray, score: FloatArray, n_frames: int
    ) -> Candidates:
        """Order candidates by frame and F0; of equal ones, the highest score is kept."""
        order = np.lexsort((f0_hz, frames))
        frames, f0_hz, score = frames[order], f0_hz[order], score[order]
        new = np.ones(len(frames), dtype=np.bool_)
        new[1:] = (frames[1:] != frames[:-1]) | (f0_hz[1:] != f0_hz[:-1])
        starts = np.flatnonzero(new)
        if len(starts):
            score = np.maximum.reduceat(score, starts)
        first = np.searchsorted(frames[starts], np.arange(n_frames + 1))
        return cls(first, f0_hz[starts], score)

    def frames(self) -> IntArray:
        """Return the frame of each candidate, shape (candidates,)."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))


def refine(
    signal: Decimated,
    raw: tuple[IntArray, FloatArray],
    n_frames: int,
    *,
    floor_hz: float,
    ceiling_hz: float,
) -> Candidates:
    """Refine each candidate in its frame and in the three to either side of it.

    Parameters
    ----------
    signal : Decimated
    raw : tuple of (candidates,) int64 and (candidates,) float64
        Frames and F0s in Hz of the raw candidates.
    n_frames : int
        Frames of 1 ms.
    floor_hz, ceiling_hz : float
        Range of the search.

    Returns
    -------
    Candidates
        Those in the range that are harmonic enough and have a neighbour before or after.
    """
    frames, f0_hz = raw
    halves = (1.5 * signal.rate_hz / f0_hz + 1.0).astype(np.int64)
    order = np.argsort(halves, kind="stable")
    found = [(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))]
    for group in np.split(order, np.flatnonzero(np.diff(halves[order])) + 1):
        if len(group):
            found += _refine_group(
                signal, int(halves[group[0]]), frames[group], f0_hz[group], n_frames
            )
    at, refined_hz, score = (np.concatenate(parts) for parts in zip(*found, strict=True))
    kept = (refined_hz >= floor_hz) & (refined_hz <= ceiling_hz) & (score >= _LOWEST_SCORE)
    return reliable(Candidates.collect(at[kept], refined_hz[kept], score[kept], n_frames))


def reliable(candidates: Candidates) -> Candidates:
    """Select the candidates with another within 5 % in the frame before or after.

    Those of the first and of the last frame are kept as they are.
    """
    frames = candidates.frames()
    n_frames = len(candidates.first) - 1
    kept = (frames == 0) | (frames == n_frames - 1)
    for step in (-1, 1):
        kept |= _has_neighbour(candidates, frames, step)
    first = np.searchsorted(frames[kept], np.arange(n_frames + 1))
    return Candidates(first, candidates.f0_hz[kept], candidates.score[kept])


def _has_neighbour(candidates: Candidates, frames: IntArray, step: int) -> BoolArray:
    """Check for each candidate whether the frame `step` further on has one within 5 %."""
    f0_hz = candidates.f0_hz
    found = np.zeros(len(f0_hz), dtype=np.bool_)
    if not len(f0_hz):
        return found
    # one rising key of frame and F0; only places are taken from it, so rounding does not matter
    scale = 2.0 * f0_hz.max()
    place = np.searchsorted(frames * scale + f0_hz, (frames + step) * scale + f0_hz)
    for near in (place - 1, place):
        near = near.clip(0, len(f0_hz) - 1)
        close = np.abs(f0_hz - f0_hz[near]) / f0_hz <= _NEIGHBOUR
        found |= close & (frames[near] == frames + step)
    return found


def _refine_group(
    signal: Decimated, half: int, frames: IntArray, f0_hz: FloatArray, n_frames: int
) -> list[tuple[IntArray, FloatArray, FloatArray]]:
    """Refine candidates with windows of one length; return frames, F0s and scores in chunks."""
    # Bins of the harmonics
    rate_hz = signal.rate_hz
    fft_size = 4 << ((2 * half + 1).bit_length() - 1)  # WORLD's: it sets the bins
    harmonics = np.arange(1, _HARMONICS + 1)
    n_harmonics = np.minimum((rate_hz / 2.0 / f0_hz).astype(np.int64), _HARMONICS)
    heard = harmonics <= n_harmonics[:, None]  # (candidates, harmonics)
    nearest = ((f0_hz * fft_size / rate_hz)[:, None] * harmonics + 0.5).astype(np.int64)
    bins, column = np.unique(np.where(heard, nearest, 0), return_inverse=True)
    column = column.reshape(heard.shape)

    # Frames in which candidates are tried
    reached = frames[:, None] + np.arange(-_SPREAD, _SPREAD + 1)
    source, shift = np.nonzero((reached >= 0) & (reached < n_frames))
    targets = reached[source, shift]
    order = np.argsort(targets, kind="stable")
    source, targets = source[order], targets[order]
    windows, starts = np.unique(targets, return_index=True)

    # Spectra and F0s, in chunks
    refined = []
    step = max(1, _CHUNK // (2 * half + 1))
    for low in range(0, len(windows), step):
        chunk = windows[low : low + step]
        pairs = slice(starts[low], starts[low + step] if low + step < len(starts) else None)
        amplitude, frequency_hz = harmonic_spectrum(signal, half, chunk, bins, fft_size)
        row = np.searchsorted(chunk, targets[pairs])
        picked = row[:, None] * len(bins) + column[source[pairs]]
        refined.append(
            (
                targets[pairs],
                *refined_f0(
                    f0_hz[source[pairs]],
                    amplitude.ravel()[picked],
                    frequency_hz.ravel()[picked],
                    heard[source[pairs]],
                ),
            )
        )
    return refined


def harmonic_spectrum(
    signal: Decimated, half: int, frames: IntArray, bins: IntArray, fft_size: int
) -> tuple[FloatArray, FloatArray]:
    """Compute amplitude and instantaneous frequency (Flanagan) at bins of frames.

    Parameters
    ----------
    signal : Decimated
    half : int
        The window is a Blackman window of 2 half + 1 samples.
    frames : (frames,) int64
    bins : (bins,) int64
        Bins of a transform of `fft_size` points.
    fft_size : int

    Returns
    -------
    amplitude : (frames, bins) float64
    frequency_hz : (frames, bins) float64
        0 where the amplitude is 0.
    """
    # Blackman windows centred at the frames
    rate_hz, length = signal.rate_hz, 2 * half + 1
    middle = round_half_away((frames / FRAMES_PER_S - half / rate_hz) * rate_hz + 0.001) - 1 + half
    offset = middle - frames * (rate_hz / FRAMES_PER_S)  # from the frame, in samples
    # few places between samples come again and again: one, at a whole number of kHz
    _, first, row = np.unique(offset.round(9), return_index=True, return_inverse=True)
    angle = (2.0 * pi / length) * np.arange(-half - 1, half + 2)
    shift = (2.0 * pi / length) * offset[first, None]
    cosine = np.cos(angle) * np.cos(shift) - np.sin(angle) * np.sin(shift)
    window = 0.34 + cosine * (0.5 + 0.16 * cosine)  # (places, length + 2)
    window[:, [0, -1]] = 0.0
    slope = (window[:, :-2] - window[:, 2:]) * 0.5
    window = window[:, 1:-1]

    # Transforms under window and slope
    around = signal.around(middle, half)
    turn = (2.0 * pi / fft_size) * (np.arange(length)[:, None] * bins % fft_size)
    waves = np.concatenate((np.cos(turn), -np.sin(turn)), axis=1)  # (length, 2 bins)
    if len(first) == 1:
        main, diff = _product(around, window.T * waves), _product(around, slope.T * waves)
    else:
        main, diff = _product(around * window[row], waves), _product(around * slope[row], waves)
    real, imaginary = main[:, : len(bins)], main[:, len(bins) :]

    # Flanagan's instantaneous frequency
    power = real**2 + imaginary**2
    cross = real * diff[:, len(bins) :] - imaginary * diff[:, : len(bins)]
    loud = power > 0.0
    turning = np.divide(cross, power, out=np.zeros_like(power), where=loud)
    frequency_hz = bins * rate_hz / fft_size + turning * rate_hz / 2.0 / pi
    return np.sqrt(power), np.where(loud, frequency_hz, 0.0)


def _product(left: FloatArray, right: FloatArray) -> FloatArray:
    """Multiply matrices in portions too small for BLAS to start threads, which would cost more."""
    product = np.empty((len(left), right.shape[1]))
    step = max(1, _SINGLE_THREAD // right.size)
    for low in range(0, len(left), step):
        np.matmul(left[low : low + step], right, out=product[low : low + step])
    return product


def refined_f0(
    f0_hz: FloatArray, amplitude: FloatArray, frequency_hz: FloatArray, heard: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """Average F0 over the harmonics, weighted by amplitude, and score how well they agree.

    Parameters
    ----------
    f0_hz : (candidates,) float64
    amplitude, frequency_hz : (candidates, harmonics) float64
    heard : (candidates, harmonics) bool
        Which harmonics lie below half the sampling rate.

    Returns
    -------
    refined_hz, score : (candidates,) float64
        The score is the inverse of the mean relative distance of the harmonics from `f0_hz`.
    """
    number = np.arange(1, amplitude.shape[1] + 1)
    amplitude = amplitude * heard
    refined_hz = (amplitude * frequency_hz).sum(axis=1) / ((amplitude * number).sum(axis=1) + _TINY)
    error = np.abs(frequency_hz / number - f0_hz[:, None]) * heard
    mean_error = error.sum(axis=1) / f0_hz / np.maximum(heard.sum(axis=1), 1)
    return refined_hz, 1.0 / (mean_error + _TINY)


def round_half_away(values: FloatArray) -> IntArray:
    """Round to whole numbers, halves away from 0, as WORLD does."""
    return np.where(values > 0, values + 0.5, values - 0.5).astype(np.int64)
