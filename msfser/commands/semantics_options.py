"""What the commands of `msfser semantics` share: options, workers, and writing the texts."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lemf.runtime.console import PATH, say
from msfser.errors import SemanticsError

if TYPE_CHECKING:
    from lemf.runtime.workers import Workers
    from msfser.config.les_settings import LesSettings
    from msfser.config.settings import Semantic
    from msfser.manifest import Manifest
    from msfser.semantics.texts import Text
    from msfser.semantics.work_file import Shard

folder_argument = click.argument("folder", metavar="DIR", type=PATH)
shard_option = click.option(
    "--shard",
    metavar="I/N",
    help="Do only part I of N; the command without --shard joins all parts.",
)


def finish(
    folder: Path,
    manifest: Manifest,
    semantic: Semantic,
    texts: Mapping[str, Text],
    shard: Shard | None,
    les_settings: LesSettings | None = None,
) -> None:
    """Write the texts and print their counts; end with exit code 1 if any failed."""
    from msfser.semantics.texts import TEXTS_NAME, update_texts

    path = folder / TEXTS_NAME
    if shard is not None:
        say(f"shard {shard.i}/{shard.n} is done; when all are, run the command without --shard")
    else:
        counts = update_texts(folder, manifest, semantic, texts, les_settings).count(semantic)
        order = ("ok", "fallback", "failed", "missing")
        statuses = ", ".join(f"{counts[status]:,} {status}" for status in order if counts[status])
        say(f"{semantic}: {statuses}\nwrote {path}")
    failures = {name: text.reason for name, text in texts.items() if text.status == "failed"}
    if failures:
        name, reason = next(iter(failures.items()))
        where = f"{path.name} has the reasons in {semantic}_reason"
        if shard is not None:
            where = "the same command tries them again"
        raise SemanticsError(
            f"{len(failures):,} of {len(texts):,} failed, such as {name}: {reason}; {where}"
        )


def read_shard(text: str | None) -> Shard | None:
    """Read the value of --shard."""
    from msfser.semantics.work_file import Shard

    if text is None:
        return None
    i, _, n = text.partition("/")
    try:
        return Shard(int(i), int(n))
    except (ValueError, SemanticsError):
        raise click.UsageError(f"--shard {text}: write I/N, such as 1/8") from None


def open_workers(jobs: int | None, cluster: str | None) -> AbstractContextManager[Workers]:
    """Open the workers of --jobs or --cluster, for as long as a ``with`` block lasts."""
    from lemf.runtime.cluster import cluster_workers
    from lemf.runtime.cores import count_cores
    from lemf.runtime.workers import local_workers

    if cluster is None:
        return local_workers(jobs or count_cores())
    if jobs is not None:
        raise click.UsageError("--jobs and --cluster cannot be used together")
    return cluster_workers(cluster)
