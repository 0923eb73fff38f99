"""What is found of a recording when it is read: length, level, hashes, stamp of its file."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from msfser.data.clips import Samples, read_samples

_HASH_BYTES = 8  # those of an int64


class Stamp(NamedTuple):
    """Size of a file in bytes and time of its last change; 0 where there is no file."""

    n_bytes: int
    changed_ns: int


class ClipFacts(NamedTuple):
    """What is found of one recording; the fields are those of `Scan`."""

    n_samples: int
    sum: float
    square: float
    samples_hash: int
    file_hash: int
    n_bytes: int
    changed_ns: int

    @property
    def stamp(self) -> Stamp:
        """Size and time of change of the file."""
        return Stamp(self.n_bytes, self.changed_ns)


def read_stamp(path: Path) -> Stamp:
    """Read size and time of change of a file, which stay the same until it is changed."""
    with suppress(OSError, ValueError):  # reported by the reader of the file
        stat = path.stat()
        # A program can set st_mtime back, such as rsync, but not st_ctime.
        return Stamp(stat.st_size, stat.st_ctime_ns if os.name == "posix" else stat.st_mtime_ns)
    return Stamp(0, 0)


def no_facts(stamp: Stamp) -> ClipFacts:
    """Return the facts of a recording that cannot be used."""
    return ClipFacts(0, 0.0, 0.0, 0, 0, *stamp)


def read_facts(path: Path, stamp: Stamp) -> tuple[ClipFacts, Samples]:
    """Read a recording whose stamp was read before: what is found of it, and its samples.

    Raises
    ------
    MsfserError
        As `read_samples`.
    """
    samples = read_samples(path)
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, partial(hashlib.blake2b, digest_size=_HASH_BYTES))
    exact = samples.astype(np.float64)
    sums = float(exact.sum()), float(np.square(exact).sum())
    return ClipFacts(len(samples), *sums, hash_array(samples), _as_int64(digest), *stamp), samples


def hash_array(content: NDArray[np.float32]) -> int:
    """Compute a hash of the bytes of an array, in the range of int64."""
    return _as_int64(hashlib.blake2b(content.tobytes(), digest_size=_HASH_BYTES))


def _as_int64(digest: Any) -> int:  # noqa: ANN401 - hashlib does not export its type
    return int.from_bytes(digest.digest(), "little", signed=True)
