"""Implant emphasis on words of neutralised read speech, and see what is found and decided.

    python benchmarks/implanted_decisions.py DATA [-o FIGURE] [--jobs N] [--quick]

DATA is a folder with `ljspeech/` (32 English sentences, LJ001-0001 to LJ001-0032; aligned here by
lemf) and `emodb/` (the neutral readings; grids by hand, by Praat's aligner in `textgrid-praat/`, by
lemf). PSOLA makes all words of a sentence alike in F0, level and length of the phones; then a
content word, or two of them, is raised by five steps of F0, level, length or all three. Every
content word is raised by all three; by one of them, three words a sentence, drawn by chance.

Found: the word ranks first by the score (of two: among the first two). Decided: P(emphasised) is
0.5 or more, by the decision that lemf ships, and by logistic functions that are fitted here on all
of EmoDB (words rated 2.0 or more): of the score of `listeners` and the excursion of F0, and of
these and the spectral balance. False: another word is decided, or any word where nothing was
implanted. `--decision FILE.json` adds a decision that `lemf fit --decide` wrote.

Prints the decisions, the medians of their measures, and Markdown; 95 % intervals by a bootstrap
over sentences. `--kept 0.25` leaves a quarter of what sets each word apart. `--words` keeps what
was measured of every word (.npy), and reads it where the file exists, to judge again without
speech. Needs parselmouth (`pip install 'lemf[praat]'`).
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from implanted_words import (
    CUES,
    GRIDS,
    KINDS,
    LISTENERS,
    NEUTRAL,
    PERCENT,
    SEED,
    STEPS,
    WORD,
    Words,
    measure_words,
)
from numpy.typing import NDArray

import lemf
from lemf.agreement.bootstrap import bootstrap_interval
from lemf.agreement.fitting.logistic import fit_logistic
from lemf.config import CUE_SETS
from lemf.scoring.decision import DecisionModel, log_odds_parts
from lemf.scoring.decision_models import DECISION_MODELS, read_decision_model

UNITS = ("semitones", "dB", "%", "semitones, dB, % / 6.7", "semitones, dB, % / 6.7")
TARGET = STEPS.index(3.0)  # +3 semitones, +3 dB, +20 %
RIDGE = 1e-3  # a word, on the slopes
N_RESAMPLES = 1000
STYLES = ("--", "-.", ":", "-")  # of lines, by the decision
CUT = 2.0  # rating of an emphasised word
ABSOLUTE = ("pitch_range", "spectral_balance")
DECISIONS = {
    "with excursion": ABSOLUTE[:1],
    "with excursion and balance": ABSOLUTE,
}


Decided = Mapping[str, NDArray[np.bool_]]  # by the name of the decision, of each word


def main() -> None:
    """Print the tables and draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--output", type=Path, help="figure to draw")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--quick", action="store_true", help="every fourth sentence, two words")
    parser.add_argument("--kept", type=float, default=0.0, help="share that is not neutralised")
    parser.add_argument("--words", type=Path, help="what was measured, kept (.npy)")
    parser.add_argument(
        "--decision", type=Path, help="a further decision, fitted elsewhere (.json)"
    )
    options = parser.parse_args()
    if options.words and options.words.exists():
        words: Words = np.load(options.words)
    else:
        words = measure_words(options.data, options.jobs, options.quick, options.kept)
        if options.words:
            np.save(options.words, words)
    decisions = fit_decisions(options.data / "emodb" / "metadata.jsonl")
    if options.decision:
        decisions[options.decision.stem] = read_decision_model(options.decision)
    decided = {name: decide(words, decision) for name, decision in decisions.items()}
    print_medians(words)
    print_neutral(words, decided)
    print_target(words, decided)
    print_curves(words, decided)
    if options.output:
        draw(words, decided, options.output)


def fit_decisions(labels: Path) -> dict[str, DecisionModel]:
    """Return the decisions by their names, fitted on words that listeners rated."""
    rows, emphasised = [], []
    for label in lemf.read_labels(labels):
        if label.ratings is not None:
            emphasis = lemf.score(label.audio, label.textgrid, LISTENERS)
            words = [word for sentence in emphasis.sentences for word in sentence.words]
            rows += [[word.score, *(word.cues[cue].value for cue in ABSOLUTE)] for word in words]
            emphasised += list(label.ratings >= CUT)
    measured, means = np.array(rows), np.nanmean(rows, axis=0)
    measured = np.where(np.isnan(measured), means, measured)
    shipped = DECISION_MODELS["emphasis"]
    decisions = {"as shipped": shipped}
    for name, absolute in DECISIONS.items():
        intercept, slopes = fit_logistic(
            measured[:, : 1 + len(absolute)], np.array(emphasised), ridge=RIDGE * len(measured)
        )
        decisions[name] = replace(
            shipped,
            name=name,
            intercept=intercept,
            slope=slopes[0],
            absolute=dict(zip(absolute, slopes[1:], strict=True)),
            means=dict(zip(absolute, means[1:], strict=False)),
        )
    for name, model in decisions.items():
        terms = "".join(f" {slope:+.3f} {cue}" for cue, slope in model.absolute.items())
        print(f"{name}: log-odds {model.intercept:.2f} {model.slope:+.3f} score{terms}")
    rated = np.median(measured[np.array(emphasised), 1:], axis=0)
    print(f"words rated {CUT} or more: {describe(rated)}")
    return decisions


