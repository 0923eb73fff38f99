"""The command `lemf`, with `lemf score` and `lemf plot`.

Nothing heavier than click is imported before a command runs.
"""

from __future__ import annotations

from collections.abc import Sequence, Sized
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Unpack, cast

import click

from lemf.commands.align_command import align
from lemf.commands.align_options import (
    WordOptions,
    check_word_options,
    read_inputs,
    word_inputs,
    word_options,
)
from lemf.commands.analysis_options import ViewOptions, read_settings, view_options
from lemf.commands.batch_commands import batch, rescore
from lemf.commands.conversation_command import conversation
from lemf.commands.evaluate_command import evaluate
from lemf.commands.fit_command import fit
from lemf.commands.measuring import align_inputs, measure_inputs
from lemf.commands.report_command import report
from lemf.commands.schema_command import schema
from lemf.commands.serve_command import serve
from lemf.errors import OutputError, SettingsError
from lemf.option_choices import INTERCHANGE_FORMATS, PRINT_SIZES
from lemf.runtime.console import FIGURE_SUFFIXES, PATH, OneLineErrors, open_stdout, print_data, say
from lemf.runtime.output import check_apart, check_output, check_suffix, write_output

if TYPE_CHECKING:
    from lemf.config import Settings
    from lemf.option_choices import OutputFormat, PrintSize
    from lemf.reading.alignment import Word
    from lemf.reading.audio import Audio
    from lemf.reading.textgrid import TextGrid
    from lemf.runtime.output import FigureFormat
    from lemf.scoring.emphasis import Emphasis
    from lemf.scoring.word_emphasis import WordEmphasis


class ScoreOptions(ViewOptions, WordOptions):
    """Values of the options of `score` and `plot`."""


CONTOUR_SUFFIXES = (".csv", ".pitchtier")
TEXTGRID_SUFFIXES = (".TextGrid",)  # so no recording is replaced by mistake
_MOST_LETTERS = 40  # of those without a font that a note names


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lemf")
def main() -> None:
    """Find the emphasised words in speech, and explain each by its cues."""


main.add_command(align)
main.add_command(conversation)
main.add_command(report)
main.add_command(serve)
main.add_command(batch)
main.add_command(rescore)
main.add_command(evaluate)
main.add_command(fit)
main.add_command(schema)


@main.command()
@click.argument("audio", type=PATH)
@click.argument("textgrid", type=PATH, required=False)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "json", "csv", *INTERCHANGE_FORMATS]),
    default="table",
    show_default=True,
    help="Format of the output; prompt is a line per sentence for a language model.",
)
@click.option("--plot", "figure", type=PATH, help="Write a figure (.png, .svg or .pdf).")
@click.option(
    "--textgrid",
    "scored_textgrid",
    type=PATH,
    help="Write the TextGrid with tiers of scores and of the segment added (.TextGrid).",
)
@click.option("--contours", type=PATH, help="Write F0 and energy (.csv) or F0 (.PitchTier).")
@word_options
@view_options
def score(
    audio: Path,
    textgrid: Path | None,
    output_format: OutputFormat,
    figure: Path | None,
    scored_textgrid: Path | None,
    contours: Path | None,
    **options: Unpack[ScoreOptions],
) -> None:
    """Score every word of AUDIO by its emphasis.

    TEXTGRID holds the words and phones with their times. Without it, the TextGrid or the text
    beside AUDIO is read, or that of --text; a text is aligned. Prints a table, JSON or CSV; lemf
    schema prints what the JSON holds.
    """
    settings = read_settings(options)
    check_word_options(options, textgrid)
    check_suffix(figure, FIGURE_SUFFIXES)
    check_suffix(scored_textgrid, TEXTGRID_SUFFIXES)
    check_suffix(contours, CONTOUR_SUFFIXES)
    outputs = [path for path in (figure, scored_textgrid, contours) if path is not None]
    check_apart(outputs, word_inputs(audio, textgrid, options))
    for output in outputs:
        check_output(output, force=options["force"])
    if output_format == "ssml":
        from lemf.display.interchange.ssml import check_language_code

        check_language_code(options["language"])

    from lemf.display.textgrid_output import format_textgrid

    recording, grid = read_inputs(audio, textgrid, settings, options)
    emphasis = _score(recording, grid, settings, figure)
    files: dict[Path, bytes] = {}
    if figure is not None:
        files[figure] = _render(emphasis, figure, None, options)
    if scored_textgrid is not None:
        from lemf.display.export import add_tiers

        files[scored_textgrid] = format_textgrid(add_tiers(grid, emphasis)).encode()
    if contours is not None:
        files[contours] = _format_contours(emphasis, contours).encode()
    for path, content in files.items():
        write_output(path, content, force=options["force"])
        say(f"wrote {path}")
    _print(emphasis, grid, output_format, options)


