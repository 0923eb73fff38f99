"""The parts of a sound file by its headers: lengths that are wrong, files that are joined.

WAV, AIFF, CAF and AU name the length of their data, FLAC its number of samples. Programs that write
to a pipe or are stopped leave these 0, at a placeholder, or at an earlier length; then the data go
on to the end of the file. `cat a.ogg b.ogg` makes a file of two recordings, and so for other kinds.
"""

from __future__ import annotations

import re
import struct
from itertools import pairwise
from typing import IO, NamedTuple

from lemf.reading.sound_files.mpeg import find_mpeg_parts
from lemf.reading.sound_files.parts import MOST_PARTS, Part, find_all, read_at

_MOST_CHUNKS = 10_000
_MOST_TAGS = 100
_AU_HEAD = 24  # bytes
_BLOCK = 1 << 20  # bytes searched at a time
_PLACEHOLDER = 0x7FFF_F000  # lengths from here to 2^32 - 1, beyond the file, stand for "unknown"
_TAGS = (b"TAG", b"ID3", b"APETAGEX", b"LYRICS")  # what players append to any file
_OGG_FIRST_PAGE = re.compile(rb"OggS\x00[\x02\x06]")
_FLAC = re.compile(rb"fLaC[\x00\x80]\x00\x00\x22")
_NIST = re.compile(rb"(channel_count|sample_n_bytes|sample_count) -i (\d{1,18})\s")

# how files begin that are no sound, or sound of a kind that libsndfile does not read
_FOREIGN = (
    (rb".{4}ftyp", "an MPEG-4 file, such as m4a or mp4"),
    (rb"\x1a\x45\xdf\xa3", "a Matroska or WebM file"),
    (rb"\x30\x26\xb2\x75", "a Windows Media file"),
    (rb"#!AMR", "an AMR file"),
    (rb"RIFF.{4}AVI ", "an AVI video"),
    (rb"\x00\x00\x01[\xba\xb3]", "an MPEG video"),
    (rb"\xff[\xf0\xf1\xf8\xf9]", "an AAC file"),
    (rb"ajkg", "compressed by Shorten"),
    (rb"wvpk", "a WavPack file"),
    (rb"MAC ", "a Monkey's Audio file"),
    (rb"\.RMF", "a RealMedia file"),
    (rb"PK\x03\x04", "a zip archive"),
    (rb"\x1f\x8b", "compressed by gzip"),
    (rb"Rar!|7z\xbc\xaf|BZh|\xfd7zXZ", "a compressed archive"),
    (rb"%PDF", "a PDF document"),
    (rb"\x89PNG|\xff\xd8\xff|GIF8", "an image"),
    (rb"version https://git-lfs", "a Git LFS pointer: git lfs pull fetches the recording"),
    (rb"\s*(?i:<!doctype html|<html)", "an HTML page"),
    (rb"NIST_1A.*sample_coding -s\d+ [^\n]*shorten", "NIST SPHERE with Shorten: use sph2pipe"),
)


class _Layout(NamedTuple):
    """Chunks of a kind of file: where the first begins, their size field, and the one with data."""

    first: int
    size: struct.Struct
    data: bytes
    alignment: int


_LAYOUTS = {
    b"RIFF": _Layout(12, struct.Struct("<I"), b"data", 2),
    b"RF64": _Layout(12, struct.Struct("<I"), b"data", 2),
    b"RIFX": _Layout(12, struct.Struct(">I"), b"data", 2),
    b"FORM": _Layout(12, struct.Struct(">I"), b"SSND", 2),
    b"caff": _Layout(8, struct.Struct(">q"), b"data", 1),
}


def name_foreign_kind(head: bytes) -> str | None:
    """Name the kind of a file that libsndfile does not read; None for any other.

    Parameters
    ----------
    head : bytes
        The first 1024 bytes.
    """
    for pattern, kind in _FOREIGN:
        if re.match(pattern, head, re.DOTALL):
            return kind
    return None


