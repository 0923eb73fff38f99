"""A zero-phase high-pass filter, for recordings whose energy lies below any voice.

A windowed sinc of finite length: each output sample depends on the samples about it only, so that a
long recording is filtered in blocks, on a grid that starts with the recording whatever is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import ceil

import numpy as np

from lemf.arrays import FloatArray
from lemf.reading.audio import Audio, cut_spans

_HALF_LENGTH_PERIODS = 5.5  # of the cut-off: the band between stop and pass is half of it wide
_SMALLEST_FFT = 1 << 16


def highpass_kernel(cutoff_hz: float, rate_hz: int) -> FloatArray:
    """Compute the impulse response: a Blackman-windowed sinc, taken from a unit impulse.

    Parameters
    ----------
    cutoff_hz : float
        Frequency at which the amplitude is halved. It is kept within 0.5 % above 1.25 times this
        frequency, and falls by more than 70 dB below 0.75 times.
    rate_hz : int

    Returns
    -------
    (2 n + 1,) float64
        Symmetric, so that nothing is delayed; its sum is 0, which removes a constant offset.
    """
    half = ceil(_HALF_LENGTH_PERIODS * rate_hz / cutoff_hz)
    places = np.arange(-half, half + 1)
    lowpass = np.sinc(2 * cutoff_hz / rate_hz * places) * np.blackman(2 * half + 3)[1:-1]
    kernel: FloatArray = -lowpass / lowpass.sum()
    kernel[half] += 1.0
    return kernel


def highpass_slices(
    audio: Audio, spans: Iterable[tuple[int, int]], cutoff_hz: float
) -> Iterator[FloatArray]:
    """Filter a recording and read stretches of it, as `Audio.slices` does.

    Beyond its ends the recording is mirrored, so that an offset leaves no click there.

    Parameters
    ----------
    audio : Audio
    spans : iterable of (start, stop)
        Samples, as in `Audio.slices`.
    cutoff_hz : float

    Yields
    ------
    (stop - start,) float64
    """
    return cut_spans(_filtered_blocks(audio, cutoff_hz), spans, audio.name)


def _filtered_blocks(audio: Audio, cutoff_hz: float) -> Iterator[FloatArray]:
    """Convolve by FFT in blocks that overlap by the length of the kernel (overlap-save)."""
    kernel = highpass_kernel(cutoff_hz, audio.rate_hz)
    half = len(kernel) // 2
    n_fft = max(_SMALLEST_FFT, 1 << (8 * half).bit_length())
    body = n_fft - 2 * half
    response = np.fft.rfft(kernel, n_fft)
    n_samples = audio.n_samples
    starts = range(0, n_samples, body)
    needed = ((max(0, at - half), min(n_samples, at + body + half)) for at in starts)
    for start, samples in zip(starts, audio.slices(needed), strict=True):
        stop = min(start + body, n_samples)
        before = max(half - start, 0)
        behind = half + stop - start - (len(samples) - half + before)
        mirrored = np.pad(samples, (before, behind), "symmetric")
        filtered = np.fft.irfft(np.fft.rfft(mirrored, n_fft) * response, n_fft)
        yield filtered[2 * half : 2 * half + stop - start]
