"""Null vectors: one learned vector for each level of semantics stands for a missing text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from msfser.config.settings import Semantic


class NullVectors(nn.Module):
    """Replaces the vector of every missing text by a learned null vector."""

    def __init__(self, semantics: Sequence[Semantic], text_dim: int) -> None:
        super().__init__()
        self.semantics = tuple(semantics)
        self.vectors = nn.ParameterDict(
            {name: nn.Parameter(torch.zeros(text_dim)) for name in semantics}
        )

    @property
    def untrained(self) -> tuple[Semantic, ...]:
        """The semantics whose null vector is the zero it began as.

        No text was missing in training, or none that changed it: in a first step, such as one of a
        single epoch, FiLM passes no gradient on to its condition.
        """
        return tuple(name for name in self.semantics if not self.vectors[name].any())

    def forward(
        self, texts: Mapping[Semantic, Tensor], present: Mapping[Semantic, Tensor]
    ) -> dict[Semantic, Tensor]:
        """Fill in the null vector where a text is missing.

        Parameters
        ----------
        texts : mapping of semantic to (batch, text_dim) Tensor
            Rows of utterances without a text have no influence, NaN included.
        present : mapping of semantic to (batch,) bool Tensor

        Returns
        -------
        dict of semantic to (batch, text_dim) float32 Tensor
            For the semantics of the model; others are left out.
        """
        return {
            name: torch.where(present[name].unsqueeze(-1), texts[name].float(), self.vectors[name])
            for name in self.semantics
        }
