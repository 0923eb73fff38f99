"""Batches in training: their order, the crop of long clips, the masks of SpecAugment.

All random numbers are drawn from a generator that is seeded with the run's seed, the epoch and the
utterance: a batch is the same whichever process makes it, at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from lemf.runtime.processes import same_imports
from msfser.config.settings import SEMANTICS, Config, Crop
from msfser.data.batching import Batch, ClipReader, silent_batch
from msfser.data.examples import Examples, IntArray
from msfser.model.wavlm.frames import count_frames
from msfser.training.labels.sampling import epoch_places

_ORDER, _CROP, _MASK, _FEATURE_MASK, _TEXT = range(5)  # what a generator draws


def training_steps(
    n_samples: IntArray, batch_size: int, mega_batches: int, seed: int, epoch: int
) -> list[IntArray]:
    """Draw the steps of an epoch, each of utterances of similar lengths.

    All are shuffled and cut into mega-batches; each is sorted by length and cut into steps; the
    steps are shuffled. This keeps the padding short, and no step holds the utterances of one length
    in the whole corpus, perhaps of one speaker. Without mega-batches, nothing is sorted. Every
    utterance is used once; a remainder of one utterance joins the step before it.

    Parameters
    ----------
    n_samples : (utterances,) int64
    batch_size : int
        Utterances of a step.
    mega_batches : int
        Steps of a mega-batch; 0 for steps of utterances of any lengths in a random order.
    seed, epoch : int

    Returns
    -------
    list of (step's utterances,) int64
        Places of the utterances, sorted by length inside a step unless `mega_batches` is 0.
    """
    generator = np.random.default_rng([seed, _ORDER, epoch])
    shuffled = generator.permutation(len(n_samples))
    steps: list[IntArray] = []
    mega_size = batch_size * max(mega_batches, 1)
    for start in range(0, len(shuffled), mega_size):
        mega = shuffled[start : start + mega_size]
        if mega_batches:
            mega = mega[np.argsort(n_samples[mega], kind="stable")]
        steps += [mega[first : first + batch_size] for first in range(0, len(mega), batch_size)]
    if len(steps) > 1 and len(steps[-1]) == 1:
        steps[-2:] = [np.concatenate(steps[-2:])]
    return [steps[place] for place in generator.permutation(len(steps))]


def sampled_steps(
    n_samples: IntArray, emotions: Sequence[str | None], config: Config, epoch: int
) -> list[IntArray]:
    """Draw the steps of an epoch of the utterances that `epoch_places` draws.

    Parameters
    ----------
    n_samples : (utterances,) int64
    emotions : sequence of (str or None)
        Of each utterance.
    config : Config
    epoch : int

    Returns
    -------
    list of (step's utterances,) int64
    """
    settings = config.train
    places = epoch_places(emotions, settings.sampling, settings.seed, epoch)
    steps = training_steps(
        n_samples[places], settings.batch_size, config.data.mega_batches, settings.seed, epoch
    )
    return [places[step] for step in steps]


def count_steps(n_samples: IntArray, emotions: Sequence[str | None], config: Config) -> int:
    """Count the steps of a whole run; parameters as in `sampled_steps`."""
    return config.train.epochs * len(sampled_steps(n_samples, emotions, config, 0))


def split_step(step: IntArray, accumulation: int) -> list[IntArray]:
    """Cut a step into micro-batches of nearly equal size, none of them empty."""
    return [part for part in np.array_split(step, accumulation) if len(part)]


def crop_start(n_samples: int, kept: int, crop: Crop, seed: int, epoch: int, place: int) -> int:
    """Return where the `kept` samples of a clip start, drawn for the clip at `place` if random."""
    if crop == "head" or n_samples <= kept:
        return 0
    generator = np.random.default_rng([seed, _CROP, epoch, place])
    return int(generator.integers(n_samples - kept + 1))


def draw_mask(
    n_places: int,
    probability: float,
    length: int,
    fewest: int,
    generator: np.random.Generator,
) -> NDArray[np.bool_]:
    """Draw the frames or features that SpecAugment masks: spans of one length that start anywhere.

    Their number would cover the share `probability` of the places if they did not overlap, rounded
    up or down at random; a clip that is no longer than a span has none.

    Parameters
    ----------
    n_places : int
        Frames of a clip, or features of a frame.
    probability : float
        Share of the places.
    length : int
        Places of a span.
    fewest : int
        Least number of spans, as far as they fit side by side.
    generator : numpy Generator

    Returns
    -------
    (n_places,) bool
    """
    mask = np.zeros(n_places, dtype=np.bool_)
    if n_places <= length:
        return mask
    n_spans = max(int(probability * n_places / length + generator.random()), fewest)
    n_starts = n_places - length + 1
    n_spans = min(n_spans, n_places // length, n_starts)
    for start in generator.choice(n_starts, n_spans, replace=False):
        mask[start : start + length] = True
    return mask


class Masking(NamedTuple):
    """How SpecAugment masks one axis: the parameters of `draw_mask`; nothing at probability 0."""

    probability: float
    length: int
    fewest: int


@dataclass(frozen=True)
class Augmentation:
    """Crops and masks of clips and dropped texts, in training only.

    Attributes
    ----------
    longest : int
        Samples that are kept of a clip.
    crop : {"head", "random"}
    time_masking, feature_masking : Masking
        SpecAugment over frames and over their features.
    n_features : int
        Features of a frame.
    text_dropout : float
        Probability that a text of an utterance is treated as missing.
    conv_kernels, conv_strides : tuple of int
        Of the CNN; they determine the number of frames of a clip.
    seed : int
    """

    longest: int
    crop: Crop
    time_masking: Masking
    feature_masking: Masking
    n_features: int
    text_dropout: float
    conv_kernels: tuple[int, ...]
    conv_strides: tuple[int, ...]
    seed: int


@dataclass(frozen=True, eq=False)
class TrainingStep:
    """One step of the optimiser, as one of the processes holds it.

    Attributes
    ----------
    sizes : tuple of int
        Utterances of each micro-batch of the step, whichever process holds it.
    batches : tuple of Batch
        Micro-batches of this process: every n-th of n processes.
    labels : (step's utterances, 3) float32 Tensor
        Of all utterances of the step, in the order of the micro-batches.
    targets : dict of str to (step's utterances, n) float32 Tensor
        Of the heads beside valence, arousal and dominance, from `side_targets`.
    """

    sizes: tuple[int, ...]
    batches: tuple[Batch, ...]
    labels: Tensor
    targets: dict[str, Tensor] = field(default_factory=dict)

    def to(self, device: torch.device) -> TrainingStep:
        """Copy the step to another device, asynchronously from pinned memory."""
        return TrainingStep(
            self.sizes,
            tuple(batch.to(device) for batch in self.batches),
            self.labels.to(device, non_blocking=True),
            {name: one.to(device, non_blocking=True) for name, one in self.targets.items()},
        )


class TrainingBatches(Dataset[Batch]):
    """The micro-batches of an epoch; the same whichever process makes them.

    Parameters
    ----------
    examples : Examples
    micro_batches : sequence of (batch,) int64
        Places of the utterances.
    reader : ClipReader
    augmentation : Augmentation
    epoch : int
    """

    def __init__(
        self,
        examples: Examples,
        micro_batches: Sequence[IntArray],
        reader: ClipReader,
        augmentation: Augmentation,
        epoch: int,
    ) -> None:
        self._examples = examples
        self._micro_batches = micro_batches
        self._reader = reader
        self._augmentation = augmentation
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._micro_batches)

    def __getitem__(self, number: int) -> Batch:
        index = self._micro_batches[number]
        settings = self._augmentation
        lengths = [min(int(self._examples.n_samples[place]), settings.longest) for place in index]
        time_masks = feature_masks = None
        if settings.time_masking.probability > 0:
            n_frames = [
                count_frames(length, settings.conv_kernels, settings.conv_strides)
                for length in lengths
            ]
            time_masks = [
                draw_mask(n, *settings.time_masking, self._generator(_MASK, place))
                for n, place in zip(n_frames, index, strict=True)
            ]
        if settings.feature_masking.probability > 0:
            feature_masks = [
                draw_mask(
                    settings.n_features,
                    *settings.feature_masking,
                    self._generator(_FEATURE_MASK, place),
                )
                for place in index
            ]
        starts = [self._start(int(place)) for place in index]
        batch, rows = silent_batch(
            self._examples, index, lengths, time_masks, feature_masks, starts=starts
        )
        for row, place, start in zip(rows, index, starts, strict=True):
            n_samples = int(self._examples.n_samples[place])
            self._reader.read_into(row, self._examples.wavs[place], start, n_samples)
        return self._drop_texts(batch, index) if settings.text_dropout > 0 else batch

    def _start(self, place: int) -> int:
        """Return the first sample of the clip at a place, or of its crop."""
        settings, n_samples = self._augmentation, int(self._examples.n_samples[place])
        return crop_start(
            n_samples, settings.longest, settings.crop, settings.seed, self._epoch, place
        )

    def _drop_texts(self, batch: Batch, index: IntArray) -> Batch:
        """Treat each text as missing with the probability `text_dropout`."""
        drawn = np.stack([self._generator(_TEXT, place).random(len(SEMANTICS)) for place in index])
        kept = drawn >= self._augmentation.text_dropout
        present = {
            name: mask & torch.from_numpy(kept[:, SEMANTICS.index(name)])
            for name, mask in batch.present.items()
        }
        return replace(batch, present=present)

    def _generator(self, what: int, place: int) -> np.random.Generator:
        """Return the generator of one kind of draw for the utterance at a place."""
        return np.random.default_rng([self._augmentation.seed, what, self._epoch, int(place)])


def load_steps(
    examples: Examples,
    steps: Sequence[IntArray],
    reader: ClipReader,
    augmentation: Augmentation,
    epoch: int,
    *,
    accumulation: int,
    targets: Mapping[str, NDArray[np.float32]] = MappingProxyType({}),
    rank: int = 0,
    n_ranks: int = 1,
    workers: int = 0,
) -> Iterator[TrainingStep]:
    """Yield each step as one of the processes holds it.

    Parameters
    ----------
    examples : Examples
    steps : sequence of (step's utterances,) int64
    reader : ClipReader
    augmentation : Augmentation
    epoch : int
    accumulation : int
        Micro-batches of a step.
    targets : mapping of str to (utterances, n) float32
        From `side_targets`.
    rank, n_ranks : int
        Which of the processes, and how many there are; each holds every n-th micro-batch.
    workers : int
        Processes that read ahead; 0 reads in this process.
    """
    micro_batches = [split_step(step, accumulation) for step in steps]
    held = [parts[rank::n_ranks] for parts in micro_batches]
    dataset = TrainingBatches(
        examples, [part for parts in held for part in parts], reader, augmentation, epoch
    )
    loader = DataLoader(
        dataset, batch_size=None, num_workers=workers, pin_memory=torch.cuda.is_available()
    )
    with same_imports():
        batches = iter(loader)
    for all_parts, held_parts in zip(micro_batches, held, strict=True):
        places = np.concatenate(all_parts)
        yield TrainingStep(
            tuple(map(len, all_parts)),
            tuple(islice(batches, len(held_parts))),
            torch.from_numpy(examples.labels[places]),
            {name: torch.from_numpy(rows[places]) for name, rows in targets.items()},
        )
