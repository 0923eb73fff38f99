"""Several trainings of one command, one after the other or side by side in processes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from lemf.runtime.console import say
from lemf.runtime.workers import (
    LOOK_S,
    Failure,
    LocalWorkers,
    attempt,
    local_workers,
    run_tasks,
)
from msfser.errors import ConfigError, DataError
from msfser.outputs import make_folder
from msfser.training.jobs.claimed_gpu import claimed_gpu
from msfser.training.ranks.ranks import ALONE, Ranks

Report = Callable[[str], None]


class Job(Protocol):
    """One training, which can be sent to another process."""

    @property
    def name(self) -> str:
        """Its name in messages."""


_JobT = TypeVar("_JobT", bound=Job)
_TaskT = TypeVar("_TaskT")
_ResultT = TypeVar("_ResultT")
RunOne = Callable[[_JobT, Ranks, bool], None]


def check_jobs(jobs: int, ranks: Ranks) -> None:
    """Check that trainings side by side are not asked for in processes that train together.

    Raises
    ------
    ConfigError
        Both are asked for.
    """
    if ranks.size > 1 and jobs > 1:
        raise ConfigError(
            f"--jobs {jobs}: {ranks.size} processes of torchrun train each run together; leave one "
            "of the two out"
        )


def run_jobs(
    run_one: RunOne[_JobT],
    todo: Sequence[_JobT],
    folder: Path,
    *,
    n_all: int,
    jobs: int,
    ranks: Ranks = ALONE,
    report: Report = say,
) -> None:
    """Run trainings; one that fails leaves the others, and all are named in the end.

    Parameters
    ----------
    run_one : function of a job, Ranks and bool
        Trains one job, in these ranks, and shows no progress where the last is set. With several
        `jobs`, it and the job are sent to another process.
    todo : sequence of Job
        Those that are not done.
    folder : Path
        Of the output that they share.
    n_all : int
        Number of those done and to do.
    jobs : int
        Processes that train side by side, each on a GPU of its own while there are as many, or with
        one core each; 1 trains in this process with all cores.
    ranks : Ranks
        Processes that train each job together, in place of `jobs`.
    report : function
        Called with a line for each job that ends, or begins in this process.

    Raises
    ------
    MsfserError
        Jobs failed; what is done is kept.
    """
    n_done = n_all - len(todo)
    if n_done:
        report(f"{n_done} of {n_all} runs are done already")
    failures = []
    for number, (job, reason) in enumerate(
        _run(run_one, todo, folder, jobs, ranks, report), n_done + 1
    ):
        report(f"{job.name}: {reason or 'done'} ({number} of {n_all})")
        if reason:
            failures.append(f"{job.name}: {reason}")
    if failures:
        raise DataError(
            f"{len(failures)} of {n_all} runs failed, such as {failures[0]}; what is done is kept"
        )


def _run(
    run_one: RunOne[_JobT],
    todo: Sequence[_JobT],
    folder: Path,
    jobs: int,
    ranks: Ranks,
    report: Report,
) -> Iterator[tuple[_JobT, str]]:
    """Yield each job, when it has ended, with the reason why it failed, or ``""``."""
    if jobs > 1:
        make_folder(folder)
        with _own_processes(jobs) as workers:
            run_claimed = partial(_run_claimed, run_one, folder, jobs)
            for job, result in run_tasks(workers, run_claimed, todo):
                yield job, result.reason if result else ""
        return
    for job in todo:
        report(f"{job.name}: training")
        if ranks.size > 1:  # where one process fails, all end together
            run_one(job, ranks, False)
            yield job, ""
        else:
            result = attempt(lambda each: run_one(each, ranks, False), job)
            yield job, result.reason if result else ""


def _run_claimed(run_one: RunOne[_JobT], folder: Path, jobs: int, job: _JobT) -> Failure | None:
    """Run a job in a process beside others, on the GPU that it claims."""
    with claimed_gpu(folder, jobs) as ranks:
        gpu = "" if ranks is ALONE else f" on GPU {ranks.local_rank}"
        say(f"{job.name}: training{gpu}")
        return attempt(lambda each: run_one(each, ranks, True), job)


class _OwnProcesses:
    """Processes of which each has one job, and whose death costs no other."""

    deaths: tuple[type[Exception], ...] = LocalWorkers.deaths

    def __init__(self, workers: Sequence[LocalWorkers]) -> None:
        self._workers = workers
        self._working: dict[Future[Any], LocalWorkers] = {}

    def n_ahead(self) -> int:
        """Return the number of processes: no job waits for one that is still busy."""
        return len(self._workers)

    def submit(self, function: Callable[[_TaskT], _ResultT], task: _TaskT) -> Future[_ResultT]:
        """Submit a task to a process that has none."""
        busy = [*self._working.values()]
        worker = next(worker for worker in self._workers if worker not in busy)
        future = worker.submit(function, task)
        self._working[future] = worker
        return future

    def wait(self, futures: Collection[Future[_ResultT]]) -> set[Future[_ResultT]]:
        """Wait until some tasks are done, and return their futures."""
        while not (done := wait(futures, LOOK_S, return_when=FIRST_COMPLETED).done):
            for worker in self._workers:
                worker.stop_if_dead()
        for future in done:
            del self._working[future]
        return done

    def renew(self) -> None:
        """Start new processes for the next tasks."""
        for worker in self._workers:
            worker.renew()


@contextmanager
def _own_processes(n_processes: int) -> Iterator[_OwnProcesses]:
    """Start processes of this machine, which end with the ``with`` block."""
    with ExitStack() as stack:
        yield _OwnProcesses([stack.enter_context(local_workers(1)) for _ in range(n_processes)])
