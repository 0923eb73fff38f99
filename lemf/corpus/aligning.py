"""Recordings and their texts -> a folder of TextGrids; the corpus trains the aligner on itself.

All files are heard, then read several times to train the models, then aligned. What each pass adds
is kept in parts, so whatever ends a run, the next one continues it. The output depends neither on
the number of workers nor on how often the run was ended.
"""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lemf.config import AlignerName, AlignSettings, Settings
from lemf.corpus.alignment_tasks import (
    AlignTask,
    align_file,
    estimate_models,
    failed_text,
    hear_file,
    learn_file,
    pack_statistics,
    read_moments,
)
from lemf.corpus.grids import GridOutputs, Row, find_complete_grids, merge_grids
from lemf.corpus.listing import Listing, list_recordings
from lemf.corpus.outputs import Summary
from lemf.corpus.parts import DamagedPartError, Part, Parts
from lemf.corpus.plan import Plan, make_plan, stamp_of
from lemf.corpus.rescoring import speaker_finder
from lemf.errors import CorpusError
from lemf.runtime.locks import hold_lock
from lemf.runtime.output import printable_path
from lemf.runtime.progress import Watch, no_watch
from lemf.runtime.workers import Failure, LocalWorkers, local_workers, run_tasks

if TYPE_CHECKING:
    from lemf.aligner.acoustics.mfcc import Moments
    from lemf.aligner.acoustics.models import PhoneModels

N_TRAINING = 4  # passes in which the models are trained
_HEARD = "heard"  # tables of the parts
_LEARNT = "learnt"
_GRIDS = "grids"


_Results = list[tuple[AlignTask, Any]]


class _Given(NamedTuple):
    """What a task is given of the passes before: the last fields of `AlignTask`."""

    heard: str = ""
    moments: Moments | None = None
    models: PhoneModels | None = None


@dataclass(frozen=True)
class AlignRun:
    """How a run that aligns a corpus ended.

    Attributes
    ----------
    outputs : GridOutputs
        The files that were written.
    summary : Summary
        Numbers of files and words, and the seconds of audio that were aligned.
    grids : list of dict
        One row per TextGrid, with its `confidence`.
    listing : Listing
        The recordings, and the folders that were left out.
    seconds : float
        Of work; 0 where the output was complete before.
    """

    outputs: GridOutputs
    summary: Summary
    grids: list[Row]
    listing: Listing
    seconds: float = 0.0


