"""Words of neutralised read speech, raised by known steps and measured by several grids.

Needs parselmouth (`pip install 'lemf[praat]'`).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from implanted_stress import Step
from neutral_speech import NeutralSpeech, Reading, moved, read_samples
from numpy.typing import NDArray

import lemf
from lemf.config import CUE_SETS
from lemf.contours.measurement import measure_aligned
from lemf.pipeline import score_measurement
from lemf.reading.alignment import Alignment, align
from lemf.reading.audio import open_audio

CUES = ("paper", "listeners")
GRIDS = ("LJSpeech, own", "EmoDB, by hand", "EmoDB, Praat's", "EmoDB, own")
KINDS = ("F0", "level", "length", "all three", "two words")  # two words: by all three
STEPS = (1.0, 2.0, 3.0, 4.5, 6.0)  # semitones; dB; times 20/3 per cent
PERCENT = 20 / 3
WORDS_OF_ONE_CUE = 3  # in each sentence
SEED = 0
FUNCTION_WORDS = {
    "english": "a about above after all also am an and any are as at be been before being both but "
    "by can could did do does each either for from had has have he her him his how if in into is "
    "it its least may me might more most must my nor not of on only or our out shall she should so "
    "some such than that the their them then there these they this those though to too upon us was "
    "we were what when where which while who whom whose will with would you your",
    "german": "am auch auf aus bei bis das dass dem den der des die durch ein eine einem einen "
    "einer er es für ich ihm ihn ihr im in ist könnte man mit nach nicht sein seine sich sie sind "
    "so über um und unter vom von vor war was werden will wird zu zum zur",
}
NEUTRAL = -1  # the step and the kind of a sentence in which nothing was implanted
LISTENERS = lemf.Settings(
    cues="all", weights={**dict.fromkeys(CUE_SETS["all"], 0.0), **CUE_SETS["listeners"]}
)
# a word in a resynthesis: by which grid, of which sentence, what was done, what was measured
Words = NDArray[np.void]
WORD = np.dtype(
    [(name, np.int16) for name in ("grid", "sentence", "kind", "trial", "step", "raised")]
    + [(f"rank_{cues}", np.int16) for cues in CUES]
    + [("score", np.float64)]
    + [(f"{what}_{cue}", np.float64) for what in ("value", "z") for cue in CUE_SETS["all"]]
)


def measure_words(data: Path, jobs: int, quick: bool, kept: float) -> Words:
    """Return all words of all resyntheses."""
    readings = [*read_ljspeech(data / "ljspeech"), *read_emodb(data / "emodb")]
    if quick:
        readings = readings[::4]
    tasks = [(i, reading, kept, 2 if quick else None) for i, reading in enumerate(readings)]
    with ProcessPoolExecutor(jobs) as workers:
        return np.concatenate(list(workers.map(try_reading, tasks)))


def read_ljspeech(folder: Path) -> Iterator[Reading]:
    """Return the English sentences, aligned here."""
    for texts in (folder / "metadata.csv", Path(__file__).with_name("ljspeech_texts.csv")):
        with texts.open(encoding="utf-8", newline="") as stream:
            for name, *_, text in csv.reader(stream, delimiter="|", quoting=csv.QUOTE_NONE):
                path = str(folder / f"{name}.wav")
                grids = {GRIDS[0]: lemf.align(path, text, language="en-us")}
                yield read_reading(name, path, grids, "english")


def read_emodb(folder: Path) -> Iterator[Reading]:
    """Return the neutral German readings with their three grids."""
    for label in lemf.read_labels(folder / "metadata.jsonl"):
        if label.emotion == "neutral":
            grids = {
                GRIDS[1]: lemf.read_textgrid(label.textgrid),
                GRIDS[2]: lemf.read_textgrid(folder / "textgrid-praat" / f"{label.id}.TextGrid"),
                GRIDS[3]: lemf.align(label.audio, str(label.text), language="de"),
            }
            yield read_reading(label.id, label.audio, grids, "german")


def read_reading(name: str, path: str, grids: dict[str, lemf.TextGrid], language: str) -> Reading:
    """Read a recording; its words are changed by the first of its grids."""
    samples, rate_hz = read_samples(path)
    alignments = {
        grid: align(textgrid, lemf.Settings(), len(samples) / rate_hz)
        for grid, textgrid in grids.items()
    }
    (words,) = next(iter(alignments.values())).sentences
    for grid, alignment in alignments.items():
        if [len(sentence) for sentence in alignment.sentences] != [len(words)]:
            raise SystemExit(f"{path}: the grid {grid!r} has other words; leave the recording out")
    of_function = FUNCTION_WORDS[language].split()
    content = (i for i, word in enumerate(words) if word.text.lower() not in of_function)
    return Reading(name, samples, rate_hz, words, alignments, tuple(content))


def try_reading(task: tuple[int, Reading, float, int | None]) -> Words:
    """Neutralise a sentence, raise its content words, and measure all words by each grid."""
    number, reading, kept, most = task
    rng = np.random.default_rng([SEED, *reading.id.encode()])
    speech = NeutralSpeech(reading, kept)
    shuffled = [int(i) for i in rng.permutation(reading.content)]
    alone = [(i,) for i in shuffled]
    pairs = list(zip(shuffled[::2], shuffled[1::2], strict=False))
    trials: list[tuple[int, int, tuple[int, ...], int]] = [(NEUTRAL, 0, (), NEUTRAL)]
    for kind, name in enumerate(KINDS):
        chosen: Sequence[tuple[int, ...]] = alone[:WORDS_OF_ONE_CUE]
        if name in ("all three", "two words"):
            chosen = alone if name == "all three" else pairs
        trials += [
            (kind, trial, words, step)
            for trial, words in enumerate(chosen[:most])
            for step in range(len(STEPS))
        ]
    found = []
    for kind, trial, words, step in trials:
        what = step_of(KINDS[kind], STEPS[step]) if words else Step()
        for grid, rows in measure_grids(speech, dict.fromkeys(words, what)).items():
            rows["grid"], rows["sentence"] = GRIDS.index(grid), number
            rows["kind"], rows["trial"], rows["step"] = kind, trial, step
            rows["raised"][list(words)] = 1
            found.append(rows)
    return np.concatenate(found)


def measure_grids(speech: NeutralSpeech, steps: Mapping[int, Step]) -> dict[str, Words]:
    """Return the words of a resynthesis, scored by each grid and each cue set."""
    samples, old_s, new_s = speech.resynthesise(steps)
    settings = {"paper": lemf.Settings(), "listeners": LISTENERS}
    audio = open_audio(samples, speech.reading.rate_hz, None)
    grids: dict[str, Alignment] = {
        grid: moved(alignment, old_s, new_s) for grid, alignment in speech.reading.grids.items()
    }
    first = next(iter(grids.values()))
    measured = measure_aligned(audio, "", first, LISTENERS, with_detail=True)
    found = {}
    for grid, alignment in grids.items():
        rows = np.zeros(len(speech.reading.words), WORD)
        for cues, one in settings.items():
            (scored,) = score_measurement(replace(measured, alignment=alignment), one).sentences
            rows[f"rank_{cues}"] = [word.rank for word in scored.words]
        rows["score"] = [word.score for word in scored.words]
        for cue in CUE_SETS["all"]:
            rows[f"value_{cue}"] = [word.cues[cue].value for word in scored.words]
            rows[f"z_{cue}"] = [word.cues[cue].z for word in scored.words]
        found[grid] = rows
    return found


def step_of(kind: str, size: float) -> Step:
    """Return the step of a size in one cue, or in all three."""
    joint = kind in ("all three", "two words")
    return Step(
        semitones=size if joint or kind == "F0" else 0.0,
        level_db=size if joint or kind == "level" else 0.0,
        stretch=1.0 + (size * PERCENT / 100 if joint or kind == "length" else 0.0),
    )
