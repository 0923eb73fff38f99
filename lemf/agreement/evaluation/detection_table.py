"""Detection -> tables on a terminal: words, sentences, and differences from each baseline."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lemf.agreement.bootstrap import Unit
from lemf.agreement.evaluation.cells import short, short_span, signed
from lemf.agreement.evaluation.detect import Detection, SystemDetection
from lemf.agreement.evaluation.detection_spread import DETECTION_MEASURES
from lemf.agreement.evaluation.detection_text import (
    DETECTION_TITLES,
    baselines,
    describe_detection,
    detection_notes,
    listening,
    threshold_text,
    units,
)
from lemf.agreement.evaluation.rater_agreement import Raters
from lemf.agreement.evaluation.rater_text import rater_table
from lemf.errors import printable

_OF_WORDS = DETECTION_MEASURES[:7]
_OF_SENTENCES = DETECTION_MEASURES[7:]
_COMPARED = ("f1", "pr_auc")  # with each baseline; Markdown and JSON have the other measures


def print_detection(console: Console, detection: Detection) -> None:
    """Print the measures of all systems with intervals, the differences and the notes.

    Parameters
    ----------
    console : rich.console.Console
    detection : Detection
    """
    console.print(Text(describe_detection(detection)))
    console.print()
    _print_measures(console, detection, "words", _OF_WORDS, with_threshold=True)
    console.print()
    _print_measures(console, detection, "sentences", _OF_SENTENCES, with_threshold=False)
    for name in _COMPARED:
        console.print()
        _print_differences(console, detection, name)
    if detection.raters is not None:
        console.print()
        _print_raters(console, detection.raters, listening(detection))
    console.print()
    for note in detection_notes(detection):
        console.print(Text(printable(note), style="dim"))


def _print_measures(
    console: Console,
    detection: Detection,
    title: str,
    names: Sequence[str],
    *,
    with_threshold: bool,
) -> None:
    table = _table(title, [DETECTION_TITLES[name] for name in names])
    if with_threshold:
        table.add_column("threshold", justify="right", no_wrap=True)
    for one in detection.systems:
        shown = [short(one.measures[name]) for name in names]
        also = [threshold_text(one)] if with_threshold else []
        style = "dim" if one.baseline else ""
        table.add_row(Text(printable(one.name)), *shown, *also, style=style)
        if not one.baseline:
            for unit, spans in one.intervals.items():
                table.add_row(
                    f" over {unit}", *(short_span(*spans[name]) for name in names), style="dim"
                )
    console.print(table)


def _print_differences(console: Console, detection: Detection, name: str) -> None:
    table = _table(f"{DETECTION_TITLES[name]} minus", baselines(detection))
    for one in detection.systems:
        if not one.baseline:
            _add_differences(table, one, name, baselines(detection), units(detection))
    console.print(table)


def _add_differences(
    table: Table, system: SystemDetection, name: str, others: Sequence[str], over: Sequence[Unit]
) -> None:
    differences = [system.differences[other] for other in others]
    table.add_row(
        Text(printable(system.name)), *(signed(one.measures[name]) for one in differences)
    )
    for unit in over:
        spans = [short_span(*one.intervals[unit][name]) for one in differences]
        table.add_row(f" over {unit}", *spans, style="dim")


def _print_raters(console: Console, raters: Raters, systems: Sequence[str]) -> None:
    titles, rows = rater_table(raters, systems)
    table = _table("raters", [printable(title) for title in titles])
    for name, *cells in rows:
        table.add_row(Text(printable(name)), *cells, style="dim" if name.startswith(" ") else "")
    console.print(table)


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column(title, max_width=24, overflow="ellipsis", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table
