"""Recordings as the model reads them: one channel of float32 at 16 kHz."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lemf import read_audio
from lemf.runtime.progress import Watch, no_watch
from lemf.runtime.threads import threaded_map
from lemf.runtime.workers import Failure, attempt
from msfser.config.settings import RATE_HZ, SHORTEST_S, WaveNorm
from msfser.errors import DataError

Samples = NDArray[np.float32]

_HASH_BYTES = 8  # those of an int64


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
        import soxr

        samples = soxr.resample(samples, audio.rate_hz, RATE_HZ)
        notes.append(f"resampled from {audio.rate_hz} to {RATE_HZ} Hz")
    if len(samples) < SHORTEST_S * RATE_HZ:
        raise DataError(
            f"{path}: {len(samples) / RATE_HZ:.3f} s long; the model needs {SHORTEST_S} s or more"
        )
    if not samples.any():
        raise DataError(f"{path}: holds nothing but zeros; leave it out or record it again")
    return Clip(samples.astype(np.float32), tuple(notes))


@dataclass(frozen=True)
class WaveStatistics:
    """Mean and standard deviation by which samples are standardised."""

    mean: float = 0.0
    std: float = 1.0


@dataclass(frozen=True, eq=False)
class Scan:
    """Lengths, levels and content of recordings, and which of them cannot be used.

    Attributes
    ----------
    n_samples : (recordings,) int64
        At 16 kHz; 0 where the recording cannot be used.
    sums, squares : (recordings,) float64
        Sum and sum of squares of the samples.
    samples_hash, file_hash : (recordings,) int64
        Hashes of the samples at 16 kHz and of the bytes of the file; 0 where the recording cannot
        be used.
    n_bytes, changed_ns : (recordings,) int64
        Size of the file and time of its last change; 0 where there is no file.
    failures : dict of int to str
        Why a recording cannot be used, by its place in the list.
    """

    n_samples: NDArray[np.int64]
    sums: NDArray[np.float64]
    squares: NDArray[np.float64]
    samples_hash: NDArray[np.int64]
    file_hash: NDArray[np.int64]
    n_bytes: NDArray[np.int64]
    changed_ns: NDArray[np.int64]
    failures: dict[int, str]

    @property
    def usable(self) -> list[int]:
        """Places of the recordings that can be used."""
        return [place for place in range(len(self.n_samples)) if place not in self.failures]

    def statistics(self, chosen: Sequence[int]) -> WaveStatistics:
        """Compute mean and population standard deviation over all samples of some recordings."""
        index = np.array(chosen, dtype=np.int64)
        n_samples = self.n_samples[index].sum()
        if n_samples == 0:
            return WaveStatistics()
        mean = float(self.sums[index].sum() / n_samples)
        variance = float(self.squares[index].sum() / n_samples) - mean**2
        return WaveStatistics(mean, max(variance, 1e-14) ** 0.5)


class ClipFacts(NamedTuple):
    """What a scan finds of one recording; the fields are those of `Scan`."""

    n_samples: int
    sum: float
    square: float
    samples_hash: int
    file_hash: int
    n_bytes: int
    changed_ns: int


def scan_clips(
    paths: Sequence[Path],
    *,
    known: Mapping[Path, ClipFacts] = MappingProxyType({}),
    watch: Watch = no_watch,
) -> Scan:
    """Read each recording once for length, level and content, and whether it can be used.

    Parameters
    ----------
    paths : sequence of Path
    known : mapping of Path to ClipFacts
        Found by an earlier scan: a file of the same size and time of change is not read again.
    watch : function
        Called with the number of recordings done, and the total.
    """
    found = threaded_map(lambda path: _scan(path, known.get(path)), paths, watch)
    n_samples, sums, squares, *others = (
        [facts[k] for facts, _ in found] for k in range(len(ClipFacts._fields))
    )
    samples_hash, file_hash, n_bytes, changed_ns = (np.array(one, np.int64) for one in others)
    return Scan(
        np.array(n_samples, dtype=np.int64),
        np.array(sums, dtype=np.float64),
        np.array(squares, dtype=np.float64),
        samples_hash,
        file_hash,
        n_bytes,
        changed_ns,
        {place: reason for place, (_, reason) in enumerate(found) if reason},
    )


def _scan(path: Path, known: ClipFacts | None) -> tuple[ClipFacts, str]:
    """Return what is found of a recording, and why it cannot be used, or ``""``."""
    n_bytes, changed_ns = 0, 0
    with suppress(OSError, ValueError):  # reported below, by the reader
        stat = path.stat()
        # A program can set st_mtime back, such as rsync, but not st_ctime.
        n_bytes = stat.st_size
        changed_ns = stat.st_ctime_ns if os.name == "posix" else stat.st_mtime_ns
    if known is not None and (n_bytes, changed_ns) == (known.n_bytes, known.changed_ns):
        return known, ""
    found = attempt(_read_whole, path)
    if isinstance(found, Failure):
        return ClipFacts(0, 0.0, 0.0, 0, 0, n_bytes, changed_ns), found.reason
    content, file_hash = found
    samples = content.astype(np.float64)
    sums = float(samples.sum()), float(np.square(samples).sum())
    return ClipFacts(len(samples), *sums, hash_array(content), file_hash, n_bytes, changed_ns), ""


def _read_whole(path: Path) -> tuple[Samples, int]:
    """Read the samples of a recording, and compute the hash of its file."""
    samples = read_clip(path).samples
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, partial(hashlib.blake2b, digest_size=_HASH_BYTES))
    return samples, _as_int64(digest)


def hash_array(content: NDArray[np.float32]) -> int:
    """Compute a hash of the bytes of an array, in the range of int64."""
    return _as_int64(hashlib.blake2b(content.tobytes(), digest_size=_HASH_BYTES))


def _as_int64(digest: Any) -> int:  # noqa: ANN401 - hashlib does not export its type
    return int.from_bytes(digest.digest(), "little", signed=True)


def normalise(samples: Samples, wave_norm: WaveNorm, statistics: WaveStatistics) -> Samples:
    """Standardise samples by the statistics of the training set, of the clip, or not at all.

    Parameters
    ----------
    samples : (samples,) float32
    wave_norm : {"global", "utterance", "none"}
    statistics : WaveStatistics
        Of the training set.

    Returns
    -------
    (samples,) float32
    """
    if wave_norm == "none":
        return samples
    mean, std = statistics.mean, statistics.std
    if wave_norm == "utterance":
        mean, std = float(samples.mean(dtype=np.float64)), float(samples.std(dtype=np.float64))
    return ((samples - np.float32(mean)) / np.float32(max(std, 1e-7))).astype(np.float32)
