"""The parts of an MP3 file: the frames between tags and other bytes, one part per encoding.

Most encoders write the number of frames into a first frame without sound (named Xing or Info).
libsndfile stops at that number, and without one at what the bit rate of the first frame makes it,
so the frames are counted here and a number that is too small is replaced.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import IO, NamedTuple

from lemf.reading.sound_files.parts import MOST_PARTS, Part, find_all, read_at

_BLOCK = 1 << 20  # bytes in which frames are counted at a time
_JUNK = 1 << 16  # bytes before a first frame that are passed over
_ENOUGH = 3  # frames in a row that are no accident
_SIZE_OFF = 0.005  # beyond which libsndfile's decoder prints a warning
_NAMES = re.compile(rb"Xing|Info")
_NAME_OFFSETS = (36, 21, 13)  # from the start of the frame, by version and channels

# kbit/s by index, of layers 1 to 3 in MPEG 1, then of layers 1 and 2 or 3 in MPEG 2
_KBITS = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES_HZ = (44_100, 48_000, 32_000)


class _Frame(NamedTuple):
    kind: tuple[int, int]  # bits of version and layer, and rate, which stay within an encoding
    n_kbits: int
    n_bytes: int


class _Name(NamedTuple):
    """The first frame of an encoding that names its length."""

    frames_at: int | None  # place of the number of frames in the file
    n_frames: int
    bytes_at: int | None
    n_bytes: int


def find_mpeg_parts(stream: IO[bytes], start: int, stop: int) -> list[Part]:
    """Find the encodings in an MP3 file, in order.

    Returns
    -------
    list of Part
        Empty where no three frames follow each other within the first 64 KB.
    """
    place = _find_frames(stream, start, stop)
    if place is None:
        return []
    named = [
        name - offset
        for name in find_all(stream, _NAMES, place, stop)
        for offset in _NAME_OFFSETS
        if name - offset > place and _read_frame(read_at(stream, name - offset, 4))
    ]
    edges = [place, *sorted(named)[:MOST_PARTS], stop]
    return [_mend(stream, *edge) for edge in pairwise(edges)]


def _mend(stream: IO[bytes], start: int, stop: int) -> Part:
    """Compare the length that an encoding names with its frames."""
    head = read_at(stream, start, 64)
    first = _read_frame(head)
    if first is None:
        return Part(start, stop)
    n_frames, varies = _count_frames(stream, start, stop, first)
    name = _read_name(head, start)
    if name is None:  # a frame is put before the others that names their number
        return Part(start, stop, prefix=_name_frame(head, n_frames) if varies else b"")
    patches, share = [], None
    if name.frames_at is not None and n_frames - 1 > 1.01 * name.n_frames + 2:
        patches.append((name.frames_at, (n_frames - 1).to_bytes(4, "big")))
        share = name.n_frames / (n_frames - 1) or None
    if name.bytes_at is not None and abs(name.n_bytes / (stop - start) - 1) > _SIZE_OFF:
        patches.append((name.bytes_at, (stop - start).to_bytes(4, "big")))
    return Part(start, stop, tuple(patches), share)


def _find_frames(stream: IO[bytes], start: int, stop: int) -> int | None:
    """Find the first frame behind a place, by the frames that follow it."""
    block = read_at(stream, start, min(_JUNK, stop - start))
    at = block.find(b"\xff")
    while at >= 0:
        first = frame = _read_frame(block[at : at + 4])
        place, n_frames = start + at, 0
        while frame and first and frame.kind == first.kind and n_frames < _ENOUGH:
            place, n_frames = place + frame.n_bytes, n_frames + 1
            frame = _read_frame(read_at(stream, place, 4))
        if n_frames == _ENOUGH or (n_frames > 0 and at == 0 and place >= stop):
            return start + at
        at = block.find(b"\xff", at + 1)
    return None


def _read_frame(head: bytes) -> _Frame | None:
    """Read the header of a frame; None if it is none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    n_kbits, n_rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 4 or n_kbits in (0, 15) or n_rate == 3:
        return None
    first = version == 3  # MPEG 1; else MPEG 2, or 2.5 at half its rates
    rate_hz = _RATES_HZ[n_rate] // {3: 1, 2: 2, 0: 4}[version]
    bits_per_s = 1000 * _KBITS[1 if first else 2, layer][n_kbits - 1]
    padding = head[2] >> 1 & 1
    if layer == 1:
        n_bytes = (12 * bits_per_s // rate_hz + padding) * 4
    else:
        n_bytes = (144 if first or layer == 2 else 72) * bits_per_s // rate_hz + padding
    return _Frame((head[1] & 0x1E, rate_hz), n_kbits, n_bytes)


def _count_frames(stream: IO[bytes], start: int, stop: int, first: _Frame) -> tuple[int, bool]:
    """Count the frames of an encoding, and tell whether their bit rates vary."""
    n_frames, n_kbits, place = 0, set(), start
    frames: dict[bytes, _Frame | None] = {}
    while place < stop:
        block = read_at(stream, place, min(_BLOCK, stop - place))
        at = 0
        while at + 4 <= len(block):
            head = block[at : at + 4]
            frame = frames.get(head) or frames.setdefault(head, _read_frame(head))
            if frame is not None and frame.kind == first.kind:
                n_frames += 1
                n_kbits.add(frame.n_kbits)
                at += frame.n_bytes
            else:
                following = block.find(b"\xff", at + 1)
                at = following if following > 0 else len(block)
        place += max(at, 1)
    return n_frames, len(n_kbits) > 1


def _read_name(head: bytes, start: int) -> _Name | None:
    match = _NAMES.search(head)
    if match is None or match.start() not in _NAME_OFFSETS:
        return None
    flags, at = int.from_bytes(head[match.end() : match.end() + 4], "big"), match.end() + 4
    fields: list[int | None] = []
    for flag in (1, 2):
        has_field = bool(flags & flag)
        fields += [start + at if has_field else None, int.from_bytes(head[at : at + 4], "big")]
        at += 4 * has_field
    return _Name(fields[0], fields[1] or 0, fields[2], fields[3] or 0)


def _name_frame(head: bytes, n_frames: int) -> bytes:
    """Build a frame without sound that names the number of frames of an encoding."""
    header = bytes([0xFF, head[1] | 1, 0x90 | head[2] & 0x0C, head[3]])  # 64 kbit/s or more
    frame = _read_frame(header)
    mono, first = head[3] >> 6 == 3, head[1] & 0x08
    offset = _NAME_OFFSETS[1 + bool(mono) if not first else bool(mono)]
    content = header.ljust(offset, b"\0") + b"Xing\0\0\0\1" + n_frames.to_bytes(4, "big")
    return content.ljust(frame.n_bytes if frame else 0, b"\0")
