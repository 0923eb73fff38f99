"""Build the two readings of "I really didn't mean that" that stand beside this file.

flite speaks the sentence once and says when each phone begins. The plan of a neutral reading draws
pitch, loudness and pace of the words together, so that no word stands out; the plan of a stress
adds the same steps for either word. Praat's PSOLA (Manipulation: pitch tier and duration tier,
overlap-add) renders each reading in one pass. Times are flite's until `render` maps them.

Run ``python examples/make_example.py``; it needs flite (Debian: ``apt install flite``) and
``pip install 'lemf[praat]'``.
"""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import parselmouth
import soundfile
from numpy.typing import NDArray
from parselmouth.praat import call

from lemf import Interval, IntervalTier, TextGrid, write_textgrid

WORDS = {  # in the order of the sentence, with the phones of flite and the stress marks of MFA
    "I": "AY1",
    "really": "R IH1 L IY0",
    "didn't": "D IH1 D N T",
    "mean": "M IY1 N",
    "that": "DH AE1 T",
}
PHONES = " ".join(WORDS.values()).split()
N_PHONES = [len(phones.split()) for phones in WORDS.values()]  # of each word
READINGS = {"really": "really", "didnt": "didn't"}  # file: stressed word
VOICE = "rms"
PITCH_RANGE_HZ = (60.0, 300.0)  # where Praat looks for the voice's pitch
RUMBLE_HZ = 40.0  # what lies below is removed, the offset of the voice above all
PEAK = 0.4  # of flite's speech
PAUSE_S = 0.15  # before and after the sentence
NOISE_DB = -70.0  # re full scale; Harvest misbehaves beside digital silence
SEED = 0  # of the noise and of Praat's overlap-add

# Neutral reading
SPREAD = 0.4  # share that is left of what sets the words apart
START_HZ = 112.0  # the declination is a straight line in semitones
DECLINATION_ST = -3.0

# Stress
ACCENT_ST = 4.5  # peak at the end of the stressed vowel
RISE_S = 0.16
FALL_S = 0.20
AFTER_ST = -1.0  # after the accent
ACCENT_DB = 4.0  # throughout the word
AFTER_DB = -1.5  # after the word
ACCENT_STRETCH = 1.3  # throughout the word

FRAME_S = 0.005  # of the pitch tier
GAIN_RAMP_S = 0.060  # of loudness between words
STRETCH_RAMP_S = 0.010  # of the duration tier between words

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Speech:
    """Samples of shape (samples,) and the boundaries of the phones, (phones + 1,), in seconds."""

    samples: FloatArray
    rate_hz: int
    bounds_s: FloatArray


@dataclass(frozen=True, eq=False)
class Plan:
    """How to speak: semitones re `START_HZ` at `times_s`, gain and stretch of each word."""

    times_s: FloatArray
    pitch_st: FloatArray
    gains_db: FloatArray
    stretches: FloatArray


def speak() -> Speech:
    """Synthesise the sentence by flite, with `PAUSE_S` of faded pause at either end."""
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "flite.wav"
        command = ["flite", "-voice", VOICE, "-psdur", "-t", " ".join(WORDS), "-o", str(wav)]
        try:
            listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        except FileNotFoundError:
            raise SystemExit("flite is missing; install it (Debian: apt install flite)") from None
        sound = parselmouth.Sound(str(wav))
    spoken = [entry.split(":") for entry in listing.split()]  # such as pau:0.177, label and end
    phones = [phone.rstrip("012").lower() for phone in PHONES]
    if [label for label, _ in spoken] != ["pau", *phones, "pau"]:
        raise SystemExit(f"this flite speaks other phones: {listing.strip()}")
    bounds_s = np.array([float(end) for _, end in spoken[:-1]])
    rate_hz = round(sound.sampling_frequency)
    samples = call(sound, "Filter (stop Hann band)", 0.0, RUMBLE_HZ, RUMBLE_HZ / 2).values[0]
    first, last = np.rint((bounds_s[[0, -1]] + [-PAUSE_S, PAUSE_S]) * rate_hz).astype(int)
    fade = raised_cosine(np.arange(last - first) / rate_hz, 0.0, PAUSE_S)
    samples = samples[first:last] * fade * fade[::-1]
    return Speech(samples * PEAK / np.abs(samples).max(), rate_hz, bounds_s - first / rate_hz)


def plan_neutral(speech: Speech) -> Plan:
    """Plan a reading in which no word stands out."""
    bounds_s = word_bounds(speech.bounds_s)
    cuts = np.rint(bounds_s * speech.rate_hz).astype(int)
    levels_db = 10 * np.log10(np.add.reduceat(speech.samples**2, cuts)[:-1] / np.diff(cuts))
    log_phones_s = np.log(np.diff(bounds_s) / N_PHONES)
    sound = parselmouth.Sound(speech.samples, speech.rate_hz)
    pitch = sound.to_pitch(FRAME_S, *PITCH_RANGE_HZ)
    times_s, f0_hz = pitch.xs(), pitch.selected_array["frequency"]
    voiced = f0_hz > 0
    own_st = np.interp(times_s, times_s[voiced], 12 * np.log2(f0_hz[voiced]))
    trend_st = np.polyval(np.polyfit(times_s, own_st, 1), times_s)
    decline_st = DECLINATION_ST * (times_s - bounds_s[0]) / (bounds_s[-1] - bounds_s[0])
    return Plan(
        times_s,
        decline_st + SPREAD * (own_st - trend_st),
        (1 - SPREAD) * (levels_db.mean() - levels_db),
        np.exp((1 - SPREAD) * (log_phones_s.mean() - log_phones_s)),
    )


