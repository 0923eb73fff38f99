"""Real speech resynthesised by WORLD with F0 that is imposed, and therefore known.

The spectral envelope, the aperiodicity and the voicing are the recording's, as WORLD measures them
on F0 of DIO, which is none of the trackers under test. In creaky speech the lengths of the periods
vary and every second one is softer.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pyworld 0.3.5 imports the deprecated pkg_resources
    import pyworld

FloatArray = NDArray[np.float64]
Melody = Literal["calm", "lively", "own"]
MELODIES: tuple[Melody, ...] = get_args(Melody)
FRAME_MS = 1.0  # of the synthesis: shorter than a period
ACCENTS_ST = {"calm": (1.0, 4.0), "lively": (3.0, 9.0)}  # heights, drawn evenly
ACCENT_S = 0.09  # standard deviation of the bell of an accent
ACCENTED = 0.5  # of the words
FALL_ST_PER_S = 2.0  # declination
OWN_ST = 9.0  # an own contour is cut off at this distance from its median
SMOOTHED_FRAMES = 61  # of the own contour, by their median
JITTER = 0.12  # standard deviation of the length of creaky periods, relative
SOFTER_DB = 6.0  # every second creaky period
CREAKY = 0.35  # of the words, in their second half


@dataclass(frozen=True, eq=False)
class Voice:
    """A recording as WORLD analyses it, in frames of 1 ms."""

    rate_hz: int
    times_s: FloatArray
    f0_hz: FloatArray  # of DIO, 0 where unvoiced
    envelope: FloatArray
    aperiodicity: FloatArray


def analyse(samples: FloatArray, rate_hz: int) -> Voice:
    """Analyse a recording."""
    samples = np.ascontiguousarray(samples, dtype=np.float64)
    coarse_hz, times_s = pyworld.dio(samples, rate_hz, frame_period=FRAME_MS)
    f0_hz = pyworld.stonemask(samples, coarse_hz, times_s, rate_hz)
    envelope = pyworld.cheaptrick(samples, f0_hz, times_s, rate_hz)
    aperiodicity = pyworld.d4c(samples, f0_hz, times_s, rate_hz)
    return Voice(rate_hz, times_s, f0_hz, envelope, aperiodicity)


def draw_melody(
    voice: Voice, words_s: FloatArray, melody: Melody, rng: np.random.Generator
) -> FloatArray:
    """Draw F0 about the speaker's median: declination and accents, or the own smoothed contour.

    Parameters
    ----------
    words_s : (words, 2) float64
        Starts and ends.

    Returns
    -------
    (frames,) float64
        Hz; 0 where the voice is unvoiced.
    """
    voiced = voice.f0_hz > 0
    median_hz = float(np.median(voice.f0_hz[voiced]))
    if melody == "own":
        places = np.flatnonzero(voiced)
        own = 12 * np.log2(
            np.interp(np.arange(len(voiced)), places, voice.f0_hz[places]) / median_hz
        )
        padded = np.pad(own, SMOOTHED_FRAMES // 2, mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, SMOOTHED_FRAMES)
        semitones = np.clip(np.median(windows, axis=1), -OWN_ST, OWN_ST)
    else:
        middle_s = words_s.mean()
        semitones = -FALL_ST_PER_S * (voice.times_s - middle_s) - 1.0
        for start_s, end_s in words_s:
            if rng.random() < ACCENTED:
                height_st = rng.uniform(*ACCENTS_ST[melody])
                peak_s = rng.uniform(start_s, end_s)
                semitones += height_st * np.exp(-0.5 * ((voice.times_s - peak_s) / ACCENT_S) ** 2)
    return np.where(voiced, median_hz * 2 ** (semitones / 12), 0.0)


def draw_creak(voice: Voice, words_s: FloatArray, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw the frames that are creaky: the second half of some words."""
    creaky = np.zeros(len(voice.times_s), dtype=bool)
    for start_s, end_s in words_s:
        if rng.random() < CREAKY:
            creaky |= (voice.times_s >= (start_s + end_s) / 2) & (voice.times_s < end_s)
    return creaky


def synthesise(
    voice: Voice, f0_hz: FloatArray, creaky: NDArray[np.bool_], rng: np.random.Generator
) -> FloatArray:
    """Synthesise the voice with other F0.

    Parameters
    ----------
    f0_hz : (frames,) float64
        0 where unvoiced.
    creaky : (frames,) bool
    rng : Generator
        Draws the lengths of creaky periods.

    Returns
    -------
    (samples,) float64
    """
    period = np.floor(np.cumsum(f0_hz) * FRAME_MS / 1000).astype(np.int64)
    deviation = np.clip(rng.normal(0, JITTER, period[-1] + 1), -3 * JITTER, 3 * JITTER)
    jittered_hz = np.where(creaky, f0_hz / (1 + deviation[period]), f0_hz)
    softer = creaky & (period % 2 == 1) & (f0_hz > 0)
    envelope = voice.envelope * np.where(softer, 10 ** (-SOFTER_DB / 10), 1.0)[:, np.newaxis]
    sound: FloatArray = pyworld.synthesize(
        jittered_hz, np.ascontiguousarray(envelope), voice.aperiodicity, voice.rate_hz, FRAME_MS
    )
    return sound


def true_maxima(
    voice: Voice, f0_hz: FloatArray, clean: FloatArray, words_s: FloatArray, *, least_s: float
) -> FloatArray:
    """Find the highest imposed F0 of each word where it can be heard.

    A frame counts that is voiced, that WORLD makes of pulses rather than noise (at least half of
    its power), and that is at most 25 dB below the loudest 20 ms of the word.

    Parameters
    ----------
    clean : (samples,) float64
        The synthesised sound.
    least_s : float
        NaN stands for words with less voice.

    Returns
    -------
    (words,) float64
        Hz.
    """
    size = round(0.02 * voice.rate_hz)
    power = np.convolve(clean**2, np.full(size, 1 / size), mode="same")
    at = np.minimum(np.rint(voice.times_s * voice.rate_hz).astype(np.int64), len(clean) - 1)
    level = power[at]
    periodic = voice.envelope * (1 - voice.aperiodicity**2)
    has_f0 = (f0_hz > 0) & (periodic.sum(axis=1) >= voice.envelope.sum(axis=1) / 2)
    maxima = np.full(len(words_s), np.nan)
    for i, (start_s, end_s) in enumerate(words_s):
        inside = (voice.times_s >= start_s) & (voice.times_s < end_s)
        heard = inside & has_f0 & (level >= 10**-2.5 * level[inside].max(initial=0.0))
        if heard.sum() * FRAME_MS / 1000 >= least_s:
            maxima[i] = f0_hz[heard].max()
    return maxima
