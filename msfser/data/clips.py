"""Recordings as the model reads them: one channel of float32 at 16 kHz."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lemf import read_audio, read_stretch
from msfser.config.settings import RATE_HZ, SHORTEST_S, WaveNorm
from msfser.errors import DataError

Samples = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Clip:
    """One recording, as the model reads it.

    Attributes
    ----------
    samples : (samples,) float32
        At 16 kHz, full scale at 1.
    notes : tuple of str
        Changes that were made: channels mixed down, resampled.
    """

    samples: Samples
    notes: tuple[str, ...]

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / RATE_HZ


def read_clip(path: Path) -> Clip:
    """Read a recording of any rate and number of channels.

    Raises
    ------
    lemf.LemfError
        The file is missing, is not audio, or holds NaN or inf.
    DataError
        The recording is shorter than 0.25 s, or holds nothing but zeros.
    """
    audio = read_audio(path)
    notes = [note.partition(";")[0] for note in audio.notes]  # what follows are remedies of lemf
    (samples,) = audio.slices([(0, audio.n_samples)])
    if audio.rate_hz != RATE_HZ:
        notes.append(f"resampled from {audio.rate_hz} to {RATE_HZ} Hz")
    return Clip(_prepare(path, samples.astype(np.float32), audio.rate_hz), tuple(notes))


def read_samples(path: Path) -> Samples:
    """Read the samples of a recording as `read_clip` does, but without what its notes need.

    That is the half of its time for integers in WAV and FLAC.
    """
    stretch = read_stretch(path)
    if stretch is None:
        return read_clip(path).samples
    return _prepare(path, stretch.samples, stretch.rate_hz)


def read_crop(path: Path, start: int, stop: int) -> Samples:
    """Read the samples from `start` to `stop` at 16 kHz: those of `read_samples`, to the byte.

    Integers in WAV and FLAC at 16 kHz are decoded only there. Anything else is decoded whole: other
    formats, whose samples cannot be found exactly, and other rates, since the resampler's filter
    reaches beyond any place.

    Raises
    ------
    DataError
        The recording is shorter, or as `read_samples`.
    """
    stretch = read_stretch(path, start, stop, rate_hz=RATE_HZ)
    samples = read_samples(path)[start:stop] if stretch is None else stretch.samples
    return check_length(samples, stop - start, path)


def check_length(samples: Samples, n_samples: int, path: Path) -> Samples:
    """Check that as many samples of a recording were read as it had when the run began.

    Raises
    ------
    DataError
        There are fewer.
    """
    if len(samples) < n_samples:
        raise DataError(
            f"{path}: has become shorter since the run began; put it back, or begin a new run"
        )
    return samples


def _prepare(path: Path, samples: Samples, rate_hz: int) -> Samples:
    """Resample a recording to 16 kHz, and check that the model can read it."""
    if rate_hz != RATE_HZ:
        import soxr

        samples = soxr.resample(samples, rate_hz, RATE_HZ)
    if len(samples) < SHORTEST_S * RATE_HZ:
        raise DataError(
            f"{path}: {len(samples) / RATE_HZ:.3f} s long; the model needs {SHORTEST_S} s or more"
        )
    if not samples.any():
        raise DataError(f"{path}: holds nothing but zeros; leave it out or record it again")
    return samples


@dataclass(frozen=True)
class WaveStatistics:
    """Mean and standard deviation by which samples are standardised."""

    mean: float = 0.0
    std: float = 1.0


def normalise(
    samples: Samples,
    wave_norm: WaveNorm,
    statistics: WaveStatistics,
    *,
    out: Samples | None = None,
) -> Samples:
    """Standardise samples by the statistics of the training set, of the clip, or not at all.

    Parameters
    ----------
    samples : (samples,) float32
    wave_norm : {"global", "utterance", "none"}
    statistics : WaveStatistics
        Of the training set.
    out : (samples,) float32, optional
        Where the result is written; may be `samples`.

    Returns
    -------
    (samples,) float32
    """
    if wave_norm == "none":
        if out is not None and out is not samples:
            out[:] = samples
        return samples if out is None else out
    mean, std = statistics.mean, statistics.std
    if wave_norm == "utterance":
        mean, std = float(samples.mean(dtype=np.float64)), float(samples.std(dtype=np.float64))
    out = np.subtract(samples, np.float32(mean), out=out)
    return np.divide(out, np.float32(max(std, 1e-7)), out=out)