def align_corpus(
    source: str | Path,
    output: str | Path,
    *,
    language: str,
    aligner: AlignerName = "espeak",
    force_fit: bool = False,
    train: bool = True,
    speaker_pattern: str | None = None,
    encoding: str | None = None,
    jobs: int = 1,
    force: bool = False,
    watch: Watch = no_watch,
) -> AlignRun:
    """Align all recordings of a corpus with their texts.

    Whatever ends a run, the same call continues it.

    Parameters
    ----------
    source : str or Path
        A folder with a ``.txt`` or ``.lab`` beside each recording, a pattern, or a manifest with a
        column ``text`` or ``text_file``, as `list_recordings` takes them.
    output : str or Path
        The folder of the TextGrids, with the subfolders of the corpus. Tables of its name are
        written beside it.
    language, aligner, force_fit : optional
        As in `align`.
    train : bool
        Whether the models learn from the corpus; otherwise each recording is aligned by itself.
    speaker_pattern : str, optional
        A regular expression that finds the speaker in an id, as its first group if it has one; by
        default the folder. Recordings in no folder are normalised each by itself.
    encoding : str, optional
        Of text files without a byte order mark.
    jobs : int
        Number of processes.
    force : bool
        Start over where the output, or a part of it, exists and was made in another way.
    watch : Watch
        Called after every file of every pass.

    Returns
    -------
    AlignRun

    Raises
    ------
    AlignerError
        An unknown language; an aligner that does not run.
    CorpusError
        The output was made with other settings or files; no recordings; no workers.
    OutputError
        An output cannot be written, exists, or another process works on it.
    """
    started = time.monotonic()
    aligning = AlignSettings(language=language, aligner=aligner, force_fit=force_fit)
    outputs = GridOutputs(Path(output))
    outputs.check_place()
    parts = Parts(outputs.parts)
    parts.check()
    with ExitStack() as stack:
        workers = stack.enter_context(local_workers(jobs))  # which start while files are listed
        check_aligner(aligning)
        listing = list_recordings(source)
        recordings = [one._replace(textgrid=None) for one in listing.recordings]
        plan = make_plan(recordings, Settings(encoding=encoding), aligning=aligning)
        n_training = N_TRAINING if train and aligner == "espeak" else 0
        plan.identity["align"] |= {"training": n_training, "speaker_pattern": speaker_pattern}
        speakers = _find_speakers(source, plan, speaker_pattern)
        paths = outputs.paths(recordings)

        stack.enter_context(hold_lock(outputs.lock))
        before = parts.read_plan()
        if before is None and not force and (done := find_complete_grids(outputs, plan, paths)):
            return AlignRun(outputs, *done, listing)
        difference = None if before is None else plan.differs_from(before)
        if difference and not force:
            raise CorpusError(f"{outputs.parts}: unfinished, {difference}; --force starts over")
        run = _Run(workers, plan, parts, aligning, speakers, n_training, watch)
        if before is None or difference or (force and run.find_changed()):
            parts.start(plan.identity)
        while True:
            try:
                run.finish()
                made = merge_grids(parts, plan, outputs, paths, run.last_part)
                break
            except DamagedPartError as error:  # such as by a power cut: its shard is done again
                error.path.unlink()
        parts.remove()
        return AlignRun(outputs, *made, listing, time.monotonic() - started)


def check_aligner(aligning: AlignSettings) -> None:
    """Refuse an unknown language, and an aligner that is not installed, before any work.

    Raises
    ------
    AlignerError, MissingPackageError
    """
    from lemf.aligner.espeak import open_espeak
    from lemf.aligner.spoken_languages import find_language

    with open_espeak() as espeak:
        find_language(str(aligning.language), espeak.languages)


def _find_speakers(source: str | Path, plan: Plan, pattern: str | None) -> list[str | None]:
    """Return the speaker of each recording: the manifest's, the pattern's, or the folder."""
    find = speaker_finder(source, pattern)
    return [
        recording.speaker
        or (find(recording.id) if pattern is not None or "/" in recording.id else None)
        for recording in plan.recordings
    ]


