"""The command `lemf report`: a page to listen to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click
from click.core import ParameterSource

from lemf.commands.align_options import (
    WordOptions,
    align_settings,
    check_word_options,
    read_inputs,
    word_inputs,
    word_options,
)
from lemf.commands.analysis_options import AnalysisOptions, analysis_options, read_settings
from lemf.commands.measuring import align_inputs, measure_inputs
from lemf.commands.weight_options import read_weight_options
from lemf.errors import SettingsError
from lemf.option_choices import PAGE_SOUNDS, PAGE_SUFFIXES
from lemf.runtime.console import PATH, say
from lemf.runtime.output import check_apart, check_output, check_suffix, write_output
from lemf.runtime.progress import progress

if TYPE_CHECKING:
    from lemf.option_choices import PageSound


class ReportOptions(AnalysisOptions, WordOptions):
    """Values of the options of `report`."""


DEFAULT_TOP = 20
_MOST_FAULTS = 3  # shown on the terminal
_MOST_DIGITS = 9


FEATURES_SUFFIX = ".parquet"
_OF_FEATURES = (
    "audio",
    "output",
    "top",
    "sound",
    "cues",
    "weights",
    "decide",
    "threshold",
    "force",
)


@click.command()
@click.argument("audio", type=PATH)
@click.argument("textgrid", type=PATH, required=False)
@click.option(
    "-o", "--output", type=PATH, required=True, help="Output page (.html), or folder of FEATURES."
)
@click.option(
    "--sound",
    type=click.Choice(PAGE_SOUNDS),
    default="auto",
    show_default=True,
    help="How the sound stands in the page. auto: the channel that was scored as FLAC of 16 bits, "
    "which every browser plays, or as Ogg Vorbis where FLAC takes over 8 MiB (Safari from 18.4).",
)
@click.option(
    "--top",
    metavar="N|all",
    help="Of FEATURES: sentences with the highest scores whose recordings get pages.  [default: "
    f"{DEFAULT_TOP}]",
)
@word_options
@analysis_options
@click.pass_context
def report(
    context: click.Context,
    audio: Path,
    textgrid: Path | None,
    output: Path,
    sound: PageSound,
    top: str | None,
    **options: Unpack[ReportOptions],
) -> None:
    """Make a page that plays AUDIO and shows its emphasised words.

    The page is one HTML file that needs no network: words light up as they are spoken, and other
    cue sets, weights and decisions score again at once. The options are those with which it opens.

    TEXTGRID holds the words and phones with their times. Without it, the TextGrid or the text
    beside AUDIO is read, or that of --text; a text is aligned.

    In place of AUDIO, FEATURES.parquet of lemf batch --features gives a folder: an index of all
    sentences, to sort and search, and the pages of those with the highest scores.
    """
    if audio.suffix.lower() == FEATURES_SUFFIX:
        _check_options_of_features(context)
        _report_features(audio, output, sound, top, options)
        return
    if top is not None:
        raise click.UsageError("--top: goes with FEATURES.parquet; one recording has one page")
    settings = read_settings(options)
    check_word_options(options, textgrid)
    check_suffix(output, PAGE_SUFFIXES)
    check_apart([output], word_inputs(audio, textgrid, options))
    check_output(output, force=options["force"])

    from lemf.page.command import word_arguments
    from lemf.page.report import make_page

    recording, grid = read_inputs(audio, textgrid, settings, options)
    alignment = align_inputs(recording, grid, settings)
    measured = measure_inputs(recording, grid, alignment, settings, with_detail=True)
    words = word_arguments(
        textgrid,
        align_settings(options),
        text=options["text"],
        text_file=options["text_file"],
        whisper=options["whisper"],
    )
    page = make_page(recording, measured, settings, sound, words)
    for note in page.notes:
        say(f"note: {measured.audio}: {note}")
    write_output(output, page.html.encode(), force=options["force"])
    say(f"wrote {output}")


def _check_options_of_features(context: click.Context) -> None:
    """Refuse options by which recordings are measured: the features are measured already."""
    for parameter in context.command.params:
        given = context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
        if given and parameter.name not in _OF_FEATURES:
            name = parameter.opts[-1] if parameter.opts[-1].startswith("-") else "TEXTGRID"
            raise click.UsageError(
                f"{name}: goes with a recording; the features are measured already, by lemf batch"
            )


def _report_features(
    features: Path, folder: Path, sound: PageSound, top: str | None, options: ReportOptions
) -> None:
    n_top = _read_top(top)
    weighing = read_weight_options(options)

    from lemf.page.folder import report_features

    try:
        with progress("reporting") as watch:
            done = report_features(
                features,
                folder,
                top=n_top,
                cues=weighing.cues,
                weights=weighing.weights,
                decide=weighing.decide,
                threshold=weighing.threshold,
                sound=sound,
                force=options["force"],
                watch=watch,
            )
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    for fault in done.silent[:_MOST_FAULTS]:
        say(f"note: a page without sound: {fault}")
    if len(done.silent) > _MOST_FAULTS:
        say(f"note: pages without sound: {len(done.silent):,} of {done.pages:,}")
    counts = f"{done.sentences:,} sentences, pages of {done.pages:,} files"
    say(f"wrote {folder / 'index.html'}: {counts}")


def _read_top(text: str | None) -> int | None:
    """Convert the option ``--top``; None for all."""
    if text is None:
        return DEFAULT_TOP
    if text == "all":
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise click.UsageError(f"--top {text}: write a number from 0, or all")
    return int(text)
