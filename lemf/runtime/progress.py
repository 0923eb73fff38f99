"""Progress on stderr: a bar on a terminal, otherwise at most ten plain lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import click

from lemf.errors import one_line

_QUICK_S = 5.0  # shorter work prints no line


class Watch(Protocol):
    """A function that long work calls with how much of it is done.

    `done` counts the items that are done, `total` all items, `failed` the done ones that failed;
    `note` is further text to show. The first call comes before any work, with what an earlier run
    has done; a second loop begins where `done` falls.
    """

    def __call__(self, done: int, total: int, failed: int = 0, note: str = "") -> None:
        """Show how much is done."""


def no_watch(done: int, total: int, failed: int = 0, note: str = "") -> None:
    """Show nothing."""


@contextmanager
def progress(verb: str, *, unit: str = "", quiet: bool = False) -> Iterator[Watch]:
    """Show progress while the ``with`` block runs.

    Parameters
    ----------
    verb : str
        The work, such as ``"reading"``.
    unit : str
        What is counted, such as ``"files"``; optional where the verb names it.
    quiet : bool
        Show nothing.

    Yields
    ------
    Watch
    """
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield no_watch if quiet else _plain_lines(verb, unit)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    text = TextColumn("{task.fields[text]}", markup=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), text)
    with Progress(*columns, Remaining(), console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task(verb, total=None, text="")
        n_last: int | None = None

        def watch(done: int, total: int, failed: int = 0, note: str = "") -> None:
            nonlocal n_last
            if n_last is None or done < n_last:  # for a true estimate of the time left
                bars.reset(bar, completed=done, total=total)
            n_last = done
            bars.update(bar, completed=done, text=_join(_failures(failed), one_line(note)))

        yield watch


def _plain_lines(verb: str, unit: str) -> Watch:
    begun_s = 0.0
    n_before = tenth = 0
    n_last: int | None = None

    def watch(done: int, total: int, failed: int = 0, note: str = "") -> None:
        nonlocal begun_s, n_before, tenth, n_last
        now_s, reached = time.monotonic(), 10 * done // max(total, 1)
        count = f"{done:,} of {total:,} {unit}".rstrip()
        if n_last is None or done < n_last:
            begun_s, n_before, tenth = now_s, done, reached
            if 0 < done < total:
                click.echo(f"{verb}: resuming, {count} are done", err=True)
        elif reached > tenth and now_s - begun_s > _QUICK_S:
            tenth = reached
            left_s = (now_s - begun_s) / (done - n_before) * (total - done)
            left = f"{_span(left_s)} left" if done < total else ""
            click.echo(f"{verb}: {_join(count, _failures(failed), left, one_line(note))}", err=True)
        n_last = done

    return watch


def _failures(failed: int) -> str:
    return f"{failed:,} failed" if failed else ""


def _join(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
