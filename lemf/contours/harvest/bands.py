"""The first step of Harvest in numpy: raw F0s from a bank of band-pass filters.

A band in which the fundamental is alone oscillates at F0, so its zero crossings, peaks and dips
are a period apart. Neighbouring bands that agree make a candidate.
"""

from __future__ import annotations

import cmath
from collections.abc import Iterator
from math import log, pi

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lemf.arrays import FloatArray, IntArray
from lemf.contours.harvest.decimation import Decimated

FRAMES_PER_S = 1000

_CHANNELS_PER_OCTAVE = 40.0
_FEWEST_BANDS = 10  # that agree for a candidate
_FEWEST_CROSSINGS = 4  # of each kind, in a band that counts
_SHORTEST_BLOCK = 4096  # samples of overlap-save


def raw_candidates(
    signal: Decimated, n_frames: int, *, floor_hz: float, ceiling_hz: float
) -> tuple[IntArray, FloatArray]:
    """Average the raw F0s of each run of at least ten neighbouring bands that have one.

    Parameters
    ----------
    signal : Decimated
    n_frames : int
        Frames of 1 ms.
    floor_hz, ceiling_hz : float
        Range of the search.

    Returns
    -------
    frames : (candidates,) int64
    f0_hz : (candidates,) float64
        In order of the bands.
    """
    centres_hz = band_centres(floor_hz, ceiling_hz)
    times_s = np.arange(n_frames) / FRAMES_PER_S
    frames, means = [], []
    total_hz = np.zeros(n_frames)
    length = np.zeros(n_frames)  # of the run so far
    for band, filtered in enumerate(filter_bands(signal, centres_hz)):
        f0_hz = band_f0(filtered, signal.rate_hz, times_s)
        low_hz = max(centres_hz[band] * 0.9, floor_hz)
        high_hz = min(centres_hz[band] * 1.1, ceiling_hz)
        voiced = (f0_hz >= low_hz) & (f0_hz <= high_hz)
        if band in (0, len(centres_hz) - 1):  # the outermost bands never take part
            voiced[:] = False
        ended = np.flatnonzero((length >= _FEWEST_BANDS) & ~voiced)
        frames.append(ended)
        means.append(total_hz[ended] / length[ended])
        length = np.where(voiced, length + 1.0, 0.0)
        total_hz = np.where(voiced, total_hz + f0_hz, 0.0)
    return np.concatenate(frames), np.concatenate(means)


def band_centres(floor_hz: float, ceiling_hz: float) -> FloatArray:
    """Compute the centres of the bands, 40 per octave, from 10 % below the range to 10 % above."""
    low_hz, high_hz = floor_hz * 0.9, ceiling_hz * 1.1
    n_bands = 1 + int(log(high_hz / low_hz) / log(2.0) * _CHANNELS_PER_OCTAVE)
    centres_hz: FloatArray = low_hz * 2.0 ** (np.arange(1, n_bands + 1) / _CHANNELS_PER_OCTAVE)
    return centres_hz


def band_taps(centre_hz: float, rate_hz: float) -> FloatArray:
    """Compute a band's filter: a cosine at its centre under a Nuttall window of four periods."""
    half = int(rate_hz / centre_hz * 2.0 + 0.5)
    place = np.arange(-half, half + 1)
    turn = pi * place / max(half, 1)
    window = (
        0.355768
        + 0.487396 * np.cos(turn)
        + 0.144232 * np.cos(2 * turn)
        + 0.012604 * np.cos(3 * turn)
    )
    taps: FloatArray = window * np.cos(2 * pi * centre_hz * place / rate_hz)
    return taps


