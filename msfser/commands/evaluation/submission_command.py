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
@click.option(
    "--data",
    type=PATH,
    metavar="DIR",
    help="Folder of the corpus: check that every recording of the split is in the file.",
)
@click.option("-o", "--output", type=PATH, metavar="FILE", required=True, help="Output (.csv).")
@force_option
def submission(
    predictions_path: Path, split: str, data: Path | None, output: Path, force: bool
) -> None:
    """Write predictions as the MSP-Podcast challenges want them.

    PREDICTIONS is the predictions.parquet of msfser evaluate, or its folder. FILE has the columns
    FileName, EmoAct, EmoVal and EmoDom, with values from 1 to 7. Predictions of another corpus, and
    recordings whose names are not of MSP-Podcast, are refused.
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
    skipped = path.with_name(SKIPPED_NAME)
    if data is None and skipped.exists():
        raise DataError(
            f"{skipped}: utterances without a prediction, and the challenge wants all of the "
            "split; mend their recordings and evaluate again, or, where they are of other splits, "
            "name the folder of the corpus with --data"
        )
    wanted = None if data is None else _ids_of(data, split)
    try:
        rows, n_clipped = make_submission(predictions, wanted)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    write_output(output, format_csv(rows), force=force)
    for note in predictions.notes.get(split, ()):
        say(f"note: {split}: {note}")
    if data is None:
        say(f"note: whether all recordings of {split} are there is not known; --data DIR checks it")
    if n_clipped:
        say(f"note: {n_clipped:,} values outside 1 to 7 are written as its ends")
    say(f"wrote {output}: {len(rows) - 1:,} recordings of {split}")


def _ids_of(folder: Path, split: str) -> list[str]:
    """Return the ids of a split of MSP-Podcast, whether or not its recordings can be read."""
    from msfser.evaluation.submission import SUBMISSION_CORPUS
    from msfser.manifest import read_manifest

    manifest = read_manifest(folder)
    if manifest.corpus != SUBMISSION_CORPUS:
        raise DataError(
            f"{folder}: the corpus is {manifest.corpus}, not {SUBMISSION_CORPUS}; name the folder "
            "that msfser corpus msp-podcast made"
        )
    ids = [row.id for row in manifest.utterances if row.split == split]
    if not ids:
        raise DataError(f"{folder}: no utterance of the split {split!r}; name another with --split")
    return ids
