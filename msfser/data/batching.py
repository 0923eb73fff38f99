"""Batches of utterances padded to one length, and the reader of their clips."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from msfser.config.settings import Semantic, WaveNorm
from msfser.data.clips import Samples, WaveStatistics, normalise, read_clip
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
    """Reads and standardises clips, and keeps the first ones in memory.

    Parameters
    ----------
    wave_norm : {"global", "utterance", "none"}
    statistics : WaveStatistics
    kept_bytes : int
        Most bytes of clips in memory.
    """

    def __init__(
        self, wave_norm: WaveNorm, statistics: WaveStatistics, *, kept_bytes: int = 1 << 30
    ) -> None:
        self._wave_norm = wave_norm
        self._statistics = statistics
        self._kept: dict[Path, Samples] = {}
        self._free = kept_bytes

    def read(self, wav: Path) -> Samples:
        """Read the samples of a recording, shape (samples,) float32; errors as `read_clip`."""
        if wav in self._kept:
            return self._kept[wav]
        samples = normalise(read_clip(wav).samples, self._wave_norm, self._statistics)
        if samples.nbytes <= self._free:
            self._kept[wav] = samples
            self._free -= samples.nbytes
        return samples


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
        waveforms=waveforms,
        sample_mask=sample_mask,
        texts={name: torch.from_numpy(text[index]) for name, text in examples.texts.items()},
        present={name: torch.from_numpy(mask[index]) for name, mask in examples.present.items()},
        time_mask=time_mask,
        feature_mask=None if feature_masks is None else torch.from_numpy(np.stack(feature_masks)),
    )


def text_tensors(
    examples: Examples,
) -> tuple[dict[Semantic, Tensor], dict[Semantic, Tensor]]:
    """Return the text vectors, (examples, text_dim), and which examples have one, (examples,)."""
    return (
        {name: torch.from_numpy(text) for name, text in examples.texts.items()},
        {name: torch.from_numpy(mask) for name, mask in examples.present.items()},
    )
