"""What the commands of semantics have done so far: append-only files, one JSON object a line.

A line is keyed by the content of what it was made from (the recording, its alignment, the prompt,
the model, the settings), so the same work is never done twice and a change of any of them makes new
work. A killed run loses what was in flight and no more; a torn last line is dropped.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol, TypeVar

from lemf.corpus_parts import locked_parts
from msfser.config import Semantic
from msfser.errors import SemanticsError
from msfser.manifest import Manifest, Utterance
from msfser.progress import Watch, no_watch

Entry = dict[str, Any]  # a line: key, status, text, reason, files, and what else the maker keeps

WORK_FOLDER = "semantics"
_LONGEST_UNSYNCED_S = 1.0  # what a power cut may cost; a kill costs nothing that was appended
_N_READERS = 8
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
        """Tell whether the utterance at this place of the manifest belongs to the shard."""
        return place % self.n == self.i - 1


class WorkFile:
    """The lines of one semantic: those of all shards to read, one file to append to.

    `open_work` gives it. The last line of a key counts.
    """

    def __init__(self, path: Path, entries: dict[str, Entry], stream: IO[bytes]) -> None:
        self.path = path
        self.entries = entries
        self._stream = stream
        self._synced_at = time.monotonic()

    def done(self, key: str) -> bool:
        """Tell whether the work of this key is done and did not fail."""
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
        self.entries[entry["key"]] = entry

    def sync(self) -> None:
        """Wait until the disk holds all lines."""
        os.fsync(self._stream.fileno())
        self._synced_at = time.monotonic()


@contextmanager
def open_work(folder: Path, semantic: Semantic, shard: Shard | None = None) -> Iterator[WorkFile]:
    """Open the work of one semantic and keep every other process out of it.

    Parameters
    ----------
    folder : Path
        The folder of the manifest.
    semantic : {"les", "gs", "es"}
    shard : Shard, optional
        Shards may run at the same time, on several machines; a run without one reads what all of
        them did, and needs them to have ended.

    Raises
    ------
    lemf.LemfError
        Another process works on it, or the folder cannot be written.
    SemanticsError
        A line, other than a torn last one, is not one of msfser.
    """
    place = folder / WORK_FOLDER
    try:
        place.mkdir(exist_ok=True)
    except OSError as error:
        raise SemanticsError(f"{place}: cannot be made ({error.strerror})") from error
    name = semantic if shard is None else f"{semantic}.{shard.i}-of-{shard.n}"
    with ExitStack() as stack:
        stack.enter_context(locked_parts(place / f"{name}.lock"))
        others = {path.stem for path in place.glob(f"{semantic}*.jsonl")} - {name}
        if shard is None:
            for other in sorted(others):
                stack.enter_context(locked_parts(place / f"{other}.lock"))
        path = place / f"{name}.jsonl"
        try:
            _drop_torn_line(path)
            entries: dict[str, Entry] = {}
            for stem in (*sorted(others), name):
                for key, entry in _read_lines(place / f"{stem}.jsonl").items():
                    if entry["status"] != "failed" or key not in entries:
                        entries[key] = entry
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


def _read_lines(path: Path) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    if not path.exists():
        return entries
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            entry["status"]
            entries[entry["key"]] = entry
        except (ValueError, KeyError, TypeError):
            if number == len(lines):  # torn, or the empty one after the last newline
                break
            raise SemanticsError(
                f"{path}: line {number} is no work of msfser; remove the line or the file"
            ) from None
    return entries


class Job(Protocol):
    """What is to be made for all utterances with the same content; `key` is from `key_of`."""

    @property
    def key(self) -> str:
        """Give the key of the work."""


_Job = TypeVar("_Job", bound=Job)


def do_jobs(
    work: WorkFile,
    jobs: Iterable[_Job],
    make: Callable[[list[_Job]], Iterable[Entry]],
    watch: Watch = no_watch,
) -> None:
    """Make what is not done yet and keep each result as soon as it is there.

    Parameters
    ----------
    work : WorkFile
    jobs : iterable of Job
    make : function
        Takes the jobs to do and gives their entries, in any order.
    watch : function, optional
        Called after each with how many are done, of how many.
    """
    unique: dict[str, _Job] = {}
    for job in jobs:
        unique.setdefault(job.key, job)
    todo = [job for job in unique.values() if not work.done(job.key)]
    n_done = len(unique) - len(todo)
    watch(n_done, len(unique))
    for entry in make(todo):
        work.append(entry)
        n_done += 1
        watch(n_done, len(unique))


def key_of(*parts: object) -> str:
    """Give the key of a piece of work: 32 hexadecimal digits of the SHA-256 of what it is of."""
    content = json.dumps(parts, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(content.encode()).hexdigest()[:32]


class Contents:
    """The SHA-256 of files, without reading again those whose size and time are as they were."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._known: dict[tuple[str, int, int], str] = {}
        for entry in entries:
            for path, size, time_ns, digest in entry.get("files", ()):
                self._known[path, size, time_ns] = digest

    def read(self, paths: Iterable[Path]) -> dict[Path, str]:
        """Give the digest of each file; its path where it cannot be read."""
        unique = list(dict.fromkeys(paths))
        with ThreadPoolExecutor(_N_READERS) as readers:  # hashing lets other threads run
            return dict(zip(unique, readers.map(self._digest, unique), strict=True))

    def stamps(self, *paths: Path) -> list[list[Any]]:
        """Give what an entry keeps under ``files``, so that `read` knows them the next time."""
        stamps = []
        for path in paths:
            with suppress(OSError, KeyError):  # gone or changed meanwhile: read it next time
                status = path.stat()
                digest = self._known[str(path), status.st_size, status.st_mtime_ns]
                stamps.append([str(path), status.st_size, status.st_mtime_ns, digest])
        return stamps

    def _digest(self, path: Path) -> str:
        try:
            status = path.stat()
            place = (str(path), status.st_size, status.st_mtime_ns)
            if place not in self._known:
                with path.open("rb") as stream:
                    self._known[place] = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError:
            return str(path)
        return self._known[place]


def recordings(
    manifest: Manifest, shard: Shard | None = None
) -> list[tuple[Utterance, Path, Path | None]]:
    """Give the usable utterances of a shard with their recording and their alignment."""
    return [
        (utterance, manifest.wav_path(utterance), manifest.alignment_path(utterance))
        for place, utterance in enumerate(manifest.utterances)
        if utterance.status == "ok" and (shard is None or shard.holds(place))
    ]
