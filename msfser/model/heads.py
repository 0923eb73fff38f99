"""Regression heads: from a feature vector to valence, arousal, dominance, always in fp32.

bf16 steps by 0.002 to 0.004 around 0.5, more than predictions differ early in training.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from msfser.config.settings import ModelConfig
from msfser.manifest import DIMENSIONS
from msfser.model.evidential import N_EVIDENCE


def make_heads(feature_dim: int, config: ModelConfig) -> IndependentHeads | SharedHead:
    """Build the heads: a module from (batch, feature_dim) to (batch, 3) float32.

    With ``config.output == "evidence"``, to (batch, 3, 4), as `read_evidence` takes them.
    """
    kind = SharedHead if config.heads == "shared" else IndependentHeads
    n_outputs = N_EVIDENCE if config.output == "evidence" else 1
    return kind(feature_dim, config.head_dim, config.head_dropout, n_outputs)


class IndependentHeads(nn.Module):
    """A two-layer head for each dimension, with layer norm and dropout (section 3.1)."""

    def __init__(self, feature_dim: int, width: int, dropout: float, n_outputs: int = 1) -> None:
        super().__init__()
        layers = {
            name: [*_hidden_layer(feature_dim, width, dropout), nn.Linear(width, n_outputs)]
            for name in DIMENSIONS
        }
        self.heads = nn.ModuleDict({name: nn.Sequential(*parts) for name, parts in layers.items()})

    def forward(self, features: Tensor) -> Tensor:
        """Predict (batch, 3), or (batch, 3, outputs), from (batch, feature_dim)."""
        with torch.autocast(features.device.type, enabled=False):
            features = features.float()
            predicted = [head(features) for head in self.heads.values()]
            if predicted[0].shape[-1] > 1:
                return torch.stack(predicted, dim=1)
            return torch.cat(predicted, dim=-1)


class SharedHead(nn.Module):
    """The head of the public MSP-Podcast baseline: one hidden layer for all, dropout before it."""

    def __init__(self, feature_dim: int, width: int, dropout: float, n_outputs: int = 1) -> None:
        super().__init__()
        self.n_outputs = n_outputs
        self.head = nn.Sequential(
            nn.Dropout(dropout),
            *_hidden_layer(feature_dim, width, dropout),
            nn.Linear(width, len(DIMENSIONS) * n_outputs),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Predict (batch, 3), or (batch, 3, outputs), from (batch, feature_dim)."""
        with torch.autocast(features.device.type, enabled=False):
            prediction: Tensor = self.head(features.float())
            if self.n_outputs > 1:
                return prediction.view(-1, len(DIMENSIONS), self.n_outputs)
            return prediction


def _hidden_layer(feature_dim: int, width: int, dropout: float) -> tuple[nn.Module, ...]:
    return nn.Linear(feature_dim, width), nn.LayerNorm(width), nn.ReLU(), nn.Dropout(dropout)