def find_parts(stream: IO[bytes], size: int) -> list[Part]:
    """Find the recordings that a file holds, in order; usually one.

    Parameters
    ----------
    stream : binary file
    size : int
        Of the file in bytes.

    Returns
    -------
    list of Part
        Empty for what libsndfile would take for MP3, and is none.
    """
    start = _skip_id3(stream, size)
    magic = read_at(stream, start, 4)
    if magic in _LAYOUTS:
        return _find_chunked_parts(stream, start, size, _LAYOUTS[magic])
    if magic in (b".snd", b"dns."):
        return [_find_au_part(stream, start, size, ">I" if magic == b".snd" else "<I")]
    if magic == b"OggS":
        return _split(start, size, _find_ogg_links(stream, start, size))
    if magic == b"fLaC":
        places = find_all(stream, _FLAC, start, size)
        size -= (
            128 if read_at(stream, max(size - 128, 0), 3) == b"TAG" else 0
        )  # ID3, appended by players
        return [_mend_flac(stream, part) for part in _split(start, size, places)]
    if magic == b"NIST":
        return [_find_nist_part(stream, start, size)]
    # libsndfile takes text in UTF-16 for MP3
    is_mpeg = start > 0 or magic.startswith(b"\xff")
    return find_mpeg_parts(stream, start, size) or ([] if is_mpeg else [Part(start, size)])


def _skip_id3(stream: IO[bytes], size: int) -> int:
    """Return the place behind all ID3 tags at the start, which libsndfile does not always pass."""
    start = 0
    for _ in range(_MOST_TAGS):
        head = read_at(stream, start, 10)
        if len(head) < 10 or head[:3] != b"ID3":
            break
        length = 0
        for byte in head[6:]:
            length = length << 7 | byte & 0x7F
        start += length + (20 if head[5] & 0x10 else 10)
        if start >= size:
            return 0
    return start


def _split(start: int, stop: int, places: list[int]) -> list[Part]:
    edges = [start, *(place for place in places[: MOST_PARTS + 1] if place > start), stop]
    return [Part(*edge) for edge in pairwise(edges)]


def _find_chunked_parts(stream: IO[bytes], start: int, stop: int, layout: _Layout) -> list[Part]:
    parts: list[Part] = []
    while start < stop and len(parts) <= MOST_PARTS:
        parts.append(_find_chunked_part(stream, start, stop, layout))
        start = parts[-1].stop
    return parts


def _find_chunked_part(stream: IO[bytes], start: int, stop: int, layout: _Layout) -> Part:
    """Find the chunk with the data, and mend its length; the part ends where another begins."""
    magic = read_at(stream, start, 4)
    place, wide = start + layout.first, None
    for _ in range(_MOST_CHUNKS):
        head = read_at(stream, place, 4 + layout.size.size)
        if len(head) < 4 + layout.size.size:
            break
        (length,) = layout.size.unpack(head[4:])
        body = place + len(head)
        if head[:4] == b"ds64":
            wide = body + 8  # of the length of the data in an RF64 file, 8 bytes
        if head[:4] == layout.data:
            field, size = place + 4, layout.size
            if wide is not None:
                field, size = wide, struct.Struct("<Q")
                (length,) = size.unpack(read_at(stream, wide, 8).ljust(8, b"\0"))
            there = stop - body
            if length < 0 or length > there:
                unknown = length < 0 or _PLACEHOLDER <= length < 1 << 32
                share = None if unknown else length / max(there, 1)
                # libsndfile refuses a CAF file with such a length, and reads the others
                mend = layout.data == b"data" and layout.size.size == 8
                return Part(start, stop, ((field, size.pack(there)),) if mend else (), share)
            end = body + length + -length % layout.alignment
            behind, is_joined = _pass_chunks(stream, end, stop, magic, layout)
            if is_joined:
                return Part(start, behind)
            if behind > end or _is_no_sound(stream, body + length, end, stop):
                return Part(start, stop)
            most = (1 << 8 * size.size) - 1 if size.size == 4 else there
            return Part(
                start, stop, ((field, size.pack(min(there, most))),), length / there or None
            )
        if length < 0:
            break
        place = body + length + -length % layout.alignment
    return Part(start, stop)


