"""Implant emphasis on words of neutralised read speech, and see what is found and decided.

    python benchmarks/implanted_decisions.py DATA [-o FIGURE] [--jobs N] [--quick]

DATA is a folder with `ljspeech/` (32 English sentences, LJ001-0001 to LJ001-0032; aligned here by
lemf) and `emodb/` (the neutral readings; grids by hand, by Praat's aligner in `textgrid-praat/`, by
lemf). PSOLA makes all words of a sentence alike in F0, level and length of the phones; then a
content word, or two of them, is raised by five steps of F0, level, length or all three. Every
content word is raised by all three; by one of them, three words a sentence, drawn by chance.

Found: the word ranks first by the score (of two: among the first two). Decided: P(emphasised) is
0.5 or more. False: another word is decided, or any word of the sentence where nothing was
implanted. Prints Markdown; 95 % intervals by a bootstrap over sentences. `--kept 0.25` leaves a
quarter of what sets each word apart. `--words` keeps what was measured of every word (.npy), and
reads it where the file exists, to judge again without speech.
Needs parselmouth (`pip install 'lemf[praat]'`).
"""

from __future__ import annotations

import argparse
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
from lemf.agreement.bootstrap import bootstrap_interval
from lemf.config import CUE_SETS
from lemf.contours.measurement import measure_aligned
from lemf.pipeline import score_measurement
from lemf.reading.alignment import Alignment, align
from lemf.reading.audio import open_audio

CUES = ("paper", "listeners")
GRIDS = ("LJSpeech, own", "EmoDB, by hand", "EmoDB, Praat's", "EmoDB, own")
KINDS = ("F0", "level", "length", "all three", "two words")  # two words: by all three
UNITS = ("semitones", "dB", "%", "semitones, dB, % / 6.7", "semitones, dB, % / 6.7")
STEPS = (1.0, 2.0, 3.0, 4.5, 6.0)  # semitones; dB; times 20/3 per cent
TARGET = STEPS.index(3.0)  # +3 semitones, +3 dB, +20 %
PERCENT = 20 / 3
WORDS_OF_ONE_CUE = 3  # in each sentence
SEED = 0
N_RESAMPLES = 1000
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
# a word in a resynthesis: by which grid, of which sentence, what was done, what was measured
Words = NDArray[np.void]
WORD = np.dtype(
    [(name, np.int16) for name in ("grid", "sentence", "kind", "trial", "step", "raised")]
    + [(f"rank_{cues}", np.int16) for cues in CUES]
    + [("score", np.float64)]
    + [(f"{what}_{cue}", np.float64) for what in ("value", "z") for cue in CUE_SETS["all"]]
)


