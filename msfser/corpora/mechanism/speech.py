"""The sound of a sentence of the mechanism corpus: harmonics of F0 under moving formants.

Each word is a few phones of vowel-like and voiced-consonant-like sound, drawn for every token:
the sound shows melody, tempo and which word is stressed, never the identity of a word. The level of
a frame does not depend on vowel and F0. All boundaries are whole samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msfser.config.settings import RATE_HZ
from msfser.corpora.mechanism.drawing import random_stream
from msfser.corpora.mechanism.planted import PEAK_SEMITONES
from msfser.corpora.mechanism.sentences import N_WORDS, Sentence, Speaker

FloatArray = NDArray[np.float64]

_VOWELS = {  # first three formants of a man's voice, in Hz
    "AA": (730.0, 1090.0, 2440.0),
    "EH": (530.0, 1840.0, 2480.0),
    "IY": (270.0, 2290.0, 3010.0),
    "OW": (500.0, 900.0, 2400.0),
    "UW": (300.0, 870.0, 2240.0),
}
_CONSONANTS = {
    "L": (350.0, 1200.0, 2800.0),
    "M": (280.0, 1000.0, 2200.0),
    "N": (280.0, 1500.0, 2500.0),
    "W": (300.0, 650.0, 2200.0),
}
_FOURTH_FORMANT_HZ = 3500.0
_BANDWIDTHS_HZ = np.array([80.0, 100.0, 140.0, 200.0])
_FORMANT_JITTER = 0.04

_CONTENT_PHONES_S = (0.060, 0.100, 0.060)  # consonant, vowel, consonant at tempo 1
_NEUTRAL_PHONES_S = (0.050, 0.075)  # consonant, vowel
_EDGE_S = (0.08, 0.12)  # of silence at both ends
_DURATION_JITTER = 0.06  # standard deviations: of each phone's log duration,
_F0_JITTER_SEMITONES = 0.3  # of each word's F0,
_LEVEL_JITTER_DB = 0.6  # of each word's level
_F0_DECLINATION_SEMITONES = (0.5, 2.0)  # fall from the first word to the last
_LEVEL_DECLINATION_DB = (0.5, 2.5)

_CONSONANT_DB = -8.0
_NEUTRAL_DB = -2.0
_SILENCE_DB = -60.0
_RECORDING_RMS = (0.03, 0.08)  # of a vowel at 0 dB, full scale being 1
_NOISE_DB = (-38.0, -28.0)  # relative to the RMS

_HOP = 80  # samples per frame of the contours
_TRANSITION_FRAMES = 7  # 35 ms from phone to phone
_STRESS_EDGE = 0.25  # share of the stressed word in which its F0 rises, and falls
_HIGHEST_HZ = 6500.0
_ROLL_OFF_HZ = 1000.0


@dataclass(frozen=True, kw_only=True)
class Phone:
    """The sound from sample `start` to sample `end`, with its formants and its level."""

    label: str
    word: int
    start: int
    end: int
    formants_hz: tuple[float, ...]
    level_db: float


@dataclass(frozen=True, kw_only=True)
class Prosody:
    """Everything that is audible in a sentence except the speaker's voice.

    Attributes
    ----------
    n_samples : int
    phones : tuple of Phone
        Without gaps; silence before the first and after the last.
    accents_semitones : tuple of float
        F0 in the middle of each word above the register of the speaker, without the stress.
    stressed_word : int
    stress_semitones : float
    peak_semitones : float
        By which F0 is above that in the first half of each content word, and below in the second.
    vowel_rms, noise_rms : float
        Full scale being 1.
    noise_seed : int
    """

    n_samples: int
    phones: tuple[Phone, ...]
    accents_semitones: tuple[float, ...]
    stressed_word: int
    stress_semitones: float
    peak_semitones: float
    vowel_rms: float
    noise_rms: float
    noise_seed: int

    def word_bounds(self, word: int) -> tuple[int, int]:
        """Return the first sample of a word and the one after its last."""
        phones = [phone for phone in self.phones if phone.word == word]
        return phones[0].start, phones[-1].end


def plan_prosody(sentence: Sentence, seed: int) -> Prosody:
    """Draw the phones and the jitter of every word, which the causes do not determine.

    Parameters
    ----------
    sentence : Sentence
    seed : int
        Of the corpus.

    Returns
    -------
    Prosody
    """
    rng = random_stream("speech", seed, sentence.index)
    place = np.linspace(0.0, 1.0, N_WORDS)
    content = np.arange(N_WORDS) % 2 == 1
    stressed = np.arange(N_WORDS) == sentence.stressed_word

    # F0, level and speed of the words
    swing = np.where(content, 0.5, -0.5) * sentence.f0_range_semitones
    decline = rng.uniform(*_F0_DECLINATION_SEMITONES) * (0.5 - place)
    accents = swing + decline + rng.normal(0.0, _F0_JITTER_SEMITONES, N_WORDS)
    levels_db = np.where(content, 0.0, _NEUTRAL_DB) + sentence.stress_db * stressed
    levels_db += rng.uniform(*_LEVEL_DECLINATION_DB) * (0.5 - place)
    levels_db += rng.normal(0.0, _LEVEL_JITTER_DB, N_WORDS)
    speed = sentence.tempo / (1.0 + sentence.stress_duration * stressed)

    # phones, one after the other
    phones: list[Phone] = []
    reached_s = rng.uniform(*_EDGE_S)
    for word in range(N_WORDS):
        for number, length_s in enumerate(
            _CONTENT_PHONES_S if content[word] else _NEUTRAL_PHONES_S
        ):
            kinds = _VOWELS if number == 1 else _CONSONANTS
            label = str(rng.choice(list(kinds)))
            start_s, reached_s = (
                reached_s,
                reached_s + length_s / speed[word] * np.exp(rng.normal(0.0, _DURATION_JITTER)),
            )
            shift = np.exp(rng.normal(0.0, _FORMANT_JITTER, 4))
            formants_hz = shift * (*kinds[label], _FOURTH_FORMANT_HZ)
            phones.append(
                Phone(
                    label=label,
                    word=word,
                    start=round(start_s * RATE_HZ),
                    end=round(reached_s * RATE_HZ),
                    formants_hz=tuple(float(value) for value in formants_hz),
                    level_db=float(levels_db[word] + (0.0 if number == 1 else _CONSONANT_DB)),
                )
            )
    # level of the recording
    vowel_rms = float(np.exp(rng.uniform(*np.log(_RECORDING_RMS))))
    return Prosody(
        n_samples=round((reached_s + rng.uniform(*_EDGE_S)) * RATE_HZ),
        phones=tuple(phones),
        accents_semitones=tuple(float(accent) for accent in accents),
        stressed_word=sentence.stressed_word,
        stress_semitones=sentence.stress_semitones,
        peak_semitones=PEAK_SEMITONES * sentence.peak,
        vowel_rms=vowel_rms,
        noise_rms=float(vowel_rms * 10 ** (rng.uniform(*_NOISE_DB) / 20)),
        noise_seed=int(rng.integers(2**32)),
    )


def f0_contour(prosody: Prosody, times: FloatArray) -> FloatArray:
    """Compute F0: cosines from the middle of a word to that of the next, stress and peaks added.

    Parameters
    ----------
    prosody : Prosody
    times : (frames,) float64
        In samples.

    Returns
    -------
    (frames,) float64
        Semitones above the register of the speaker.
    """
    bounds = [prosody.word_bounds(word) for word in range(N_WORDS)]
    middles = [(start + end) / 2 for start, end in bounds]
    position = np.interp(times, middles, np.arange(N_WORDS))
    before = np.minimum(position.astype(int), N_WORDS - 2)
    share = 0.5 - 0.5 * np.cos(np.pi * (position - before))
    accents = np.array(prosody.accents_semitones)
    start, end = bounds[prosody.stressed_word]
    inside = np.clip((times - start) / (end - start), 0.0, 1.0)
    edge = np.clip(np.minimum(inside, 1.0 - inside) / _STRESS_EDGE, 0.0, 1.0)
    lift = prosody.stress_semitones * (0.5 - 0.5 * np.cos(np.pi * edge))
    contour: FloatArray = accents[before] * (1.0 - share) + accents[before + 1] * share + lift
    if prosody.peak_semitones:
        for start, end in bounds[1::2]:
            inside = np.clip((times - start) / (end - start), 0.0, 1.0)
            contour += prosody.peak_semitones * np.sin(2 * np.pi * inside)
    return contour


def synthesise(prosody: Prosody, speaker: Speaker) -> FloatArray:
    """Synthesise the sound: harmonics of F0, weighted by the formants, and a little noise.

    Parameters
    ----------
    prosody : Prosody
    speaker : Speaker

    Returns
    -------
    (samples,) float64
        At `RATE_HZ`, full scale being 1.
    """
    n_frames = -(-prosody.n_samples // _HOP) + 1
    times = np.arange(n_frames, dtype=np.float64) * _HOP
    f0_hz = speaker.register_hz * 2.0 ** (f0_contour(prosody, times) / 12.0)
    formants_hz, level_db = _phone_contours(prosody, times)
    amplitude = prosody.vowel_rms * 10.0 ** (level_db / 20.0)
    gains = _harmonic_gains(f0_hz, speaker.formant_scale * formants_hz, speaker.tilt_db)
    sound = _add_harmonics(f0_hz, amplitude[:, None] * gains)[: prosody.n_samples]
    noise = np.random.default_rng(prosody.noise_seed).normal(0.0, 1.0, prosody.n_samples)
    samples: FloatArray = sound + prosody.noise_rms * noise
    return samples


def _phone_contours(prosody: Prosody, times: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the formants, (frames, 4) in Hz, and the level, (frames,) in dB, smoothed."""
    starts = [phone.start for phone in prosody.phones]
    spoken = (times >= starts[0]) & (times < prosody.phones[-1].end)
    at = np.clip(np.searchsorted(starts, times, side="right") - 1, 0, None)
    formants_hz = np.array([phone.formants_hz for phone in prosody.phones])[at]
    level_db = np.where(
        spoken, np.array([phone.level_db for phone in prosody.phones])[at], _SILENCE_DB
    )
    return _smooth(formants_hz), _smooth(level_db[:, None])[:, 0]


