"""Mel-frequency cepstra, by which sounds are compared, 200 frames per second."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lemf.arrays import FloatArray
from lemf.runtime.extras import importing

RATE_HZ = 16_000
FRAME_PERIOD_S = 0.005
N_CEPSTRA = 13
_HOP, _WINDOW, _N_FFT = 80, 400, 512  # samples: 5 ms, 25 ms
_LOWEST_HZ, _HIGHEST_HZ, _N_BANDS = 80.0, 7600.0, 26
_PRE_EMPHASIS = 0.97
_FLOOR = 2e-5  # of the energy of a band, relative to the mean over bands and frames
_QUIET_AND_LOUD = (5, 99)  # percentiles of the energy; loud frames are above their middle
_AROUND_SPEECH = 30  # frames
_SLOPE_FRAMES = 3  # on both sides of a frame, of the regression line
_SLOPE_SCALE = 0.35  # deviation of the slope of a standardised cepstrum in speech
_BLOCK = 4096  # frames that are transformed at once


def compute_cepstra(blocks: Iterable[FloatArray], rate_hz: int) -> FloatArray:
    """Compute cepstra of a recording.

    Parameters
    ----------
    blocks : iterable of (samples,) float64
        The samples in one piece or several; at least one sample.
    rate_hz : int

    Returns
    -------
    (frames, 13) float64
        The frame at i is centred at 5 ms times i; frames cover the recording to its end. The level
        of the recording changes nothing but, in digital silence, the first cepstrum.
    """
    energies = list(_band_energies(_emphasise(_resample(blocks, rate_hz))))
    n_frames = sum(map(len, energies))
    mean = sum(float(block.sum()) for block in energies) / (n_frames * _N_BANDS)
    floor = _FLOOR * max(mean, 1e-12)
    cepstra = np.empty((n_frames, N_CEPSTRA))
    while energies:  # each block is let go, so that a long recording is never in memory twice
        block = energies.pop()
        n_frames -= len(block)
        cepstra[n_frames:][: len(block)] = multiply(np.log(block + floor), _cosines())
    return cepstra


@dataclass(frozen=True, eq=False)
class Moments:
    """How many frames there are, and the sums and sums of squares of their cepstra, (13,)."""

    n_frames: int
    sums: FloatArray
    squares: FloatArray

    @property
    def speech_s(self) -> float:
        """How long the frames last, in seconds."""
        return self.n_frames * FRAME_PERIOD_S

    def __add__(self, other: Moments) -> Moments:
        return Moments(
            self.n_frames + other.n_frames, self.sums + other.sums, self.squares + other.squares
        )


def measure_moments(cepstra: FloatArray) -> Moments:
    """Compute the moments of the cepstra around speech, to be summed over a speaker's recordings.

    Parameters
    ----------
    cepstra : (frames, 13) float64

    Returns
    -------
    Moments
        Of the loud frames and those within 150 ms of them, so that long silence counts no more than
        short.
    """
    energies = cepstra[:, 0]
    loud = energies >= np.percentile(energies, _QUIET_AND_LOUD).mean()
    reach = np.ones(2 * _AROUND_SPEECH + 1)
    counted = cepstra[np.convolve(loud, reach)[_AROUND_SPEECH:-_AROUND_SPEECH] > 0.5]
    return Moments(len(counted), counted.sum(axis=0), np.square(counted).sum(axis=0))


def standardise(cepstra: FloatArray, moments: Moments) -> FloatArray:
    """Standardise the cepstra of a recording and append their slopes.

    Parameters
    ----------
    cepstra : (frames, 13) float64
    moments : Moments
        Of the recording, or of all that its speaker says.

    Returns
    -------
    (frames, 26) float64
    """
    means = moments.sums / moments.n_frames
    variances = moments.squares / moments.n_frames - np.square(means)
    features = np.empty((len(cepstra), 2 * N_CEPSTRA))
    scaled, slopes = features[:, :N_CEPSTRA], features[:, N_CEPSTRA:]
    scaled[:] = (cepstra - means) / np.sqrt(np.maximum(variances, 1e-6))
    for start in range(0, len(cepstra), _BLOCK):
        stop = min(start + _BLOCK, len(cepstra))
        around = np.arange(start - _SLOPE_FRAMES, stop + _SLOPE_FRAMES)
        slopes[start:stop] = _slopes(scaled[around.clip(0, len(cepstra) - 1)]) / _SLOPE_SCALE
    return features


def multiply(rows: FloatArray, columns: FloatArray) -> FloatArray:
    """Compute a matrix product: unlike BLAS, to the same bits with any number of threads."""
    return np.asarray(np.einsum("ij,jk->ik", rows, np.ascontiguousarray(columns)))


def warp(cepstra: FloatArray, factor: float) -> FloatArray:
    """Compute the cepstra of a voice whose vocal tract is `factor` times as long.

    Parameters
    ----------
    cepstra : (frames, 13) float64
    factor : float
        By which the frequency of each band is multiplied: above 1, the vocal tract becomes longer.

    Returns
    -------
    (frames, 13) float64
    """
    bands = np.arange(_N_BANDS)
    low, high = _mel(_LOWEST_HZ), _mel(_HIGHEST_HZ)
    centres_mel = np.linspace(low, high, _N_BANDS + 2)[1:-1]
    warped_mel = np.array(
        [_mel(factor * frequency_hz) for frequency_hz in _hz(centres_mel).tolist()]
    )
    sources = np.interp(warped_mel, centres_mel, bands)
    shares = np.maximum(0.0, 1 - np.abs(bands[:, None] - sources))  # of each band in the warped
    return multiply(cepstra, multiply(multiply(_cosines().T, shares), _cosines()))


def _resample(blocks: Iterable[FloatArray], rate_hz: int) -> Iterator[NDArray[np.float32]]:
    """Yield the samples at 16 kHz."""
    if rate_hz == RATE_HZ:
        yield from (block.astype(np.float32) for block in blocks)
        return
    with importing("lemf[align]"):
        import soxr
    stream = soxr.ResampleStream(rate_hz, RATE_HZ, 1, dtype="float32")
    for block in blocks:
        yield stream.resample_chunk(block.astype(np.float32))
    yield stream.resample_chunk(np.zeros(0, np.float32), last=True)


def _emphasise(blocks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
    """Yield the samples less most of the one before, so that high bands count as much as low."""
    last = np.zeros(0, np.float32)
    for block in blocks:
        samples = np.append(last, block)
        emphasised = samples[1:] - np.float32(_PRE_EMPHASIS) * samples[:-1]
        yield emphasised if len(last) else np.append(samples[:1], emphasised)
        last = samples[-1:]


def _cut_frames(blocks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
    """Yield the samples of frames, (frames, 400), in blocks; the ends of the sound are mirrored."""
    reach, size = _WINDOW // 2, (_BLOCK - 1) * _HOP + _WINDOW
    held = np.zeros(0, np.float32)
    n_samples = n_frames = 0
    for block in blocks:
        mirrored = n_samples >= reach
        n_samples += len(block)
        held = np.append(held, block)
        if n_samples < reach:
            continue
        if not mirrored:
            held = np.append(held[:reach][::-1], held)
        while len(held) >= size:
            yield _windows(held[:size])
            held = held[_BLOCK * _HOP :]
            n_frames += _BLOCK
    held = np.pad(held, (reach if n_samples < reach else 0, reach), mode="symmetric")
    rest = _windows(held)[: n_samples // _HOP + 1 - n_frames]
    for start in range(0, len(rest), _BLOCK):
        yield rest[start : start + _BLOCK]


def _windows(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_HOP]


def _band_energies(blocks: Iterable[NDArray[np.float32]]) -> Iterator[FloatArray]:
    """Yield the energies of mel bands, (frames, 26) float64, in blocks of frames."""
    window, bands = np.hamming(_WINDOW), _mel_bands().T
    for frames in _cut_frames(blocks):
        spectra = np.fft.rfft(frames * window, _N_FFT)
        yield multiply(np.square(spectra.real) + np.square(spectra.imag), bands)


def _cosines() -> FloatArray:
    """Return the first columns of the orthonormal cosine transform (II), (26, 13) float64."""
    angles = np.pi / _N_BANDS * np.outer(np.arange(_N_BANDS) + 0.5, np.arange(N_CEPSTRA))
    cosines = np.cos(angles) * np.sqrt(2 / _N_BANDS)
    cosines[:, 0] /= np.sqrt(2)
    return np.asarray(cosines)


def _slopes(padded: FloatArray) -> FloatArray:
    """Compute the slope of each feature over time by regression over 7 frames; the ends are cut."""
    reach, n_frames = _SLOPE_FRAMES, len(padded) - 2 * _SLOPE_FRAMES
    rises = [
        k * (padded[reach + k : reach + k + n_frames] - padded[reach - k : reach - k + n_frames])
        for k in range(1, reach + 1)
    ]
    return np.asarray(sum(rises) / (2 * sum(k * k for k in range(1, reach + 1))))


def _mel_bands() -> FloatArray:
    """Return the triangles of the bands over the bins of the FFT, (26, 257) float64."""
    edges_mel = np.linspace(_mel(_LOWEST_HZ), _mel(_HIGHEST_HZ), _N_BANDS + 2)
    edges_hz = _hz(edges_mel)
    bins_hz = np.arange(_N_FFT // 2 + 1) * RATE_HZ / _N_FFT
    low, centre, high = edges_hz[:-2, None], edges_hz[1:-1, None], edges_hz[2:, None]
    rise, fall = (bins_hz - low) / (centre - low), (high - bins_hz) / (high - centre)
    return np.maximum(0.0, np.minimum(rise, fall))


def _mel(frequency_hz: float) -> float:
    return float(2595 * np.log10(1 + frequency_hz / 700))


def _hz(mel: FloatArray) -> FloatArray:
    return np.asarray(700 * (10 ** (mel / 2595) - 1))
