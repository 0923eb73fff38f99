"""The table of the cues, and the sets that name cues and their weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

CueInput = Literal["words", "contours", "sentence", "expected", "vowels"]


class Cue(NamedTuple):
    """One row of the table of cues.

    Attributes
    ----------
    module : str
        Module of `lemf.cues` whose function of the cue's name computes the cue.
    reads : tuple of str
        Parameters of that function: the words, the contours of the recording, those of the
        sentence (cleaned, from contours with detail), the expected durations of phones, or the
        labels of vowels.
    unit : str
    colour : str
        Map of matplotlib from which a figure takes the shade of the cue: one map per kind of cue.
    """

    module: str
    reads: tuple[CueInput, ...]
    unit: str
    colour: str


CUES: Mapping[str, Cue] = {
    "pitch": Cue("paper_cues", ("words", "contours"), "ln Hz", "Blues"),
    "energy": Cue("paper_cues", ("words", "contours"), "STFT norm", "Oranges"),
    "duration": Cue("paper_cues", ("words",), "s", "Greens"),
    "pitch_area": Cue("pitch_cues", ("sentence",), "st s", "Blues"),
    "pitch_contrast": Cue("pitch_cues", ("sentence",), "st", "Blues"),
    "pitch_peak": Cue("pitch_cues", ("sentence",), "st", "Blues"),
    "pitch_range": Cue("pitch_cues", ("sentence",), "st", "Blues"),
    "loudness": Cue("loudness_cues", ("sentence",), "s", "Oranges"),
    "loudness_peak": Cue("loudness_cues", ("sentence",), "dB", "Oranges"),
    "energy_peak": Cue("loudness_cues", ("sentence",), "dB", "Oranges"),
    "spectral_balance": Cue("loudness_cues", ("sentence",), "dB", "Oranges"),
    "long_phones": Cue("duration_cues", ("words",), "s", "Greens"),
    "log_phones": Cue("duration_cues", ("words",), "ln s", "Greens"),
    "nonfinal_phones": Cue("duration_cues", ("words", "vowels"), "s", "Greens"),
    "lengthening": Cue("duration_cues", ("words", "expected"), "ln", "Greens"),
    "vowel_pitch": Cue("vowels", ("words", "sentence", "vowels"), "st", "Blues"),
    "vowel_loudness": Cue("vowels", ("words", "sentence", "vowels"), "dB", "Oranges"),
    "vowel_duration": Cue("vowels", ("words", "vowels"), "s", "Greens"),
    "wavelet_prominence": Cue("wavelet", ("words", "sentence"), "SD", "Greys"),
}
# A cue set is named by its cues and their weights. `paper` is equation 2: alpha, beta, gamma;
# `listeners` agrees with what listeners hear; `all` is what weights can be fitted to.
CUE_SETS: Mapping[str, Mapping[str, float]] = {
    "paper": {"pitch": 1.0, "energy": 1.2, "duration": 0.8},
    "listeners": {"pitch_area": 1.0, "pitch_contrast": 1.0, "loudness": 1.0, "long_phones": 1.0},
    "all": dict.fromkeys(CUES, 1.0),
}
