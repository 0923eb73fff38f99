"""DEER's loss and uncertainties against the formulas of its paper, without torch's arithmetic."""

from math import lgamma, log, pi

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from msfser.model.evidential import (  # noqa: E402
    Evidence,
    deer_loss,
    joint_nll,
    read_evidence,
    single_nll,
)

FP32 = 2e-5
REGULARISER = 0.3
POINT = 1 / 6  # the authors' ratings are from 1 to 7
LIKELIHOODS = ("joint", "single")


def softplus(x):
    return np.log1p(np.exp(x))


def evidence(outputs):
    gamma, nu, alpha, beta = np.moveaxis(outputs.astype(np.float64), -1, 0)
    return gamma, softplus(nu), 1 + softplus(alpha), softplus(beta) * POINT**2


def in_points(outputs):
    gamma, nu, alpha, beta = evidence(outputs)
    return gamma / POINT, nu, alpha, beta / POINT**2


def by_integration(y, gamma, nu, alpha, beta):
    """-log of the integral over sigma^2 of N(y; gamma, sigma^2 (1 + 1 / nu)) and its prior."""
    log_variance = np.linspace(-25, 25, 200_001)
    variance = np.exp(log_variance)
    log_prior = alpha * log(beta) - lgamma(alpha) - (alpha + 1) * log_variance - beta / variance
    wide = variance * (1 + 1 / nu)
    log_normal = -0.5 * np.log(2 * pi * wide) - (y - gamma) ** 2 / (2 * wide)
    density = np.exp(log_prior + log_normal + log_variance)
    return -log(density.sum() * (log_variance[1] - log_variance[0]))


def nll(y, gamma, nu, alpha, beta):
    """-log p(y) by the formula of the paper."""
    omega = 2 * beta * (1 + nu)
    return (
        0.5 * log(pi / nu) - alpha * log(omega)
        + (alpha + 0.5) * log(nu * (y - gamma) ** 2 + omega) + lgamma(alpha) - lgamma(alpha + 0.5)
    )  # fmt: skip


def one_after_the_other(votes, gamma, nu, alpha, beta):
    """-log p of votes, each given those before, whose prior is the one that they have updated."""
    total = 0.0
    for y in votes:
        total += nll(y, gamma, nu, alpha, beta)
        gamma, nu, alpha, beta = (
            (nu * gamma + y) / (nu + 1), nu + 1, alpha + 0.5,
            beta + nu * (y - gamma) ** 2 / (2 * (nu + 1)),
        )  # fmt: skip
    return total


def by_formulas(outputs, ratings, likelihood):
    """The loss of one utterance, (3, 4) outputs and (raters, 3) ratings, number by number."""
    total = 0.0
    for k in range(3):
        gamma, nu, alpha, beta = (part[k] for part in in_points(outputs))
        known = [y / POINT for y in ratings[:, k] if not np.isnan(y)]
        if not known:
            continue
        prior = (gamma, nu, alpha, beta)
        if likelihood == "joint":
            likely = one_after_the_other(known, *prior) / len(known)
        else:
            likely = np.mean([nll(y, *prior) for y in known])
        phi = nu * (alpha - 1) / (beta * (1 + nu))
        error = abs(np.mean(known) - gamma)
        if len(known) > 1:
            error += abs(np.var(known, ddof=1) - beta / (alpha - 1))
        total += likely + REGULARISER * phi * error
    return total


@pytest.fixture
def drawn():
    generator = np.random.default_rng(0)
    outputs = generator.normal(size=(6, 3, 4)).astype(np.float32)
    ratings = generator.uniform(0, 1, size=(6, 5, 3)).astype(np.float32)
    ratings[0, 2:] = np.nan  # two raters
    ratings[1, 1:] = np.nan  # one
    ratings[2, :, 1] = np.nan  # none of arousal
    return outputs, ratings


