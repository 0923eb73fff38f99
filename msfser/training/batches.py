"""Batches in training: their order, the crop of long clips, the masks of SpecAugment.

All random numbers are drawn from a generator that is seeded with the run's seed, the epoch and the
utterance: a batch is the same whichever process makes it, at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from lemf.runtime.workers import same_imports
from msfser.config.settings import Crop
from msfser.data.batching import Batch, ClipReader, collate
from msfser.data.clips import Samples
from msfser.data.examples import Examples, IntArray
from msfser.model.wavlm.frames import count_frames

_ORDER, _CROP, _MASK = range(3)  # what a generator draws


def training_steps(
    n_samples: IntArray, batch_size: int, mega_batches: int, seed: int, epoch: int
) -> list[IntArray]:
    """Draw the steps of an epoch, each of utterances of similar lengths.

    All are shuffled and cut into mega-batches; each is sorted by length and cut into steps; the
    steps are shuffled. This keeps the padding short, and no step holds the utterances of one length
    in the whole corpus, perhaps of one speaker. Every utterance is used once; a remainder of one
    utterance joins the step before it.

    Parameters
    ----------
    n_samples : (utterances,) int64
    batch_size : int
        Utterances of a step.
    mega_batches : int
        Steps of a mega-batch.
    seed, epoch : int

    Returns
    -------
    list of (step's utterances,) int64
        Places of the utterances, sorted by length inside a step.
    """
    generator = np.random.default_rng([seed, _ORDER, epoch])
    shuffled = generator.permutation(len(n_samples))
    steps: list[IntArray] = []
    for start in range(0, len(shuffled), batch_size * mega_batches):
        mega = shuffled[start : start + batch_size * mega_batches]
        mega = mega[np.argsort(n_samples[mega], kind="stable")]
        steps += [mega[first : first + batch_size] for first in range(0, len(mega), batch_size)]
    if len(steps) > 1 and len(steps[-1]) == 1:
        steps[-2:] = [np.concatenate(steps[-2:])]
    return [steps[place] for place in generator.permutation(len(steps))]


def split_step(step: IntArray, accumulation: int) -> list[IntArray]:
    """Cut a step into micro-batches of nearly equal size, none of them empty."""
    return [part for part in np.array_split(step, accumulation) if len(part)]


def crop_start(n_samples: int, kept: int, crop: Crop, seed: int, epoch: int, place: int) -> int:
    """Return where the `kept` samples of a clip start, drawn for the clip at `place` if random."""
    if crop == "head" or n_samples <= kept:
        return 0
    generator = np.random.default_rng([seed, _CROP, epoch, place])
    return int(generator.integers(n_samples - kept + 1))


def draw_time_mask(
    n_frames: int,
    probability: float,
    length: int,
    generator: np.random.Generator,
    *,
    fewest: int = 0,
) -> NDArray[np.bool_]:
    """Draw the frames that SpecAugment masks: spans of one length that start anywhere.

    Their number would cover the share `probability` of the frames if they did not overlap, rounded
    up or down at random; a clip that is no longer than a span has none.

    Parameters
    ----------
    n_frames : int
    probability : float
        Share of the frames.
    length : int
        Frames of a span.
    generator : numpy Generator
    fewest : int
        Least number of spans, as far as they fit side by side.

    Returns
    -------
    (n_frames,) bool
    """
    mask = np.zeros(n_frames, dtype=np.bool_)
    if n_frames <= length:
        return mask
    n_spans = max(int(probability * n_frames / length + generator.random()), fewest)
    n_starts = n_frames - length + 1
    n_spans = min(n_spans, n_frames // length, n_starts)
    for start in generator.choice(n_starts, n_spans, replace=False):
        mask[start : start + length] = True
    return mask


@dataclass(frozen=True)
class Augmentation:
    """Crops and masks of clips, in training only.

    Attributes
    ----------
    longest : int
        Samples that are kept of a clip.
    crop : {"head", "random"}
    mask_probability, mask_length, fewest_masks : float, int, int
        SpecAugment; no masks at probability 0.
    conv_kernels, conv_strides : tuple of int
        Of the CNN; they determine the number of frames of a clip.
    seed : int
    """

    longest: int
    crop: Crop
    mask_probability: float
    mask_length: int
    fewest_masks: int
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
    """

    sizes: tuple[int, ...]
    batches: tuple[Batch, ...]
    labels: Tensor

    def to(self, device: torch.device) -> TrainingStep:
        """Copy the step to another device, asynchronously from pinned memory."""
        return TrainingStep(
            self.sizes,
            tuple(batch.to(device) for batch in self.batches),
            self.labels.to(device, non_blocking=True),
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
        clips = [self._cropped(int(place)) for place in index]
        masks = None
        if self._augmentation.mask_probability > 0:
            masks = [
                self._time_mask(int(place), len(clip))
                for place, clip in zip(index, clips, strict=True)
            ]
        return collate(self._examples, index, clips, masks)

    def _cropped(self, place: int) -> Samples:
        settings, samples = self._augmentation, self._reader.read(self._examples.wavs[place])
        start = crop_start(
            len(samples), settings.longest, settings.crop, settings.seed, self._epoch, place
        )
        return samples[start : start + settings.longest]

    def _time_mask(self, place: int, n_samples: int) -> NDArray[np.bool_]:
        settings = self._augmentation
        n_frames = count_frames(n_samples, settings.conv_kernels, settings.conv_strides)
        generator = np.random.default_rng([settings.seed, _MASK, self._epoch, place])
        return draw_time_mask(
            n_frames,
            settings.mask_probability,
            settings.mask_length,
            generator,
            fewest=settings.fewest_masks,
        )


def load_steps(
    examples: Examples,
    steps: Sequence[IntArray],
    reader: ClipReader,
    augmentation: Augmentation,
    epoch: int,
    *,
    accumulation: int,
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
        yield TrainingStep(
            tuple(map(len, all_parts)),
            tuple(islice(batches, len(held_parts))),
            torch.from_numpy(examples.labels[np.concatenate(all_parts)]),
        )
