"""The continuous wavelet transform of contours: how far they rise above their surroundings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from lemf.arrays import FloatArray
from lemf.config import FRAME_PERIOD_S
from lemf.cues.duration_cues import long_phones
from lemf.cues.pooling import highest
from lemf.cues.sentence_contours import SentenceContours, draw_through
from lemf.cues.zscore import zscore
from lemf.reading.alignment import Word

_SCALES_S = (0.10, 0.14, 0.20, 0.28)  # half an octave apart: about a word
_REACH = 5  # of the wavelet, in scales: exp(-12.5) is negligible


def ricker_transform(signal: FloatArray, scale: float) -> FloatArray:
    """Convolve a contour with the Ricker wavelet ("Mexican hat") of one scale.

    psi(t) = (1 - (t/s)^2) exp(-(t/s)^2 / 2) / (s sqrt(2 pi)), which is the difference between a
    Gaussian mean and its surroundings: -s^2 times the second derivative of the smoothed contour.

    Parameters
    ----------
    signal : (frames,) float64
        Beyond the ends, the first and the last value count.
    scale : float
        s in frames.

    Returns
    -------
    (frames,) float64
        0 for a constant signal; in the unit of the signal.

    References
    ----------
    A. Suni, J. Simko, D. Aalto, M. Vainio, "Hierarchical representation and estimation of prosody
    using continuous wavelet transform", Computer Speech & Language 45, 2017.
    """
    if not len(signal):
        return signal
    wavelet = _ricker(scale)
    reach = len(wavelet) // 2
    padded = np.concatenate([np.full(reach, signal[0]), signal, np.full(reach, signal[-1])])
    return np.convolve(padded, wavelet, mode="valid")


@cache
def _ricker(scale: float) -> FloatArray:
    reach = int(np.ceil(_REACH * scale))
    t = np.arange(-reach, reach + 1) / scale
    wavelet: FloatArray = (1 - t**2) * np.exp(-(t**2) / 2) / (scale * np.sqrt(2 * np.pi))
    wavelet -= wavelet.mean()  # the tails that are cut off
    return wavelet


def wavelet_prominence(words: Sequence[Word], sentence: SentenceContours) -> FloatArray:
    """Measure how far F0, loudness and duration together rise above the surroundings of the word.

    The three contours, each standardised over the sentence and added, are transformed at four
    scales about the length of a word; the highest sum inside the word counts. The duration contour
    goes through the `long_phones` of each word at its middle (Suni et al. 2017, whose toolkit
    follows the lines of maximum amplitude through all scales instead).

    Returns
    -------
    (words,) float64
        Standard deviations; NaN for a word without a frame.
    """
    middles = [(span.start + span.stop) / 2 for span in sentence.spans]
    lengths = draw_through(long_phones(words))
    frames = np.arange(len(sentence.loudness))
    together = (
        zscore(sentence.semitones)
        + zscore(sentence.loudness)
        + zscore(np.interp(frames, middles, lengths))
    )
    transformed = [ricker_transform(together, scale_s / FRAME_PERIOD_S) for scale_s in _SCALES_S]
    return highest(np.sum(transformed, axis=0), sentence.spans)
