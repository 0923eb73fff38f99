"""The layer-weighted sum: frames as a learned average of the outputs of all layers.

h = sum_l softmax(w)_l h_l, with w zero at first, as in SUPERB (Yang et al., 2021, section 3); the
last h_l is that of the whole encoder, after its last layer norm, where there is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class LayerSum(nn.Module):
    """Averages the outputs of the layers of an encoder.

    Parameters
    ----------
    n_layers : int
    """

    def __init__(self, n_layers: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(n_layers))

    def forward(self, outputs: list[Tensor | None], last: Tensor) -> Tensor:
        """Average the outputs.

        Parameters
        ----------
        outputs : list of ((batch, frames, hidden) Tensor or None)
            Of each layer, from `heard_layers`; None where LayerDrop skipped one, in whose place is
            that of the layer before.
        last : (batch, frames, hidden) Tensor
            Of the encoder.
        """
        shares = self.weights.softmax(dim=0)
        total = shares[-1] * last
        before = next((output for output in outputs if output is not None), last)
        for share, output in zip(shares[:-1], outputs[:-1], strict=True):
            before = before if output is None else output
            total = total + share * before
        return total


@contextmanager
def heard_layers(layers: Iterable[nn.Module]) -> Iterator[list[Tensor | None]]:
    """Collect the output of each layer while the encoder runs; None for a layer that is skipped."""
    modules = list(layers)
    outputs: list[Tensor | None] = [None] * len(modules)

    def keep(place: int, output: Tensor | tuple[Tensor, ...]) -> None:
        outputs[place] = output if isinstance(output, Tensor) else output[0]

    hooks = [
        module.register_forward_hook(lambda _, __, output, place=place: keep(place, output))
        for place, module in enumerate(modules)
    ]
    try:
        yield outputs
    finally:
        for hook in hooks:
            hook.remove()
