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


def without_expert(routing: Tensor, expert: int) -> Tensor:
    """Remove an expert from the mixture; the others share its weight in proportion to theirs.

    Parameters
    ----------
    routing : (3, experts) float Tensor
        Weights pi of equation 7; each row sums to 1.
    expert : int
        Column of the expert that is removed.

    Returns
    -------
    (3, experts) float Tensor
        0 in the column of that expert; each row sums to 1.
    """
    kept = routing.clone()
    kept[:, expert] = 0.0
    return kept / kept.sum(dim=1, keepdim=True)


def mix_experts(expert_values: Tensor, routing: Tensor) -> Tensor:
    """Mix the predictions of the experts by equation 7.

    Parameters
    ----------
    expert_values : (batch, experts, 3) or (batch, experts, 3, outputs) float Tensor
    routing : (3, experts) float Tensor
        Weights pi; each row sums to 1.

    Returns
    -------
    (batch, 3) or (batch, 3, outputs) float Tensor
    """
    weights = routing.T
    if expert_values.ndim > routing.ndim + 1:
        weights = weights.unsqueeze(-1)
    return (weights * expert_values).sum(dim=1)


class FmMoe(nn.Module):
    """Expert A reads the acoustic vector alone, the others that vector modulated by semantics.

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

    def routing(self, removed: str | None = None) -> Tensor:
        """Return the routing weights pi.

        Parameters
        ----------
        removed : str, optional
            Name of the expert that is left out, as `without_expert` does.

        Returns
        -------
        (3, experts) float32 Tensor
            One row for each of `DIMENSIONS`, one column for each of `expert_names`.

        Raises
        ------
        ConfigError
            There is no such expert.
        """
        routing = self.routing_logits.float().softmax(dim=-1)
        if removed is None:
            return routing
        if removed not in self.expert_names:
            names = ", ".join(self.expert_names)
            raise ConfigError(f"expert {removed!r}: not in the model; choose from {names}")
        return without_expert(routing, self.expert_names.index(removed))

    def forward(self, features: Tensor, conditions: Mapping[str, Tensor]) -> Tensor:
        """Predict with every expert.

        Parameters
        ----------
        features : (batch, feature_dim) Tensor
        conditions : mapping of str to (batch, condition_dim) Tensor
            For every expert but A.

        Returns
        -------
        (batch, experts, 3) float32 Tensor
            With ``output = "evidence"``, (batch, experts, 3, 4).
        """
        modulated = {ACOUSTIC_EXPERT: features} | {
            name: film(features, conditions[name]) for name, film in self.films.items()
        }
        return torch.stack([self.heads[name](x) for name, x in modulated.items()], dim=1)
