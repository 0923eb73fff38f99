"""Batches in training, read clip by clip; the same whichever process makes them, at any time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from lemf.runtime.processes import same_imports
from msfser.config.settings import SEMANTICS
from msfser.data.batching import Batch, ClipReader, silent_batch
from msfser.data.examples import Examples, IntArray
from msfser.model.wavlm.frames import count_frames
from msfser.training.steps.augmentation import (
    CROP,
    FEATURE_MASK,
    MASK,
    TEXT,
    Augmentation,
    crop_start,
    draw_generator,
    draw_mask,
)
from msfser.training.steps.order import count_repeats, split_step


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
    targets : dict of str to (step's utterances, ...) float32 Tensor
        What else is learned of each, as in `TrainingRun.targets`.
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
    micro_batches, repeats : sequence of (batch,) int64
        Places of the utterances, and how often each came before in the epoch.
    reader : ClipReader
    augmentation : Augmentation
    epoch : int
    """

    def __init__(
        self,
        examples: Examples,
        micro_batches: Sequence[IntArray],
        repeats: Sequence[IntArray],
        reader: ClipReader,
        augmentation: Augmentation,
        epoch: int,
    ) -> None:
        self._examples = examples
        self._micro_batches = micro_batches
        self._repeats = repeats
        self._reader = reader
        self._augmentation = augmentation
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._micro_batches)

    def __getitem__(self, number: int) -> Batch:
        index, settings = self._micro_batches[number], self._augmentation
        n_samples = [int(self._examples.n_samples[place]) for place in index]
        lengths = [min(n, settings.longest) for n in n_samples]
        time_masks = feature_masks = None
        if settings.time_masking.probability > 0:
            time_masks = [
                draw_mask(
                    count_frames(length, settings.conv_kernels, settings.conv_strides),
                    *settings.time_masking,
                    generator,
                )
                for length, generator in zip(lengths, self._generators(MASK, number), strict=True)
            ]
        if settings.feature_masking.probability > 0:
            feature_masks = [
                draw_mask(settings.n_features, *settings.feature_masking, generator)
                for generator in self._generators(FEATURE_MASK, number)
            ]
        starts = [
            crop_start(n, settings.longest, settings.crop, generator)
            for n, generator in zip(n_samples, self._generators(CROP, number), strict=True)
        ]
        batch, rows = silent_batch(
            self._examples, index, lengths, time_masks, feature_masks, starts=starts
        )
        for row, place, start, n in zip(rows, index, starts, n_samples, strict=True):
            self._reader.read_into(row, self._examples.wavs[place], start, n)
        return self._drop_texts(batch, number) if settings.text_dropout > 0 else batch

    def _drop_texts(self, batch: Batch, number: int) -> Batch:
        """Treat each text as missing with the probability `text_dropout`."""
        drawn = np.stack([one.random(len(SEMANTICS)) for one in self._generators(TEXT, number)])
        kept = drawn >= self._augmentation.text_dropout
        present = {
            name: mask & torch.from_numpy(kept[:, SEMANTICS.index(name)])
            for name, mask in batch.present.items()
        }
        return replace(batch, present=present)

    def _generators(self, what: int, number: int) -> Iterator[np.random.Generator]:
        """Yield the generator of one kind of draw for each utterance of a micro-batch."""
        seed = self._augmentation.seed
        drawn = zip(self._micro_batches[number], self._repeats[number], strict=True)
        for place, repeat in drawn:
            yield draw_generator(seed, what, self._epoch, int(place), int(repeat))


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
    targets : mapping of str to (utterances, ...) float32
        What is learned of each beside its labels.
    rank, n_ranks : int
        Which of the processes, and how many there are; each holds every n-th micro-batch.
    workers : int
        Processes that read ahead; 0 reads in this process.
    """
    micro_batches = [split_step(step, accumulation) for step in steps]
    repeats = [split_step(counts, accumulation) for counts in count_repeats(steps)]
    held = [parts[rank::n_ranks] for parts in micro_batches]
    dataset = TrainingBatches(
        examples,
        [part for parts in held for part in parts],
        [part for parts in repeats for part in parts[rank::n_ranks]],
        reader,
        augmentation,
        epoch,
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
