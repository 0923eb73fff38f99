"""The command `msfser evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lemf.runtime.console import PATH, force_option, open_stdout, resamples_option, say
from msfser.commands.corpus.corpus_output import label_bounds_option, parse_bounds
from msfser.commands.evaluation.options import (
    calibrate_option,
    data_option,
    device_option,
    dropout_option,
    split_option,
)
from msfser.commands.evaluation.sources import (
    end_on_skipped,
    find_runs_in,
    predict_run_of,
    read_table_of,
    write_skipped,
)

if TYPE_CHECKING:
    from msfser.evaluation.scores import Score


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
    from msfser.evaluation.votes.tables import make_vote_tables, votes_to_rows
    from msfser.outputs import METRICS_NAME, prepare_folder, print_tables

    # runs, tables and output folder
    paths = [path for path in runs if path.suffix == ".parquet"]
    folders = [path for path in runs if path.suffix != ".parquet"]
    if output is None and folders:
        if len(runs) > 1:
            raise click.UsageError("several runs: name the output folder with -o")
        output = folders[0] / "evaluation"
        if card and level is None and not force and (output / METRICS_NAME).exists():
            say(f"note: {output} is there already, and stays as it is; --force writes it again")
            output = None
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
        from msfser.evaluation.card.model_card import check_card, write_card

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
        write_skipped(skipped, output, force)
        write_evaluation(output, predictions, scores, errors, origin, force=force)
        if intervals is not None:
            from msfser.evaluation.runs import BEST_NAME

            validity = Validity(
                models=() if paths else hash_models([run / BEST_NAME for run in found]),
                dropout_passes=dropout_passes,
                calibration=predictions.calibration,
                label_bounds=predictions.label_bounds,
            )
            write_intervals(
                output / INTERVALS_NAME,
                intervals,
                validity,
                fitted_on,
                notes=predictions.notes[fitted_on],
                force=force,
            )
        written.append(output)
    if card:
        written.append(write_card(found[0], scores, notes, force=force))
    # tables, notes and names of the files
    tables = [*make_tables(scores), *make_bias_tables(errors, predictions)]
    tables += make_vote_tables(predictions)
    if coverage:
        tables.append(make_coverage_table(coverage))
    print_tables(tables, open_stdout())
    emotions = votes_to_rows(predictions).get("emotions", [])
    _say_unlabelled(scores, {row["scope"] for row in emotions})
    for line in [*(f"note: {note}" for note in notes), *(f"wrote {path}" for path in written)]:
        say(line)
    end_on_skipped(skipped, len(predictions.ids), output)


def _say_unlabelled(scores: list[Score], with_emotions: set[str]) -> None:
    from msfser.manifest import DIMENSIONS

    for score in scores:
        if score.by == "all" and not score.n_utterances:
            has_emotions = score.scope in with_emotions
            only = "emotions alone are scored" if has_emotions else "there are predictions only"
            what = f" of {', '.join(DIMENSIONS)}" if has_emotions else ""
            say(f"note: {score.scope}: no labels{what}, so {only}")
