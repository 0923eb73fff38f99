"""CCC of each row of an ablation with its interval, next to a reference.

The reference is the best reachable CCC where it is known, else the CCC in the paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from lemf import N_RESAMPLES, read_rows
from msfser.ablation.rows import AblationRow
from msfser.ablation.run import RowResult
from msfser.ccc import FloatArray, ccc
from msfser.config.settings import SEMANTICS
from msfser.corpora.mechanism.reachable import inputs_name
from msfser.evaluation.intervals import ccc_draws
from msfser.evaluation.report import format_ccc
from msfser.evaluation.scores import MEASURES, percentile_intervals, with_average
from msfser.manifest import DIMENSIONS
from msfser.outputs import Cell, Table

Reachable = Mapping[tuple[str, str], float]  # (dimension, inputs) -> CCC

CSV_HEAD = ("row", "seed", "dimension", "ccc", "low", "high", "reachable", "paper")
MEAN_SEED = "mean"


def mean_ccc(result: RowResult) -> tuple[FloatArray, FloatArray]:
    """Compute CCC of a row, the mean over its seeds, with its bootstrap interval.

    Parameters
    ----------
    result : RowResult

    Returns
    -------
    ccc : (4,) float64
        In the order of `MEASURES`.
    interval : (4, 2) float64
        Of level `LEVEL`.
    """
    points = np.stack([seed_ccc(result, place)[0] for place in range(len(result.seeds))])
    draws = np.stack([_draws(result, place) for place in range(len(result.seeds))])
    n_utterances = len(result.predictions[0].ids)
    return points.mean(axis=0), percentile_intervals(resample_seeds(draws), n_utterances)


def resample_seeds(draws: FloatArray) -> FloatArray:
    """Resample the seeds of a bootstrap, whose draws resample the utterances.

    Parameters
    ----------
    draws : (seeds, N_RESAMPLES, ...) float64
        Of each seed; draw n has the same utterances for all seeds.

    Returns
    -------
    (N_RESAMPLES, ...) float64
        Means over as many seeds as there are, drawn with replacement.
    """
    generator = np.random.default_rng(0)
    chosen = generator.integers(len(draws), size=(len(draws), N_RESAMPLES))
    means: FloatArray = draws[chosen, np.arange(N_RESAMPLES)].mean(axis=0)
    return means


def seed_ccc(result: RowResult, place: int) -> tuple[FloatArray, FloatArray]:
    """Compute CCC of one seed, (4,), with its interval over utterances, (4, 2)."""
    predictions = result.predictions[place]
    return with_average(ccc(predictions.values, predictions.labels)), percentile_intervals(
        _draws(result, place), len(predictions.ids)
    )


def read_reachable(path: Path) -> dict[tuple[str, str], float]:
    """Read the best CCC that a model can reach from the file of the mechanism corpus.

    Returns
    -------
    dict of (dimension, inputs) to float
        Without what is not known of planted corpora; empty where there is no such file.
    """
    rows = read_rows(path).rows if path.exists() else []
    return {
        (str(row["dimension"]), str(row["inputs"])): float(str(row["ccc"]))
        for _, row in rows
        if row.get("ccc") is not None
    }


def reachable_of(result: RowResult, reachable: Reachable) -> FloatArray:
    """Return the best CCC that a row can reach, (4,) float64; NaN where it is not known."""
    chosen = result.row.config.model.semantics
    inputs = inputs_name(tuple(name for name in SEMANTICS if name in chosen))
    values = [reachable.get((dimension, inputs), np.nan) for dimension in DIMENSIONS]
    return with_average(np.array(values))


def with_known_paper(
    results: Sequence[RowResult], absent: Sequence[AblationRow], split: str
) -> tuple[list[RowResult], list[AblationRow], str]:
    """Leave out the paper's numbers where the data are not theirs.

    Parameters
    ----------
    results : sequence of RowResult
    absent : sequence of AblationRow
    split : str
        That the rows were evaluated on.

    Returns
    -------
    results : list of RowResult
    absent : list of AblationRow
    note : str
        What was left out; ``""`` for nothing.
    """
    first = results[0].predictions[0]
    here = first.corpus, first.version, split
    others = [
        row.paper_data
        for row in (*(result.row for result in results), *absent)
        if row.paper is not None and row.paper_data and row.paper_data != here
    ]
    if not others:
        return [*results], [*absent], ""
    corpus, version, its_split = others[0]
    note = (
        f"the paper's numbers are left out: they are of {corpus} {version}, {its_split}, and these "
        f"data are {' '.join(filter(None, here[:2]))}, {split}"
    )
    return (
        [replace(result, row=replace(result.row, paper=None)) for result in results],
        [replace(row, paper=None) for row in absent],
        note,
    )


def ablation_rows(results: Sequence[RowResult], reachable: Reachable) -> list[Sequence[Cell]]:
    """Return the rows of ``ablation.csv``: those of each seed, then those of the mean."""
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


def ablation_table(
    results: Sequence[RowResult],
    reachable: Reachable,
    title: str,
    absent: Sequence[AblationRow] = (),
) -> Table:
    """Build the table of an ablation, with the reachable or the paper's CCC next to each.

    Parameters
    ----------
    results : sequence of RowResult
    reachable : mapping
        As from `read_reachable`; where empty, the paper's numbers are shown if the rows have any.
    title : str
    absent : sequence of AblationRow
        Rows without a model, which come last.
    """
    other = "reachable" if reachable else "paper"
    shown = bool(reachable) or any(result.row.paper for result in results)
    shown |= any(row.paper for row in absent)
    head = ["row"]
    for name in MEASURES:
        head += [name, other] if shown else [name]
    rows = []
    for result in results:
        values, bounds = mean_ccc(result)
        reference = reachable_of(result, reachable) if reachable else result.row.paper
        cells = [result.row.name]
        for place in range(len(MEASURES)):
            value, low, high = map(format_ccc, (values[place], *bounds[place]))
            cells.append(f"{value} [{low}, {high}]")
            if shown:
                cells.append("" if reference is None else format_ccc(reference[place]))
        rows.append(tuple(cells))
    for row in absent:
        cells = [row.name]
        for place in range(len(MEASURES)):
            cells.append("")
            if shown:
                known = row.paper if not reachable else None
                cells.append("" if known is None else format_ccc(known[place]))
        rows.append(tuple(cells))
    return Table(title=title, head=tuple(head), rows=tuple(rows))


def brief_table(
    results: Sequence[RowResult],
    reachable: Reachable,
    title: str,
    absent: Sequence[AblationRow] = (),
) -> Table:
    """Build the table of an ablation for a terminal, without intervals.

    ``0.984 of 0.993`` shows the reachable CCC; where it is unknown, ``0.750 (0.759)`` the paper's.
    """
    rows = []
    for result in results:
        values, _ = mean_ccc(result)
        reference = reachable_of(result, reachable) if reachable else result.row.paper
        pattern = "{} of {}" if reachable else "{} ({})"
        cells = [
            format_ccc(value)
            if reference is None
            else pattern.format(format_ccc(value), format_ccc(reference[place]))
            for place, value in enumerate(values)
        ]
        rows.append((result.row.name, *cells))
    for row in absent:
        known = None if reachable else row.paper
        shown = [""] * len(MEASURES) if known is None else [f"({format_ccc(v)})" for v in known]
        rows.append((row.name, *shown))
    return Table(title=title, head=("row", *MEASURES), rows=tuple(rows))


def _draws(result: RowResult, place: int) -> FloatArray:
    predictions = result.predictions[place]
    return with_average(ccc_draws(predictions.values, predictions.labels))


def _rounded(*values: float) -> list[float]:
    return [round(float(value), 6) for value in values]
