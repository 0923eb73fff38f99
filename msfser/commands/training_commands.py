"""The command `msfser train`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from lemf.runtime.console import INTERRUPTED, PATH, print_text, say
from msfser.commands.evaluation_commands import evaluate


@click.command()
@click.option("--config", "config_file", type=PATH, help="Settings as TOML.")
@click.option(
    "--preset",
    metavar="NAME",
    default="",
    help="paper, challenge or tiny: what holds where the file says nothing.  [default: paper]",
)
@click.option(
    "--set",
    "changes",
    metavar="KEY=VALUE",
    multiple=True,
    help="Change a setting, as train.lr=1e-4.",
)
@click.option(
    "--data", type=PATH, help="Folder with the manifest and the features; short for data.folder."
)
@click.option("-o", "--output", "folder", type=PATH, required=True, help="Folder of the run.")
@click.option("--folds", is_flag=True, help="A run for every fold of the corpus that is held out.")
@click.option("--resume", is_flag=True, help="Go on where the run stopped.")
@click.option(
    "--init",
    metavar="RUN|FOLDER|NAME",
    help="Start from the weights of this model; short for train.init.",
)
@click.option("--tensorboard", is_flag=True, help="Write the curves for TensorBoard, too.")
@click.option("--dry-run", is_flag=True, help="Print the settings and what would be read, and end.")
def train(
    config_file: Path | None,
    preset: str,
    changes: tuple[str, ...],
    data: Path | None,
    folder: Path,
    folds: bool,
    resume: bool,
    init: str | None,
    tensorboard: bool,
    dry_run: bool,
) -> None:
    """Train a model, and keep the best epoch.

    Prints the metrics as JSON; with --folds, CCC of each fold, their mean, and CCC of all pooled.
    On several GPUs: torchrun --nproc-per-node 8 -m msfser train ...
    """
    from msfser.config.files import format_config, read_config

    if data is not None:
        changes = (*changes, f"data.folder={json.dumps(str(data.absolute()))}")
    if init is not None:
        where = str(Path(init).absolute()) if Path(init).exists() else init
        changes = (*changes, f"train.init={json.dumps(where)}")
    config = read_config(config_file, changes, preset=preset)
    if dry_run:
        from lemf.runtime.progress import progress
        from msfser.training.data import describe_data, prepare_data

        with progress("reading recordings") as watch:
            found = prepare_data(config.data, config.model, watch=watch)
        say(describe_data(found))
        print_text(format_config(config))
        return

    from msfser.training.state import Interrupted
    from msfser.training.train import train as train_model
    from msfser.training.train import train_folds

    try:
        if folds:
            metrics = train_folds(config, folder, resume=resume, tensorboard=tensorboard)
        else:
            metrics = train_model(config, folder, resume=resume, tensorboard=tensorboard)
    except Interrupted as stopped:
        say(f"{stopped}: stopped; the same command with --resume goes on")
        raise SystemExit(INTERRUPTED) from None
    if not metrics:  # another process than the first
        return
    if folds:
        _judge_folds(folder, config.train.device)
    else:
        click.echo(json.dumps(metrics, indent=1))


def _judge_folds(folder: Path, device: str) -> None:
    """Judge every utterance by the model that did not hear its fold, and print the tables."""
    click.get_current_context().invoke(
        evaluate,
        runs=(folder,),
        splits=(),
        data=None,
        output=None,
        resamples=1000,
        seed=0,
        card=False,
        device=device,
        force=True,
    )
