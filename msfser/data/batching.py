"""Batches of utterances padded to one length, and the reader of their clips."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import get_worker_info

from msfser.config.settings import Semantic, WaveNorm
from msfser.data.cache import ClipCache
from msfser.data.clips import (
    Samples,
    WaveStatistics,
    check_length,
    normalise,
    read_crop,
    read_samples,
)
from msfser.data.contours import cut_contours
from msfser.data.examples import Examples, IntArray


@dataclass(frozen=True, eq=False)
class Batch:
    """Utterances padded to one length.

    Attributes
    ----------
    waveforms : (batch, samples) float32
        Zeros beyond the ends.
    sample_mask : (batch, samples) bool
        True inside the clips.
    texts : dict of semantic to (batch, text_dim) float32
    present : dict of semantic to (batch,) bool
        Whether the utterance has a text of this kind.
    time_mask : (batch, frames) bool or None
        Frames that SpecAugment masks.
    feature_mask : (batch, hidden) bool or None
        Features of WavLM's frames that SpecAugment sets to 0.
    contours : (batch, frames, 3) float32 or None
        F0, voicing and energy at 20 ms; zeros beyond the ends.
    """

    waveforms: Tensor
    sample_mask: Tensor
    texts: dict[Semantic, Tensor]
    present: dict[Semantic, Tensor]
    time_mask: Tensor | None = None
    feature_mask: Tensor | None = None
    contours: Tensor | None = None

    def to(self, device: torch.device) -> Batch:
        """Copy the batch to another device, asynchronously from pinned memory."""
        return self._map(lambda tensor: tensor.to(device, non_blocking=True))

    def pin_memory(self) -> Batch:
        """Copy the batch to pinned memory, for asynchronous copies to a GPU; for DataLoader."""
        return self._map(lambda tensor: tensor.pin_memory())

    def _map(self, change: Callable[[Tensor], Tensor]) -> Batch:
        return Batch(
            change(self.waveforms),
            change(self.sample_mask),
            {name: change(text) for name, text in self.texts.items()},
            {name: change(mask) for name, mask in self.present.items()},
            None if self.time_mask is None else change(self.time_mask),
            None if self.feature_mask is None else change(self.feature_mask),
            None if self.contours is None else change(self.contours),
        )


def sorted_batches(n_samples: IntArray, largest: int, longest_samples: int) -> list[IntArray]:
    """Sort utterances into batches of similar size for prediction, the longest first.

    Parameters
    ----------
    n_samples : (utterances,) int64
    largest : int
        Most utterances in a batch.
    longest_samples : int
        Most samples in a batch with its padding, unless one utterance alone has more.

    Returns
    -------
    list of (batch,) int64
        Places of the utterances.
    """
    order = np.argsort(-n_samples, kind="stable")
    batches, start = [], 0
    while start < len(order):
        room = max(longest_samples // max(int(n_samples[order[start]]), 1), 1)
        stop = start + min(room, largest)
        batches.append(order[start:stop])
        start = stop
    return batches


class ClipReader:
    """Reads and standardises clips, from a cache if they are there, and keeps the first in memory.

    Parameters
    ----------
    wave_norm : {"global", "utterance", "none"}
    statistics : WaveStatistics
    cache : ClipCache, optional
        Clips are then not kept in memory.
    kept_bytes : int
        Most bytes of clips in memory.
    """

    def __init__(
        self,
        wave_norm: WaveNorm,
        statistics: WaveStatistics,
        *,
        cache: ClipCache | None = None,
        kept_bytes: int = 1 << 30,
    ) -> None:
        self._wave_norm = wave_norm
        self._statistics = statistics
        self._cache = cache
        self._kept: dict[Path, Samples] = {}
        self._free = kept_bytes if cache is None else 0

    def read(self, wav: Path) -> Samples:
        """Read the samples of a recording, shape (samples,) float32; errors as `read_samples`."""
        if wav in self._kept:
            return self._kept[wav]
        cached = None if self._cache is None else self._cache.find(wav)
        samples = read_samples(wav) if cached is None else cached.samples()
        samples = normalise(samples, self._wave_norm, self._statistics, out=samples)
        if samples.nbytes <= self._free:
            self._kept[wav] = samples
            self._free -= samples.nbytes
        return samples

    def read_into(self, out: Samples, wav: Path, start: int, n_samples: int) -> None:
        """Write samples of a recording into an array, decoding no others where possible.

        They are those of `read`, to the byte.

        Parameters
        ----------
        out : (samples,) float32
        wav : Path
        start : int
            The first of them.
        n_samples : int
            Of the whole recording.

        Raises
        ------
        MsfserError
            As `read_crop` of the module `clips`.
        """
        is_kept = wav in self._kept or 4 * n_samples <= self._free
        if is_kept or self._wave_norm == "utterance":  # which all samples determine
            out[:] = check_length(self.read(wav)[start : start + len(out)], len(out), wav)
            return
        cached = None if self._cache is None else self._cache.find(wav)
        if cached is not None and cached.facts.n_samples >= start + len(out):
            samples = cached.samples(start, out=out)
        else:
            samples = read_crop(wav, start, start + len(out))
        normalise(samples, self._wave_norm, self._statistics, out=out)


def collate(
    examples: Examples,
    index: IntArray,
    clips: Sequence[Samples],
    starts: Sequence[int] | IntArray | None = None,
) -> Batch:
    """Pad clips to the longest, and add the texts and contours of their examples.

    Parameters
    ----------
    examples : Examples
    index : (batch,) int64
        Places of the examples.
    clips : sequence of (samples,) float32
    starts : sequence of int, optional
        First sample of each in its recording; by default, 0.
    """
    batch, rows = silent_batch(examples, index, [len(clip) for clip in clips], starts=starts)
    for row, clip in zip(rows, clips, strict=True):
        row[:] = clip
    return batch


def silent_batch(
    examples: Examples,
    index: IntArray,
    n_samples: Sequence[int],
    time_masks: Sequence[NDArray[np.bool_]] | None = None,
    feature_masks: Sequence[NDArray[np.bool_]] | None = None,
    *,
    starts: Sequence[int] | IntArray | None = None,
) -> tuple[Batch, list[Samples]]:
    """Build a batch of which only the samples are still to be written.

    Parameters
    ----------
    examples : Examples
    index : (batch,) int64
        Places of the examples.
    n_samples : sequence of int
        Lengths of their clips.
    time_masks : sequence of (frames,) bool, optional
        Frames that SpecAugment masks.
    feature_masks : sequence of (hidden,) bool, optional
        Features that SpecAugment masks.
    starts : sequence of int, optional
        First sample of each in its recording; by default, 0.

    Returns
    -------
    Batch
    list of (samples,) float32
        Where the samples of each clip belong.
    """
    shape = len(n_samples), max(n_samples)
    waveforms = _zeros(shape, torch.float32)
    sample_mask = _zeros(shape, torch.bool)
    for row, length in enumerate(n_samples):
        sample_mask[row, :length] = True
    time_mask = None
    if time_masks is not None:
        time_mask = _zeros((len(time_masks), max(map(len, time_masks))), torch.bool)
        for row, mask in enumerate(time_masks):
            time_mask[row, : len(mask)] = torch.from_numpy(mask)
    contours = None
    if examples.contours is not None:
        cuts = [
            cut_contours(examples.contours[place], start, length)
            for place, start, length in zip(
                index, [0] * len(index) if starts is None else starts, n_samples, strict=True
            )
        ]
        contours = nn.utils.rnn.pad_sequence(list(map(torch.from_numpy, cuts)), batch_first=True)
    batch = Batch(
        waveforms=waveforms,
        sample_mask=sample_mask,
        texts={name: torch.from_numpy(text[index]) for name, text in examples.texts.items()},
        present={name: torch.from_numpy(mask[index]) for name, mask in examples.present.items()},
        time_mask=time_mask,
        feature_mask=None if feature_masks is None else torch.from_numpy(np.stack(feature_masks)),
        contours=contours,
    )
    table = waveforms.numpy()
    return batch, [table[row, :length] for row, length in enumerate(n_samples)]


def _zeros(shape: tuple[int, int], dtype: torch.dtype) -> Tensor:
    """Return zeros; in a process that reads ahead, in memory that the training process sees.

    There they need not be copied once more to be handed over.
    """
    if get_worker_info() is None:
        return torch.zeros(shape, dtype=dtype)
    n_bytes = math.prod(shape) * dtype.itemsize
    storage = torch.UntypedStorage._new_shared(n_bytes)  # type: ignore[no-untyped-call]
    return torch.empty(0, dtype=dtype).set_(storage).view(shape)  # the system gives zeros


def text_tensors(
    examples: Examples,
) -> tuple[dict[Semantic, Tensor], dict[Semantic, Tensor]]:
    """Return the text vectors, (examples, text_dim), and which examples have one, (examples,)."""
    return (
        {name: torch.from_numpy(text) for name, text in examples.texts.items()},
        {name: torch.from_numpy(mask) for name, mask in examples.present.items()},
    )
