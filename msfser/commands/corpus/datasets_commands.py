"""The commands of `msfser corpus` that read and write folders of Hugging Face `datasets`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from lemf.runtime.console import PATH, say
from msfser.commands.corpus.corpus_output import (
    OutputOptions,
    check_corpus_output,
    finish_corpus,
    label_bounds_option,
    output_options,
    outside_option,
    parse_bounds,
)
from msfser.commands.corpus.table_options import (
    columns_option,
    name_option,
    parse_columns,
    seed_option,
    speaker_seed,
    split_option,
)

if TYPE_CHECKING:
    from msfser.config.settings import OutsideLabels


@click.command("datasets")
@click.argument("folder", type=PATH, metavar="FOLDER")
@label_bounds_option
@columns_option
@name_option
@split_option
@seed_option
@outside_option
@output_options
def datasets(
    folder: Path,
    label_bounds: str | None,
    columns: tuple[str, ...],
    name: str | None,
    split: str | None,
    seed: int | None,
    outside: OutsideLabels,
    **options: Unpack[OutputOptions],
) -> None:
    """Read a FOLDER of Hugging Face datasets.

    It is one that save_to_disk wrote, or holds Parquet files. Its column of sounds is found, or
    named by --column wav=NAME; the others are those of corpus table. Sounds inside the tables are
    written to DIR/audio as they are.
    """
    drawn = speaker_seed(split, seed)
    bounds = None if label_bounds is None else parse_bounds(label_bounds)
    renamed = parse_columns(columns)
    check_corpus_output(options)

    from lemf.runtime.progress import progress
    from msfser.corpora.datasets.reading import read_unpacked, unpack_dataset

    output = options["output"]
    with progress("writing sounds") as watch:
        unpacked = unpack_dataset(
            folder,
            output,
            columns=renamed,
            with_splits=drawn is None,
            force=options["force"],
            watch=watch,
        )
    with progress("reading files") as watch:
        reading = read_unpacked(
            unpacked,
            output,
            label_bounds=bounds,
            columns=renamed,
            name=name,
            speaker_seed=drawn,
            outside=outside,
            watch=watch,
        )
    finish_corpus(reading, options)


@click.command("save-datasets")
@click.argument("manifest_path", type=PATH, metavar="DIR")
@click.option("-o", "--output", type=PATH, metavar="FOLDER", required=True, help="A new folder.")
def save_datasets(manifest_path: Path, output: Path) -> None:
    """Write the corpus in DIR as a FOLDER of Hugging Face datasets.

    load_from_disk opens FOLDER, which holds the recordings, alignments and votes, too. What failed
    is left out.
    """
    from msfser.corpora.datasets.writing import save_corpus
    from msfser.manifest import read_manifest
    from msfser.ratings import RATINGS_NAME, read_ratings

    manifest = read_manifest(manifest_path)
    folder = manifest_path if manifest_path.is_dir() else manifest_path.parent
    ratings = read_ratings(folder) if (folder / RATINGS_NAME).exists() else []
    for note in save_corpus(manifest, ratings, output):
        say(f"note: {note}")
    say(f"wrote {output}")


DATASETS_COMMANDS = (datasets, save_datasets)
