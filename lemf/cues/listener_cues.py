"""The cues beyond the paper's, by name: what listeners go by (docs/cues.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from lemf.arrays import FloatArray
from lemf.config import FRAME_PERIOD_S
from lemf.cues.duration_cues import lengthening, log_phones, long_phones, nonfinal_phones
from lemf.cues.loudness_cues import energy_peak, loudness, loudness_peak, spectral_balance
from lemf.cues.phone_norms import PhoneNorms
from lemf.cues.pitch_cues import pitch_area, pitch_contrast, pitch_peak, pitch_range
from lemf.cues.pooling import highest
from lemf.cues.sentence_contours import SentenceContours, draw_through
from lemf.cues.vowels import vowel_duration, vowel_loudness, vowel_pitch
from lemf.cues.wavelet import ricker_transform
from lemf.cues.zscore import zscore
from lemf.reading.alignment import Word

_SCALES_S = (0.10, 0.14, 0.20, 0.28)  # half an octave apart: about a word


def wavelet_prominence(words: Sequence[Word], sentence: SentenceContours) -> FloatArray:
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
    lengths = draw_through(long_phones(words))
    frames = np.arange(len(sentence.loudness))
    together = (
        zscore(sentence.semitones)
        + zscore(sentence.loudness)
        + zscore(np.interp(frames, middles, lengths))
    )
    transformed = [ricker_transform(together, scale_s / FRAME_PERIOD_S) for scale_s in _SCALES_S]
    return highest(np.sum(transformed, axis=0), sentence.spans)


_OF_CONTOURS = {
    "pitch_area": pitch_area,
    "pitch_contrast": pitch_contrast,
    "pitch_peak": pitch_peak,
    "pitch_range": pitch_range,
    "loudness": loudness,
    "loudness_peak": loudness_peak,
    "energy_peak": energy_peak,
    "spectral_balance": spectral_balance,
}
_OF_PHONES = {
    "long_phones": long_phones,
    "log_phones": log_phones,
    "nonfinal_phones": nonfinal_phones,
}
_OF_VOWELS = {"vowel_pitch": vowel_pitch, "vowel_loudness": vowel_loudness}


def listener_cues(
    words: Sequence[Word],
    sentence: SentenceContours,
    names: Iterable[str],
    expected: PhoneNorms,
) -> dict[str, FloatArray]:
    """Measure cues beyond the paper's of every word of a sentence.

    Parameters
    ----------
    words : sequence of Word
    sentence : SentenceContours
        Cut out for these words.
    names : iterable of str
        Of `config.DETAIL_CUES`.
    expected : PhoneNorms
        What ``lengthening`` goes by.

    Returns
    -------
    dict of str to (words,) float64
        In the order of the names; NaN where a cue could not be measured.
    """
    values: dict[str, FloatArray] = {}
    for name in names:
        if name in _OF_CONTOURS:
            values[name] = _OF_CONTOURS[name](sentence)
        elif name in _OF_PHONES:
            values[name] = _OF_PHONES[name](words)
        elif name in _OF_VOWELS:
            values[name] = _OF_VOWELS[name](words, sentence)
        elif name == "vowel_duration":
            values[name] = vowel_duration(words)
        elif name == "lengthening":
            values[name] = lengthening(words, expected)
        else:
            values[name] = wavelet_prominence(words, sentence)
    return values
