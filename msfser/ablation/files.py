"""The files of an ablation: ``ablation.csv``, ``ablation.md`` and ``figures/ablation.png``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lemf.runtime.colours import BLUE, GREEN, GREY_20, VERMILION
from lemf.runtime.console import printable
from msfser.ablation.rows import AblationRow
from msfser.ablation.run import RowResult
from msfser.ablation.table import (
    Reachable,
    ablation_rows,
    ablation_table,
    mean_ccc,
    reachable_of,
    seed_ccc,
)
from msfser.evaluation.intervals import LEVEL
from msfser.evaluation.scores import MEASURES
from msfser.outputs import (
    FIGURES_NAME,
    counted,
    format_csv,
    format_markdown,
    format_notes,
    prepare_folder,
    render_figure,
    replace_output,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CSV_NAME = "ablation.csv"
TABLE_NAME = "ablation.md"
FIGURE_NAME = f"{FIGURES_NAME}/ablation.png"

_COLOURS = (BLUE, VERMILION, GREEN, GREY_20)


def draw_ablation(results: Sequence[RowResult], reachable: Reachable) -> Figure:
    """Draw CCC of the rows, from top to bottom, with one panel per measure.

    A dot is the mean over the seeds, its line the interval, a faint dot a seed; a bar is the best
    that can be reached, or, where `reachable` is empty, a hollow diamond the paper's number.

    Parameters
    ----------
    results : sequence of RowResult
    reachable : mapping
        As from `read_reachable`.
    """
    from matplotlib.figure import Figure

    # one panel per measure
    height = 1.4 + 0.38 * len(results)
    figure = Figure(figsize=(10.0, height), layout="constrained")
    panels = figure.subplots(1, len(MEASURES), sharex=True, sharey=True)
    lines = np.arange(len(results))
    for place, (axes, measure, colour) in enumerate(zip(panels, MEASURES, _COLOURS, strict=True)):
        # dots, intervals and references
        for line, result in zip(lines, results, strict=True):
            values, bounds = mean_ccc(result)
            axes.plot(bounds[place], [line, line], color=colour, linewidth=2)
            axes.plot(values[place], line, "o", color=colour, markersize=6)
            for seed in range(len(result.seeds)):
                one = seed_ccc(result, seed)[0][place]
                axes.plot(one, line, "o", color=colour, alpha=0.25, markersize=3.5)
            if reachable:
                best = reachable_of(result, reachable)[place]
                axes.plot(best, line, "|", color="0.35", markersize=14, markeredgewidth=2)
            elif result.row.paper is not None:
                axes.plot(result.row.paper[place], line, "D", color="0.35", mfc="none", ms=6)
        axes.set_title(measure, fontsize="medium")
        axes.set_xlabel("CCC")
        axes.grid(axis="x", color="0.9")
        axes.spines[["top", "right"]].set_visible(False)
    # names of the rows, legend
    panels[0].set_yticks(lines, [printable(result.row.name) for result in results])
    panels[0].set_ylim(len(results) - 0.5, -0.5)
    if reachable:
        figure.suptitle("dot: mean over seeds; bar: best reachable", fontsize="small", color="0.35")
    elif any(result.row.paper for result in results):
        figure.suptitle("dot: mean over seeds; diamond: the paper", fontsize="small", color="0.35")
    return figure


def write_ablation(
    folder: Path,
    results: Sequence[RowResult],
    reachable: Reachable,
    split: str,
    *,
    absent: Sequence[AblationRow] = (),
    more_notes: Sequence[str] = (),
) -> None:
    """Write all files of an ablation, in place of those of an earlier run.

    Raises
    ------
    lemf.LemfError
        The folder cannot be written.
    """
    prepare_folder(folder, (), force=True)
    table = ablation_table(results, reachable, ablation_title(results, split), absent)
    replace_output(folder / CSV_NAME, format_csv(ablation_rows(results, reachable)))
    replace_output(folder / FIGURE_NAME, render_figure(draw_ablation(results, reachable)))
    all_notes = [*ablation_notes(results, split, absent), *more_notes]
    notes = "".join(f"{note}\n" for note in format_notes(all_notes))
    text = f"{format_markdown([table])}\n{notes}![CCC of each row]({FIGURE_NAME})\n"
    replace_output(folder / TABLE_NAME, text.encode())


def ablation_notes(
    results: Sequence[RowResult], split: str, absent: Sequence[AblationRow] = ()
) -> list[str]:
    """Return what a reader should know of the scores of any row, and why some have none."""
    of_rows = (one.notes.get(split, ()) for result in results for one in result.predictions)
    notes = [f"{split}: {note}" for note in dict.fromkeys(chain.from_iterable(of_rows))]
    return notes + [f"{row.name}: not trained here: {row.absent}" for row in absent]


def ablation_title(results: Sequence[RowResult], split: str) -> str:
    """Return the title of the table, with split, utterances, seeds and level."""
    n_seeds = len(results[0].seeds)
    n_utterances = len(results[0].predictions[0].ids)
    over = f"mean over {n_seeds} seeds" if n_seeds > 1 else "one seed"
    return f"CCC on {split}, {counted(n_utterances, 'utterance')}, {over} [{100 * LEVEL:g} %]"
