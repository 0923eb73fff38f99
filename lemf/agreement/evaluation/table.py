"""Evaluation -> the table on a terminal: three lines per system, its measures and intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lemf.agreement.bootstrap import Intervals
from lemf.agreement.evaluation.cells import short_span, signed, two_digits
from lemf.agreement.evaluation.detection_table import print_detection
from lemf.agreement.evaluation.results import Evaluation, SystemAgreement
from lemf.agreement.evaluation.text import (
    TITLES,
    describe,
    describe_ties,
    describe_unjudged,
)
from lemf.agreement.measures import MEASURES
from lemf.errors import printable
from lemf.option_choices import Grouping

_NARROWEST = 100  # columns, in which no number is cut; 80 are usually enough


def print_evaluation(
    evaluation: Evaluation, stream: TextIO, *, by: Sequence[Grouping] = ()
) -> None:
    """Print the table of all systems, and top-1 by the groupings asked for.

    Parameters
    ----------
    evaluation : Evaluation
    stream : text file
    by : sequence of {"speaker", "emotion"}
    """
    console = Console(file=stream, highlight=False)
    terminal = console.width
    console.width = max(terminal, _NARROWEST)
    console.print(Text(describe(evaluation)))
    if evaluation.n_sentences:
        console.print()
        _print_measures(console, evaluation)
    for grouping in by:
        console.print()
        _print_groups(console, evaluation, grouping)
    if evaluation.detection is not None:
        console.print()
        print_detection(console, evaluation.detection)
    console.print()
    console.width = terminal
    for line in _legend(evaluation) if evaluation.n_sentences else ():
        console.print(Text(line, style="dim"))
    for line in (*describe_unjudged(evaluation), *describe_ties(evaluation)):
        console.print(Text(printable(line), style="yellow"))


def _print_measures(console: Console, evaluation: Evaluation) -> None:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("", max_width=24, overflow="ellipsis", no_wrap=True)
    for name in MEASURES:
        table.add_column(TITLES[name][0], justify="right", no_wrap=True)
    best = _best(evaluation)
    for system in evaluation.systems:
        style = "dim" if system.baseline else ""
        cells = [
            Text(two_digits(system.measures[name]), style=_emphasis(system, name, best))
            for name in MEASURES
        ]
        table.add_row(Text(printable(system.name)), *cells, style=style)
        if not system.baseline:
            _add_intervals(table, system.intervals)
        if system.difference:
            minus = Text(printable(f" minus {evaluation.systems[0].name}"))
            shown = [signed(system.difference[name]) for name in MEASURES]
            table.add_row(minus, *map(Text, shown))
            _add_intervals(table, system.difference_intervals)
    console.print(table)


def _add_intervals(table: Table, intervals: Intervals) -> None:
    for unit, spans in intervals.items():
        cells = [short_span(*spans[name]) for name in MEASURES]
        table.add_row(f" over {unit}", *cells, style="dim")


def _print_groups(console: Console, evaluation: Evaluation, grouping: Grouping) -> None:
    groups = evaluation.systems[0].groups[grouping]
    if not groups:
        console.print(Text(f"No {grouping} in the labels.", style="yellow"))
        return
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column(f"top-1 by {grouping}", max_width=24, overflow="ellipsis", no_wrap=True)
    for group in groups:
        table.add_column(Text(f"{printable(group.name)}\n({group.n_sentences})"), justify="right")
    for system in evaluation.systems:
        cells = [two_digits(group.measures["top1"]) for group in system.groups[grouping]]
        table.add_row(Text(printable(system.name)), *cells, style="dim" if system.baseline else "")
    console.print(table)


def _legend(evaluation: Evaluation) -> list[str]:
    return [
        f"clear: top-1 where the margin of the ratings is {evaluation.clear_margin:g} or more "
        f"({evaluation.n_clear} sentences)",
        "segment: the most stressed word is at most one word beside the highest score",
        "rho: Spearman in the sentence; within: across the readings of one text",
        "below a system: its 95 % intervals; the dim systems do not listen",
    ]


def _best(evaluation: Evaluation) -> dict[str, float]:
    """Return the highest value of each measure over the systems but the baselines, as printed."""
    listening = [system for system in evaluation.systems if not system.baseline]
    if len(listening) < 2:
        return {}
    return {
        name: max((round(s.measures[name], 2) for s in listening), key=lambda v: (v == v, v))
        for name in MEASURES
    }


def _emphasis(system: SystemAgreement, name: str, best: dict[str, float]) -> str:
    is_best = not system.baseline and round(system.measures[name], 2) == best.get(name)
    return "bold green" if is_best else "bold" if not system.baseline else ""
