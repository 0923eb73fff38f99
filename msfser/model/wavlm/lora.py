"""LoRA: a change of low rank beside each frozen projection of the encoder's attention.

Hu et al., 2021, section 4.1: h = W0 x + (alpha / r) B A x with W0 frozen, A random and B zero at
first. The sum W0 + (alpha / r) B A is formed before the product, so that the adapted projection
computes what the merged one does, whichever kernel reads its weight.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from msfser.config.settings import ModelConfig, Projection

_NAMES: Mapping[Projection, str] = {
    "query": "q_proj",
    "key": "k_proj",
    "value": "v_proj",
    "out": "out_proj",
}
_FROZEN = ".parametrizations.weight.original"  # how torch names the parts of such a weight
_ADAPTED = ".parametrizations.weight.0."


class LowRankChange(nn.Module):
    """Adds (alpha / r) B A to a weight.

    Parameters
    ----------
    n_out, n_in : int
        Shape of the weight.
    rank : int
    alpha : float
    """

    def __init__(self, n_out: int, n_in: int, rank: int, alpha: float) -> None:
        super().__init__()
        self.scale = alpha / rank
        self.a = nn.Parameter(torch.empty(rank, n_in))
        self.b = nn.Parameter(torch.zeros(n_out, rank))
        nn.init.kaiming_uniform_(self.a, a=math.sqrt(5))

    def forward(self, weight: Tensor) -> Tensor:
        """Change a weight of shape (n_out, n_in)."""
        return weight + self.scale * (self.b @ self.a)


def add_lora(layers: Iterable[nn.Module], config: ModelConfig) -> None:
    """Add a low-rank change to projections of the attention of each layer.

    Parameters
    ----------
    layers : iterable of Module
        Of the encoder; each has an attention with ``q_proj``, ``k_proj``, ``v_proj``, ``out_proj``.
    config : ModelConfig
        `lora_rank`, `lora_alpha` and `lora_projections` are read.
    """
    for projection in _projections(layers, config):
        n_out, n_in = projection.weight.shape
        change = LowRankChange(n_out, n_in, config.lora_rank, config.lora_alpha)
        parametrize.register_parametrization(projection, "weight", change)
        projection.parametrizations.weight.original.requires_grad_(False)  # type: ignore[union-attr]


def merge_lora(layers: Iterable[nn.Module], config: ModelConfig) -> None:
    """Put the changed weights in the place of the frozen ones; parameters as in `add_lora`."""
    for projection in _projections(layers, config):
        parametrize.remove_parametrizations(projection, "weight", leave_parametrized=True)


def merged_weights(weights: Mapping[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    """Compute the weights of a model without LoRA from those of one that has it.

    Parameters
    ----------
    weights : mapping of str to Tensor
        By their names in the model.
    config : ModelConfig
        Of the model; without LoRA, the weights are returned as they are.
    """
    merged: dict[str, Tensor] = {}
    for name, weight in weights.items():
        if name.endswith(_FROZEN):
            projection = name.removesuffix(_FROZEN)
            a, b = (weights[f"{projection}{_ADAPTED}{part}"] for part in "ab")
            merged[f"{projection}.weight"] = weight + config.lora_alpha / config.lora_rank * (b @ a)
        elif _ADAPTED not in name:
            merged[name] = weight
    return merged


def adapted_weights(
    weights: Mapping[str, Tensor], fresh: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Name the weights of a model without LoRA as those of one that has it.

    Parameters
    ----------
    weights : mapping of str to Tensor
        Of the model without LoRA.
    fresh : mapping of str to Tensor
        Of the model with LoRA, whose A and B are taken.
    """
    adapted = {
        name.removesuffix(_FROZEN) + ".weight": name for name in fresh if name.endswith(_FROZEN)
    }
    named = {adapted.get(name, name): weight for name, weight in weights.items()}
    return named | {name: weight for name, weight in fresh.items() if _ADAPTED in name}


def is_lora(name: str) -> bool:
    """Return whether a parameter of a model is an A or a B."""
    return _ADAPTED in name


def _projections(layers: Iterable[nn.Module], config: ModelConfig) -> Iterator[nn.Linear]:
    for layer in layers:
        for target in config.lora_projections:
            attention = layer.self_attn if hasattr(layer, "self_attn") else layer.attention
            yield attention.get_submodule(_NAMES[target])  # type: ignore[misc,union-attr]
