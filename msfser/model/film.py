"""Feature-wise linear modulation of the acoustic features by semantics (equations 5 and 6)."""

from __future__ import annotations

from torch import Tensor, nn


class Film(nn.Module):
    """Scales and shifts each acoustic feature by functions of the condition.

    gamma is 1 + delta, and the last layer starts at zero: before training, FiLM is the identity,
    and the model is the acoustic baseline.

    Parameters
    ----------
    condition_dim : int
        Size of the semantic vector.
    feature_dim : int
        Size of the acoustic vector.
    width : int
        Of the hidden layer of the MLP.
    dropout : float
    """

    def __init__(self, condition_dim: int, feature_dim: int, width: int, dropout: float) -> None:
        super().__init__()
        last = nn.Linear(width, 2 * feature_dim)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.mlp = nn.Sequential(
            nn.Linear(condition_dim, width), nn.GELU(), nn.Dropout(dropout), last
        )

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        """Modulate features, (batch, feature_dim), by a condition, (batch, condition_dim)."""
        delta, beta = self.mlp(condition).chunk(2, dim=-1)  # eq. 6
        modulated: Tensor = (1 + delta) * features + beta  # eq. 5
        return modulated
