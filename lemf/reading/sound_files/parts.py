"""The parts of a file that are decoded one after the other, with mended lengths in their headers.

libsndfile believes a header that names a length: it stops there, or refuses the file. So headers
are read here first, and a wrong length is overwritten in what libsndfile is shown, not in the file.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import IO, NamedTuple

MOST_PARTS = 1000  # joined in one file
_BLOCK = 1 << 20  # bytes searched at a time
_OVERLAP = 63  # bytes of the next block
_MOST_FOUND = 10 * MOST_PARTS


class Part(NamedTuple):
    """A stretch of a file that is a complete recording.

    Attributes
    ----------
    start, stop : int
        Bytes of the file.
    patches : tuple of (int, bytes)
        What replaces the bytes from that place in the file on.
    claimed_share : float or None
        Length by the header over the length that is there; None where the header names none.
    claimed_samples : int or None
        Samples by the header of a FLAC stream, which is decoded to its end all the same.
    prefix : bytes
        What precedes the bytes of the file.
    """

    start: int
    stop: int
    patches: tuple[tuple[int, bytes], ...] = ()
    claimed_share: float | None = None
    claimed_samples: int | None = None
    prefix: bytes = b""


class PartStream:
    """A part of a file as a binary stream, the patches in place."""

    def __init__(self, stream: IO[bytes], part: Part) -> None:
        self._stream = stream
        self._part = part
        self._length = len(part.prefix) + part.stop - part.start
        self._place = 0

    @property
    def at_end(self) -> bool:
        """Whether the last byte has been read."""
        return self._place >= self._length

    def tell(self) -> int:
        """Return the place in the part."""
        return self._place

    def seek(self, offset: int, whence: int = 0) -> int:
        """Set the place, counted from the start of the part, the place now, or the end."""
        self._place = max(0, offset + (0, self._place, self._length)[whence])
        return self._place

    def read(self, size: int) -> bytes:
        """Read from the place on; an error of the disk ends the data, as a cut file does."""
        prefix = self._part.prefix
        if self._place < len(prefix):
            data = prefix[self._place : self._place + size]
            self._place += len(data)
            return data + self.read(size - len(data)) if size > len(data) else data
        start = self._part.start + self._place - len(prefix)
        stop = min(start + size, self._part.stop)
        try:
            data = read_at(self._stream, start, max(stop - start, 0))
        except OSError:
            return b""
        self._place += len(data)
        for place, patch in self._part.patches:
            if start < place + len(patch) and place < start + len(data):
                patched = bytearray(data)
                low, high = max(place, start), min(place + len(patch), start + len(data))
                patched[low - start : high - start] = patch[low - place : high - place]
                data = bytes(patched)
        return data


def read_at(stream: IO[bytes], place: int, size: int) -> bytes:
    """Read bytes at a place of a file; fewer where the file ends."""
    try:
        stream.seek(place)
    except (OSError, OverflowError):  # further than a file can reach
        return b""
    return stream.read(size)


def find_all(stream: IO[bytes], pattern: re.Pattern[bytes], start: int, stop: int) -> list[int]:
    """Find the places at which a pattern of at most 64 bytes occurs, the first 10,000 of them."""
    places: list[int] = []
    for place in range(start, stop, _BLOCK):
        block = read_at(stream, place, min(_BLOCK + _OVERLAP, stop - place))
        found = (match.start() for match in pattern.finditer(block))
        places += [place + at for at in islice(found, _MOST_FOUND) if at < _BLOCK]
        if len(places) >= _MOST_FOUND:
            break
    return places[:_MOST_FOUND]
