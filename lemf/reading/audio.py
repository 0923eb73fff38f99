"""Recordings: one channel of float64 samples, in memory or read from the file in blocks."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from lemf.arrays import FloatArray
from lemf.errors import AudioError
from lemf.reading.channel_mixing import Channel, Levels, as_table, pick_channel
from lemf.reading.frames import WHOLE_S
from lemf.reading.sources import Source, read_source, source_name
from lemf.runtime.input import check_input

LOWEST_RATE_HZ = 8000
HIGHEST_RATE_HZ = 384_000

# how wav, aiff, flac, ogg and mp3 files begin
_MAGIC = (b"RIFF", b"RIFX", b"RF64", b"riff", b"FORM", b"fLaC", b"OggS", b"ID3", b"\xff")
_BLOCK = 1 << 20  # samples of all channels scanned at a time


@dataclass(frozen=True, eq=False)
class Audio:
    """A recording with one channel.

    Build it with `read_audio` or `Audio.from_samples`, which check the samples.

    Attributes
    ----------
    name : str
        Name of the recording in messages and results: the path as given.
    rate_hz : int
    n_samples : int
    channel : int, "mix" or None
        Which channel was asked for.
    notes : tuple of str
        What a user should know: channels mixed down, clipping, a constant offset.
    """

    name: str
    rate_hz: int
    n_samples: int
    channel: Channel
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
        """Build a recording from samples in memory.

        Parameters
        ----------
        samples : (samples,) or (samples, channels), float or int
            Integers of 8 to 32 bits are divided by 2^(bits - 1), unsigned ones centred first, as
            in a wav file.
        rate_hz : int
        channel : int from 1, "mix" or None
            As in `read_audio`.
        name : str
            Name of the recording in messages and results.

        Returns
        -------
        Audio

        Raises
        ------
        AudioError
            No samples, NaN or inf, a rate not between 8 and 384 kHz, no such channel.
        TypeError
            Samples that are neither float nor integers of 8 to 32 bits; a rate that is not whole.
        ValueError
            More than two dimensions.
        """
        table = as_table(samples)
        if rate_hz != int(rate_hz):
            raise TypeError(f"a rate of {rate_hz} Hz; it must be a whole number")
        _check_rate(name, rate_hz)
        column = _check_channel(name, table.shape[1], channel)
        levels = Levels(name, int(rate_hz))
        picked = levels.add(table, column)
        notes = levels.notes(table.shape[1], channel)
        return cls(name, int(rate_hz), levels.n_samples, channel, notes, picked)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.rate_hz

    def slices(self, spans: Iterable[tuple[int, int]]) -> Iterator[FloatArray]:
        """Read stretches of samples, from memory or in one pass through the file.

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
            The file has been changed or removed since it was opened.
        """
        if isinstance(self._source, _File):
            yield from self._source.slices(spans)
        else:
            for start, stop in spans:
                yield self._source[start:stop]


@dataclass(frozen=True)
class _File:
    """The file that holds the samples of a long recording, and the channel to read."""

    name: str  # the path, unless there is content
    content: bytes | None
    column: int | None = None  # channel from 0; None: the mean of all

    def open(self) -> soundfile.SoundFile:
        try:
            return soundfile.SoundFile(
                _path_of(self.name) if self.content is None else io.BytesIO(self.content)
            )
        except (soundfile.LibsndfileError, TypeError, ValueError, OSError) as error:
            reason = str(error).rpartition(": ")[2].rstrip(".")
            raise AudioError(
                f"{self.name}: cannot be read as audio ({reason}); convert it to wav or flac"
            ) from error

    def slices(self, spans: Iterable[tuple[int, int]]) -> Iterator[FloatArray]:
        """Read forwards only, since seeking in a compressed file is not exact."""
        with self.open() as sound:
            held, read_to = np.empty(0), 0
            for start, stop in spans:
                fresh = pick_channel(_read_block(sound, stop - read_to, self.name), self.column)
                if len(fresh) != stop - read_to:
                    raise AudioError(f"{self.name}: became shorter while it was read; run again")
                held = np.concatenate([held, fresh])[-(stop - start) :]
                read_to = stop
                yield held


def read_audio(source: Source, *, channel: Channel = None) -> Audio:
    """Read a recording and check every sample.

    Whatever libsndfile decodes is read: wav of every PCM and float kind, flac, ogg and more.
    The samples of a recording over a minute are not kept in memory but read again in blocks when
    needed; of a file object, the bytes are kept.

    Parameters
    ----------
    source : path, bytes of a file, or file object
        A file object is opened as binary and seekable; it is read from its start, whatever its
        position, and stays open.
    channel : int from 1, "mix" or None
        Which channel to take, or their mean. None takes the mean, too, and leaves a note when there
        are several channels.

    Returns
    -------
    Audio

    Raises
    ------
    AudioError
        The file is missing, is no audio, holds no samples or samples that are NaN or inf, has a
        rate not between 8 and 384 kHz, or has no such channel; a file object that is closed, not
        seekable, or opened as text.
    """
    name = source_name(source)
    content = None if isinstance(source, str | os.PathLike) else read_source(source, AudioError)
    if isinstance(content, str):
        raise AudioError(f"{name}: opened as text; open the file in binary mode, 'rb'")
    size, head = _read_head(name) if content is None else (len(content), content)
    _check_head(name, head)
    with _File(name, content).open() as sound:
        _check_rate(name, sound.samplerate)
        file = _File(name, content, _check_channel(name, sound.channels, channel))
        levels = Levels(name, sound.samplerate)
        kept: list[FloatArray] = []
        for table in _blocks(sound, name):
            samples = levels.add(table, file.column)
            if levels.n_samples <= WHOLE_S * sound.samplerate:
                kept.append(samples)
        if content is None and Path(name).stat().st_size != size:
            raise AudioError(f"{name}: changes while it is read; wait until it is written")
        notes = levels.notes(sound.channels, channel)
        short = levels.n_samples <= WHOLE_S * sound.samplerate
        samples_or_file = np.concatenate(kept) if short else file
        return Audio(name, sound.samplerate, levels.n_samples, channel, notes, samples_or_file)


def _blocks(sound: soundfile.SoundFile, name: str) -> Iterator[FloatArray]:
    while len(block := _read_block(sound, max(1, _BLOCK // sound.channels), name)):
        yield block


def _read_head(name: str) -> tuple[int, bytes]:
    """Return the size of a file and its first bytes."""
    check_input(name, AudioError)
    try:
        with Path(name).open("rb") as stream:
            return os.fstat(stream.fileno()).st_size, stream.read(4)
    except FileNotFoundError:
        raise AudioError(f"{name}: there is no such recording; check the path") from None
    except IsADirectoryError:
        raise AudioError(f"{name}: this is a folder; name one recording") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise AudioError(f"{name}: the recording cannot be opened ({reason})") from error


def _check_head(name: str, head: bytes) -> None:
    """Refuse a head that libsndfile would refuse in other words, or only with a warning."""
    named_so = name.lower().endswith((".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff"))
    if not head:
        reason = "the file is empty"
    elif named_so and not head.startswith(_MAGIC):
        reason = "Format not recognised"
    else:
        return
    raise AudioError(f"{name}: cannot be read as audio ({reason}); convert it to wav or flac")


def _path_of(name: str) -> str | bytes:
    try:
        name.encode()
    except UnicodeEncodeError:  # a file name in no known encoding
        return os.fsencode(name)
    return name


def _read_block(sound: soundfile.SoundFile, n_samples: int, name: str) -> FloatArray:
    try:
        table: FloatArray = sound.read(n_samples, dtype="float64", always_2d=True)
    except soundfile.LibsndfileError as error:
        place = sound.tell() / sound.samplerate
        raise AudioError(
            f"{name}: damaged near {place:.3f} s ({error}); export it again"
        ) from error
    return table


def _check_rate(name: str, rate_hz: int) -> None:
    if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        raise AudioError(
            f"{name}: a rate of {rate_hz} Hz is not between {LOWEST_RATE_HZ} and "
            f"{HIGHEST_RATE_HZ} Hz; resample the recording or correct its header"
        )


def _check_channel(name: str, n_channels: int, channel: Channel) -> int | None:
    """Return the channel from 0, or None for the mean."""
    if channel is None or channel == "mix":
        return None
    if not 1 <= channel <= n_channels:
        raise AudioError(f"{name}: no channel {channel}; it has {n_channels}, counted from 1")
    return channel - 1
