"""Prominence by the wavelet transform of F0, loudness and duration together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lemf.alignment import Word
from lemf.config import FRAME_PERIOD_S, DurationMethod
from lemf.duration_cues import long_phones
from lemf.frames import FloatArray
from lemf.pooling import highest
from lemf.sentence_contours import SentenceContours, draw_through
from lemf.wavelet import ricker_transform
from lemf.zscore import zscore

_SCALES_S = (0.10, 0.14, 0.20, 0.28)  # half an octave apart: about a word


def wavelet_prominence(
    words: Sequence[Word], sentence: SentenceContours, duration: DurationMethod
) -> FloatArray:
    """Measure how far F0, loudness and duration together rise above what is around the word.

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
    lengths = draw_through(long_phones(words, duration))
    frames = np.arange(len(sentence.loudness))
    together = (
        zscore(sentence.semitones)
        + zscore(sentence.loudness)
        + zscore(np.interp(frames, middles, lengths))
    )
    transformed = [ricker_transform(together, scale_s / FRAME_PERIOD_S) for scale_s in _SCALES_S]
    return highest(np.sum(transformed, axis=0), sentence.spans)
