"""Which format of another program is written."""

from __future__ import annotations

from typing import assert_never

from lemf.config import InterchangeFormat
from lemf.display.export import add_tiers
from lemf.display.interchange.captions import format_ass, format_webvtt
from lemf.display.interchange.eaf import format_eaf
from lemf.display.interchange.emu import format_emu
from lemf.display.interchange.prompt import format_prompt
from lemf.display.interchange.ssml import format_ssml
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
    """
    if name == "prompt":
        return format_prompt(emphasis)
    if name == "webvtt":
        return format_webvtt(emphasis)
    if name == "ass":
        return format_ass(emphasis)
    if name == "ssml":
        return format_ssml(emphasis, language)
    grid = add_tiers(textgrid or TextGrid(0.0, emphasis.duration_s, ()), emphasis)
    if name == "eaf":
        return format_eaf(grid, emphasis.audio)
    if name == "emu":
        return format_emu(grid, emphasis.audio, emphasis.rate_hz)
    assert_never(name)
