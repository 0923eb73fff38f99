"""Train every row of an ablation with every seed, and predict a split with each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lemf.runtime.console import say
from msfser.ablation.rows import AblationRow
from msfser.config.files import read_config
from msfser.config.settings import Config
from msfser.data.examples import choose_utterances
from msfser.errors import ConfigError
from msfser.evaluation.evaluate import predict_run, read_evaluation_data
from msfser.evaluation.prediction_table import PREDICTIONS_NAME, read_predictions, write_predictions
from msfser.evaluation.predictions import Predictions
from msfser.evaluation.runs import CONFIG_NAME, DATA_NAME, open_run
from msfser.manifest import read_manifest
from msfser.model.device import choose_device
from msfser.training.data.choice import data_folder
from msfser.training.data.prepare import prepare_data, record_split, scan_beforehand
from msfser.training.data.record import (
    DataRecord,
    columns_read,
    find_difference,
    read_record,
    write_record,
)
from msfser.training.jobs.run_jobs import Report, check_jobs, run_jobs
from msfser.training.ranks.ranks import ALONE, Ranks
from msfser.training.train import train

RUNS_NAME = "runs"
EVALUATED_NAME = "evaluated.parquet"  # like data.parquet, of the split that was predicted


@dataclass(frozen=True)
class RowTask:
    """One row with one seed: trained into a folder, which then gets predictions for a split."""

    name: str
    config: Config
    folder: Path
    split: str


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
    check_jobs(jobs, ranks)
    for row in rows:
        _check_split(row, split)
    tasks = [
        RowTask(
            f"{row.name}, seed {seed}",
            replace(row.config, train=replace(row.config.train, seed=seed)),
            folder / RUNS_NAME / row.slug / f"seed{seed}",
            split,
        )
        for row in rows
        for seed in seeds
    ]
    unfinished = ranks.gather(_find_unfinished(tasks) if ranks.first else [])[0]
    todo = [task for task in tasks if task.name in unfinished]
    if jobs > 1:
        for data in {task.config.data.folder: task.config.data for task in todo}.values():
            scan_beforehand(data)
    run_jobs(run_row, todo, folder, n_all=len(tasks), jobs=jobs, ranks=ranks, report=report)
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
        columns = columns_read(model, task.config.train if name == DATA_NAME else None)
        record = read_record(task.folder / name, columns)
        if record is None:
            unrecorded.append(task.folder / name)
            continue
        key = name, data, columns, model.text_pooling
        if key not in found:
            found[key] = (
                prepare_data(data, model, known=record.clips()).record
                if name == DATA_NAME
                else record_split(data, model, task.split, record.clips())
            )
        if find_difference(record, found[key]) is not None:
            return False
    return True


def run_row(task: RowTask, ranks: Ranks = ALONE, quiet: bool = False) -> None:
    """Train and evaluate a row; may run in a worker.

    Raises
    ------
    MsfserError
        It failed.
    """
    train(task.config, task.folder, resume=True, quiet=quiet, ranks=ranks)
    if ranks.first:
        _evaluate(task, ranks)
    ranks.wait()


def _evaluate(task: RowTask, ranks: Ranks) -> None:
    """Predict the split of a row, and record the data that were predicted."""
    device = choose_device(task.config.train.device, local_rank=ranks.local_rank)
    run = open_run(task.folder, device)
    predictions = predict_run(run, read_evaluation_data(run, splits=(task.split,)), device)
    trained = read_record(task.folder / DATA_NAME)
    known = {} if trained is None else trained.clips()
    record = record_split(task.config.data, task.config.model, task.split, known)
    path = task.folder / PREDICTIONS_NAME
    path.unlink(missing_ok=True)  # no predictions beside the record of others
    write_record(task.folder / EVALUATED_NAME, record)
    write_predictions(path, predictions)
