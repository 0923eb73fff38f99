"""Many recordings -> one Parquet, in parallel; whatever ends a run, the next one continues it.

The output depends neither on the number of workers nor on how often the run was ended.
"""

from __future__ import annotations

import math
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from itertools import chain, islice
from pathlib import Path

from lemf.config import AlignerName, AlignSettings, Settings
from lemf.contours.pitch import check_tracker
from lemf.corpus.listing import Listing, list_recordings
from lemf.corpus.outputs import Outputs, Summary, find_complete, merge_parts
from lemf.corpus.parts import DamagedPartError, Part, Parts
from lemf.corpus.plan import Plan, make_plan, stamp_of
from lemf.corpus.recording import VERSION, FileResult, FileTask, score_file
from lemf.corpus.tables import CONFIDENCE_COLUMN, Row
from lemf.errors import CorpusError
from lemf.runtime.locks import hold_lock
from lemf.runtime.output import printable_path
from lemf.runtime.processes import no_collection
from lemf.runtime.progress import Watch, no_watch
from lemf.runtime.workers import Failure, Workers, local_workers, run_tasks
from lemf.scoring.edges import UNCERTAIN


@dataclass(frozen=True)
class CorpusRun:
    """How a run over a corpus ended.

    Attributes
    ----------
    outputs : Outputs
        The files that were written.
    summary : Summary
        Numbers of files and words in them, and the seconds of audio.
    listing : Listing
        The recordings, and the TextGrids and folders that were left out.
    audio_s, seconds : float
        Seconds of audio that this run scored, and of work; 0 where the output was complete before.
    """

    outputs: Outputs
    summary: Summary
    listing: Listing
    audio_s: float = 0.0
    seconds: float = 0.0

    @property
    def unused_textgrids(self) -> list[str]:
        """TextGrids that belong to no recording."""
        return self.listing.unused_textgrids


def score_corpus(
    source: str | Path,
    output: str | Path,
    settings: Settings | None = None,
    *,
    textgrids: str | Path | None = None,
    sentence_table: str | Path | None = None,
    features: str | Path | None = None,
    language: str | None = None,
    aligner: AlignerName = "espeak",
    force_fit: bool = False,
    whisper: str | None = None,
    download: bool = False,
    jobs: int = 1,
    cluster: str | None = None,
    force: bool = False,
    watch: Watch = no_watch,
) -> CorpusRun:
    """Score all recordings of a corpus.

    Whatever ends a run, the same call continues it. The work is done in processes that do not run
    the caller's script again.

    Parameters
    ----------
    source : str or Path
        A folder, a pattern or a manifest, as `list_recordings` takes them.
    output : str or Path
        The table with one row per word, a ``.parquet`` or ``.csv``.
    settings : Settings, optional
        By default those of the paper.
    textgrids : str or Path, optional
        The folder of the TextGrids where they do not lie beside the recordings.
    sentence_table : str or Path, optional
        A table with one row per sentence, a ``.parquet`` or ``.csv``.
    features : str or Path, optional
        Contours and words for `rescore_features`, a ``.parquet``.
    language : str, optional
        Language of the texts of recordings without a TextGrid, which are then aligned, each by
        itself; `align_corpus` learns from all of them.
    aligner, force_fit : optional
        As in `align`.
    whisper : str, optional
        Model of faster-whisper, as `transcribe` takes it, that transcribes recordings with neither
        a TextGrid nor a text; in `language`, or in the language that it hears.
    download : bool
        Whether the model may be downloaded, once, before any recording is read.
    jobs : int
        Number of processes of this machine.
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
    AlignerError
        There is no such model of Whisper, or one that does not know the language.
    CorpusError
        The output was made with other settings or files; its folder of parts holds other files; no
        recordings; no workers.
    OutputError
        An output cannot be written, or another process works on it.
    """
    started = time.monotonic()
    settings = settings or Settings()
    aligning = None
    if language is not None or whisper is not None:
        aligning = AlignSettings(language=language, aligner=aligner, force_fit=force_fit)
    outputs = Outputs.of(output, sentence_table, features)
    may_be_complete = os.path.isfile(outputs.table) and not force  # noqa: PTH113 - never raises
    if not may_be_complete:  # else the place may be read-only; existing outputs are checked below
        outputs.check(Path(source), force=True)
    parts = Parts(outputs.parts)
    parts.check()
    with ExitStack() as stack:
        # Workers start while files are listed
        workers: Workers
        if cluster is not None:
            from lemf.runtime.cluster import cluster_workers

            workers = stack.enter_context(cluster_workers(cluster))
        else:
            workers = stack.enter_context(local_workers(jobs))
            check_tracker(settings.pitch)
        import_module("lemf.corpus.parquet")  # reports missing packages before scoring
        with no_collection():
            listing = list_recordings(source, textgrids, transcribes=whisper is not None)
            plan = make_plan(
                listing.recordings,
                settings,
                sentence_table=outputs.sentence_table,
                features=outputs.features,
                aligning=aligning,
                whisper=whisper,
            )

        # A complete output needs no lock, where no killed run left one
        left = outputs.parts.exists() or outputs.lock.exists()
        if not left and (summary := find_complete(outputs, plan, force)):
            return CorpusRun(outputs, summary, listing)
        outputs.check(Path(source), force=True)
        stack.enter_context(hold_lock(outputs.lock))
        before = parts.read_plan()
        if before is None and (summary := find_complete(outputs, plan, force)):
            parts.remove()  # another run has just ended, or was killed at its end
            return CorpusRun(outputs, summary, listing)

        # An unfinished run goes on if it is the same
        difference = None if before is None else plan.differs_from(before)
        if difference and not force:
            raise CorpusError(f"{outputs.parts}: unfinished, {difference}; --force starts over")
        if whisper is not None:
            from lemf.transcription.whisper import check_whisper

            check_whisper(whisper, language, download=download)
        done = parts.done()
        if (
            before is None
            or difference
            or (force and plan.find_changed(_stamps(parts, plan, done)))
        ):
            parts.start(plan.identity)
            done = set()
        summary, audio_s = _finish(workers, plan, parts, outputs, done, watch)
        return CorpusRun(outputs, summary, listing, audio_s, time.monotonic() - started)


