"""The command `msfser`.

No module of commands loads torch. If a package is missing, the error names what to install.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import click

from lemf.runtime.console import OneLineErrors, say
from msfser.commands.ablation_commands import ablate
from msfser.commands.corpus.corpus_commands import corpus
from msfser.commands.demo_command import demo
from msfser.commands.encode_command import encode
from msfser.commands.evaluation.compare_command import compare
from msfser.commands.evaluation.evaluate_command import evaluate
from msfser.commands.evaluation.inspect_command import inspect_model
from msfser.commands.evaluation.submission_command import submission
from msfser.commands.export_command import export, push
from msfser.commands.predict_command import predict
from msfser.commands.semantics_commands import semantics
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


class _OneLineErrors(OneLineErrors):
    """Also turns a missing package, a full GPU, and the end of a rank by torchrun into one line."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as in click
        try:
            return super().invoke(ctx)
        except SystemExit as ended:
            if ended.code == 128 + signal.SIGTERM and "WORLD_SIZE" in os.environ:
                say(
                    f"Error: rank {os.environ.get('RANK')} was told to end, as torchrun does when "
                    "another rank has ended; if the last line of that rank names no fault to mend, "
                    "start all ranks again: what is saved is kept"
                )
            raise
        except ModuleNotFoundError as error:
            package = (error.name or "").partition(".")[0]
            if package not in _EXTRA_PACKAGES:
                raise
            raise click.ClickException(f"{package} is missing: pip install 'lemf[ser]'") from error
        except RuntimeError as error:
            torch = sys.modules.get("torch")
            if torch is None or not isinstance(error, torch.OutOfMemoryError):
                raise
            raise click.ClickException(
                "the GPU's memory ran out; train with a larger train.accumulation, or end other "
                "processes on the GPU"
            ) from error


@click.group(cls=_OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lemf", prog_name="msfser")
def main() -> None:
    """Predict valence, arousal and dominance from speech and its semantics (MSF-SER)."""
    if not sys.stderr.isatty():  # the bars of transformers and the hub are for terminals
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    if "WORLD_SIZE" in os.environ:  # a lost connection is one line of ours, not a stack of torch
        os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")


main.add_command(corpus)
main.add_command(semantics)
main.add_command(encode)
main.add_command(train)
main.add_command(ablate)
main.add_command(demo)
main.add_command(evaluate)
main.add_command(compare)
main.add_command(predict)
main.add_command(export)
main.add_command(push)
main.add_command(inspect_model)
main.add_command(submission)
