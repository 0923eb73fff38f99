"""A folder of decoded recordings, one file each, that runs, folds and processes share.

A file holds the samples at 16 kHz as two bytes each where those are exact, else as float32, behind
what was found of the recording. It is named by the path of the recording, and counts as absent
unless size and time of change of the recording are those of when it was decoded, by the same
versions of the decoder and the resampler. It appears whole or not at all.
"""

from __future__ import annotations

import hashlib
import math
import mmap
import os
import shutil
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lemf import OutputError, claimed_duration
from lemf.runtime.console import say
from lemf.runtime.locks import hold_lock
from lemf.runtime.output import open_output
from lemf.runtime.threads import threaded_map
from lemf.runtime.workers import Failure, attempt
from msfser.config.settings import RATE_HZ
from msfser.data.clips import Samples
from msfser.data.facts import ClipFacts, hash_array, read_stamp
from msfser.errors import DataError
from msfser.outputs import make_folder

_MAGIC = b"msfclip1"
_HEAD = struct.Struct("<8s8sq" + "qddqqqq")  # magic, rules, bytes of a sample; ClipFacts
_START = 128  # of the samples, in bytes
_STEP = np.float32(2.0**-15)  # between samples of 16 bits
_RESERVE = 64 << 20  # bytes that stay free
_LONGEST_WAIT_S = 86_400.0  # for another process that fills the cache
_MOST_GROWTH = 20  # bytes in the cache for a byte of a recording: MP3 of 24 kbit/s


@dataclass(frozen=True, eq=False)
class CachedClip:
    """A recording in the cache.

    Attributes
    ----------
    facts : ClipFacts
    stored : (samples,) int16 or float32
        Mapped into memory, and read from the disk where it is looked at.
    """

    facts: ClipFacts
    stored: NDArray[np.int16] | NDArray[np.float32]

    def samples(self, start: int = 0, *, out: Samples | None = None) -> Samples:
        """Return the samples at 16 kHz from `start` on, full scale at 1.

        With `out`, as many of them as it holds, which must be there, are written into it.
        """
        part = self.stored[start : None if out is None else start + len(out)]
        if out is None:
            out = np.empty(part.shape, np.float32)
        if part.dtype == np.int16:
            return np.multiply(part, _STEP, out=out)
        out[:] = part
        return out


