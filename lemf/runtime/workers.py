"""Workers that run tasks, such as the files of a corpus: the processes of this machine.

When a worker is killed, by the kernel for its memory or by anybody else, its tasks run again; only
a task whose worker is killed twice is lost.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import contextmanager
from multiprocessing import connection
from multiprocessing.connection import Connection
from typing import Any, NamedTuple, Protocol, TypeVar

from lemf.errors import (
    CorpusError,
    KilledAlignerError,
    LemfError,
    MissingPackageError,
    SettingsError,
    one_line,
)
from lemf.runtime.processes import (
    environment,
    no_interrupt,
    no_main_module,
    same_imports,
    start_method,
)

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")

_THREAD_COUNTS = (  # of the libraries under numpy: one process per core already uses all cores
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
LOOK_S = 0.5  # between looks at whether all workers live, while there is no result
AHEAD = 4  # tasks handed out per core, so that no core waits for the next
_NOT_LOADED = "Error during deserialization"  # start of dask's message where it cannot import lemf
_LEMF_MISSING = (
    "the cluster cannot import lemf; install this version on its scheduler and on all its workers"
)
CLUSTER_GONE = "the cluster is gone; what is done is kept: run the same command to go on"


class Failure(NamedTuple):
    """Why a task has no result, in one line."""

    reason: str


KILLED = Failure("its worker was killed twice, perhaps because memory ran out")


def attempt(
    function: Callable[[_Task], _Result],
    task: _Task,
    *,
    ends_run: tuple[type[Exception], ...] = (),
) -> _Result | Failure:
    """Run a task; an error of its file becomes the reason of a `Failure` and stops no other task.

    Parameters
    ----------
    function : function of a task
    task : any
    ends_run : tuple of exception types
        Errors that are no fault of the file, and are raised.

    Raises
    ------
    MissingPackageError
        A package is not installed, so all tasks would fail alike.
    KilledAlignerError
        The memory ran out, perhaps, so the task may do well in another run.
    """
    try:
        return function(task)
    except (MissingPackageError, KilledAlignerError):
        raise
    except ends_run:
        raise
    except LemfError as error:
        reason = str(error)
    except MemoryError:
        reason = "not enough memory"
    except Exception as error:  # a fault of the program must not stop 200,000 files
        reason = f"{type(error).__name__}: {error}"
    return Failure(one_line(" ".join(reason.split())))


class Workers(Protocol):
    """The processes or the cluster in which tasks run."""

    deaths: tuple[type[Exception], ...]  # what a future raises when its worker died

    def n_ahead(self) -> int:
        """Return how many tasks to hand out at a time."""

    def submit(self, function: Callable[[_Task], _Result], task: _Task) -> Future[_Result]:
        """Submit a task to the workers."""

    def wait(self, futures: Collection[Future[_Result]]) -> set[Future[_Result]]:
        """Wait until some tasks are done, and return their futures."""

    def renew(self) -> None:
        """Restore the workers after a death."""


def run_tasks(
    workers: Workers, function: Callable[[_Task], _Result], tasks: Iterable[_Task]
) -> Iterator[tuple[_Task, _Result | Failure]]:
    """Run tasks and yield each with its result as soon as there is one.

    When a worker dies, the task that killed it is unknown: all tasks that were lost with it run
    again, each alone. A task whose worker dies twice while it runs alone gets `KILLED`.

    Raises
    ------
    CorpusError
        No worker can be started, or the cluster is gone.
    """
    waiting: dict[Future[_Result], _Task] = {}
    suspects: list[_Task] = []
    remaining = iter(tasks)
    while True:
        # Hand out tasks
        while not suspects and len(waiting) < workers.n_ahead():
            task = next(remaining, None)
            if task is None:
                break
            try:
                waiting[workers.submit(function, task)] = task
            except BrokenExecutor:  # died between two tasks
                suspects.append(task)

        # Run suspects alone, or end
        if not waiting:
            if not suspects:
                return
            for task in suspects:
                yield task, _run_alone(workers, function, task)
            suspects = []
            workers.renew()
            continue

        # Yield the results that are there
        for future in workers.wait(waiting.keys()):
            task = waiting.pop(future)
            try:
                result = _result(future)
            except workers.deaths:
                suspects.append(task)
            else:
                yield task, result


def _run_alone(
    workers: Workers, function: Callable[[_Task], _Result], task: _Task
) -> _Result | Failure:
    for _ in range(2):
        workers.renew()
        try:
            _wait_alone(workers, _nothing, None)
        except workers.deaths as error:
            raise CorpusError(
                f"no worker can be started ({error}); what is done is kept: run again"
            ) from None
        try:
            return _wait_alone(workers, function, task)
        except workers.deaths:
            continue
    return KILLED


def _wait_alone(workers: Workers, function: Callable[[_Task], _Result], task: _Task) -> _Result:
    future = workers.submit(function, task)
    workers.wait({future})
    return _result(future)


def _nothing(_: None) -> None:
    """Show that a worker lives."""


def _result(future: Future[_Result]) -> _Result:
    try:
        return future.result()
    except CancelledError:
        raise CorpusError(CLUSTER_GONE) from None
    except (ImportError, RuntimeError) as error:
        if getattr(error, "name", None) == "lemf" or _NOT_LOADED in str(error):
            raise CorpusError(_LEMF_MISSING) from None
        raise


class LocalWorkers:
    """Processes of this machine, one BLAS thread each.

    They end when this process closes its end of a pipe, or dies, so neither a kill -9 here nor a
    stop in the middle of a file leaves any behind.
    """

    deaths: tuple[type[Exception], ...] = (BrokenExecutor,)

    def __init__(self, n_processes: int) -> None:
        self._n_processes = n_processes
        self._executor: ProcessPoolExecutor | None = None
        self._lifeline: Connection | None = None

    def n_ahead(self) -> int:
        """Return how many tasks to hand out at a time."""
        return AHEAD * self._n_processes

    def submit(self, function: Callable[[_Task], _Result], task: _Task) -> Future[_Result]:
        """Submit a task to the workers."""
        if self._executor is None:
            far_end, self._lifeline = multiprocessing.Pipe(duplex=False)
            self._executor = ProcessPoolExecutor(
                self._n_processes, start_method(), initializer=_follow, initargs=(far_end,)
            )
        with no_main_module():
            return self._executor.submit(function, task)

    def wait(self, futures: Collection[Future[_Result]]) -> set[Future[_Result]]:
        """Wait until some tasks are done, and return their futures."""
        while not (done := wait(futures, LOOK_S, return_when=FIRST_COMPLETED).done):
            self.stop_if_dead()
        return done

    def stop_if_dead(self) -> None:
        """End all processes where one has died: perhaps it has sent half of a result."""
        if any(not process.is_alive() for process in self._processes()):
            self.stop()

    def renew(self) -> None:
        """Start new processes for the next task."""
        self.stop()

    def stop(self) -> None:
        """End the processes at once, whatever they do."""
        if self._lifeline is not None:
            self._lifeline.close()
        if self._executor is not None:
            for process in self._processes():
                connection.wait([process.sentinel])
            # Nobody writes the rest of a result that a worker was sending
            self._executor._result_queue._writer.close()  # type: ignore[attr-defined]
            self._executor.shutdown(wait=True, cancel_futures=True)
        self._executor = self._lifeline = None

    def _processes(self) -> list[Any]:
        """Return the processes that have been started and not yet been found dead."""
        return list((getattr(self._executor, "_processes", None) or {}).values())


def _follow(far_end: Connection) -> None:
    """End a worker with its master, and leave Ctrl-C to the master."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def end_with_master() -> None:
        far_end.poll(None)
        os._exit(1)

    threading.Thread(target=end_with_master, daemon=True).start()


@contextmanager
def local_workers(n_processes: int) -> Iterator[LocalWorkers]:
    """Start processes of this machine, which end with the ``with`` block.

    On Linux and macOS they are forked from a process that has loaded numpy and lemf, which starts
    now, while the caller still lists the files.

    Raises
    ------
    SettingsError
        Fewer than one process.
    """
    if n_processes < 1:
        raise SettingsError(f"jobs {n_processes}: at least one process is needed")
    workers = LocalWorkers(n_processes)
    with environment(dict.fromkeys(_THREAD_COUNTS, "1")), same_imports():
        try:
            if start_method().get_start_method() == "forkserver":
                from multiprocessing import forkserver, resource_tracker

                resource_tracker.ensure_running()  # which lets Ctrl-C pass again
                multiprocessing.set_forkserver_preload(["lemf.pipeline"])
                with no_interrupt():
                    forkserver.ensure_running()
            yield workers
        finally:
            workers.stop()
