"""What the model says of a batch, and what lies behind the values."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

from msfser.model.evidential import Evidence


@dataclass(frozen=True, kw_only=True, eq=False)
class Prediction:
    """The predictions of a batch, with gate, routing and experts behind them.

    Attributes
    ----------
    values : (batch, 3) float32 Tensor
        In the order of `DIMENSIONS`; 0 and 1 are the ends of the rating scale, not enforced.
    gate : (batch, text_dim) Tensor or None
        Share of LES in h_sem, 0 to 1; None without gated fusion.
    routing : (3, experts) float32 Tensor or None
        Weights of the experts for each dimension; None without FM-MOE.
    expert_values : (batch, experts, 3) float32 Tensor or None
        Predictions of each expert; None without FM-MOE.
    embedding : (batch, 2 * hidden) float32 Tensor
        The pooled acoustic features h_audio; (batch, hidden) where they are the mean.
    outputs : (batch, 3) or (batch, 3, 4) float32 Tensor
        What the loss is computed from: the values, or with ``output = "evidence"`` the four
        numbers of DEER before they are read by `read_evidence`.
    evidence : Evidence or None
        The parameters of DEER's prior, with the uncertainty of the values; None without them.
    side : dict of str to Tensor
        Of the heads that `SideHeads` describes; empty without them.
    """

    values: Tensor
    gate: Tensor | None
    routing: Tensor | None
    expert_values: Tensor | None
    embedding: Tensor
    outputs: Tensor
    evidence: Evidence | None = None
    side: dict[str, Tensor] = field(default_factory=dict)