def _finish(
    workers: Workers, plan: Plan, parts: Parts, outputs: Outputs, done: set[int], watch: Watch
) -> tuple[Summary, float]:
    """Score the shards that are not done and merge all; return the seconds of audio scored, too.

    Raises
    ------
    CorpusError
        A file that an earlier run scored has changed since.
    """
    unchecked = done
    audio_s = 0.0
    while True:
        results = _score_files(workers, plan, done, watch)
        try:
            # Files done before are checked while the workers are busy
            begun = list(islice(results, 1))
            if changed := plan.find_changed(_stamps(parts, plan, unchecked)):
                raise CorpusError(f"{outputs.parts}: {changed}; --force starts over")

            # A shard is kept as soon as all of its files are scored
            held: defaultdict[int, list[tuple[FileTask, FileResult]]] = defaultdict(list)
            for task, result in chain(begun, results):
                audio_s += result.duration_s
                shard = plan.shard_of(task.number)
                held[shard].append((task, result))
                if len(held[shard]) == len(plan.files_of(shard)):
                    scored = sorted(held.pop(shard), key=lambda pair: pair[0].number)
                    parts.write(shard, _make_part(scored, plan.settings, outputs))
            summary = merge_parts(parts, plan, outputs)
        except DamagedPartError as error:  # such as by a power cut: score its shard again
            error.path.unlink()
            done, unchecked = parts.done(), set()
        else:
            parts.remove()
            return summary, audio_s


def _score_files(
    workers: Workers, plan: Plan, done: set[int], watch: Watch
) -> Iterator[tuple[FileTask, FileResult]]:
    """Yield each file of the shards that are not done with its result, in any order."""
    folder = os.getcwd()  # noqa: PTH109
    todo = [shard for shard in range(plan.n_shards) if shard not in done]
    tasks = (
        FileTask(
            number,
            recording,
            stamp_of(recording),
            plan.settings,
            folder,
            plan.keeps_features,
            plan.aligning,
            plan.whisper,
        )
        for shard in todo
        for number in plan.files_of(shard)
        for recording in [plan.recordings[number]]
    )
    total = len(plan.recordings)
    n_done = total - sum(len(plan.files_of(shard)) for shard in todo)
    n_failed = 0
    watch(n_done, total, n_failed)
    for task, result in run_tasks(workers, score_file, tasks):
        if isinstance(result, Failure):
            result = FileResult(VERSION, failure=result.reason)
        if result.version != VERSION:
            raise CorpusError(
                f"a worker has lemf {result.version}, this is {VERSION}; install {VERSION} there"
            )
        yield task, result
        n_done += 1
        n_failed += result.failure is not None
        watch(n_done, total, n_failed)


def _make_part(
    scored: list[tuple[FileTask, FileResult]], settings: Settings, outputs: Outputs
) -> Part:
    """Convert the results of the files of a shard, in their order, to its part."""
    from lemf.corpus.parquet import schema_of, to_stream

    part = Part(stamps=[task.stamp for task, _ in scored])
    rows: dict[str, list[Row]] = {"words": [], "sentences": [], "features": []}
    lengths_s = []
    for task, result in scored:
        name, audio, textgrid = (printable_path(text or "") for text in task.recording[:3])
        part.notes += [[name, audio, note] for note in result.notes]
        if result.failure is not None:
            part.failures.append([name, audio, textgrid, result.failure])
            continue
        lengths_s.append(result.duration_s)
        rows["words"] += result.words
        rows["sentences"] += result.sentences
        rows["features"] += [] if result.features is None else [result.features]
    part.n_files = len(lengths_s)
    part.n_words = len(rows["words"])
    part.audio_s = math.fsum(lengths_s)
    part.decisions = Counter(row["decision"] for row in rows["sentences"] if "decision" in row)
    part.n_uncertain = sum(UNCERTAIN in row["flags"].split() for row in rows["sentences"])
    part.with_confidence = any(CONFIDENCE_COLUMN.name in row for row in rows["features"])
    schema = partial(schema_of, settings=settings, with_confidence=part.with_confidence)
    part.tables = {table: to_stream(rows[table], schema(table)) for table in outputs.tables}
    return part


def _stamps(parts: Parts, plan: Plan, shards: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield the numbers and stamps of the files of shards that are done."""
    for shard in shards:
        with suppress(DamagedPartError):  # its shard is done again
            yield from zip(plan.files_of(shard), parts.read_head(shard).stamps, strict=True)
