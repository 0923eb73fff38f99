"""The command `lemf conversation`: all speakers, each in the channel that has the voice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Unpack

import click

from lemf.commands.analysis_options import (
    SpeakersOptions,
    read_settings,
    speakers_options,
    top_option,
)
from lemf.commands.measuring import align_inputs, measure_inputs
from lemf.errors import shown
from lemf.option_choices import CONVERSATION_FORMATS, ConversationFormat
from lemf.runtime.console import PATH, force_option, open_stdout, print_data, print_text, say
from lemf.runtime.output import check_apart, check_output, check_suffix, write_output

if TYPE_CHECKING:
    from lemf.config import Settings
    from lemf.display.conversation import Spoken
    from lemf.reading.audio import Audio
    from lemf.reading.textgrid import TextGrid
    from lemf.scoring.emphasis import Emphasis


SpokenFormat = Literal["table", "json", "csv"] | ConversationFormat


@click.command()
@click.argument("audio", type=PATH)
@click.argument("textgrid", type=PATH)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "json", "csv", *CONVERSATION_FORMATS]),
    default="table",
    show_default=True,
    help="Format of the output; prompt is a line per sentence for a language model.",
)
@click.option(
    "--textgrid",
    "scored_textgrid",
    type=PATH,
    help="Write the TextGrid with tiers of scores and of the segment of each speaker (.TextGrid).",
)
@click.option(
    "--speaker-channel",
    "given",
    multiple=True,
    metavar="NAME=N",
    help="Channel of a speaker, from 1; may be repeated.  [default: where the speaker stands out]",
)
@click.option(
    "--language",
    metavar="CODE",
    help="Language of the words, such as en: find the phones of speakers who have no phone tier.",
)
@speakers_options
@top_option
@force_option
def conversation(
    audio: Path,
    textgrid: Path,
    output_format: SpokenFormat,
    scored_textgrid: Path | None,
    given: tuple[str, ...],
    language: str | None,
    top: int,
    force: bool,
    **options: Unpack[SpeakersOptions],
) -> None:
    """Score every speaker of AUDIO, each from one channel.

    TEXTGRID has tiers 'NAME - words' and 'NAME - phones' for every speaker. A speaker's channel is
    that in which the words of this speaker stand out from those of the others.
    """
    settings = read_settings(
        {**options, "words_tier": None, "phones_tier": None, "speaker": None, "channel": None}
    )
    channels = dict(_parse_channel(text) for text in given)
    check_suffix(scored_textgrid, (".TextGrid",))
    if scored_textgrid is not None:
        check_apart([scored_textgrid], [audio, textgrid])
        check_output(scored_textgrid, force=force)

    from lemf.contours.speaker_channels import channel_notes, find_speakers, with_given_channels
    from lemf.display.conversation import Spoken
    from lemf.reading.alignment_files import read_textgrid
    from lemf.reading.audio import read_audio
    from lemf.reading.sound_files.lengths import count_channels
    from lemf.reading.tiers import speaker_names
    from lemf.transcription.word_source import complete_phones

    grid = read_textgrid(textgrid, encoding=settings.encoding, audio=audio)
    found = find_speakers(audio, grid, settings)
    speakers = with_given_channels(found, channels, count_channels(audio), str(audio))
    silent = [name for name in speaker_names(grid) if name not in speakers]
    if silent:
        say(f"note: {textgrid}: without a word, so not scored: {', '.join(map(shown, silent))}")
    for note in channel_notes(speakers):
        say(f"note: {audio}: {note}")
    spoken, tiers = [], list(grid.tiers)
    for name, one in speakers.items():
        chosen = replace(settings, speaker=name, channel=one.channel)
        recording = read_audio(audio, channel=one.channel)
        own = complete_phones(recording, grid, chosen, language)
        tiers += own.tiers[len(grid.tiers) :]
        spoken.append(Spoken(name, one.channel, _score_speaker(recording, own, chosen)))
    grid = replace(grid, tiers=tuple(tiers))
    if scored_textgrid is not None:
        _write_tiers(scored_textgrid, grid, spoken, force=force)
    _print(spoken, grid, output_format, top)


def _parse_channel(text: str) -> tuple[str, int]:
    name, equals, number = text.rpartition("=")
    if not (equals and name and number.isascii() and number.isdigit()):
        raise click.UsageError(f"--speaker-channel {text}: write NAME=N, such as Anna=1")
    return name, int(number)


def _score_speaker(recording: Audio, grid: TextGrid, settings: Settings) -> Emphasis:
    from lemf.pipeline import score_measurement

    alignment = align_inputs(recording, grid, settings)
    emphasis = score_measurement(measure_inputs(recording, grid, alignment, settings), settings)
    for note in emphasis.notes:
        say(f"note: {emphasis.audio}: {settings.speaker}: {note}")
    return emphasis


def _write_tiers(path: Path, grid: TextGrid, spoken: Sequence[Spoken], *, force: bool) -> None:
    from lemf.display.conversation import add_spoken_tiers
    from lemf.display.textgrid_output import format_textgrid

    scored = add_spoken_tiers(grid, spoken)
    write_output(path, format_textgrid(scored).encode(), force=force)
    say(f"wrote {path}")


def _print(spoken: Sequence[Spoken], grid: TextGrid, output_format: SpokenFormat, top: int) -> None:
    """Print the table of each speaker, or one text of another format with all of them."""
    from lemf.display.conversation import format_conversation_csv, format_conversation_json
    from lemf.display.table import print_table

    if output_format == "json":
        print_data(format_conversation_json(spoken))
    elif output_format == "csv":
        print_data(format_conversation_csv(spoken))
    elif output_format != "table":
        from lemf.display.interchange.formats import format_conversation

        print_data(format_conversation(spoken, output_format, grid))
    else:
        for one in spoken:
            print_text(f"{one.speaker}, channel {one.channel}\n\n")
            print_table(one.emphasis, open_stdout(), top=top)
            print_text("\n")
