"""Intra-modal fusion of Local Emphasized and Global Semantics (section 2.3).

`GatedFusion` is the paper's; `IntraModalAttention` is its alternative in table 2.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from msfser.config.settings import ModelConfig


class IntraModalAttention(nn.Module):
    """Self-attention of one head over the two vectors {LES, GS}, then their mean."""

    def __init__(self, text_dim: int) -> None:
        super().__init__()
        self.query = nn.Linear(text_dim, text_dim)
        self.key = nn.Linear(text_dim, text_dim)
        self.value = nn.Linear(text_dim, text_dim)

    def forward(self, local: Tensor, global_: Tensor) -> Tensor:
        """Fuse the vectors of LES and GS, both (batch, text_dim), into h_sem of the same shape."""
        pair = torch.stack([local, global_], dim=1)  # (batch, 2, text_dim)
        attended = functional.scaled_dot_product_attention(
            self.query(pair), self.key(pair), self.value(pair)
        )
        return attended.mean(dim=1)


class GatedFusion(nn.Module):
    """Equations 3 and 4, with one gate for each feature of the text vectors."""

    def __init__(self, text_dim: int) -> None:
        super().__init__()
        self.gate = nn.Linear(2 * text_dim, text_dim)

    def forward(self, local: Tensor, global_: Tensor) -> tuple[Tensor, Tensor]:
        """Fuse the vectors of LES and GS.

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


def make_intra_modal_fusion(config: ModelConfig) -> GatedFusion | IntraModalAttention | None:
    """Build the fusion that a configuration names; None where GS and LES are not fused."""
    if config.intra == "gated":
        return GatedFusion(config.text_dim)
    return IntraModalAttention(config.text_dim) if config.intra == "attention" else None
