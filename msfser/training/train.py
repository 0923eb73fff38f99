"""The training of a model: one loop, from the settings to the folder of the run."""

from __future__ import annotations

import threading
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from lemf.runtime.console import say
from lemf.runtime.progress import Watch, progress
from msfser.ccc import FloatArray, ccc
from msfser.config.files import format_config
from msfser.config.settings import Config
from msfser.evaluation.inference import run_model, tf32_products
from msfser.evaluation.runs import BEST_NAME
from msfser.evaluation.votes.categories import score_categories
from msfser.manifest import DIMENSIONS
from msfser.training.data.description import describe_data
from msfser.training.rank_check import check_same_data, check_same_start
from msfser.training.ranks.ranks import Ranks, joined_ranks
from msfser.training.run import TrainingRun, make_augmentation, prepare_run
from msfser.training.run_folder import (
    Log,
    check_logged,
    finish_run,
    known_clips,
    open_run,
    refuse_taken,
)
from msfser.training.state import Interrupted, TrainingState, restore_state, write_state
from msfser.training.step import describe_warmup, take_step
from msfser.training.steps.batches import load_steps
from msfser.training.stop_signals import noticed_signals

_SAVE_EVERY_S = 600.0
_FAR_OFF = 0.25  # of the rating scale: a mean off by more was not learned
_LOG_EVERY = 10  # steps


def train(
    config: Config,
    folder: Path,
    *,
    resume: bool = False,
    tensorboard: bool = False,
    quiet: bool = False,
    ranks: Ranks | None = None,
) -> dict[str, Any]:
    """Train a model into the folder of a run.

    A run can be resumed however it ended. On a CPU, it then ends with the same weights, bit for
    bit, as an uninterrupted run; on a GPU, as near to them as a repeated run. Under ``torchrun``,
    several processes train one model, each on its share of every step, and CCC is still that of the
    whole step.

    Parameters
    ----------
    config : Config
    folder : Path
    resume : bool
        Continue where the run in the folder stopped.
    tensorboard : bool
        Also write the curves for TensorBoard.
    quiet : bool
        Show no progress.
    ranks : Ranks, optional
        From `joined_ranks`, where this process trains more than one model; by default it joins the
        processes that ``torchrun`` started for this model alone.

    Returns
    -------
    dict
        The content of ``metrics.json``; empty in all processes but the first.

    Raises
    ------
    MsfserError
        Settings, data or a model that cannot be used, or that differ from those of the run that is
        resumed or between processes; predictions that are not finite; a process that has ended.
    Interrupted
        By Ctrl-C or SIGTERM, after the state was written.
    """
    with (
        joined_ranks(ranks) as ranks,
        noticed_signals() as stop,
        tf32_products(config.train.precision),
    ):
        if ranks.first:
            refuse_taken(folder, resume=resume)
        run = prepare_run(
            config,
            folder,
            ranks,
            known=known_clips(folder) if resume else {},
            resume=resume,
            quiet=quiet or not ranks.first,
        )
        check_same_data(run)
        record = run.data.record
        with open_run(folder, run.config, record, resume=resume) if ranks.first else nullcontext():
            ranks.wait()
            state = restore_state(
                folder,
                run.model,
                run.optimiser,
                format_config(run.config.without_cache()),
                n_steps=run.n_steps,
                epochs=config.train.epochs,
            )
            check_logged(folder, state)
            check_same_start(run, state)
            log = Log(folder, state.step, tensorboard=tensorboard) if ranks.first else None
            if not run.quiet:
                say(describe_data(run.data))
                if note := describe_warmup(config.train, run.n_steps):
                    say(f"note: {note}")
            with progress("training", unit="steps", quiet=run.quiet) as watch:
                watch(state.step, run.n_steps)
                while state.epoch < config.train.epochs:
                    _train_epoch(run, state, log, watch, stop)
                    _end_epoch(run, state, log)
            return finish_run(folder, state, run.data.skipped) if ranks.first else {}


