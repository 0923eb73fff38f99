"""The commands `msfser semantics les`, `gs` and `es`, and `msfser encode`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from msfser.errors import SemanticsError
from msfser.progress import progress

if TYPE_CHECKING:
    from msfser.config import Semantic
    from msfser.manifest import Manifest
    from msfser.semantics.store import Text
    from msfser.semantics.work import Shard

_FOLDER = click.argument(
    "folder", metavar="DIR", type=click.Path(path_type=Path, readable=False, file_okay=True)
)
_SHARD = click.option(
    "--shard", metavar="I/N", help="Do part I of N only; a run without it puts all together."
)
_INTERRUPTED = 130  # 128 + SIGINT, as shells count


@click.group()
def semantics() -> None:
    """Make the texts of a corpus: DIR/manifest.parquet -> DIR/texts.parquet."""


@semantics.command()
@_FOLDER
@click.option("--cues", default="paper", show_default=True, help="Cue set of lemf.")
@click.option("--words-tier", metavar="NAME", help="Tier of the words.  [default: by name]")
@click.option("--phones-tier", metavar="NAME", help="Tier of the phones.  [default: by name]")
@click.option(
    "--duration",
    type=click.Choice(["phones", "word"]),
    default="phones",
    show_default=True,
    help="Mean phone duration, or the word's length where there is no phone tier.",
)
@click.option(
    "--jobs", type=click.IntRange(min=1), help="Processes.  [default: the cores of this machine]"
)
@click.option("--cluster", metavar="ADDRESS", help="Use the workers of a dask scheduler instead.")
@_SHARD
def les(
    folder: Path,
    cues: str,
    words_tier: str | None,
    phones_tier: str | None,
    duration: str,
    jobs: int | None,
    cluster: str | None,
    shard: str | None,
) -> None:
    """Find the emphasis segment: Local Emphasized Semantics.

    Where there is no alignment, or lemf cannot use it, the text of GS stands in.
    """
    if cluster is not None and jobs is not None:
        raise click.UsageError("--jobs and --cluster exclude each other")
    part = _read_shard(shard)

    from lemf.config import Settings
    from lemf.corpus_workers import Workers, cluster_workers, local_workers
    from msfser.manifest import read_manifest
    from msfser.semantics.les import make_les
    from msfser.semantics.work import open_work

    settings = Settings(
        cues=cues,
        words_tier=words_tier,
        phones_tier=phones_tier,
        duration="word" if duration == "word" else "phones",
    )
    manifest = read_manifest(folder)
    with _one_line_ends(), ExitStack() as stack:
        work = stack.enter_context(open_work(folder, "les", part))
        workers: Workers
        if cluster is not None:
            workers = stack.enter_context(cluster_workers(cluster))
        else:
            workers = stack.enter_context(local_workers(jobs or _count_cores()))
        watch = stack.enter_context(progress("finding the emphasis"))
        texts, failures = make_les(manifest, work, settings, workers, shard=part, watch=watch)
    _finish(folder, manifest, "les", texts, failures, part)


@semantics.command()
@_FOLDER
@click.option(
    "--from",
    "source",
    type=click.Choice(["transcript"]),
    default="transcript",
    show_default=True,
    help="Take the corpus's own transcripts.",
)
def gs(folder: Path, source: str) -> None:
    """Take what is said: Global Semantics."""
    from msfser.manifest import read_manifest
    from msfser.semantics.gs import take_transcripts

    manifest = read_manifest(folder)
    _finish(folder, manifest, "gs", take_transcripts(manifest), {}, None)


@semantics.command()
@_FOLDER
@click.option(
    "--backend",
    type=click.Choice(["openai", "jsonl"]),
    required=True,
    help="A server that speaks OpenAI's API, or descriptions that are there already.",
)
@click.option(
    "--from",
    "source",
    metavar="FILE",
    type=click.Path(path_type=Path, readable=False),
    help="The descriptions of --backend jsonl: a line an utterance.",
)
@click.option("--url", default="http://localhost:8000/v1", show_default=True, help="The server.")
@click.option("--model", metavar="NAME", help="The server's model.  [default: its only one]")
@click.option("--api-key", envvar="OPENAI_API_KEY", help="[default: $OPENAI_API_KEY]")
@click.option(
    "--in-flight",
    type=click.IntRange(min=1),
    default=64,
    show_default=True,
    help="Requests at a time.",
)
@click.option("--no-schema", is_flag=True, help="The server takes no JSON schema.")
@click.option(
    "--emotions",
    metavar="NAME,...",
    help="The categories to choose from.  [default: the corpus's, else MSP-Podcast's]",
)
@_SHARD
def es(
    folder: Path,
    backend: str,
    source: Path | None,
    url: str,
    model: str | None,
    api_key: str | None,
    in_flight: int,
    no_schema: bool,
    emotions: str | None,
    shard: str | None,
) -> None:
    """Describe the speech: Extended Semantics, table 1 of the paper as a paragraph."""
    from msfser.manifest import read_manifest
    from msfser.semantics.description import emotions_of

    part = _read_shard(shard)
    manifest = read_manifest(folder)
    categories = emotions_of(manifest.corpus)
    if emotions is not None:
        categories = tuple(name.strip() for name in emotions.split(",") if name.strip())
    if backend == "jsonl":
        if source is None:
            raise click.UsageError("--backend jsonl needs --from FILE")
        _import_es(folder, manifest, source, categories)
        return

    from msfser.semantics.es import describe_by_server
    from msfser.semantics.es_server import Server, find_model
    from msfser.semantics.work import open_work

    with _one_line_ends(), ExitStack() as stack:
        work = stack.enter_context(open_work(folder, "es", part))
        server = Server(
            url=url,
            model=model or find_model(url, api_key, None),
            api_key=api_key,
            in_flight=in_flight,
            use_schema=not no_schema,
        )
        watch = stack.enter_context(progress("describing"))
        texts, failures = describe_by_server(
            manifest, work, server, categories, shard=part, watch=watch
        )
    _finish(folder, manifest, "es", texts, failures, part)


def _import_es(folder: Path, manifest: Manifest, source: Path, categories: tuple[str, ...]) -> None:
    from msfser.semantics.es_import import import_descriptions

    texts, n_unknown = import_descriptions(source, manifest, categories)
    if n_unknown:
        _say(f"note: {n_unknown:,} lines of {source} name no utterance of the manifest")
    failures = {name: text.reason or "" for name, text in texts.items() if text.status == "failed"}
    _finish(folder, manifest, "es", texts, failures, None)


@click.command()
@_FOLDER
@click.option(
    "--encoder",
    metavar="NAME|FOLDER",
    default="roberta-large",
    show_default=True,
    help="A text encoder of transformers: hub id or folder.",
)
@click.option(
    "--device", type=click.Choice(["cpu", "cuda"]), help="[default: cuda where there is one]"
)
@click.option("--batch-size", type=click.IntRange(min=1), default=64, show_default=True)
@click.option("--force", is_flag=True, help="Start over where another encoder was used.")
def encode(folder: Path, encoder: str, device: str | None, batch_size: int, force: bool) -> None:
    """Encode the texts of a corpus: DIR/texts.parquet -> DIR/features.

    Texts that are the same are encoded once, and those with a vector not again.
    """
    import torch
    from transformers.utils import logging

    from msfser.semantics.encoding import encode_texts
    from msfser.semantics.text_encoder import load_text_encoder

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    chosen = device or ("cuda" if torch.cuda.is_available() else "cpu")
    with _one_line_ends(), progress("encoding texts") as watch:
        run = encode_texts(
            folder,
            lambda: load_text_encoder(encoder, chosen),
            batch_size=batch_size,
            force=force,
            watch=watch,
        )
    _say(f"{run.n_texts:,} different texts, {run.n_encoded:,} encoded now with {encoder}")
    if run.n_cut:
        _say(
            f"note: {run.n_cut:,} texts were cut at the encoder's limit of {run.max_tokens} tokens"
        )
    _say(f"wrote {folder / 'features'}")


def _finish(
    folder: Path,
    manifest: Manifest,
    semantic: Semantic,
    texts: Mapping[str, Text],
    failures: Mapping[str, str],
    shard: Shard | None,
) -> None:
    """Put the texts in their place and say what there is; end with exit code 1 if any failed."""
    from msfser.semantics.store import TEXTS_NAME, update_texts

    path = folder / TEXTS_NAME
    if shard is not None:
        _say(f"shard {shard.i}/{shard.n} is done; when all are, run the command without --shard")
    else:
        counts = update_texts(folder, manifest, semantic, texts).count(semantic)
        order = ("ok", "fallback", "failed", "missing")
        said = ", ".join(f"{counts[status]:,} {status}" for status in order if counts[status])
        _say(f"{semantic}: {said}\nwrote {path}")
    if failures:
        name, reason = next(iter(failures.items()))
        raise SemanticsError(
            f"{len(failures):,} of {len(texts):,} failed, such as {name}: {reason}; "
            f"{path.name} has the reasons in {semantic}_reason"
        )


def _read_shard(text: str | None) -> Shard | None:
    from msfser.semantics.work import Shard

    if text is None:
        return None
    i, _, n = text.partition("/")
    try:
        return Shard(int(i), int(n))
    except (ValueError, SemanticsError):
        raise click.UsageError(f"--shard {text}: write I/N, such as 1/8") from None


def _count_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _one_line_ends() -> Iterator[None]:
    """Say in one line that the run was stopped."""
    try:
        yield
    except KeyboardInterrupt:
        _say("\nstopped; what is done is kept: run the same command to go on")
        raise click.exceptions.Exit(_INTERRUPTED) from None


def _say(message: str) -> None:
    click.echo(message, err=True)