def test_the_likelihood_is_that_of_the_normal_inverse_gamma_prior(drawn):
    outputs, ratings = drawn
    found = single_nll(torch.tensor(ratings[3, 0]), read_evidence(torch.tensor(outputs[3:4])))
    expected = [
        by_integration(ratings[3, 0, k], *(part[3, k] for part in evidence(outputs)))
        for k in range(3)
    ]
    np.testing.assert_allclose(found[0], expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_the_loss_is_that_of_the_formulas_for_any_number_of_raters(drawn, likelihood):
    outputs, ratings = drawn
    found = deer_loss(torch.tensor(outputs), torch.tensor(ratings), REGULARISER, likelihood)
    expected = [by_formulas(*one, likelihood) for one in zip(outputs, ratings, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=FP32, atol=FP32)


def test_a_mean_rating_is_one_vote_whose_likelihoods_are_the_same(drawn):
    outputs, ratings = drawn
    mean = torch.tensor(ratings[:, 0])
    joint = deer_loss(torch.tensor(outputs), mean, REGULARISER)
    for votes, likelihood in ((mean.unsqueeze(1), "joint"), (mean, "single")):
        single = deer_loss(torch.tensor(outputs), votes, REGULARISER, likelihood)
        torch.testing.assert_close(joint, single)


def test_votes_together_tell_how_far_raters_differ_and_single_ones_do_not():
    """Of all priors under which a vote alone has one density, together they like the true one."""
    torch.manual_seed(0)
    nu, alpha, beta = 0.5, 30.0, 29.0  # E[sigma^2] = 1, and the mean varies twice as much
    variance = beta / torch.distributions.Gamma(alpha, 1.0).sample((20_000,))
    drawn = torch.randn(20_000, 8)
    mean = drawn[:, :1] * (variance[:, None] / nu).sqrt()
    votes = mean + drawn[:, 1:] * variance.sqrt()[:, None]
    found = {}
    for other in (0.25, nu, 1.0):
        width = (1 + nu) / nu * beta
        one = Evidence(*torch.tensor([0.0, other, alpha, width * other / (1 + other)]))
        squares = (votes - votes.mean(dim=1, keepdim=True)).square().sum(dim=1)
        joint = joint_nll(torch.tensor(7), votes.mean(dim=1), squares, one).mean()
        found[other] = float(single_nll(votes, one).mean()), float(joint) / 7
    single, joint = zip(*found.values(), strict=True)
    assert max(single) - min(single) < 1e-4
    assert joint[1] < min(joint[0], joint[2]) - 0.01


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_the_gradient_is_that_of_small_differences_and_finite_where_no_label_is(drawn, likelihood):
    outputs, ratings = drawn
    live = torch.tensor(outputs, requires_grad=True)
    deer_loss(live, torch.tensor(ratings), REGULARISER, likelihood).sum().backward()
    assert (live.grad[2, 1] == 0).all()
    step = 1e-5
    for utterance, dimension, number in ((0, 0, 0), (1, 1, 1), (3, 2, 2), (5, 0, 3)):
        up, down = (outputs.astype(np.float64).copy() for _ in range(2))
        up[utterance, dimension, number] += step
        down[utterance, dimension, number] -= step
        above, below = (
            by_formulas(one[utterance], ratings[utterance], likelihood) for one in (up, down)
        )
        slope = (above - below) / (2 * step)
        found = float(live.grad[utterance, dimension, number])
        assert found == pytest.approx(slope, rel=1e-3, abs=1e-4)


def test_the_uncertainties_are_the_moments_of_the_prior():
    found = read_evidence(torch.tensor([[[0.3, 0.5, 2.0, -1.0]]]))
    gamma, nu, alpha, beta = evidence(np.array([[[0.3, 0.5, 2.0, -1.0]]]))
    np.testing.assert_allclose(found.aleatoric[:, 0], beta[:, 0] / (alpha[:, 0] - 1), rtol=FP32)
    np.testing.assert_allclose(found.epistemic[:, 0], (beta / (nu * (alpha - 1)))[:, 0], rtol=FP32)
    generator = np.random.default_rng(1)  # the next rating, drawn
    variance = beta[0, 0] / generator.gamma(alpha[0, 0], size=400_000)
    mean = generator.normal(gamma[0, 0], np.sqrt(variance / nu[0, 0]))
    drawn = generator.normal(mean, np.sqrt(variance))
    assert float(found.total) == pytest.approx(drawn.var(), rel=0.05)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_far_outputs_stay_finite(likelihood):
    outputs = torch.tensor([-200.0, 200.0]).repeat(1, 3, 2).requires_grad_()
    votes = torch.tensor([0.0, 1.0]).repeat(1, 3, 1).mT
    deer_loss(outputs, votes, 1.0, likelihood).sum().backward()
    assert outputs.grad.isfinite().all()


def test_training_starts_where_raters_differ_by_about_a_point():
    found = read_evidence(torch.zeros(1, 3, 4))
    torch.testing.assert_close(found.aleatoric.sqrt(), torch.full((1, 3), POINT))


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_the_least_loss_of_many_votes_is_near_their_mean_and_spread(likelihood):
    """Four numbers fitted to votes of one mean, 4.5, and two spreads, 0.3 and 0.9 points."""
    torch.manual_seed(0)
    spreads = torch.tensor([0.3, 0.9]).repeat(600)[:, None, None]
    votes = (3.5 + spreads * torch.randn(1200, 7, 3)) * POINT
    outputs = torch.zeros(2, 3, 4, requires_grad=True)
    optimiser = torch.optim.Adam([outputs], lr=0.05)
    for _ in range(600):
        optimiser.zero_grad()
        deer_loss(outputs.repeat(600, 1, 1), votes, 0.1, likelihood).mean().backward()
        optimiser.step()
    found = read_evidence(outputs.detach())
    torch.testing.assert_close(found.gamma, torch.full((2, 3), 3.5 * POINT), rtol=0, atol=0.01)
    spread = found.aleatoric.sqrt() / POINT
    assert (
        (spread > torch.tensor([[0.25], [0.75]])) & (spread < torch.tensor([[0.4], [1.2]]))
    ).all()


@pytest.mark.parametrize("heads", ["independent", "shared"])
def test_a_model_of_evidence_mixes_the_outputs_of_its_experts(make_model, make_batch, shake, heads):
    model = shake(make_model(output="evidence", heads=heads))
    with torch.no_grad():
        said = model(*make_batch())
        rows = said.routing.numpy()
    assert said.outputs.shape == (3, 3, 4)
    assert said.expert_values.shape == (3, 3, 3)
    torch.testing.assert_close(said.values, said.outputs[..., 0])
    mixed = np.einsum("dk,bkd->bd", rows, said.expert_values.numpy())
    np.testing.assert_allclose(said.values, mixed, rtol=0, atol=FP32)
    assert (said.evidence.aleatoric > 0).all()
