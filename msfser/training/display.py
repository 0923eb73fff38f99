"""Progress of a training on stderr: a bar with CCC on a terminal, else plain lines."""

from __future__ import annotations

import sys
import time
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Self

from lemf.runtime.progress import Watch, no_watch, progress
from msfser.ccc import FloatArray
from msfser.manifest import DIMENSIONS
from msfser.training.state import TrainingState

_EVERY_S = 30.0  # between plain lines


class TrainingDisplay:
    """Shows steps and epochs for as long as the ``with`` block lasts.

    Parameters
    ----------
    n_steps : int
        Steps of the whole run.
    step : int
        Step that the run starts at.
    quiet : bool
        Show nothing, as in all processes but the first.
    """

    def __init__(self, n_steps: int, step: int, *, quiet: bool = False) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.progress import TimeRemainingColumn as Remaining

        self._quiet = quiet
        self._n_steps = n_steps
        self._first, self._started_s = step, time.monotonic()
        self._shown_s = self._started_s
        self._bars: Progress | None = None
        if not quiet and sys.stderr.isatty():
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
            self._bars = Progress(*columns, Remaining(), console=Console(stderr=True))
            self._bar = self._bars.add_task("training", total=n_steps, completed=step)

    def __enter__(self) -> Self:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def show_step(self, epoch: int, step: int, train_ccc: FloatArray) -> None:
        """Show the running CCC of the epoch, pooled over its steps."""
        if self._quiet:
            return
        text = f"epoch {epoch + 1}: train {format_ccc(train_ccc)}"
        if self._bars is not None:
            self._bars.update(self._bar, completed=step, description=text)
        elif time.monotonic() - self._shown_s >= _EVERY_S:
            self._shown_s = time.monotonic()
            self.say(f"{text}, step {step:,} of {self._n_steps:,}, {self._remaining(step)} left")

    def show_epoch(
        self, state: TrainingState, development_ccc: FloatArray | None, *, kept: bool
    ) -> None:
        """Print the CCC of an epoch, in a line that stays."""
        text = f"epoch {state.epoch + 1}: training {format_ccc(state.train_ccc)}"
        if development_ccc is not None:
            text += f", development {format_ccc(development_ccc)}"
        self.say(text + (", kept" if kept else ""))

    def say(self, text: str) -> None:
        """Print a line on stderr."""
        if self._quiet:
            return
        if self._bars is not None:
            self._bars.console.print(text, highlight=False, markup=False)
        else:
            sys.stderr.write(text + "\n")
            sys.stderr.flush()

    def _remaining(self, step: int) -> str:
        rate = (time.monotonic() - self._started_s) / max(step - self._first, 1)
        minutes, seconds = divmod(round(rate * (self._n_steps - step)), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}"


def reading_progress(*, quiet: bool) -> AbstractContextManager[Watch]:
    """Show how many recordings have been read, unless quiet."""
    return nullcontext(no_watch) if quiet else progress("reading recordings")


def format_ccc(values: FloatArray) -> str:
    """Format CCC of the three dimensions as ``V 0.512 A 0.733 D 0.401``."""
    return " ".join(
        f"{name[0].upper()} {value:.3f}" for name, value in zip(DIMENSIONS, values, strict=True)
    )
