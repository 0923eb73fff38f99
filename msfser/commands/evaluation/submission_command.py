"""The command `msfser submission`."""

from __future__ import annotations

from pathlib import Path

import click

from lemf.runtime.console import PATH, force_option, say
from lemf.runtime.output import check_suffix
from msfser.commands.evaluation.sources import read_table_of
from msfser.errors import DataError


@click.command()
@click.argument("predictions_path", type=PATH, metavar="PREDICTIONS")
@click.option(
    "--split", default="test3", show_default=True, metavar="NAME", help="Split of the challenge."
)
@click.option("-o", "--output", type=PATH, metavar="FILE", required=True, help="Output (.csv).")
@force_option
def submission(predictions_path: Path, split: str, output: Path, force: bool) -> None:
    """Write predictions as the MSP-Podcast challenges want them.

    PREDICTIONS is the predictions.parquet of msfser evaluate, or its folder. FILE has the columns
    FileName, EmoAct, EmoVal and EmoDom, with values from 1 to 7.
    """
    check_suffix(output, (".csv",))

    from lemf.runtime.output import check_output, write_output
    from msfser.evaluation.prediction_table import PREDICTIONS_NAME
    from msfser.evaluation.submission import make_submission
    from msfser.outputs import SKIPPED_NAME, format_csv

    path = predictions_path
    path = path / PREDICTIONS_NAME if path.is_dir() else path
    check_output(output, force=force)
    predictions = read_table_of(path, (split,), None)
    try:
        rows, n_clipped = make_submission(predictions)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    write_output(output, format_csv(rows), force=force)
    if predictions.corpus != "msp-podcast":
        corpus = predictions.corpus or "another program"
        say(f"note: the predictions are of {corpus}, not of msp-podcast")
    skipped = path.with_name(SKIPPED_NAME)
    if skipped.exists():
        say(f"note: the utterances in {skipped} have no prediction, and are not in the file")
    if n_clipped:
        say(f"note: {n_clipped:,} values outside 1 to 7 are written as its ends")
    say(f"wrote {output}: {len(rows) - 1:,} recordings of {split}")
