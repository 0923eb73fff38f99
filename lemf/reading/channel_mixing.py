"""Samples of all channels, of any type -> one checked channel of float64, with notes on it."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lemf.arrays import FloatArray
from lemf.errors import AudioError

Channel = int | Literal["mix"] | None

_LARGEST = 1e12  # no recording holds such samples; their squares would leave float64
_CLIPPED = 0.99  # of full scale, or of the highest sample beyond it
_CLIPPED_SHARE = 5e-4  # share of samples equal to the one before at full scale that makes a note
_CANCELLED = 0.1  # energy of the mix over the mean of its channels, below which a note is made
_OFFSET_SHARE = 0.1  # constant offset over standard deviation, that makes a note
_BEYOND = 2.0  # times full scale, which neither a codec nor rounding reaches, that make a note
_UNUSABLE = 64.0  # times full scale, from which Harvest's result depends on the scale
_SMALLEST_INTEGERS = 32.0  # the highest sample of integers: 5 of 16 bits
_FIRST_LOOK = 4096
_LOW_HZ = 60.0  # below the lowest F0 that is searched by default
_LOW_RATE_HZ = 1000  # of the means from which sound below 60 Hz is measured
_LOW_SHARE = 0.5  # of the energy: most of it
_NO_SOUND = 1e-9  # share of the energy that varies, below which it is rounding


def as_table(samples: NDArray[Any]) -> FloatArray:
    """Convert samples to float64 of shape (samples, channels), full scale at 1."""
    array = np.asarray(samples)
    if isinstance(samples, np.ma.MaskedArray):
        raise TypeError("masked samples; fill or cut them first")
    if array.ndim not in (1, 2):
        raise ValueError(f"samples of shape {array.shape}; expected (n,) or (n, channels)")
    if array.ndim == 2 and 0 < len(array) < array.shape[1]:
        raise ValueError(
            f"samples of shape {array.shape}: {array.shape[1]} channels of {len(array)} samples; "
            "transpose them, as (samples, channels) is expected"
        )
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
    """Checks every sample of a recording, block by block, and accumulates its levels.

    Attributes
    ----------
    n_samples : int
    """

    def __init__(self, name: str, rate_hz: int) -> None:
        self.name = name
        self.rate_hz = rate_hz
        self.n_samples = 0
        self._peak = 0.0
        self._are_whole = True  # numbers, as far as they have been seen
        self._flat = np.empty(0)  # levels of samples equal to the one before, near the peak
        self._sum = self._squares = self._squares_of_channels = 0.0
        self._n_mean = max(1, round(rate_hz / _LOW_RATE_HZ))  # samples
        self._means: list[FloatArray] = []  # of so many samples each
        self._rest = np.empty(0)

    def add(self, table: FloatArray, column: int | None) -> FloatArray:
        """Add the next block, shape (samples, channels), and return its channel `column`.

        Raises AudioError at a sample that is NaN, inf or beyond 1e12.
        """
        samples = pick_channel(table, column)
        levels = np.abs(samples)
        if not levels.max(initial=0.0) < _LARGEST:  # NaN, too
            bad = int(np.argmin(levels < _LARGEST))
            place = self.n_samples + bad
            raise AudioError(
                f"{self.name}: sample {place} ({place / self.rate_hz:.3f} s) is {samples[bad]}; "
                "repair the recording"
            )
        used = table if column is None else table[:, column : column + 1]
        if used.shape[1] > 1:
            levels = np.abs(used).max(axis=1)
        self._peak = max(self._peak, float(levels.max(initial=0.0)))
        self._are_whole = self._are_whole and _are_whole(used)
        highest = _CLIPPED * max(self._peak, 1.0)
        if self._peak >= _CLIPPED:
            loud = np.abs(used[1:]) >= highest
            loud &= used[1:] == used[:-1]
            flat = [self._flat[self._flat >= highest], levels[1:][loud.any(axis=1)]]
            self._flat = np.concatenate(flat)
        self.n_samples += len(samples)
        self._sum += float(samples.sum())
        # No dot product: BLAS would wake one thread per core for it, in every process that reads.
        squares = float(np.square(samples).sum())
        self._squares += squares
        self._squares_of_channels += (
            squares if used.shape[1] == 1 else float(np.square(used).sum()) / used.shape[1]
        )
        self._add_means(samples)
        return samples

    @property
    def full_scale(self) -> float:
        """What the samples are to be divided by: 1 unless they are no sound's as they stand.

        Whole numbers far beyond 1 are integers of 16, 24 or 32 bits in a file of floats; others
        that are far beyond 1 are divided by a power of two, which keeps every digit.
        """
        if self._are_whole and _SMALLEST_INTEGERS < self._peak <= 2.0**31:
            return next(2.0**bits for bits in (15, 23, 31) if self._peak <= 2.0**bits)
        return 2.0 ** np.ceil(np.log2(self._peak)) if self._peak > _UNUSABLE else 1.0

    def notes(self, n_channels: int, channel: Channel) -> tuple[str, ...]:
        """Return what a user should know; raises AudioError when there were no samples."""
        if self.n_samples == 0:
            raise AudioError(f"{self.name}: holds no samples; record or export it again")
        notes = []
        if self._squares * self.n_samples <= self._sum**2 * (1 + _NO_SOUND):
            notes.append(
                "every sample is the same: the recording is silent, and its scores mean nothing; "
                "check the recording, or its channel"
            )
        if n_channels > 1 and channel is None:
            notes.append(f"{n_channels} channels mixed down; --channel takes one of them")
        if self._squares < _CANCELLED * self._squares_of_channels:
            notes.append("the channels cancel each other in the mix; take one with --channel")
        if self._peak > _BEYOND:
            notes.append(self._describe_scale())
        if len(self._flat) > max(10.0, _CLIPPED_SHARE * self.n_samples):
            notes.append(
                f"{len(self._flat) / self.n_samples:.2%} of the samples stand flat at full scale "
                "(clipped): energy is too low there"
            )
        return tuple(notes)

    def low_notes(self, low_share: float) -> tuple[str, ...]:
        """Return notes on what a high-pass filter removes: an offset, sound below any voice."""
        notes = []
        mean = self._sum / self.n_samples
        deviation = max(self._squares / self.n_samples - mean**2, 0.0) ** 0.5
        if abs(mean) > max(_OFFSET_SHARE * deviation, 1e-9):
            notes.append(
                f"a constant offset of {mean / self.full_scale:.3g} adds to the energy of every "
                "frame; remove it with a high-pass filter, --highpass 60"
            )
        if low_share > _LOW_SHARE:
            notes.append(
                f"{low_share:.0%} of the energy lies below 60 Hz, under any voice, and can decide "
                "the energy of words; remove it with --highpass 60"
            )
        return tuple(notes)

    def low_share(self) -> float:
        """Compute the share of the energy, the constant offset left out, that is below 60 Hz."""
        mean = self._sum / self.n_samples
        total = self._squares - self.n_samples * mean**2
        if total <= _NO_SOUND * self._squares:
            return 0.0
        n_means = round(self.rate_hz / self._n_mean)  # in a second
        means = np.concatenate(self._means) - mean
        seconds = np.append(means, np.zeros(-len(means) % n_means)).reshape(-1, n_means)
        spectra = np.abs(np.fft.rfft(seconds, axis=1)) ** 2
        n_low = 1 + int(_LOW_HZ * n_means * self._n_mean / self.rate_hz)
        low = float(spectra[:, 0].sum() + 2 * spectra[:, 1:n_low].sum()) / n_means
        return low * self._n_mean / total

    def _describe_scale(self) -> str:
        full_scale = self.full_scale
        if full_scale == 1.0:
            return (
                f"the samples reach {self._peak:,.2f} times full scale; scores do not depend on it"
            )
        if self._are_whole and self._peak <= 2.0**31:
            bits = round(np.log2(full_scale)) + 1
            return (
                f"the samples are whole numbers up to {self._peak:,.0f}, integers of {bits} bits "
                f"stored as floats: divided by {full_scale:,.0f}"
            )
        return f"the samples reach {self._peak:,.0f} times full scale: divided by {full_scale:,.0f}"

    def _add_means(self, samples: FloatArray) -> None:
        """Add means of about 1 ms, in which sound far above 60 Hz is averaged out."""
        joined = np.concatenate([self._rest, samples]) if len(self._rest) else samples
        n_used = len(joined) - len(joined) % self._n_mean
        self._means.append(
            np.einsum("ij->i", joined[:n_used].reshape(-1, self._n_mean)) / self._n_mean
        )
        self._rest = joined[n_used:].copy()


def _are_whole(table: FloatArray) -> bool:
    """Check whether all samples are whole numbers; those of sound fail at the first look."""
    first = table[:_FIRST_LOOK]
    return bool((first == np.rint(first)).all() and (table == np.rint(table)).all())
