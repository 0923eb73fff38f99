"""FM-MOE: FiLM-modulated mixture of experts, weighted for each dimension (section 2.4)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from msfser.config.settings import ModelConfig
from msfser.errors import ConfigError
from msfser.manifest import DIMENSIONS
from msfser.model.film import Film
from msfser.model.heads import make_heads

ACOUSTIC_EXPERT = "A"


def mix_experts(expert_values: Tensor, routing: Tensor) -> Tensor:
    """Mix what the experts predict: equation 7.

    Parameters
    ----------
    expert_values : (batch, experts, 3) float32 Tensor
    routing : (3, experts) float32 Tensor
        Weights pi; each row sums to 1.

    Returns
    -------
    (batch, 3) float32 Tensor
    """
    return (routing.T * expert_values).sum(dim=1)


class FmMoe(nn.Module):
    """Expert A hears the voice alone, the others the voice modulated by their semantics.

    Parameters
    ----------
    feature_dim : int
        Size of the acoustic vector.
    condition_dims : mapping of str to int
        The other experts, such as ``{"B": 1024, "C": 1024}``, and the sizes of their conditions.
    config : ModelConfig
        Widths and dropouts of FiLM and heads.
    """

    def __init__(
        self, feature_dim: int, condition_dims: Mapping[str, int], config: ModelConfig
    ) -> None:
        super().__init__()
        self.expert_names = (ACOUSTIC_EXPERT, *condition_dims)
        self.films = nn.ModuleDict(
            {
                name: Film(dim, feature_dim, config.film_dim, config.film_dropout)
                for name, dim in condition_dims.items()
            }
        )
        self.heads = nn.ModuleDict(
            {name: make_heads(feature_dim, config) for name in self.expert_names}
        )
        self.routing_logits = nn.Parameter(torch.zeros(len(DIMENSIONS), len(self.expert_names)))

    def routing(self, without_expert: str | None = None) -> Tensor:
        """Give the routing weights.

        Parameters
        ----------
        without_expert : str, optional
            Expert whose weight is 0; those of the others then sum to 1.

        Returns
        -------
        (3, experts) float32 Tensor
            A row for each of `DIMENSIONS`, a column for each of `expert_names`.

        Raises
        ------
        ConfigError
            There is no such expert.
        """
        logits = self.routing_logits.float()
        if without_expert is not None:
            if without_expert not in self.expert_names:
                names = ", ".join(self.expert_names)
                raise ConfigError(f"expert {without_expert!r}: the model has {names}")
            removed = torch.zeros(len(self.expert_names), dtype=torch.bool, device=logits.device)
            removed[self.expert_names.index(without_expert)] = True
            logits = logits.masked_fill(removed, -torch.inf)
        return logits.softmax(dim=-1)

    def forward(self, features: Tensor, conditions: Mapping[str, Tensor]) -> Tensor:
        """Let every expert predict.

        Parameters
        ----------
        features : (batch, feature_dim) Tensor
        conditions : mapping of str to (batch, condition_dim) Tensor
            For every expert but A.

        Returns
        -------
        (batch, experts, 3) float32 Tensor
        """
        modulated = {ACOUSTIC_EXPERT: features} | {
            name: film(features, conditions[name]) for name, film in self.films.items()
        }
        return torch.stack([self.heads[name](x) for name, x in modulated.items()], dim=1)
