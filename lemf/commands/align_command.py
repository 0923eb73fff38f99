"""The command `lemf align`: recordings and their texts -> TextGrids."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from lemf.commands.align_options import (
    AlignerOptions,
    align_settings,
    check_download,
    read_text_file,
    transcribing_options,
)
from lemf.commands.analysis_options import channel_option, encoding_option, read_channel
from lemf.errors import LemfError, one_line
from lemf.runtime.console import (
    EMPTY_NAME,
    force_option,
    jobs_option,
    one_line_ends,
    print_data,
    print_text,
    say,
)
from lemf.runtime.cores import count_cores
from lemf.runtime.output import check_apart, check_output, check_suffix, write_output
from lemf.runtime.progress import progress

if TYPE_CHECKING:
    from lemf.corpus.alignment.run import AlignRun
    from lemf.reading.textgrid import TextGrid
    from lemf.transcription.text_files import Transcript

_MANIFESTS = (".csv", ".tsv", ".jsonl", ".parquet")
_SHOWN = 3  # failures, and TextGrids of low confidence, on the terminal


def _list_languages(context: click.Context, _: click.Parameter, value: bool) -> None:
    if not value or context.resilient_parsing:
        return
    from lemf.aligner.espeak import open_espeak

    with open_espeak() as espeak:
        print_text("".join(f"{one.code:<12} {one.name}\n" for one in espeak.languages))
    context.exit()


@click.command()
@click.argument("source", metavar="AUDIO|CORPUS")
@click.argument("text", metavar="[TEXT|FILE|-]", required=False)
@click.option(
    "-o",
    "--output",
    metavar="TEXTGRID|FOLDER|-",
    required=True,
    help="TextGrid to write (- prints it), or, of a corpus, the folder of the TextGrids.",
)
@click.option(
    "--languages",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_languages,
    help="List the codes and names of all languages, and exit.",
)
@transcribing_options
@channel_option
@encoding_option
@click.option("--no-training", is_flag=True, help="Align each recording of CORPUS by itself.")
@click.option(
    "--speaker-pattern",
    metavar="REGEX",
    help="What in an id of CORPUS is the speaker, such as '^[^_]+'.  [default: the folder]",
)
@jobs_option
@force_option
def align(
    source: str,
    text: str | None,
    output: str,
    whisper: str | None,
    download: bool,
    channel: str | None,
    encoding: str | None,
    no_training: bool,
    speaker_pattern: str | None,
    jobs: int | None,
    force: bool,
    **options: Unpack[AlignerOptions],
) -> None:
    """Align recordings with their texts, as TextGrids.

    TEXT is what is said in AUDIO, or a plain text FILE, or - for standard input; by default the
    .txt or .lab beside AUDIO. espeak-ng speaks the text, so any language that it knows is aligned.

    CORPUS is a folder with a .txt or .lab beside each recording, a quoted pattern such as
    'corpus/**/*.wav', or a manifest (.csv, .tsv, .jsonl, .parquet) with the columns audio and
    text or text_file; --whisper transcribes the recordings that have none. The aligner trains on
    the corpus. A run that was stopped continues when the same command runs again.
    """
    if not output:
        raise click.UsageError(f"-o: {EMPTY_NAME}")
    check_download(whisper, download=download)
    if _is_corpus(source):
        _check_corpus_options(text, output, channel, options)
        _align_corpus(
            source,
            output,
            options,
            whisper,
            download,
            encoding=encoding,
            no_training=no_training,
            speaker_pattern=speaker_pattern,
            jobs=jobs,
            force=force,
        )
        return
    given = {
        "--no-training": no_training,
        "--speaker-pattern": speaker_pattern is not None,
        "--jobs": jobs is not None,
    }
    for name in (name for name, is_given in given.items() if is_given):
        raise click.UsageError(f"{name}: goes with a corpus, not with one recording")
    path = None if output == "-" else Path(output)
    if path is not None:
        check_suffix(path, (".TextGrid",))
        inputs = [source] if text is None or not _is_file(text) else [source, text]
        check_apart([path], map(Path, inputs))
        check_output(path, force=force)
    grid = _align_recording(source, text, whisper, download, channel, encoding, options)

    from lemf.display.textgrid_output import format_textgrid

    for note in grid.notes:
        say(f"note: {source}: {note}")
    if path is None:
        print_data(format_textgrid(grid))
        return
    write_output(path, format_textgrid(grid).encode(), force=force)
    say(f"wrote {path}")


def _is_corpus(source: str) -> bool:
    import glob

    if source.lower().endswith((*_MANIFESTS, "/")) or Path(source).is_dir():
        return True
    return glob.has_magic(source) and not Path(source).exists()


def _is_file(name: str) -> bool:
    """Check whether an argument names a file, and is no text; refuse a folder."""
    try:
        if not name:
            return False
        if Path(name).is_dir():
            raise click.UsageError(
                f"{name}: the text is a folder; name a file, or write the text to standard input, -"
            )
        return Path(name).exists()
    except (OSError, ValueError):  # a long text
        return False


def _align_recording(
    source: str,
    text: str | None,
    whisper: str | None,
    download: bool,
    channel: str | None,
    encoding: str | None,
    options: AlignerOptions,
) -> TextGrid:
    from lemf.reading.audio import read_audio
    from lemf.transcription.word_source import align_text, read_beside

    if whisper is not None and text is not None:
        raise click.UsageError("TEXT and --whisper: the words come from one of them; drop one")
    transcript: Transcript
    if text is not None:
        transcript = _read_text(text, encoding)
    recording = read_audio(source, channel=read_channel(channel))
    if whisper is not None:
        from lemf.transcription.whisper import transcribe

        transcript = transcribe(recording, whisper, language=options["language"], download=download)
    elif text is None:
        transcript = read_beside(source, encoding)
    with progress("aligning", unit="s") as watch:
        grid = align_text(recording, transcript, align_settings(options), watch)
    return replace(grid, notes=(*recording.notes, *grid.notes))


def _read_text(text: str, encoding: str | None) -> Transcript:
    from lemf.transcription.text_files import TRANSCRIPT_SUFFIXES, make_transcript

    is_path = text.lower().endswith(tuple(f".{one}" for one in TRANSCRIPT_SUFFIXES))
    if text == "-" or _is_file(text) or (is_path and not set(text) & set(" \t\n")):
        return read_text_file(text, encoding)
    return make_transcript(text, "TEXT")


def _check_corpus_options(
    text: str | None,
    output: str,
    channel: str | None,
    options: AlignerOptions,
) -> None:
    given = {"TEXT": text, "--channel": channel}
    for name, value in given.items():
        if value is not None:
            raise click.UsageError(f"{name}: goes with one recording, not with a corpus")
    if output == "-":
        raise click.UsageError("-o -: goes with one recording; name a folder for a corpus")
    if options["language"] is None:
        raise click.UsageError(
            "--language CODE is needed for a corpus, such as --language en; lemf align --languages "
            "lists all"
        )


def _align_corpus(
    source: str,
    output: str,
    options: AlignerOptions,
    whisper: str | None,
    download: bool,
    *,
    encoding: str | None,
    no_training: bool,
    speaker_pattern: str | None,
    jobs: int | None,
    force: bool,
) -> None:
    with one_line_ends(), progress("aligning", unit="readings of files") as watch:
        from lemf.corpus.alignment.run import align_corpus

        run = align_corpus(
            source,
            output,
            language=str(options["language"]),
            aligner=options["aligner"],
            force_fit=options["force_fit"],
            train=not no_training,
            speaker_pattern=speaker_pattern,
            encoding=encoding,
            whisper=whisper,
            download=download,
            jobs=jobs or count_cores(),
            force=force,
            watch=watch,
        )
    _print_end(run)


def _print_end(run: AlignRun) -> None:
    """Print a summary of the run; end with exit code 1 if files failed."""
    outputs, summary, listing = run.outputs, run.summary, run.listing
    for folder in listing.repeated_folders[:1]:
        say(one_line(f"note: searched already, by another path: {folder}"))
    if unused := run.unused_textgrids:
        say(one_line(f"note: TextGrids without a recording: {len(unused):,}, such as {unused[0]}"))
    if run.seconds == 0:
        say(f"{outputs.folder} is complete: {summary.files + summary.failed:,} files")
    else:
        say(
            f"{summary.files:,} files aligned, {summary.failed:,} failed; {summary.words:,} words; "
            f"{summary.audio_s / 3600:.2f} h of audio in {run.seconds:.0f} s"
        )
        if run.n_kept:
            say(f"TextGrids of a run before, left as they are: {run.n_kept:,}")
        say(f"wrote {outputs.folder} and {outputs.table}")
    told = [row for row in run.grids if row["confidence"] is not None]
    lowest = sorted(told, key=lambda row: (row["confidence"], row["id"]))[:_SHOWN]
    if lowest:
        shown = ", ".join(f"{row['id']} ({row['confidence']:.2f})" for row in lowest)
        say(f"lowest confidence: {shown}")
    if outputs.notes.exists():
        say(f"note: see {outputs.notes}")
    from lemf.corpus.outputs import read_failures

    problems = [f"{path}: {reason}" for path, reason in read_failures(outputs.failed, _SHOWN)]
    for problem in problems + listing.unsearched[:_SHOWN]:
        say(one_line(f"failed: {problem}"))
    if summary.failed:
        n_files = summary.files + summary.failed
        raise LemfError(f"{summary.failed:,} of {n_files:,} files failed: see {outputs.failed}")
    if listing.unsearched:
        raise LemfError(f"folders that could not be searched: {len(listing.unsearched):,}")
