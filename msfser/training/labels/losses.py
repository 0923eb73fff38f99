"""The losses of the heads beside valence, arousal and dominance, always in fp32.

Each is a proper score: its expectation is least where the head predicts the truth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from msfser.config.settings import SideHead, TrainConfig
from msfser.manifest import DIMENSIONS


def side_sizes(heads: Sequence[SideHead], n_emotions: int) -> dict[str, int]:
    """Return the columns of the outputs of each head, in the order of the heads."""
    sizes = {"gender": 1, "emotion": n_emotions, "spread": len(DIMENSIONS)}
    return {name: sizes[name] for name in heads}


def side_loss(
    outputs: Mapping[str, Tensor], targets: Mapping[str, Tensor], settings: TrainConfig
) -> Tensor:
    """Compute the weighted sum of the losses of all heads.

    Parameters
    ----------
    outputs : mapping of str to (batch, n) float Tensor
        Of `SideHeads`.
    targets : mapping of str to (batch, n) float Tensor
        Of `side_targets`.
    settings : TrainConfig
        Its weights of heads are read.
    """
    losses = {
        "gender": (gender_loss, settings.gender_weight),
        "emotion": (emotion_loss, settings.emotion_weight),
        "spread": (spread_loss, settings.spread_weight),
    }
    total = torch.zeros((), device=next(iter(outputs.values())).device)
    for name, output in outputs.items():
        loss, weight = losses[name]
        total = total + weight * loss(output.float(), targets[name].float())
    return total


def gender_loss(logits: Tensor, genders: Tensor) -> Tensor:
    """Compute the mean cross-entropy of (batch, 1) logits, over the known genders."""
    known = ~genders.isnan()
    losses = functional.binary_cross_entropy_with_logits(
        logits, genders.nan_to_num(), reduction="none"
    )
    return _mean_over(losses, known)


def emotion_loss(logits: Tensor, classes: Tensor) -> Tensor:
    """Compute the mean cross-entropy of (batch, emotions) logits, over the known emotions."""
    known = ~classes[:, 0].isnan()
    wanted = classes[:, 0].nan_to_num().long()
    return _mean_over(functional.cross_entropy(logits, wanted, reduction="none"), known)


def spread_loss(variances: Tensor, votes: Tensor) -> Tensor:
    """Compute the logarithmic score of the variance of votes, summed over the dimensions.

    The votes of n raters are normal about a mean of which nothing is asked, so that
    (n - 1) s^2 / sigma^2 is chi-square with n - 1 degrees of freedom: the score is
    (log sigma^2 + s^2 / sigma^2) / 2, weighted by n - 1. It is least at the expected s^2, also
    where votes are not normal.

    Parameters
    ----------
    variances : (batch, 3) float Tensor
        sigma^2, predicted.
    votes : (batch, 6) float Tensor
        s^2 of each dimension, NaN for fewer than two votes, and n.

    References
    ----------
    Patton, "Volatility forecast comparison using imperfect volatility proxies", Journal of
    Econometrics 160, 2011 (the loss QLIKE).
    """
    found, n = votes[:, : len(DIMENSIONS)], votes[:, len(DIMENSIONS) :]
    known = ~found.isnan()
    weights = torch.where(known, n - 1, torch.zeros_like(n))
    scores = (torch.log(variances) + found.nan_to_num() / variances) / 2
    sums = (weights * scores).sum(dim=0) / weights.sum(dim=0).clamp(min=1)
    return sums.sum()


def _mean_over(losses: Tensor, known: Tensor) -> Tensor:
    kept = losses.masked_fill(~known, 0.0).sum()
    return kept / known.sum().clamp(min=1)
