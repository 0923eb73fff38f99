"""Recordings: one channel of float64 samples, in memory or read from the file in blocks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import soundfile
from numpy.typing import NDArray

from lemf.errors import AudioError
from lemf.frames import WHOLE_S, FloatArray

LOWEST_RATE_HZ = 8000
HIGHEST_RATE_HZ = 384_000
Channel = int | Literal["mix"] | None

_LARGEST = 1e12  # no recording holds such samples; their squares would leave float64
_BLOCK = 1 << 20  # samples of all channels scanned at a time
_FULL_SCALE = 0.99
_CLIPPED_SHARE = 5e-4  # of the samples at the peak, if that is full scale, that make a note
_OFFSET_SHARE = 0.1  # constant offset over standard deviation, that makes a note


@dataclass(frozen=True, eq=False)
class Audio:
    """A recording with one channel.

    Build it with `read_audio` or `Audio.from_samples`, which check the samples.

    Attributes
    ----------
    name : str
        What messages and results call it: the path as given.
    rate_hz : int
    n_samples : int
    notes : tuple of str
        What a user should know: channels mixed down, clipping, a constant offset.
    """

    name: str
    rate_hz: int
    n_samples: int
    notes: tuple[str, ...]
    _source: FloatArray | _File

    @classmethod
    def from_samples(
        cls,
        samples: NDArray[Any],
        rate_hz: int,
        *,
        channel: Channel = None,
        name: str = "<array>",
    ) -> Audio:
        """Take samples from memory.

        Parameters
        ----------
        samples : (samples,) or (samples, channels), float or int
            Integers are divided by the largest value of their type.
        rate_hz : int
        channel : int from 1, "mix" or None
            As in `read_audio`.
        name : str

        Raises
        ------
        AudioError
            No samples, NaN or inf, a rate not between 8 and 384 kHz, no such channel.
        ValueError
            More than two dimensions.
        """
        array = np.asarray(samples)
        if array.ndim not in (1, 2):
            raise ValueError(f"samples of shape {array.shape}; expected (n,) or (n, channels)")
        scale = np.iinfo(array.dtype).max if np.issubdtype(array.dtype, np.integer) else 1.0
        table = array.astype(np.float64) / scale
        table = table[:, np.newaxis] if table.ndim == 1 else table
        _check_rate(name, rate_hz)
        samples = _pick(table, _check_channel(name, table.shape[1], channel))
        levels = _Levels(name, int(rate_hz))
        levels.add(samples)
        notes = levels.notes(table.shape[1], channel)
        return cls(name, int(rate_hz), levels.n_samples, notes, samples)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.rate_hz

    def slices(self, spans: Iterable[tuple[int, int]]) -> Iterator[FloatArray]:
        """Give stretches of samples, from memory or in one pass through the file.

        Parameters
        ----------
        spans : iterable of (start, stop)
            Samples; both ascend from span to span, and spans may overlap.

        Yields
        ------
        (stop - start,) float64

        Raises
        ------
        AudioError
            The file has changed or gone since it was opened.
        """
        if isinstance(self._source, _File):
            yield from self._source.slices(spans)
        else:
            for start, stop in spans:
                yield self._source[start:stop]


@dataclass(frozen=True)
class _File:
    """Where the samples of a long recording lie, and which channel counts."""

    path: str
    column: int | None  # channel from 0; None: the mean of all

    def slices(self, spans: Iterable[tuple[int, int]]) -> Iterator[FloatArray]:
        """Read forwards only: seeking in a compressed file is not exact."""
        with _open(self.path) as sound:
            held, read_to = np.empty(0), 0
            for start, stop in spans:
                fresh = _pick(_read_block(sound, stop - read_to, self.path), self.column)
                if len(fresh) != stop - read_to:
                    raise AudioError(f"{self.path}: became shorter while it was read; run again")
                held = np.concatenate([held, fresh])[-(stop - start) :]
                read_to = stop
                yield held


def read_audio(path: str | os.PathLike[str], *, channel: Channel = None) -> Audio:
    """Open a recording and check every sample of it.

    Whatever libsndfile decodes is read: wav of every PCM and float kind, flac, ogg and more.
    Recordings over a minute are not kept in memory but read again in blocks when needed.

    Parameters
    ----------
    path : path of the file
    channel : int from 1, "mix" or None
        Which channel to take, or their mean. None takes the mean too, and leaves a note when there
        are several channels.

    Raises
    ------
    AudioError
        The file is missing, is no audio, holds no samples or samples that are NaN or inf, has a
        rate not between 8 and 384 kHz, or has no such channel.
    """
    name = os.fspath(path)
    if not Path(path).exists():
        raise AudioError(f"{name}: there is no such recording; check the path")
    if Path(path).is_dir():
        raise AudioError(f"{name}: this is a folder; name one recording")
    with _open(name) as sound:
        _check_rate(name, sound.samplerate)
        file = _File(name, _check_channel(name, sound.channels, channel))
        levels = _Levels(name, sound.samplerate)
        kept: list[FloatArray] = []
        for table in _blocks(sound, name):
            samples = _pick(table, file.column)
            levels.add(samples)
            if levels.n_samples <= WHOLE_S * sound.samplerate:
                kept.append(samples)
        notes = levels.notes(sound.channels, channel)
        short = levels.n_samples <= WHOLE_S * sound.samplerate
        source = np.concatenate(kept) if short else file
        return Audio(name, sound.samplerate, levels.n_samples, notes, source)


def _blocks(sound: soundfile.SoundFile, name: str) -> Iterator[FloatArray]:
    while len(block := _read_block(sound, max(1, _BLOCK // sound.channels), name)):
        yield block


def _open(name: str) -> soundfile.SoundFile:
    try:
        return soundfile.SoundFile(name)
    except (soundfile.LibsndfileError, TypeError, ValueError) as error:
        reason = str(error).rpartition(": ")[2].rstrip(".")
        if os.path.getsize(name) == 0:  # noqa: PTH202 - a plain str, no Path is needed
            reason = "the file is empty"
        raise AudioError(
            f"{name}: cannot be read as audio ({reason}); convert it to wav or flac"
        ) from error


def _read_block(sound: soundfile.SoundFile, n_samples: int, name: str) -> FloatArray:
    try:
        table: FloatArray = sound.read(n_samples, dtype="float64", always_2d=True)
    except soundfile.LibsndfileError as error:
        place = sound.tell() / sound.samplerate
        raise AudioError(f"{name}: damaged near {place:.3f} s ({error}); decode it anew") from error
    return table


def _check_rate(name: str, rate_hz: int) -> None:
    if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        raise AudioError(
            f"{name}: a rate of {rate_hz} Hz is not between {LOWEST_RATE_HZ} and "
            f"{HIGHEST_RATE_HZ} Hz; resample the recording or correct its header"
        )


def _check_channel(name: str, n_channels: int, channel: Channel) -> int | None:
    """Give the channel from 0, or None for the mean."""
    if channel is None or channel == "mix":
        return None
    if not 1 <= channel <= n_channels:
        raise AudioError(f"{name}: no channel {channel}; it has {n_channels}, counted from 1")
    return channel - 1


def _pick(table: FloatArray, column: int | None) -> FloatArray:
    """Take one channel, or the mean: (samples, channels) -> (samples,)."""
    if table.shape[1] == 1:
        return table[:, 0]
    if column is None:
        with np.errstate(over="ignore", invalid="ignore"):  # refused by _Levels
            return np.asarray(table.mean(axis=1))
    return np.ascontiguousarray(table[:, column])


class _Levels:
    """Checks every sample of a recording, block by block, and remembers how loud it is."""

    def __init__(self, name: str, rate_hz: int) -> None:
        self.name = name
        self.rate_hz = rate_hz
        self.n_samples = 0
        self._peak = 0.0
        self._n_at_peak = 0
        self._sum = self._squares = 0.0

    def add(self, samples: FloatArray) -> None:
        """Take the next samples; raises AudioError at one that is NaN, inf or absurd."""
        if not len(samples):
            return
        usable = np.abs(samples) < _LARGEST  # false for NaN, too
        if not usable.all():
            bad = int(np.argmin(usable))
            place = self.n_samples + bad
            raise AudioError(
                f"{self.name}: sample {place} ({place / self.rate_hz:.3f} s) is {samples[bad]}; "
                "repair the recording"
            )
        peak = float(np.abs(samples).max())
        if peak > self._peak:
            self._peak, self._n_at_peak = peak, 0
        self._n_at_peak += int(np.count_nonzero(np.abs(samples) >= self._peak))
        self.n_samples += len(samples)
        self._sum += float(samples.sum())
        self._squares += float(samples @ samples)

    def notes(self, n_channels: int, channel: Channel) -> tuple[str, ...]:
        """Say what a user should know; raises AudioError when there were no samples."""
        if self.n_samples == 0:
            raise AudioError(f"{self.name}: holds no samples; record or export it again")
        notes = []
        if n_channels > 1 and channel is None:
            notes.append(f"{n_channels} channels mixed down; --channel takes one of them")
        share = self._n_at_peak / self.n_samples
        if self._peak >= _FULL_SCALE and self._n_at_peak > 10 and share > _CLIPPED_SHARE:
            notes.append(
                f"{share:.2%} of the samples are clipped at the peak: energy is too low there"
            )
        mean = self._sum / self.n_samples
        deviation = max(self._squares / self.n_samples - mean**2, 0.0) ** 0.5
        if deviation > 0 and abs(mean) > _OFFSET_SHARE * deviation:
            notes.append(
                f"a constant offset of {mean:.3g} adds to the energy of every frame; "
                "remove it with a high-pass filter"
            )
        return tuple(notes)
