"""Batches of utterances padded to one length, and the reader of their clips."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import get_worker_info

from msfser.config.settings import Semantic, WaveNorm
from msfser.data.cache import ClipCache
from msfser.data.clips import Samples, WaveStatistics, normalise, read_crop, read_samples
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
    """

    waveforms: Tensor
    sample_mask: Tensor
    texts: dict[Semantic, Tensor]
    present: dict[Semantic, Tensor]
    time_mask: Tensor | None = None
    feature_mask: Tensor | None = None

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
        samples = self._normalise(read_samples(wav) if cached is None else cached.samples())
        if samples.nbytes <= self._free:
            self._kept[wav] = samples
            self._free -= samples.nbytes
        return samples

    def read_crop(self, wav: Path, start: int, stop: int, n_samples: int) -> Samples:
        """Read some of the `n_samples` samples of a recording, decoding no others where possible.

        They are those of `read`, to the byte; errors as of the function `read_crop`.
        """
        is_kept = wav in self._kept or 4 * n_samples <= self._free
        if is_kept or self._wave_norm == "utterance":  # which all samples determine
            return self.read(wav)[start:stop]
        cached = None if self._cache is None else self._cache.find(wav)
        return self._normalise(
            read_crop(wav, start, stop) if cached is None else cached.samples(start, stop)
        )

    def _normalise(self, samples: Samples) -> Samples:
        return normalise(samples, self._wave_norm, self._statistics)


def collate(
    examples: Examples,
    index: IntArray,
    clips: Sequence[Samples],
    time_masks: Sequence[NDArray[np.bool_]] | None = None,
    feature_masks: Sequence[NDArray[np.bool_]] | None = None,
) -> Batch:
    """Pad clips to the longest, and add the texts of their examples.

    Parameters
    ----------
    examples : Examples
    index : (batch,) int64
        Places of the examples.
    clips : sequence of (samples,) float32
    time_masks : sequence of (frames,) bool, optional
        Frames that SpecAugment masks.
    feature_masks : sequence of (hidden,) bool, optional
        Features that SpecAugment masks.
    """
    longest = max(len(clip) for clip in clips)
    waveforms = _zeros((len(clips), longest), torch.float32)
    sample_mask = _zeros((len(clips), longest), torch.bool)
    for row, clip in enumerate(clips):
        waveforms.numpy()[row, : len(clip)] = clip
        sample_mask[row, : len(clip)] = True
    time_mask = None
    if time_masks is not None:
        time_mask = _zeros((len(clips), max(map(len, time_masks))), torch.bool)
        for row, mask in enumerate(time_masks):
            time_mask[row, : len(mask)] = torch.from_numpy(mask)
    return Batch(
        waveforms=waveforms,
        sample_mask=sample_mask,
        texts={name: torch.from_numpy(text[index]) for name, text in examples.texts.items()},
        present={name: torch.from_numpy(mask[index]) for name, mask in examples.present.items()},
        time_mask=time_mask,
        feature_mask=None if feature_masks is None else torch.from_numpy(np.stack(feature_masks)),
    )


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
