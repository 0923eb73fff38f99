"""The commands of `msfser corpus` that read a corpus as its owners release it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from lemf.runtime.console import PATH
from msfser.commands.corpus.corpus_output import (
    OutputOptions,
    check_corpus_output,
    finish_corpus,
    output_options,
    outside_option,
)

if TYPE_CHECKING:
    from msfser.config.settings import OutsideLabels
    from msfser.corpora.releases.crema_d import Emotions

_release_option = click.option(
    "--release", help="Release, such as 1.12.  [default: from the name of ROOT]"
)


@click.command()
@click.argument("root", type=PATH)
@outside_option
@output_options
def iemocap(root: Path, outside: OutsideLabels, **options: Unpack[OutputOptions]) -> None:
    """Read IEMOCAP from ROOT, the folder with Session1 to Session5.

    The alignment that comes with the corpus is written as TextGrids to DIR/alignment.
    A run that was stopped continues when the same command runs again.
    """
    check_corpus_output(options)

    from lemf.runtime.progress import progress
    from msfser.corpora.checks import Reading
    from msfser.corpora.releases.iemocap import read_iemocap
    from msfser.corpora.releases.iemocap_alignment import convert_alignments

    with progress("reading files") as watch:
        read = read_iemocap(root, outside=outside, watch=watch)
    with progress("writing alignments") as watch:
        aligned = convert_alignments(
            read.manifest, options["output"] / "alignment", force=options["force"], watch=watch
        )
    notes = (*read.notes, *aligned.notes)
    reading = Reading(manifest=aligned.manifest, notes=notes, ratings=read.ratings)
    finish_corpus(reading, options)


@click.command("msp-podcast")
@click.argument("root", type=PATH)
@_release_option
@outside_option
@output_options
def msp_podcast(
    root: Path, release: str | None, outside: OutsideLabels, **options: Unpack[OutputOptions]
) -> None:
    """Read MSP-Podcast, releases 1.6 to 2.0, from ROOT.

    ROOT is the folder with Audios and Labels.
    """
    check_corpus_output(options)

    from lemf.runtime.progress import progress
    from msfser.corpora.releases.msp_podcast import read_msp_podcast

    with progress("reading files") as watch:
        reading = read_msp_podcast(root, release=release, outside=outside, watch=watch)
    finish_corpus(reading, options)


@click.command("biic-podcast")
@click.argument("root", type=PATH)
@_release_option
@outside_option
@output_options
def biic_podcast(
    root: Path, release: str | None, outside: OutsideLabels, **options: Unpack[OutputOptions]
) -> None:
    """Read BIIC-Podcast, in Mandarin, from ROOT.

    ROOT is laid out as MSP-Podcast is: a folder with Audios and Labels.
    """
    check_corpus_output(options)

    from lemf.runtime.progress import progress
    from msfser.corpora.releases.msp_podcast import read_msp_podcast

    with progress("reading files") as watch:
        reading = read_msp_podcast(
            root, corpus="biic-podcast", release=release, outside=outside, watch=watch
        )
    finish_corpus(reading, options)


@click.command("msp-improv")
@click.argument("root", type=PATH)
@outside_option
@output_options
def msp_improv(root: Path, outside: OutsideLabels, **options: Unpack[OutputOptions]) -> None:
    """Read MSP-IMPROV from ROOT, the folder with Evalution.txt."""
    check_corpus_output(options)

    from lemf.runtime.progress import progress
    from msfser.corpora.releases.msp_improv import read_msp_improv

    with progress("reading files") as watch:
        reading = read_msp_improv(root, outside=outside, watch=watch)
    finish_corpus(reading, options)


@click.command("crema-d")
@click.argument("root", type=PATH)
@click.option(
    "--emotions",
    type=click.Choice(["acted", "heard"]),
    default="acted",
    show_default=True,
    help="The emotion that was acted, or the one that most raters of the voice heard.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Seed of the splits, which have no common speaker.",
)
@output_options
def crema_d(root: Path, emotions: Emotions, seed: int, **options: Unpack[OutputOptions]) -> None:
    """Read CREMA-D from ROOT, the folder with AudioWAV.

    It has emotions, and no labels of valence, arousal and dominance.
    """
    check_corpus_output(options)

    from lemf.runtime.progress import progress
    from msfser.corpora.releases.crema_d import read_crema_d

    with progress("reading files") as watch:
        reading = read_crema_d(root, emotions=emotions, speaker_seed=seed, watch=watch)
    finish_corpus(reading, options)


@click.command()
@click.argument("root", type=PATH)
@output_options
def meld(root: Path, **options: Unpack[OutputOptions]) -> None:
    """Read MELD from ROOT, the folder with train_sent_emo.csv.

    It has emotions, and no labels of valence, arousal and dominance. The sound of its films must
    have been extracted, under the same names.
    """
    check_corpus_output(options)

    from lemf.runtime.progress import progress
    from msfser.corpora.releases.meld import read_meld

    with progress("reading files") as watch:
        reading = read_meld(root, watch=watch)
    finish_corpus(reading, options)


RELEASE_COMMANDS = (iemocap, msp_podcast, biic_podcast, msp_improv, crema_d, meld)
