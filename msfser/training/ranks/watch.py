"""How the processes of one training watch each other, so that none waits for one that is gone.

Each process shows a sign of life every second in the store of `torch.distributed`, from a thread:
also while it evaluates, reads or waits. Whoever cannot go on writes why, and all others end with
that reason, in one line.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from torch.distributed import Store  # type: ignore[attr-defined]

from lemf.runtime.console import say
from msfser.errors import RanksError, first_line

_BEAT_S = 1.0
_SILENT_S = 25.0  # without a sign of life, a process is gone; torchrun kills the others after 30 s
_POLL_S = 0.02
_REASON = "reason"  # key of the store: why the processes end
_SOME_LEFT = "some left"
RESTART = "start all ranks again by the same command, msfser train with --resume"
_KEPT = f"; what is saved is kept: {RESTART}"


class RankWatch:
    """The sign of life of one process, and its eyes on the others.

    Parameters
    ----------
    store : Store
        Shared by all processes; its calls here return at once.
    rank, size : int
        Which of the processes this is, and how many there are.
    limit_s : float
        Longest time that the others may need to join in a sum. A `wait` has no limit.
    """

    def __init__(self, store: Store, rank: int, size: int, limit_s: float) -> None:
        self._store, self._rank, self._size, self._limit_s = store, rank, size, limit_s
        self._silent_s = min(_SILENT_S, limit_s)
        self._n_sums = self._n_waits = 0
        self._sum_started_s: float | None = None
        self._ending = threading.RLock()  # held by whichever thread ends the process
        self._left = threading.Event()
        self._show_life(0)
        self._beat_s = time.monotonic()
        self._threads = [
            threading.Thread(target=task, daemon=True) for task in (self._watch, self._watch_store)
        ]
        for thread in self._threads:
            thread.start()

    def meet(self, limit_s: float) -> None:
        """Wait until all processes have come, for no longer than `limit_s`.

        Raises
        ------
        RanksError
            One has not come, or another has ended.
        """
        started_s = time.monotonic()
        while missing := [rank for rank in range(self._size) if not self._life(rank)]:
            if self._store.check([_REASON]):
                self._ending.acquire()
                raise self._error(self._store.get(_REASON).decode())
            if time.monotonic() - started_s > limit_s:
                raise RanksError(
                    f"rank {missing[0]} has not come within {limit_s:g} s; start all ranks with "
                    "torchrun, at once"
                )
            time.sleep(_POLL_S)

    @contextmanager
    def sum(self) -> Iterator[None]:
        """Compute with all processes inside the ``with`` block.

        Raises
        ------
        RanksError
            Another process has ended.
        """
        self._n_sums += 1
        self._sum_started_s = time.monotonic()
        try:
            yield
        except RuntimeError as error:  # of gloo or NCCL, where a connection is lost
            raise self.explain(error) from None
        finally:
            self._sum_started_s = None

    def explain(self, error: RuntimeError) -> RanksError:
        """Find out why a connection was lost, tell the others, and return the error to raise."""
        reason = self._find_reason(first_line(error))
        self._ending.acquire()  # never, where a thread ends the process meanwhile
        if reason != _STORE_GONE:
            self._tell(reason)
        return self._error(reason)

    def wait(self) -> None:
        """Wait until all processes have reached this call, however long they work.

        Raises
        ------
        RanksError
            Another process has ended.
        """
        self._n_waits += 1
        key = f"wait {self._n_waits}"
        try:
            self._store.add(key, 1)
            while self._store.add(key, 0) < self._size:
                if self._store.check([_REASON]):
                    self._ending.acquire()
                    raise self._error(self._store.get(_REASON).decode())
                if self._store.check([_SOME_LEFT]) and self._store.add(key, 0) < self._size:
                    self._ending.acquire()
                    raise self._error(
                        "another rank has less to do; start all with the same command"
                    )
                time.sleep(_POLL_S)
        except RuntimeError:
            self._ending.acquire()
            raise self._error(_STORE_GONE) from None

    def end(self, reason: str) -> None:
        """Send the other ranks why this one ends before its work is done, with the remedy."""
        self._ending.acquire()  # never, where a thread ends the process meanwhile
        self._tell(f"rank {self._rank}: {reason}")

    def _tell(self, reason: str) -> None:
        """Write why all end, unless another process has; let them read it before the store ends."""
        with suppress(RuntimeError):
            self._store.compare_set(_REASON, "", reason)
            if self._rank == 0:
                time.sleep(3 * _BEAT_S)

    def leave(self) -> None:
        """End the watch when all work is done; the first process leaves last, with its store."""
        with suppress(RuntimeError):
            self._store.set(_left(self._rank), "")
            self._store.set(_SOME_LEFT, "")
            others = [_left(rank) for rank in range(1, self._size)]
            while self._rank == 0 and not self._store.check([_REASON]):
                if self._store.check(others):
                    break
                time.sleep(_POLL_S)
        self._left.set()

    def stop(self) -> None:
        """End the threads of this watch: Python may not end while one is inside the store."""
        self._left.set()
        for thread in self._threads:
            thread.join(_SILENT_S)

    def _watch(self) -> None:
        """Show signs of life, and end this process where it would wait for one that is gone."""
        # The first process watches all, all watch the first: it tells them whom it misses.
        watched = [rank for rank in range(self._size) if rank != self._rank]
        if self._rank:
            watched = [0]
        seen: dict[int, tuple[bytes, float]] = {}
        n_beats = 0
        while not self._left.wait(_BEAT_S):
            n_beats += 1
            try:
                self._show_life(n_beats)
                reason = self._missing(watched, seen)
            except RuntimeError:
                reason = _STORE_GONE
            self._beat_s = time.monotonic()
            if reason:
                self._end_process(reason)

    def _watch_store(self) -> None:
        """End this process where the store has stopped to answer, and with it the other watch."""
        while not self._left.wait(_BEAT_S):
            if time.monotonic() - self._beat_s > self._silent_s:
                self._end_process(_STORE_GONE)

    def _end_process(self, reason: str) -> None:
        """End this process at once: its main thread may wait where nothing interrupts it."""
        if self._ending.acquire(blocking=False):
            say(f"Error: {self._error(reason)}")
            if reason != _STORE_GONE:
                self._tell(reason)
            with suppress(OSError, ValueError, AttributeError):
                sys.stderr.flush()
            os._exit(1)

    def _missing(self, watched: Sequence[int], seen: dict[int, tuple[bytes, float]]) -> str:
        """Return why the processes cannot go on, or ``""``."""
        now_s = time.monotonic()
        if self._store.check([_REASON]):
            return self._store.get(_REASON).decode()
        for rank in watched:
            life = b"" if self._store.check([_left(rank)]) else self._life(rank)
            if rank not in seen or life != seen[rank][0]:
                seen[rank] = life, now_s
            elif life and now_s - seen[rank][1] > self._silent_s:
                return f"rank {rank} shows no sign of life (killed, halted or cut off){_KEPT}"
        started_s = self._sum_started_s
        if started_s is not None and now_s - started_s > self._limit_s:
            n_sums = [int(self._life(rank).split()[1]) for rank in range(self._size)]
            rank = n_sums.index(min(n_sums))
            return f"rank {rank} kept the others waiting {self._limit_s:g} s{_KEPT}"
        return ""

    def _find_reason(self, fault: str) -> str:
        """Find why a sum failed: the reason that was written, or whose signs of life stopped."""
        try:
            before = [self._life(rank) for rank in range(self._size)]
            until_s = time.monotonic() + 3 * _BEAT_S
            while time.monotonic() < until_s:
                if self._store.check([_REASON]):
                    return self._store.get(_REASON).decode()
                time.sleep(_POLL_S)
            silent = [rank for rank in range(self._size) if self._life(rank) == before[rank]]
        except RuntimeError:
            return _STORE_GONE
        if silent:
            return f"rank {silent[0]} ended without a word (killed, perhaps for its memory){_KEPT}"
        return f"the ranks lost each other ({fault}){_KEPT}"

    def _error(self, reason: str) -> RanksError:
        return RanksError(f"{reason}; rank {self._rank} of {self._size} ends, too")

    def _show_life(self, n_beats: int) -> None:
        self._store.set(f"life {self._rank}", f"{n_beats} {self._n_sums}")

    def _life(self, rank: int) -> bytes:
        name = f"life {rank}"
        return self._store.get(name) if self._store.check([name]) else b""


_STORE_GONE = f"rank 0, or the torchrun that connects the ranks, is gone{_KEPT}"


def _left(rank: int) -> str:
    return f"left {rank}"
