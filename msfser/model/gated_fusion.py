"""Intra-modal gated fusion of Local Emphasized and Global Semantics (section 2.3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class GatedFusion(nn.Module):
    """Equations 3 and 4, with one gate for each feature of the text vectors."""

    def __init__(self, text_dim: int) -> None:
        super().__init__()
        self.gate = nn.Linear(2 * text_dim, text_dim)

    def forward(self, local: Tensor, global_: Tensor) -> tuple[Tensor, Tensor]:
        """Fuse.

        Parameters
        ----------
        local, global_ : (batch, text_dim) Tensor
            Vectors of LES and GS.

        Returns
        -------
        h_sem : (batch, text_dim) Tensor
        gate : (batch, text_dim) Tensor
            Share of LES, from 0 to 1.
        """
        gate = torch.sigmoid(self.gate(torch.cat([local, global_], dim=-1)))  # eq. 4
        return gate * local + (1 - gate) * global_, gate  # eq. 3
