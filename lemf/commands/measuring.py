"""What the commands for one recording share: its words in sentences, then its measurement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from lemf.commands.analysis_options import note_slow_pitch
from lemf.runtime.cores import count_cores
from lemf.runtime.progress import progress

if TYPE_CHECKING:
    from lemf.config import Settings
    from lemf.contours.measurement import Measurement
    from lemf.reading.alignment import Alignment
    from lemf.reading.audio import Audio
    from lemf.reading.frames import Piece
    from lemf.reading.textgrid import TextGrid


def align_inputs(recording: Audio, grid: TextGrid, settings: Settings) -> Alignment:
    """Return the sentences of words of a recording."""
    from lemf.contours.voice import sounds_like_words
    from lemf.reading.alignment import align

    hearing = partial(sounds_like_words, recording, known={})
    return align(grid, settings, recording.duration_s, hearing)


def measure_inputs(
    recording: Audio,
    grid: TextGrid,
    alignment: Alignment,
    settings: Settings,
    *,
    with_detail: bool | None = None,
) -> Measurement:
    """Measure a recording on all cores, with progress if it is long.

    `with_detail` is that of `lemf.contours.measurement.measure`.
    """
    from lemf.contours.contours import Work
    from lemf.contours.measurement import measure_aligned

    note_slow_pitch(settings)
    work = Work(count_cores(), _show_progress)
    return measure_aligned(
        recording, grid.path, alignment, settings, with_detail=with_detail, work=work
    )


def _show_progress(pieces: Sequence[Piece]) -> Iterable[Piece]:
    """Yield the pieces of a recording; show progress if there are several."""
    with progress("analysing", unit="pieces", quiet=len(pieces) == 1) as watch:
        for done, piece in enumerate(pieces):
            watch(done, len(pieces))
            yield piece
        watch(len(pieces), len(pieces))
