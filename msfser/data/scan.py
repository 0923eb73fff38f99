"""The first look at every recording of a run: its length, level, content, and whether it is usable.

With a cache, what is in it is not decoded, and what is decoded is put into it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from lemf.runtime.progress import Watch, no_watch
from lemf.runtime.threads import threaded_map
from lemf.runtime.workers import Failure, attempt
from msfser.data.cache import CacheFilling, ClipCache
from msfser.data.clips import WaveStatistics
from msfser.data.facts import ClipFacts, no_facts, read_facts, read_stamp


@dataclass(frozen=True, eq=False)
class Scan:
    """Lengths, levels and content of recordings, and which of them cannot be used.

    Attributes
    ----------
    n_samples : (recordings,) int64
        At 16 kHz; 0 where the recording cannot be used.
    sums, squares : (recordings,) float64
        Sum and sum of squares of the samples.
    samples_hash, file_hash : (recordings,) int64
        Hashes of the samples at 16 kHz and of the bytes of the file; 0 where the recording cannot
        be used.
    n_bytes, changed_ns : (recordings,) int64
        Size of the file and time of its last change; 0 where there is no file.
    failures : dict of int to str
        Why a recording cannot be used, by its place in the list.
    """

    n_samples: NDArray[np.int64]
    sums: NDArray[np.float64]
    squares: NDArray[np.float64]
    samples_hash: NDArray[np.int64]
    file_hash: NDArray[np.int64]
    n_bytes: NDArray[np.int64]
    changed_ns: NDArray[np.int64]
    failures: dict[int, str]

    @property
    def usable(self) -> list[int]:
        """Places of the recordings that can be used."""
        return [place for place in range(len(self.n_samples)) if place not in self.failures]

    def facts(self) -> dict[int, ClipFacts]:
        """Return what was found of each recording that can be used, by its place."""
        columns = (
            self.n_samples, self.sums, self.squares, self.samples_hash,
            self.file_hash, self.n_bytes, self.changed_ns,
        )  # fmt: skip
        found = zip(*(column.tolist() for column in columns), strict=True)
        return {
            place: ClipFacts._make(facts)
            for place, facts in enumerate(found)
            if place not in self.failures
        }

    def statistics(self, chosen: Sequence[int]) -> WaveStatistics:
        """Compute mean and population standard deviation over all samples of some recordings."""
        index = np.array(chosen, dtype=np.int64)
        n_samples = self.n_samples[index].sum()
        if n_samples == 0:
            return WaveStatistics()
        mean = float(self.sums[index].sum() / n_samples)
        variance = float(self.squares[index].sum() / n_samples) - mean**2
        return WaveStatistics(mean, max(variance, 1e-14) ** 0.5)


def scan_clips(
    paths: Sequence[Path],
    *,
    known: Mapping[Path, ClipFacts] = MappingProxyType({}),
    cache: ClipCache | None = None,
    watch: Watch = no_watch,
) -> Scan:
    """Read each recording once for length, level and content, and whether it can be used.

    Parameters
    ----------
    paths : sequence of Path
    known : mapping of Path to ClipFacts
        Found by an earlier scan: a file of the same size and time of change is not read again,
        unless the cache lacks it.
    cache : ClipCache, optional
        What it lacks is put into it.
    watch : function
        Called with the number of recordings done, and the total.

    Raises
    ------
    MsfserError
        The cache cannot be written, or its disk is too small.
    """
    if cache is None:
        found = threaded_map(lambda path: _scan(path, known.get(path), None), paths, watch)
    else:
        found = _scan_cached(paths, cache, watch)
    n_samples, sums, squares, *others = (
        [facts[k] for facts, _ in found] for k in range(len(ClipFacts._fields))
    )
    samples_hash, file_hash, n_bytes, changed_ns = (np.array(one, np.int64) for one in others)
    return Scan(
        np.array(n_samples, dtype=np.int64),
        np.array(sums, dtype=np.float64),
        np.array(squares, dtype=np.float64),
        samples_hash,
        file_hash,
        n_bytes,
        changed_ns,
        {place: reason for place, (_, reason) in enumerate(found) if reason},
    )


def _scan_cached(
    paths: Sequence[Path], cache: ClipCache, watch: Watch
) -> list[tuple[ClipFacts, str]]:
    """Take from the cache what is in it, and put the rest into it."""
    there = threaded_map(cache.verify, paths, watch)
    missing = [path for path, facts in zip(paths, there, strict=True) if facts is None]
    if not missing:
        return [(facts, "") for facts in there if facts is not None]
    n_there = len(paths) - len(missing)

    def watch_rest(done: int, total: int, failed: int = 0, note: str = "") -> None:
        watch(n_there + done, n_there + total, failed, note)

    with cache.filling(missing) as filling:
        fresh = threaded_map(
            # another process may have filled the cache while this one waited
            lambda path: _scan(path, cache.verify(path) if filling.waited else None, filling),
            missing,
            watch_rest,
        )
    rest = iter(fresh)
    return [next(rest) if facts is None else (facts, "") for facts in there]


def _scan(
    path: Path, known: ClipFacts | None, filling: CacheFilling | None
) -> tuple[ClipFacts, str]:
    """Return what is found of a recording, and why it cannot be used, or ``""``."""
    stamp = read_stamp(path)
    if known is not None and stamp == known.stamp:
        return known, ""
    found = attempt(lambda path: read_facts(path, stamp), path)
    if isinstance(found, Failure):
        return no_facts(stamp), found.reason
    facts, samples = found
    if filling is not None:
        filling.put(path, facts, samples)
    return facts, ""
