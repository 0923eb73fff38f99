"""Extended Semantics: one backend describes every utterance that is not described yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lemf import __version__
from lemf.runtime.progress import Watch, no_watch
from lemf.runtime.workers import Workers
from msfser.manifest import Manifest
from msfser.semantics.alignment_tiers import TIERS_IN_ORDER
from msfser.semantics.es import kimi
from msfser.semantics.es.description import prompt_hash
from msfser.semantics.es.voice import VERSION, describe_recording
from msfser.semantics.jobs import Job, Results, do_jobs, run_on_workers, to_texts, usable_utterances
from msfser.semantics.texts import Text
from msfser.semantics.work_file import Shard, WorkFile

if TYPE_CHECKING:
    from msfser.semantics.es.chat_server import Server


def _say_nothing(_: str) -> None:
    """Print no line."""


def describe_by_server(
    manifest: Manifest,
    work: WorkFile,
    server: Server,
    emotions: Sequence[str],
    *,
    shard: Shard | None = None,
    watch: Watch = no_watch,
    say: Callable[[str], None] = _say_nothing,
) -> dict[str, Text]:
    """Describe recordings by a server that takes audio.

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
    say : function, optional
        Prints a line about a request that is sent again.

    Returns
    -------
    dict of id to Text

    Raises
    ------
    SemanticsError
        As `server.ask_server`.
    """
    from msfser.semantics.es.server import ask_server

    prompt = prompt_hash(emotions)
    proven = any(entry["status"] == "ok" for entry in work.entries.values())
    entries = do_jobs(
        manifest,
        usable_utterances(manifest, shard),
        work,
        ("openai", server.model, prompt, server.decoding),
        partial(ask_server, server, emotions, proven, say),
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
) -> dict[str, Text]:
    """Describe the measures of lemf in words; parameters and returns as in `describe_by_server`.

    Parameters
    ----------
    workers : lemf.runtime.workers.Workers
    """
    in_order = manifest.corpus in TIERS_IN_ORDER
    entries = do_jobs(
        manifest,
        usable_utterances(manifest, shard),
        work,
        ("acoustic", VERSION, __version__, in_order),
        run_on_workers(workers, partial(describe_recording, tiers_in_order=in_order)),
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
) -> int:
    """Write the jobs of `kimi_worker.py`, and return their number.

    Parameters
    ----------
    path : Path
        The JSONL file to write.
    model : str
        Name or folder of Kimi-Audio.

    Raises
    ------
    lemf.LemfError
        The file cannot be written, or exists already.
    """
    jobs: list[Job] = []

    def collect(todo: list[Job]) -> Results:
        jobs.extend(todo)
        yield from ()

    depends_on = _kimi_depends_on(model, emotions)
    do_jobs(manifest, usable_utterances(manifest, shard), work, depends_on, collect)
    kimi.export_jobs(path, jobs, work, emotions)
    return len(jobs)


def import_from_kimi(
    manifest: Manifest,
    work: WorkFile,
    path: Path,
    emotions: Sequence[str],
    *,
    model: str = kimi.MODEL,
    shard: Shard | None = None,
) -> dict[str, Text]:
    """Read the replies that `kimi_worker.py` wrote; parameters as in `export_to_kimi`.

    Raises
    ------
    lemf.LemfError
        As `kimi.read_replies`.
    """
    replies = kimi.read_replies(path)
    make = partial(kimi.take_replies, replies, emotions)
    depends_on = _kimi_depends_on(model, emotions)
    entries = do_jobs(manifest, usable_utterances(manifest, shard), work, depends_on, make)
    return to_texts(entries, source="kimi", model=model, prompt=prompt_hash(emotions))


def _kimi_depends_on(model: str, emotions: Sequence[str]) -> tuple[object, ...]:
    return "kimi", model, prompt_hash(emotions), kimi.MAX_TOKENS
