"""What a run over a corpus has done so far: a folder beside the output, one file a shard.

A shard is a run of consecutive files. Its part appears whole when all of its files are done, so
whatever ends a run, the next one finds complete parts only. One run at a time holds the folder's
lock, which the system releases when the process ends, however it ends.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from lemf.errors import CorpusError, OutputError
from lemf.runtime.output import open_output, write_output

_PLAN = "plan.json"
_LOCK = "lock"
_SUFFIX = ".part"


@dataclass
class Part:
    """What a shard adds to the output.

    Attributes
    ----------
    stamps : of each file, as `corpus_plan.stamp_of` gave it when the file was handed out
    n_files, n_words, audio_s : what was scored, without the files that failed; seconds
    failures : (id, audio, textgrid, reason) of each failed file
    notes : (id, audio, note) of each note
    tables : the rows as Arrow streams, by the name of the table
    """

    stamps: list[int] = field(default_factory=list)
    n_files: int = 0
    n_words: int = 0
    audio_s: float = 0.0
    failures: list[list[str]] = field(default_factory=list)
    notes: list[list[str]] = field(default_factory=list)
    tables: dict[str, bytes] = field(default_factory=dict)


class DamagedPartError(CorpusError):
    """A part that is not what was written; its shard must be done again."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: damaged; remove it and run the same command again")
        self.path = path


class Parts:
    """The parts of one run; `locked_parts` gives it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock_is_left = False

    def read_plan(self) -> dict[str, Any] | None:
        """Give the plan of the run that made the parts; None where there is none."""
        return read_json(self.folder / _PLAN)

    def start(self, plan: Mapping[str, Any]) -> None:
        """Remove all parts and keep the plan of a new run."""
        for path in self.folder.glob(f"*{_SUFFIX}"):
            path.unlink()
        write_output(self.folder / _PLAN, json.dumps(plan).encode(), force=True)

    def done(self) -> set[int]:
        """Give the numbers of the shards that are complete."""
        with os.scandir(self.folder) as entries:
            names = [entry.name for entry in entries]
        for name in names:
            if name.startswith("."):  # of a killed run
                (self.folder / name).unlink(missing_ok=True)
        return {
            int(name.removesuffix(_SUFFIX))
            for name in names
            if name.endswith(_SUFFIX) and not name.startswith(".")
        }

    def write(self, shard: int, part: Part) -> None:
        """Keep the part of a shard, whole or, after a power cut, so that `read` sees it."""
        body = b"".join(part.tables.values())
        head = {
            "stamps": part.stamps,
            "n_files": part.n_files,
            "n_words": part.n_words,
            "audio_s": part.audio_s,
            "failures": part.failures,
            "notes": part.notes,
            "tables": {name: len(table) for name, table in part.tables.items()},
            "crc32": zlib.crc32(body),
        }
        with open_output(self._path(shard), force=True, sync=False) as stream:
            stream.write(json.dumps(head).encode() + b"\n")
            stream.write(body)

    def read_head(self, shard: int) -> Part:
        """Give the part of a shard without its tables."""
        with self._path(shard).open("rb") as stream:
            return self._read_head(shard, stream)[0]

    def read(self, shard: int) -> Part:
        """Give the part of a shard.

        Raises
        ------
        DamagedPartError
            The file is not what was written.
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

    def remove(self) -> None:
        """Remove the folder and all in it."""
        for path in self.folder.iterdir():
            if path.name != _LOCK:
                path.unlink()
        try:
            (self.folder / _LOCK).unlink()
        except PermissionError:  # Windows removes no open file: when it is closed
            self.lock_is_left = True
            return
        with suppress(OSError):  # another run has come to wait in it
            self.folder.rmdir()

    def _path(self, shard: int) -> Path:
        return self.folder / f"{shard:06d}{_SUFFIX}"

    def _read_head(self, shard: int, stream: IO[bytes]) -> tuple[Part, dict[str, int], int]:
        try:
            head = json.loads(stream.readline())
            sizes, checksum = head.pop("tables"), head.pop("crc32")
            return Part(**head), sizes, checksum
        except (ValueError, KeyError, TypeError, AttributeError):
            raise DamagedPartError(self._path(shard)) from None


def read_json(path: Path) -> dict[str, Any] | None:
    """Read an object from a file that this program wrote; None if there is no such thing."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


@contextmanager
def locked_parts(folder: Path) -> Iterator[Parts]:
    """Make the folder if it is not there, and keep every other process out of it.

    A folder in which nothing was begun is removed in the end.

    Raises
    ------
    CorpusError
        Another process works on the same output.
    OutputError
        The folder cannot be made.
    """
    parts = Parts(folder)
    try:
        with _take_lock(folder):
            try:
                yield parts
            finally:
                if parts.read_plan() is None:
                    with suppress(OSError):
                        parts.remove()
    finally:
        if parts.lock_is_left:
            with suppress(OSError):  # another run has it open
                (folder / _LOCK).unlink()
                folder.rmdir()


def _take_lock(folder: Path) -> IO[str]:
    while True:
        try:
            folder.mkdir(exist_ok=True)
            stream = (folder / _LOCK).open("a+")
            if not _lock(stream):
                with stream:
                    stream.seek(0)
                    holder = stream.read().strip() or "?"
                raise CorpusError(
                    f"{folder}: process {holder} works on this output; let it end, or stop it"
                )
            if os.path.samestat(os.fstat(stream.fileno()), (folder / _LOCK).stat()):
                stream.truncate(0)
                stream.write(str(os.getpid()))
                stream.flush()
                return stream
        except FileNotFoundError:  # removed by a run that has just ended: once more
            continue
        except OSError as error:
            raise OutputError(f"{folder}: cannot be made ({error.strerror})") from error


def _lock(stream: IO[str]) -> bool:
    """Lock an open file without waiting; say whether that worked."""
    try:
        import fcntl
    except ImportError:  # Windows
        return _lock_on_windows(stream)
    try:
        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_on_windows(stream: IO[str]) -> bool:
    import msvcrt

    stream.seek(1 << 20)  # beyond the text, which others may read
    try:
        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError:
        return False
    return True