@main.command()
@click.argument("audio", type=PATH)
@click.argument("textgrid", type=PATH, required=False)
@click.option(
    "-o", "--output", "figure", type=PATH, required=True, help="Output figure (.png, .svg or .pdf)."
)
@click.option(
    "--sentence",
    type=click.IntRange(min=0),
    help="Sentence to draw, counted from 0.  [default: all, in a PDF one page each]",
)
@click.option(
    "--size",
    type=click.Choice(PRINT_SIZES),
    help="Draw for a column of a journal (85 mm) or a slide (16:9), a long sentence in rows.  "
    "[default: for the screen]",
)
@word_options
@view_options
def plot(
    audio: Path,
    textgrid: Path | None,
    figure: Path,
    sentence: int | None,
    size: PrintSize | None,
    **options: Unpack[ScoreOptions],
) -> None:
    """Draw F0, energy and the most emphasised words of AUDIO.

    TEXTGRID holds the words and phones with their times. Without it, the TextGrid or the text
    beside AUDIO is read, or that of --text; a text is aligned.
    """
    settings = read_settings(options)
    check_word_options(options, textgrid)
    check_suffix(figure, FIGURE_SUFFIXES)
    check_apart([figure], word_inputs(audio, textgrid, options))
    check_output(figure, force=options["force"])

    recording, grid = read_inputs(audio, textgrid, settings, options)
    emphasis = _score(recording, grid, settings, figure, sentence, size)
    content = _render(emphasis, figure, sentence, options, size)
    write_output(figure, content, force=options["force"])
    say(f"wrote {figure}")


def _score(
    recording: Audio,
    grid: TextGrid,
    settings: Settings,
    figure: Path | None = None,
    sentence: int | None = None,
    size: PrintSize | None = None,
) -> Emphasis:
    """Score a recording; refuse a figure that cannot hold its sentences before the analysis."""
    from lemf.pipeline import score_measurement

    alignment = align_inputs(recording, grid, settings)
    if figure is not None:
        import_module("lemf.display.figure")  # reports missing packages before scoring
        if not settings.sentences_from_breaks:
            _check_pages(figure, recording.name, sentence, alignment.sentences, size)
    measured = measure_inputs(recording, grid, alignment, settings)
    emphasis = score_measurement(measured, settings)
    if figure is not None and settings.sentences_from_breaks:  # known only now
        cut = [one.words for one in emphasis.sentences]
        _check_pages(figure, recording.name, sentence, cut, size)
    for note in emphasis.notes:
        say(f"note: {emphasis.audio}: {note}")
    return emphasis


def _check_pages(
    figure: Path,
    audio: str,
    sentence: int | None,
    sentences: Sequence[Sequence[Word] | Sequence[WordEmphasis]],
    size: PrintSize | None = None,
) -> None:
    """Refuse a sentence that does not exist, and a figure that cannot hold the sentences."""
    n_sentences = len(sentences)
    if sentence is not None and sentence >= n_sentences:
        raise SettingsError(
            f"{audio}: no sentence {sentence} for --sentence; there are 0 to {n_sentences - 1}"
        )
    if figure.suffix.lower() == ".pdf":
        return
    if sentence is None and n_sentences > 1:
        raise OutputError(
            f"{figure}: {n_sentences} sentences do not fit one {figure.suffix[1:]}; name a .pdf, "
            "or choose one with lemf plot --sentence"
        )
    words = sentences[sentence or 0]
    if (n_pages := len(_cut(words, size))) > 1:
        spoken_s = words[-1].end_s - words[0].start_s
        raise OutputError(
            f"{figure}: the {len(words)} words of a sentence of {spoken_s:.1f} s do not fit one "
            f"{figure.suffix[1:]}; name a .pdf ({n_pages} pages), or cut it into sentences, such "
            "as with --sentences pause:0.4"
        )


def _cut(words: Sequence[Word] | Sequence[WordEmphasis], size: PrintSize | None) -> Sized:
    """Return the pages of a sentence."""
    from lemf.display.figure_pages import cut_pages
    from lemf.display.printed.sizes import SHEETS, cut_sheets

    return cut_pages(words) if size is None else cut_sheets(words, SHEETS[size])


def _render(
    emphasis: Emphasis,
    path: Path,
    sentence: int | None,
    options: ViewOptions,
    size: PrintSize | None = None,
) -> bytes:
    from lemf.display.figure_files import render_figure
    from lemf.display.figure_fonts import fonts_of

    if missing := fonts_of(emphasis)[1]:
        shown = missing if len(missing) <= _MOST_LETTERS else f"{missing[:_MOST_LETTERS]}..."
        say(
            f"note: {path}: no installed font shows {shown}; \N{REPLACEMENT CHARACTER} or #INDEX "
            "stands for them; install a font that has them, such as one of Noto"
        )
    sentences = range(len(emphasis.sentences)) if sentence is None else (sentence,)
    file_format = cast("FigureFormat", path.suffix.lower().lstrip("."))
    top, f0_axis = options["top"], options["f0_axis"]
    if size is None:
        return render_figure(emphasis, file_format, sentences=sentences, top=top, f0_axis=f0_axis)
    from lemf.display.printed.figure import render_printed

    return render_printed(
        emphasis, file_format, size, sentences=sentences, top=top, f0_axis=f0_axis
    )


def _format_contours(emphasis: Emphasis, path: Path) -> str:
    from lemf.display.export import format_contours_csv, format_pitch_tier

    if path.suffix.lower() == ".csv":
        return format_contours_csv(emphasis)
    return format_pitch_tier(emphasis)


def _print(
    emphasis: Emphasis, grid: TextGrid, output_format: OutputFormat, options: ScoreOptions
) -> None:
    if output_format == "table":
        from lemf.display.table import print_table

        print_table(emphasis, open_stdout(), top=options["top"])
    elif output_format == "json":
        from lemf.display.export import format_json

        print_data(format_json(emphasis))
    elif output_format == "csv":
        from lemf.display.export import format_csv

        print_data(format_csv(emphasis))
    else:
        from lemf.display.interchange.formats import format_emphasis

        print_data(format_emphasis(emphasis, output_format, grid, language=options["language"]))
