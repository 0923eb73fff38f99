"""The files of a demo: tables, figures, and a report of whether the mechanism was recovered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from msfser.ablation.demo import SPLIT, Demo
from msfser.ablation.demo_findings import Finding
from msfser.ablation.files import FIGURE_NAME, ablation_notes, ablation_title, write_ablation
from msfser.ablation.table import ablation_table, brief_table
from msfser.evaluation.inspection.figure import draw_ccc_without, draw_routing
from msfser.evaluation.intervals import LEVEL
from msfser.manifest import DIMENSIONS
from msfser.outputs import (
    FIGURES_NAME,
    REPORT_NAME,
    Cell,
    Table,
    format_csv,
    format_markdown,
    format_notes,
    render_figure,
    replace_output,
)

ROUTING_NAME = "routing.csv"
KNOCKOUT_NAME = "knockout.csv"
SHUFFLED_NAME = "shuffled.csv"

_ROUTING_FIGURE = f"{FIGURES_NAME}/routing.png"
_KNOCKOUT_FIGURE = f"{FIGURES_NAME}/knockout.png"


def write_report(folder: Path, demo: Demo, findings: Sequence[Finding]) -> list[Table]:
    """Write all files of a demo, in place of those of an earlier run, and return its brief tables.

    Raises
    ------
    lemf.LemfError
        The folder cannot be written.
    """
    # means over the seeds
    first = demo.inspections[0]
    routing = np.mean([one.routing for one in demo.inspections], axis=0)
    without = {
        name: np.mean([one.knockouts[name] for one in demo.inspections], axis=0)
        for name in first.knockouts
    }
    shuffled = {name: values.mean(axis=0) for name, values in demo.shuffled.items()}
    # tables of the report
    title = ablation_title(demo.results, SPLIT)
    experts = [f"expert {name}" for name in first.expert_names]
    weights = dict(zip(DIMENSIONS, routing, strict=True))
    tables = [
        _findings_table(findings),
        _mean_table("routing weights", "", experts, weights),
        _mean_table("CCC without an expert", "without", DIMENSIONS, without),
        _mean_table("CCC with the texts of other utterances", "row", DIMENSIONS, shuffled),
    ]
    report = _format_report(
        [ablation_table(demo.results, demo.reachable, title), *tables],
        ablation_notes(demo.results, SPLIT),
    )
    # files of the demo
    write_ablation(folder, demo.results, demo.reachable, SPLIT)
    contents = {
        ROUTING_NAME: format_csv(_routing_rows(demo)),
        KNOCKOUT_NAME: format_csv(_knockout_rows(demo)),
        SHUFFLED_NAME: format_csv(_shuffled_rows(demo)),
        _ROUTING_FIGURE: render_figure(draw_routing(first.expert_names, routing)),
        _KNOCKOUT_FIGURE: render_figure(draw_ccc_without(without, "without expert")),
        REPORT_NAME: report.encode(),
    }
    for name, content in contents.items():
        replace_output(folder / name, content)
    return [brief_table(demo.results, demo.reachable, title), *tables]


def _format_report(tables: Sequence[Table], notes: Sequence[str]) -> str:
    first, *others = (format_markdown([table]) for table in tables)
    return "\n".join(
        [
            "# What stress and situation do to the emotion\n",
            "A synthetic corpus in which valence follows from the polarity of the stressed word, "
            "arousal from melody and tempo, and dominance from a situation that only the extended "
            "semantics tell. Each row adds one level of semantics to the voice; *reachable* is "
            "the best that any model can do with these inputs.\n",
            first,
            *format_notes(notes),
            f"![CCC of each row, by dimension]({FIGURE_NAME})\n",
            *others[:2],
            f"![Routing weights of each dimension]({_ROUTING_FIGURE})\n",
            *others[2:],
            f"![CCC of each dimension without an expert]({_KNOCKOUT_FIGURE})",
            "",
        ]
    )


def _findings_table(findings: Sequence[Finding]) -> Table:
    rows = []
    for finding in findings:
        over = "seeds" if finding.over_seeds else f"{100 * LEVEL:g} %"
        rows.append(
            (
                finding.claim,
                f"{finding.value:+.3f}",
                f"{finding.low:+.3f} to {finding.high:+.3f} ({over})",
                "yes" if finding.holds else "NO",
            )
        )
    head = ("claim", "found", "range", "holds")
    return Table(title="Is the mechanism recovered?", head=head, rows=tuple(rows))


def _mean_table(
    title: str, first: str, columns: Sequence[str], values: dict[str, np.ndarray]
) -> Table:
    return Table(
        title=title,
        head=(first, *columns),
        rows=tuple((name, *(f"{v:.3f}" for v in row)) for name, row in values.items()),
    )


def _routing_rows(demo: Demo) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = [("seed", "dimension", "expert", "weight")]
    for seed, one in zip(demo.results[-1].seeds, demo.inspections, strict=True):
        rows += [
            (str(seed), dimension, expert, round(float(weight), 6))
            for dimension, weights in zip(DIMENSIONS, one.routing, strict=True)
            for expert, weight in zip(one.expert_names, weights, strict=True)
        ]
    return rows


def _knockout_rows(demo: Demo) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = [("seed", "expert", "dimension", "ccc")]
    for seed, one in zip(demo.results[-1].seeds, demo.inspections, strict=True):
        rows += [
            (str(seed), expert, dimension, round(float(value), 6))
            for expert, values in one.knockouts.items()
            for dimension, value in zip(DIMENSIONS, values, strict=True)
        ]
    return rows


def _shuffled_rows(demo: Demo) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = [("row", "seed", "dimension", "ccc")]
    for name, ccc_by_seed in demo.shuffled.items():
        for seed, values in zip(demo.results[-1].seeds, ccc_by_seed, strict=True):
            rows += [
                (name, str(seed), dimension, round(float(value), 6))
                for dimension, value in zip(DIMENSIONS, values, strict=True)
            ]
    return rows
