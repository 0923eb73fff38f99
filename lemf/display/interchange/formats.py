"""Which format of another program is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from lemf.display.conversation import Spoken, add_spoken_tiers
from lemf.display.export import add_tiers
from lemf.display.interchange.captions import format_ass, format_webvtt
from lemf.display.interchange.eaf import format_eaf
from lemf.display.interchange.emu import format_emu
from lemf.display.interchange.prompt import format_prompt
from lemf.display.interchange.ssml import format_ssml
from lemf.display.interchange.turns import Turn, turns_in_order, turns_of
from lemf.option_choices import ConversationFormat, InterchangeFormat
from lemf.reading.textgrid import TextGrid
from lemf.scoring.emphasis import Emphasis


def format_emphasis(
    emphasis: Emphasis,
    name: InterchangeFormat,
    textgrid: TextGrid | None = None,
    *,
    language: str | None = None,
) -> str:
    """Format an emphasis for another program.

    Parameters
    ----------
    emphasis : Emphasis
    name : {"prompt", "eaf", "emu", "webvtt", "ass", "ssml"}
        A line per sentence for a language model; annotations of ELAN or EMU-SDMS; captions;
        speech synthesis.
    textgrid : TextGrid, optional
        Whose tiers stand before those of `add_tiers` in annotations.
    language : str, optional
        Code of the language of the words, for SSML.

    Raises
    ------
    SettingsError
        `language` is no code, where it is needed.
    """
    if name == "ssml":
        return format_ssml(emphasis, language)
    grid = textgrid or TextGrid(0.0, emphasis.duration_s, ())
    if name in ("eaf", "emu"):
        grid = add_tiers(grid, emphasis)
    return _format(name, turns_of(emphasis), grid, emphasis)


def format_conversation(
    speakers: Sequence[Spoken], name: ConversationFormat, textgrid: TextGrid
) -> str:
    """Format the emphases of several speakers of one recording for another program.

    Parameters
    ----------
    speakers : sequence of Spoken
        One or more.
    name : {"prompt", "eaf", "emu", "webvtt", "ass"}
        Lines and captions stand in the order of their starts, with the names of the speakers;
        annotations have a group of tiers for each.
    textgrid : TextGrid
        Which holds the words of all.
    """
    if name in ("eaf", "emu"):
        textgrid = add_spoken_tiers(textgrid, speakers)
    return _format(name, turns_in_order(speakers), textgrid, speakers[0].emphasis)


def _format(
    name: ConversationFormat, turns: Sequence[Turn], scored: TextGrid, emphasis: Emphasis
) -> str:
    """Format turns, or a scored TextGrid, of the recording of an emphasis."""
    if name == "prompt":
        return format_prompt(turns)
    if name == "webvtt":
        return format_webvtt(turns)
    if name == "ass":
        return format_ass(turns)
    if name == "eaf":
        return format_eaf(scored, emphasis.audio)
    if name == "emu":
        return format_emu(scored, emphasis.audio, emphasis.rate_hz)
    assert_never(name)
