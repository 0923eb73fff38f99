"""A comparison of two models as tables, csv and JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from msfser.evaluation.comparison.compare import Difference
from msfser.evaluation.comparison.paired import EXACT_UNITS, N_PERMUTATIONS
from msfser.evaluation.intervals import FEWEST, LEVEL
from msfser.evaluation.report import format_ccc
from msfser.evaluation.scores import MEASURES
from msfser.outputs import Cell, Table, counted, format_csv

_PERCENT = f"{100 * LEVEL:g} %"


def make_comparison_tables(differences: Sequence[Difference]) -> list[Table]:
    """Build two tables per split: all its utterances, and the average CCC of groups of them.

    Splits and groups without labels are left out.
    """
    tables = []
    for total in (one for one in differences if one.by == "all" and one.n_utterances):
        rows = [
            (
                name,
                format_ccc(total.first[m]),
                format_ccc(total.second[m]),
                _signed(total.difference[m]),
                _interval(total.over_utterances[m]),
                _interval(total.over_speakers[m]),
                "-" if math.isnan(total.p[m]) else f"{total.p[m]:.4f}",
            )
            for m, name in enumerate(MEASURES)
        ]
        over = (f"{_PERCENT} over utterances", f"{_PERCENT} over speakers")
        speakers = f" of {counted(total.n_speakers, 'speaker')}" if total.n_speakers else ""
        tables.append(
            Table(
                title=f"{total.scope}: CCC, {counted(total.n_utterances, 'utterance')}{speakers}",
                head=("", "first", "second", "second - first", *over, "p"),
                rows=tuple(rows),
            )
        )
        groups = [
            (
                f"{one.by} {one.group}",
                f"{one.n_utterances:,}",
                format_ccc(one.first[-1]),
                format_ccc(one.second[-1]),
                _signed(one.difference[-1]),
                _interval(one.over_speakers[-1]),
            )
            for one in differences
            if one.scope == total.scope and one.by != "all" and one.n_utterances
        ]
        if groups:
            head = ("group", "utterances", "first", "second", "second - first", over[1])
            title = f"{total.scope} by group: average CCC"
            tables.append(Table(title=title, head=head, rows=tuple(groups)))
    return tables


def comparison_notes(differences: Sequence[Difference]) -> list[str]:
    """Return what a reader should know of the tests of each split."""
    notes = []
    for total in (one for one in differences if one.by == "all" and one.n_utterances):
        n = total.n_speakers
        if 0 < n < FEWEST:
            notes.append(
                f"{total.scope}: {counted(n, 'speaker')}, fewer than {FEWEST}: no interval over "
                "speakers"
            )
        if 0 < n <= EXACT_UNITS:
            notes.append(
                f"{total.scope}: {counted(n, 'speaker')}: p cannot be below {2 / 2**n:.2g}, "
                "whatever the difference"
            )
        if not n:
            notes.append(f"{total.scope}: no speakers known: p exchanges single utterances")
    if notes or differences:
        notes.append("p is of each row by itself: of four rows, one may be below .05 by chance")
    return notes


def format_comparison_csv(differences: Sequence[Difference], notes: Sequence[str]) -> bytes:
    """Format one row per group and measure; the notes stand in the last column of each row."""
    head: list[Cell] = [
        "scope", "by", "group", "utterances", "speakers", "measure", "first", "second",
        "difference", "utterances_low", "utterances_high", "speakers_low", "speakers_high", "p",
        "notes",
    ]  # fmt: skip
    rows: list[list[Cell]] = [head]
    for one in differences:
        for m, name in enumerate(MEASURES):
            numbers = (
                one.first[m], one.second[m], one.difference[m], *one.over_utterances[m],
                *one.over_speakers[m], one.p[m],
            )  # fmt: skip
            start: list[Cell] = [one.scope, one.by, one.group, one.n_utterances, one.n_speakers]
            rows.append([*start, name, *map(float, numbers), "; ".join(notes)])
    return format_csv(rows)


def format_comparison_json(
    differences: Sequence[Difference],
    notes: Sequence[str],
    *,
    runs: tuple[str, str],
    n_resamples: int,
    seed: int,
) -> bytes:
    """Format a comparison as JSON; null for numbers that are not defined."""
    from lemf import __version__

    content = {
        "msfser": __version__,
        "first": runs[0],
        "second": runs[1],
        "bootstrap": {"level": LEVEL, "n_resamples": n_resamples, "seed": seed},
        "permutations": {"exact_up_to_speakers": EXACT_UNITS, "otherwise": N_PERMUTATIONS},
        "notes": list(notes),
        "differences": [_to_dict(one) for one in differences],
    }
    return json.dumps(content, indent=1, allow_nan=False).encode() + b"\n"


def _to_dict(one: Difference) -> dict[str, Any]:
    content: dict[str, Any] = {
        "scope": one.scope,
        "by": one.by,
        "group": one.group,
        "n_utterances": one.n_utterances,
        "n_speakers": one.n_speakers,
    }
    for m, name in enumerate(MEASURES):
        content[name] = {
            "first": _number(one.first[m]),
            "second": _number(one.second[m]),
            "difference": _number(one.difference[m]),
            "over_utterances": [_number(bound) for bound in one.over_utterances[m]],
            "over_speakers": [_number(bound) for bound in one.over_speakers[m]],
            "p": _number(one.p[m]),
        }
    return content


def _signed(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:+.3f}"


def _interval(bounds: Sequence[float]) -> str:
    low, high = bounds
    return "-" if math.isnan(low) else f"{low:+.3f} to {high:+.3f}"


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
