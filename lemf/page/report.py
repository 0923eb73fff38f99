"""Recording and words -> the page of the recording: lemf.report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from numpy.typing import NDArray

from lemf.config import (
    AlignerName,
    AlignSettings,
    Settings,
    check_choice,
)
from lemf.contours.contours import Track, Work
from lemf.contours.measurement import Measurement, measure
from lemf.option_choices import PAGE_SOUNDS, PageSound
from lemf.page.command import word_arguments
from lemf.page.content import page_content
from lemf.page.html import format_page
from lemf.page.sound import describe_sound, encode_recording
from lemf.pipeline import score_measurement
from lemf.reading.audio import Audio, open_audio
from lemf.reading.sources import Source
from lemf.reading.textgrid import TextGrid


def report(
    audio: Source | Audio | NDArray[Any],
    textgrid: Source | TextGrid | None = None,
    settings: Settings | None = None,
    *,
    text: str | None = None,
    language: str | None = None,
    aligner: AlignerName = "espeak",
    force_fit: bool = False,
    rate_hz: int | None = None,
    track: Track | None = None,
    threads: int = 1,
    sound: PageSound = "auto",
) -> str:
    """Make a page that plays a recording and shows which words are emphasised, and why.

    Parameters
    ----------
    audio, textgrid, settings, text, language, aligner, force_fit, rate_hz, track, threads
        As in `lemf.score`; the settings are those with which the page opens.
    sound : {"auto", "flac", "ogg", "none"}
        How the sound stands in the page: FLAC, Ogg Vorbis, or not at all. "auto" is FLAC, or Ogg
        Vorbis where FLAC takes more than 8 MiB.

    Returns
    -------
    str
        HTML that needs nothing else, to be written in UTF-8 and opened in a browser.

    Raises
    ------
    LemfError
        An input that cannot be used.
    TypeError
        As `lemf.score`.

    Examples
    --------
    >>> page = lemf.report("really.wav", "really.TextGrid")  # doctest: +SKIP
    >>> Path("really.html").write_text(page, encoding="utf-8")  # doctest: +SKIP
    """
    check_choice("sound", sound, PAGE_SOUNDS)
    settings = settings or Settings()
    recording = open_audio(audio, rate_hz, settings.channel)
    aligning = AlignSettings(language=language, aligner=aligner, force_fit=force_fit)
    measured = measure(
        recording,
        textgrid,
        settings,
        text=text,
        aligning=aligning,
        with_detail=True,
        work=Work(threads, track),
    )
    named = textgrid.path if isinstance(textgrid, TextGrid) else textgrid
    words = word_arguments(named, aligning, text=text)
    return make_page(recording, measured, settings, sound, words).html


class Page(NamedTuple):
    """A page, and the notes on the recording that it shows."""

    html: str
    notes: tuple[str, ...]


def make_page(
    recording: Audio,
    measured: Measurement,
    settings: Settings,
    sound: PageSound,
    words: Sequence[str] | None = None,
) -> Page:
    """Make the page of a measurement with detail.

    `words` is that of `page_content`; the other parameters are those of `report`.
    """
    emphasis = score_measurement(measured, settings)
    content = page_content(measured, settings, emphasis, words)
    encoded = encode_recording(recording, sound)
    sound_notes = describe_sound(encoded, settings.highpass_hz)
    return Page(format_page(content, encoded, sound_notes), (*emphasis.notes, *sound_notes))
