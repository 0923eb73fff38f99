"""The command `msfser semantics es`: one of four backends describes the speech."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lemf.runtime.console import PATH, cluster_option, jobs_option, one_line_ends, say
from lemf.runtime.progress import progress
from msfser.commands.semantics_options import (
    finish,
    folder_argument,
    open_workers,
    read_shard,
    shard_option,
)

if TYPE_CHECKING:
    from msfser.manifest import Manifest
    from msfser.semantics.es.chat_server import Server


@click.command()
@folder_argument
@click.option(
    "--backend",
    type=click.Choice(["openai", "kimi", "jsonl", "acoustic"]),
    required=True,
    help="A server with OpenAI's API, Kimi-Audio in its own environment, descriptions in a file, "
    "or measurements of lemf in words.",
)
@click.option(
    "--from",
    "source",
    metavar="FILE",
    type=PATH,
    help="Descriptions of --backend jsonl, or replies of kimi_worker.py.",
)
@click.option(
    "--export-jobs",
    metavar="FILE",
    type=PATH,
    help="Write the jobs for kimi_worker.py.",
)
@click.option(
    "--url", default="http://localhost:8000/v1", show_default=True, help="URL of the server."
)
@click.option(
    "--model", metavar="NAME", help="Model.  [default: the only one of the server; Kimi-Audio-7B]"
)
@click.option(
    "--api-key", envvar="OPENAI_API_KEY", help="Key of the server.  [default: $OPENAI_API_KEY]"
)
@click.option(
    "--in-flight",
    type=click.IntRange(min=1),
    default=64,
    show_default=True,
    help="Number of requests at the same time.",
)
@click.option("--no-schema", is_flag=True, help="Send no JSON schema, for servers that take none.")
@click.option(
    "--max-tokens",
    type=click.IntRange(min=1),
    default=512,
    show_default=True,
    help="Longest reply of the server; models that reason first need more.",
)
@click.option(
    "--emotions",
    metavar="NAME,...",
    help="Emotions to choose from.  [default: those of the corpus, else those of MSP-Podcast]",
)
@jobs_option
@cluster_option
@shard_option
def es(
    folder: Path,
    backend: str,
    source: Path | None,
    export_jobs: Path | None,
    url: str,
    model: str | None,
    api_key: str | None,
    in_flight: int,
    no_schema: bool,
    max_tokens: int,
    emotions: str | None,
    jobs: int | None,
    cluster: str | None,
    shard: str | None,
) -> None:
    """Describe the speech: Extended Semantics (ES).

    A description is the fields of table 1 of the paper as one paragraph. Kimi-Audio takes three
    steps: --export-jobs writes the jobs, kimi_worker.py runs them in Kimi's own environment, and
    --from reads the replies.
    """
    part = read_shard(shard)
    _check_files(backend, source, export_jobs)
    if backend == "jsonl" and part is not None:
        raise click.UsageError("--shard cannot be used with --backend jsonl; leave it out")

    from msfser.manifest import read_manifest
    from msfser.semantics.es import run as backends
    from msfser.semantics.es.description import emotions_of
    from msfser.semantics.es.kimi import MODEL
    from msfser.semantics.work_file import open_work

    # manifest and emotions
    manifest = read_manifest(folder)
    categories = emotions_of(manifest.corpus)
    if emotions is not None:
        categories = tuple(name.strip() for name in emotions.split(",") if name.strip())
    if backend == "jsonl" and source is not None:
        _import_es(folder, manifest, source, categories)
        return
    # texts of one backend
    with one_line_ends(), ExitStack() as stack:
        work = stack.enter_context(open_work(folder, "es", part))
        if export_jobs is not None:
            n_jobs = backends.export_to_kimi(
                manifest, work, export_jobs, categories, model=model or MODEL, shard=part
            )
            _say_exported(export_jobs, n_jobs)
            return
        if backend == "kimi" and source is not None:
            texts = backends.import_from_kimi(
                manifest, work, source, categories, model=model or MODEL, shard=part
            )
        elif backend == "acoustic":
            workers = stack.enter_context(open_workers(jobs, cluster))
            watch = stack.enter_context(progress("describing"))
            texts = backends.describe_acoustically(manifest, work, workers, shard=part, watch=watch)
        else:
            server = _find_server(url, model, api_key, in_flight, no_schema, max_tokens)
            watch = stack.enter_context(progress("describing"))
            texts = backends.describe_by_server(
                manifest, work, server, categories, shard=part, watch=watch, say=say
            )
    finish(folder, manifest, "es", texts, part)


def _check_files(backend: str, source: Path | None, export_jobs: Path | None) -> None:
    """Refuse a backend without its file, and a file without its backend."""
    if backend == "jsonl" and source is None:
        raise click.UsageError("--backend jsonl needs --from FILE")
    if backend == "kimi" and (source is None) == (export_jobs is None):
        raise click.UsageError("--backend kimi needs --export-jobs FILE, and later --from FILE")
    if source is not None and backend not in ("jsonl", "kimi"):
        raise click.UsageError(f"--from needs --backend jsonl or kimi, not {backend}")
    if export_jobs is not None and backend != "kimi":
        raise click.UsageError(f"--export-jobs needs --backend kimi, not {backend}")


def _say_exported(path: Path, n_jobs: int) -> None:
    from msfser.semantics.es.kimi import WORKER

    say(f"wrote {path}: {n_jobs:,} jobs; in Kimi-Audio's environment, run")
    say(f"python -I {WORKER} {path} REPLIES.jsonl")


def _find_server(
    url: str,
    model: str | None,
    api_key: str | None,
    in_flight: int,
    no_schema: bool,
    max_tokens: int,
) -> Server:
    from msfser.semantics.es.chat_requests import find_model
    from msfser.semantics.es.chat_server import Server

    return Server(
        url=url,
        model=model or find_model(url, api_key, None),
        api_key=api_key,
        in_flight=in_flight,
        use_schema=not no_schema,
        max_tokens=max_tokens,
    )


def _import_es(folder: Path, manifest: Manifest, source: Path, categories: tuple[str, ...]) -> None:
    from msfser.semantics.es.description_file import import_descriptions

    texts, notes = import_descriptions(source, manifest, categories)
    for note in notes:
        say(f"note: {note}")
    finish(folder, manifest, "es", texts, None)
