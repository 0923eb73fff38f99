"""Read speech made neutral by PSOLA, and words of it raised by known steps.

A sentence is analysed once; each resynthesis then sets its F0, its durations and its level. Needs
parselmouth (`pip install 'lemf[praat]'`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import parselmouth
from implanted_stress import CEILING_HZ, FLOOR_HZ, RAMP_S, SEEDING, TINY_S, Step, hill
from parselmouth.praat import call, run
from spoilt_speech import FloatArray

import lemf
from lemf.reading.alignment import Alignment, Word

SHORTEST, LONGEST = 0.6, 1.6  # what neutralising may make of a word's length
MOST_DB = 12.0  # by which neutralising changes a level
UNCHANGED = Step()


@dataclass(frozen=True, eq=False)
class Reading:
    """A recording of one sentence with its words.

    Attributes
    ----------
    id : str
    samples : (samples,) float64
    rate_hz : int
    words : tuple of Word
        By the grid that says where words are changed.
    grids : mapping of str to Alignment
        The grids by which the changed recording is scored, all of the same words.
    content : tuple of int
        The indices of the content words.
    """

    id: str
    samples: FloatArray
    rate_hz: int
    words: tuple[Word, ...]
    grids: Mapping[str, Alignment]
    content: tuple[int, ...]


@dataclass(eq=False)
class NeutralSpeech:
    """A reading in which no word stands out, as Praat's Manipulation.

    F0 is one line through the sentence that does not rise; each word has the mean level of the
    words, and phones of the mean length of theirs, within the limits above. `kept` is the share of
    what sets each word apart, in all three, that is left as it was.
    """

    reading: Reading
    kept: float = 0.0
    times_s: FloatArray = field(init=False)
    line_st: FloatArray = field(init=False)
    gains_db: FloatArray = field(init=False)
    stretches: FloatArray = field(init=False)
    manipulation: parselmouth.Data = field(init=False)

    def __post_init__(self) -> None:
        """Analyse the recording, and find what makes its words alike."""
        reading = self.reading
        sound = parselmouth.Sound(reading.samples, sampling_frequency=reading.rate_hz)
        self.manipulation = call(sound, "To Manipulation", 0.005, FLOOR_HZ, CEILING_HZ)
        tier = call(self.manipulation, "Extract pitch tier")
        number = call(tier, "Get number of points")
        self.times_s = np.array([call(tier, "Get time from index", i + 1) for i in range(number)])
        f0_hz = np.array([call(tier, "Get value at index", i + 1) for i in range(number)])
        f0_st = 12 * np.log2(f0_hz)
        slope, offset = np.polyfit(self.times_s, f0_st, 1)
        if slope > 0:
            slope, offset = 0.0, np.median(f0_st)
        line_st = offset + slope * self.times_s
        self.line_st = line_st + self.kept * (f0_st - line_st)

        levels_db = np.array([level_db(reading, word) for word in reading.words])
        away_db = np.clip(np.mean(levels_db) - levels_db, -MOST_DB, MOST_DB)
        self.gains_db = (1 - self.kept) * away_db
        phones_s = np.array([np.mean(word.durations_s or [np.nan]) for word in reading.words])
        stretches = np.clip(np.nanmean(phones_s) / phones_s, SHORTEST, LONGEST)
        self.stretches = np.where(np.isnan(stretches), 1.0, stretches) ** (1 - self.kept)

    def resynthesise(self, steps: Mapping[int, Step]) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Raise words by steps.

        Parameters
        ----------
        steps : mapping of int to Step
            By the index of the word; none for the neutral sentence.

        Returns
        -------
        samples : (samples,) float64
        old_s, new_s : (2 words + 2,) float64
            Times of the reading, and where they are now.
        """
        words = self.reading.words
        done = [steps.get(i, UNCHANGED) for i in range(len(words))]
        f0_st = self.line_st.copy()
        for word, step in zip(words, done, strict=True):
            if step.semitones:
                phase = (self.times_s - word.start_s) / (word.end_s - word.start_s)
                f0_st += step.semitones * hill(phase)
        tier = call(self.manipulation, "Extract pitch tier")
        call(tier, "Remove points between", 0.0, call(tier, "Get end time"))
        for time_s, value_st in zip(self.times_s, f0_st, strict=True):
            call(tier, "Add point", float(time_s), float(2 ** (value_st / 12)))
        call([tier, self.manipulation], "Replace pitch tier")

        stretches = [a * b.stretch for a, b in zip(self.stretches, done, strict=True)]
        old_s, new_s = self._stretch(stretches)
        run(SEEDING)
        samples = call(self.manipulation, "Get resynthesis (overlap-add)").values[0]
        new_s = np.minimum(new_s, len(samples) / self.reading.rate_hz)
        gains_db = [a + b.level_db for a, b in zip(self.gains_db, done, strict=True)]
        return samples * self._envelope(gains_db, new_s, len(samples)), old_s, new_s

    def _stretch(self, stretches: Sequence[float]) -> tuple[FloatArray, FloatArray]:
        """Set the duration tier; give the times of the edges before and after."""
        end_s = len(self.reading.samples) / self.reading.rate_hz
        edges_s, factors = [0.0], []
        for word, stretch in zip(self.reading.words, stretches, strict=True):
            edges_s += [word.start_s, word.end_s]
            factors += [1.0, stretch]
        old_s = np.minimum([*edges_s, end_s], end_s)
        factors.append(1.0)
        tier = call(self.manipulation, "Extract duration tier")
        call(tier, "Remove points between", 0.0, end_s)
        for start_s, stop_s, factor in zip(old_s[:-1], old_s[1:], factors, strict=True):
            if stop_s - start_s > 4 * TINY_S:  # the tier is linear between its points
                call(tier, "Add point", start_s + TINY_S, float(factor))
                call(tier, "Add point", stop_s - TINY_S, float(factor))
        call([tier, self.manipulation], "Replace duration tier")
        return old_s, np.concatenate([[0.0], np.cumsum(factors * np.diff(old_s))])

    def _envelope(
        self, gains_db: Sequence[float], edges_s: FloatArray, n_samples: int
    ) -> FloatArray:
        """Return a gain for each sample, which changes over 20 ms about the edges of the words."""
        times_s, values_db = [0.0], [0.0]
        for gain_db, start_s, end_s in zip(gains_db, edges_s[1:-1:2], edges_s[2:-1:2], strict=True):
            ramp_s = min(RAMP_S, end_s - start_s) / 2
            times_s += [start_s - ramp_s, start_s + ramp_s, end_s - ramp_s]
            values_db += [values_db[-1], gain_db, gain_db]
        times_s.append(edges_s[-2] + RAMP_S / 2)
        values_db.append(0.0)
        t = np.arange(n_samples) / self.reading.rate_hz
        gains: FloatArray = 10 ** (np.interp(t, times_s, values_db) / 20)
        return gains


def level_db(reading: Reading, word: Word) -> float:
    """Return the level of a word's samples."""
    first, stop = (round(t * reading.rate_hz) for t in (word.start_s, word.end_s))
    return float(10 * np.log10(np.mean(reading.samples[first:stop] ** 2) + 1e-12))


def moved(alignment: Alignment, old_s: FloatArray, new_s: FloatArray) -> Alignment:
    """Move the edges of all words and phones from old to new times."""

    def at(time_s: float) -> float:
        return float(np.interp(time_s, old_s, new_s))

    sentences = tuple(
        tuple(
            replace(
                word,
                start_s=at(word.start_s),
                end_s=at(word.end_s),
                phones=tuple(
                    phone._replace(start_s=at(phone.start_s), end_s=at(phone.end_s))
                    for phone in word.phones
                ),
            )
            for word in words
        )
        for words in alignment.sentences
    )
    return replace(alignment, sentences=sentences)


def read_samples(path: str) -> tuple[FloatArray, int]:
    """Return the samples of a recording, its channels mixed, and its rate in Hz."""
    audio = lemf.read_audio(path, channel="mix")
    (samples,) = audio.slices([(0, audio.n_samples)])
    return np.array(samples), audio.rate_hz
