"""Results of the commands of semantics so far: append-only files, one JSON object per line.

The key of a line is a hash of the inputs of the result (recording, alignment, prompt, model,
settings), so the same work is never done twice and a change of any of these makes new work. A
killed run loses only the work in flight; a torn last line is dropped.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from lemf.runtime.input import read_input
from lemf.runtime.locks import hold_lock
from msfser.config.settings import Semantic
from msfser.errors import SemanticsError
from msfser.outputs import make_folder

Entry = dict[
    str, Any
]  # a line: key, status, text, reason, files, and anything else its maker keeps

WORK_FOLDER = "semantics"
_LONGEST_UNSYNCED_S = 1.0  # lost at most in a power cut; a kill loses no appended line
_IN_MEMORY = ("key", "status", "text", "reason", "passing", "files")  # replies stay on disk
_NOT_DONE: Entry = {"status": "failed"}


@dataclass(frozen=True)
class Shard:
    """Part i of n of the work, i from 1."""

    i: int
    n: int

    def __post_init__(self) -> None:
        if not 1 <= self.i <= self.n:
            raise SemanticsError(f"shard {self.i}/{self.n}: write i/n with i from 1 to n")

    def holds(self, place: int) -> bool:
        """Return whether the utterance at this place of the manifest belongs to the shard."""
        return place % self.n == self.i - 1


class WorkFile:
    """The lines of one semantic: those of all shards to read, one file to append to.

    Made by `open_work`. The last line of a key counts.
    """

    def __init__(self, path: Path, entries: dict[str, Entry], stream: IO[bytes]) -> None:
        self.path = path
        self.entries = entries
        self._stream = stream
        self._synced_at = time.monotonic()

    def done(self, key: str) -> bool:
        """Return whether the work of this key is done and did not fail."""
        return bool(self.entries.get(key, _NOT_DONE)["status"] != "failed")

    def append(self, entry: Entry) -> None:
        """Add a line.

        Raises
        ------
        SemanticsError
            The disk is full, or the write fails.
        """
        line = json.dumps(entry, ensure_ascii=True).encode() + b"\n"
        try:
            while line:  # a disk that fills up takes a part, and then refuses
                line = line[self._stream.write(line) :]
            if time.monotonic() - self._synced_at > _LONGEST_UNSYNCED_S:
                self.sync()
        except OSError as error:
            raise SemanticsError(
                f"{self.path}: cannot be written ({error.strerror}); what is done is kept"
            ) from error
        self.entries[entry["key"]] = _slim(entry)

    def sync(self) -> None:
        """Wait until the disk holds all lines."""
        os.fsync(self._stream.fileno())
        self._synced_at = time.monotonic()


@contextmanager
def open_work(folder: Path, semantic: Semantic, shard: Shard | None = None) -> Iterator[WorkFile]:
    """Open the work of one semantic, and lock it against every other process.

    Parameters
    ----------
    folder : Path
        The folder of the manifest.
    semantic : {"les", "gs", "es", "context"}
    shard : Shard, optional
        Shards may run at the same time, on several machines; a run without a shard reads what all
        of them did, after they have ended.

    Raises
    ------
    lemf.LemfError
        Another process works on the same file, or the folder cannot be written.
    SemanticsError
        A line that is not the last was not written by msfser.
    """
    place = folder / WORK_FOLDER
    make_folder(place)
    name = semantic if shard is None else f"{semantic}.{shard.i}-of-{shard.n}"
    with ExitStack() as stack:
        # locks on the work files
        stack.enter_context(hold_lock(place / f"{name}.lock"))
        others = {path.stem for path in place.glob(f"{semantic}*.jsonl")} - {name}
        if shard is None:
            for other in sorted(others):
                stack.enter_context(hold_lock(place / f"{other}.lock"))
        # lines so far
        path = place / f"{name}.jsonl"
        try:
            _drop_torn_line(path)
            entries = _join_lines([place / f"{stem}.jsonl" for stem in (*sorted(others), name)])
            stream = stack.enter_context(path.open("ab", buffering=0))
        except OSError as error:
            raise SemanticsError(f"{path}: cannot be opened ({error.strerror})") from error
        work = WorkFile(path, entries, stream)
        try:
            yield work
        finally:
            work.sync()


def _drop_torn_line(path: Path) -> None:
    if not path.exists():
        return
    with path.open("rb+") as stream:
        content = stream.read()
        if not content.endswith(b"\n"):
            stream.truncate(content.rfind(b"\n") + 1)


def _join_lines(paths: Sequence[Path]) -> dict[str, Entry]:
    """Read the lines of all files; the last line of a key counts, but no failure after a result."""
    entries: dict[str, Entry] = {}
    for path in paths:
        lines = _read_lines(path)
        entries |= {
            key: entry
            for key, entry in lines.items()
            if entry["status"] != "failed" or key not in entries
        }
    return entries


def _read_lines(path: Path) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    if not path.exists():
        return entries
    lines = read_input(path, SemanticsError).split(b"\n")
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            entry["status"]
            entries[entry["key"]] = _slim(entry)
        except (ValueError, KeyError, TypeError):
            if number == len(lines):  # torn, or the empty one after the last newline
                break
            raise SemanticsError(
                f"{path}: line {number} was not written by msfser; remove the line or the file"
            ) from None
    return entries


def _slim(entry: Entry) -> Entry:
    return {name: entry[name] for name in _IN_MEMORY if name in entry}


def key_of(*parts: object) -> str:
    """Return the key of some work: 32 hexadecimal digits of the SHA-256 of all it depends on."""
    content = json.dumps(parts, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(content.encode()).hexdigest()[:32]
