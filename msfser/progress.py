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
        To be called with how many are done, and of how many: first before anything is done, with
        what an earlier run left. A second loop begins where the count falls.
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
        n_last: int | None = None

        def watch(done: int, total: int) -> None:
            nonlocal n_last
            if n_last is None or done < n_last:  # for a true estimate of the time left
                bars.reset(bar, completed=done, total=total)
            n_last = done
            bars.update(bar, completed=done, total=total)

        yield watch


def _plain_lines(verb: str) -> Watch:
    begun_s = shown_s = time.monotonic()
    n_before = 0
    n_last: int | None = None

    def watch(done: int, total: int) -> None:
        nonlocal begun_s, shown_s, n_before, n_last
        now_s = time.monotonic()
        n_earlier, n_last = n_last, done
        if n_earlier is None or done < n_earlier:
            begun_s, n_before = now_s, done
            if 0 < done < total:
                sys.stderr.write(f"{verb}: going on, {done:,} of {total:,} are done\n")
        elif now_s - shown_s >= _EVERY_S:
            left_s = (now_s - begun_s) / max(done - n_before, 1) * (total - done)
            sys.stderr.write(f"{verb}: {done:,} of {total:,}, {_span(left_s)} left\n")
            shown_s = now_s

    return watch


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
