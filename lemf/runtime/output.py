"""Output files, which appear whole or not at all and replace others only with `force`.

Paths and labels become text that UTF-8 can hold.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Literal

from lemf.errors import UNPRINTABLE as UNPRINTABLE
from lemf.errors import OutputError

if sys.platform != "win32":
    import fcntl

FigureFormat = Literal["png", "svg", "pdf"]

PARTIAL_SUFFIX = ".part"
_LONGEST_NAME = 240  # bytes: file systems take 255, and a partial file adds 15
_UMASK_LOCK = threading.Lock()
NO_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # lone surrogates that stand for no byte


def check_output(path: Path, *, force: bool = False) -> None:
    """Refuse an output path before any work is done for it.

    Parameters
    ----------
    path : Path
        The file to be written.
    force : bool
        Whether an existing file may be replaced.

    Raises
    ------
    OutputError
        The folder is missing or takes no file of this name, such as on a full disk; the path is a
        folder or no regular file; or the file exists.
    """
    _check_path(path, force)
    with _partial_file(path) as stream:
        stream.write(b"?")


def _check_path(path: Path, force: bool) -> None:
    try:
        place = Path(os.path.realpath(path))
        folder = place.parent
        folder_exists, is_folder, exists = folder.is_dir(), path.is_dir(), path.exists()
        is_file, is_loop = path.is_file(), place.is_symlink()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"{path}: cannot be written ({reason})") from error
    if not folder_exists:
        raise OutputError(f"{path}: the folder {folder} does not exist; create it first")
    if is_folder:
        raise OutputError(f"{path}: this is a folder; name a file")
    if is_loop or (exists and not is_file):
        raise OutputError(f"{path}: this is not a regular file; name another")
    if exists and not force:
        raise OutputError(f"{path}: exists already; --force replaces it")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"{path}: no permission to write into {folder}; choose another")


def check_suffix(path: Path | None, suffixes: tuple[str, ...]) -> None:
    """Refuse the name of an output of an unknown format.

    Raises
    ------
    OutputError
        The name ends in none of the suffixes.
    """
    if path is not None and path.suffix.lower() not in map(str.lower, suffixes):
        raise OutputError(f"{path}: the name must end in {', '.join(suffixes)}")


def check_apart(outputs: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Refuse an output that is an input, or that is named for two outputs.

    Raises
    ------
    OutputError
        Even with ``--force``: an input of the user is never replaced.
    """
    taken = {os.path.realpath(path): "is read as input" for path in inputs}
    for path in outputs:
        real = os.path.realpath(path)
        if real in taken:
            raise OutputError(f"{path}: {taken[real]}; name another file")
        taken[real] = "is named for two outputs"


def write_output(path: Path, content: bytes, *, force: bool = False) -> None:
    """Write a file under another name and rename it, so that it is never seen half-written.

    Parameters
    ----------
    path : Path
        The file to be written.
    content : bytes
        Content of the whole file.
    force : bool
        Whether an existing file may be replaced.

    Raises
    ------
    OutputError
        As `check_output`, and when the disk is full or the write fails.
    """
    with open_output(path, force=force) as stream:
        stream.write(content)


@contextmanager
def open_output(path: Path, *, force: bool = False, sync: bool = True) -> Iterator[IO[bytes]]:
    """Open a file that appears in its place, whole, when the ``with`` block ends without an error.

    Parameters
    ----------
    path : Path
        The file to be written.
    force : bool
        Whether an existing file may be replaced.
    sync : bool
        Whether to wait for the disk, so that not even a power cut leaves half of the file. If
        False, readers must be able to detect an incomplete file.

    Raises
    ------
    OutputError
        As `check_output`, and when the disk is full or the write fails.
    """
    _check_path(path, force)
    with _partial_file(path) as stream:
        yield stream
        stream.flush()
        if sync:
            os.fsync(stream.fileno())
        if sys.platform == "win32":
            stream.close()  # renames no open file
        place = Path(os.path.realpath(path))  # a link stays a link
        partial = Path(stream.name)
        partial.chmod(place.stat().st_mode if place.exists() else 0o666 & ~_umask())
        partial.replace(place)


@contextmanager
def _partial_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file beside an output, under another name, that is removed after the block.

    Partial files that killed processes left are removed.

    Raises
    ------
    OutputError
        The file cannot be made or written.
    """
    remove_partials(path)
    partial: Path | None = None
    try:
        with _open_partial(path) as stream:
            partial = Path(stream.name)
            yield stream
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        if partial is not None:
            partial.unlink(missing_ok=True)


def _open_partial(path: Path) -> IO[bytes]:
    """Open a new partial file and hold its lock."""
    while True:
        stream = tempfile.NamedTemporaryFile(  # noqa: SIM115
            dir=os.path.dirname(os.path.realpath(path)),  # noqa: PTH120
            prefix=_partial_prefix(path),
            suffix=PARTIAL_SUFFIX,
            delete=False,
        )
        if sys.platform != "win32":
            with suppress(OSError):  # a file system without locks
                fcntl.flock(stream, fcntl.LOCK_EX)
        if os.path.lexists(stream.name):  # no other process removed the file before the lock
            return stream
        stream.close()


def _partial_prefix(path: Path) -> str:
    """Return how the names of the partial files of an output begin."""
    name = os.path.basename(os.path.realpath(path))  # noqa: PTH119
    size = len(os.fsencode(name))
    return f".{name}." if size <= _LONGEST_NAME else f".{zlib.crc32(os.fsencode(name)):08x}."


def remove_partials(path: Path) -> None:
    """Remove the partial files that killed processes left of an output.

    The system releases the lock of a partial file when its process ends, however it ends; a file
    that a process still writes is locked and stays.
    """
    folder = os.path.dirname(os.path.realpath(path))  # noqa: PTH120
    left = re.compile(re.escape(_partial_prefix(path)) + r"\w+" + re.escape(PARTIAL_SUFFIX))
    with suppress(OSError):  # a folder that cannot be listed
        for name in filter(left.fullmatch, os.listdir(folder)):  # noqa: PTH208
            _remove_unlocked(Path(folder, name))


def _remove_unlocked(partial: Path) -> None:
    with suppress(OSError):  # locked, removed by another process, or a file of another user
        if sys.platform == "win32":
            partial.unlink()  # fails for an open file
        else:
            with partial.open("r+b") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                partial.unlink()


def printable_path(path: str | os.PathLike[str]) -> str:
    """Convert a path to text that UTF-8 can hold: bytes in no known encoding become U+FFFD."""
    text = NO_BYTE.sub("\ufffd", os.fspath(path))
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def printable_text(text: str) -> str:
    r"""Convert text to what UTF-8 can hold: lone halves of UTF-16 pairs become ``\udXXX``."""
    return text.encode(errors="backslashreplace").decode()


def escape_controls(json_text: str) -> str:
    r"""Convert characters of JSON that `printable` replaces to ``\uXXXX``: the same content."""
    return UNPRINTABLE.sub(lambda c: c[0] if c[0] == "\n" else json.dumps(c[0])[1:-1], json_text)


def _umask() -> int:
    with _UMASK_LOCK:  # a second thread would take the 0 for the mask, and leave it so
        mask = os.umask(0)
        os.umask(mask)
    return mask
