"""Stress taken from words of real speech and put on others by PSOLA: F0, level and duration.

Needs parselmouth (`pip install 'lemf[praat]'`).
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass

import numpy as np
import parselmouth
from parselmouth.praat import call, run
from spoilt_speech import FloatArray, Recording, read_recordings, warped

import lemf
from lemf.agreement.measures import top_word
from lemf.reading.alignment import Word, align

FLOOR_HZ, CEILING_HZ = 60.0, 600.0
SHORTEST = 0.5  # of a word's length that neutralising may leave
RAMP_S = 0.02
TINY_S = 1e-5
SEEDING = "random_initializeWithSeedUnsafelyButPredictably (1)"  # PSOLA jitters what is unvoiced


@dataclass(frozen=True)
class Step:
    """What is done to one word: semitones and dB are added, the duration is multiplied."""

    semitones: float = 0.0
    level_db: float = 0.0
    stretch: float = 1.0


@dataclass(frozen=True, eq=False)
class Sentence:
    """A recording with its words, of which listeners found `top` the most stressed."""

    recording: Recording
    words: tuple[Word, ...]
    top: int


def read_sentences(labels: str) -> Iterator[Sentence]:
    """Return the recordings that listeners rated, those with one top word."""
    for one in read_recordings(labels):
        duration_s = len(one.samples) / one.rate_hz
        (words,) = align(one.grid, lemf.Settings(), duration_s).sentences
        yield Sentence(one, words, top_word(one.ratings))


def resynthesise(
    sentence: Sentence, neutral: Set[int], word: int, step: Step
) -> tuple[FloatArray, lemf.TextGrid]:
    """Neutralise words, then stress one by a step; give the sound and its TextGrid.

    A neutral word has the mean level of the others (of all, where all are neutral), phones that are
    no longer than the mean of theirs, and F0 drawn straight from neighbour to neighbour (where all
    are neutral, one line that does not rise).
    """
    recording, words = sentence.recording, sentence.words
    levels_db = np.array([level_db(recording, one) for one in words])
    phones_s = np.array([np.mean(one.durations_s or [np.nan]) for one in words])
    gains_db, stretches = np.zeros(len(words)), np.ones(len(words))
    for i in neutral:
        others = [j for j in range(len(words)) if j != i or len(neutral) == len(words)]
        gains_db[i] = np.mean(levels_db[others]) - levels_db[i]
        if np.isfinite(phones_s[[i, *others]]).all():
            stretches[i] = np.clip(np.mean(phones_s[others]) / phones_s[i], SHORTEST, 1.0)
    gains_db[word] += step.level_db
    stretches[word] *= step.stretch

    sound = parselmouth.Sound(
        recording.samples * envelope(sentence, gains_db), sampling_frequency=recording.rate_hz
    )
    manipulation = call(sound, "To Manipulation", 0.005, FLOOR_HZ, CEILING_HZ)
    set_pitch(manipulation, sentence, neutral, word, step.semitones)
    old_s, new_s = set_durations(manipulation, sentence, stretches)
    run(SEEDING)
    samples = call(manipulation, "Get resynthesis (overlap-add)").values[0]
    new_s = np.minimum(new_s, len(samples) / recording.rate_hz)
    return samples, warped(recording.grid, old_s, new_s)


def level_db(recording: Recording, word: Word) -> float:
    """Return the level of a word's samples."""
    first, stop = (round(t * recording.rate_hz) for t in (word.start_s, word.end_s))
    return float(10 * np.log10(np.mean(recording.samples[first:stop] ** 2) + 1e-12))