class _Run:
    """The passes over a corpus; the part of a shard in a pass is numbered pass * shards + shard."""

    def __init__(
        self,
        workers: LocalWorkers,
        plan: Plan,
        parts: Parts,
        aligning: AlignSettings,
        speakers: list[str | None],
        n_training: int,
        watch: Watch,
    ) -> None:
        self._workers = workers
        self._plan = plan
        self._parts = parts
        self._aligning = aligning
        self._speakers = speakers
        self._watch = watch
        self._hears = aligning.aligner == "espeak"
        self.n_passes = 1 + self._hears + n_training
        self._n_done = 0

    @property
    def last_part(self) -> int:
        """Number of the first part of the last pass, which holds the TextGrids."""
        return (self.n_passes - 1) * self._plan.n_shards

    def find_changed(self) -> str | None:
        """Describe which files have changed since they were read first; None if none has."""
        return self._plan.find_changed(self._stamps())

    def finish(self) -> None:
        """Make the parts that are missing.

        Raises
        ------
        CorpusError
            A file that an earlier run read has changed since.
        DamagedPartError
            A part differs from what was written.
        """
        if changed := self.find_changed():
            raise CorpusError(f"{self._parts.folder}: {changed}; --force starts over")
        plan, parts, self._n_done = self._plan, self._parts, 0
        given = [_Given() for _ in plan.recordings]
        if self._hears:
            self._pass(0, hear_file, given, _heard_part)
            heard = [text for shard in range(plan.n_shards) for text in _texts(parts.read(shard))]
            given = _with_moments(heard, self._speakers)
        for number in range(1, self.n_passes - 1):
            self._pass(number, learn_file, given, _learnt_part)
            first = number * plan.n_shards
            learnt = (parts.read(first + shard).tables[_LEARNT] for shard in range(plan.n_shards))
            models = estimate_models(learnt)
            given = [each._replace(models=models) for each in given]
        self._pass(self.n_passes - 1, align_file, given, _grid_part)

    def _pass(
        self,
        number: int,
        function: Callable[[AlignTask], Any],
        given: Sequence[_Given],
        make_part: Callable[[_Results], Part],
    ) -> None:
        """Run a task for each file of the shards that are not done in a pass, and keep its part."""
        plan, folder = self._plan, os.getcwd()  # noqa: PTH109
        first, done = number * plan.n_shards, self._parts.done()
        todo = [shard for shard in range(plan.n_shards) if first + shard not in done]
        total, n_failed = self.n_passes * len(plan.recordings), 0
        n_todo = sum(len(plan.files_of(shard)) for shard in todo)
        self._n_done += len(plan.recordings) - n_todo
        self._watch(self._n_done, total)
        tasks = (
            AlignTask(
                file, recording, stamp_of(recording), self._aligning, plan.settings.encoding, folder,
                *given[file],
            )
            for shard in todo
            for file in plan.files_of(shard)
            for recording in [plan.recordings[file]]
        )  # fmt: skip
        held: defaultdict[int, _Results] = defaultdict(list)
        for task, result in run_tasks(self._workers, function, tasks):
            shard = plan.shard_of(task.number)
            held[shard].append((task, result))
            if len(held[shard]) == len(plan.files_of(shard)):
                results = sorted(held.pop(shard), key=lambda pair: pair[0].number)
                part = make_part(results)
                part.stamps = [task.stamp for task, _ in results]
                self._parts.write(first + shard, part)
            self._n_done += 1
            n_failed += isinstance(result, Failure)
            self._watch(self._n_done, total, n_failed)

    def _stamps(self) -> Iterator[tuple[int, int]]:
        """Yield the numbers and stamps of the files of the first pass that are done."""
        for shard in self._parts.done():
            if shard < self._plan.n_shards:
                with suppress(DamagedPartError):  # its shard is done again
                    stamps = self._parts.read_head(shard).stamps
                    yield from zip(self._plan.files_of(shard), stamps, strict=True)


def _with_moments(heard: Sequence[str], speakers: Sequence[str | None]) -> list[_Given]:
    """Give each file the moments of its speaker, summed in the order of the files."""
    sums: dict[str, Moments] = {}
    for text, speaker in zip(heard, speakers, strict=True):
        own = read_moments(text)
        if speaker is not None and own is not None:
            sums[speaker] = sums[speaker] + own if speaker in sums else own
    return [
        _Given(text, None if speaker is None else sums.get(speaker))
        for text, speaker in zip(heard, speakers, strict=True)
    ]


def _texts(part: Part) -> list[str]:
    texts: list[str] = json.loads(part.tables[_HEARD])
    return texts


def _heard_part(results: _Results) -> Part:
    texts = [failed_text(it.reason) if isinstance(it, Failure) else it for _, it in results]
    return Part(tables={_HEARD: json.dumps(texts).encode()})


def _learnt_part(results: _Results) -> Part:
    learnt = [result for _, result in results if not isinstance(result, Failure)]
    return Part(tables={_LEARNT: pack_statistics(learnt)})


def _grid_part(results: _Results) -> Part:
    part, grids = Part(), list[Any]()
    for task, result in results:
        name, audio = printable_path(task.recording.id), printable_path(task.recording.audio)
        if isinstance(result, Failure):
            text = printable_path(task.recording.text_file or "")
            part.failures.append([name, audio, text, result.reason])
            grids.append(None)
            continue
        part.notes += [[name, audio, note] for note in result.pop("notes")]
        grids.append(result)
    part.tables[_GRIDS] = json.dumps(grids).encode()
    return part
