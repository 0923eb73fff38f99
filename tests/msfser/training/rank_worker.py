"""What a process of the tests of several ranks does; started by torchrun, or once alone.

rank_worker.py both FOLDER SETTING...    trains in float64 and in float32; goes on where it stopped
rank_worker.py half FOLDER SETTING...    the same, until it is asked to stop after 25 steps
rank_worker.py cases FILE...             trains on the settings of each file; writes why not
rank_worker.py killed FOLDER SETTING...  trains until rank 1 is killed, in its second epoch
rank_worker.py slow FOLDER SETTING...    rank 0 evaluates long, then rank 1 stops to compute
"""

import os
import signal
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import torch

from msfser.config.files import make_config, read_config
from msfser.errors import MsfserError
from msfser.training import train as training
from msfser.training.ranks.ranks import joined_ranks
from msfser.training.state import Interrupted
from msfser.training.steps.batches import TrainingStep


def to_double(tensor):
    return tensor.double() if tensor.is_floating_point() else tensor


def in_double(load_steps):
    """Load the same steps in float64."""

    def load(*arguments, **options):
        for step in load_steps(*arguments, **options):
            batches = tuple(batch._map(to_double) for batch in step.batches)
            targets = {name: rows.double() for name, rows in step.targets.items()}
            yield TrainingStep(step.sizes, batches, step.labels.double(), targets)

    return load


def train_both(folder, changes):
    with joined_ranks() as ranks:
        config = make_config({}, changes, preset="tiny")
        for name in ("float32", "float64"):
            with suppress(Interrupted):
                training.train(config, folder / name, resume=True, quiet=True, ranks=ranks)
            torch.set_default_dtype(torch.float64)
            torch.Tensor.float = torch.Tensor.double  # where the model leaves bf16
            training.load_steps = in_double(training.load_steps)


def train_half(folder, changes):
    take_step = training.take_step

    def take_some_steps(*arguments):
        *_, number, _, ranks = arguments
        if number == 24 and ranks.rank == ranks.size - 1:  # one is asked, and all stop
            os.kill(os.getpid(), signal.SIGTERM)
        return take_step(*arguments)

    training.take_step = take_some_steps
    train_both(folder, changes)


def train_cases(files):
    """Train on each, in the current folder; all ranks must refuse it in the same words."""
    with joined_ranks() as ranks:
        for file in files:
            try:
                training.train(
                    read_config(Path(file)),
                    Path(file).with_suffix(""),
                    resume=True,
                    quiet=True,
                    ranks=ranks,
                )
                said = "trained"
            except MsfserError as error:
                said = str(error)
            sys.stderr.write(f"{Path(file).stem}: {said}\n")


def train_until(end, folder, changes):
    """Train until rank 1 comes to step 5, of the second epoch, and does there what ends the run."""
    take_step = training.take_step

    def take_last_step(*arguments):
        *_, number, _, ranks = arguments
        if number == 5 and ranks.rank == 1:
            end()
        return take_step(*arguments)

    training.take_step = take_last_step
    try:
        training.train(make_config({}, changes, preset="tiny"), folder)
    except MsfserError as error:
        sys.exit(f"Error: {error}")


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def train_slowly(folder, changes):
    evaluate = training._development_scores

    def evaluate_slowly(run):
        time.sleep(5)
        return evaluate(run)

    training._development_scores = evaluate_slowly
    train_until(partial(time.sleep, 60), folder, changes)


if __name__ == "__main__":
    task, *rest = sys.argv[1:]
    if task == "both":
        train_both(Path(rest[0]), rest[1:])
    elif task == "half":
        train_half(Path(rest[0]), rest[1:])
    elif task == "cases":
        train_cases(rest)
    elif task == "killed":
        train_until(kill, Path(rest[0]), rest[1:])
    else:
        train_slowly(Path(rest[0]), rest[1:])
