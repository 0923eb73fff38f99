"""Samples of all channels, of any type -> one checked channel of float64, with notes on it."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lemf.arrays import FloatArray
from lemf.errors import AudioError

Channel = int | Literal["mix"] | None

_LARGEST = 1e12  # no recording holds such samples; their squares would leave float64
_FULL_SCALE = 0.99
_CLIPPED_SHARE = 5e-4  # share of samples equal to the one before at full scale that makes a note
_CANCELLED = 0.1  # energy of the mix over the mean of its channels, below which a note is made
_OFFSET_SHARE = 0.1  # constant offset over standard deviation, that makes a note


def as_table(samples: NDArray[Any]) -> FloatArray:
    """Convert samples to float64 of shape (samples, channels), full scale at 1."""
    array = np.asarray(samples)
    if isinstance(samples, np.ma.MaskedArray):
        raise TypeError("masked samples; fill or cut them first")
    if array.ndim not in (1, 2):
        raise ValueError(f"samples of shape {array.shape}; expected (n,) or (n, channels)")
    if array.dtype.kind == "f":
        table = array.astype(np.float64)
    elif array.dtype.kind in "iu" and array.dtype.itemsize <= 4:
        full_scale = 2.0 ** (8 * array.dtype.itemsize - 1)
        offset = full_scale if array.dtype.kind == "u" else 0.0
        table = (array.astype(np.float64) - offset) / full_scale
    else:
        raise TypeError(f"samples of type {array.dtype}; give floats or integers of 8 to 32 bits")
    return table[:, np.newaxis] if table.ndim == 1 else table


def pick_channel(table: FloatArray, column: int | None) -> FloatArray:
    """Return one channel, or the mean of all: (samples, channels) -> (samples,)."""
    if table.shape[1] == 1:
        return table[:, 0]
    if column is None:
        with np.errstate(over="ignore", invalid="ignore"):  # `Levels` refuses them
            return np.asarray(table.mean(axis=1))
    return np.ascontiguousarray(table[:, column])


class Levels:
    """Checks every sample of a recording, block by block, and accumulates its levels."""

    def __init__(self, name: str, rate_hz: int) -> None:
        self.name = name
        self.rate_hz = rate_hz
        self.n_samples = 0
        self._n_clipped = 0
        self._sum = self._squares = self._squares_of_channels = 0.0

    def add(self, table: FloatArray, column: int | None) -> FloatArray:
        """Add the next block, shape (samples, channels), and return its channel `column`.

        Raises AudioError at a sample that is NaN, inf or beyond 1e12.
        """
        samples = pick_channel(table, column)
        usable = np.abs(samples) < _LARGEST  # false for NaN, too
        if not usable.all():
            bad = int(np.argmin(usable))
            place = self.n_samples + bad
            raise AudioError(
                f"{self.name}: sample {place} ({place / self.rate_hz:.3f} s) is {samples[bad]}; "
                "repair the recording"
            )
        used = table if column is None else table[:, column : column + 1]
        loud = np.abs(used[1:]) >= _FULL_SCALE
        if loud.any():
            self._n_clipped += int((loud & (used[1:] == used[:-1])).any(axis=1).sum())
        self.n_samples += len(samples)
        self._sum += float(samples.sum())
        # No dot product: BLAS would wake one thread per core for it, in every process that reads.
        self._squares += float(np.square(samples).sum())
        self._squares_of_channels += float(np.square(used).sum()) / used.shape[1]
        return samples

    def notes(self, n_channels: int, channel: Channel) -> tuple[str, ...]:
        """Return what a user should know; raises AudioError when there were no samples."""
        if self.n_samples == 0:
            raise AudioError(f"{self.name}: holds no samples; record or export it again")
        notes = []
        if n_channels > 1 and channel is None:
            notes.append(f"{n_channels} channels mixed down; --channel takes one of them")
        if self._squares < _CANCELLED * self._squares_of_channels:
            notes.append("the channels cancel each other in the mix; take one with --channel")
        if self._n_clipped > max(10.0, _CLIPPED_SHARE * self.n_samples):
            notes.append(
                f"{self._n_clipped / self.n_samples:.2%} of the samples stand flat at full scale "
                "(clipped): energy is too low there"
            )
        mean = self._sum / self.n_samples
        deviation = max(self._squares / self.n_samples - mean**2, 0.0) ** 0.5
        if abs(mean) > max(_OFFSET_SHARE * deviation, 1e-9):
            notes.append(
                f"a constant offset of {mean:.3g} adds to the energy of every frame; "
                "remove it with a high-pass filter"
            )
        return tuple(notes)
