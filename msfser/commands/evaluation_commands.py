"""The commands `msfser evaluate` and `msfser inspect`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lemf.runtime.console import PATH, force_option, open_stdout, resamples_option, say
from msfser.commands.corpus.corpus_output import label_bounds_option, parse_bounds
from msfser.errors import DataError

if TYPE_CHECKING:
    from msfser.evaluation.evaluate import EvaluationData
    from msfser.evaluation.predictions import Predictions
    from msfser.evaluation.scores import Score

_LONGEST_TEXT = 40  # characters, on the terminal
_MOST_NAMED = 5  # failures named on the terminal; a file holds all

device_option = click.option(
    "--device", default="auto", show_default=True, help="Device: auto, cpu, cuda or cuda:N."
)
calibrate_option = click.option(
    "--calibrate",
    type=click.Choice(["none", "speaker"]),
    default="none",
    show_default=True,
    help="Shift and scale the predictions of each speaker, as far as speakers differ by more than "
    "chance; needs no labels.",
)
dropout_option = click.option(
    "--mc-dropout",
    "dropout_passes",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Predict N times with dropout in fusion and heads; their mean and spread.",
)
data_option = click.option(
    "--data",
    type=PATH,
    metavar="DIR",
    help="Folder of the manifest and the features.  [default: that of the training]",
)
split_option = click.option(
    "--split",
    "splits",
    multiple=True,
    metavar="NAME",
    help="Split; may be repeated.  [default: the fold held out, or all but that of the training]",
)


@click.command()
@click.argument("runs", type=PATH, metavar="RUN...", nargs=-1, required=True)
@split_option
@data_option
@click.option(
    "-o", "--output", type=PATH, metavar="DIR", help="Output folder.  [default: RUN/evaluation]"
)
@label_bounds_option
@click.option(
    "--ensemble",
    is_flag=True,
    help="Average several RUNs on the same utterances, and their spread.",
)
@dropout_option
@calibrate_option
@click.option(
    "--intervals",
    "level",
    type=click.FloatRange(0.0, 1.0, min_open=True, max_open=True),
    metavar="LEVEL",
    help="Intervals that shall hold this share of the labels, such as 0.9.",
)
@click.option(
    "--intervals-from",
    "fitted_on",
    default="development",
    show_default=True,
    metavar="SPLIT",
    help="Split on which the intervals are fitted.",
)
@resamples_option
@click.option("--seed", default=0, show_default=True, help="Seed of the bootstrap.")
@click.option("--card", is_flag=True, help="Also write the model card, RUN/best/README.md.")
@device_option
@force_option
def evaluate(
    runs: tuple[Path, ...],
    splits: tuple[str, ...],
    data: Path | None,
    output: Path | None,
    label_bounds: str | None,
    ensemble: bool,
    dropout_passes: int,
    calibrate: str,
    level: float | None,
    fitted_on: str,
    resamples: int,
    seed: int,
    card: bool,
    device: str,
    force: bool,
) -> None:
    """Evaluate trained models by CCC with confidence intervals.

    Evaluates each split and groups of utterances. A RUN is a folder that msfser train made, a
    folder of such folders, or the predictions.parquet of an earlier evaluation or of a model that
    was not made by msfser (with --label-bounds). Several runs are pooled: the models of five folds
    make one evaluation, with the mean over folds and the pooled CCC.
    """
    from msfser.evaluation.bias.calibrated import calibrate_predictions
    from msfser.evaluation.bias.mean_errors import mean_errors
    from msfser.evaluation.files import FILES, Origin, write_evaluation
    from msfser.evaluation.predictions import join_predictions
    from msfser.evaluation.report import make_bias_tables, make_tables, score_notes
    from msfser.evaluation.scores import scopes, score_predictions
    from msfser.evaluation.uncertainty.coverage import (
        add_intervals,
        make_coverage_table,
        measure_coverage,
    )
    from msfser.evaluation.uncertainty.ensemble import average_models
    from msfser.evaluation.uncertainty.intervals_file import (
        INTERVALS_NAME,
        Validity,
        hash_models,
        write_intervals,
    )
    from msfser.evaluation.votes.tables import make_vote_tables
    from msfser.outputs import prepare_folder, print_tables

    # runs, tables and output folder
    paths = [path for path in runs if path.suffix == ".parquet"]
    folders = [path for path in runs if path.suffix != ".parquet"]
    if output is None and folders:
        if len(runs) > 1:
            raise click.UsageError("several runs: name the output folder with -o")
        output = folders[0] / "evaluation"
    if data is not None and not folders:
        raise click.UsageError("--data: a table of predictions holds its labels; leave it out")
    if label_bounds is not None and not paths:
        raise click.UsageError("--label-bounds: a run knows its rating scale; leave it out")
    bounds = None if label_bounds is None else parse_bounds(label_bounds)
    parts = [read_table_of(path, splits, bounds) for path in paths]
    skipped: dict[str, str] = {}
    found = find_runs_in(folders)
    if card and (len(found) != 1 or paths):
        raise click.UsageError("--card: the card of one model needs one RUN")
    if ensemble and len(found) + len(paths) < 2:
        raise click.UsageError("--ensemble: name two runs or more")
    if dropout_passes and not found:
        raise click.UsageError("--mc-dropout: needs a RUN, not a table of predictions")
    if output is not None:
        names = (*FILES, INTERVALS_NAME) if level is not None else FILES
        prepare_folder(output, names, force=force)
    if card:
        from msfser.evaluation.model_card import check_card, write_card

        check_card(found[0], force=force)
    # predictions and scores
    for run in found:
        predictions, used = predict_run_of(run, splits, data, device, dropout_passes)
        parts.append(predictions)
        skipped |= used.skipped
    if ensemble:
        predictions = average_models(parts, [*map(str, paths), *map(str, found)])
    else:
        predictions = join_predictions(parts)
    if calibrate == "speaker":
        predictions = calibrate_predictions(predictions)
    coverage, intervals = [], None
    if level is not None:
        predictions, intervals = add_intervals(predictions, level, fitted_on)
        coverage = measure_coverage(predictions, intervals, fitted_on)
    scores = score_predictions(predictions, n_resamples=resamples, seed=seed)
    errors = [one for scope, part in scopes(predictions) for one in mean_errors(part, scope)]
    notes = score_notes(predictions, scores)
    # files that were asked for, before a closed pipe can end the command
    written: list[Path] = []
    if output is not None:
        origin = Origin(
            runs=tuple(map(str, runs)),
            n_resamples=resamples,
            seed=seed,
            notes=tuple(notes),
            coverage=tuple(coverage),
        )
        _write_skipped(skipped, output, force)
        write_evaluation(output, predictions, scores, errors, origin, force=force)
        if intervals is not None:
            from msfser.evaluation.runs import BEST_NAME

            validity = Validity(
                models=() if paths else hash_models([run / BEST_NAME for run in found]),
                dropout_passes=dropout_passes,
                calibration=predictions.calibration,
                label_bounds=predictions.label_bounds,
            )
            write_intervals(output / INTERVALS_NAME, intervals, validity, fitted_on, force=force)
        written.append(output)
    if card:
        written.append(write_card(found[0], scores, notes, force=force))
    # tables, notes and names of the files
    tables = [*make_tables(scores), *make_bias_tables(errors, predictions)]
    tables += make_vote_tables(predictions)
    if coverage:
        tables.append(make_coverage_table(coverage))
    print_tables(tables, open_stdout())
    _say_unlabelled(scores)
    for line in [*(f"note: {note}" for note in notes), *(f"wrote {path}" for path in written)]:
        say(line)
    _end_on_skipped(skipped, len(predictions.ids), output)


@click.command("inspect")
@click.argument("run", type=PATH, metavar="RUN")
@split_option
@data_option
@click.option(
    "-o", "--output", type=PATH, metavar="DIR", help="Output folder.  [default: RUN/inspection]"
)
@device_option
@force_option
def inspect_model(
    run: Path,
    splits: tuple[str, ...],
    data: Path | None,
    output: Path | None,
    device: str,
    force: bool,
) -> None:
    """Show how a trained model works: routing, gates and ablations.

    Prints routing and gate weights, and what the predictions lose without each semantics and each
    expert.
    """
    from lemf.runtime.progress import progress
    from msfser.evaluation.evaluate import read_evaluation_data
    from msfser.evaluation.inspection.files import FILES, make_inspection_tables, write_inspection
    from msfser.evaluation.inspection.inspection import inspect_run
    from msfser.evaluation.runs import find_runs, open_run
    from msfser.model.device import choose_device
    from msfser.outputs import prepare_folder, print_tables

    # run and output folder
    folder = _only_run(find_runs([run]), run)
    output = run / "inspection" if output is None else output
    prepare_folder(output, FILES, force=force)
    chosen = choose_device(device)
    opened = open_run(folder, chosen)
    # inspection of the model
    with progress("reading recordings") as watch:
        found = read_evaluation_data(opened, folder=data, splits=splits, watch=watch)
    with progress("predicting") as watch:
        inspection = inspect_run(opened, found, chosen, watch=watch)
    # files and tables
    texts = found.texts()
    notes = [f"{scope}: {note}" for scope, of_scope in found.notes.items() for note in of_scope]
    _write_skipped(found.skipped, output, force)
    full_tables = make_inspection_tables(inspection, texts)
    write_inspection(output, inspection, full_tables, notes, force=force)
    tables = make_inspection_tables(inspection, texts, longest=_LONGEST_TEXT)
    if not tables:
        say("note: nothing to show: the model reads no semantics and has no experts")
    print_tables(tables, open_stdout())
    for note in notes:
        say(f"note: {note}")
    say(f"wrote {output}")
    _end_on_skipped(found.skipped, len(found.utterances), output)


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


def _say_unlabelled(scores: list[Score]) -> None:
    for score in scores:
        if score.by == "all" and not score.n_utterances:
            say(f"note: {score.scope}: no labels, so there are predictions only")


def _write_skipped(skipped: dict[str, str], folder: Path, force: bool) -> None:
    if skipped:
        from lemf.runtime.output import write_output
        from msfser.outputs import SKIPPED_NAME, format_csv

        rows = format_csv([("id", "reason"), *skipped.items()])
        write_output(folder / SKIPPED_NAME, rows, force=force)


def _end_on_skipped(skipped: dict[str, str], n_used: int, output: Path | None) -> None:
    if not skipped:
        return
    from msfser.outputs import SKIPPED_NAME

    for name, reason in list(skipped.items())[:_MOST_NAMED]:
        say(f"skipped: {name}: {reason}")
    where = f"; see {output / SKIPPED_NAME}" if output is not None else ""
    raise DataError(
        f"{len(skipped):,} of {len(skipped) + n_used:,} utterances could not be used{where}"
    )


def _only_run(runs: list[Path], named: Path) -> Path:
    if len(runs) > 1:
        raise DataError(f"{named}: holds {len(runs)} runs; name one, such as {runs[0]}")
    return runs[0]
