"""Where predictions come from: runs and tables; and which utterances could not be used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lemf.runtime.console import say
from msfser.errors import DataError

if TYPE_CHECKING:
    from msfser.evaluation.evaluate import EvaluationData
    from msfser.evaluation.predictions import Predictions

_MOST_NAMED = 5  # failures named on the terminal; a file holds all


def read_table_of(
    path: Path, splits: tuple[str, ...], bounds: tuple[float, float] | None
) -> Predictions:
    """Read the splits of a table of predictions."""
    from msfser.evaluation.prediction_table import read_predictions

    predictions = read_predictions(path, bounds)
    try:
        return predictions.select_splits(splits)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def find_runs_in(folders: list[Path]) -> list[Path]:
    """Find the runs in folders; of none, without loading torch."""
    if not folders:  # tables alone need no torch
        return []
    from msfser.evaluation.runs import find_runs

    return find_runs(folders)


def predict_run_of(
    folder: Path,
    splits: tuple[str, ...],
    data: Path | None,
    device: str,
    dropout_passes: int = 0,
) -> tuple[Predictions, EvaluationData]:
    """Predict with a run, as progress shows, and return what was predicted, too."""
    from lemf.runtime.progress import progress
    from msfser.evaluation.evaluate import predict_run, read_evaluation_data
    from msfser.evaluation.runs import open_run
    from msfser.model.device import choose_device

    chosen = choose_device(device)
    run = open_run(folder, chosen)
    with progress(f"{folder.name}: reading recordings") as watch:
        found = read_evaluation_data(run, folder=data, splits=splits, watch=watch)
    with progress(f"{folder.name}: predicting") as watch:
        predictions = predict_run(run, found, chosen, dropout_passes=dropout_passes, watch=watch)
    return predictions, found


def write_skipped(skipped: dict[str, str], folder: Path, force: bool) -> None:
    """Write why utterances could not be used, where there are any."""
    if skipped:
        from lemf.runtime.output import write_output
        from msfser.outputs import SKIPPED_NAME, format_csv

        rows = format_csv([("id", "reason"), *skipped.items()])
        write_output(folder / SKIPPED_NAME, rows, force=force)


def end_on_skipped(skipped: dict[str, str], n_used: int, output: Path | None) -> None:
    """Name utterances that could not be used, and end with an error that counts them.

    Raises
    ------
    DataError
        There are any.
    """
    if not skipped:
        return
    from msfser.outputs import SKIPPED_NAME

    for name, reason in list(skipped.items())[:_MOST_NAMED]:
        say(f"skipped: {name}: {reason}")
    where = f"; see {output / SKIPPED_NAME}" if output is not None else ""
    raise DataError(
        f"{len(skipped):,} of {len(skipped) + n_used:,} utterances could not be used{where}"
    )
