"""Extended Semantics: has every utterance described that is not described yet, by one backend."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lemf.runtime.progress import Watch, no_watch
from lemf.runtime.workers import Workers, run_tasks
from msfser.manifest import Manifest
from msfser.semantics.alignment_tiers import TIERS_IN_ORDER
from msfser.semantics.es import kimi
from msfser.semantics.es.description import prompt_hash
from msfser.semantics.es.voice import VERSION, VoiceTask, describe_recording
from msfser.semantics.jobs import Job, Made, do_jobs, to_entry, to_texts, usable
from msfser.semantics.store import Text
from msfser.semantics.work import Shard, WorkFile

if TYPE_CHECKING:
    from msfser.semantics.es.chat_server import Server

Described = tuple[dict[str, Text], dict[str, str]]  # texts by id, and why some failed


def describe_by_server(
    manifest: Manifest,
    work: WorkFile,
    server: Server,
    emotions: Sequence[str],
    *,
    shard: Shard | None = None,
    watch: Watch = no_watch,
) -> Described:
    """Have a server listen and describe.

    Parameters
    ----------
    manifest : Manifest
    work : WorkFile
        Of the semantic ``"es"``.
    server : Server
    emotions : sequence of str
        The categories of the corpus.
    shard : Shard, optional
    watch : function, optional

    Returns
    -------
    texts : dict of id to Text
    failures : dict of id to str

    Raises
    ------
    SemanticsError
        As `es_server.ask_server`.
    """
    from msfser.semantics.es.server import ask_server

    prompt = prompt_hash(emotions)
    proven = any(entry["status"] == "ok" for entry in work.entries.values())
    entries = do_jobs(
        manifest,
        usable(manifest, shard),
        work,
        ("openai", server.model, prompt, server.decoding),
        partial(ask_server, server, emotions, proven),
        watch=watch,
    )
    return to_texts(entries, source="openai", model=server.model, prompt=prompt)


def describe_acoustically(
    manifest: Manifest,
    work: WorkFile,
    workers: Workers,
    *,
    shard: Shard | None = None,
    watch: Watch = no_watch,
) -> Described:
    """Put into words what lemf measures; parameters and returns as in `describe_by_server`.

    Parameters
    ----------
    workers : lemf.runtime.workers.Workers
    """
    from lemf import __version__

    in_order = manifest.corpus in TIERS_IN_ORDER

    def make(todo: list[Job]) -> Made:
        tasks = (VoiceTask(job, in_order) for job in todo)
        for task, entry in run_tasks(workers, describe_recording, tasks):
            yield task.job, to_entry(entry)

    entries = do_jobs(
        manifest,
        usable(manifest, shard),
        work,
        ("acoustic", VERSION, __version__, in_order),
        make,
        with_alignment=True,
        watch=watch,
    )
    return to_texts(entries, source="acoustic", model=f"lemf {__version__}")


def export_to_kimi(
    manifest: Manifest,
    work: WorkFile,
    path: Path,
    emotions: Sequence[str],
    *,
    model: str = kimi.MODEL,
    shard: Shard | None = None,
    force: bool = False,
) -> int:
    """Write the jobs of `kimi_worker.py`, and give their number.

    Parameters
    ----------
    path : Path
        The JSONL file to write.
    model : str
        Name or folder of Kimi-Audio.
    force : bool
        Whether an existing file may be replaced.
    """
    n_jobs = 0

    def make(todo: list[Job]) -> Made:
        nonlocal n_jobs
        kimi.export_jobs(path, todo, work, emotions, force=force)
        n_jobs = len(todo)
        yield from ()

    depends_on = _kimi_depends_on(model, emotions)
    do_jobs(manifest, usable(manifest, shard), work, depends_on, make)
    return n_jobs


def import_from_kimi(
    manifest: Manifest,
    work: WorkFile,
    path: Path,
    emotions: Sequence[str],
    *,
    model: str = kimi.MODEL,
    shard: Shard | None = None,
) -> Described:
    """Take what `kimi_worker.py` wrote; the parameters are those of `export_to_kimi`."""
    replies = kimi.read_replies(path)
    make = partial(kimi.take_replies, replies, emotions)
    depends_on = _kimi_depends_on(model, emotions)
    entries = do_jobs(manifest, usable(manifest, shard), work, depends_on, make)
    return to_texts(entries, source="kimi", model=model, prompt=prompt_hash(emotions))


def _kimi_depends_on(model: str, emotions: Sequence[str]) -> tuple[object, ...]:
    return "kimi", model, prompt_hash(emotions), kimi.MAX_TOKENS
