"""The files of an ablation: ``ablation.csv``, ``ablation.md``, ``figures/ablation.png``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lemf.output import write_output
from msfser.ablation import RowResult
from msfser.ablation_figure import draw_ablation
from msfser.ablation_table import Reachable, ablation_rows, ablation_table
from msfser.ccc_intervals import LEVEL
from msfser.evaluation_figure import render_png
from msfser.output_folder import FIGURES_NAME, format_csv, prepare_folder
from msfser.tables import format_markdown

CSV_NAME = "ablation.csv"
TABLE_NAME = "ablation.md"
FIGURE_NAME = f"{FIGURES_NAME}/ablation.png"


def write_ablation(
    folder: Path, results: Sequence[RowResult], reachable: Reachable, split: str
) -> None:
    """Write all files, in place of those of an earlier run.

    Raises
    ------
    lemf.LemfError
        The folder cannot be written.
    """
    prepare_folder(folder, (), force=True)
    table = ablation_table(results, reachable, describe(results, split))
    write_output(folder / CSV_NAME, format_csv(ablation_rows(results, reachable)), force=True)
    write_output(folder / FIGURE_NAME, render_png(draw_ablation(results, reachable)), force=True)
    text = f"{format_markdown([table])}\n![CCC of each row]({FIGURE_NAME})\n"
    write_output(folder / TABLE_NAME, text.encode(), force=True)


def describe(results: Sequence[RowResult], split: str) -> str:
    """Say in a line what the table shows."""
    n_seeds = len(results[0].seeds)
    n_utterances = len(results[0].predictions[0].ids)
    over = f"mean over {n_seeds} seeds" if n_seeds > 1 else "one seed"
    return f"CCC on {split}, {n_utterances:,} utterances, {over} [{100 * LEVEL:g} %]"
