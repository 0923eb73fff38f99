"""Train every row of an ablation with every seed, and predict a split with each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lemf import LemfError
from lemf.runtime.workers import Failure, local_workers, run_tasks
from msfser.ablation.rows import AblationRow
from msfser.config.files import read_config
from msfser.config.settings import Config
from msfser.data.examples import choose_utterances
from msfser.errors import ConfigError, DataError
from msfser.evaluation.evaluate import predict_run, read_evaluation_data
from msfser.evaluation.predictions import (
    PREDICTIONS_NAME,
    Predictions,
    read_predictions,
    write_predictions,
)
from msfser.evaluation.runs import CONFIG_NAME, open_run
from msfser.manifest import read_manifest
from msfser.model.device import choose_device
from msfser.training.data import data_folder
from msfser.training.train import train

RUNS_NAME = "runs"

Report = Callable[[str], None]


@dataclass(frozen=True)
class RowTask:
    """One row with one seed: trained into a folder, which then gets predictions for a split."""

    name: str
    config: Config
    folder: Path
    split: str
    quiet: bool


@dataclass(frozen=True, eq=False)
class RowResult:
    """The predictions of a row.

    Attributes
    ----------
    row : AblationRow
    seeds : tuple of int
    predictions : tuple of Predictions
        One per seed, for the same utterances in the same order.
    """

    row: AblationRow
    seeds: tuple[int, ...]
    predictions: tuple[Predictions, ...]


def run_ablation(
    rows: Sequence[AblationRow],
    folder: Path,
    *,
    seeds: Sequence[int],
    split: str,
    jobs: int = 1,
    report: Report,
) -> list[RowResult]:
    """Train and evaluate every row with every seed; runs that are done already are kept.

    A run is done if it was trained with the same settings and evaluated on the same split.

    Parameters
    ----------
    rows : sequence of AblationRow
    folder : Path
        Each run lies in ``runs/ROW/seedN``.
    seeds : sequence of int
    split : str
        Split of the corpus that the models are evaluated on.
    jobs : int
        Processes that train in parallel, with one core each; 1 trains in this process with all
        cores.
    report : function
        Called with a line for each run that ends, or begins in this process.

    Returns
    -------
    list of RowResult

    Raises
    ------
    MsfserError
        The corpus lacks the split, or a run failed or was trained with other settings. What is
        done is kept, and the same command continues.
    """
    for row in rows:
        _check_split(row, split)
    tasks = [
        RowTask(
            f"{row.name}, seed {seed}",
            replace(row.config, train=replace(row.config.train, seed=seed)),
            folder / RUNS_NAME / row.slug / f"seed{seed}",
            split,
            quiet=jobs > 1,
        )
        for row in rows
        for seed in seeds
    ]
    failures = []
    todo = [task for task in tasks if not _is_done(task)]
    if len(todo) < len(tasks):
        report(f"{len(tasks) - len(todo)} of {len(tasks)} runs are done already")
    for done, (task, reason) in enumerate(_run(todo, jobs, report), len(tasks) - len(todo) + 1):
        report(f"{task.name}: {reason or 'done'} ({done} of {len(tasks)})")
        if reason is not None:
            failures.append(f"{task.name}: {reason}")
    if failures:
        raise DataError(
            f"{len(failures)} of {len(tasks)} runs failed, such as {failures[0]}; "
            "what is done is kept"
        )
    return [
        RowResult(
            row,
            tuple(seeds),
            tuple(
                read_predictions(folder / RUNS_NAME / row.slug / f"seed{seed}" / PREDICTIONS_NAME)
                for seed in seeds
            ),
        )
        for row in rows
    ]


def _check_split(row: AblationRow, split: str) -> None:
    """Check before any training that the row can be evaluated afterwards."""
    data = row.config.data
    if data.test_fold:
        raise ConfigError(
            f"row {row.name!r}: data.test_fold {data.test_fold}: the rows of an ablation are "
            "evaluated on a split; leave it out, or use msfser train --folds"
        )
    choose_utterances(read_manifest(data_folder(data)), split=split)


def _is_done(task: RowTask) -> bool:
    path = task.folder / PREDICTIONS_NAME
    if not path.exists() or set(read_predictions(path).split) != {task.split}:
        return False
    before, now = read_config(task.folder / CONFIG_NAME), task.config
    # The features determine the size of the text vectors, not the settings.
    return before == replace(now, model=replace(now.model, text_dim=before.model.text_dim))


def _run(
    tasks: Sequence[RowTask], jobs: int, report: Report
) -> Iterator[tuple[RowTask, str | None]]:
    if jobs == 1:
        for task in tasks:
            report(f"{task.name}: training")
            yield task, run_row(task) or None
        return
    with local_workers(jobs) as workers:
        for task, result in run_tasks(workers, run_row, tasks):
            yield task, result.reason if isinstance(result, Failure) else result or None


def run_row(task: RowTask) -> str:
    """Train and evaluate a row, and return why that failed, or ``""``; may run in a worker."""
    try:
        train(task.config, task.folder, resume=True, quiet=task.quiet)
        device = choose_device(task.config.train.device)
        run = open_run(task.folder, device)
        data = read_evaluation_data(run, splits=(task.split,))
        predictions = predict_run(run, data, device)
        write_predictions(task.folder / PREDICTIONS_NAME, predictions, force=True)
    except LemfError as error:
        return str(error)
    return ""
