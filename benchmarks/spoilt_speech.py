"""Ways to spoil rated speech: noise, babble, rooms, rates, channels and loose alignments.

Levels are relative to the speech from the first word to the last. The same draw of chance serves
every level of a disturbance, so that conditions are compared on the same noise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import gcd
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve, resample_poly

import lemf
from lemf.agreement.labels.files import read_labels
from lemf.agreement.measures import top_word
from lemf.reading.alignment import align

FloatArray = NDArray[np.float64]
N_TALKERS = 8
SHORTEST_S = 0.02  # that jitter leaves of an interval


@dataclass(frozen=True, eq=False)
class Recording:
    """What listeners rated; `spoken` are the samples from the first word to the last."""

    samples: FloatArray
    rate_hz: int
    grid: lemf.TextGrid
    ratings: FloatArray
    text: str
    spoken: slice


Spoil = Callable[[Recording, np.random.Generator], Recording]


@dataclass(frozen=True)
class Condition:
    """One way to spoil a recording; what is `drawn` depends on chance."""

    group: str
    label: str
    spoil: Spoil
    drawn: bool = False


def read_recordings(labels: str) -> Iterator[Recording]:
    """Return the recordings with ratings and one top word."""
    for label in read_labels(labels):
        if label.ratings is None:
            continue
        try:
            top_word(label.ratings)
        except ValueError:
            continue
        audio = lemf.read_audio(label.audio, channel="mix")
        grid = lemf.read_textgrid(label.textgrid)
        (samples,) = audio.slices([(0, audio.n_samples)])
        (words,) = align(grid, lemf.Settings(), audio.duration_s).sentences
        edges = (round(t * audio.rate_hz) for t in (words[0].start_s, words[-1].end_s))
        text = label.text or " ".join(word.text for word in words)
        yield Recording(np.array(samples), audio.rate_hz, grid, label.ratings, text, slice(*edges))


def read_talkers(folder: Path, rate_hz: int) -> Iterator[FloatArray]:
    """Return the recordings of a folder at another rate."""
    for path in sorted(p for suffix in ("wav", "flac") for p in folder.rglob(f"*.{suffix}")):
        audio = lemf.read_audio(path, channel="mix")
        (samples,) = audio.slices([(0, audio.n_samples)])
        yield resampled(np.array(samples), audio.rate_hz, rate_hz)


def list_conditions(talkers: Sequence[FloatArray]) -> Iterator[Condition]:
    """Return all conditions, the unspoilt one first."""
    yield Condition("clean", "clean", lambda one, _: one)
    for snr_db in (20, 10, 5, 0):
        yield Condition("white noise", f"{snr_db} dB", noise(snr_db), drawn=True)
    for snr_db in (20, 10, 5, 0):
        yield Condition("babble", f"{snr_db} dB", babble(snr_db, talkers), drawn=True)
    for t60_s in (0.3, 0.6, 1.0):
        yield Condition("reverberation", f"{t60_s:g} s", reverberation(t60_s), drawn=True)
    for rate_hz in (8000, 11025, 16000, 32000, 44100, 48000):
        yield Condition("rate", f"{rate_hz / 1000:g} kHz", at_rate(rate_hz))
    yield Condition("channel", "telephone", telephone)
    for cut_hz in (7000, 5500, 4000):
        yield Condition("channel", f"low-pass {cut_hz / 1000:g} kHz", low_pass(cut_hz))
    for jitter_ms in (10, 20, 30, 40):
        yield Condition("alignment jitter", f"{jitter_ms} ms", jitter(jitter_ms), drawn=True)


def noise(snr_db: float) -> Spoil:
    """Add white noise."""
    return lambda one, rng: added(one, rng.normal(size=len(one.samples)), snr_db)


def babble(snr_db: float, talkers: Sequence[FloatArray]) -> Spoil:
    """Add eight other talkers, each at the same level, from a random place in a loop of theirs."""

    def spoil(one: Recording, rng: np.random.Generator) -> Recording:
        others = [talker for talker in talkers if talker is not one.samples]
        together = np.zeros(len(one.samples))
        for number in rng.choice(len(others), N_TALKERS, replace=False):
            turned = np.roll(others[number], rng.integers(len(others[number])))
            looped = np.resize(turned, len(one.samples))
            together += looped / np.sqrt(np.mean(looped**2))
        return added(one, together, snr_db)

    return spoil


def added(one: Recording, disturbance: FloatArray, snr_db: float) -> Recording:
    """Add a disturbance at a level below that of the speech."""
    speech = np.sqrt(np.mean(one.samples[one.spoken] ** 2))
    scale = speech / np.sqrt(np.mean(disturbance**2)) * 10 ** (-snr_db / 20)
    return replace(one, samples=one.samples + scale * disturbance)


def reverberation(t60_s: float) -> Spoil:
    """Play it in a room: a pulse and decaying noise of equal energy."""

    def spoil(one: Recording, rng: np.random.Generator) -> Recording:
        t = np.arange(round(t60_s * one.rate_hz)) / one.rate_hz
        tail = rng.normal(size=len(t)) * np.exp(-np.log(1000) * t / t60_s)
        response = np.concatenate([[1.0], tail / np.sqrt(np.sum(tail**2))])
        return replace(one, samples=fftconvolve(one.samples, response)[: len(one.samples)])

    return spoil


def at_rate(rate_hz: int) -> Spoil:
    """Resample."""
    return lambda one, _: replace(
        one, samples=resampled(one.samples, one.rate_hz, rate_hz), rate_hz=rate_hz
    )


def resampled(samples: FloatArray, rate_hz: int, new_hz: int) -> FloatArray:
    """Return samples at another rate."""
    factor = gcd(rate_hz, new_hz)
    resampled: FloatArray = resample_poly(samples, new_hz // factor, rate_hz // factor)
    return resampled


def telephone(one: Recording, _: np.random.Generator) -> Recording:
    """Pass 300 to 3400 Hz at 8 kHz, in the 8-bit mu-law of G.711."""
    narrow = resampled(band(one.samples, one.rate_hz, 300, 3400), one.rate_hz, 8000)
    scaled = narrow / np.abs(narrow).max()
    squeezed = np.sign(scaled) * np.log1p(255 * np.abs(scaled)) / np.log(256)
    coarse = np.round(127 * squeezed) / 127
    return replace(one, samples=np.sign(coarse) * (256 ** np.abs(coarse) - 1) / 255, rate_hz=8000)


def low_pass(cut_hz: float) -> Spoil:
    """Leave nothing above a frequency, as coders at low rates do."""
    return lambda one, _: replace(one, samples=band(one.samples, one.rate_hz, 0, cut_hz))


def band(samples: FloatArray, rate_hz: int, low_hz: float, high_hz: float) -> FloatArray:
    """Return the band between two frequencies."""
    spectrum = np.fft.rfft(samples)
    frequencies_hz = np.fft.rfftfreq(len(samples), 1 / rate_hz)
    spectrum[(frequencies_hz < low_hz) | (frequencies_hz > high_hz)] = 0
    return np.fft.irfft(spectrum, len(samples))


def jitter(deviation_ms: float) -> Spoil:
    """Move each edge of the words, at most midway to the next; the phones follow."""

    def spoil(one: Recording, rng: np.random.Generator) -> Recording:
        duration_s = len(one.samples) / one.rate_hz
        (words,) = align(one.grid, lemf.Settings(), duration_s).sentences
        edges_s = np.unique([t for word in words for t in (word.start_s, word.end_s)])
        gaps_s = np.diff(edges_s, prepend=0.0, append=one.grid.end_s)
        room_s = np.maximum(gaps_s - SHORTEST_S, 0.0) / 2
        moved_s = edges_s + rng.normal(0, deviation_ms / 1000, len(edges_s))
        moved_s = np.clip(moved_s, edges_s - room_s[:-1], edges_s + room_s[1:])
        old_s = np.array([0.0, *edges_s, one.grid.end_s])
        new_s = np.array([0.0, *moved_s, one.grid.end_s])
        return replace(one, grid=warped(one.grid, old_s, new_s))

    return spoil


def warped(grid: lemf.TextGrid, old_s: FloatArray, new_s: FloatArray) -> lemf.TextGrid:
    """Move the edges of all intervals of the tiers of words and phones from old to new times."""

    def moved(time_s: float) -> float:
        return float(np.interp(time_s, old_s, new_s))

    tiers = tuple(
        lemf.IntervalTier(
            tier.name,
            moved(tier.start_s),
            moved(tier.end_s),
            tuple(
                lemf.Interval(moved(one.start_s), moved(one.end_s), one.label)
                for one in tier.intervals
            ),
        )
        for tier in grid.tiers
        if isinstance(tier, lemf.IntervalTier) and tier.name in ("words", "phones")
    )
    return lemf.TextGrid(moved(grid.start_s), moved(grid.end_s), tiers, grid.path)
