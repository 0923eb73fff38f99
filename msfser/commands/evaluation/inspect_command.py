"""The command `msfser inspect`."""

from __future__ import annotations

from pathlib import Path

import click

from lemf.runtime.console import PATH, force_option, open_stdout, say
from msfser.commands.evaluation.options import data_option, device_option, split_option
from msfser.commands.evaluation.sources import end_on_skipped, write_skipped
from msfser.errors import DataError

_LONGEST_TEXT = 40  # characters, on the terminal


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
    write_skipped(found.skipped, output, force)
    full_tables = make_inspection_tables(inspection, texts)
    write_inspection(output, inspection, full_tables, notes, force=force)
    tables = make_inspection_tables(inspection, texts, longest=_LONGEST_TEXT)
    if not tables:
        say("note: nothing to show: the model reads no semantics and has no experts")
    print_tables(tables, open_stdout())
    for note in notes:
        say(f"note: {note}")
    say(f"wrote {output}")
    end_on_skipped(found.skipped, len(found.utterances), output)


def _only_run(runs: list[Path], named: Path) -> Path:
    if len(runs) > 1:
        raise DataError(f"{named}: holds {len(runs)} runs; name one, such as {runs[0]}")
    return runs[0]
