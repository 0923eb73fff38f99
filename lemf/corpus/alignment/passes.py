"""The passes over a corpus that is aligned: all files are heard, learnt from, and aligned.

What each pass adds to a shard is kept in a part, whatever ends the run. The parts depend neither on
the number of workers nor on how often the run was ended.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

from lemf.config import AlignSettings
from lemf.corpus.alignment.grids import GRIDS_TABLE
from lemf.corpus.alignment.learning import estimate_models, pack_statistics, read_moments
from lemf.corpus.alignment.tasks import (
    AlignTask,
    align_file,
    align_together,
    failed_text,
    hear_file,
    learn_file,
)
from lemf.corpus.parts import DamagedPartError, Part, Parts
from lemf.corpus.plan import Plan, stamp_of
from lemf.runtime.output import printable_path
from lemf.runtime.progress import Watch
from lemf.runtime.workers import Failure, LocalWorkers, run_tasks

if TYPE_CHECKING:
    from lemf.aligner.acoustics.mfcc import Moments
    from lemf.aligner.acoustics.models import PhoneModels

MOST_TRAINING_S = 2 * 3600.0  # of speech from which the models are trained
LEAST_TRAINING_S = 60.0  # with less of it, they stay as they are
_HEARD = "heard"  # tables of the parts
_LEARNT = "learnt"
_Results = list[tuple[AlignTask, Any]]


class _Given(NamedTuple):
    """What a task is given of the passes before: the last fields of `AlignTask`."""

    heard: str = ""
    moments: Moments | None = None
    models: PhoneModels | None = None


class Passes:
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
        self._hears = aligning.aligner in ("espeak", "viter")
        self.n_passes = 1 + self._hears + n_training
        self._n_done = 0
        self._failed: set[int] = set()

    @property
    def last_part(self) -> int:
        """Number of the first part of the last pass, which holds the TextGrids."""
        return (self.n_passes - 1) * self._plan.n_shards

    def finish(self) -> None:
        """Run the passes whose parts are missing.

        Files that have changed since an earlier run read them are read again.

        Raises
        ------
        DamagedPartError
            A part differs from what was written.
        """
        self._forget_changed()
        plan, parts, self._n_done = self._plan, self._parts, 0
        given = [_Given() for _ in plan.recordings]
        if self._hears:
            self._pass(0, hear_file, given, _heard_part)
            heard = [text for shard in range(plan.n_shards) for text in _texts(parts.read(shard))]
            if self._aligning.aligner == "viter":
                tasks = self._tasks(range(len(given)), given)
                heard = align_together(list(tasks), heard, self._speakers)
            given = _with_moments(heard, self._speakers)
        if self.n_passes > 2:
            chosen = choose_training([one.id for one in plan.recordings], heard)
            if sum(map(_speech_s, heard)) < LEAST_TRAINING_S:
                chosen, self.n_passes = set(), 2
            shards = sorted({plan.shard_of(file) for file in chosen})
        for number in range(1, self.n_passes - 1):
            self._pass(number, learn_file, given, _learnt_part, chosen)
            first = number * plan.n_shards
            learnt = (parts.read(first + shard).tables[_LEARNT] for shard in shards)
            models = estimate_models(learnt)
            given = [each._replace(models=models) for each in given]
        self._pass(self.n_passes - 1, align_file, given, _grid_part)

    def _pass(
        self,
        number: int,
        function: Callable[[AlignTask], Any],
        given: Sequence[_Given],
        make_part: Callable[[_Results], Part],
        chosen: Collection[int] | None = None,
    ) -> None:
        """Run a task for each file of the shards that are not done in a pass, and keep its part.

        Of all files, or of those `chosen`.
        """
        plan = self._plan
        first, done = number * plan.n_shards, self._parts.done()
        todo = {
            shard: files
            for shard in range(plan.n_shards)
            if first + shard not in done
            and (files := [f for f in plan.files_of(shard) if chosen is None or f in chosen])
        }
        total = self.n_passes * len(plan.recordings)
        n_todo = sum(map(len, todo.values()))
        self._n_done += len(plan.recordings) - n_todo
        self._watch(self._n_done, total, len(self._failed))
        held: defaultdict[int, _Results] = defaultdict(list)
        tasks = self._tasks((file for files in todo.values() for file in files), given)
        for task, result in run_tasks(self._workers, function, tasks):
            shard = plan.shard_of(task.number)
            held[shard].append((task, result))
            if len(held[shard]) == len(todo[shard]):
                results = sorted(held.pop(shard), key=lambda pair: pair[0].number)
                part = make_part(results)
                part.stamps = [task.stamp for task, _ in results]
                self._parts.write(first + shard, part)
            self._n_done += 1
            if isinstance(result, Failure):
                self._failed.add(task.number)
            self._watch(self._n_done, total, len(self._failed))

    def _tasks(self, files: Iterable[int], given: Sequence[_Given]) -> Iterator[AlignTask]:
        plan, folder = self._plan, os.getcwd()  # noqa: PTH109
        for file in files:
            recording = plan.recordings[file]
            yield AlignTask(
                file, recording, stamp_of(recording), self._aligning, plan.settings.encoding,
                folder, plan.whisper, *given[file],
            )  # fmt: skip

    def _forget_changed(self) -> None:
        """Remove the parts that hold anything of a file that has changed since the first pass."""
        n_shards, done = self._plan.n_shards, self._parts.done()
        changed = {shard for shard in done if shard < n_shards and self._has_changed(shard)}
        if changed:
            later = {part for part in done if part >= n_shards}  # the models know the file
            self._parts.forget(changed | later)

    def _has_changed(self, shard: int) -> bool:
        try:
            stamps = self._parts.read_head(shard).stamps
        except DamagedPartError:  # its shard is done again
            return False
        files = self._plan.files_of(shard)
        return stamps != [stamp_of(self._plan.recordings[file]) for file in files]


def choose_training(
    ids: Sequence[str], heard: Sequence[str], most_s: float = MOST_TRAINING_S
) -> set[int]:
    """Choose the recordings from which the models learn, whatever the order of the files.

    Parameters
    ----------
    ids : sequence of str
        Of the recordings.
    heard : sequence of str
        What `hear_file` returned of each.
    most_s : float
        Of speech, which the last recording that is chosen may exceed.

    Returns
    -------
    set of int
        The places of all recordings whose texts fit, or of some at random (by a hash of the id).
    """
    speech_s = [_speech_s(text) for text in heard]
    places = sorted(
        (hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest(), place)
        for place, name in enumerate(ids)
        if speech_s[place] > 0
    )
    before_s = [0.0, *accumulate(speech_s[place] for _, place in places)]
    return {place for (_, place), sum_s in zip(places, before_s, strict=False) if sum_s < most_s}


def _with_moments(heard: Sequence[str], speakers: Sequence[str | None]) -> list[_Given]:
    """Return what was heard of each file and the moments of its speaker, in the order of the files.

    A file whose text does not fit adds nothing to the others, and is standardised by itself.
    """
    sums: dict[str, Moments] = {}
    owns: list[Moments | None] = []
    for text, speaker in zip(heard, speakers, strict=True):
        own = read_moments(text)
        owns.append(own)
        if speaker is not None and own is not None:
            sums[speaker] = sums[speaker] + own if speaker in sums else own
    return [
        _Given(text, None if speaker is None or own is None else sums[speaker])
        for text, speaker, own in zip(heard, speakers, owns, strict=True)
    ]


def _speech_s(heard: str) -> float:
    """Return how long a recording speaks a text that fits, in seconds."""
    return 0.0 if (own := read_moments(heard)) is None else own.speech_s


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
    part.tables[GRIDS_TABLE] = json.dumps(grids).encode()
    return part
