"""What the model is fed: the order of the utterances in training, and batches padded to one length.

Everything that is drawn by chance is drawn from a generator that is seeded with the run's seed, the
epoch and the utterance, so a batch is the same whichever process makes it, and whenever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from msfser.clips import Samples, WaveStatistics, normalise, read_clip
from msfser.config import Crop, Semantic, WaveNorm
from msfser.examples import Examples, IntArray

_ORDER, _CROP, _MASK = range(3)  # what a generator is for
_KEPT_BYTES = 1 << 30  # of decoded clips kept in memory


@dataclass(frozen=True, eq=False)
class Batch:
    """Utterances padded to one length.

    Attributes
    ----------
    index : (batch,) int64
        Places in the examples.
    waveforms : (batch, samples) float32
        Zeros beyond the ends.
    sample_mask : (batch, samples) bool
        True inside the clips.
    labels : (batch, 3) float32
    texts : dict of semantic to (batch, text_dim) float32
    present : dict of semantic to (batch,) bool
    time_mask : (batch, frames) bool or None
        Frames that SpecAugment masks.
    """

    index: IntArray
    waveforms: Tensor
    sample_mask: Tensor
    labels: Tensor
    texts: dict[Semantic, Tensor]
    present: dict[Semantic, Tensor]
    time_mask: Tensor | None = None

    def to(self, device: torch.device) -> Batch:
        """Give the batch on another device."""
        return Batch(
            self.index,
            self.waveforms.to(device, non_blocking=True),
            self.sample_mask.to(device, non_blocking=True),
            self.labels.to(device, non_blocking=True),
            {name: text.to(device, non_blocking=True) for name, text in self.texts.items()},
            {name: mask.to(device, non_blocking=True) for name, mask in self.present.items()},
            None if self.time_mask is None else self.time_mask.to(device, non_blocking=True),
        )


def training_steps(
    n_samples: IntArray, batch_size: int, mega_batches: int, seed: int, epoch: int
) -> list[IntArray]:
    """Deal the utterances of an epoch to optimiser steps of similar lengths.

    All are shuffled and cut into mega-batches; each is sorted by length and cut into steps; the
    steps are shuffled. So no step holds one length only because one speaker does, and little is
    padding. Every utterance is used once; a remainder of one joins the step before it.

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
        Places of the utterances, in the order of length inside a step.
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
    """Cut a step into micro-batches as equal as can be, none of them empty."""
    return [part for part in np.array_split(step, accumulation) if len(part)]


