"""The report of a demo: tables, figures, and whether the mechanism was recovered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lemf.runtime.output import write_output
from msfser.ablation.demo import SPLIT, Demo
from msfser.ablation.demo_findings import Finding
from msfser.ablation.files import FIGURE_NAME, describe, write_ablation
from msfser.ablation.table import ablation_table, brief_table
from msfser.evaluation.inspection_figure import draw_ccc_without, draw_routing
from msfser.evaluation.intervals import LEVEL
from msfser.manifest import DIMENSIONS
from msfser.outputs import (
    FIGURES_NAME,
    Cell,
    Table,
    format_csv,
    format_markdown,
    render_figure,
)

ROUTING_NAME = "routing.csv"
KNOCKOUT_NAME = "knockout.csv"
SHUFFLED_NAME = "shuffled.csv"
REPORT_NAME = "report.md"

_ROUTING_FIGURE = f"{FIGURES_NAME}/routing.png"
_KNOCKOUT_FIGURE = f"{FIGURES_NAME}/knockout.png"


def write_report(folder: Path, demo: Demo, findings: Sequence[Finding]) -> list[Table]:
    """Write all files, in place of those of an earlier run, and give the tables in brief.

    Raises
    ------
    lemf.LemfError
        The folder cannot be written.
    """
    write_ablation(folder, demo.results, demo.reachable, SPLIT)
    write_output(folder / ROUTING_NAME, format_csv(_routing_rows(demo)), force=True)
    write_output(folder / KNOCKOUT_NAME, format_csv(_knockout_rows(demo)), force=True)
    write_output(folder / SHUFFLED_NAME, format_csv(_shuffled_rows(demo)), force=True)
    names = demo.inspections[0].expert_names
    routing = np.mean([one.routing for one in demo.inspections], axis=0)
    write_output(folder / _ROUTING_FIGURE, render_figure(draw_routing(names, routing)), force=True)
    without = {
        name: np.mean([one.knockouts[name] for one in demo.inspections], axis=0)
        for name in demo.inspections[0].knockouts
    }
    figure = draw_ccc_without(without, "without expert")
    write_output(folder / _KNOCKOUT_FIGURE, render_figure(figure), force=True)
    title = describe(demo.results, SPLIT)
    tables = [
        _findings_table(findings),
        _mean_table(
            "routing weights",
            "",
            [f"expert {n}" for n in names],
            dict(zip(DIMENSIONS, routing, strict=True)),
        ),
        _mean_table("CCC without an expert", "without", DIMENSIONS, without),
        _mean_table(
            "CCC with the texts of other utterances",
            "row",
            DIMENSIONS,
            {name: values.mean(axis=0) for name, values in demo.shuffled.items()},
        ),
    ]
    whole = ablation_table(demo.results, demo.reachable, title)
    report = _format_report([whole, *tables])
    write_output(folder / REPORT_NAME, report.encode(), force=True)
    return [brief_table(demo.results, demo.reachable, title), *tables]


def _format_report(tables: Sequence[Table]) -> str:
    first, *others = (format_markdown([table]) for table in tables)
    return "\n".join(
        [
            "# What stress and situation do to the emotion\n",
            "A synthetic corpus in which valence follows from the polarity of the stressed word, "
            "arousal from melody and tempo, and dominance from a situation that only the extended "
            "semantics tell. Each row adds one level of semantics to the voice; *reachable* is "
            "the best that any model can do with these inputs.\n",
            first,
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
        of = "seeds" if finding.over_seeds else f"{100 * LEVEL:g} %"
        rows.append(
            (
                finding.claim,
                f"{finding.value:+.3f}",
                f"{finding.low:+.3f} to {finding.high:+.3f} ({of})",
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
    for name, values in demo.shuffled.items():
        for seed, own in zip(demo.results[-1].seeds, values, strict=True):
            rows += [
                (name, str(seed), dimension, round(float(value), 6))
                for dimension, value in zip(DIMENSIONS, own, strict=True)
            ]
    return rows
