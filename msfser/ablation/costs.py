"""What each row of an ablation costs: weights, operations and memory as counted, time as measured.

``costs.csv`` stands beside the scores, which are the same on every machine, as times are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import mean

from msfser.ablation.run import RUNS_NAME, RowResult
from msfser.config.files import read_config
from msfser.errors import CheckpointError
from msfser.evaluation.runs import CONFIG_NAME, DATA_NAME
from msfser.outputs import Cell, Table, format_csv
from msfser.training.cost import count_cost
from msfser.training.data.record import read_record
from msfser.training.run_folder import read_log

COSTS_NAME = "costs.csv"

_HEAD = ("row", "weights", "trained", "tflop", "memory_gib", "training_s")


@dataclass(frozen=True)
class RowCost:
    """The cost of one row.

    Attributes
    ----------
    name : str
    n_weights, n_trained : int
    flops : float
        Of all training steps.
    memory_bytes : int
        As `Cost` counts it.
    training_s : float
        Mean over the seeds, evaluation of the epochs included.
    """

    name: str
    n_weights: int
    n_trained: int
    flops: float
    memory_bytes: int
    training_s: float


def row_costs(results: Sequence[RowResult], folder: Path) -> list[RowCost]:
    """Count and measure the costs of rows that have been trained into a folder.

    Raises
    ------
    CheckpointError
        A run has no record of its training data.
    """
    costs = []
    for result in results:
        runs = [folder / RUNS_NAME / result.row.slug / f"seed{seed}" for seed in result.seeds]
        config = read_config(runs[0] / CONFIG_NAME)
        record = read_record(runs[0] / DATA_NAME)
        if record is None:
            raise CheckpointError(f"{runs[0] / DATA_NAME}: missing or older; train the row again")
        n_samples = record.columns["n_samples"][record.columns["part"] == "train"]
        cost = count_cost(config, n_samples)
        costs.append(
            RowCost(
                result.row.name,
                cost.n_weights,
                cost.n_trained,
                cost.flops,
                cost.memory_bytes,
                mean(map(measured_s, runs)),
            )
        )
    return costs


def measured_s(run: Path) -> float:
    """Return the seconds that a training took, stops left out."""
    times = [float(line["seconds"]) for line in read_log(run)]
    # The clock starts anew where a run was resumed
    ends = [now for now, after in pairwise(times) if after < now]
    return sum(ends) + (times[-1] if times else 0.0)


def format_costs(costs: Sequence[RowCost]) -> bytes:
    """Format ``costs.csv``."""
    rows: list[Sequence[Cell]] = [_HEAD]
    rows += [
        (
            cost.name,
            cost.n_weights,
            cost.n_trained,
            round(cost.flops / 1e12, 3),
            round(cost.memory_bytes / 2**30, 3),
            round(cost.training_s, 1),
        )
        for cost in costs
    ]
    return format_csv(rows)


def cost_table(costs: Sequence[RowCost]) -> Table:
    """Build the table of the costs for a terminal."""
    rows = [
        (
            cost.name,
            f"{cost.n_weights:,}",
            f"{100 * cost.n_trained / cost.n_weights:.1f} %",
            f"{cost.flops / 1e12:.3g}",
            f"{cost.memory_bytes / 2**30:.2f}",
            f"{cost.training_s:.0f}",
        )
        for cost in costs
    ]
    head = ("row", "weights", "trained", "TFLOP", "GiB", "training, s")
    return Table(title="cost of each row", head=head, rows=tuple(rows))
