"""Recordings: one channel of float64 samples, in memory or read from the file in blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lemf.arrays import FloatArray
from lemf.config import END_TOLERANCE_S
from lemf.errors import AudioError
from lemf.reading.channel_mixing import Channel, Levels, as_table, pick_channel
from lemf.reading.frames import WHOLE_S
from lemf.reading.sound_files.decoding import Decoder, open_sound
from lemf.reading.sound_files.rates import check_rate
from lemf.reading.sources import Source, is_source


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
    low_notes : tuple of str
        Those of them on what a high-pass filter removes.
    low_share : float
        Share of the energy that lies below 60 Hz, under any voice.
    """

    name: str
    rate_hz: int
    n_samples: int
    channel: Channel
    notes: tuple[str, ...]
    low_notes: tuple[str, ...]
    low_share: float
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
        check_rate(name, rate_hz)
        column = _check_channel(name, table.shape[1], channel)
        levels = Levels(name, int(rate_hz))
        picked = levels.add(table, column)
        notes = levels.notes(table.shape[1], channel)
        return _with_levels(levels, channel, notes, _scaled(picked, levels.full_scale))

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
    column: int | None  # channel from 0; None: the mean of all
    full_scale: float  # what the samples are divided by

    def slices(self, spans: Iterable[tuple[int, int]]) -> Iterator[FloatArray]:
        """Read forwards only, since seeking in a compressed file is not exact."""
        with Decoder(self.name, self.content) as sound:
            blocks = (
                _scaled(pick_channel(table, self.column), self.full_scale)
                for table in sound.blocks()
            )
            yield from cut_spans(blocks, spans, self.name)


def cut_spans(
    blocks: Iterable[FloatArray], spans: Iterable[tuple[int, int]], name: str
) -> Iterator[FloatArray]:
    """Yield stretches of samples that come in blocks; `name` is that of the recording.

    Raises AudioError where the blocks end before a stretch does.
    """
    source = iter(blocks)
    held, held_from, read_to = np.empty(0), 0, 0
    for start, stop in spans:
        fresh = [held[start - held_from :]]
        while read_to < stop:
            block = next(source, None)
            if block is None:
                raise AudioError(f"{name}: became shorter while it was read; run again")
            fresh.append(block[max(start - read_to, 0) :])
            read_to += len(block)
        held, held_from = np.concatenate(fresh), start
        yield held[: stop - start]


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
    with open_sound(source) as sound:
        name, content = sound.name, sound.content
        check_rate(name, sound.rate_hz)
        column = _check_channel(name, sound.n_channels, channel)
        levels = Levels(name, sound.rate_hz)
        kept: list[FloatArray] = []
        for table in sound.blocks():
            samples = levels.add(table, column)
            if levels.n_samples <= WHOLE_S * sound.rate_hz:
                kept.append(samples)
        if content is None and Path(name).stat().st_size != sound.size:
            raise AudioError(f"{name}: changes while it is read; wait until it is written")
        n_samples = levels.n_samples
        notes = (*_length_notes(sound, n_samples), *levels.notes(sound.n_channels, channel))
        samples_or_file = (
            _scaled(np.concatenate(kept), levels.full_scale)
            if n_samples <= WHOLE_S * sound.rate_hz
            else _File(name, content, column, levels.full_scale)
        )
        return _with_levels(levels, channel, notes, samples_or_file)


def open_audio(
    audio: Source | Audio | NDArray[Any], rate_hz: int | None = None, channel: Channel = None
) -> Audio:
    """Return a recording, read it, or build it from samples.

    Parameters
    ----------
    audio : path, bytes of a file, file object, Audio, or (samples,) or (samples, channels) array
    rate_hz : int, optional
        Sampling rate of an array.
    channel : int from 1, "mix" or None
        As in `read_audio`.

    Returns
    -------
    Audio

    Raises
    ------
    AudioError
        As `read_audio` and `Audio.from_samples`.
    TypeError
        `rate_hz` without an array, or an array without it; another channel than the Audio's.
    """
    if isinstance(audio, Audio) or is_source(audio):
        if rate_hz is not None:
            raise TypeError("rate_hz goes with an array of samples; a file has its own rate")
        if not isinstance(audio, Audio):
            return read_audio(audio, channel=channel)
        if channel is not None and channel != audio.channel:
            raise TypeError(
                f"channel {channel} is set, but the Audio was read with {audio.channel}; "
                "give read_audio the channel"
            )
        return audio
    if rate_hz is None:
        raise TypeError("an array of samples needs rate_hz")
    return Audio.from_samples(np.asanyarray(audio), rate_hz, channel=channel)


def _with_levels(
    levels: Levels, channel: Channel, notes: tuple[str, ...], samples_or_file: FloatArray | _File
) -> Audio:
    low_share = levels.low_share()
    low_notes = levels.low_notes(low_share)
    return Audio(
        name=levels.name,
        rate_hz=levels.rate_hz,
        n_samples=levels.n_samples,
        channel=channel,
        notes=notes + low_notes,
        low_notes=low_notes,
        low_share=low_share,
        _source=samples_or_file,
    )


def _scaled(samples: FloatArray, full_scale: float) -> FloatArray:
    return samples if full_scale == 1.0 else samples / full_scale


def _length_notes(sound: Decoder, n_samples: int) -> list[str]:
    """Return notes on a length that is not that of the header."""
    notes = []
    if sound.n_parts > 1:
        notes.append(f"{sound.n_parts} recordings joined in the file were read one after the other")
    if abs(sound.claimed_samples - n_samples) > END_TOLERANCE_S * sound.rate_hz:
        claimed_s, held_s = sound.claimed_samples / sound.rate_hz, n_samples / sound.rate_hz
        notes.append(f"the header says {claimed_s:.3f} s, the file holds {held_s:.3f} s, all read")
    return notes


def _check_channel(name: str, n_channels: int, channel: Channel) -> int | None:
    """Return the channel from 0, or None for the mean."""
    if channel is None or channel == "mix":
        return None
    if not 1 <= channel <= n_channels:
        raise AudioError(f"{name}: no channel {channel}; it has {n_channels}, counted from 1")
    return channel - 1
