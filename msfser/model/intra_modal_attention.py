"""Intra-modal attention: the alternative to gated fusion in table 2."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


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
