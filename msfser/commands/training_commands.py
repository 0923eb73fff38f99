"""The command `msfser train`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from lemf import N_RESAMPLES
from lemf.runtime.console import INTERRUPTED, PATH, print_text, say
from msfser.commands.evaluation_commands import evaluate


@click.command()
@click.option("--config", "config_file", type=PATH, help="Settings as TOML.")
@click.option(
    "--preset",
    metavar="NAME",
    default="",
    help="Settings that the file leaves out: paper, challenge or tiny.  [default: paper]",
)
@click.option(
    "--set",
    "changes",
    metavar="KEY=VALUE",
    multiple=True,
    help="Change a setting, such as train.lr=1e-4; may be repeated.",
)
@click.option(
    "--data", type=PATH, help="Folder of the manifest and the features; short for data.folder."
)
@click.option(
    "-o", "--output", "folder", type=PATH, required=True, help="Output folder of the run."
)
@click.option("--folds", is_flag=True, help="Train one model per fold, with that fold held out.")
@click.option("--resume", is_flag=True, help="Continue a run that was stopped.")
@click.option(
    "--init",
    metavar="RUN|FOLDER|NAME",
    help="Start from the weights of this model; short for train.init.",
)
@click.option("--tensorboard", is_flag=True, help="Also write the curves for TensorBoard.")
@click.option(
    "--dry-run", is_flag=True, help="Print the settings and what would be read, and exit."
)
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
    """Train a model and keep its best epoch.

    Prints the metrics as JSON; with --folds, the CCC of each fold, their mean, and the pooled CCC.
    On several GPUs: torchrun --no-python --nproc-per-node 8 msfser train ...
    """
    from msfser.config.files import format_config, read_config

    if data is not None:
        changes = (*changes, f"data.folder={json.dumps(str(data.absolute()))}")
    if init is not None:
        where = str(Path(init).absolute()) if Path(init).exists() else init
        changes = (*changes, f"train.init={json.dumps(where)}")
    config = read_config(config_file, changes, preset=preset)
    # settings and data only
    if dry_run:
        from lemf.runtime.progress import progress
        from msfser.training.data import describe_data, prepare_data

        with progress("reading recordings") as watch:
            found = prepare_data(config.data, config.model, watch=watch)
        say(describe_data(found))
        print_text(format_config(config))
        return

    # training and its scores
    from msfser.training.state import Interrupted
    from msfser.training.train import train as train_model
    from msfser.training.train import train_folds

    try:
        if folds:
            metrics = train_folds(config, folder, resume=resume, tensorboard=tensorboard)
        else:
            metrics = train_model(config, folder, resume=resume, tensorboard=tensorboard)
    except Interrupted as stopped:
        say(f"{stopped}: stopped; continue with the same command and --resume")
        raise SystemExit(INTERRUPTED) from None
    if not metrics:  # another process than the first
        return
    if folds:
        _evaluate_folds(folder, config.train.device)
    else:
        click.echo(json.dumps(metrics, indent=1))


def _evaluate_folds(folder: Path, device: str) -> None:
    """Evaluate every utterance with the model that held out its fold, and print the tables."""
    click.get_current_context().invoke(
        evaluate,
        runs=(folder,),
        splits=(),
        data=None,
        output=None,
        resamples=N_RESAMPLES,
        seed=0,
        card=False,
        device=device,
        force=True,
    )
