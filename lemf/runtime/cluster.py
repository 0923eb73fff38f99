"""The workers of a dask cluster, used in place of the processes of this machine.

Whatever ails the cluster ends in one line, within a quarter of a minute: what dask itself does with
a worker that cannot import lemf, or without any worker, is to wait for ever.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import warnings
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager, suppress
from importlib.metadata import version as version_of
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from lemf.errors import CorpusError, LemfError
from lemf.runtime.extras import importing
from lemf.runtime.workers import AHEAD, CLUSTER_GONE

if TYPE_CHECKING:
    from distributed import Client

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")

_LONGEST_CONNECT_S = 10.0
_LONGEST_ALONE_S = 10.0  # without any worker: a nanny starts one again in some seconds
_LONGEST_ANSWER_S = 10.0  # of the scheduler
_LONGEST_PROBE_S = 3.0  # of a worker that is asked for its version of lemf
_LONGEST_CLOSE_S = 3.0
_LOOK_S = 3.0  # between two looks at the workers, which come and go
_POLL_S = 0.02
_KEPT = "what is done is kept: run the same command to go on"
_LOGGERS = (
    "distributed",
    "distributed.client",
    "distributed.gc",
    "tornado",
    "tornado.application",
    "asyncio",
)
# evaluated by a worker, which may not have lemf; the import shows what is missing besides
_PROBE = (
    "(__import__('lemf.pipeline'), __import__('importlib.metadata'))[1].metadata.version('lemf')"
)


class _Work(NamedTuple):
    """A task that the cluster has, and the workers that may run it; None for any."""

    running: Any  # a distributed.Future
    function: Callable[[Any], Any]
    task: object
    addresses: frozenset[str] | None


class ClusterWorkers:
    """The workers of a dask.distributed scheduler that have this version of lemf."""

    def __init__(self, client: Client) -> None:
        from distributed import KilledWorker

        self.deaths: tuple[type[Exception], ...] = (KilledWorker,)
        self._client = client
        self._work: dict[Future[Any], _Work] = {}
        self._threads: dict[str, int] = {}  # of each worker, by its address
        self._unfit: dict[str, str] = {}  # why a worker cannot run lemf; empty where it can
        self._looked_s = 0.0
        self._look()

    def n_ahead(self) -> int:
        """Return how many tasks to hand out at a time."""
        self._look_again()
        return AHEAD * max(sum(self._threads[address] for address in self._fit()), 1)

    def submit(self, function: Callable[[_Task], _Result], task: _Task) -> Future[_Result]:
        """Submit a task to the workers."""
        future: Future[_Result] = Future()
        self._submit(future, function, task)
        return future

    def wait(self, futures: Collection[Future[_Result]]) -> set[Future[_Result]]:
        """Wait until some tasks are done.

        Raises
        ------
        CorpusError
            The scheduler is gone, or has had no worker with lemf for some time.
        """
        while not (done := {future for future in futures if future.done()}):
            ready = [one for one in self._work if self._work[one].running.status != "pending"]
            for future in ready:
                self._settle(future)
            if not ready:
                self._look_again()
                time.sleep(_POLL_S)
        return done

    def renew(self) -> None:
        """Return at once: the cluster starts its workers itself."""

    def _submit(self, future: Future[Any], function: Callable[[Any], Any], task: object) -> None:
        if self._client.status not in ("running", "connecting"):
            raise CorpusError(CLUSTER_GONE)
        fit = self._fit()
        addresses = None if len(fit) == len(self._threads) else fit
        running = self._client.submit(
            function, task, pure=False, workers=None if addresses is None else sorted(addresses)
        )
        self._work[future] = _Work(running, function, task, addresses)

    def _settle(self, future: Future[Any]) -> None:
        """Hand a result on, unless its worker has died with it: then the task runs again."""
        running = self._work[future].running
        if running.status == "cancelled":  # when the connection is lost
            raise CorpusError(CLUSTER_GONE)
        if running.status == "error":
            error = running.exception()
            if not isinstance(error, (LemfError, ImportError, RuntimeError, *self.deaths)):
                fault = f"{type(error).__name__}: {error}"
                error = CorpusError(f"the cluster cannot run the tasks ({fault}); {_KEPT}")
            future.set_exception(error)
        else:
            try:
                future.set_result(running.result(timeout=_LOOK_S))
            except (OSError, CancelledError):  # its worker has died, or the scheduler
                self._look_again()
                time.sleep(_POLL_S)
                return
        del self._work[future]

    def _fit(self) -> frozenset[str]:
        return frozenset(one for one in self._threads if self._unfit.get(one) == "")

    def _look_again(self) -> None:
        if time.monotonic() - self._looked_s > _LOOK_S:
            self._look()

    def _look(self) -> None:
        """See which workers there are; wait for one that can run lemf.

        Raises
        ------
        CorpusError
            There is no such worker for some time, or the scheduler does not answer.
        """
        begun_s = time.monotonic()
        while True:
            self._count()
            self._looked_s = time.monotonic()
            if fit := self._fit():
                break
            if self._looked_s - begun_s > _LONGEST_ALONE_S:
                raise CorpusError(self._describe_unfit())
            time.sleep(0.2)
        for future, work in list(self._work.items()):
            if work.addresses and not work.addresses & fit:  # all that may run it have gone
                self._submit(future, work.function, work.task)

    def _count(self) -> None:
        try:
            self._threads = dict(self._client.nthreads(callback_timeout=_LONGEST_ANSWER_S))
            self._unfit = {a: self._unfit[a] for a in self._threads if a in self._unfit}
            unknown = [address for address in self._threads if address not in self._unfit]
            answers = self._client.sync(self._ask, unknown)
        except (OSError, RuntimeError):
            raise CorpusError(CLUSTER_GONE) from None
        for address, answer in zip(unknown, answers, strict=True):
            found = answer.get(address) if isinstance(answer, dict) else answer
            if found == _version():
                self._unfit[address] = ""
            elif isinstance(found, str):
                self._unfit[address] = f"has lemf {found}"
            elif isinstance(found, ImportError):
                self._unfit[address] = f"cannot import lemf ({found})"

    async def _ask(self, addresses: Collection[str]) -> list[Any]:
        """Ask workers for their version of lemf, all at once; an answer may be an exception."""
        questions = [
            self._client.run(eval, _PROBE, workers=[address], on_error="return", asynchronous=True)
            for address in addresses
        ]
        answers = (asyncio.wait_for(question, _LONGEST_PROBE_S) for question in questions)
        return await asyncio.gather(*answers, return_exceptions=True)

    def _describe_unfit(self) -> str:
        if not self._threads:
            return f"the cluster has no workers; start some; {_KEPT}"
        address = min(self._threads)
        reason = self._unfit.get(address, "does not answer")
        return (
            f"no worker of the cluster can run lemf {_version()}: {address} {reason}; install this "
            f"version on its scheduler and on all its workers; {_KEPT}"
        )


def _version() -> str:
    return version_of("lemf")


@contextmanager
def cluster_workers(address: str) -> Iterator[ClusterWorkers]:
    """Open the workers of the scheduler at an address such as ``tcp://host:8786``.

    Raises
    ------
    MissingPackageError
        dask.distributed is not installed.
    CorpusError
        No scheduler answers, or it has no worker that can run this version of lemf.
    """
    with importing("lemf[cluster]"):
        import distributed  # noqa: F401
    with _quiet():
        client = _connect(address)
        # What its tasks leave behind would be logged when Python ends
        client.loop.asyncio_loop.set_exception_handler(lambda _loop, _context: None)
        try:
            yield ClusterWorkers(client)
        finally:
            with suppress(OSError, AssertionError, RuntimeError):
                client.close(timeout=_LONGEST_CLOSE_S)


def _connect(address: str) -> Client:
    """Open a client in a thread of its own, since dask waits for ever where no dask answers."""
    from distributed import Client

    answer: Future[Client] = Future()

    def connect() -> None:
        try:
            asyncio.run(_greet(address))  # a client that fails here would wait for itself at exit
            client = Client(address, timeout=_LONGEST_CONNECT_S, set_as_default=False)
        except Exception as error:
            answer.set_exception(error)
        else:
            answer.set_result(client)

    threading.Thread(target=connect, daemon=True).start()
    try:
        return answer.result(_LONGEST_CONNECT_S + 1)
    except Exception as error:
        raise CorpusError(
            f"--cluster {address}: no dask scheduler answers ({_first_line(error)}); "
            "write tcp://HOST:PORT as the scheduler prints it"
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or "waited in vain"


async def _greet(address: str) -> None:
    """Open a connection and close it again."""
    from distributed.comm import connect

    comm = await asyncio.wait_for(connect(address, _LONGEST_CONNECT_S), _LONGEST_CONNECT_S + 0.5)
    comm.abort()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the log lines and warnings of dask to itself inside the ``with`` block."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for logger in loggers:
                logger.setLevel(logging.CRITICAL + 1)
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
