"""The number of frames of a clip, for processes that read clips without loading a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from torch import Tensor

CountT = TypeVar("CountT", int, "Tensor")


def count_frames(n_samples: CountT, kernels: Sequence[int], strides: Sequence[int]) -> CountT:
    """Count the frames that a CNN without padding makes from `n_samples` samples."""
    for kernel, stride in zip(kernels, strides, strict=True):
        n_samples = (n_samples - kernel) // stride + 1
    return n_samples
