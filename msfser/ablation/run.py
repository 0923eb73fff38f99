"""Train every row of an ablation with every seed, and predict a split with each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from lemf import LemfError, OutputError
from lemf.runtime.console import say
from lemf.runtime.locks import hold_lock
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
from msfser.evaluation.runs import CONFIG_NAME, DATA_NAME, open_run
from msfser.manifest import read_manifest
from msfser.model.device import choose_device
from msfser.training.data import data_folder, prepare_data, record_split
from msfser.training.data_record import (
    DataRecord,
    find_difference,
    read_record,
    write_record,
)
from msfser.training.ranks.ranks import ALONE, Ranks
from msfser.training.train import train

RUNS_NAME = "runs"
EVALUATED_NAME = "evaluated.parquet"  # like data.parquet, of the split that was predicted

Report = Callable[[str], None]


@dataclass(frozen=True)
class RowTask:
    """One row with one seed: trained into a folder, which then gets predictions for a split."""

    name: str
    config: Config
    folder: Path
    split: str
    jobs: int  # runs at the same time


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
    ranks: Ranks = ALONE,
    report: Report,
) -> list[RowResult]:
    """Train and evaluate every row with every seed; runs that are done already are kept.

    A run is done if it was trained with the same settings on the same data, and evaluated on the
    same data of the same split.

    Parameters
    ----------
    rows : sequence of AblationRow
    folder : Path
        Each run lies in ``runs/ROW/seedN``.
    seeds : sequence of int
    split : str
        Split of the corpus that the models are evaluated on.
    jobs : int
        Processes that train in parallel, each on a GPU of its own while there are as many, or with
        one core each; 1 trains in this process with all cores.
    ranks : Ranks
        Processes that train each run together, in place of `jobs`.
    report : function
        Called with a line for each run that ends, or begins in this process.

    Returns
    -------
    list of RowResult
        Empty in all processes but the first of `ranks`.

    Raises
    ------
    MsfserError
        The corpus lacks the split, or a run failed or was trained with other settings or data. What
        is done is kept, and the same command continues.
    """
    if ranks.size > 1 and jobs > 1:
        raise ConfigError(
            f"--jobs {jobs}: {ranks.size} processes of torchrun train each run together; leave one "
            "of the two out"
        )
    for row in rows:
        _check_split(row, split)
    tasks = [
        RowTask(
            f"{row.name}, seed {seed}",
            replace(row.config, train=replace(row.config.train, seed=seed)),
            folder / RUNS_NAME / row.slug / f"seed{seed}",
            split,
            jobs,
        )
        for row in rows
        for seed in seeds
    ]
    failures = []
    unfinished = ranks.gather(_find_unfinished(tasks) if ranks.first else [])[0]
    todo = [task for task in tasks if task.name in unfinished]
    if len(todo) < len(tasks):
        report(f"{len(tasks) - len(todo)} of {len(tasks)} runs are done already")
    for done, (task, reason) in enumerate(
        _run(todo, jobs, ranks, report), len(tasks) - len(todo) + 1
    ):
        report(f"{task.name}: {reason or 'done'} ({done} of {len(tasks)})")
        if reason is not None:
            failures.append(f"{task.name}: {reason}")
    if failures:
        raise DataError(
            f"{len(failures)} of {len(tasks)} runs failed, such as {failures[0]}; "
            "what is done is kept"
        )
    if not ranks.first:
        return []
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


def _find_unfinished(tasks: Sequence[RowTask]) -> list[str]:
    """Return the names of tasks that are not done; all seeds of a row read the corpus once."""
    found: dict[object, DataRecord] = {}
    unrecorded: list[Path] = []
    unfinished = [task.name for task in tasks if not _is_done(task, found, unrecorded)]
    if unrecorded:
        say(
            f"note: {unrecorded[0]} is missing or older, as in runs of earlier versions "
            f"({len(unrecorded)} such files): whether the data are still those of these runs is "
            "not checked"
        )
    return unfinished


def _is_done(task: RowTask, found: dict[object, DataRecord], unrecorded: list[Path]) -> bool:
    """Return whether a run has predictions of its split, from the same settings and data.

    `found` gets the data that are read, `unrecorded` the records that are missing.
    """
    path = task.folder / PREDICTIONS_NAME
    if not path.exists() or set(read_predictions(path).split) != {task.split}:
        return False
    before, data, model = (
        read_config(task.folder / CONFIG_NAME),
        task.config.data,
        task.config.model,
    )
    # The features determine the size of the text vectors, not the settings.
    same_dim = replace(model, text_dim=before.model.text_dim)
    if before != replace(task.config, model=same_dim):
        return False
    for name in (DATA_NAME, EVALUATED_NAME):
        record = read_record(task.folder / name, model.semantics)
        if record is None:
            unrecorded.append(task.folder / name)
            continue
        key = name, data, model.semantics, model.text_pooling
        if key not in found:
            found[key] = (
                prepare_data(data, model, known=record.clips()).record
                if name == DATA_NAME
                else record_split(data, model, task.split, record.clips())
            )
        if find_difference(record, found[key]) is not None:
            return False
    return True


def _run(
    tasks: Sequence[RowTask], jobs: int, ranks: Ranks, report: Report
) -> Iterator[tuple[RowTask, str | None]]:
    if jobs == 1:
        for task in tasks:
            report(f"{task.name}: training")
            yield task, run_row(task, ranks) or None
        return
    with local_workers(jobs) as workers:
        for task, result in run_tasks(workers, run_row, tasks):
            yield task, result.reason if isinstance(result, Failure) else result or None


def run_row(task: RowTask, ranks: Ranks = ALONE) -> str:
    """Train and evaluate a row, and return why that failed, or ``""``; may run in a worker.

    Raises
    ------
    MsfserError
        It failed in one of several processes: all end together.
    """
    try:
        with _claim_gpu(task, ranks) as claimed:
            train(task.config, task.folder, resume=True, quiet=task.jobs > 1, ranks=claimed)
            if ranks.first:
                _evaluate(task, claimed)
            ranks.wait()
    except LemfError as error:
        if ranks.size > 1:
            raise
        return str(error)
    return ""


@contextmanager
def _claim_gpu(task: RowTask, ranks: Ranks) -> Iterator[Ranks]:
    """Take a GPU of its own for a run in a worker, until all are taken: then, they are shared."""
    n_gpus = torch.cuda.device_count()
    with ExitStack() as stack:
        if task.jobs > 1 and n_gpus > 1:
            for number in range(task.jobs):
                with suppress(OutputError):  # another worker holds this number
                    lock = task.folder.parents[2] / f".job{number}.lock"
                    stack.enter_context(hold_lock(lock))
                    ranks = Ranks(local_rank=number % n_gpus)
                    torch.cuda.set_device(ranks.local_rank)
                    break
        yield ranks


def _evaluate(task: RowTask, ranks: Ranks) -> None:
    """Predict the split of a row, and record the data that were predicted."""
    device = choose_device(task.config.train.device, local_rank=ranks.local_rank)
    run = open_run(task.folder, device)
    predictions = predict_run(run, read_evaluation_data(run, splits=(task.split,)), device)
    trained = read_record(task.folder / DATA_NAME, ())
    known = {} if trained is None else trained.clips()
    record = record_split(task.config.data, task.config.model, task.split, known)
    path = task.folder / PREDICTIONS_NAME
    path.unlink(missing_ok=True)  # no predictions beside the record of others
    write_record(task.folder / EVALUATED_NAME, record)
    write_predictions(path, predictions)
