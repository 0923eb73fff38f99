"""The training of a model: one loop, from the settings to the folder of the run."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.optim import AdamW

from lemf.runtime.progress import Watch, progress
from msfser.ccc import FloatArray, ccc
from msfser.config.settings import RATE_HZ, Config
from msfser.data.batching import ClipReader, text_tensors
from msfser.data.examples import IntArray
from msfser.evaluation.inference import run_model, tf32_products
from msfser.evaluation.runs import BEST_NAME, model_folder, read_metrics
from msfser.model.device import choose_device
from msfser.model.folder import ModelFacts, check_text_encoder, read_model_folder
from msfser.model.msf_ser import MsfSer, build_model
from msfser.training.batches import Augmentation, load_steps, training_steps
from msfser.training.data import TrainingData, describe_data, fold_numbers, prepare_data
from msfser.training.display import format_epoch, format_step
from msfser.training.ranks import Ranks, joined_ranks
from msfser.training.run_folder import Log, finish_run, open_run, refuse_taken
from msfser.training.state import (
    STATE_NAME,
    Interrupted,
    TrainingState,
    restore_state,
    write_state,
)
from msfser.training.step import make_optimiser, take_step
from msfser.training.stop_signals import noticed_signals

_SAVE_EVERY_S = 600.0
_LOG_EVERY = 10  # steps


def train(
    config: Config,
    folder: Path,
    *,
    resume: bool = False,
    tensorboard: bool = False,
    quiet: bool = False,
) -> dict[str, Any]:
    """Train a model into the folder of a run, and return what ``metrics.json`` holds.

    However a run ends, it can be resumed; on a CPU it then ends with the same weights, bit for
    bit, as a run that nothing stopped, on a GPU as near to them as another such run. Under
    ``torchrun``, several processes train one model, each on its share of every step, and CCC is
    still that of the whole step.

    Parameters
    ----------
    config : Config
    folder : Path
    resume : bool
        Go on where the run in the folder stopped.
    tensorboard : bool
        Write the curves for TensorBoard, too.
    quiet : bool
        Show no progress.

    Raises
    ------
    MsfserError
        Settings, data or a model that cannot be used; predictions that are not finite.
    Interrupted
        By Ctrl-C or SIGTERM, after the state was written.
    """
    with joined_ranks() as ranks, noticed_signals() as stop, tf32_products(config.train.precision):
        if ranks.first:
            refuse_taken(folder, resume=resume)
        run = _prepare(config, folder, ranks, resume=resume, quiet=quiet or not ranks.first)
        with open_run(folder, run.config, resume=resume) if ranks.first else nullcontext():
            ranks.wait()
            state = restore_state(folder, run.model, run.optimiser)
            log = Log(folder, state.step, tensorboard=tensorboard) if ranks.first else None
            run.say(describe_data(run.data))
            with progress("training", unit="steps", quiet=run.quiet) as watch:
                watch(state.step, run.n_steps)
                while state.epoch < config.train.epochs:
                    _train_epoch(run, state, log, watch, stop)
                    _end_epoch(run, state, log)
            return finish_run(folder, state, run.data.skipped) if ranks.first else {}


def train_folds(
    config: Config,
    folder: Path,
    *,
    resume: bool = False,
    tensorboard: bool = False,
) -> dict[str, Any]:
    """Train one model for each fold of the corpus, which it holds out, into ``fold1`` and so on.

    Nothing is selected on the fold that is held out: each run keeps its last epoch. With `resume`,
    folds that are finished stay as they are.

    Returns
    -------
    dict
        The metrics of each fold by the name of its folder; empty in all processes but the first.

    Raises
    ------
    MsfserError
        As `train`; or the corpus has no folds.
    Interrupted
        As `train`.
    """
    metrics = {}
    for fold in fold_numbers(config.data):
        name = f"fold{fold}"
        held_out = replace(config, data=replace(config.data, test_fold=fold))
        done = read_metrics(folder / name) if resume else None
        metrics[name] = done or train(
            held_out, folder / name, resume=resume, tensorboard=tensorboard
        )
    return metrics if all(metrics.values()) else {}


@dataclass(frozen=True, kw_only=True, eq=False)
class _Run:
    """The parts of a run that stay the same from its first step to its last.

    Attributes
    ----------
    config : Config
        With the size of the text vectors of the corpus.
    reader, worker_reader : ClipReader
        For this process, and for those that read ahead: they keep no clips in memory, as each
        would keep others, and none outlives an epoch.
    """

    config: Config
    folder: Path
    data: TrainingData
    model: MsfSer
    optimiser: AdamW
    device: torch.device
    ranks: Ranks
    reader: ClipReader
    worker_reader: ClipReader
    quiet: bool

    def steps(self, epoch: int) -> list[IntArray]:
        """Return the utterances of each step of an epoch."""
        return training_steps(
            self.data.train.n_samples,
            self.config.train.batch_size,
            self.config.data.mega_batches,
            self.config.train.seed,
            epoch,
        )

    def say(self, text: str) -> None:
        """Print a line on stderr, above the bar of the progress; nothing if quiet."""
        if not self.quiet:
            sys.stderr.write(text + "\n")
            sys.stderr.flush()

    @cached_property
    def n_steps(self) -> int:
        """Steps of the whole run."""
        return self.config.train.epochs * len(self.steps(0))


def _prepare(config: Config, folder: Path, ranks: Ranks, *, resume: bool, quiet: bool) -> _Run:
    """Read the data, and build the model that training starts from."""
    device = choose_device(config.train.device, local_rank=ranks.local_rank)
    ranks.check(config.train.accumulation)
    with progress("reading recordings", quiet=quiet) as watch:
        data = prepare_data(config.data, config.model, watch=watch)
    if data.features is not None:
        config = replace(config, model=replace(config.model, text_dim=data.features.dim))
    torch.manual_seed(config.train.seed)
    model = build_model(config.model, _facts(config, data))
    if model.text_scaling is not None:
        model.text_scaling.fit(*text_tensors(data.train))
    if config.train.init and not (resume and (folder / STATE_NAME).exists()):
        _load_start(model, config.train.init, data)
    model.to(device)
    return _Run(
        config=config,
        folder=folder,
        data=data,
        model=model,
        optimiser=make_optimiser(model, config.train),
        device=device,
        ranks=ranks,
        reader=ClipReader(config.data.wave_norm, data.statistics),
        worker_reader=ClipReader(config.data.wave_norm, data.statistics, kept_bytes=0),
        quiet=quiet,
    )


def _load_start(model: MsfSer, name: str, data: TrainingData) -> None:
    """Load the weights of the trained model that a run starts from."""
    start = read_model_folder(model_folder(name))
    if data.features is not None and start.config.semantics:
        check_text_encoder(
            start.config,
            start.facts,
            name=data.features.encoder,
            revision=data.features.revision,
            dim=data.features.dim,
        )
    model.load_weights(start)


def _facts(config: Config, data: TrainingData) -> ModelFacts:
    """Return the facts of the data that the use of the model needs."""
    return ModelFacts(
        label_bounds=data.manifest.label_bounds,
        corpus=data.manifest.corpus,
        corpus_version=data.manifest.version,
        wave_norm=config.data.wave_norm,
        wave_mean=data.statistics.mean,
        wave_std=data.statistics.std,
        text_encoder=data.features.encoder if data.features else "",
        text_encoder_revision=data.features.revision if data.features else "",
    )


def _train_epoch(
    run: _Run,
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
        rank=run.ranks.rank,
        n_ranks=run.ranks.size,
        workers=run.config.data.workers,
    ):
        # Change the model
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
        if run.device.type == "cpu" or is_logged:  # a GPU would have to be waited for
            watch(state.step, run.n_steps, note=format_step(state))
        if log is not None and is_logged:
            log.add_step(state, run.optimiser.param_groups[0]["lr"])

        # Write the state
        stopping = run.ranks.any(stop.is_set(), run.device)
        if run.ranks.first and (stopping or time.monotonic() - saved_s > _SAVE_EVERY_S):
            write_state(run.folder, run.model, run.optimiser, state)
            saved_s = time.monotonic()
        if stopping:
            run.ranks.wait()
            raise Interrupted(run.folder)


def _end_epoch(run: _Run, state: TrainingState, log: Log | None) -> None:
    """Evaluate the model, keep it if it is the best so far, and write the state."""
    state.read_predictions()
    if log is not None:
        development_ccc = _development_ccc(run)
        if kept := state.judge(development_ccc):
            run.model.save_pretrained(run.folder / BEST_NAME, force=True)
        log.add_epoch(state, development_ccc, kept=kept)
        run.say(format_epoch(state, development_ccc, kept=kept))
    state.end_epoch()
    if run.ranks.first:
        write_state(run.folder, run.model, run.optimiser, state)
    run.ranks.wait()


def _development_ccc(run: _Run) -> FloatArray | None:
    """Compute CCC of each dimension on the development set; None without one."""
    development = run.data.development
    if development is None:
        return None
    outputs = run_model(
        run.model,
        development,
        run.reader.read,
        device=run.device,
        precision=run.config.train.precision,
    )
    return ccc(outputs.values, development.labels.astype(np.float64))


def make_augmentation(config: Config, model: MsfSer) -> Augmentation:
    """Build the crops and masks of a run; the configuration of WavLM says how to mask."""
    acoustic = model.acoustic.config
    return Augmentation(
        longest=int(config.data.crop_s * RATE_HZ),
        crop=config.data.crop,
        mask_probability=acoustic.mask_time_prob if config.model.spec_augment else 0.0,
        mask_length=acoustic.mask_time_length,
        fewest_masks=acoustic.mask_time_min_masks,
        conv_kernels=tuple(acoustic.conv_kernel),
        conv_strides=tuple(acoustic.conv_stride),
        seed=config.train.seed,
    )
