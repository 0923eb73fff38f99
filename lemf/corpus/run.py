"""Many recordings -> one Parquet, in parallel; whatever ends a run, the next one goes on.

The output does not depend on the number of workers, nor on how often the run was ended.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version as version_of
from pathlib import Path

from lemf.config import Settings
from lemf.corpus.listing import Listing
from lemf.corpus.outputs import Outputs, Summary, find_complete, merge_parts
from lemf.corpus.parts import DamagedPartError, Part, Parts
from lemf.corpus.plan import Plan, make_plan, stamp_of
from lemf.corpus.recording import FileResult, FileTask, printable_path, score_file
from lemf.errors import CorpusError
from lemf.runtime.locks import hold_lock
from lemf.runtime.output import check_output
from lemf.runtime.progress import Watch, no_watch
from lemf.runtime.workers import Failure, Workers, cluster_workers, local_workers, run_tasks


@dataclass(frozen=True)
class CorpusRun:
    """How a run over a corpus ended: `seconds` and `audio_s_now` are this run's, not the earlier's.

    `n_before` files had been done when it began: all of them if there was nothing left to do.
    """

    summary: Summary
    n_before: int
    audio_s_now: float
    seconds: float


def score_corpus(
    list_files: Callable[[], Listing],
    outputs: Outputs,
    settings: Settings,
    *,
    jobs: int = 1,
    cluster: str | None = None,
    force: bool = False,
    watch: Watch = no_watch,
) -> CorpusRun:
    """Score all recordings of a corpus.

    Parameters
    ----------
    list_files : function
        Gives the recordings; called when the workers have begun to start.
    outputs : Outputs
    settings : Settings
    jobs : int
        Processes of this machine.
    cluster : str, optional
        Address of a dask scheduler whose workers are used instead.
    force : bool
        Start over where the output, or a part of it, was made in another way.
    watch : Watch
        Called after every file.

    Returns
    -------
    CorpusRun

    Raises
    ------
    CorpusError
        The output was made with other settings or files; its folder of parts holds other files; no
        recordings; no workers.
    OutputError
        An output cannot be written, or another process works on it.
    """
    started = time.monotonic()
    for path in outputs.tables.values():
        check_output(path, force=True)
    parts = Parts(outputs.parts)
    parts.check()
    with ExitStack() as stack:
        workers: Workers
        if cluster is not None:
            workers = stack.enter_context(cluster_workers(cluster))
        else:
            workers = stack.enter_context(local_workers(jobs))
        import_module("lemf.corpus.parquet")  # says now, not after scoring, what is missing
        plan = make_plan(
            list_files().recordings,
            settings,
            sentence_table=_text(outputs.sentence_table),
            features=_text(outputs.features),
        )
        if not outputs.parts.exists() and (summary := find_complete(outputs, plan, force)):
            return CorpusRun(summary, summary.files + summary.failed, 0.0, 0.0)
        stack.enter_context(hold_lock(outputs.lock))
        before = parts.read_plan()
        if before is None:
            if summary := find_complete(outputs, plan, force):  # ended since the look above
                return CorpusRun(summary, summary.files + summary.failed, 0.0, 0.0)
            parts.start(plan.identity)
        elif difference := plan.differs_from(before):
            if not force:
                raise CorpusError(f"{outputs.parts}: unfinished, {difference}; --force starts over")
            parts.start(plan.identity)
        elif force and plan.find_changed(_stamps(parts, plan, parts.done())):
            parts.start(plan.identity)
        run = _Run(plan, settings, parts, outputs, watch)
        return run.to_the_end(workers, started)


class _Run:
    """A run that holds the lock of its parts."""

    def __init__(
        self, plan: Plan, settings: Settings, parts: Parts, outputs: Outputs, watch: Watch
    ) -> None:
        self._plan = plan
        self._settings = settings
        self._parts = parts
        self._outputs = outputs
        self._watch = watch
        self._audio_s_now = 0.0
        self._stamped: dict[int, int] = {}
        self._unchecked: set[int] = set()

    def to_the_end(self, workers: Workers, started: float) -> CorpusRun:
        done = self._unchecked = self._parts.done()
        n_before = sum(len(self._plan.files_of(shard)) for shard in done)
        while True:
            try:
                todo = [shard for shard in range(self._plan.n_shards) if shard not in done]
                for shard, results in self._score(workers, todo):
                    self._parts.write(shard, self._make_part(shard, results))
                summary = merge_parts(self._parts, self._plan, self._outputs, self._settings)
                break
            except DamagedPartError as error:  # by a power cut, say: do it again
                error.path.unlink()
                done = self._parts.done()
        self._parts.remove()
        return CorpusRun(summary, n_before, self._audio_s_now, time.monotonic() - started)

    def _score(self, workers: Workers, shards: list[int]) -> Iterator[tuple[int, list[FileResult]]]:
        """Give each shard with the results of its files, in their order, as soon as all are in."""
        version = version_of("lemf")
        total = len(self._plan.recordings)
        n_done = total - sum(len(self._plan.files_of(shard)) for shard in shards)
        n_failed = 0
        waiting: dict[int, dict[int, FileResult]] = {}
        self._watch(n_done, total, n_failed)
        for task, result in run_tasks(workers, score_file, self._tasks(shards, workers.n_ahead())):
            if isinstance(result, Failure):
                result = FileResult(version, failure=result.reason)
            if result.version != version:
                raise CorpusError(
                    f"a worker has lemf {result.version}, this is {version}; install the same"
                )
            self._audio_s_now += result.duration_s
            n_done += 1
            n_failed += result.failure is not None
            shard = self._plan.shard_of(task.number)
            held = waiting.setdefault(shard, {})
            held[task.number] = result
            if len(held) == len(self._plan.files_of(shard)):
                yield shard, [held[number] for number in sorted(held)]
                del waiting[shard]
            self._watch(n_done, total, n_failed)

    def _tasks(self, shards: Iterable[int], n_ahead: int) -> Iterator[FileTask]:
        """Give the files of the shards; when all workers are busy, look at those done before.

        Raises
        ------
        CorpusError
            A file that is done has changed since.
        """
        folder = os.getcwd()  # noqa: PTH109
        keep = self._outputs.features is not None
        numbers = (number for shard in shards for number in self._plan.files_of(shard))
        for place, number in enumerate(numbers):
            if place == n_ahead:
                self._check_inputs()
            recording = self._plan.recordings[number]
            self._stamped[number] = stamp_of(recording)
            yield FileTask(number, recording, self._settings, folder, keep)
        self._check_inputs()

    def _check_inputs(self) -> None:
        stamps = _stamps(self._parts, self._plan, self._unchecked)
        if changed := self._plan.find_changed(stamps):
            raise CorpusError(f"{self._outputs.parts}: {changed}; --force starts over")
        self._unchecked = set()

    def _make_part(self, shard: int, results: list[FileResult]) -> Part:
        from lemf.corpus.parquet import schema_of, to_stream

        part = Part([self._stamped.pop(number) for number in self._plan.files_of(shard)])
        for number, result in zip(self._plan.files_of(shard), results, strict=True):
            name, audio, textgrid = (
                printable_path(text or "") for text in self._plan.recordings[number][:3]
            )
            if result.failure is not None:
                part.failures.append([name, audio, textgrid, result.failure])
            part.notes += [[name, audio, note] for note in result.notes]
        scored = [result for result in results if result.failure is None]
        rows = {
            "words": [row for result in scored for row in result.words],
            "sentences": [row for result in scored for row in result.sentences],
            "features": [result.features for result in scored if result.features is not None],
        }
        part.n_files = len(scored)
        part.n_words = len(rows["words"])
        part.audio_s = math.fsum(result.duration_s for result in scored)
        part.tables = {
            table: to_stream(rows[table], schema_of(table, self._settings.cue_weights))
            for table in self._outputs.tables
        }
        return part


def _stamps(parts: Parts, plan: Plan, shards: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Give the numbers and stamps of the files of shards that are done."""
    for shard in shards:
        with suppress(DamagedPartError):  # will be done again
            yield from zip(plan.files_of(shard), parts.read_head(shard).stamps, strict=True)


def _text(path: Path | None) -> str | None:
    return None if path is None else printable_path(str(path))
