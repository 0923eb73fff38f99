"""What can be exported: the corrected TextGrid, the scores in each format lemf writes, the page."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from typing import Any, NamedTuple, get_args

from lemf.config import Settings
from lemf.display.export import (
    add_tiers,
    format_contours_csv,
    format_csv,
    format_json,
    format_pitch_tier,
)
from lemf.display.interchange.formats import format_emphasis
from lemf.display.table import print_table
from lemf.display.textgrid_output import format_textgrid
from lemf.errors import SettingsError, printable, shown
from lemf.option_choices import INTERCHANGE_FORMATS, InterchangeFormat
from lemf.page.report import make_page
from lemf.pipeline import score_measurement
from lemf.runtime.output import FigureFormat
from lemf.serve.opened import Corrected


class Export(NamedTuple):
    """A format: what the page calls it, and how the name of its file ends."""

    title: str
    suffix: str


_INTERCHANGE = {
    "prompt": Export("Prompt for a language model", ".prompt.txt"),
    "eaf": Export("ELAN", ".eaf"),
    "emu": Export("EMU-SDMS", "_annot.json"),
    "webvtt": Export("Captions, WebVTT", ".vtt"),
    "ass": Export("Captions, ASS", ".ass"),
    "ssml": Export("Speech synthesis, SSML", ".ssml"),
}
EXPORTS = {
    "textgrid": Export("TextGrid, as corrected", ".corrected.TextGrid"),
    "scored": Export("TextGrid with scores", ".scored.TextGrid"),
    "page": Export("Page", ".html"),
    "table": Export("Table, text", ".scores.txt"),
    "json": Export("JSON", ".scores.json"),
    "csv": Export("CSV", ".scores.csv"),
    **{name: _INTERCHANGE[name] for name in INTERCHANGE_FORMATS},
    "contours": Export("F0 and energy, CSV", ".contours.csv"),
    "pitchtier": Export("F0, PitchTier", ".PitchTier"),
    **({"pdf": Export("Figure, PDF", ".pdf")} if find_spec("matplotlib") else {}),
}


def export(
    corrected: Corrected, settings: Settings, name: str, *, language: str | None = None
) -> bytes:
    """Return the content of an export.

    Parameters
    ----------
    corrected : Corrected
    settings : Settings
        With which it is scored.
    name : str
        Of `EXPORTS`.
    language : str, optional
        Of the words, for SSML.

    Raises
    ------
    SettingsError
        There is no such format.
    """
    if name not in EXPORTS:
        raise SettingsError(f"unknown format {shown(name)}; there are: {', '.join(EXPORTS)}")
    recording, grid, measured, _ = corrected
    if name == "textgrid":
        return format_textgrid(grid).encode()
    if name == "page":
        return make_page(recording, measured, settings, "auto").html.encode()
    emphasis = score_measurement(measured, settings)
    if name == "scored":
        return format_textgrid(add_tiers(grid, emphasis)).encode()
    if name == "pdf":
        from lemf.display.figure_files import render_figure

        (pdf,) = (one for one in get_args(FigureFormat) if one == name)
        return render_figure(emphasis, pdf, sentences=range(len(emphasis.sentences)))
    if name == "table":
        stream = io.StringIO()
        print_table(emphasis, stream)
        text = stream.getvalue()
    elif name == "json":
        text = format_json(emphasis)
    elif name == "csv":
        text = format_csv(emphasis)
    elif name == "contours":
        text = format_contours_csv(emphasis)
    elif name == "pitchtier":
        text = format_pitch_tier(emphasis)
    else:
        (interchange,) = (one for one in get_args(InterchangeFormat) if one == name)
        text = format_emphasis(emphasis, interchange, grid, language=language)
    return printable(text, keep="\n\t").encode()  # as on standard output


def read_settings(settings: Settings, content: Mapping[str, Any]) -> Settings:
    """Return settings with the cue set, weights and decision that a page sends.

    Raises
    ------
    SettingsError
        Values that do not exist or do not fit.
    """
    decide = content.get("decide")
    if decide == "file":
        decide = settings.decide
    return replace(
        settings,
        cues=content.get("cues", settings.cues),
        weights=content.get("weights", settings.weights),
        decide=decide,
        threshold=content.get("threshold", settings.threshold),
    )
