"""How agreement with listeners stands up to noise, channels, rooms, rates and loose alignments.

    python benchmarks/robustness.py LABELS [-o FIGURE] [--babble FOLDER] [--only GROUP] [--draws N]

LABELS is a file that `lemf evaluate` takes. Every recording is spoilt in each way and scored by the
cue sets `paper` and `listeners` on F0 by Harvest and by Praat; what depends on chance (noise,
babble, room, jitter) is drawn N times. Babble is the sum of eight other recordings of the labels,
or of FOLDER. Prints Markdown.

Needs parselmouth and scipy (`pip install 'lemf[praat]' scipy`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from spoilt_speech import (
    Condition,
    FloatArray,
    Recording,
    list_conditions,
    read_recordings,
    read_talkers,
)

import lemf
from lemf.agreement.measures import SENTENCE_MEASURES, judge
from lemf.config import PitchMethod
from lemf.contours.measurement import measure
from lemf.pipeline import score_measurement

CUES = ("paper", "listeners")
PITCH: tuple[PitchMethod, ...] = ("harvest", "praat")
SYSTEMS = tuple((cues, pitch) for cues in CUES for pitch in PITCH)
COLOURS = {"paper": "#D55E00", "listeners": "#0072B2"}
STYLES = {"harvest": "o-", "praat": "s--"}
RESAMPLES = 2000
SEED = 0


@dataclass(frozen=True, eq=False)
class Row:
    """What a system is worth in a condition; `top1` is a mean over the draws for each sentence."""

    condition: Condition
    system: tuple[str, str]
    measures: Mapping[str, float]
    top1: FloatArray


def main() -> None:
    """Print the tables and draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labels")
    parser.add_argument("-o", "--output", type=Path, help="figure to draw")
    parser.add_argument("--babble", type=Path, help="a folder of other speech")
    parser.add_argument("--only", help="one group of conditions, such as babble")
    parser.add_argument("--draws", type=int, default=3)
    options = parser.parse_args()
    recordings = list(read_recordings(options.labels))
    talkers = [one.samples for one in recordings]
    if options.babble:
        talkers = list(read_talkers(options.babble, recordings[0].rate_hz))
    rows = []
    for condition in list_conditions(talkers):
        if options.only in (None, condition.group) or condition.group == "clean":
            print(f"{condition.group}, {condition.label}", file=sys.stderr, flush=True)
            rows += judge_condition(condition, recordings, options.draws if condition.drawn else 1)
    print(f"{len(recordings)} sentences\n")
    print_table(rows)
    print_losses(rows)
    if options.output:
        draw(rows, options.output)


def judge_condition(condition: Condition, recordings: Sequence[Recording], draws: int) -> list[Row]:
    """Return the measures of each system, over all draws."""
    scores: dict[tuple[str, str], list[FloatArray]] = {system: [] for system in SYSTEMS}
    for number_of_draw in range(draws):
        for number, recording in enumerate(recordings):
            rng = np.random.default_rng([SEED, number_of_draw, number])
            spoilt = condition.spoil(recording, rng)
            for system, scored in score_by_all(spoilt).items():
                scores[system].append(scored)
    rows = []
    for system, scored_by_it in scores.items():
        judgement = judge(
            scored_by_it,
            [one.ratings for one in recordings] * draws,
            [(i, one.text) for i in range(draws) for one in recordings],
        )
        hits = judgement.values[SENTENCE_MEASURES.index("top1")].reshape(draws, -1)
        rows.append(Row(condition, system, judgement.summary(), hits.mean(axis=0)))
    return rows


def score_by_all(recording: Recording) -> dict[tuple[str, str], FloatArray]:
    """Score the words by each system."""
    scores: dict[tuple[str, str], FloatArray] = {}
    for pitch in PITCH:
        measured = measure(
            recording.samples,
            recording.grid,
            lemf.Settings(pitch=pitch),
            rate_hz=recording.rate_hz,
            with_detail=True,
        )
        for cues in CUES:
            result = score_measurement(measured, lemf.Settings(pitch=pitch, cues=cues))
            scores[cues, pitch] = np.array([word.score for word in result.words])
    return scores


def print_table(rows: Sequence[Row]) -> None:
    """Print top-1 and the rank correlations, one row per condition."""
    names = [f"{cues}, {pitch}" for cues, pitch in SYSTEMS]
    print(f"| top-1 / Spearman / within text | {' | '.join(names)} |")
    print(f"| --- |{' --- |' * len(names)}")
    for condition in dict.fromkeys(row.condition for row in rows):
        cells = []
        for system in SYSTEMS:
            measures = row_of(rows, system, condition.group, condition.label).measures
            cells.append(
                " / ".join(f"{measures[name]:.2f}" for name in ("top1", "spearman", "within_text"))
            )
        group = "" if condition.group == condition.label else f"{condition.group}, "
        print(f"| {group}{condition.label} | {' | '.join(cells)} |")


def print_losses(rows: Sequence[Row]) -> None:
    """Print what 10 dB of babble cost in top-1, with bootstrap intervals over sentences."""
    if not any((row.condition.group, row.condition.label) == ("babble", "10 dB") for row in rows):
        return
    print("\n| babble, 10 dB | loss of top-1, 95 % interval |\n| --- | --- |")
    rng = np.random.default_rng(SEED)
    for system in SYSTEMS:
        clean = row_of(rows, system, "clean", "clean").top1
        loss = clean - row_of(rows, system, "babble", "10 dB").top1
        drawn = loss[rng.integers(len(loss), size=(RESAMPLES, len(loss)))].mean(axis=1)
        low, high = np.percentile(drawn, [2.5, 97.5])
        print(f"| {', '.join(system)} | {loss.mean():.2f} [{low:.2f}, {high:.2f}] |")


def row_of(rows: Sequence[Row], system: tuple[str, str], group: str, label: str) -> Row:
    """Find the row of a system in a condition."""
    wanted = (system, group, label)
    return next(
        row for row in rows if (row.system, row.condition.group, row.condition.label) == wanted
    )


def draw(rows: Sequence[Row], path: Path) -> None:
    """Draw a column a group, top-1 above and Spearman below."""
    from matplotlib.figure import Figure

    conditions = list(dict.fromkeys(row.condition for row in rows))
    groups = list(dict.fromkeys(one.group for one in conditions if one.group != "clean"))
    figure = Figure(figsize=(2.2 * len(groups), 5.2), layout="constrained")
    panels = figure.subplots(2, len(groups), sharey="row", squeeze=False)
    for column, group in enumerate(groups):
        shown = [one for one in conditions if one.group in ("clean", group)]
        for line, (name, title) in enumerate((("top1", "top-1"), ("spearman", "Spearman"))):
            panel = panels[line, column]
            for cues, pitch in SYSTEMS:
                own = [row_of(rows, (cues, pitch), one.group, one.label) for one in shown]
                panel.plot(
                    [one.label for one in shown],
                    [row.measures[name] for row in own],
                    STYLES[pitch],
                    color=COLOURS[cues],
                    markersize=4,
                    label=f"{cues}, {pitch}",
                )
            panel.set_ylim(0, 1)
            panel.grid(color="0.9")
            panel.tick_params(axis="x", rotation=60)
            if line == 0:
                panel.set_title(group, fontsize=10)
                panel.tick_params(labelbottom=False)
            if column == 0:
                panel.set_ylabel(title)
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
