"""How far a command over many files is: a bar on a terminal, else plain lines on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

Watch = Callable[[int, int, int], None]  # files done, of them failed, files in all


@contextmanager
def progress(verb: str, *, unit: str = "files") -> Iterator[Watch]:
    """Show how many are done: a bar on a terminal, else ten plain lines."""
    if not sys.stderr.isatty():
        yield _plain_lines(verb, unit)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
    )

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    ) as shown:
        bar: TaskID | None = None

        def watch(done: int, failed: int, total: int) -> None:
            nonlocal bar
            if bar is None:  # the bar begins where the last run ended, for a true estimate
                bar = shown.add_task(verb, total=total, completed=done, failed="")
            shown.update(bar, completed=done, failed=f"{failed:,} failed" if failed else "")

        yield watch


def _plain_lines(verb: str, unit: str) -> Watch:
    shown = -1

    def watch(done: int, failed: int, total: int) -> None:
        nonlocal shown
        tenth = 10 * done // max(total, 1)
        if shown < 0 and done:
            click.echo(f"going on: {done:,} of {total:,} {unit} are done", err=True)
        elif 0 <= shown < tenth:
            failures = f", {failed:,} failed" if failed or unit == "files" else ""
            click.echo(f"{verb}: {done:,} of {total:,} {unit}{failures}", err=True)
        shown = tenth

    return watch
