"""DEER: evidential regression, whose four numbers for each dimension say how sure they are.

Wu, Zhang and Woodland, 2023. The ratings of an utterance are normal with unknown mean mu and
variance sigma^2, whose prior is normal-inverse-gamma: mu ~ N(gamma, sigma^2 / nu) and
sigma^2 ~ inverse gamma(alpha, beta). The model predicts gamma, nu, alpha and beta; gamma is the
predicted value. Always in fp32.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

N_EVIDENCE = 4  # numbers for each dimension

_LEAST = 1e-6  # of nu, alpha - 1 and beta, which softplus rounds to 0 far below it


class Evidence(NamedTuple):
    """The parameters of the prior of each dimension, (batch, 3) float32 each.

    `nu` and `beta` are above 0, `alpha` is above 1.
    """

    gamma: Tensor
    nu: Tensor
    alpha: Tensor
    beta: Tensor

    @property
    def aleatoric(self) -> Tensor:
        """E[sigma^2] = beta / (alpha - 1): how far the raters of an utterance differ."""
        return self.beta / (self.alpha - 1)

    @property
    def epistemic(self) -> Tensor:
        """Var[mu] = beta / (nu (alpha - 1)): how unsure the model is of their mean."""
        return self.aleatoric / self.nu

    @property
    def total(self) -> Tensor:
        """Variance of the next rating, E[sigma^2] + Var[mu] = beta (1 + nu) / (nu (alpha - 1))."""
        return self.aleatoric + self.epistemic


def read_evidence(outputs: Tensor) -> Evidence:
    """Convert the outputs of the heads, (batch, 3, 4), into the parameters of the prior."""
    gamma, nu, alpha, beta = outputs.float().unbind(dim=-1)
    nu, more, beta = (functional.softplus(part) + _LEAST for part in (nu, alpha, beta))
    return Evidence(gamma, nu, 1 + more, beta)


def nig_nll(labels: Tensor, evidence: Evidence) -> Tensor:
    """Compute -log p(label) of each label: Student's t with 2 alpha degrees of freedom.

    With omega = 2 beta (1 + nu), it is log(pi / nu) / 2 - alpha log omega
    + (alpha + 1/2) log(nu (y - gamma)^2 + omega) + log Gamma(alpha) - log Gamma(alpha + 1/2).
    """
    gamma, nu, alpha, beta = evidence
    omega = 2 * beta * (1 + nu)
    return (
        0.5 * torch.log(math.pi / nu)
        - alpha * torch.log(omega)
        + (alpha + 0.5) * torch.log(nu * (labels - gamma).square() + omega)
        + torch.lgamma(alpha)
        - torch.lgamma(alpha + 0.5)
    )


def deer_loss(outputs: Tensor, labels: Tensor, regulariser: float) -> Tensor:
    """Compute the loss of DEER of each utterance.

    Parameters
    ----------
    outputs : (batch, 3, 4) float Tensor
        Of the heads.
    labels : (batch, 3) or (batch, raters, 3) float Tensor
        The mean ratings, or all of them; NaN where there is none.
    regulariser : float
        Weight of what punishes confident errors: Phi |mean - gamma| with Phi = 1 / `total`, and
        with two ratings or more Phi |variance - aleatoric|.

    Returns
    -------
    (batch,) float32 Tensor
        Summed over the dimensions, the likelihood averaged over the raters; 0 where no label is.
    """
    evidence = read_evidence(outputs)
    ratings = labels.float().unsqueeze(1) if labels.ndim == 2 else labels.float()
    known = ~ratings.isnan()
    ratings = ratings.masked_fill(~known, 0.0)
    n_ratings = known.sum(dim=1)
    n = n_ratings.clamp(min=1)
    by_rater = nig_nll(ratings, Evidence(*(part.unsqueeze(1) for part in evidence)))
    likelihood = by_rater.masked_fill(~known, 0.0).sum(dim=1) / n
    mean = ratings.sum(dim=1) / n
    squares = (ratings - mean.unsqueeze(1)).masked_fill(~known, 0.0).square().sum(dim=1)
    spread = squares / (n - 1).clamp(min=1)
    confidence = 1 / evidence.total
    errors = confidence * (mean - evidence.gamma).abs()
    errors = errors + torch.where(
        n_ratings > 1, confidence * (spread - evidence.aleatoric).abs(), torch.zeros_like(errors)
    )
    losses = torch.where(n_ratings > 0, likelihood + regulariser * errors, torch.zeros_like(errors))
    return losses.sum(dim=-1)
