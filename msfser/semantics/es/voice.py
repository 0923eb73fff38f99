"""Extended Semantics without a model: lemf's measures of a voice, in words.

A stand-in that works offline and describes what can be measured, no more: the emotion is "Unknown",
and the gender is a guess from F0 that may be "unclear". All limits are fixed; none is relative to a
speaker or a corpus (docs/semantics.md has their reasons).
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lemf import FRAME_PERIOD_S, LemfError, harvest, read_audio, score
from msfser.semantics.alignment_tiers import find_tiers
from msfser.semantics.es.description import UNKNOWN, Description, format_description
from msfser.semantics.jobs import Job
from msfser.semantics.work_file import Entry

VERSION = 2  # of the limits and the words: a new version has all recordings described again

MALE_BELOW_HZ, FEMALE_ABOVE_HZ = 145.0, 175.0  # median F0
NARROW_BELOW_ST, WIDE_ABOVE_ST = 8.0, 16.0  # semitones from the 5th to the 95th percentile of F0
SLOW_BELOW, FAST_ABOVE = 11.0, 16.0  # phones per second within the words
QUIET_BELOW_DBFS, LOUD_ABOVE_DBFS = -28.0, -16.0  # RMS of the voiced samples
RUMBLE_ABOVE_SHARE = 0.5  # of the energy below 60 Hz: the level is that of the rumble

_RANGES = ("a narrow pitch range", "a medium pitch range", "a wide pitch range")
_PACES = ("a slow pace", "a medium pace", "a fast pace")
_LEVELS = ("a quiet recording", "a medium level", "a loud recording")
_LONGEST_WORD = 28


@dataclass(frozen=True, kw_only=True)
class Voice:
    """The measures of one recording.

    Attributes
    ----------
    f0_hz : float
        Median over the voiced frames; NaN without any.
    range_st : float
        From the 5th to the 95th percentile of F0 in semitones; NaN without a voiced frame.
    phones_per_s : float
        Within the words, pauses left out; NaN without an alignment.
    level_dbfs : float
        RMS of the voiced samples, 0 for a full-scale square wave; NaN without a voiced frame, and
        where it is that of the rumble.
    stressed : str or None
        The word that lemf ranks first; None without an alignment, where all words score equally, or
        where the alignment of that word plainly failed.
    stress : tuple of str
        How that word differs from the others of its sentence, of ``"high"`` or ``"low"``,
        ``"long"`` or ``"short"`` and ``"loud"`` or ``"soft"``.
    has_rumble : bool
        Whether most of the energy is below 60 Hz, where there is no voice.
    """

    f0_hz: float
    range_st: float
    phones_per_s: float
    level_dbfs: float
    stressed: str | None
    stress: tuple[str, ...] = ()
    has_rumble: bool = False


def measure_voice(wav: Path, alignment: Path | None, *, tiers_in_order: bool = False) -> Voice:
    """Measure a voice; an alignment that lemf cannot use is ignored.

    Parameters
    ----------
    wav : Path
    alignment : Path or None
    tiers_in_order : bool
        As in `alignment_tiers.find_tiers`.

    Raises
    ------
    lemf.LemfError
        The recording cannot be used.
    """
    audio = read_audio(wav)
    samples = np.concatenate(list(audio.slices([(0, audio.n_samples)])))
    emphasis = None
    if alignment is not None:
        with suppress(LemfError):
            emphasis = score(audio, find_tiers(alignment, in_order=tiers_in_order))
    has_rumble = audio.low_share > RUMBLE_ABOVE_SHARE
    if emphasis is None:
        f0_hz = harvest(samples, audio.rate_hz)[0]
        median_hz, range_st, level_dbfs = _measure_voiced(f0_hz, samples, audio.rate_hz)
        return Voice(
            f0_hz=median_hz,
            range_st=range_st,
            level_dbfs=math.nan if has_rumble else level_dbfs,
            phones_per_s=math.nan,
            stressed=None,
            has_rumble=has_rumble,
        )
    sentence = emphasis.sentences[0]
    spans = [(word.end_s - word.start_s, word.duration) for word in sentence.words]
    spans = [(length_s, phone_s) for length_s, phone_s in spans if phone_s > 0]  # NaN left out
    n_phones = sum(round(length_s / phone_s) for length_s, phone_s in spans)
    spoken_s = sum(length_s for length_s, _ in spans)
    top = sentence.ranked[0]
    has_stress = "flat" not in sentence.flags and not top.misaligned
    pitch, energy, duration = top.in_words
    f0_hz = emphasis.contours.f0_hz
    median_hz, range_st, level_dbfs = _measure_voiced(f0_hz, samples, audio.rate_hz)
    return Voice(
        f0_hz=median_hz,
        range_st=range_st,
        level_dbfs=math.nan if has_rumble else level_dbfs,
        phones_per_s=n_phones / spoken_s if spoken_s else math.nan,
        stressed=top.word if has_stress else None,
        stress=tuple(filter(None, (pitch, duration, energy))) if has_stress else (),
        has_rumble=has_rumble,
    )


def describe_voice(voice: Voice) -> Description:
    """Convert the measures to the six categories of table 1."""
    traits = []
    if math.isnan(voice.f0_hz):
        traits.append("no voiced speech")
    else:
        traits.append(_grade(voice.range_st, NARROW_BELOW_ST, WIDE_ABOVE_ST, _RANGES))
    if not math.isnan(voice.phones_per_s):
        traits.append(_grade(voice.phones_per_s, SLOW_BELOW, FAST_ABOVE, _PACES))
    if not math.isnan(voice.level_dbfs):
        traits.append(_grade(voice.level_dbfs, QUIET_BELOW_DBFS, LOUD_ABOVE_DBFS, _LEVELS))
    if voice.has_rumble:
        traits.append("a rumble below the voice")
    if voice.stressed is not None:
        traits.append(f'stress on "{voice.stressed[:_LONGEST_WORD]}"')
    return Description(
        free_emotion="an unnamed emotion",
        emotion=UNKNOWN,
        explanation=_describe_stress(voice),
        scenario="",
        paralinguistics=tuple(traits),
        gender="unclear"
        if math.isnan(voice.f0_hz)
        else _grade(voice.f0_hz, MALE_BELOW_HZ, FEMALE_ABOVE_HZ, ("male", "unclear", "female")),
    )


def _describe_stress(voice: Voice) -> str:
    """Return the prosody of the stressed word in words; ``""`` where nothing is clear."""
    if voice.stressed is None or not voice.stress:
        return ""
    return f'The word "{voice.stressed[:_LONGEST_WORD]}" is {", ".join(voice.stress)}'


def describe_recording(job: Job, *, tiers_in_order: bool = False) -> Entry:
    """Describe one recording; runs in a worker.

    Raises
    ------
    lemf.LemfError
        The recording cannot be used.
    """
    voice = measure_voice(job.wav, job.alignment, tiers_in_order=tiers_in_order)
    measured = {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in asdict(voice).items()
        if name not in ("has_rumble", "stress") or value
    }
    return {"status": "ok", "text": format_description(describe_voice(voice)), "measured": measured}


def _grade(value: float, low: float, high: float, words: tuple[str, str, str]) -> str:
    return words[0] if value < low else words[2] if value > high else words[1]


def _measure_voiced(
    f0_hz: NDArray[np.float64], samples: NDArray[np.float64], rate_hz: int
) -> tuple[float, float, float]:
    """Compute median and range of F0, and the level of the voiced part; NaN without one."""
    voiced = f0_hz > 0
    if not voiced.any():
        return math.nan, math.nan, math.nan
    low, median, high = np.percentile(f0_hz[voiced], [5, 50, 95])
    frames = np.round(np.arange(len(samples)) / (rate_hz * FRAME_PERIOD_S)).astype(np.int64)
    power = np.mean(samples[voiced[np.minimum(frames, len(f0_hz) - 1)]] ** 2)
    level_dbfs = float(10 * np.log10(power)) if power > 0 else math.nan
    return float(median), float(12 * np.log2(high / low)), level_dbfs
