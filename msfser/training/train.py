"""The training of a model: one loop, from the settings to the folder of the run."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from msfser.ccc import ccc
from msfser.config.settings import Config
from msfser.data.batching import ClipReader, text_tensors
from msfser.data.clips import RATE_HZ
from msfser.data.examples import IntArray
from msfser.evaluation.inference import choose_device, run_model, tf32_products
from msfser.evaluation.runs import model_folder
from msfser.model.folder import ModelFacts
from msfser.model.msf_ser import MsfSer, build_model, load_weights, save_pretrained
from msfser.training.batches import Augmentation, load_steps, training_steps
from msfser.training.data import TrainingData, describe_data, fold_numbers, prepare_data
from msfser.training.display import TrainingDisplay, reading_progress
from msfser.training.ranks import joined_ranks
from msfser.training.run_folder import (
    BEST_NAME,
    Log,
    finish_run,
    open_run,
    read_metrics,
    refuse_taken,
)
from msfser.training.state import STATE_NAME, Interrupted, restore_state, write_state
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
    """Train a model.

    However a run ends, it can be resumed; on a CPU it then ends with the same weights, bit for
    bit, as a run that nothing stopped, on a GPU as near to them as another such run. Under
    ``torchrun``, several processes train one model, each on its share of every step, and CCC is
    still that of the whole step.

    Parameters
    ----------
    config : Config
    folder : Path
        Of the run; made if it is not there.
    resume : bool
        Go on where the run in the folder stopped.
    tensorboard : bool
        Write the curves for TensorBoard, too.
    quiet : bool
        Show nothing on the way.

    Returns
    -------
    dict
        What ``metrics.json`` holds.

    Raises
    ------
    MsfserError
        Settings, data or a model that cannot be used; predictions that are not finite.
    Interrupted
        By Ctrl-C or SIGTERM, after the state was written.
    """
    settings = config.train
    with joined_ranks() as ranks, noticed_signals() as stop, tf32_products(settings.precision):
        device = choose_device(settings.device, local_rank=ranks.local_rank)
        ranks.check(settings.accumulation)
        quiet = quiet or not ranks.first
        if ranks.first:
            refuse_taken(folder, resume=resume)
        with reading_progress(quiet=quiet) as watch:
            data = prepare_data(config.data, config.model, watch=watch)
        if data.features is not None:
            config = replace(config, model=replace(config.model, text_dim=data.features.dim))
        torch.manual_seed(settings.seed)
        model = build_model(config.model)
        if model.text_scaling is not None:
            model.text_scaling.fit(*text_tensors(data.train))
        if settings.init and not (resume and (folder / STATE_NAME).exists()):
            revision = data.features.revision if data.features is not None else ""
            load_weights(model, model_folder(settings.init), text_encoder_revision=revision)
        model.to(device)
        optimiser = make_optimiser(model, settings)
        reader = ClipReader(config.data.wave_norm, data.statistics)
        # Each process that reads would keep its own, and no epoch hands them to the next.
        beside = ClipReader(config.data.wave_norm, data.statistics, kept_bytes=0)
        augmentation = make_augmentation(config, model)
        with open_run(folder, config, resume=resume) if ranks.first else nullcontext():
            ranks.wait()
            at = restore_state(folder, model, optimiser)
            log = Log(folder, at.step, tensorboard=tensorboard) if ranks.first else None
            n_steps = settings.epochs * len(_steps(config, data, 0))
            with TrainingDisplay(n_steps, at.step, quiet=quiet) as display:
                display.say(describe_data(data))
                saved_s = time.monotonic()
                while at.epoch < settings.epochs:
                    steps = _steps(config, data, at.epoch)[at.step_in_epoch :]
                    model.train()
                    for micro_batches, batches in load_steps(
                        data.train,
                        steps,
                        beside if config.data.workers else reader,
                        augmentation,
                        at.epoch,
                        accumulation=settings.accumulation,
                        rank=ranks.rank,
                        n_ranks=ranks.size,
                        workers=config.data.workers,
                    ):
                        labels = torch.from_numpy(data.train.labels[np.concatenate(micro_batches)])
                        predictions = take_step(
                            model,
                            optimiser,
                            micro_batches,
                            [batch.to(device) for batch in batches],
                            labels.to(device, non_blocking=True),
                            settings,
                            at.step,
                            n_steps,
                            ranks,
                        )
                        at.add_step(predictions, labels)
                        if device.type == "cpu" or at.step % _LOG_EVERY == 0:
                            display.show_step(at.epoch, at.step, at.train_ccc)
                        if log is not None and at.step % _LOG_EVERY == 0:
                            log.add_step(at, optimiser.param_groups[0]["lr"])
                        stopping = ranks.any(stop.is_set(), device)
                        if ranks.first and (stopping or time.monotonic() - saved_s > _SAVE_EVERY_S):
                            write_state(folder, model, optimiser, at)
                            saved_s = time.monotonic()
                        if stopping:
                            ranks.wait()
                            raise Interrupted(folder)
                    at.read_predictions()
                    if log is not None:
                        development_ccc = None
                        if data.development is not None:
                            outputs = run_model(
                                model,
                                data.development,
                                reader,
                                device=device,
                                precision=settings.precision,
                            )
                            development_ccc = ccc(
                                outputs.values, data.development.labels.astype(np.float64)
                            )
                        if kept := at.judge(development_ccc):
                            save_pretrained(folder / BEST_NAME, model, _facts(config, data))
                        log.add_epoch(at, development_ccc, kept=kept)
                        display.show_epoch(at, development_ccc, kept=kept)
                    at.end_epoch()
                    if ranks.first:
                        write_state(folder, model, optimiser, at)
                    ranks.wait()
            return finish_run(folder, at, data.skipped) if ranks.first else {}


def train_folds(
    config: Config,
    folder: Path,
    *,
    resume: bool = False,
    tensorboard: bool = False,
) -> dict[str, Any]:
    """Train a model for every fold of the corpus, held out each time, into ``fold1`` and so on.

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


def _steps(config: Config, data: TrainingData, epoch: int) -> list[IntArray]:
    return training_steps(
        data.train.n_samples,
        config.train.batch_size,
        config.data.mega_batches,
        config.train.seed,
        epoch,
    )


def make_augmentation(config: Config, model: MsfSer) -> Augmentation:
    """Say how clips are cropped, and masked as WavLM's own configuration asks for."""
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


def _facts(config: Config, data: TrainingData) -> ModelFacts:
    """Give what must be known of the data to use the model."""
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