def describe(medians: NDArray[np.float64]) -> str:
    """Write the medians of the absolute measures."""
    return ", ".join(f"{cue} {value:.1f}" for cue, value in zip(ABSOLUTE, medians, strict=True))


def decide(words: Words, model: DecisionModel) -> NDArray[np.bool_]:
    """Return whether P(emphasised) is 0.5 or more."""
    contributions = {
        cue: weight * words[f"z_{cue}"] for cue, weight in CUE_SETS["listeners"].items()
    }
    measures = {cue: words[f"value_{cue}"] for cue in model.absolute}
    parts = log_odds_parts(contributions, measures, model)
    decided: NDArray[np.bool_] = np.sum(list(parts.values()), axis=0) >= 0
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


def print_medians(words: Words) -> None:
    """Print what the absolute measures are in the words that were raised by the target."""
    for grid, name in enumerate(GRIDS):
        raised = done(words, grid, KINDS.index("all three"), TARGET) & (words["raised"] == 1)
        medians = np.array([np.nanmedian(words[f"value_{cue}"][raised]) for cue in ABSOLUTE])
        print(f"implanted, {name}: {describe(medians)}")
    print()


def print_neutral(words: Words, decided: Decided) -> None:
    """Print how often words are decided where nothing was implanted."""
    heads = [
        f"{what}, {name}" for name in decided for what in ("false words", "sentences with any")
    ]
    print(f"| nothing implanted | sentences | {' | '.join(heads)} |")
    print(f"| --- | ---: |{' --- |' * len(heads)}")
    for grid, grid_name in enumerate(GRIDS):
        here = done(words, grid, NEUTRAL, NEUTRAL)
        sentences = np.unique(words["sentence"][here])
        once = np.zeros(len(sentences), WORD)
        once["sentence"] = sentences
        cells = []
        for which in decided.values():
            some = [bool(which[here & (words["sentence"] == one)].any()) for one in sentences]
            cells.append(written(share(words, which, here)))
            cells.append(written(share(once, np.array(some), np.ones(len(once), dtype=bool))))
        print(f"| {grid_name} | {len(sentences)} | {' | '.join(cells)} |")


def print_target(words: Words, decided: Decided) -> None:
    """Print the measures at +3 semitones, +3 dB and +20 %."""
    heads = [f"found, {cues}" for cues in CUES]
    heads += [f"{what}, {name}" for name in decided for what in ("and decided", "false words")]
    print(f"\n| +3 st, +3 dB, +20 % | words | {' | '.join(heads)} |")
    print(f"| --- | ---: |{' --- |' * len(heads)}")
    for kind in map(KINDS.index, ("all three", "two words")):
        for grid, name in enumerate(GRIDS):
            here = done(words, grid, kind, TARGET)
            raised = here & (words["raised"] == 1)
            paper, listeners = (is_found(words, cues) for cues in CUES)
            cells = [written(share(words, which, raised)) for which in (paper, listeners)]
            for which in decided.values():
                cells.append(written(share(words, listeners & which, raised)))
                cells.append(written(share(words, which, here & ~raised)))
            print(f"| {KINDS[kind]}: {name} | {raised.sum()} | {' | '.join(cells)} |")


def print_curves(words: Words, decided: Decided) -> None:
    """Print how often the word is found, and found and decided, over the steps."""
    heads = [f"{size:g} st, {size:g} dB, {PERCENT * size:.0f} %" for size in STEPS]
    what = f"found by {', '.join(CUES)}; and decided: {', '.join(decided)}"
    for grid, name in enumerate(GRIDS):
        print(f"\n| {name}: {what} | words | {' | '.join(heads)} |")
        print(f"| --- | ---: |{' --- |' * len(heads)}")
        for kind, kind_name in enumerate(KINDS):
            cells = []
            for step in range(len(STEPS)):
                raised = done(words, grid, kind, step) & (words["raised"] == 1)
                paper, listeners = (is_found(words, cues) for cues in CUES)
                both = [listeners & which for which in decided.values()]
                shares = [f"{which[raised].mean():.2f}" for which in (paper, listeners, *both)]
                cells.append(f"{', '.join(shares[:2])}; {', '.join(shares[2:])}")
            print(f"| {kind_name} | {raised.sum()} | {' | '.join(cells)} |")


def draw(words: Words, decided: Decided, path: Path) -> None:
    """Draw the psychometric curves: a row for a grid, a column for a kind of step."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 2.3 * len(GRIDS) + 0.8), layout="constrained")
    panels = figure.subplots(len(GRIDS), len(KINDS), sharey=True, sharex="col")
    raised = words["raised"] == 1
    paper, listeners = (is_found(words, cues) for cues in CUES)
    lines = [
        ("found by paper", paper, raised, "#D55E00", "-"),
        ("found by listeners", listeners, raised, "#0072B2", "-"),
    ]
    for (name, which), style in zip(decided.items(), STYLES, strict=False):
        lines.append((f"and decided, {name}", listeners & which, raised, "#0072B2", style))
        lines.append((f"false words, {name}", which, ~raised, "0.4", style))
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