def _pass_chunks(
    stream: IO[bytes], place: int, stop: int, magic: bytes, layout: _Layout
) -> tuple[int, bool]:
    """Return the place behind all chunks, and whether another file of the kind begins there."""
    for _ in range(_MOST_CHUNKS):
        head = read_at(stream, place, 4 + layout.size.size)
        if len(head) < 4 + layout.size.size:
            break
        if head[:4] == magic:
            return place, True
        (length,) = layout.size.unpack(head[4:])
        is_name = all(32 <= byte < 127 for byte in head[:4])
        if not is_name or not 0 <= length <= stop - place - len(head):
            break
        place += len(head) + length + -length % layout.alignment
    return place, False


def _is_no_sound(stream: IO[bytes], end: int, aligned: int, stop: int) -> bool:
    """Check whether what follows the data is nothing, a tag, a chunk out of place, or zeros."""
    if stop - aligned < 4 or read_at(stream, aligned, 8).startswith(_TAGS):
        return True
    if aligned != end and read_at(stream, end, 4) in (b"LIST", b"id3 ", b"bext"):
        return True
    while block := read_at(stream, end, min(_BLOCK, stop - end)):
        if block.strip(b"\0"):
            return False
        end += len(block)
    return True


def _find_au_part(stream: IO[bytes], start: int, stop: int, code: str) -> Part:
    head = read_at(stream, start, 12)
    if len(head) < 12:
        return Part(start, stop)
    (offset,), (length,) = struct.unpack(code, head[4:8]), struct.unpack(code, head[8:])
    there = stop - start - offset
    if offset < _AU_HEAD or there <= 0 or length == there:
        return Part(start, stop)
    unknown = length == 0 or (length > there and length >= _PLACEHOLDER)
    share = None if unknown else length / there
    return Part(start, stop, ((start + 8, b"\xff" * 4),) if length < there else (), share)


def _find_nist_part(stream: IO[bytes], start: int, stop: int) -> Part:
    head = read_at(stream, start, 1024)
    fields = {name: int(value) for name, value in _NIST.findall(head)}
    there = stop - start - (int(head[8:15]) if head[8:15].strip().isdigit() else 1024)
    if len(fields) < 3 or there <= 0:
        return Part(start, stop)
    claimed = fields[b"sample_count"] * fields[b"channel_count"] * fields[b"sample_n_bytes"]
    return Part(start, stop, (), claimed / there or None)


def _find_ogg_links(stream: IO[bytes], start: int, stop: int) -> list[int]:
    """Find where the links of a chained Ogg file begin; the streams of a link begin together."""
    links, behind = [], -1
    for place in find_all(stream, _OGG_FIRST_PAGE, start, stop):
        head = read_at(stream, place, 27 + 255)
        if len(head) < 27:
            break
        if place != behind:
            links.append(place)
        n_segments = head[26]
        behind = place + 27 + n_segments + sum(head[27 : 27 + n_segments])
    return links


def _mend_flac(stream: IO[bytes], part: Part) -> Part:
    """Show libsndfile a FLAC stream of unknown length, so that it decodes all of it."""
    place = part.start + 21  # the lower 36 bits of these 5 bytes are the number of samples
    field = read_at(stream, place, 5)
    if len(field) < 5:
        return part
    claimed = int.from_bytes(field, "big") & 0xF_FFFF_FFFF
    patch = bytes([field[0] & 0xF0, 0, 0, 0, 0])
    return part._replace(patches=((place, patch),), claimed_samples=claimed or None)