def sorted_batches(n_samples: IntArray, largest: int, longest_samples: int) -> list[IntArray]:
    """Deal utterances to batches for prediction: the longest first, each batch a like amount.

    Parameters
    ----------
    n_samples : (utterances,) int64
    largest : int
        Utterances in a batch, at most.
    longest_samples : int
        Samples in a batch with its padding, at most, unless one utterance alone has more.
    """
    order = np.argsort(-n_samples, kind="stable")
    batches, start = [], 0
    while start < len(order):
        room = max(longest_samples // max(int(n_samples[order[start]]), 1), 1)
        stop = start + min(room, largest)
        batches.append(order[start:stop])
        start = stop
    return batches


def crop_start(n_samples: int, kept: int, crop: Crop, seed: int, epoch: int, place: int) -> int:
    """Give the first sample that is kept of a clip of which `kept` samples are."""
    if crop == "head" or n_samples <= kept:
        return 0
    generator = np.random.default_rng([seed, _CROP, epoch, place])
    return int(generator.integers(n_samples - kept + 1))


def draw_time_mask(
    n_frames: int, probability: float, length: int, generator: np.random.Generator
) -> NDArray[np.bool_]:
    """Draw the frames that SpecAugment masks: spans of one length that start anywhere.

    As many spans as cover `probability` of the frames if they do not overlap, rounded up or down by
    chance; none in a clip that is no longer than a span.

    Parameters
    ----------
    n_frames : int
    probability : float
        Share of the frames.
    length : int
        Frames of a span.
    generator : numpy Generator

    Returns
    -------
    (n_frames,) bool
    """
    mask = np.zeros(n_frames, dtype=np.bool_)
    if n_frames <= length:
        return mask
    n_spans = int(probability * n_frames / length + generator.random())
    n_starts = n_frames - length + 1
    for start in generator.choice(n_starts, min(n_spans, n_starts), replace=False):
        mask[start : start + length] = True
    return mask


class ClipReader:
    """Reads clips standardised; keeps the decoded ones in memory as long as they are few.

    Parameters
    ----------
    wave_norm : {"global", "utterance", "none"}
    statistics : WaveStatistics
    """

    def __init__(self, wave_norm: WaveNorm, statistics: WaveStatistics) -> None:
        self._wave_norm = wave_norm
        self._statistics = statistics
        self._kept: dict[Path, Samples] = {}
        self._free = _KEPT_BYTES

    def read(self, wav: Path) -> Samples:
        """Give the samples of a recording, shape (samples,) float32; errors as `read_clip`."""
        if wav in self._kept:
            return self._kept[wav]
        samples = normalise(read_clip(wav).samples, self._wave_norm, self._statistics)
        if samples.nbytes <= self._free:
            self._kept[wav] = samples
            self._free -= samples.nbytes
        return samples


@dataclass(frozen=True)
class Augmentation:
    """What is done to clips in training only.

    Attributes
    ----------
    longest : int
        Samples that are kept of a clip.
    crop : {"head", "random"}
    mask_probability, mask_length : float, int
        SpecAugment; no masks at probability 0.
    conv_kernels, conv_strides : tuple of int
        Of the CNN, which say how many frames a clip has.
    seed : int
    """

    longest: int
    crop: Crop
    mask_probability: float
    mask_length: int
    conv_kernels: tuple[int, ...]
    conv_strides: tuple[int, ...]
    seed: int


def count_frames(n_samples: int, kernels: Sequence[int], strides: Sequence[int]) -> int:
    """Count the frames that a CNN without padding makes of a clip."""
    for kernel, stride in zip(kernels, strides, strict=True):
        n_samples = (n_samples - kernel) // stride + 1
    return n_samples


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
        a, samples = self._augmentation, self._reader.read(self._examples.wavs[place])
        start = crop_start(len(samples), a.longest, a.crop, a.seed, self._epoch, place)
        return samples[start : start + a.longest]

    def _time_mask(self, place: int, n_samples: int) -> NDArray[np.bool_]:
        a = self._augmentation
        n_frames = count_frames(n_samples, a.conv_kernels, a.conv_strides)
        generator = np.random.default_rng([a.seed, _MASK, self._epoch, place])
        return draw_time_mask(n_frames, a.mask_probability, a.mask_length, generator)


def collate(
    examples: Examples,
    index: IntArray,
    clips: Sequence[Samples],
    time_masks: Sequence[NDArray[np.bool_]] | None = None,
) -> Batch:
    """Pad clips, one an utterance, to the longest, and put labels and texts beside them."""
    longest = max(len(clip) for clip in clips)
    waveforms = torch.zeros(len(clips), longest)
    sample_mask = torch.zeros(len(clips), longest, dtype=torch.bool)
    for row, clip in enumerate(clips):
        waveforms[row, : len(clip)] = torch.from_numpy(clip)
        sample_mask[row, : len(clip)] = True
    time_mask = None
    if time_masks is not None:
        time_mask = torch.zeros(len(clips), max(map(len, time_masks)), dtype=torch.bool)
        for row, mask in enumerate(time_masks):
            time_mask[row, : len(mask)] = torch.from_numpy(mask)
    return Batch(
        index=index,
        waveforms=waveforms,
        sample_mask=sample_mask,
        labels=torch.from_numpy(examples.labels[index]),
        texts={name: torch.from_numpy(text[index]) for name, text in examples.texts.items()},
        present={name: torch.from_numpy(mask[index]) for name, mask in examples.present.items()},
        time_mask=time_mask,
    )
