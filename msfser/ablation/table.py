"""An ablation in numbers: CCC of each row with intervals, beside the paper's or the reachable."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from msfser.ablation.run import RowResult
from msfser.ccc import FloatArray, ccc
from msfser.config.settings import SEMANTICS
from msfser.evaluation.intervals import N_RESAMPLES, ccc_draws
from msfser.evaluation.report import format_ccc
from msfser.evaluation.scores import MEASURES, intervals, with_average
from msfser.manifest import DIMENSIONS
from msfser.outputs import Cell, Table

Reachable = Mapping[tuple[str, str], float]  # (dimension, inputs) -> CCC

CSV_HEAD = ("row", "seed", "dimension", "ccc", "low", "high", "reachable", "paper")
MEAN_SEED = "mean"


def mean_ccc(result: RowResult) -> tuple[FloatArray, FloatArray]:
    """Give CCC of a row, the mean over its seeds, with its interval.

    The interval is a bootstrap over seeds and utterances: each draw takes as many seeds as there
    are, with replacement, and the same utterances for all of them.

    Parameters
    ----------
    result : RowResult

    Returns
    -------
    ccc : (4,) float64
        `MEASURES`.
    interval : (4, 2) float64
        Of level `LEVEL`.
    """
    points = np.stack([seed_ccc(result, place)[0] for place in range(len(result.seeds))])
    draws = np.stack([_draws(result, place) for place in range(len(result.seeds))])
    # (seeds, draws, 4)
    generator = np.random.default_rng(0)
    chosen = generator.integers(len(draws), size=(len(draws), N_RESAMPLES))
    return points.mean(axis=0), intervals(draws[chosen, np.arange(N_RESAMPLES)].mean(axis=0))


def seed_ccc(result: RowResult, place: int) -> tuple[FloatArray, FloatArray]:
    """Give CCC of one seed, (4,), with its interval over utterances, (4, 2)."""
    predictions = result.predictions[place]
    return with_average(ccc(predictions.values, predictions.labels)), intervals(
        _draws(result, place)
    )


def read_reachable(path: Path) -> dict[tuple[str, str], float]:
    """Read the best CCC that a model can reach, as the mechanism corpus states it.

    Returns
    -------
    dict of (dimension, inputs) to float
        Empty where there is no such file.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    return {
        (row["dimension"], row["inputs"]): float(row["ccc"])
        for row in csv.DictReader(text.splitlines())
    }


def reachable_of(result: RowResult, reachable: Reachable) -> FloatArray:
    """Give what a row can reach, (4,) float64, NaN where it is not known."""
    read = [name for name in SEMANTICS if name in result.row.config.model.semantics]
    inputs = "+".join(["audio", *read])
    values = [reachable.get((dimension, inputs), np.nan) for dimension in DIMENSIONS]
    return with_average(np.array(values))


def ablation_rows(results: Sequence[RowResult], reachable: Reachable) -> list[Sequence[Cell]]:
    """Give the rows of ``ablation.csv``: one a seed and dimension, then the mean over the seeds."""
    rows: list[Sequence[Cell]] = [CSV_HEAD]
    for result in results:
        best = reachable_of(result, reachable)
        paper = result.row.paper or (np.nan,) * len(MEASURES)
        groups = [(str(seed), *seed_ccc(result, place)) for place, seed in enumerate(result.seeds)]
        for seed, values, bounds in (*groups, (MEAN_SEED, *mean_ccc(result))):
            rows += [
                (result.row.name, seed, name, *_rounded(value, low, high, limit, theirs))
                for name, value, (low, high), limit, theirs in zip(
                    MEASURES, values, bounds, best, paper, strict=True
                )
            ]
    return rows


def ablation_table(results: Sequence[RowResult], reachable: Reachable, title: str) -> Table:
    """Lay out an ablation; beside each CCC stands the reachable one, or the paper's.

    Parameters
    ----------
    results : sequence of RowResult
    reachable : mapping
        As `read_reachable` gives it; where it is empty, the paper's numbers are shown if the rows
        have them.
    title : str
    """
    other = "reachable" if reachable else "paper"
    shown = bool(reachable) or any(result.row.paper for result in results)
    head = ["row"]
    for name in MEASURES:
        head += [name, other] if shown else [name]
    rows = []
    for result in results:
        values, bounds = mean_ccc(result)
        beside = reachable_of(result, reachable) if reachable else result.row.paper
        cells = [result.row.name]
        for place in range(len(MEASURES)):
            value, low, high = map(format_ccc, (values[place], *bounds[place]))
            cells.append(f"{value} [{low}, {high}]")
            if shown:
                cells.append("" if beside is None else format_ccc(beside[place]))
        rows.append(tuple(cells))
    return Table(title=title, head=tuple(head), rows=tuple(rows))


def brief_table(results: Sequence[RowResult], reachable: Reachable, title: str) -> Table:
    """Lay out an ablation for a terminal, without intervals: ``0.984 of 0.993`` reachable.

    Where nothing is known to be reachable, ``0.750 (0.759)`` has the paper's number beside it.
    """
    rows = []
    for result in results:
        values, _ = mean_ccc(result)
        beside = reachable_of(result, reachable) if reachable else result.row.paper
        pattern = "{} of {}" if reachable else "{} ({})"
        cells = [
            format_ccc(value)
            if beside is None
            else pattern.format(format_ccc(value), format_ccc(beside[place]))
            for place, value in enumerate(values)
        ]
        rows.append((result.row.name, *cells))
    return Table(title=title, head=("row", *MEASURES), rows=tuple(rows))


def _draws(result: RowResult, place: int) -> FloatArray:
    predictions = result.predictions[place]
    return with_average(ccc_draws(predictions.values, predictions.labels))


def _rounded(*values: float) -> list[float]:
    return [round(float(value), 6) for value in values]
