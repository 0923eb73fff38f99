"""The options that tables of recordings take, whatever their format: columns and splits."""

from __future__ import annotations

from collections.abc import Sequence

import click

columns_option = click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="NAME=COLUMN",
    help="Name of a column in the table, such as valence=val_mean; may be repeated.",
)

name_option = click.option(
    "--name",
    metavar="NAME",
    help="Name of the corpus, which msfser corpus join puts before ids and speakers.  "
    "[default: the name of the table]",
)

split_option = click.option(
    "--split",
    "split",
    type=click.Choice(["speaker"]),
    help="Make splits for training, development and test (70, 15 and 15 %) without a common "
    "speaker.",
)

seed_option = click.option(
    "--seed",
    type=click.IntRange(min=0),
    help="Seed of --split; others split otherwise.  [default: 0]",
)


def speaker_seed(split: str | None, seed: int | None) -> int | None:
    """Return the seed of splits by speaker; None where none are to be made."""
    if seed is not None and split is None:
        raise click.UsageError(f"--seed {seed} draws splits: give --split speaker, too")
    return None if split is None else seed or 0


def parse_columns(columns: Sequence[str]) -> dict[str, str]:
    """Read the values of --column: columns of the table by the names of the manifest's."""
    return dict(map(_parse_column, columns))


def _parse_column(text: str) -> tuple[str, str]:
    name, equals, column = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{text!r}; write NAME=COLUMN", param_hint="--column")
    return name, column
