"""Progress on stderr: a bar on a terminal, else a plain line every ten seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Watch = Callable[[int, int], None]  # how many are done, of how many

_EVERY_S = 10.0


def no_watch(done: int, total: int) -> None:
    """Show nothing."""


@contextmanager
def progress(verb: str) -> Iterator[Watch]:
    """Show how far a loop is; quick ones stay quiet where no terminal looks on.

    Parameters
    ----------
    verb : str
        What is done, such as ``"reading recordings"``.

    Yields
    ------
    function of (int, int)
        To be called with how many are done, and of how many.
    """
    if not sys.stderr.isatty():
        yield _plain_lines(verb)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Remaining())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task(verb, total=None)

        def watch(done: int, total: int) -> None:
            bars.update(bar, completed=done, total=total)

        yield watch


def _plain_lines(verb: str) -> Watch:
    shown_s = time.monotonic()

    def watch(done: int, total: int) -> None:
        nonlocal shown_s
        now_s = time.monotonic()
        if now_s - shown_s >= _EVERY_S:
            sys.stderr.write(f"{verb}: {done:,} of {total:,}\n")
            shown_s = now_s

    return watch
