"""The command `msfser`: each command reads, calls one function of the library and prints.

Results go to stdout, all else to stderr. Exit 0; 1 for an error said in one line; 2 for usage. No
module of commands loads torch; a command that needs it says what to install where it is missing.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from types import FrameType
from typing import Any, NoReturn

import click

from lemf import LemfError, MissingPackageError
from msfser.commands.ablation_commands import ablate
from msfser.commands.corpus_commands import corpus
from msfser.commands.demo_command import demo
from msfser.commands.evaluation_commands import evaluate, inspect_model
from msfser.commands.predict_command import predict
from msfser.commands.semantics_commands import encode, semantics
from msfser.commands.training_commands import train

_EXTRA_PACKAGES = (
    "httpx",
    "matplotlib",
    "pyarrow",
    "safetensors",
    "soxr",
    "tomli_w",
    "torch",
    "transformers",
)


class _OneLineErrors(click.Group):
    """Turns what a user can mend, in any command, into one line and exit 1."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click has it
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            package = (error.name or "").partition(".")[0]
            if package not in _EXTRA_PACKAGES:
                raise
            missing = MissingPackageError(f"{package} is missing: pip install 'lemf[ser]'")
            raise click.ClickException(str(missing)) from error
        except LemfError as error:
            raise click.ClickException(_one_line(str(error))) from error
        except OSError as error:
            if error.errno == errno.EPIPE:  # the reader of stdout has gone: click ends quietly
                raise
            raise click.ClickException(_one_line(str(error))) from error
        except RuntimeError as error:
            torch = sys.modules.get("torch")
            if torch is None or not isinstance(error, torch.OutOfMemoryError):
                raise
            raise click.ClickException(
                "the GPU's memory ran out; train with a larger train.accumulation, or end what "
                "else uses the GPU"
            ) from error


def _one_line(message: str) -> str:
    """Keep a message on one line and in letters that can be written."""
    return " ".join(message.splitlines()).encode(errors="backslashreplace").decode()


@click.group(cls=_OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lemf", prog_name="msfser")
def main() -> None:
    """Predict valence, arousal and dominance from speech and its semantics (MSF-SER)."""
    if not sys.stderr.isatty():  # the bars of transformers and the hub are for terminals
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    for ending in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        signal.signal(ending, _end)  # so that no half-written file is left


def _end(number: int, _: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


main.add_command(corpus)
main.add_command(semantics)
main.add_command(encode)
main.add_command(train)
main.add_command(ablate)
main.add_command(demo)
main.add_command(evaluate)
main.add_command(predict)
main.add_command(inspect_model)
