"""Regression heads: from a feature vector to valence, arousal, dominance, always in fp32.

bf16 steps by 0.002 to 0.004 around 0.5, more than predictions differ early in training.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from msfser.config.settings import ModelConfig
from msfser.manifest import DIMENSIONS
from msfser.model.evidential import N_EVIDENCE

_USUAL_SPREAD = 0.15  # of votes from 0 to 1, where a head starts
_LEAST_SPREAD = 0.02  # raters who all agree may have differed by less than a step of their scale
_LARGEST_LOG = 10.0


def make_heads(feature_dim: int, config: ModelConfig) -> IndependentHeads | SharedHead | LinearHead:
    """Build the heads: a module from (batch, feature_dim) to (batch, 3) float32.

    With ``config.output == "evidence"``, to (batch, 3, 4), as `read_evidence` takes them.
    """
    n_outputs = N_EVIDENCE if config.output == "evidence" else 1
    if config.heads == "linear":
        return LinearHead(feature_dim, n_outputs)
    kind = SharedHead if config.heads == "shared" else IndependentHeads
    return kind(feature_dim, config.head_dim, config.head_dropout, n_outputs)


class LinearHead(nn.Module):
    """A linear regression of each dimension."""

    def __init__(self, feature_dim: int, n_outputs: int = 1) -> None:
        super().__init__()
        self.n_outputs = n_outputs
        self.head = nn.Linear(feature_dim, len(DIMENSIONS) * n_outputs)

    def forward(self, features: Tensor) -> Tensor:
        """Predict (batch, 3), or (batch, 3, outputs), from (batch, feature_dim)."""
        with torch.autocast(features.device.type, enabled=False):
            prediction: Tensor = self.head(features.float())
            if self.n_outputs > 1:
                return prediction.view(-1, len(DIMENSIONS), self.n_outputs)
            return prediction


class SideHeads(nn.Module):
    """Two-layer heads beside those of valence, arousal and dominance.

    Parameters
    ----------
    audio_dim : int
        Size of h_audio, from which the gender is predicted.
    feature_dim : int
        Size of h_audio with the vectors of the semantics, for the emotion and the spread.
    n_emotions : int
    config : ModelConfig
    """

    def __init__(
        self, audio_dim: int, feature_dim: int, n_emotions: int, config: ModelConfig
    ) -> None:
        super().__init__()
        shapes = {
            "gender": (audio_dim, 1),
            "emotion": (feature_dim, max(n_emotions, 2)),  # before the data are known, two
            "spread": (feature_dim, len(DIMENSIONS)),
        }
        width, dropout = config.head_dim, config.head_dropout
        self.heads = nn.ModuleDict(
            {
                name: nn.Sequential(
                    *_hidden_layer(shapes[name][0], width, dropout),
                    nn.Linear(width, shapes[name][1]),
                )
                for name in config.side_heads
            }
        )

    def forward(self, h_audio: Tensor, features: Tensor) -> dict[str, Tensor]:
        """Predict by name: gender (batch, 1), emotion (batch, emotions), spread (batch, 3).

        Gender and emotion are logits, female above 0; the spread is the variance of the votes on
        the scale from 0 to 1.
        """
        with torch.autocast(h_audio.device.type, enabled=False):
            found: dict[str, Tensor] = {
                name: head((h_audio if name == "gender" else features).float())
                for name, head in self.heads.items()
            }
        if "spread" in found:
            logs = 2 * (found["spread"] + math.log(_USUAL_SPREAD))
            found["spread"] = torch.exp(logs.clamp(max=_LARGEST_LOG)) + _LEAST_SPREAD**2
        return found


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