def filter_bands(signal: Decimated, centres_hz: FloatArray) -> Iterator[FloatArray]:
    """Filter the signal by each band in turn (overlap-save); outputs are one sample early."""
    samples, rate_hz = signal.samples, signal.rate_hz
    n = len(samples)
    reach = len(band_taps(centres_hz[0], rate_hz)) // 2
    size = _SHORTEST_BLOCK
    while size < 8 * reach:
        size *= 2
    body = size - 2 * reach
    n_blocks = -(-n // body)
    padded = np.zeros(n_blocks * body + 2 * reach)
    kept = samples[max(1 - reach, 0) :]
    padded[max(reach - 1, 0) : max(reach - 1, 0) + len(kept)] = kept
    blocks = sliding_window_view(padded, size)[::body]
    spectra = np.fft.rfft(blocks)  # (blocks, size // 2 + 1)
    ripple = _Ripple(signal, centres_hz[0])
    for centre_hz in centres_hz:
        taps = band_taps(centre_hz, rate_hz)
        placed = np.zeros(size)
        start = reach - len(taps) // 2
        placed[start : start + len(taps)] = taps
        filtered = np.fft.irfft(spectra * np.fft.rfft(placed), n=size)
        yield filtered[:, 2 * reach :].reshape(-1)[:n] + ripple.of(taps)


class _Ripple:
    """The ripple that WORLD's filters add, at half the sampling rate.

    WORLD filters by one transform of the whole signal. As it mirrors the product of the spectra,
    the two highest bins are overwritten: both get the product at the second highest, times the
    signal at the highest. That is far below speech, but where the signal is constant (digital
    silence, clipping) the peaks and dips that make raw F0s are the ripple's.
    """

    def __init__(self, signal: Decimated, lowest_hz: float) -> None:
        n = len(signal.samples)
        longest = n + 5 + 2 * int(2.0 * signal.rate_hz / lowest_hz)
        self._size = 2 << int(log(longest) / log(2.0))  # of WORLD's transform
        self._waves = self._highest_waves(n)
        self._ripple, self._part = np.empty(n), np.empty(n)
        self._highest, self._second = self._highest_bins(signal.samples)

    def of(self, taps: FloatArray) -> FloatArray:
        """Compute the ripple of one band, shape (samples,), where outputs are one sample early.

        The array serves the next band again.
        """
        taps_highest, taps_second = self._highest_bins(taps)
        second = self._second * taps_second
        overwritten = self._highest * second
        early = len(taps) // 2 + 1  # samples by which WORLD advances the output
        sign = (-1) ** early / self._size
        turn = cmath.exp(-2j * pi * early / self._size)
        excess = 2.0 * (overwritten - second) * turn * sign
        excess_highest = (overwritten.real - self._highest * taps_highest) * sign
        factors = (excess_highest, excess.real, excess.imag)
        self._ripple.fill(0.0)
        for factor, wave in zip(factors, self._waves, strict=True):
            np.multiply(wave, factor, out=self._part)
            self._ripple += self._part
        return self._ripple

    def _highest_waves(self, n: int) -> FloatArray:
        """Compute (-1)^n, and (-1)^n times cosine and sine of one turn in the transform, (3, n)."""
        turn = 2.0 * pi / self._size * np.arange(n)
        waves: FloatArray = np.stack((np.ones(n), np.cos(turn), np.sin(turn)))
        waves[:, 1::2] *= -1.0
        return waves

    def _highest_bins(self, values: FloatArray) -> tuple[float, complex]:
        """Transform values to the highest bin, which is real, and to the second highest."""
        n = len(values)
        waves = self._waves[:, :n] if n <= self._waves.shape[1] else self._highest_waves(n)
        highest, real, imaginary = (float(wave @ values) for wave in waves)
        return highest, complex(real, imaginary)


def band_f0(filtered: FloatArray, rate_hz: float, times_s: FloatArray) -> FloatArray:
    """Average the F0s told by a band's falls and rises through zero, its peaks and its dips.

    Returns
    -------
    (frames,) float64
        Hz; all 0 where there are too few crossings of any kind.
    """
    f0_hz = np.zeros(len(times_s))
    slope = np.diff(filtered)
    kinds = (
        (filtered, falls(filtered > 0.0)),
        (filtered, falls(filtered < 0.0)),
        (slope, falls(slope > 0.0)),
        (slope, falls(slope < 0.0)),
    )
    if any(len(edges) < _FEWEST_CROSSINGS for _, edges in kinds):
        return f0_hz
    for values, edges in kinds:
        before = values[edges]
        crossings = edges + 1 - before / (values[edges + 1] - before)
        f0_hz += interpolated_f0(crossings, rate_hz, times_s)
    f0_hz /= 4.0
    return f0_hz


def falls(above: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> IntArray:
    """Find the last index of each run of true values, except of a run that reaches the end."""
    return np.flatnonzero(above[:-1] > above[1:])


def interpolated_f0(crossings: FloatArray, rate_hz: float, times_s: FloatArray) -> FloatArray:
    """Interpolate the F0s of the intervals between crossings to the frames.

    Before the first and after the last interval, the outermost lines go on.

    Parameters
    ----------
    crossings : (crossings,) float64
        In samples; at least 4, rising.
    rate_hz : float
    times_s : (frames,) float64
        Every millisecond.

    Returns
    -------
    (frames,) float64
    """
    f0_hz = rate_hz / np.diff(crossings)
    places_s = (crossings[:-1] + crossings[1:]) / 2.0 / rate_hz
    result: FloatArray = np.interp(times_s, places_s, f0_hz)
    before, after = np.searchsorted(times_s, places_s[[0, -1]])
    for end, outside in ((0, slice(before)), (-2, slice(after, None))):
        slope = (f0_hz[end + 1] - f0_hz[end]) / (places_s[end + 1] - places_s[end])
        result[outside] = f0_hz[end] + (times_s[outside] - places_s[end]) * slope
    return result
