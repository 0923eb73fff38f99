"""The files of an inspection: tables as csv, a report and its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from lemf.runtime.output import write_output
from msfser.ccc import FloatArray
from msfser.config.settings import Semantic
from msfser.evaluation.inspection.figure import (
    draw_ccc_without,
    draw_changes,
    draw_gate,
    draw_routing,
)
from msfser.evaluation.inspection.inspection import Inspection, most_changed
from msfser.evaluation.report import format_ccc
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
)

_TABLES = ("routing.csv", "knockout.csv", "semantics.csv", "utterances.csv")
FILES = (*_TABLES, REPORT_NAME)

UNTRAINED = " (untrained null vector)"  # beside each number that rests on one
_N_CHANGED = 5  # utterances named for each semantics

Rows = list[Sequence[Cell]]


def make_inspection_tables(
    inspection: Inspection,
    texts: Mapping[Semantic, Mapping[str, str]],
    *,
    longest: int | None = None,
) -> list[Table]:
    """Build the tables of an inspection: routing, knock-outs, gates, greatest changes by a text.

    Parameters
    ----------
    inspection : Inspection
    texts : mapping of semantic to mapping of id to str
        Of the utterances; a missing text is not shown.
    longest : int, optional
        Most characters shown of a text.
    """
    # routing, experts, semantics
    tables = []
    if inspection.expert_names:
        rows = [
            (dimension, *(f"{weight:.3f}" for weight in weights))
            for dimension, weights in zip(DIMENSIONS, inspection.routing, strict=True)
        ]
        head = ("", *(f"expert {name}" for name in inspection.expert_names))
        tables.append(Table(title="routing weights", head=head, rows=tuple(rows)))
    if len(inspection.knockouts) > 1:
        tables.append(_ccc_table("CCC without an expert", "without", inspection.knockouts))
    if inspection.changes:
        silenced = {
            name + (UNTRAINED if name in inspection.untrained else ""): scores
            for name, scores in inspection.silenced.items()
        }
        tables.append(_ccc_table("CCC without a semantics", "without", silenced))
    # quantiles of the gates
    known = inspection.gate[np.isfinite(inspection.gate)]
    if len(known):
        quantiles = np.quantile(known, [0, 0.25, 0.5, 0.75, 1])
        head = ("mean gate of an utterance", "lowest", "25 %", "median", "75 %", "highest")
        row = ("0 is all GS, 1 all LES", *(f"{value:.3f}" for value in quantiles))
        tables.append(Table(title="gate", head=head, rows=(row,)))
    # greatest changes by a text
    for semantic, changes in inspection.changes.items():
        rows = []
        for place in most_changed(changes, _N_CHANGED):
            name = inspection.utterances[place].id
            text = texts.get(semantic, {}).get(name, "")
            label = f"{name}: {_shortened(text, longest)}" if text else name
            rows.append((label, *(f"{change:+.2f}" for change in changes[place])))
        title = f"changed most by {semantic.upper()}"
        title += UNTRAINED if semantic in inspection.untrained else ""
        tables.append(Table(title=title, head=("utterance", *DIMENSIONS), rows=tuple(rows)))
    return tables


def write_inspection(
    folder: Path,
    inspection: Inspection,
    tables: Sequence[Table],
    notes: Sequence[str] = (),
    *,
    force: bool = False,
) -> None:
    """Write all files of an inspection; the report, with the notes, last.

    Raises
    ------
    lemf.LemfError
        A file cannot be written, or exists already and `force` is not set.
    """
    for name, rows in zip(
        _TABLES,
        (
            _routing_rows(inspection),
            _ccc_rows("expert", inspection.knockouts),
            _semantics_rows(inspection),
            _utterance_rows(inspection),
        ),
        strict=True,
    ):
        write_output(folder / name, format_csv(rows), force=force)
    figures = {}
    if inspection.expert_names:
        figures["routing"] = draw_routing(inspection.expert_names, inspection.routing)
        figures["knockout"] = draw_ccc_without(inspection.knockouts, "without expert")
    if inspection.changes:
        figures["semantics"] = draw_ccc_without(inspection.silenced, "without")
        figures["changes"] = draw_changes(inspection.changes)
    if np.isfinite(inspection.gate).all():
        figures["gate"] = draw_gate(inspection.gate)
    for name, figure in figures.items():
        path = folder / FIGURES_NAME / f"{name}.png"
        write_output(path, render_figure(figure), force=force)
    links = [f"![{name}]({FIGURES_NAME}/{name}.png)" for name in figures]
    report = "\n".join(
        ["# Inspection\n", format_markdown(tables), *format_notes(notes), *links, ""]
    )
    write_output(folder / REPORT_NAME, report.encode(), force=force)


def _shortened(text: str, longest: int | None) -> str:
    return text if longest is None or len(text) <= longest else text[: longest - 3] + "..."


def _ccc_table(title: str, what: str, scores: Mapping[str, FloatArray]) -> Table:
    rows = [(name, *(format_ccc(value) for value in values)) for name, values in scores.items()]
    return Table(title=title, head=(what, *DIMENSIONS), rows=tuple(rows))


def _routing_rows(inspection: Inspection) -> Rows:
    rows: Rows = [("dimension", "expert", "weight")]
    for dimension, weights in zip(DIMENSIONS, inspection.routing, strict=True):
        for name, weight in zip(inspection.expert_names, weights, strict=True):
            rows.append((dimension, name, float(weight)))
    return rows


def _ccc_rows(what: str, scores: Mapping[str, FloatArray]) -> Rows:
    rows: Rows = [(what, "dimension", "ccc")]
    for name, values in scores.items():
        for dimension, value in zip(DIMENSIONS, values, strict=True):
            rows.append((name, dimension, float(value)))
    return rows


def _semantics_rows(inspection: Inspection) -> Rows:
    head, *rows = _ccc_rows("semantics", inspection.silenced)
    known = dict.fromkeys(inspection.silenced, "") | {
        name: "untrained" if name in inspection.untrained else "trained"
        for name in inspection.changes
    }
    return [(*head, "null_vector"), *((*row, known[str(row[0])]) for row in rows)]


def _utterance_rows(inspection: Inspection) -> Rows:
    head: list[Cell] = ["id", "gate", *(f"predicted_{name}" for name in DIMENSIONS)]
    for semantic in inspection.changes:
        head.append(f"has_{semantic}")
        head += [f"{semantic}_changed_{name}" for name in DIMENSIONS]
    rows: Rows = [head]
    for place, utterance in enumerate(inspection.utterances):
        row: list[Cell] = [utterance.id, float(inspection.gate[place])]
        row += map(float, inspection.values[place])
        for semantic, changes in inspection.changes.items():
            row.append("yes" if inspection.present[semantic][place] else "no")
            row += map(float, changes[place])
        rows.append(row)
    return rows
