"""The command `msfser compare`."""

from __future__ import annotations

from pathlib import Path

import click

from lemf.runtime.console import PATH, force_option, open_stdout, print_data, resamples_option, say
from lemf.runtime.output import check_suffix
from msfser.commands.corpus.corpus_output import label_bounds_option, parse_bounds
from msfser.commands.evaluation.options import (
    calibrate_option,
    data_option,
    device_option,
    split_option,
)
from msfser.commands.evaluation.sources import find_runs_in, predict_run_of, read_table_of

_SUFFIXES = {".csv": "csv", ".json": "json"}


@click.command()
@click.argument("first", type=PATH, metavar="RUN1")
@click.argument("second", type=PATH, metavar="RUN2")
@split_option
@data_option
@click.option("-o", "--output", type=PATH, metavar="FILE", help="Output file (.csv or .json).")
@click.option(
    "--format",
    "file_format",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="Format of what is printed without -o.",
)
@label_bounds_option
@calibrate_option
@resamples_option
@click.option("--seed", default=0, show_default=True, help="Seed of the draws.")
@device_option
@force_option
def compare(
    first: Path,
    second: Path,
    splits: tuple[str, ...],
    data: Path | None,
    output: Path | None,
    file_format: str,
    label_bounds: str | None,
    calibrate: str,
    resamples: int,
    seed: int,
    device: str,
    force: bool,
) -> None:
    """Compare two models on the same utterances.

    Prints CCC of RUN2 minus CCC of RUN1.

    Intervals are of a paired bootstrap over utterances and over speakers; p is of a permutation
    test that exchanges the models for whole speakers. A RUN is a folder that msfser train made, a
    folder of folds, or the predictions.parquet of an evaluation.
    """
    from lemf.runtime.output import check_apart, check_output, write_output
    from msfser.evaluation.bias.calibrated import calibrate_predictions
    from msfser.evaluation.comparison.compare import check_same_utterances, compare_predictions
    from msfser.evaluation.comparison.files import (
        comparison_notes,
        format_comparison_csv,
        format_comparison_json,
        make_comparison_tables,
    )
    from msfser.evaluation.predictions import join_predictions
    from msfser.outputs import counted, print_tables

    check_suffix(output, tuple(_SUFFIXES))
    if output is not None:
        check_apart([output], [first, second])
        check_output(output, force=force)
    runs = (first, second)
    are_tables = [run.suffix == ".parquet" for run in runs]
    if label_bounds is not None and not any(are_tables):
        raise click.UsageError("--label-bounds: a run knows its rating scale; leave it out")
    if data is not None and all(are_tables):
        raise click.UsageError("--data: a table of predictions holds its labels; leave it out")
    # predictions of both
    bounds = None if label_bounds is None else parse_bounds(label_bounds)
    tables, skipped = [], dict[str, str]()
    for run, is_table in zip(runs, are_tables, strict=True):
        if is_table:
            predictions = read_table_of(run, splits, bounds)
        else:
            parts = []
            for folder in find_runs_in([run]):
                part, used = predict_run_of(folder, splits, data, device)
                parts.append(part)
                skipped |= used.skipped
            predictions = join_predictions(parts)
        tables.append(calibrate_predictions(predictions) if calibrate == "speaker" else predictions)
    names = (str(first), str(second))
    other = check_same_utterances(tables[0], tables[1], names)
    # differences, their notes and the output
    differences = compare_predictions(tables[0], other, n_resamples=resamples, seed=seed)
    notes = [
        *comparison_notes(differences),
        *(
            f"{name}: {scope}: {note}"
            for name, table in zip(names, tables, strict=True)
            for scope, of_scope in table.notes.items()
            for note in of_scope
        ),
    ]
    if skipped:
        notes.append(
            f"{counted(len(skipped), 'utterance')} could not be used and are in neither table"
        )
    file_format = file_format if output is None else _SUFFIXES[output.suffix.lower()]
    if file_format == "table":
        print_tables(make_comparison_tables(differences), open_stdout())
    else:
        content = (
            format_comparison_csv(differences, notes)
            if file_format == "csv"
            else format_comparison_json(
                differences, notes, runs=names, n_resamples=resamples, seed=seed
            )
        )
        if output is None:
            print_data(content.decode())
        else:
            write_output(output, content, force=force)
    for note in notes:
        say(f"note: {note}")
    if output is not None:
        say(f"wrote {output}")