def main() -> None:
    """Print the tables and draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--output", type=Path, help="figure to draw")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--quick", action="store_true", help="every fourth sentence, two words")
    parser.add_argument("--kept", type=float, default=0.0, help="share that is not neutralised")
    parser.add_argument("--words", type=Path, help="what was measured, kept (.npy)")
    options = parser.parse_args()
    if options.words and options.words.exists():
        words: Words = np.load(options.words)
    else:
        words = measure_words(options.data, options.jobs, options.quick, options.kept)
        if options.words:
            np.save(options.words, words)
    decided = decide(words)
    print_neutral(words, decided)
    print_target(words, decided)
    print_curves(words, decided)
    if options.output:
        draw(words, decided, options.output)


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
    listeners = lemf.Settings(
        cues="all", weights={**dict.fromkeys(CUE_SETS["all"], 0.0), **CUE_SETS["listeners"]}
    )
    settings = {"paper": lemf.Settings(), "listeners": listeners}
    audio = open_audio(samples, speech.reading.rate_hz, None)
    grids: dict[str, Alignment] = {
        grid: moved(alignment, old_s, new_s) for grid, alignment in speech.reading.grids.items()
    }
    first = next(iter(grids.values()))
    measured = measure_aligned(audio, "", first, listeners, with_detail=True)
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


def decide(words: Words) -> NDArray[np.bool_]:
    """Return whether P(emphasised) by the score of listeners is 0.5 or more."""
    decided: NDArray[np.bool_] = -2.84 + 0.72 * words["score"] >= 0
    return decided


def share(
    words: Words, which: NDArray[np.bool_], of: NDArray[np.bool_]
) -> tuple[float, float, float]:
    """Return the share of some words that are `which`, and its interval over sentences."""
    _, sentence = np.unique(words["sentence"][of], return_inverse=True)
    if not len(sentence):
        return np.nan, np.nan, np.nan
    counts = np.bincount(sentence)
    sums = np.bincount(sentence, weights=which[of])
    drawn = np.random.default_rng(SEED).integers(len(counts), size=(N_RESAMPLES, len(counts)))
    draws = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    return (float(sums.sum() / counts.sum()), *bootstrap_interval(draws))


def is_found(words: Words, cues: str) -> NDArray[np.bool_]:
    """Return whether a word ranks first, or among the first two where two are raised."""
    two = words["kind"] == KINDS.index("two words")
    found: NDArray[np.bool_] = words[f"rank_{cues}"] <= 1 + two
    return found


def done(words: Words, grid: int, kind: int, step: int) -> NDArray[np.bool_]:
    """Return which words are those of a grid in which a step of a kind was implanted."""
    same: NDArray[np.bool_] = (
        (words["grid"] == grid) & (words["kind"] == kind) & (words["step"] == step)
    )
    return same


def written(values: tuple[float, float, float]) -> str:
    """Write a share with its interval."""
    return "{:.2f} [{:.2f}, {:.2f}]".format(*values)


def print_neutral(words: Words, decided: NDArray[np.bool_]) -> None:
    """Print how often words are decided where nothing was implanted."""
    print("| nothing implanted | sentences | false words, of words | sentences with any |")
    print("| --- | ---: | --- | --- |")
    for grid, name in enumerate(GRIDS):
        here = done(words, grid, NEUTRAL, NEUTRAL)
        sentences = np.unique(words["sentence"][here])
        some = [bool(decided[here & (words["sentence"] == one)].any()) for one in sentences]
        rows = np.zeros(len(sentences), WORD)
        rows["sentence"] = sentences
        any_word = share(rows, np.array(some), np.ones(len(rows), dtype=bool))
        print(
            f"| {name} | {len(sentences)} | {written(share(words, decided, here))} "
            f"| {written(any_word)} |"
        )


def print_target(words: Words, decided: NDArray[np.bool_]) -> None:
    """Print the measures at +3 semitones, +3 dB and +20 %."""
    heads = "found by paper | found by listeners | decided | found and decided | false words"
    print(f"\n| +3 st, +3 dB, +20 % | words | {heads} |")
    print("| --- | ---: | --- | --- | --- | --- | --- |")
    for kind in map(KINDS.index, ("all three", "two words")):
        for grid, name in enumerate(GRIDS):
            here = done(words, grid, kind, TARGET)
            raised = here & (words["raised"] == 1)
            paper, listeners = (is_found(words, cues) for cues in CUES)
            cells = [
                written(share(words, which, raised))
                for which in (paper, listeners, decided, listeners & decided)
            ]
            cells.append(written(share(words, decided, here & ~raised)))
            print(f"| {KINDS[kind]}: {name} | {raised.sum()} | {' | '.join(cells)} |")


def print_curves(words: Words, decided: NDArray[np.bool_]) -> None:
    """Print how often the word is found, and found and decided, over the steps."""
    heads = [f"{size:g} st, {size:g} dB, {PERCENT * size:.0f} %" for size in STEPS]
    for grid, name in enumerate(GRIDS):
        print(f"\n| {name}: found by paper, by listeners; and decided | words |", end="")
        print(f" {' | '.join(heads)} |\n| --- | ---: |{' --- |' * len(heads)}")
        for kind, what in enumerate(KINDS):
            cells = []
            for step in range(len(STEPS)):
                raised = done(words, grid, kind, step) & (words["raised"] == 1)
                paper, listeners = (is_found(words, cues) for cues in CUES)
                shares = [
                    share(words, which, raised)[0]
                    for which in (paper, listeners, listeners & decided)
                ]
                cells.append("{:.2f}, {:.2f}; {:.2f}".format(*shares))
            print(f"| {what} | {raised.sum()} | {' | '.join(cells)} |")


def draw(words: Words, decided: NDArray[np.bool_], path: Path) -> None:
    """Draw the psychometric curves: a row for a grid, a column for a kind of step."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 2.3 * len(GRIDS) + 0.8), layout="constrained")
    panels = figure.subplots(len(GRIDS), len(KINDS), sharey=True, sharex="col")
    raised = words["raised"] == 1
    paper, listeners = (is_found(words, cues) for cues in CUES)
    lines = (
        ("found by paper", paper, raised, "#D55E00", "-"),
        ("found by listeners", listeners, raised, "#0072B2", "-"),
        ("found by listeners and decided", listeners & decided, raised, "#0072B2", "--"),
        ("other words, decided", decided, ~raised, "0.4", ":"),
    )
    for grid, row in enumerate(panels):
        row[0].set_ylabel(f"{GRIDS[grid]}\nshare of words", fontsize=9)
        for kind, panel in enumerate(row):
            sizes = np.array(STEPS) * (PERCENT if KINDS[kind] == "length" else 1)
            for name, which, of, colour, style in lines:
                steps = [
                    share(words, which, of & done(words, grid, kind, step))
                    for step in range(len(STEPS))
                ]
                middle, low, high = np.array(steps).T
                panel.plot(sizes, middle, style, color=colour, marker="o", ms=3, label=name)
                panel.fill_between(sizes, low, high, color=colour, alpha=0.12, lw=0)
            panel.set_ylim(0, 1.02)
            panel.grid(color="0.9")
            if KINDS[kind] in ("all three", "two words"):
                panel.axvline(STEPS[TARGET], color="0.6", lw=0.8, zorder=0)
                panel.axhline(0.85, color="0.6", lw=0.8, zorder=0)
    for kind, panel in enumerate(panels[0]):
        panel.set_title(KINDS[kind], fontsize=10)
        panels[-1, kind].set_xlabel(UNITS[kind], fontsize=9)
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
