"""Cues of pitch in each word of a sentence, in semitones."""

from __future__ import annotations

import numpy as np

from lemf.arrays import FloatArray
from lemf.config import FRAME_PERIOD_S
from lemf.cues.pooling import densest, highest, percentile
from lemf.cues.sentence_contours import SentenceContours
from lemf.cues.wavelet import ricker_transform

CONTRAST_SCALES_S = (0.07, 0.10, 0.14, 0.20)  # half an octave apart: from a syllable to a word


def pitch_area(sentence: SentenceContours) -> FloatArray:
    """Measure the area of F0 above its median within a second, weighted by loudness.

    The integral of max(semitones - baseline, 0) * loudness over the 0.3 s of the word, about a
    stressed syllable, in which it is largest: how high, how long and how loud at once. Listeners
    hear accents by the size of the excursion (Rietveld & Gussenhoven 1985), detectors by its size
    times its length (Tamburini 2003).

    Returns
    -------
    (words,) float64
        Semitones times seconds, 0 or more; NaN without a frame or any clear F0.

    References
    ----------
    A. Rietveld, C. Gussenhoven, "On the relation between pitch excursion size and prominence",
    Journal of Phonetics 13, 1985. F. Tamburini, "Prosodic prominence detection in speech",
    ISSPA 2003.
    """
    excess = np.maximum(sentence.semitones - sentence.baseline, 0.0) * sentence.loudness
    return densest(excess, sentence.spans) * FRAME_PERIOD_S


def pitch_contrast(sentence: SentenceContours) -> FloatArray:
    """Measure how far F0 rises above its surroundings, at scales from 70 to 200 ms.

    The highest value in the word of the wavelet transform of F0, summed over four scales: the local
    contrast with the neighbouring words, whatever the declination (Suni et al. 2017).

    Returns
    -------
    (words,) float64
        Semitones; NaN without a frame or any clear F0.
    """
    contrast = np.sum(
        [
            ricker_transform(sentence.semitones, scale_s / FRAME_PERIOD_S)
            for scale_s in CONTRAST_SCALES_S
        ],
        axis=0,
    )
    return highest(contrast, sentence.spans)


def pitch_peak(sentence: SentenceContours) -> FloatArray:
    """Measure the peak of F0 by the 95th percentile, which no single frame decides.

    Returns
    -------
    (words,) float64
        Semitones above the sentence's median; NaN in a word without clear F0.
    """
    return percentile(_measured(sentence), sentence.spans, 95)


def pitch_range(sentence: SentenceContours) -> FloatArray:
    """Measure the excursion of F0 inside the word, from the 5th to the 95th percentile.

    Returns
    -------
    (words,) float64
        Semitones; NaN in a word without clear F0.
    """
    measured = _measured(sentence)
    return percentile(measured, sentence.spans, 95) - percentile(measured, sentence.spans, 5)


def _measured(sentence: SentenceContours) -> FloatArray:
    return np.where(sentence.clear, sentence.semitones, np.nan)
