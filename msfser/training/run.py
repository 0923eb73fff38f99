"""The parts of a run that stay the same while it trains: data, model, optimiser, readers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.optim import AdamW

from lemf.runtime.progress import progress
from msfser.config.les_settings import LesSettings
from msfser.config.model_facts import ModelFacts
from msfser.config.settings import RATE_HZ, Config
from msfser.data.batching import ClipReader, text_tensors
from msfser.data.cache import open_cache
from msfser.data.examples import IntArray
from msfser.data.facts import ClipFacts
from msfser.evaluation.runs import model_folder
from msfser.manifest import unlabelled_dimensions
from msfser.model.device import choose_device
from msfser.model.folder import check_text_encoder, read_model_folder
from msfser.model.msf_ser import MsfSer, build_model
from msfser.model.wavlm.lora import adapted_weights, merged_weights
from msfser.training.data.prepare import TrainingData, check_sampling, prepare_data
from msfser.training.labels.targets import (
    RATINGS,
    emotion_classes,
    rating_targets,
    side_targets,
)
from msfser.training.ranks.ranks import Ranks
from msfser.training.state import STATE_NAME
from msfser.training.step import make_optimiser
from msfser.training.steps.augmentation import Augmentation, Masking
from msfser.training.steps.order import count_steps, sampled_steps


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingRun:
    """The parts of a run that stay the same from its first step to its last.

    Attributes
    ----------
    config : Config
        With the size of the text vectors of the corpus.
    targets : dict of str to (utterances, ...) float32
        What is learned of the training utterances beside their labels: by other heads, from
        `side_targets`; `RATINGS`, by DEER.
    reader, worker_reader : ClipReader
        For this process, and for the processes that read ahead, which keep no clips in memory:
        each would keep other clips, and none outlives an epoch.
    """

    config: Config
    folder: Path
    data: TrainingData
    model: MsfSer
    optimiser: AdamW
    device: torch.device
    ranks: Ranks
    targets: dict[str, NDArray[np.float32]]
    reader: ClipReader
    worker_reader: ClipReader
    quiet: bool

    def steps(self, epoch: int) -> list[IntArray]:
        """Return the utterances of each step of an epoch."""
        train = self.data.train
        return sampled_steps(train.n_samples, train.emotions, self.config, epoch)

    @cached_property
    def n_steps(self) -> int:
        """Steps of the whole run."""
        train = self.data.train
        return count_steps(train.n_samples, train.emotions, self.config)


def prepare_run(
    config: Config,
    folder: Path,
    ranks: Ranks,
    *,
    known: Mapping[str, ClipFacts],
    resume: bool,
    quiet: bool,
) -> TrainingRun:
    """Read the data, and build the model that training starts from.

    Parameters
    ----------
    config : Config
    folder : Path
        Of the run; with a state in it and `resume`, ``train.init`` is not read.
    ranks : Ranks
    known : mapping of str to ClipFacts
        As in `prepare_data`.
    resume, quiet : bool
        As in `train`.

    Raises
    ------
    MsfserError
        As `train`.
    """
    device = choose_device(config.train.device, local_rank=ranks.local_rank)
    ranks.check(config.train.accumulation)
    with progress("reading recordings", quiet=quiet) as watch:
        data = prepare_data(config.data, config.model, known=known, ranks=ranks, watch=watch)
    check_sampling(config.train, data)
    config = with_text_dim(config, data)
    cache = open_cache(config.data.cache)
    torch.manual_seed(config.train.seed)
    model = build_model(config.model, _facts(config, data))
    if model.text_scaling is not None:
        model.text_scaling.fit(*text_tensors(data.train))
    if config.train.init and not (resume and (folder / STATE_NAME).exists()):
        _load_start(model, config.train.init, data)
    if config.train.checkpointing:
        model.acoustic.checkpoint_layers()
    model.to(device)
    return TrainingRun(
        config=config,
        folder=folder,
        data=data,
        model=model,
        optimiser=make_optimiser(model, config.train),
        device=device,
        ranks=ranks,
        targets=_targets(config, data),
        reader=ClipReader(config.data.wave_norm, data.statistics, cache=cache),
        worker_reader=ClipReader(config.data.wave_norm, data.statistics, cache=cache, kept_bytes=0),
        quiet=quiet,
    )


def _targets(config: Config, data: TrainingData) -> dict[str, NDArray[np.float32]]:
    """Return what is learned of the training utterances beside their labels."""
    bounds = data.manifest.label_bounds
    targets = side_targets(data.train, config.model.side_heads, data.votes, bounds)
    if config.model.output == "evidence" and data.votes is not None:
        targets[RATINGS] = rating_targets(data.train.labels, data.votes, bounds)
    return targets


def with_text_dim(config: Config, data: TrainingData) -> Config:
    """Return the settings with the size of the text vectors of the corpus."""
    if data.features is None:
        return config
    return replace(config, model=replace(config.model, text_dim=data.features.dim))


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
    # With or without LoRA there and here
    weights = merged_weights(start.weights, start.config)
    if model.config.lora_rank:
        weights = adapted_weights(weights, model.state_dict())
    model.load_weights(replace(start, weights=weights))


def _facts(config: Config, data: TrainingData) -> ModelFacts:
    """Return the facts of the data that prediction with the model needs."""
    reads_les = data.features is not None and "les" in config.model.semantics
    return ModelFacts(
        label_bounds=data.manifest.label_bounds,
        corpus=data.manifest.corpus,
        corpus_version=data.manifest.version,
        wave_norm=config.data.wave_norm,
        wave_mean=data.statistics.mean,
        wave_std=data.statistics.std,
        text_encoder=data.features.encoder if data.features else "",
        text_encoder_revision=data.features.revision if data.features else "",
        les=data.features.les_settings if data.features and reads_les else LesSettings(),
        emotions=emotion_classes(data.train) if "emotion" in config.model.side_heads else (),
        unlearned=unlabelled_dimensions(data.train.labels),
    )


def make_augmentation(config: Config, model: MsfSer) -> Augmentation:
    """Build the crops and masks of a run, with the masks that the configuration of WavLM sets."""
    acoustic = model.acoustic.config
    masked = config.model.spec_augment and model.acoustic.masks
    return Augmentation(
        longest=int(config.data.crop_s * RATE_HZ),
        crop=config.data.crop,
        time_masking=Masking(
            acoustic.mask_time_prob if masked else 0.0,
            acoustic.mask_time_length,
            acoustic.mask_time_min_masks,
        ),
        feature_masking=Masking(
            acoustic.mask_feature_prob if masked else 0.0,
            acoustic.mask_feature_length,
            getattr(acoustic, "mask_feature_min_masks", 0),  # not in every configuration
        ),
        n_features=model.acoustic.hidden_size,
        text_dropout=config.train.text_dropout,
        conv_kernels=model.acoustic.kernels,
        conv_strides=model.acoustic.strides,
        seed=config.train.seed,
    )
