"""What both command lines share: options, errors in one line, signals, stdout and stderr.

Results go to stdout, everything else to stderr. The exit code is 0; 1 after a user's error, printed
in one line; 2 after a wrong use of options; 130 after Ctrl-C.
"""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TextIO, TypeVar, get_args

import click

from lemf.config import N_RESAMPLES
from lemf.errors import LemfError, OutputError, one_line
from lemf.errors import printable as printable  # for both packages
from lemf.runtime.output import FigureFormat

EMPTY_NAME = "an empty name, as of a variable that is not set; write . for this folder"


class _NamedPath(click.Path):
    """A path with a name: the empty one would stand for the current folder."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:  # noqa: ANN401 - as in click
        """Convert an argument to a path."""
        if value == "":
            self.fail(EMPTY_NAME, param, ctx)
        return super().convert(value, param, ctx)


PATH = _NamedPath(path_type=Path, readable=False)  # the library opens it, with one-line errors
FIGURE_SUFFIXES = tuple(f".{name}" for name in get_args(FigureFormat))
_MOST_RESAMPLES = 1_000_000  # which take hours already
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
INTERRUPTED = 130  # 128 + SIGINT, as shells count

force_option = click.option("--force", is_flag=True, help="Overwrite output files that exist.")
jobs_option = click.option(
    "--jobs", type=click.IntRange(min=1), help="Number of processes.  [default: one per core]"
)
cluster_option = click.option(
    "--cluster", metavar="ADDRESS", help="Use the workers of the dask scheduler at this address."
)
resamples_option = click.option(
    "--resamples",
    type=click.IntRange(1, _MOST_RESAMPLES),
    default=N_RESAMPLES,
    show_default=True,
    help="Bootstrap resamples for the confidence intervals.",
)

Command = TypeVar("Command", bound=Callable[..., Any])


def add_options(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Return a decorator that adds several options to a command, shown in this order."""

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


class OneLineErrors(click.Group):
    """Turns a LemfError or OSError of any command into one line and exit 1."""

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as click declares it
        """Run the command line; what stderr does not take is dropped and ends no work."""
        with _tolerant_stderr():
            try:
                return super().main(*args, **kwargs)
            except OSError as error:
                reason = str(error.strerror or error)
                if error.filename:
                    reason = f"{error.filename}: {reason}"
                elif _stdout_fails() or error.errno in _FULL:  # of files, the names are known
                    reason = f"standard output cannot be written ({reason})"
                click.echo(f"Error: {one_line(reason)}", err=True)
                sys.exit(1)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:  # noqa: ANN401 - as click
        """Parse the arguments; a wrong use is reported in one line."""
        with _short_messages():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click declares it
        """Run the command; a signal that ends the process removes half-written files first."""
        for ending in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
            signal.signal(ending, _end)
        try:
            with _short_messages():
                result = super().invoke(ctx)
        except LemfError as error:
            raise click.ClickException(str(error)) from error
        if sys.stdout is not None:
            sys.stdout.flush()
        return result


class _Tolerant(io.FileIO):
    """A file that drops what it cannot take, such as a log on a full disk."""

    def write(self, content: Any, /) -> int:  # noqa: ANN401 - any buffer
        try:
            return super().write(content)
        except OSError:
            return len(content)


@contextmanager
def _tolerant_stderr() -> Iterator[None]:
    """Keep a full disk, closed pipe or closed descriptor behind stderr from ending the block."""
    for descriptor in range(3):  # of a closed stream: no output file may take its place
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    before = sys.stderr
    if before is sys.__stderr__ and os.name == "posix":
        sys.stderr = io.TextIOWrapper(
            io.BufferedWriter(_Tolerant(2, "wb", closefd=False)),
            encoding=getattr(before, "encoding", None),
            errors="backslashreplace",
            line_buffering=True,
        )
    try:
        yield
    finally:
        sys.stderr = before


def _stdout_fails() -> bool:
    """Check whether stdout takes nothing of what it still holds; drop that."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes at its end
        return True
    return False


def _end(number: int, _: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


@contextmanager
def _short_messages() -> Iterator[None]:
    """Make the messages of click, which repeat the arguments, lines that a terminal can show.

    Ctrl-C is a line, too, with the exit code that shells expect.
    """
    try:
        yield
    except KeyboardInterrupt:
        say("\nstopped")
        raise click.exceptions.Exit(INTERRUPTED) from None
    except click.ClickException as error:
        vars(error)["message"] = one_line(error.message)
        raise


@contextmanager
def one_line_ends() -> Iterator[None]:
    """Print one line when a command is interrupted that can be continued."""
    try:
        yield
    except KeyboardInterrupt:
        say("\nstopped; what is done is kept: run the same command to go on")
        raise click.exceptions.Exit(INTERRUPTED) from None


def open_stdout() -> TextIO:
    """Return stdout, set to replace letters that the terminal cannot show.

    Raises
    ------
    OutputError
        stdout is closed.
    """
    if sys.stdout is None:
        raise OutputError("standard output is closed; redirect it to a file")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return sys.stdout


def print_text(text: str) -> None:
    """Print text on stdout in UTF-8, whatever the encoding of the terminal.

    What would act on a terminal is replaced, as `lemf.errors.printable` does.

    Raises
    ------
    OutputError
        stdout is closed.
    """
    open_stdout()
    click.echo(printable(text, keep="\n\t").encode(), nl=False)


def print_data(text: str) -> None:
    """Print what another program reads on stdout, in UTF-8.

    A file or a pipe gets the text as it is, as output files do: labels lose nothing. On a terminal
    it is shown as `print_text` does.

    Raises
    ------
    OutputError
        stdout is closed.
    """
    if open_stdout().isatty():
        print_text(text)
    else:
        click.echo(text.encode(errors="backslashreplace"), nl=False)


def say(message: str) -> None:
    """Print lines on stderr, above a progress bar, each as short and harmless as an error."""
    if sys.stderr is not None:
        sys.stderr.write("".join(f"{one_line(line)}\n" for line in message.split("\n")))
