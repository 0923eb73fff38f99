"""Implant stress on words of real speech by PSOLA and see from which step on it is found.

    python benchmarks/implant.py LABELS [-o FIGURE] [--words N] [--pitch harvest|praat]

LABELS is a file that `lemf evaluate` takes. In each sentence a word, drawn by chance, is raised by
steps of F0 (semitones), level (dB) and duration (per cent), one at a time and all together. Before
that, the word that listeners found most stressed is neutralised, so that only the accents of other
words compete; or all words are, so that nothing but the step is left. Prints Markdown.

Needs parselmouth and scipy (`pip install 'lemf[praat]' scipy`).
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from implanted_stress import Sentence, Step, read_sentences, resynthesise
from numpy.typing import NDArray
from spoilt_speech import FloatArray

import lemf
from lemf.config import PITCH_METHODS, PitchMethod
from lemf.contours.measurement import measure
from lemf.pipeline import score_measurement

CUES = {"paper": "#D55E00", "listeners": "#0072B2"}
NEUTRAL = ("the top word", "all words")
KINDS = ("F0", "level", "duration", "all three")
UNITS = ("semitones", "dB", "%", "semitones, dB, % / 6.7")
STEPS = (0.0, 1.0, 2.0, 3.0, 4.5, 6.0)  # semitones; dB; times 20/3 per cent
TARGET = 3.0  # +3 semitones, +3 dB, +20 %
PERCENT = 20 / 3
LONG_S = 0.2  # of a word: most function words are shorter
SEED = 0

# (words, steps, cue sets) arrays of ranks and of scores
Found = tuple[FloatArray, FloatArray]


def main() -> None:
    """Print the tables and draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labels")
    parser.add_argument("-o", "--output", type=Path, help="figure to draw")
    parser.add_argument("--words", type=int, default=2, help="how many per sentence")
    parser.add_argument("--pitch", choices=PITCH_METHODS, default="harvest")
    options = parser.parse_args()
    rng = np.random.default_rng(SEED)
    chosen = [
        (sentence, int(word))
        for sentence in read_sentences(options.labels)
        for word in rng.permutation(len(sentence.words))[: options.words]
    ]
    lengths_s = [one.words[word].end_s - one.words[word].start_s for one, word in chosen]
    long = np.array(lengths_s) >= LONG_S
    print(
        f"{len(chosen)} words, {long.sum()} of them of {LONG_S:g} s or more; pitch by "
        f"{options.pitch}; each share has a standard error of at most "
        f"{0.5 / np.sqrt(len(chosen)):.2f}"
    )
    found = {neutral: try_kinds(chosen, neutral, options.pitch) for neutral in NEUTRAL}
    for neutral, results in found.items():
        print_tables(results, long, neutral)
    if options.output:
        draw(found, options.output)


def try_kinds(
    chosen: Sequence[tuple[Sentence, int]], neutral: str, pitch: PitchMethod
) -> Mapping[str, Found]:
    """Return ranks and scores of the chosen words over the steps of each kind."""
    unchanged = [try_step(*one, neutral, Step(), pitch) for one in chosen]
    found = {}
    for kind in KINDS:
        tried = [
            [before, *(try_step(*one, neutral, step_of(kind, size), pitch) for size in STEPS[1:])]
            for before, one in zip(unchanged, chosen, strict=True)
        ]
        ranks, scores = np.moveaxis(np.array(tried), -1, 0)
        found[kind] = ranks, scores
    return found


def step_of(kind: str, size: float) -> Step:
    """Return the step of a size in one cue, or in all three."""
    return Step(
        semitones=size if kind in ("F0", "all three") else 0.0,
        level_db=size if kind in ("level", "all three") else 0.0,
        stretch=1.0 + (size * PERCENT / 100 if kind in ("duration", "all three") else 0.0),
    )


def try_step(
    sentence: Sentence, word: int, neutral: str, step: Step, pitch: PitchMethod
) -> list[tuple[int, float]]:
    """Return rank and score of the changed word by each cue set."""
    indices = {sentence.top} if neutral == "the top word" else set(range(len(sentence.words)))
    samples, grid = resynthesise(sentence, indices, word, step)
    settings = [lemf.Settings(cues=cues, pitch=pitch) for cues in CUES]
    measured = measure(
        samples, grid, settings[0], rate_hz=sentence.recording.rate_hz, with_detail=True
    )
    scored = [score_measurement(measured, one).words[word] for one in settings]
    return [(one.rank, one.score) for one in scored]


def print_tables(found: Mapping[str, Found], long: NDArray[np.bool_], neutral: str) -> None:
    """Print how often the word is found, and whether its score rises."""
    heads = [f"{size:g} st, {size:g} dB, {PERCENT * size:.0f} %" for size in STEPS]
    for i, cues in enumerate(CUES):
        print(f"\n| {cues}, {neutral} neutralised | {' | '.join(heads)} | mean score rises |")
        print(f"| --- |{' ---: |' * len(heads)} --- |")
        for kind, (ranks, scores) in found.items():
            first = ranks[:, :, i] == 1
            rising = int((np.diff(scores[:, :, i].mean(axis=0)) > 0).sum())
            print_row(kind, first.mean(axis=0), f"in {rising} of {len(STEPS) - 1} steps")
            if kind == "all three":
                print_row(f"... words of {LONG_S:g} s or more", first[long].mean(axis=0), "")


def print_row(name: str, shares: FloatArray, remark: str) -> None:
    """Print a row of a table."""
    print(f"| {name} | {' | '.join(f'{share:.2f}' for share in shares)} | {remark} |")


def draw(found: Mapping[str, Mapping[str, Found]], path: Path) -> None:
    """Draw the psychometric curves: a row for what is neutralised, a column a kind of step."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 5.6), layout="constrained")
    panels = figure.subplots(len(found), len(KINDS), sharey=True, sharex="col")
    for column, (kind, unit) in enumerate(zip(KINDS, UNITS, strict=True)):
        panels[0, column].set_title(kind, fontsize=10)
        panels[-1, column].set_xlabel(unit)
    for row, (neutral, results) in zip(panels, found.items(), strict=True):
        for panel, kind in zip(row, KINDS, strict=True):
            sizes = np.array(STEPS) * (PERCENT if kind == "duration" else 1)
            ranks, _ = results[kind]
            for i, (cues, colour) in enumerate(CUES.items()):
                share = (ranks[:, :, i] == 1).mean(axis=0)
                error = np.sqrt(share * (1 - share) / len(ranks))
                panel.errorbar(sizes, share, error, fmt="o-", color=colour, label=cues, capsize=2)
            panel.set_ylim(0, 1.02)
            panel.grid(color="0.9")
        row[-1].axvline(TARGET, color="0.6", linestyle="--", zorder=0)
        row[-1].axhline(0.95, color="0.6", linestyle="--", zorder=0)
        row[0].set_ylabel(f"found as the top word,\n{neutral} neutralised")
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=2, frameon=False)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
