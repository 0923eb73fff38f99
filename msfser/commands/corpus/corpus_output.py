"""What the commands of `msfser corpus` share: options, writing, printing and drawing a manifest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, cast, get_args

import click

from lemf import CorpusError
from lemf.runtime.console import FIGURE_SUFFIXES, PATH, add_options, force_option, print_text, say
from lemf.runtime.output import check_suffix
from msfser.config.settings import OutsideLabels

if TYPE_CHECKING:
    from msfser.corpora.checks import Reading
    from msfser.manifest import Manifest

_MOST_FAILED = 5  # failed rows named on the terminal; the manifest has all


class OutputOptions(TypedDict):
    """Values of the options for the output, which all commands of the group share."""

    output: Path
    summary: bool
    figure: Path | None
    force: bool


# The options that a command takes as `OutputOptions`
output_options = add_options(
    click.option("-o", "--output", type=PATH, metavar="DIR", required=True, help="Output folder."),
    click.option(
        "--summary", is_flag=True, help="Also print distributions, and draw figures/corpus.png."
    ),
    click.option("--figure", type=PATH, help="Write a figure (.png, .svg or .pdf)."),
    force_option,
)


label_bounds_option = click.option(
    "--label-bounds", metavar="LOW,HIGH", help="Ends of the rating scale, such as 1,5."
)


outside_option = click.option(
    "--outside",
    type=click.Choice(get_args(OutsideLabels)),
    default="keep",
    show_default=True,
    help="Keep or refuse rows with a label outside the rating scale.",
)


def parse_bounds(text: str) -> tuple[float, float]:
    """Read the value of --label-bounds."""
    try:
        low, high = (float(number) for number in text.split(","))
    except ValueError:
        raise click.BadParameter(
            f"{text!r}; write LOW,HIGH as 1,5", param_hint="--label-bounds"
        ) from None
    return low, high


def check_corpus_output(options: OutputOptions) -> None:
    """Make the output folder, and check before any work that the files can be written."""
    from lemf.runtime.output import check_output
    from msfser.errors import ManifestError
    from msfser.manifest import MANIFEST_NAME
    from msfser.outputs import make_folder
    from msfser.ratings import RATINGS_NAME, read_ratings

    make_folder(options["output"])
    check_output(options["output"] / MANIFEST_NAME, force=options["force"])
    ratings = options["output"] / RATINGS_NAME
    try:
        if ratings.exists():  # of a run that was stopped: finish_corpus compares the votes
            read_ratings(ratings)
    except ManifestError:  # somebody else's
        check_output(ratings, force=options["force"])
    check_figures(options)


def check_figures(options: OutputOptions) -> None:
    """Check before any work that the figures can be written."""
    for path in _figure_paths(options):
        check_figure(path, force=options["force"])


def finish_corpus(reading: Reading, options: OutputOptions) -> None:
    """Write the manifest and print its content; end with exit code 1 if rows failed."""
    from msfser.manifest import MANIFEST_NAME, write_manifest
    from msfser.outputs import counted, write_once
    from msfser.ratings import RATINGS_NAME, format_ratings

    path = options["output"] / MANIFEST_NAME
    ratings = options["output"] / RATINGS_NAME
    if reading.ratings or ratings.exists():  # they belong to the manifest, and are replaced with it
        write_once(ratings, format_ratings(reading.ratings), force=options["force"])
    write_manifest(path, reading.manifest, force=options["force"])
    for note in reading.notes:
        say(f"note: {note}")
    if reading.ratings:
        say(f"wrote {ratings}: {counted(len(reading.ratings), 'vote')}")
    show_corpus(path, reading.manifest, options)
    _end_on_failures(path, reading.manifest)


def show_corpus(path: Path, manifest: Manifest, options: OutputOptions) -> None:
    """Print the content of a written manifest, and draw it on request."""
    from msfser.semantics.texts import TEXTS_NAME

    figures = _figure_paths(options)
    for figure in figures:
        draw_figure(manifest, figure, force=options["force"])
    print_corpus(manifest, distributions=options["summary"])
    for written in (path, *figures):
        say(f"wrote {written}")
    texts = path.with_name(TEXTS_NAME)
    if texts.exists():
        say(
            f"note: {texts}: belongs to the corpus that was here before; if words have changed, "
            "delete it and make it again"
        )


def print_corpus(manifest: Manifest, *, distributions: bool) -> None:
    """Print counts, and on request the distributions of labels and durations."""
    from msfser.corpora.summary import group_table, value_table

    print_text(group_table(manifest) + "\n")
    if distributions:
        print_text(f"\n{value_table(manifest)}\n")


def _figure_paths(options: OutputOptions) -> list[Path]:
    if options["figure"] is not None:
        return [options["figure"]]
    return [options["output"] / "figures" / "corpus.png"] if options["summary"] else []


def check_figure(path: Path, *, force: bool) -> None:
    """Check that a figure can be written, and make its folder."""
    from lemf.runtime.output import check_output
    from msfser.outputs import make_folder

    check_suffix(path, FIGURE_SUFFIXES)
    make_folder(path.parent)
    check_output(path, force=force)


def draw_figure(manifest: Manifest, path: Path, *, force: bool) -> None:
    """Draw a corpus into a file in the format of its suffix."""
    from lemf.runtime.output import FigureFormat, write_output
    from msfser.corpora.figure import draw_corpus
    from msfser.outputs import render_figure

    file_format = cast("FigureFormat", path.suffix.lower().removeprefix("."))
    write_output(path, render_figure(draw_corpus(manifest), file_format), force=force)


def _end_on_failures(path: Path, manifest: Manifest) -> None:
    failed = [utterance for utterance in manifest.utterances if utterance.status == "failed"]
    if not failed:
        return
    for utterance in failed[:_MOST_FAILED]:
        say(f"failed: {utterance.id}: {utterance.reason}")
    if len(failed) > _MOST_FAILED:
        say(f"and {len(failed) - _MOST_FAILED:,} more")
    if len(failed) == len(manifest.utterances):
        reason, remedy = failed[0].reason or "", "correct what the reasons name"
        if "recording" in reason:
            reason, remedy = f"{reason}: {manifest.wav_path(failed[0])}", "correct the paths"
        raise CorpusError(
            f"all {len(failed):,} utterances failed, such as {failed[0].id} ({reason}); {remedy}, "
            "then run the command again with --force"
        )
    raise CorpusError(
        f"{len(failed):,} of {len(manifest.utterances):,} utterances failed; {path} has the "
        "reasons, and the others can be used"
    )