class ClipCache:
    """Decoded recordings in a folder.

    Parameters
    ----------
    folder : Path
        Made where it is missing.

    Raises
    ------
    lemf.OutputError
        The folder cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        make_folder(folder)

    def find(self, wav: Path) -> CachedClip | None:
        """Find a recording; None where it is absent, or the file of the recording has changed."""
        stamp = read_stamp(wav)
        try:
            with self._place(wav).open("rb") as stream:
                content = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError):  # none, or an empty file
            return None
        if len(content) < _START:
            return None
        magic, rules, n_bytes, *values = _HEAD.unpack_from(content)
        facts = ClipFacts(*values)
        if (
            (magic, rules, facts.stamp) != (_MAGIC, self._rules, stamp)
            or n_bytes not in (2, 4)
            or len(content) != _START + n_bytes * facts.n_samples
        ):
            return None
        return CachedClip(
            facts, np.frombuffer(content, "<i2" if n_bytes == 2 else "<f4", offset=_START)
        )

    def verify(self, wav: Path) -> ClipFacts | None:
        """Return what was found of a recording; None where it is absent, changed or damaged."""
        clip = self.find(wav)
        if clip is None or hash_array(clip.samples()) != clip.facts.samples_hash:
            return None
        return clip.facts

    @contextmanager
    def filling(self, wavs: Sequence[Path]) -> Iterator[CacheFilling]:
        """Put recordings into the cache inside the ``with`` block, as no other process does then.

        A folder that this user may not write stays as it is, and a note says so.

        Parameters
        ----------
        wavs : sequence of Path
            Those that will be put.

        Raises
        ------
        DataError
            The disk is too small.
        lemf.OutputError
            The folder cannot be written.
        """
        if not os.access(self.folder, os.W_OK):
            say(f"note: {self.folder}: may not be written; {len(wavs):,} recordings are not in it")
            yield CacheFilling(None)
            return
        with ExitStack() as stack:
            lock, waited = self.folder / ".lock", False
            try:
                stack.enter_context(hold_lock(lock))
            except OutputError:
                say(f"note: {self.folder}: another process fills the cache; waiting for its end")
                stack.enter_context(hold_lock(lock, wait_s=_LONGEST_WAIT_S))
                waited = True
            self._check_room(wavs)
            for number in range(256):
                make_folder(self.folder / f"{number:02x}")
            filling = CacheFilling(self, waited=waited)
            yield filling
            if filling.n_put:
                say(
                    f"cache {self.folder}: {filling.n_put:,} recordings decoded, "
                    f"{_size(filling.n_bytes)}; {_size(self._free())} are free"
                )

    def put(self, wav: Path, facts: ClipFacts, samples: Samples) -> int:
        """Write a recording in place of what was there; returns the number of bytes."""
        stored = _encode(samples)
        n_bytes = _START + stored.nbytes
        if self._free() < n_bytes + _RESERVE:
            raise DataError(
                f"{self.folder}: the disk is full before the cache is; what is in it stays. Name a "
                "folder on a larger disk, or train without --cache"
            )
        head = _HEAD.pack(_MAGIC, self._rules, stored.itemsize, *facts)
        with open_output(self._place(wav), force=True, sync=False) as stream:
            stream.write(head.ljust(_START, b"\0"))
            stream.write(stored.data)
        return n_bytes

    def _check_room(self, wavs: Sequence[Path]) -> None:
        """Refuse recordings that need more than the disk has free, though 16 bits are enough."""
        free = self._free() - _RESERVE
        if free > _MOST_GROWTH * sum(read_stamp(wav).n_bytes for wav in wavs):
            return
        needed = round(sum(threaded_map(_claimed_s, wavs)) * RATE_HZ * 2)
        if needed > free:
            raise DataError(
                f"{self.folder}: {len(wavs):,} recordings take {_size(needed)} or more, and "
                f"{_size(free)} are free; name a folder on a larger disk, or train without --cache"
            )

    def _free(self) -> int:
        return shutil.disk_usage(self.folder).free

    def _place(self, wav: Path) -> Path:
        """Return where the samples of a recording are."""
        name = hashlib.blake2b(os.fsencode(os.path.abspath(wav)), digest_size=16).hexdigest()  # noqa: PTH100
        return self.folder / name[:2] / f"{name[2:]}.clip"

    @cached_property
    def _rules(self) -> bytes:
        """Identify how samples are made: channels, rate, and the versions of what makes them."""
        rules = f"mean of channels, {RATE_HZ} Hz, {version('soundfile')}, {version('soxr')}"
        return hashlib.blake2b(rules.encode(), digest_size=8).digest()


class CacheFilling:
    """What one process puts into a cache; threads may share it.

    Parameters
    ----------
    cache : ClipCache or None
        None for one that may not be written.
    waited : bool
        Whether another process has put recordings since this one looked.

    Attributes
    ----------
    n_put, n_bytes : int
        Recordings that were put, and their bytes in the cache.
    """

    def __init__(self, cache: ClipCache | None, *, waited: bool = False) -> None:
        self.waited = waited
        self.n_put = self.n_bytes = 0
        self._cache = cache
        self._lock = threading.Lock()

    def put(self, wav: Path, facts: ClipFacts, samples: Samples) -> None:
        """Put a recording into the cache.

        Raises
        ------
        DataError
            The disk is full.
        lemf.OutputError
            The folder cannot be written.
        """
        if self._cache is None:
            return
        n_bytes = self._cache.put(wav, facts, samples)
        with self._lock:
            self.n_put += 1
            self.n_bytes += n_bytes


def _encode(samples: Samples) -> NDArray[np.int16] | NDArray[np.float32]:
    """Convert samples to 16 bits if no byte of them is lost by it."""
    short = (samples / _STEP).clip(-(2**15), 2**15 - 1).astype("<i2")
    if (short * _STEP).tobytes() == samples.tobytes():
        return short
    return samples.astype("<f4")


def _claimed_s(wav: Path) -> float:
    """Return the length of a recording by its header in seconds; 0 where that names none."""
    length_s = attempt(claimed_duration, wav)
    return 0.0 if isinstance(length_s, Failure) or math.isnan(length_s) else length_s


def _size(n_bytes: float) -> str:
    return f"{n_bytes / 1e9:,.1f} GB" if n_bytes >= 1e8 else f"{n_bytes / 1e6:,.1f} MB"


def open_cache(name: str, *, make: bool = True) -> ClipCache | None:
    """Open the cache in a folder, ``""`` for none; without `make`, only where the folder is.

    Raises
    ------
    lemf.OutputError
        The folder cannot be made.
    """
    return ClipCache(Path(name)) if name and (make or Path(name).is_dir()) else None
