"""Recording and TextGrid -> contours and words, from which the cues are computed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from numpy.typing import NDArray

from lemf.config import AlignSettings, Settings
from lemf.contours.contours import ONE_THREAD, Contours, Work, measure_contours
from lemf.contours.voice import sounds_like_words
from lemf.reading.alignment import Alignment, align
from lemf.reading.audio import Audio, open_audio
from lemf.reading.sources import Source
from lemf.reading.textgrid import TextGrid
from lemf.transcription.text_files import Transcript
from lemf.transcription.word_source import open_words


@dataclass(frozen=True, eq=False)
class Measurement:
    """The contours and words of a recording; scoring them needs no audio.

    Attributes
    ----------
    audio, textgrid : str
        Names of the inputs: the paths as given.
    rate_hz : int
    duration_s : float
        Length of the recording in seconds.
    alignment : Alignment
        Sentences of words with their phones.
    contours : Contours
    notes : tuple of str
    """

    audio: str
    textgrid: str
    rate_hz: int
    duration_s: float
    alignment: Alignment
    contours: Contours
    notes: tuple[str, ...]


def measure(
    audio: Source | Audio | NDArray[Any],
    textgrid: Source | TextGrid | None,
    settings: Settings,
    *,
    text: str | Transcript | None = None,
    aligning: AlignSettings | None = None,
    rate_hz: int | None = None,
    with_detail: bool | None = None,
    work: Work = ONE_THREAD,
) -> Measurement:
    """Measure what `score` needs of a recording; its parameters and errors are those of `score`.

    Parameters
    ----------
    text : str or Transcript, optional
        The words, where there is no TextGrid.
    aligning : AlignSettings, optional
        How they are aligned.
    with_detail : bool, optional
        Whether to measure the contours of `Detail`; by default if the settings need them.
    work : Work
        The threads and the progress display of `score`.

    Returns
    -------
    Measurement
    """
    recording = open_audio(audio, rate_hz, settings.channel)
    grid = open_words(recording, textgrid, settings, text=text, aligning=aligning)
    hearing = partial(sounds_like_words, recording, known={})
    alignment = align(grid, settings, recording.duration_s, hearing)
    return measure_aligned(
        recording, grid.path, alignment, settings, with_detail=with_detail, work=work
    )


def measure_aligned(
    recording: Audio,
    textgrid: str,
    alignment: Alignment,
    settings: Settings,
    *,
    with_detail: bool | None = None,
    work: Work = ONE_THREAD,
) -> Measurement:
    """Measure a recording whose words are known; the other parameters are those of `measure`.

    Parameters
    ----------
    recording : Audio
    textgrid : str
        Path of the TextGrid, as given.
    alignment : Alignment
        The words of this recording.
    settings : Settings

    Returns
    -------
    Measurement
    """
    contours = measure_contours(
        recording,
        settings,
        with_detail=settings.needs_detail if with_detail is None else with_detail,
        work=work,
    )
    return join_contours(recording, textgrid, alignment, settings, contours)


def join_contours(
    recording: Audio, textgrid: str, alignment: Alignment, settings: Settings, contours: Contours
) -> Measurement:
    """Return the measurement of a recording whose contours and words are known.

    Parameters
    ----------
    recording, textgrid, alignment, settings
        As in `measure_aligned`.
    contours : Contours
        Of this recording, measured with these settings; they do not depend on the words.

    Returns
    -------
    Measurement
    """
    notes = recording.notes + alignment.notes
    if settings.highpass_hz:
        notes = tuple(note for note in notes if note not in recording.low_notes)
    return Measurement(
        audio=recording.name,
        textgrid=textgrid,
        rate_hz=recording.rate_hz,
        duration_s=recording.duration_s,
        alignment=alignment,
        contours=contours,
        notes=notes,
    )
