"""A lock keeps every other process away from an output while one works on it.

The lock is a separate file. The system releases it when the process ends, however it ends, so the
file that a killed process leaves does no harm.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lemf.errors import OutputError


@contextmanager
def hold_lock(path: Path, *, wait_s: float = 0.0) -> Iterator[None]:
    """Hold a lock while the ``with`` block runs.

    Parameters
    ----------
    path : Path
        The lock file, in a folder that exists; removed after the block.
    wait_s : float
        How long to wait for a process that holds the lock, in seconds.

    Raises
    ------
    OutputError
        Another process, whose number is in the message, holds the lock; or the file cannot be made.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path, timeout=wait_s, on_acquired=_write_holder)
    try:
        lock.acquire()
    except Timeout:
        raise OutputError(
            f"{path}: process {_read_holder(path)} is working on this output; wait for its end, or "
            "stop it"
        ) from None
    except OSError as error:
        remedy = "; remove this folder" if path.is_dir() else ""  # lemf 0.1 locked folders
        raise OutputError(f"{path}: cannot be locked ({error.strerror}){remedy}") from error
    try:
        yield
    finally:
        with suppress(OSError):  # Windows removes no open file; `release` does so there
            path.unlink()
        lock.release()


def _write_holder(descriptor: int) -> None:
    """Write the number of this process, from the second byte on: Windows locks the first."""
    os.ftruncate(descriptor, 0)
    os.write(descriptor, b" %d" % os.getpid())


def _read_holder(path: Path) -> str:
    with suppress(OSError), path.open("rb") as stream:
        stream.seek(1)
        return stream.read().decode() or "?"
    return "?"