def envelope(sentence: Sentence, gains_db: FloatArray) -> FloatArray:
    """Return a gain for each sample, which changes over 20 ms about the edges of the words."""
    times_s, values_db = [0.0], [0.0]
    for word, gain_db in zip(sentence.words, gains_db, strict=True):
        ramp_s = min(RAMP_S, word.end_s - word.start_s) / 2
        times_s += [word.start_s - ramp_s, word.start_s + ramp_s, word.end_s - ramp_s]
        values_db += [values_db[-1], gain_db, gain_db]
    times_s.append(sentence.words[-1].end_s + RAMP_S / 2)
    values_db.append(0.0)
    t = np.arange(len(sentence.recording.samples)) / sentence.recording.rate_hz
    gains: FloatArray = 10 ** (np.interp(t, times_s, values_db) / 20)
    return gains


def set_pitch(
    manipulation: parselmouth.Data,
    sentence: Sentence,
    neutral: Set[int],
    word: int,
    semitones: float,
) -> None:
    """Remove the hills of neutral words and put a hill on the chosen word."""
    tier = call(manipulation, "Extract pitch tier")
    n_points = call(tier, "Get number of points")
    if n_points < 2:
        return
    times_s = np.array([call(tier, "Get time from index", i + 1) for i in range(n_points)])
    f0_st = 12 * np.log2([call(tier, "Get value at index", i + 1) for i in range(n_points)])
    if len(neutral) == len(sentence.words):
        slope, offset = np.polyfit(times_s, f0_st, 1)
        f0_st = offset + min(slope, 0.0) * times_s
    else:
        f0_st = drawn_through(times_s, f0_st, [sentence.words[i] for i in sorted(neutral)])
    chosen = sentence.words[word]
    phase = (times_s - chosen.start_s) / (chosen.end_s - chosen.start_s)
    f0_st = f0_st + semitones * hill(phase)
    call(tier, "Remove points between", 0.0, call(tier, "Get end time"))
    for time_s, value_st in zip(times_s, f0_st, strict=True):
        call(tier, "Add point", float(time_s), float(2 ** (value_st / 12)))
    call([tier, manipulation], "Replace pitch tier")


def drawn_through(times_s: FloatArray, f0_st: FloatArray, neutral: list[Word]) -> FloatArray:
    """Draw F0 straight through neutral words, from the last of it before to the first after."""
    kept = np.ones(len(times_s), dtype=bool)
    for word in neutral:
        kept &= (times_s < word.start_s) | (times_s >= word.end_s)
    if not kept.any():
        return np.full(len(times_s), np.median(f0_st))
    line = np.interp(times_s, times_s[kept], f0_st[kept])
    ends = (times_s < times_s[kept][0]) | (times_s > times_s[kept][-1])
    line[ends] = np.minimum(line[ends], np.median(f0_st[kept]))  # no plateau at an end
    return line


def hill(phase: FloatArray) -> FloatArray:
    """Return a plateau of height 1 over the middle half of the word, with cosine flanks."""
    flank = np.clip(np.minimum(phase, 1 - phase) / 0.25, 0.0, 1.0)
    return 0.5 - 0.5 * np.cos(np.pi * flank)


def set_durations(
    manipulation: parselmouth.Data, sentence: Sentence, stretches: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Stretch the words; give the times of their edges before and after."""
    end_s = len(sentence.recording.samples) / sentence.recording.rate_hz
    edges_s, factors = [0.0], []
    for word, stretch in zip(sentence.words, stretches, strict=True):
        edges_s += [word.start_s, word.end_s]
        factors += [1.0, stretch]
    old_s = np.minimum([*edges_s, end_s], end_s)
    factors.append(1.0)
    tier = call(manipulation, "Extract duration tier")
    for start_s, stop_s, factor in zip(old_s[:-1], old_s[1:], factors, strict=True):
        if stop_s - start_s > 4 * TINY_S:  # the tier is linear between its points
            call(tier, "Add point", start_s + TINY_S, float(factor))
            call(tier, "Add point", stop_s - TINY_S, float(factor))
    call([tier, manipulation], "Replace duration tier")
    return old_s, np.concatenate([[0.0], np.cumsum(factors * np.diff(old_s))])
