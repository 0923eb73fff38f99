"""How exactly a GPU multiplies fp32: in full, or with factors rounded to TF32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from msfser.config import Precision


@contextmanager
def tf32_products(precision: Precision) -> Iterator[None]:
    """Let NVIDIA GPUs round the factors of fp32 products to 10 bits with "tf32", and only then.

    Left alone, torch does so in convolutions and not elsewhere. CPUs do not know TF32.
    """
    matrices, convolutions = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matrices.allow_tf32, convolutions.allow_tf32
    matrices.allow_tf32 = convolutions.allow_tf32 = precision == "tf32"
    try:
        yield
    finally:
        matrices.allow_tf32, convolutions.allow_tf32 = before
