"""A sound file -> blocks of samples of all channels, by libsndfile."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Self

import soundfile
from numpy.typing import NDArray

from lemf.arrays import FloatArray
from lemf.errors import AudioError
from lemf.reading.sound_files.containers import find_parts, name_foreign_kind
from lemf.reading.sound_files.parts import MOST_PARTS, Part, PartStream, read_at
from lemf.reading.sources import Source, read_source, source_name
from lemf.runtime.input import check_input

_BLOCK = 1 << 20  # samples of all channels decoded at a time
_SMALL_BLOCK = 4096
_UNKNOWN = 1 << 62  # libsndfile's number of samples where there is none
_HEAD = 1024
_COMPRESSED = ("FLAC", "OGG", "MP3")
_UNCOMPRESSED = ("PCM_", "FLOAT", "DOUBLE", "ULAW", "ALAW")
_EXACT = ("WAV", "WAVEX", "RF64", "FLAC")  # formats in which libsndfile finds a sample


class _ForwardSound(soundfile.SoundFile):  # type: ignore[misc]
    """A sound file that is read forwards only: soundfile would seek after each block."""

    def seekable(self) -> bool:
        return False


class Decoder:
    """An open sound file, decoded once from its start to its end.

    Parameters
    ----------
    name : str
        The path, and the name in messages.
    content : bytes, optional
        Content of the file, which is then not opened.

    Attributes
    ----------
    name : str
    content : bytes or None
    rate_hz, n_channels : int
    n_parts : int
        Recordings that are joined in the file.
    claimed_samples : float
        Length by the headers of the parts opened so far; NaN where one names none.

    Raises
    ------
    AudioError
        The file cannot be opened, or is no sound that libsndfile reads.
    """

    def __init__(self, name: str, content: bytes | None) -> None:
        self.name = name
        self.content = content
        self._stream = _open_stream(name) if content is None else io.BytesIO(content)
        try:
            self.size = self._stream.seek(0, io.SEEK_END)
            if self.size == 0:
                raise self._unreadable("the file is empty")
            head = read_at(self._stream, 0, _HEAD)
            if kind := name_foreign_kind(head):
                raise self._unreadable(kind)
            self._parts = find_parts(self._stream, self.size)
            if not self._parts:
                raise self._unreadable("Format not recognised")
            if len(self._parts) > MOST_PARTS:
                raise self._unreadable(f"it joins more than {MOST_PARTS} recordings")
            self._sound, self._part_stream = self._open(self._parts[0])
        except BaseException as error:
            self._stream.close()
            if isinstance(error, OSError):  # of the disk
                raise self._unreadable(error.strerror or str(error)) from error
            raise
        self.rate_hz = int(self._sound.samplerate)
        self.n_channels = int(self._sound.channels)
        self.n_parts = len(self._parts)
        self.claimed_samples = _claimed_samples(self._parts[0], self._sound)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._sound.close()
        self._stream.close()

    def blocks(self) -> Iterator[FloatArray]:
        """Decode the file once, in blocks.

        Yields
        ------
        (samples, channels) float64

        Raises
        ------
        AudioError
            The file is damaged or cut off where the rest cannot be decoded, or joins recordings
            of different rates or numbers of channels.
        """
        n_before = 0
        for number, part in enumerate(self._parts):
            if number > 0:
                self._sound.close()
                self._sound, self._part_stream = self._open(part)
                self.claimed_samples += _claimed_samples(part, self._sound)
                self._check_alike(number)
            for table in self._part_blocks(part, n_before):
                n_before += len(table)
                yield table

    def header_samples(self) -> int | None:
        """Return the number of samples without decoding any; None where the headers cannot tell."""
        alone = self.n_parts == 1 and _is_uncompressed(self._sound)
        return int(self._sound.frames) if alone else None

    @property
    def holds_integers(self) -> bool:
        """Whether this is one recording of integers in WAV or FLAC: finite, of a known scale."""
        is_exact = self._sound.format in _EXACT and self._sound.subtype.startswith("PCM_")
        return self.n_parts == 1 and is_exact

    def stretch(self, start: int, stop: int) -> NDArray[Any] | None:
        """Decode the samples from `start` to `stop` of integers in WAV or FLAC, and no others.

        Returns
        -------
        (stop - start, channels) float64, float32 for one channel, or None
            None where the file cannot be read there, or its header does not reach there.
        """
        part = self._parts[0]
        is_flac = self._sound.format == "FLAC"
        claimed = part.claimed_samples if is_flac else self._sound.frames
        if claimed is None or stop > claimed:
            return None
        if is_flac and start > 0:  # whose place is sought by the length in its header
            self._sound.close()
            self._sound, self._part_stream = self._open(part._replace(patches=()))
        dtype = "float32" if self.n_channels == 1 else "float64"  # the mean is rounded once
        try:
            if start > 0:
                self._sound.seek(start)
            table: NDArray[Any] = self._sound.read(stop - start, dtype=dtype, always_2d=True)
        except soundfile.LibsndfileError:
            return None
        return table if len(table) == stop - start else None

    def _open(self, part: Part) -> tuple[_ForwardSound, PartStream]:
        stream = PartStream(self._stream, part)
        try:
            return _ForwardSound(stream), stream
        except (soundfile.LibsndfileError, TypeError, ValueError, OSError) as error:
            reason = str(error).rpartition(": ")[2].rstrip(".")
            raise self._unreadable(reason) from error

    def _part_blocks(self, part: Part, n_before: int) -> Iterator[FloatArray]:
        sound, n_read = self._sound, 0
        claimed = part.claimed_samples
        most = max(1, min(_BLOCK // self.n_channels, sound.frames))
        while True:
            beyond = claimed is not None and n_read >= claimed
            left = most if claimed is None else claimed - n_read
            try:
                table: FloatArray = sound.read(
                    _SMALL_BLOCK if beyond else min(most, left), dtype="float64", always_2d=True
                )
            except soundfile.LibsndfileError as error:
                if beyond:  # no sound follows, but a tag
                    return
                raise self._damaged(part, n_before, error) from error
            if len(table) == 0:
                return
            n_read += len(table)
            yield table
            if claimed is None and n_read >= sound.frames:  # behind which libsndfile reads nothing
                return

    def _damaged(self, part: Part, n_before: int, error: Exception) -> AudioError:
        """Find the place of a fault by decoding the part again in small steps."""
        sound, stream = self._open(part)
        with sound:
            try:
                while n_more := len(sound.read(_SMALL_BLOCK, always_2d=True)):
                    n_before += n_more
            except soundfile.LibsndfileError:
                pass
        place = n_before / self.rate_hz
        fault = "cut off" if stream.at_end else "damaged"
        reason = str(error).removeprefix("Error : ").rstrip(".")
        return AudioError(f"{self.name}: {fault} near {place:.3f} s ({reason}); export it again")

    def _check_alike(self, number: int) -> None:
        rate_hz, n_channels = self._sound.samplerate, self._sound.channels
        if (rate_hz, n_channels) != (self.rate_hz, self.n_channels):
            raise AudioError(
                f"{self.name}: joins recordings that differ: number 1 has {self.rate_hz} Hz and "
                f"{self.n_channels} channels, number {number + 1} has {rate_hz} Hz and "
                f"{n_channels}; split the file, or convert it to wav"
            )

    def _unreadable(self, reason: str) -> AudioError:
        return AudioError(
            f"{self.name}: cannot be read as audio ({reason}); convert it to wav or flac"
        )


def open_sound(source: Source) -> Decoder:
    """Open a recording for decoding.

    Parameters
    ----------
    source : path, bytes of a file, or file object
        As in `lemf.reading.audio.read_audio`.

    Returns
    -------
    Decoder
        With the bytes of the file unless the source is a path.

    Raises
    ------
    AudioError
        The file is missing or no audio; a file object is closed, not seekable or opened as text.
    """
    name = source_name(source)
    content = None if isinstance(source, str | os.PathLike) else read_source(source, AudioError)
    if isinstance(content, str):
        raise AudioError(f"{name}: opened as text; open the file in binary mode, 'rb'")
    return Decoder(name, content)


def _claimed_samples(part: Part, sound: _ForwardSound) -> float:
    """Compute the length by the header; NaN where it names none."""
    if part.claimed_samples is not None:
        return part.claimed_samples
    if sound.frames >= _UNKNOWN:
        return math.nan
    if part.claimed_share is not None:
        return float(sound.frames * part.claimed_share)
    return math.nan if _is_uncompressed(sound) else float(sound.frames)


def _is_uncompressed(sound: _ForwardSound) -> bool:
    """Check whether libsndfile tells the number of samples by the number of bytes."""
    return sound.format not in _COMPRESSED and sound.subtype.startswith(_UNCOMPRESSED)


def _open_stream(name: str) -> IO[bytes]:
    check_input(name, AudioError)
    try:
        return Path(name).open("rb")
    except FileNotFoundError:
        raise AudioError(f"{name}: there is no such recording; check the path") from None
    except IsADirectoryError:
        raise AudioError(f"{name}: this is a folder; name one recording") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise AudioError(f"{name}: the recording cannot be opened ({reason})") from error
