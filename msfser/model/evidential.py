"""DEER: evidential regression, whose four numbers for each dimension say how sure they are.

Wu, Zhang and Woodland, 2023. The votes on an utterance are normal with unknown mean mu and
variance sigma^2, whose prior is normal-inverse-gamma: mu ~ N(gamma, sigma^2 / nu) and
sigma^2 ~ inverse gamma(alpha, beta). The model predicts gamma, nu, alpha and beta; gamma is the
predicted value. Always in fp32.

A vote alone is Student's t about gamma, whose width is beta (1 + nu) / (nu alpha): beta and nu can
change places in it, so that no likelihood of single votes tells how far raters differ from how far
the model errs. That of all votes on an utterance together does.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from msfser.config.settings import Likelihood

N_EVIDENCE = 4  # numbers for each dimension

POINT = 1 / 6  # of the rating scale: a point of one from 1 to 7, on which the authors compute it

_LEAST = 1e-6  # of nu, alpha - 1 and beta, which softplus rounds to 0 far below it


class Evidence(NamedTuple):
    """The parameters of the prior of each dimension, (batch, 3) float32 each.

    `gamma` and `beta` are on the scale from 0 to 1, or `in_points`. `nu` and `beta` are above 0,
    `alpha` is above 1.
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

    def in_points(self) -> Evidence:
        """Convert from the scale from 0 to 1 to points of a scale of seven."""
        return self._replace(gamma=self.gamma / POINT, beta=self.beta / POINT**2)


def read_evidence(outputs: Tensor) -> Evidence:
    """Convert the outputs of the heads, (batch, 3, 4), into the parameters of the prior.

    Softplus gives beta in points, so that raters differ by about a point where training starts.
    """
    gamma, nu, alpha, beta = outputs.float().unbind(dim=-1)
    nu, more, beta = (functional.softplus(part) + _LEAST for part in (nu, alpha, beta))
    return Evidence(gamma, nu, 1 + more, beta * POINT**2)


def single_nll(votes: Tensor, evidence: Evidence) -> Tensor:
    """Compute -log p(vote) of each vote alone: Student's t with 2 alpha degrees of freedom.

    With omega = 2 beta (1 + nu), it is log(pi / nu) / 2 - alpha log omega
    + (alpha + 1/2) log(nu (y - gamma)^2 + omega) + log Gamma(alpha) - log Gamma(alpha + 1/2).
    """
    gamma, nu, alpha, beta = evidence
    omega = 2 * beta * (1 + nu)
    return (
        0.5 * torch.log(math.pi / nu)
        - alpha * torch.log(omega)
        + (alpha + 0.5) * torch.log(nu * (votes - gamma).square() + omega)
        + torch.lgamma(alpha)
        - torch.lgamma(alpha + 0.5)
    )


def joint_nll(n: Tensor, mean: Tensor, squares: Tensor, evidence: Evidence) -> Tensor:
    """Compute -log p(votes) of all votes on an utterance, which share mu and sigma^2.

    The votes update the prior to nu' = nu + n, alpha' = alpha + n / 2 and
    beta' = beta + squares / 2 + n nu (mean - gamma)^2 / (2 nu'), and it is n log(2 pi) / 2
    + log(nu' / nu) / 2 + alpha' log beta' - alpha log beta + log Gamma(alpha) - log Gamma(alpha').
    For one vote, it is `single_nll`.

    Parameters
    ----------
    n : (batch, 3) Tensor
        Number of votes; 0 where there is none gives 0.
    mean, squares : (batch, 3) float32 Tensor
        Mean of the votes, and sum of the squares of their distances from it.
    evidence : Evidence

    References
    ----------
    Murphy, "Conjugate Bayesian analysis of the Gaussian distribution", 2007, section 6.
    """
    gamma, nu, alpha, beta = evidence
    nu_after, alpha_after = nu + n, alpha + n / 2
    beta_after = beta + squares / 2 + n * nu * (mean - gamma).square() / (2 * nu_after)
    return (
        0.5 * n * math.log(2 * math.pi)
        + 0.5 * torch.log(nu_after / nu)
        + alpha_after * torch.log(beta_after)
        - alpha * torch.log(beta)
        + torch.lgamma(alpha)
        - torch.lgamma(alpha_after)
    )


def deer_loss(
    outputs: Tensor, labels: Tensor, regulariser: float, likelihood: Likelihood = "joint"
) -> Tensor:
    """Compute the loss of DEER of each utterance, in points.

    Parameters
    ----------
    outputs : (batch, 3, 4) float Tensor
        Of the heads.
    labels : (batch, 3) or (batch, raters, 3) float Tensor
        The mean votes, or all of them; NaN where there is none.
    regulariser : float
        Weight of what punishes confident errors: Phi |mean - gamma| with Phi = 1 / `total`, and
        with two votes or more Phi |variance - aleatoric|.
    likelihood : {"joint", "single"}
        Of the votes on an utterance: of all of them together, or of each alone, as the authors
        compute it. The same for one vote.

    Returns
    -------
    (batch,) float32 Tensor
        Summed over the dimensions, the likelihood divided by the number of votes; 0 where no label
        is.
    """
    evidence = read_evidence(outputs).in_points()
    votes = (labels.float().unsqueeze(1) if labels.ndim == 2 else labels.float()) / POINT
    known = ~votes.isnan()
    votes = votes.masked_fill(~known, 0.0)
    n_votes = known.sum(dim=1)
    n = n_votes.clamp(min=1)
    mean = votes.sum(dim=1) / n
    squares = (votes - mean.unsqueeze(1)).masked_fill(~known, 0.0).square().sum(dim=1)
    if likelihood == "joint":
        nll = joint_nll(n_votes, mean, squares, evidence) / n
    else:
        by_vote = single_nll(votes, Evidence(*(part.unsqueeze(1) for part in evidence)))
        nll = by_vote.masked_fill(~known, 0.0).sum(dim=1) / n
    variance = squares / (n - 1).clamp(min=1)
    confidence = 1 / evidence.total
    errors = confidence * (mean - evidence.gamma).abs()
    errors = errors + torch.where(
        n_votes > 1, confidence * (variance - evidence.aleatoric).abs(), torch.zeros_like(errors)
    )
    losses = torch.where(n_votes > 0, nll + regulariser * errors, torch.zeros_like(errors))
    return losses.sum(dim=-1)
