"""The cues beyond the paper's, by name: what listeners go by (docs/cues.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lemf.alignment import Word
from lemf.config import DurationMethod
from lemf.duration_cues import lengthening, log_phones, long_phones, nonfinal_phones
from lemf.frames import FloatArray
from lemf.loudness_cues import energy_peak, loudness, loudness_peak, spectral_balance
from lemf.phone_norms import PhoneNorms
from lemf.pitch_cues import pitch_area, pitch_contrast, pitch_peak, pitch_range
from lemf.sentence_contours import SentenceContours
from lemf.vowel_cues import vowel_duration, vowel_loudness, vowel_pitch
from lemf.wavelet_prominence import wavelet_prominence

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
    duration: DurationMethod,
    names: Iterable[str],
    expected: PhoneNorms,
) -> dict[str, FloatArray]:
    """Measure cues beyond the paper's of every word of a sentence.

    Parameters
    ----------
    words : sequence of Word
    sentence : SentenceContours
        Cut out for these words.
    duration : {"phones", "word"}
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
            values[name] = _OF_PHONES[name](words, duration)
        elif name in _OF_VOWELS:
            values[name] = _OF_VOWELS[name](words, sentence)
        elif name == "vowel_duration":
            values[name] = vowel_duration(words)
        elif name == "lengthening":
            values[name] = lengthening(words, duration, expected)
        else:
            values[name] = wavelet_prominence(words, sentence, duration)
    return values
