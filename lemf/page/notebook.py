"""A result -> its page in a frame, for a notebook: heard where it was computed."""

from __future__ import annotations

from dataclasses import replace
from html import escape

import numpy as np

from lemf.contours.contours import measure_contours
from lemf.contours.measurement import Measurement
from lemf.errors import LemfError
from lemf.page.report import make_page
from lemf.reading.audio import Audio, read_audio
from lemf.scoring.emphasis import Emphasis, Heard

LONGEST_S = 60.0  # of a recording that a notebook holds: about 2 MB at 16 kHz
_SAME_S = 1e-6
_HEIGHT = "38rem"


def format_player(emphasis: Emphasis) -> str:
    """Format the page of a result as a frame that needs nothing else.

    The frame runs the script of the page alone, apart from the notebook. The contours that other
    cue sets read are measured now, where they were not asked for.

    Parameters
    ----------
    emphasis : Emphasis

    Returns
    -------
    str
        Empty where the samples are not at hand: the result was read or made by a batch, the
        recording is gone, is longer than a minute, or has other contours than those that were
        scored.
    """
    heard = emphasis._heard
    if heard is None or emphasis.duration_s > LONGEST_S:
        return ""
    try:
        recording = _find_recording(emphasis, heard)
        if recording is None:
            return ""
        measured = _with_detail(recording, emphasis, heard)
        if measured is None:
            return ""
        page = make_page(recording, measured, emphasis.settings, "auto").html
    except LemfError:
        return ""
    return (
        f'<iframe srcdoc="{escape(page)}" sandbox="allow-scripts" title="lemf: sound and scores" '
        f'style="width:100%;height:{_HEIGHT};border:0"></iframe>'
    )


def _find_recording(emphasis: Emphasis, heard: Heard) -> Audio | None:
    if heard.recording is not None:
        return heard.recording
    recording = read_audio(emphasis.audio, channel=emphasis.settings.channel)
    same_length = abs(recording.duration_s - emphasis.duration_s) <= _SAME_S
    return recording if same_length and recording.rate_hz == emphasis.rate_hz else None


def _with_detail(recording: Audio, emphasis: Emphasis, heard: Heard) -> Measurement | None:
    """Return what was measured, with the detail; None if the recording has changed."""
    measured = heard.measured
    if heard.recording is not None and measured.contours.detail is not None:
        return measured
    contours = measure_contours(recording, emphasis.settings, with_detail=True)
    before = measured.contours
    for name in ("f0_hz", "energy"):
        if not np.array_equal(getattr(contours, name), getattr(before, name)):
            return None
    return replace(measured, contours=contours)