def stress(plan: Plan, word: str, speech: Speech) -> Plan:
    """Add the stress of one word to a plan."""
    stressed = [i for i, phone in enumerate(PHONES) if phone.endswith("1")]  # one a word
    number = list(WORDS).index(word)
    top_s = speech.bounds_s[stressed[number] + 1]
    rise = raised_cosine(plan.times_s, top_s - RISE_S, top_s)
    fall = raised_cosine(plan.times_s, top_s, top_s + FALL_S)
    here = np.arange(len(WORDS)) == number
    after = np.arange(len(WORDS)) > number
    return replace(
        plan,
        pitch_st=plan.pitch_st + ACCENT_ST * rise + (AFTER_ST - ACCENT_ST) * fall,
        gains_db=plan.gains_db + ACCENT_DB * here + AFTER_DB * after,
        stretches=plan.stretches * np.where(here, ACCENT_STRETCH, 1.0),
    )


def render(speech: Speech, plan: Plan) -> Speech:
    """Speak as planned; the duration tier also says where the boundaries go."""
    times_s = np.arange(len(speech.samples)) / speech.rate_hz
    bounds_s = word_bounds(speech.bounds_s)
    steps_db = np.diff(plan.gains_db, prepend=0.0, append=0.0)
    gain_db = sum(
        step_db * raised_cosine(times_s, bound_s - GAIN_RAMP_S / 2, bound_s + GAIN_RAMP_S / 2)
        for step_db, bound_s in zip(steps_db, bounds_s, strict=True)
    )
    sound = parselmouth.Sound(speech.samples * 10 ** (gain_db / 20), speech.rate_hz)
    manipulation = call(sound, "To Manipulation", FRAME_S, *PITCH_RANGE_HZ)
    pitch = call("Create PitchTier", "pitch", 0.0, sound.duration)
    for time_s, f0_hz in zip(plan.times_s, START_HZ * 2 ** (plan.pitch_st / 12), strict=True):
        call(pitch, "Add point", time_s, f0_hz)
    pace = call("Create DurationTier", "pace", 0.0, sound.duration)
    stretches = [1.0, *plan.stretches, 1.0]
    for i, bound_s in enumerate(bounds_s):
        call(pace, "Add point", bound_s - STRETCH_RAMP_S / 2, stretches[i])
        call(pace, "Add point", bound_s + STRETCH_RAMP_S / 2, stretches[i + 1])
    call([manipulation, pitch], "Replace pitch tier")
    call([manipulation, pace], "Replace duration tier")
    # In voiceless parts the overlap-add draws its periods.
    parselmouth.praat.run(f"random_initializeWithSeedUnsafelyButPredictably ({SEED})")
    samples = call(manipulation, "Get resynthesis (overlap-add)").values[0]
    moved_s = [call(pace, "Get target duration", 0.0, bound_s) for bound_s in speech.bounds_s]
    return Speech(samples, speech.rate_hz, np.array(moved_s))


def raised_cosine(times_s: FloatArray, start_s: float, end_s: float) -> FloatArray:
    """Rise smoothly from 0 to 1 between two times."""
    share = np.clip((times_s - start_s) / (end_s - start_s), 0.0, 1.0)
    return 0.5 - 0.5 * np.cos(np.pi * share)


def word_bounds(bounds_s: FloatArray) -> FloatArray:
    """Pick the boundaries of the words, (words + 1,), from those of the phones."""
    return bounds_s[np.cumsum([0, *N_PHONES])]


def write_reading(speech: Speech, name: str) -> None:
    """Write the 16-bit recording, with a little noise, and its TextGrid; boundaries on samples."""
    generator = np.random.default_rng(SEED)
    noise = generator.normal(0.0, 10 ** (NOISE_DB / 20), len(speech.samples))
    path = Path(__file__).with_name(name)
    samples = np.rint(32768 * (speech.samples + noise)).astype(np.int16)
    soundfile.write(path.with_suffix(".wav"), samples, speech.rate_hz)
    end_s = len(speech.samples) / speech.rate_hz
    tiers = []
    for tier, labels, bounds_s in (
        ("words", list(WORDS), word_bounds(speech.bounds_s)),
        ("phones", PHONES, speech.bounds_s),
    ):
        inner_s = np.rint(bounds_s * speech.rate_hz) / speech.rate_hz
        times_s = [0.0, *inner_s.tolist(), end_s]
        intervals = map(Interval, times_s[:-1], times_s[1:], ["", *labels, ""])
        tiers.append(IntervalTier(tier, 0.0, end_s, tuple(intervals)))
    textgrid = TextGrid(0.0, end_s, tuple(tiers))
    write_textgrid(textgrid, path.with_suffix(".TextGrid"), force=True)


def main() -> None:
    """Write both readings."""
    speech = speak()
    neutral = plan_neutral(speech)
    for name, word in READINGS.items():
        write_reading(render(speech, stress(neutral, word, speech)), name)


if __name__ == "__main__":
    main()
