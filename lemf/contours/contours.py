"""The measured contours of a recording: F0, energy and more, in pieces when it is long."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lemf.arrays import FloatArray
from lemf.config import Settings
from lemf.contours.energy import frame_energies, frame_energy
from lemf.contours.harvest.decimation import decimation_factor
from lemf.contours.highpass import highpass_slices
from lemf.contours.periodicity import frame_periodicity
from lemf.contours.pitch import f0_contour
from lemf.errors import AudioError
from lemf.reading.audio import Audio
from lemf.reading.frames import WHOLE_S, Piece, count_frames, cut_pieces, frame_centres, frame_times

# Praat compares each frame with the loudest and searches one path through all frames, SwiftF0 hears
# the piece scaled to its peak, so their pieces are as long as memory allows.
LONG_WHOLE_S = 1200.0

Track = Callable[[Sequence[Piece]], Iterable[Piece]]  # such as tqdm.tqdm or rich.progress.track


class Work(NamedTuple):
    """Threads and progress display of a measurement, which change no number.

    Attributes
    ----------
    threads : number of threads in which Harvest works
    track : function that wraps the sequence of pieces to show progress, as ``tqdm.tqdm`` does
    """

    threads: int = 1
    track: Track | None = None


ONE_THREAD = Work()


@dataclass(frozen=True, eq=False)
class Detail:
    """Further contours that cues beyond the paper's read: (frames,) float64, of float32 precision.

    Attributes
    ----------
    mid_energy : L2 norm of the 20 ms STFT frame between 500 and 4000 Hz
    periodicity : autocorrelation at the period of the F0, at most 1; 0 where unvoiced
    """

    mid_energy: FloatArray
    periodicity: FloatArray


@dataclass(frozen=True, eq=False)
class Contours:
    """Contours on the 5 ms axis, each of shape (frames,) float64.

    Attributes
    ----------
    times_s : frame k is at k * 0.005 s
    f0_hz : 0 where unvoiced
    energy : L2 norm of the 20 ms STFT frame
    detail : Detail, or None if not measured
    """

    times_s: FloatArray
    f0_hz: FloatArray
    energy: FloatArray
    detail: Detail | None = None


def measure_contours(
    audio: Audio,
    settings: Settings,
    *,
    with_detail: bool = False,
    work: Work = ONE_THREAD,
) -> Contours:
    """Measure the contours of a whole recording.

    Parameters
    ----------
    audio : Audio
    settings : Settings
        Pitch method and range, and the cut-off of the high-pass filter, if any.
    with_detail : bool
        Whether to measure `Detail` as well.
    work : Work

    Returns
    -------
    Contours

    Raises
    ------
    AudioError
        The recording is too short for Praat's pitch, or the file changed while it was read.
    """
    n_frames = count_frames(audio.n_samples, audio.rate_hz)
    centres = frame_centres(n_frames, audio.rate_hz)
    f0_hz, energy = np.empty(n_frames), np.empty(n_frames)
    detail = Detail(np.empty(n_frames), np.empty(n_frames)) if with_detail else None
    pieces, stretches = _cut(audio, settings)
    for piece, samples in zip(work.track(pieces) if work.track else pieces, stretches, strict=True):
        kept = slice(piece.first_frame, piece.stop_frame)
        try:
            piece_f0_hz = f0_contour(samples, audio.rate_hz, settings, threads=work.threads)
        except AudioError as error:
            raise AudioError(f"{audio.name}: {error}") from error
        f0_hz[kept] = piece_f0_hz[kept.start - piece.start_frame :][: kept.stop - kept.start]
        inside = centres[kept] - piece.start
        if detail is None:
            energy[kept] = frame_energy(samples, inside, audio.rate_hz)
        else:
            energy[kept], mid_energy = frame_energies(samples, inside, audio.rate_hz)
            detail.mid_energy[kept] = np.float32(mid_energy)
            detail.periodicity[kept] = np.float32(
                frame_periodicity(samples, inside, audio.rate_hz, f0_hz[kept])
            )
    return Contours(frame_times(n_frames), f0_hz, energy, detail)


def measure_energy(audio: Audio, settings: Settings) -> FloatArray:
    """Measure the energy alone, as `measure_contours` does, without the cost of F0.

    Returns
    -------
    (frames,) float64

    Raises
    ------
    AudioError
        The file changed while it was read.
    """
    centres = frame_centres(count_frames(audio.n_samples, audio.rate_hz), audio.rate_hz)
    energy = np.empty(len(centres))
    for piece, samples in zip(*_cut(audio, settings), strict=True):
        kept = slice(piece.first_frame, piece.stop_frame)
        energy[kept] = frame_energy(samples, centres[kept] - piece.start, audio.rate_hz)
    return energy


def _cut(audio: Audio, settings: Settings) -> tuple[list[Piece], Iterator[FloatArray]]:
    """Cut a recording into pieces; return these, and the samples of each, filtered if asked."""
    whole_s = LONG_WHOLE_S if settings.pitch in ("praat", "swift") else WHOLE_S
    pieces = cut_pieces(
        audio.n_samples, audio.rate_hz, decimation_factor(audio.rate_hz), whole_s=whole_s
    )
    spans = [(piece.start, piece.stop) for piece in pieces]
    cutoff_hz = settings.highpass_hz
    return pieces, highpass_slices(audio, spans, cutoff_hz) if cutoff_hz else audio.slices(spans)
