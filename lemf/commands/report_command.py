"""The command `lemf report`: a page to listen to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from lemf.commands.align_options import (
    WordOptions,
    check_word_options,
    read_inputs,
    word_inputs,
    word_options,
)
from lemf.commands.analysis_options import AnalysisOptions, analysis_options, read_settings
from lemf.commands.measuring import align_inputs, measure_inputs
from lemf.config import PAGE_SOUNDS
from lemf.runtime.console import PATH, say
from lemf.runtime.output import check_apart, check_output, check_suffix, write_output

if TYPE_CHECKING:
    from lemf.config import PageSound


class ReportOptions(AnalysisOptions, WordOptions):
    """Values of the options of `report`."""


PAGE_SUFFIXES = (".html", ".htm")


@click.command()
@click.argument("audio", type=PATH)
@click.argument("textgrid", type=PATH, required=False)
@click.option("-o", "--output", type=PATH, required=True, help="Output page (.html).")
@click.option(
    "--sound",
    type=click.Choice(PAGE_SOUNDS),
    default="auto",
    show_default=True,
    help="How the sound stands in the page. auto: the channel that was scored as FLAC of 16 bits, "
    "which every browser plays, or as Ogg Vorbis where FLAC takes over 8 MiB (Safari from 18.4).",
)
@word_options
@analysis_options
def report(
    audio: Path,
    textgrid: Path | None,
    output: Path,
    sound: PageSound,
    **options: Unpack[ReportOptions],
) -> None:
    """Make a page that plays AUDIO and shows its emphasised words.

    The page is one HTML file that needs no network: words light up as they are spoken, and other
    cue sets, weights and decisions score again at once. The options are those with which it opens.

    TEXTGRID holds the words and phones with their times. Without it, the TextGrid or the text
    beside AUDIO is read, or that of --text; a text is aligned.
    """
    settings = read_settings(options)
    check_word_options(options, textgrid)
    check_suffix(output, PAGE_SUFFIXES)
    check_apart([output], word_inputs(audio, textgrid, options))
    check_output(output, force=options["force"])

    from lemf.page.report import make_page

    recording, grid = read_inputs(audio, textgrid, settings, options)
    alignment = align_inputs(recording, grid, settings)
    measured = measure_inputs(recording, grid, alignment, settings, with_detail=True)
    page = make_page(recording, measured, settings, sound)
    for note in page.notes:
        say(f"note: {measured.audio}: {note}")
    write_output(output, page.html.encode(), force=options["force"])
    say(f"wrote {output}")
