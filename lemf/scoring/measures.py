"""Measures of each word as one quotes them: F0 in Hz, its excursion, the level, the rate.

The paper's `pitch` is the highest frame of the contour, which an octave error or the edge of a
consonant decides where there is one. `f0_hz` is the highest frame that is clear.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lemf.arrays import FloatArray
from lemf.config import FRAME_PERIOD_S, PitchMethod
from lemf.contours.contours import Contours
from lemf.contours.energy import mean_level_db
from lemf.cues.sentence_contours import (
    LEAST_PERIODICITY,
    clear_semitones,
    running_maximum,
    smooth,
)
from lemf.reading.alignment import Word
from lemf.reading.frames import frames_from

LEAST_IN_WORD = 0.1  # energy, relative to the loudest 45 ms of the word: -20 dB
LEAST_IN_SENTENCE = 0.0316  # relative to the loudest 45 ms within a second: -30 dB
EDGE_FRAMES: dict[PitchMethod, int] = {  # left out at either end of voicing: overshoot
    "harvest": 1,
    "praat": 1,
    "swift": 0,  # which does not overshoot
    "pyworld": 1,
}
LEAST_VOICED = 0.55  # of the loud frames, where Harvest hears the fundamental
LEAST_PERIODIC = 0.05  # of them, by which it is a voice: .13 to .21 on the telephone, 0 in noise
LEAST_LOUD_S = 0.5  # of a sentence in which that is checked
BRIEF_S = 0.03  # clear F0 in a word for less is flagged
_HARVESTS: tuple[PitchMethod, ...] = ("harvest", "pyworld")


@dataclass(frozen=True)
class WordMeasures:
    """The measures of a word; NaN where nothing was measurable.

    Attributes
    ----------
    f0_hz : float
        Highest clear F0 in Hz; NaN where no F0 of the word is clear.
    f0_time_s : float
        Where it is in the recording, inside the word.
    excursion_st : float
        `f0_hz` above the median of the clear F0 of its sentence, in semitones.
    level_db : float
        Mean level in dB re full scale, of which a sine has -3.01 dB; NaN where the word is silent.
    rate_phones_per_s : float
        Phones of the word over the sum of their durations; NaN without phones.
    """

    f0_hz: float
    f0_time_s: float
    excursion_st: float
    level_db: float
    rate_phones_per_s: float


@dataclass(frozen=True, eq=False)
class ClearF0:
    """The clear F0 of a sentence, by frames counted from its first.

    Attributes
    ----------
    spans : tuple of slice
        The frames of each word.
    f0_hz, semitones : (frames,) float64
        F0, and F0 above the median of all clear frames; NaN where it is not clear.
    energy, times_s : (frames,) float64
        As in `Contours`.
    is_missing : bool
        Whether Harvest does not hear the fundamental, so that no F0 is clear.
    is_voice : bool
        Whether Harvest finds a period that shows in the signal in some of the loud frames, as in
        speech on the telephone, not in noise, a whisper or silence.
    """

    spans: tuple[slice, ...]
    f0_hz: FloatArray
    semitones: FloatArray
    energy: FloatArray
    times_s: FloatArray
    is_missing: bool
    is_voice: bool


def find_clear_f0(words: Sequence[Word], contours: Contours, pitch: PitchMethod) -> ClearF0:
    """Find the clear F0 of a sentence.

    It is that of `clear_semitones`, but for two rules: a frame is loud enough within its word, as
    `loud_in_words` says, since a word without stress is softer than its neighbours by more than 14
    dB, and one frame is left out at either end of voicing, none where F0 is SwiftF0's.

    Harvest looks for the fundamental. On the telephone it finds no voice in most loud frames, and
    harmonics in the rest; elsewhere it finds voice in nearly all. Where less than 55 % of the loud
    frames are voiced, no F0 is clear.

    Parameters
    ----------
    words : sequence of Word
        Of one sentence.
    contours : Contours
        Contours of the recording, with detail.
    pitch : {"harvest", "praat", "swift", "pyworld"}
        By which F0 was tracked.

    Raises
    ------
    ValueError
        The contours were measured without detail.
    """
    if contours.detail is None:
        raise ValueError("clear F0 needs contours that were measured with_detail=True")
    frames = frames_from([(word.start_s, word.end_s) for word in words], contours.times_s)
    first, stop = int(frames.min()), int(frames.max())
    inside = slice(first, stop)
    spans = tuple(slice(int(a) - first, int(b) - first) for a, b in frames)
    f0_hz, energy = contours.f0_hz[inside], contours.energy[inside]
    loud = loud_in_words(energy, spans)
    periodicity = contours.detail.periodicity[inside]
    periodic = loud & (f0_hz > 0) & (periodicity >= LEAST_PERIODICITY)
    is_missing = pitch in _HARVESTS and lacks_fundamental(f0_hz, loud)
    semitones = clear_semitones(
        np.zeros(len(f0_hz)) if is_missing else f0_hz,
        energy,
        periodicity,
        loud=loud,
        edge_frames=EDGE_FRAMES[pitch],
    )
    return ClearF0(
        spans=spans,
        f0_hz=np.where(np.isfinite(semitones), f0_hz, np.nan),
        semitones=semitones,
        energy=energy,
        times_s=contours.times_s[inside],
        is_missing=is_missing,
        is_voice=bool(periodic.sum() > LEAST_PERIODIC * loud.sum()),
    )


def loud_in_words(energy: FloatArray, spans: Sequence[slice]) -> NDArray[np.bool_]:
    """Find the frames that are loud enough in their word for F0 that counts.

    Parameters
    ----------
    energy : (frames,) float64
        Of one sentence.
    spans : sequence of slice
        The frames of each word.

    Returns
    -------
    (frames,) bool
        True where a frame is less than 20 dB below the loudest 45 ms of its word and less than 30
        dB below the loudest within a second; False between words.
    """
    smoothed = smooth(energy)
    enough = energy >= LEAST_IN_SENTENCE * running_maximum(smoothed)
    loud = np.zeros(len(energy), dtype=bool)
    for span in spans:
        loudest = smoothed[span].max(initial=0.0)
        loud[span] |= enough[span] & (energy[span] >= LEAST_IN_WORD * loudest)
    return loud


def lacks_fundamental(f0_hz: FloatArray, loud: NDArray[np.bool_]) -> bool:
    """Check whether Harvest finds voice in less than 55 % of the loud frames of a sentence.

    Parameters
    ----------
    f0_hz : (frames,) float64
        By Harvest; 0 where unvoiced.
    loud : (frames,) bool
        With less than half a second of them, the answer is no.
    """
    n_loud = int(loud.sum())
    if n_loud * FRAME_PERIOD_S < LEAST_LOUD_S:
        return False
    return float((f0_hz[loud] > 0).sum()) < LEAST_VOICED * n_loud


def measure_words(words: Sequence[Word], clear: ClearF0, rate_hz: int) -> list[WordMeasures]:
    """Measure the words of a sentence.

    Parameters
    ----------
    words : sequence of Word
        Of one sentence.
    clear : ClearF0
        Of this sentence.
    rate_hz : int
        Sampling rate of the recording.

    Returns
    -------
    list of WordMeasures
    """
    measures = []
    for word, span in zip(words, clear.spans, strict=True):
        f0_hz, time_s, excursion_st = math.nan, math.nan, math.nan
        if np.isfinite(clear.f0_hz[span]).any():
            peak = span.start + int(np.nanargmax(clear.f0_hz[span]))
            f0_hz, excursion_st = float(clear.f0_hz[peak]), float(clear.semitones[peak])
            time_s = max(float(clear.times_s[peak]), word.start_s)  # a rounded start lies after it
        level_db = mean_level_db(clear.energy[span], rate_hz)
        measures.append(WordMeasures(f0_hz, time_s, excursion_st, level_db, phone_rate(word)))
    return measures


def measure_flags(clear: ClearF0) -> list[tuple[str, ...]]:
    """Find the words of a sentence whose clear F0 rests on few frames.

    Returns
    -------
    list of tuple of str
        ``brief_pitch`` or nothing, for every word.
    """
    n_clear = [int(np.isfinite(clear.f0_hz[span]).sum()) for span in clear.spans]
    return [("brief_pitch",) if 0 < n * FRAME_PERIOD_S < BRIEF_S else () for n in n_clear]


def phone_rate(word: Word) -> float:
    """Compute the phones of a word over the sum of their durations, per second.

    Returns
    -------
    float
        NaN without phones.
    """
    spoken_s = math.fsum(phone.duration_s for phone in word.phones)
    return len(word.phones) / spoken_s if spoken_s > 0 else math.nan
