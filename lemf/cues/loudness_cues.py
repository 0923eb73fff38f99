"""Cues of loudness in each word of a sentence."""

from __future__ import annotations

import numpy as np

from lemf.arrays import FloatArray
from lemf.config import FRAME_PERIOD_S
from lemf.cues.pooling import densest, highest
from lemf.cues.sentence_contours import SentenceContours, smooth

_FLOOR = 1e-6  # of the loudest frame: -120 dB


def loudness(sentence: SentenceContours) -> FloatArray:
    """Measure loudness summed over the loudest 0.3 s of the word.

    Loudness is (energy from 500 to 4000 Hz) ** 0.6, relative to the loudest frame of the sentence.
    Summed over a syllable this is the "total amplitude" that Beckman (1986) found to be the best
    correlate of stress: a syllable is strong by being loud and by lasting long.

    Returns
    -------
    (words,) float64
        Seconds at the loudness of the loudest frame; NaN without a frame.

    References
    ----------
    M. Beckman, "Stress and Non-Stress Accent", Foris 1986. S. S. Stevens, "On the psychophysical
    law", Psychological Review 64, 1957.
    """
    return densest(sentence.loudness, sentence.spans) * FRAME_PERIOD_S


def loudness_peak(sentence: SentenceContours) -> FloatArray:
    """Measure the highest level from 500 to 4000 Hz, averaged over 45 ms.

    Returns
    -------
    (words,) float64
        dB relative to the loudest frame of the sentence, 0 or less; NaN without a frame.
    """
    return highest(level_db(sentence.mid_energy), sentence.spans)


def energy_peak(sentence: SentenceContours) -> FloatArray:
    """Measure the highest level of the whole spectrum, averaged over 45 ms.

    Returns
    -------
    (words,) float64
        dB relative to the loudest frame of the sentence, 0 or less; NaN without a frame.
    """
    return highest(level_db(sentence.energy), sentence.spans)


def spectral_balance(sentence: SentenceContours) -> FloatArray:
    """Measure how much of the energy lies from 500 to 4000 Hz, where the word is loudest.

    Effort closes the glottis faster and so flattens the spectrum (Sluijter & van Heuven 1996).

    Returns
    -------
    (words,) float64
        dB, mean over the frames within 6 dB of the loudest of the word; NaN without a frame or in
        silence.
    """
    balance = np.full(len(sentence.spans), np.nan)
    for i, span in enumerate(sentence.spans):
        energy, mid_energy = sentence.energy[span], sentence.mid_energy[span]
        nucleus = (energy >= energy.max(initial=0.0) / 2) & (mid_energy > 0)
        if nucleus.any():
            balance[i] = np.mean(20 * np.log10(mid_energy[nucleus] / energy[nucleus]))
    return balance


def level_db(energy: FloatArray) -> FloatArray:
    """Compute the level of each frame, averaged over 45 ms, in dB relative to the loudest frame.

    Parameters
    ----------
    energy : (frames,) float64
        Energy in one sentence, proportional to amplitude.

    Returns
    -------
    (frames,) float64
        From -120 to 0.
    """
    loudest = energy.max(initial=0.0) or 1.0
    return smooth(20 * np.log10(np.maximum(energy / loudest, _FLOOR)))
