"""The recordings that one semantic is made from, and the result of each.

Utterances with the same content are one job. Finished jobs are not repeated; failed jobs are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from lemf.runtime.progress import Watch, no_watch
from lemf.runtime.threads import threaded_map
from lemf.runtime.workers import Failure, Workers, attempt, run_tasks
from msfser.manifest import Manifest, Utterance
from msfser.semantics.texts import Text
from msfser.semantics.work_file import Entry, Shard, WorkFile, key_of

_NOT_YET: Entry = {"status": "missing", "reason": "not made yet"}

Results = Generator[tuple["Job", Entry | Failure], None, None]  # in any order
Make = Callable[[list["Job"]], Results]


@dataclass(frozen=True)
class Job:
    """One recording, and its alignment where the result depends on it.

    Attributes
    ----------
    key : str
        Hash of everything that the result depends on, with the content of the files.
    id : str
        First utterance with this content, for messages.
    wav : Path
    alignment : Path or None
    text : str or None
        What is said, where the result depends on it.
    """

    key: str
    id: str
    wav: Path
    alignment: Path | None = None
    text: str | None = None


def usable_utterances(manifest: Manifest, shard: Shard | None = None) -> list[Utterance]:
    """Return the utterances of a shard, or of all, that did not fail."""
    return [
        utterance
        for place, utterance in enumerate(manifest.utterances)
        if utterance.status == "ok" and (shard is None or shard.holds(place))
    ]


def do_jobs(
    manifest: Manifest,
    utterances: Sequence[Utterance],
    work: WorkFile,
    depends_on: Sequence[object],
    make: Make,
    *,
    with_alignment: bool = False,
    texts: Mapping[str, str] | None = None,
    watch: Watch = no_watch,
) -> dict[str, Entry]:
    """Run the jobs that are not done yet, and keep each result as soon as it arrives.

    Parameters
    ----------
    manifest : Manifest
    utterances : sequence of Utterance
        Those of `manifest` that need a result.
    work : WorkFile
    depends_on : sequence
        Everything that the result depends on besides the files; values that JSON can hold.
    make : function
        Takes the jobs to do and yields each with its entry (``status``, ``text`` or ``reason``, and
        anything else to keep) or its failure. Jobs that it does not yield remain to be done.
    with_alignment : bool
        Whether the result also depends on the alignment.
    texts : mapping of id to str, optional
        What is said, where the result depends on it.
    watch : function, optional

    Returns
    -------
    dict of id to Entry
    """
    # content of the files
    contents = _Contents(work.entries.values())
    files = {
        utterance.id: (
            manifest.wav_path(utterance),
            manifest.alignment_path(utterance) if with_alignment else None,
        )
        for utterance in utterances
    }
    digests = contents.read(path for pair in files.values() for path in pair if path is not None)
    # one job per content
    jobs: dict[str, Job] = {}
    key_by_id: dict[str, str] = {}
    for name, (wav, alignment) in files.items():
        text = None if texts is None else texts[name]
        parts = [digests[wav], None if alignment is None else digests[alignment]]
        key = key_by_id[name] = key_of(*depends_on, *parts, *([] if text is None else [text]))
        jobs.setdefault(key, Job(key, name, wav, alignment, text))
    # jobs that are not done
    todo = [job for job in jobs.values() if not work.done(job.key)]
    n_done = len(jobs) - len(todo)
    watch(n_done, len(jobs))
    if todo:
        with closing(make(todo)) as made:  # a full disk stops the jobs in flight at once
            for job, result in made:
                entry = _to_entry(result)
                stamps = contents.stamps(job.wav, job.alignment)
                work.append({"key": job.key, "id": job.id, **entry, "files": stamps})
                n_done += 1
                watch(n_done, len(jobs))
    return {name: work.entries.get(key, _NOT_YET) for name, key in key_by_id.items()}


def run_on_workers(workers: Workers, function: Callable[[Job], Entry]) -> Make:
    """Return the `make` of `do_jobs` that applies a function to each job on workers."""

    def make(jobs: list[Job]) -> Results:
        yield from run_tasks(workers, partial(attempt, function), jobs)

    return make


def _to_entry(result: Entry | Failure) -> Entry:
    if isinstance(result, Failure):
        return {"status": "failed", "reason": result.reason}
    return result


def to_texts(
    entries: Mapping[str, Entry],
    *,
    source: str,
    model: str | None = None,
    prompt: str | None = None,
) -> dict[str, Text]:
    """Return the texts that entries hold, by id."""
    return {
        name: Text(
            text=entry.get("text"),
            status=entry["status"],
            source=source,
            model=model,
            prompt=prompt,
            reason=entry.get("reason"),
        )
        for name, entry in entries.items()
    }


class _Contents:
    """The SHA-256 of files; files whose size and time have not changed are not read again."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._known: dict[tuple[str, int, int], str] = {}
        for entry in entries:
            for path, size, time_ns, digest in entry.get("files", ()):
                self._known[path, size, time_ns] = digest

    def read(self, paths: Iterable[Path]) -> dict[Path, str]:
        """Return the digest of each file; its path where it cannot be read."""
        unique = list(dict.fromkeys(paths))
        return dict(zip(unique, threaded_map(self._digest, unique), strict=True))

    def stamps(self, *paths: Path | None) -> list[list[Any]]:
        """Return the value of an entry's ``files``, from which `read` knows them the next time."""
        stamps = []
        for path in paths:
            if path is not None:
                with suppress(OSError, KeyError):  # gone or changed meanwhile: read it next time
                    status = path.stat()
                    digest = self._known[str(path), status.st_size, status.st_mtime_ns]
                    stamps.append([str(path), status.st_size, status.st_mtime_ns, digest])
        return stamps

    def _digest(self, path: Path) -> str:
        if not path.is_file():
            return str(path)
        try:
            status = path.stat()
            place = (str(path), status.st_size, status.st_mtime_ns)
            if place not in self._known:
                with path.open("rb") as stream:
                    self._known[place] = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError:
            return str(path)
        return self._known[place]
