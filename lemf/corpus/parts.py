"""The part of the work that a run has done: a folder beside the output, one file per shard.

A shard is a run of consecutive files. Its part appears whole when all of its files are done, so
whatever ends a run, the next one finds only complete parts. Only what lemf wrote is ever removed.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from lemf.errors import CorpusError, OutputError
from lemf.runtime.json_text import parse_json
from lemf.runtime.output import open_output, write_output

_PLAN = "plan.json"
_PART = re.compile(r"(\d{6,})\.part")
_PARTIAL = re.compile(rf"\.({_PART.pattern}|plan\.json)\..+\.part")  # of a killed run
_LOCK = "lock"  # of lemf 0.1


@dataclass
class Part:
    """What a shard adds to the output.

    Attributes
    ----------
    stamps : of each file, as `plan.stamp_of` returned it when the file was handed out
    n_files, n_words, audio_s : files, words and seconds scored, without the files that failed
    failures : (id, audio, textgrid, reason) of each failed file
    notes : (id, audio, note) of each note
    tables : the rows as Arrow streams, by the name of the table
    decisions : sentences with none, one or several emphasised words, where that is decided
    n_uncertain : sentences too uncertain to judge
    with_confidence : whether features have the column of confidences
    """

    stamps: list[int] = field(default_factory=list)
    n_files: int = 0
    n_words: int = 0
    audio_s: float = 0.0
    failures: list[list[str]] = field(default_factory=list)
    notes: list[list[str]] = field(default_factory=list)
    tables: dict[str, bytes] = field(default_factory=dict)
    decisions: dict[str, int] = field(default_factory=dict)
    n_uncertain: int = 0
    with_confidence: bool = False


class DamagedPartError(CorpusError):
    """A part that differs from what was written; its shard must be done again."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: damaged; remove it and run the same command again")
        self.path = path


class Parts:
    """The parts of one run, which holds a lock while it reads and writes them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def check(self) -> None:
        """Refuse a folder that holds anything but parts.

        Raises
        ------
        CorpusError
            The folder holds another file, which lemf would neither read nor remove.
        OutputError
            There can be no folder of this name.
        """
        try:
            entries = self._entries()
        except OSError as error:
            raise OutputError(f"{self.folder}: cannot be made ({error.strerror})") from error
        for path in entries:
            if path.is_dir() or not _is_ours(path.name):
                raise CorpusError(f"{path}: not made by lemf; move it to another folder")

    def read_plan(self) -> dict[str, Any] | None:
        """Read the plan of the run that made the parts; None where there is none."""
        return read_json(self.folder / _PLAN)

    def start(self, plan: Mapping[str, Any]) -> None:
        """Create the folder, remove all parts and write the plan of a new run.

        Raises
        ------
        OutputError
            The folder cannot be made, or the plan cannot be written.
        """
        self._remove_files()
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            raise OutputError(f"{self.folder}: cannot be made ({error.strerror})") from error
        write_output(self.folder / _PLAN, json.dumps(plan).encode(), force=True)

    def done(self) -> set[int]:
        """Return the numbers of the shards that are complete, and remove what a killed run left."""
        done = set()
        for path in self._entries():
            if _PARTIAL.fullmatch(path.name):
                path.unlink(missing_ok=True)
            elif match := _PART.fullmatch(path.name):
                done.add(int(match[1]))
        return done

    def write(self, shard: int, part: Part) -> None:
        """Write the part of a shard; `read` notices where a power cut left it incomplete."""
        body = b"".join(part.tables.values())
        sizes = {name: len(table) for name, table in part.tables.items()}
        head = json.dumps(vars(part) | {"tables": sizes, "crc32": zlib.crc32(body)}).encode()
        with open_output(self._path(shard), force=True, sync=False) as stream:
            stream.write(b"%08x %b\n" % (zlib.crc32(head), head))
            stream.write(body)

    def read_head(self, shard: int) -> Part:
        """Read the part of a shard without its tables."""
        with self._path(shard).open("rb") as stream:
            return self._read_head(shard, stream)[0]

    def read(self, shard: int) -> Part:
        """Read the part of a shard.

        Raises
        ------
        DamagedPartError
            The file differs from what was written.
        """
        with self._path(shard).open("rb") as stream:
            part, sizes, checksum = self._read_head(shard, stream)
            body = stream.read()
        if zlib.crc32(body) != checksum:
            raise DamagedPartError(self._path(shard))
        start = 0
        for name, size in sizes.items():
            part.tables[name] = body[start : start + size]
            start += size
        return part

    def forget(self, shards: Iterable[int]) -> None:
        """Remove the parts of shards, which must be done again."""
        for shard in shards:
            self._path(shard).unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the parts, and the folder if nothing else is in it."""
        self._remove_files()
        with suppress(OSError):
            self.folder.rmdir()

    def _remove_files(self) -> None:
        for path in self._entries():
            if _is_ours(path.name):
                path.unlink()

    def _entries(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        return [self.folder / name for name in sorted(os.listdir(self.folder))]  # noqa: PTH208

    def _path(self, shard: int) -> Path:
        return self.folder / f"{shard:06d}.part"

    def _read_head(self, shard: int, stream: IO[bytes]) -> tuple[Part, dict[str, int], int]:
        checksum, _, content = stream.readline().rstrip(b"\n").partition(b" ")
        try:
            if int(checksum, 16) != zlib.crc32(content):
                raise DamagedPartError(self._path(shard))
            head = parse_json(content)
            sizes, checksum_of_tables = head.pop("tables"), head.pop("crc32")
            return Part(**head), sizes, checksum_of_tables
        except (ValueError, KeyError, TypeError, AttributeError):
            raise DamagedPartError(self._path(shard)) from None


def _is_ours(name: str) -> bool:
    return name in (_PLAN, _LOCK) or bool(_PART.fullmatch(name) or _PARTIAL.fullmatch(name))


def read_json(path: Path) -> dict[str, Any] | None:
    """Read a JSON object from a file that this program wrote; None if the file holds none."""
    try:
        content = parse_json(path.read_bytes())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
