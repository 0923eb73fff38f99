"""Regression heads: from a feature vector to valence, arousal, dominance, always in fp32.

bf16 steps by 0.002 to 0.004 around 0.5, more than predictions differ early in training.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from msfser.config.settings import ModelConfig
from msfser.manifest import DIMENSIONS


def make_heads(feature_dim: int, config: ModelConfig) -> IndependentHeads | SharedHead:
    """Build the heads: a module from (batch, feature_dim) to (batch, 3) float32."""
    kind = SharedHead if config.heads == "shared" else IndependentHeads
    return kind(feature_dim, config.head_dim, config.head_dropout)


class IndependentHeads(nn.Module):
    """A two-layer head for each dimension, with layer norm and dropout (section 3.1)."""

    def __init__(self, feature_dim: int, width: int, dropout: float) -> None:
        super().__init__()
        layers = {
            name: [*_hidden_layer(feature_dim, width, dropout), nn.Linear(width, 1)]
            for name in DIMENSIONS
        }
        self.heads = nn.ModuleDict({name: nn.Sequential(*parts) for name, parts in layers.items()})

    def forward(self, features: Tensor) -> Tensor:
        """Predict (batch, 3) from (batch, feature_dim)."""
        with torch.autocast(features.device.type, enabled=False):
            features = features.float()
            return torch.cat([head(features) for head in self.heads.values()], dim=-1)


class SharedHead(nn.Module):
    """The head of the public MSP-Podcast baseline: one hidden layer for all, dropout before it."""

    def __init__(self, feature_dim: int, width: int, dropout: float) -> None:
        super().__init__()
        self.head = nn.Sequential(
            nn.Dropout(dropout),
            *_hidden_layer(feature_dim, width, dropout),
            nn.Linear(width, len(DIMENSIONS)),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Predict (batch, 3) from (batch, feature_dim)."""
        with torch.autocast(features.device.type, enabled=False):
            prediction: Tensor = self.head(features.float())
            return prediction


def _hidden_layer(feature_dim: int, width: int, dropout: float) -> tuple[nn.Module, ...]:
    return nn.Linear(feature_dim, width), nn.LayerNorm(width), nn.ReLU(), nn.Dropout(dropout)