def _train_epoch(
    run: TrainingRun,
    state: TrainingState,
    log: Log | None,
    watch: Watch,
    stop: threading.Event,
) -> None:
    """Train on the steps of an epoch that are left, and write the state every ten minutes.

    Raises
    ------
    Interrupted
        `stop` was set in one of the processes; the state is written.
    """
    run.model.train()
    saved_s = time.monotonic()
    for step in load_steps(
        run.data.train,
        run.steps(state.epoch)[state.step_in_epoch :],
        run.worker_reader if run.config.data.workers else run.reader,
        make_augmentation(run.config, run.model),
        state.epoch,
        accumulation=run.config.train.accumulation,
        targets=run.targets,
        rank=run.ranks.rank,
        n_ranks=run.ranks.size,
        workers=run.config.data.workers,
    ):
        # Update the model
        predictions = take_step(
            run.model,
            run.optimiser,
            step.to(run.device),
            run.config.train,
            state.step,
            run.n_steps,
            run.ranks,
        )
        state.add_step(predictions, step.labels)

        # Show and log the running CCC
        is_logged = state.step % _LOG_EVERY == 0
        if run.device.type == "cpu" or is_logged:  # else it would wait for the GPU
            watch(state.step, run.n_steps, note=_format_step(state))
        if log is not None and is_logged:
            log.add_step(state, run.optimiser.param_groups[0]["lr"])

        # Write the state
        stopping = run.ranks.any(stop.is_set())
        if run.ranks.first and (stopping or time.monotonic() - saved_s > _SAVE_EVERY_S):
            _write_state(run, state)
            saved_s = time.monotonic()
        if stopping:
            run.ranks.wait()
            raise Interrupted(run.folder)


def _end_epoch(run: TrainingRun, state: TrainingState, log: Log | None) -> None:
    """Evaluate the model, keep it if it is the best so far, and write the state."""
    state.read_predictions()
    development_ccc, uar = _development_scores(run)
    if log is not None:
        if kept := state.judge(development_ccc, uar):
            run.model.save_pretrained(run.folder / BEST_NAME, force=True)
        log.add_epoch(state, development_ccc, uar, kept=kept)
        if not run.quiet:
            say(_format_epoch(state, development_ccc, uar, kept=kept))
            if state.epoch + 1 == run.config.train.epochs and (note := _note_off_scale(state)):
                say(f"note: {note}")
    state.end_epoch()
    if run.ranks.first:
        _write_state(run, state)
    run.ranks.wait()


def _write_state(run: TrainingRun, state: TrainingState) -> None:
    settings = format_config(run.config.without_cache())
    write_state(run.folder, run.model, run.optimiser, state, settings)


def _development_scores(run: TrainingRun) -> tuple[FloatArray | None, float | None]:
    """Compute CCC of each dimension and UAR of the emotions on the development set, shared out.

    Returns
    -------
    ccc : (3,) float64 or None
        None without a development set.
    uar : float or None
        None without a head for emotions, or without an emotion.
    """
    development = run.data.development
    if development is None:
        return None, None
    outputs = run_model(
        run.model,
        development,
        run.reader.read,
        device=run.device,
        precision=run.config.train.precision,
        processes=run.ranks,
    )
    score = None
    if outputs.emotions is not None:
        classes = run.model.facts.emotions
        predicted = [classes[place] for place in outputs.emotions.argmax(axis=1)]
        score = score_categories(predicted, development.emotions)
    values = ccc(outputs.values, development.labels.astype(np.float64))
    return values, None if score is None else score.uar


def _format_step(state: TrainingState) -> str:
    """Format the running CCC of the epoch, pooled over its steps."""
    return f"epoch {state.epoch + 1}: training {_format_ccc(state.train_ccc)}"


def _format_epoch(
    state: TrainingState, development_ccc: FloatArray | None, uar: float | None, *, kept: bool
) -> str:
    """Format the scores of an epoch that ends, and whether its model is kept."""
    text = _format_step(state)
    if development_ccc is not None:
        text += f", development {_format_ccc(development_ccc)}"
        text += "" if uar is None else f" emotions UAR {uar:.3f}"
    return text + (", kept" if kept else "")


def _note_off_scale(state: TrainingState) -> str:
    """Return a note on the dimensions whose predictions lie far from their labels, or ``""``.

    1 - CCC hardly draws the mean of predictions that do not correlate with the labels, and pushes
    it away where the correlation is negative.
    """
    off = [
        f"{name} by {abs(bias):.1f}"
        for name, bias in zip(DIMENSIONS, state.train_bias, strict=True)
        if abs(bias) > _FAR_OFF
    ]
    if not off:
        return ""
    return (
        f"not learned: {', '.join(off)} of the rating scale off the labels on average, even in the "
        "training; more recordings, more epochs or another train.seed may help, or the labels do "
        "not follow from what the model gets"
    )


def _format_ccc(values: FloatArray) -> str:
    """Format CCC of the three dimensions as ``V 0.512 A 0.733 D 0.401``; ``-`` where not known."""
    return " ".join(
        f"{name[0].upper()} {'-' if np.isnan(value) else format(value, '.3f')}"
        for name, value in zip(DIMENSIONS, values, strict=True)
    )
