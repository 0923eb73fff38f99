"""The workers of a dask cluster, used in place of the processes of this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
from typing import TypeVar

from lemf.errors import CorpusError
from lemf.runtime.extras import importing
from lemf.runtime.workers import AHEAD, CLUSTER_GONE

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")

_LONGEST_CONNECT_S = 15
_COUNT_AGAIN_S = 10.0  # a cluster may grow


class ClusterWorkers:
    """The workers of a dask.distributed scheduler, through its executor."""

    def __init__(
        self,
        executor: Executor,
        count_threads: Callable[[], int],
        deaths: tuple[type[Exception], ...],
    ) -> None:
        self.deaths = deaths
        self._executor = executor
        self._count_threads = count_threads
        self._counted_at = -_COUNT_AGAIN_S
        self._n_threads = 0

    def n_ahead(self) -> int:
        """Return how many tasks to hand out at a time."""
        if time.monotonic() - self._counted_at > _COUNT_AGAIN_S:
            try:
                self._n_threads = self._count_threads()
            except OSError:
                raise CorpusError(CLUSTER_GONE) from None
            self._counted_at = time.monotonic()
        return AHEAD * max(self._n_threads, 1)

    def submit(self, function: Callable[[_Task], _Result], task: _Task) -> Future[_Result]:
        """Submit a task to the workers."""
        return self._executor.submit(function, task)

    def renew(self) -> None:
        """Return at once: the cluster starts its workers itself."""


@contextmanager
def cluster_workers(address: str) -> Iterator[ClusterWorkers]:
    """Open the workers of the scheduler at an address such as ``tcp://host:8786``.

    Raises
    ------
    MissingPackageError
        dask.distributed is not installed.
    CorpusError
        No scheduler answers.
    """
    with importing("lemf[cluster]"):
        from distributed import Client, KilledWorker
    try:
        client = Client(address, timeout=_LONGEST_CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise CorpusError(
            f"--cluster {address}: no dask scheduler answers ({type(error).__name__}); "
            "write tcp://HOST:PORT as the scheduler prints it"
        ) from error
    try:
        executor = client.get_executor(pure=False)
        yield ClusterWorkers(
            executor, lambda: sum(client.nthreads().values()), (KilledWorker, BrokenExecutor)
        )
        executor.shutdown(wait=False)
    finally:
        client.close()
