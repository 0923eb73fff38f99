"""The options of the command line for the words of a recording without a TextGrid."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import click

from lemf.config import ALIGNERS, AlignSettings
from lemf.runtime.console import add_options
from lemf.runtime.progress import progress

if TYPE_CHECKING:
    from lemf.config import AlignerName, Settings
    from lemf.reading.audio import Audio
    from lemf.reading.textgrid import TextGrid
    from lemf.transcription.text_files import Transcript


class AlignerOptions(TypedDict):
    """Values of the options for aligning a text that is there."""

    language: str | None
    aligner: AlignerName
    force_fit: bool


class WordOptions(AlignerOptions):
    """Values of the options that name a text, or have it transcribed."""

    text: str | None
    text_file: str | None
    whisper: str | None
    download: bool


_ALIGNER_OPTIONS = (
    click.option(
        "--language",
        metavar="CODE",
        help="Language of the text, such as en or de; lemf align --languages lists them.",
    ),
    click.option(
        "--aligner",
        type=click.Choice(ALIGNERS),
        default="espeak",
        show_default=True,
        help="What aligns a text; praat and viter need the extras of these names, mfa its command.",
    ),
    click.option(
        "--force-fit",
        is_flag=True,
        help="Align a text that does not fit the sound, too; doubtful words have a flag.",
    ),
)
_WHISPER_OPTIONS = (
    click.option(
        "--whisper",
        metavar="MODEL",
        help="Transcribe by this faster-whisper model, a folder or a name that is on this machine.",
    ),
    click.option("--download", is_flag=True, help="Let --whisper download its model."),
)
aligner_options = add_options(*_ALIGNER_OPTIONS)
transcribing_options = add_options(*_WHISPER_OPTIONS, *_ALIGNER_OPTIONS)
word_options = add_options(
    click.option("--text", metavar="TEXT", help="What is said in AUDIO, instead of a TextGrid."),
    click.option("--text-file", metavar="FILE|-", help="Plain text file of what is said in AUDIO."),
    transcribing_options,
)


def align_settings(options: AlignerOptions) -> AlignSettings:
    """Convert the options for aligning to settings."""
    return AlignSettings(
        language=options["language"], aligner=options["aligner"], force_fit=options["force_fit"]
    )


def check_word_options(options: WordOptions, textgrid: object) -> None:
    """Refuse more than one source of the words.

    Raises
    ------
    click.UsageError
    """
    given = {
        "a TextGrid": textgrid,
        "--text": options["text"],
        "--text-file": options["text_file"],
        "--whisper": options["whisper"],
    }
    names = [name for name, value in given.items() if value is not None]
    if len(names) > 1:
        raise click.UsageError(f"{' and '.join(names)}: the words come from one of them; drop one")
    check_download(options["whisper"], download=options["download"])


def check_download(whisper: str | None, *, download: bool) -> None:
    """Refuse ``--download`` without a model.

    Raises
    ------
    click.UsageError
    """
    if download and whisper is None:
        raise click.UsageError("--download: goes with --whisper MODEL")


def read_text_option(options: WordOptions, encoding: str | None) -> Transcript | None:
    """Read the text of ``--text`` or ``--text-file``; None where neither is given.

    Raises
    ------
    AlignerError
        The text cannot be read, or is empty.
    """
    from lemf.transcription.text_files import make_transcript

    if options["text"] is not None:
        return make_transcript(options["text"], "--text")
    if options["text_file"] is not None:
        return read_text_file(options["text_file"], encoding)
    return None


def read_text_file(name: str, encoding: str | None) -> Transcript:
    """Read a transcript from a file, or from standard input where the name is ``-``."""
    from lemf.transcription.text_files import read_transcript

    if name != "-":
        return read_transcript(name, encoding=encoding)
    content = sys.stdin.buffer.read() if sys.stdin is not None else b""
    return replace(read_transcript(content, encoding=encoding), path="<stdin>")


def word_inputs(audio: Path, textgrid: Path | None, options: WordOptions) -> list[Path]:
    """Return the input files of a command, which no output may replace."""
    from lemf.reading.alignment_files import find_alignment
    from lemf.transcription.text_files import find_transcript

    found: list[Path | str | None] = [audio, textgrid, options["text_file"]]
    if textgrid is None:
        found += [find_alignment(audio), find_transcript(str(audio))]
    return [Path(path) for path in found if path is not None]


def read_inputs(
    audio: Path, textgrid: Path | None, settings: Settings, options: WordOptions
) -> tuple[Audio, TextGrid]:
    """Read a recording and its words, as the options say."""
    from lemf.reading.alignment_files import read_textgrid
    from lemf.reading.audio import read_audio
    from lemf.transcription.word_source import complete_phones, open_words

    if textgrid is not None and options["language"] is None:
        grid = read_textgrid(textgrid, encoding=settings.encoding, audio=audio)
        recording = read_audio(audio, channel=settings.channel)
        return recording, complete_phones(recording, grid, settings)
    transcript = read_text_option(options, settings.encoding)
    recording = read_audio(audio, channel=settings.channel)
    if options["whisper"] is not None:
        from lemf.transcription.whisper import transcribe

        transcript = transcribe(
            recording,
            options["whisper"],
            language=options["language"],
            download=options["download"],
        )
    aligning = align_settings(options)
    with progress("aligning", unit="s") as watch:
        grid = open_words(
            recording, textgrid, settings, text=transcript, aligning=aligning, watch=watch
        )
    return recording, grid
