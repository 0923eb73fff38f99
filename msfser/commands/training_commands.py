"""The command `msfser train`."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lemf import N_RESAMPLES
from lemf.runtime.console import INTERRUPTED, PATH, print_text, say
from msfser.commands.evaluation.evaluate_command import evaluate
from msfser.errors import CheckpointError, ConfigError, MsfserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from msfser.config.settings import Config
    from msfser.data.examples import Examples
    from msfser.data.facts import ClipFacts


@click.command()
@click.option("--config", "config_file", type=PATH, help="Settings as TOML.")
@click.option(
    "--preset",
    metavar="NAME",
    default="",
    help="Settings that the file leaves out: paper, challenge, tiny or voice (no "
    "text, nothing to download).  [default: paper]",
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
@click.option(
    "--cache",
    metavar="DIR",
    type=PATH,
    help="Folder of decoded recordings, which runs share; short for data.cache.",
)
@click.option("--folds", is_flag=True, help="Train one model per fold, with that fold held out.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="With --folds: number of folds at the same time, one GPU or one core each.",
)
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
    cache: Path | None,
    folds: bool,
    jobs: int,
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

    if jobs > 1 and not folds:
        raise click.UsageError(
            f"--jobs {jobs} trains folds side by side: give --folds, too, or start one run on "
            "several GPUs with torchrun"
        )
    if data is not None:
        changes = (*changes, f"data.folder={json.dumps(str(data.absolute()))}")
    if cache is not None:
        changes = (*changes, f"data.cache={json.dumps(str(cache.absolute()))}")
    if init is not None:
        where = str(Path(init).absolute()) if Path(init).exists() else init
        changes = (*changes, f"train.init={json.dumps(where)}")
    config = read_config(config_file, changes, preset=preset)
    # settings and data only
    if dry_run:
        if os.environ.get("RANK", "0") != "0":  # one process of torchrun speaks for all
            return
        _describe_run(config, folder, folds=folds, resume=resume)
        print_text(format_config(config))
        return

    # what is missing is said before torch is loaded
    from msfser.training.missing import check_nothing_missing

    check_nothing_missing(config, folds=folds)

    # training and its scores
    from msfser.training.folds import train_folds
    from msfser.training.state import Interrupted
    from msfser.training.train import train as train_model

    try:
        if folds:
            metrics = train_folds(config, folder, resume=resume, tensorboard=tensorboard, jobs=jobs)
        else:
            metrics = train_model(config, folder, resume=resume, tensorboard=tensorboard)
    except KeyboardInterrupt as stopped:
        if not folds and not isinstance(stopped, Interrupted):  # before there is a run
            raise
        say(f"{str(stopped) or folder}: stopped; continue with the same command and --resume")
        raise SystemExit(INTERRUPTED) from None
    if not metrics:  # another process than the first
        return
    if folds:
        _evaluate_folds(folder, config.train.device)
    else:
        click.echo(json.dumps(metrics, indent=1))


def _describe_run(config: Config, folder: Path, *, folds: bool, resume: bool) -> None:
    """Print what would be read, and a note on what would end the run here."""
    from lemf.runtime.progress import progress
    from msfser.model.device import choose_device
    from msfser.training.data.choice import fold_numbers
    from msfser.training.data.description import describe_data
    from msfser.training.data.prepare import prepare_data
    from msfser.training.missing import check_nothing_missing
    from msfser.training.run import with_text_dim
    from msfser.training.run_folder import refuse_taken
    from msfser.training.step import describe_warmup
    from msfser.training.steps.order import count_steps

    known: dict[str, ClipFacts] = {}
    costs: list[Callable[[], object]] = []
    checks: list[Callable[[], object]] = [partial(choose_device, config.train.device)]
    for fold in fold_numbers(config.data) if folds else [config.data.test_fold]:
        data = replace(config.data, test_fold=fold, cache="")  # which would be filled
        try:
            with progress("reading recordings") as watch:
                found = prepare_data(data, config.model, known=known, watch=watch)
        except MsfserError:
            check_nothing_missing(config, folds=folds)  # says all that is, not the first alone
            raise
        known |= found.record.clips()
        say((f"fold {fold} held out: " if folds else "") + describe_data(found))
        train = found.train
        n_steps = count_steps(train.n_samples, train.emotions, config)
        if note := describe_warmup(config.train, n_steps):
            say(f"note: {note}")
        if not costs:  # those of the other folds are nearly the same
            costs.append(partial(_say_cost, with_text_dim(config, found), found.train))
        place = folder / f"fold{fold}" if folds else folder
        checks.append(partial(refuse_taken, place, resume=resume))
    for check in (*checks, *costs):
        try:
            check()
        except (
            CheckpointError,
            ConfigError,
        ) as error:  # not so on another machine, or when the folder was moved
            say(f"note: {error}")


def _say_cost(config: Config, train: Examples) -> None:
    """Print what a run will cost on this machine, as far as it can be counted."""
    from msfser.model.device import choose_device
    from msfser.training.cost import count_cost, describe_cost, measure_speed

    n_ranks = int(os.environ.get("WORLD_SIZE", "1"))  # of torchrun
    cost = count_cost(config, train.n_samples, n_ranks, train.emotions)
    try:
        device = choose_device(config.train.device)
    except ConfigError:  # which is noted beside
        device = choose_device("cpu")
    say(describe_cost(cost, measure_speed(device, config.train.precision), str(device)))


def _evaluate_folds(folder: Path, device: str) -> None:
    """Evaluate every utterance with the model that held out its fold, and print the tables."""
    click.get_current_context().invoke(
        evaluate,
        runs=(folder,),
        splits=(),
        data=None,
        output=None,
        label_bounds=None,
        resamples=N_RESAMPLES,
        seed=0,
        card=False,
        device=device,
        force=True,
    )
