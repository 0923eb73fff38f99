"""Text vectors standardised over the training set, as samples are.

The vectors of a frozen encoder have much in common, whatever the text: without their mean, and at
one scale, a model learns their differences sooner.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from msfser.config.settings import Semantic

_FLOOR = 1e-6  # of a deviation; a component that never changes stays 0


class TextScaling(nn.Module):
    """Subtracts the mean of each component of a text vector and divides by its deviation.

    The statistics are part of the model's weights, one set for each level of semantics; before
    `fit` they change nothing.
    """

    def __init__(self, semantics: Sequence[Semantic], text_dim: int) -> None:
        super().__init__()
        self.semantics = tuple(semantics)
        for name in self.semantics:
            self.register_buffer(f"{name}_mean", torch.zeros(text_dim))
            self.register_buffer(f"{name}_std", torch.ones(text_dim))

    def fit(self, texts: Mapping[Semantic, Tensor], present: Mapping[Semantic, Tensor]) -> None:
        """Fit the statistics to the texts that are present; fewer than two change nothing.

        Parameters
        ----------
        texts : mapping of semantic to (utterances, text_dim) Tensor
        present : mapping of semantic to (utterances,) bool Tensor
        """
        for name in self.semantics:
            known = texts[name][present[name]].double()
            if len(known) < 2:
                continue
            std = known.std(dim=0, correction=0)
            self.get_buffer(f"{name}_mean").copy_(known.mean(dim=0))
            self.get_buffer(f"{name}_std").copy_(torch.where(std > _FLOOR, std, 1.0))

    def forward(self, texts: Mapping[Semantic, Tensor]) -> dict[Semantic, Tensor]:
        """Standardise the vectors.

        Parameters
        ----------
        texts : mapping of semantic to (batch, text_dim) Tensor

        Returns
        -------
        dict of semantic to (batch, text_dim) float32 Tensor
            For the semantics of the model; others are left out.
        """
        return {
            name: (texts[name].float() - self.get_buffer(f"{name}_mean"))
            / self.get_buffer(f"{name}_std")
            for name in self.semantics
        }
