"""The commands of `msfser corpus`, which read a corpus into a manifest or show one."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

import click

from lemf.runtime.console import PATH, force_option, jobs_option, say
from msfser.commands.corpus.corpus_output import (
    OutputOptions,
    check_corpus_output,
    check_figure,
    check_figures,
    draw_figure,
    finish_corpus,
    label_bounds_option,
    output_options,
    outside_option,
    parse_bounds,
    print_corpus,
    show_corpus,
)
from msfser.commands.corpus.datasets_commands import DATASETS_COMMANDS
from msfser.commands.corpus.release_commands import RELEASE_COMMANDS
from msfser.commands.corpus.table_options import (
    columns_option,
    name_option,
    parse_columns,
    seed_option,
    speaker_seed,
    split_option,
)
from msfser.config.settings import OutsideLabels
from msfser.corpora.columns import OPTIONAL_COLUMNS

_ORACLE_SENTENCES = 10_000


@click.group()
def corpus() -> None:
    """Read a corpus into the manifest that the other commands use."""


for command in (*RELEASE_COMMANDS, *DATASETS_COMMANDS):
    corpus.add_command(command)


@corpus.command(
    help=f"""Read a TABLE of recordings: .csv, .tsv, .jsonl or .parquet.

    The column wav is required; its paths are relative to the folder of the table. Optional are
    {", ".join(OPTIONAL_COLUMNS[:-1])} and {OPTIONAL_COLUMNS[-1]}.
    """
)
@click.argument("table", type=PATH, metavar="TABLE")
@label_bounds_option
@columns_option
@name_option
@split_option
@seed_option
@outside_option
@output_options
def table(
    table: Path,
    label_bounds: str | None,
    columns: tuple[str, ...],
    name: str | None,
    split: str | None,
    seed: int | None,
    outside: OutsideLabels,
    **options: Unpack[OutputOptions],
) -> None:
    """Read a TABLE of recordings."""
    drawn = speaker_seed(split, seed)
    bounds = None if label_bounds is None else parse_bounds(label_bounds)
    renamed = parse_columns(columns)
    check_corpus_output(options)

    from lemf.runtime.progress import progress
    from msfser.corpora.table import read_table

    with progress("reading files") as watch:
        reading = read_table(
            table,
            label_bounds=bounds,
            columns=renamed,
            name=name,
            speaker_seed=drawn,
            outside=outside,
            watch=watch,
        )
    finish_corpus(reading, options)


@corpus.command()
@click.option(
    "--utterances",
    "n_utterances",
    default=2400,
    show_default=True,
    help="Number of utterances; 5 of every 24 are for testing.",
)
@click.option("--seed", default=0, show_default=True, help="Seed of the corpus.")
@click.option(
    "--class-imbalance",
    default=0.0,
    metavar="RATIO",
    help="Plant emotion classes, one RATIO times as frequent in training as each other.",
)
@click.option(
    "--speaker-shift",
    default=0.0,
    metavar="POINTS",
    help="Plant voices that are lively by habit: their standard deviation in arousal.",
)
@click.option(
    "--rater-spread",
    default=0.0,
    metavar="POINTS",
    help="Plant raters: the mean standard deviation of their votes.",
)
@click.option(
    "--contour-shape",
    default=0.0,
    metavar="POINTS",
    help="Plant early and late peaks of F0 in the words: their points of dominance.",
)
@click.option(
    "--context-flip",
    default=0.0,
    metavar="SHARE",
    help="Plant dialogues: the share of first turns that turn valence of the second round.",
)
@jobs_option
@click.option(
    "--reachable",
    is_flag=True,
    help="Also print the best reachable CCC, as in reachable.csv; with nothing planted, that of an "
    "oracle, too.",
)
@output_options
def mechanism(
    n_utterances: int,
    seed: int,
    class_imbalance: float,
    speaker_shift: float,
    rater_spread: float,
    contour_shape: float,
    context_flip: float,
    jobs: int | None,
    reachable: bool,
    **options: Unpack[OutputOptions],
) -> None:
    """Build a synthetic corpus whose labels have known causes.

    Valence follows from the polarity of the stressed word, arousal from melody and tempo, dominance
    from a situation that only es.jsonl describes. truth.parquet holds the causes, reachable.csv the
    best reachable CCC for each set of inputs.
    """
    from lemf.runtime.progress import progress
    from msfser.corpora.mechanism.files import write_mechanism
    from msfser.corpora.mechanism.planted import Planted
    from msfser.corpora.mechanism.reachable import (
        draw_sentences,
        reachable_table,
        unknown_dimensions,
    )
    from msfser.manifest import MANIFEST_NAME

    planted = Planted(
        class_imbalance=class_imbalance,
        speaker_shift=speaker_shift,
        rater_spread=rater_spread,
        contour_shape=contour_shape,
        context_flip=context_flip,
    )
    check_figures(options)
    output, force = options["output"], options["force"]
    with progress("making utterances") as watch:
        manifest = write_mechanism(
            output,
            n_utterances=n_utterances,
            seed=seed,
            planted=planted,
            jobs=jobs,
            force=force,
            watch=watch,
        )
    show_corpus(output / MANIFEST_NAME, manifest, options)
    if reachable:
        sentences = [] if planted.shown else draw_sentences(seed, _ORACLE_SENTENCES)
        oracle = planted.shown or f"oracle on {_ORACLE_SENTENCES:,} sentences"
        title = f"Best reachable CCC ({oracle}):"
        click.echo(f"\n{title}\n{reachable_table(sentences, planted)}")
        if unknown := unknown_dimensions(planted):
            say(
                f"note: the best reachable CCC of {', '.join(unknown)} is not known for this corpus"
            )


@corpus.command()
@click.argument("folders", type=PATH, metavar="DIR...", nargs=-1, required=True)
@label_bounds_option
@output_options
def join(
    folders: tuple[Path, ...], label_bounds: str | None, **options: Unpack[OutputOptions]
) -> None:
    """Join the corpora in several DIRs into one.

    Labels and votes are put on one scale, by default that of the first corpus with labels. Ids,
    speakers, dialogues and raters begin with the name of their corpus. Texts and vectors are made
    anew in the output folder.
    """
    bounds = None if label_bounds is None else parse_bounds(label_bounds)
    check_corpus_output(options)

    from msfser.corpora.joining import join_corpora
    from msfser.manifest import read_manifest
    from msfser.ratings import RATINGS_NAME, read_ratings

    manifests = [read_manifest(folder) for folder in folders]
    ratings = {
        manifest.corpus: read_ratings(folder)
        for folder, manifest in zip(folders, manifests, strict=True)
        if (folder / RATINGS_NAME).exists()
    }
    finish_corpus(join_corpora(manifests, options["output"], bounds, ratings), options)


@corpus.command("summary")
@click.argument("manifest_path", type=PATH, metavar="DIR")
@click.option("--figure", type=PATH, help="Also write a figure (.png, .svg or .pdf).")
@force_option
def summarise(manifest_path: Path, figure: Path | None, force: bool) -> None:
    """Print the content of the manifest in DIR."""
    if figure is not None:
        check_figure(figure, force=force)

    from msfser.manifest import read_manifest

    manifest = read_manifest(manifest_path)
    if figure is not None:
        draw_figure(manifest, figure, force=force)
    print_corpus(manifest, distributions=True)
    if figure is not None:
        say(f"wrote {figure}")