def _smooth(contours: FloatArray) -> FloatArray:
    window = np.hanning(_TRANSITION_FRAMES + 2)[1:-1]
    window /= window.sum()
    reach = _TRANSITION_FRAMES // 2
    padded = np.pad(contours, ((reach, reach), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, _TRANSITION_FRAMES, axis=0)
    smooth: FloatArray = windows @ window
    return smooth


def _harmonic_gains(f0_hz: FloatArray, formants_hz: FloatArray, tilt_db: float) -> FloatArray:
    """Compute the amplitude of each harmonic, (frames, harmonics), for a sound of RMS 1."""
    numbers = np.arange(1, int(_HIGHEST_HZ / f0_hz.min()) + 1)
    frequencies_hz = f0_hz[:, None] * numbers
    gains = numbers ** (-tilt_db / (20.0 * np.log10(2.0))) * np.ones_like(frequencies_hz)
    for column, bandwidth_hz in enumerate(_BANDWIDTHS_HZ):
        centre = formants_hz[:, column, None]
        gains *= centre**2 / np.hypot(centre**2 - frequencies_hz**2, bandwidth_hz * frequencies_hz)
    gains *= np.clip((_HIGHEST_HZ - frequencies_hz) / _ROLL_OFF_HZ, 0.0, 1.0)
    unit: FloatArray = gains / np.sqrt(np.sum(gains**2, axis=1, keepdims=True) / 2.0)
    return unit


def _add_harmonics(f0_hz: FloatArray, gains: FloatArray) -> FloatArray:
    """Compute the sum of gain_k sin(k phase), with gains and log F0 linear between frames."""
    within = np.arange(_HOP) / _HOP
    log_f0 = np.log(f0_hz)
    steps_hz = np.exp(log_f0[:-1, None] + np.diff(log_f0)[:, None] * within)
    phase = 2.0 * np.pi / RATE_HZ * np.cumsum(steps_hz).reshape(steps_hz.shape)
    twice_cosine = 2.0 * np.cos(phase)
    last, current = np.zeros_like(phase), np.sin(phase)
    sound = np.zeros_like(phase)
    for gain, step in zip(gains[:-1].T, np.diff(gains, axis=0).T, strict=True):
        sound += (gain[:, None] + step[:, None] * within) * current
        # sin((k + 1) x) = 2 cos(x) sin(k x) - sin((k - 1) x)
        last, current = current, twice_cosine * current - last
    return sound.reshape(-1)
