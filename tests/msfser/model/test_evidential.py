"""DEER's loss and uncertainties against the formulas of its paper, without torch's arithmetic."""

from math import lgamma, log, pi

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from msfser.model.evidential import deer_loss, nig_nll, read_evidence  # noqa: E402

FP32 = 2e-5
REGULARISER = 0.3


def softplus(x):
    return np.log1p(np.exp(x))


def evidence(outputs):
    gamma, nu, alpha, beta = np.moveaxis(outputs.astype(np.float64), -1, 0)
    return gamma, softplus(nu), 1 + softplus(alpha), softplus(beta)


def by_integration(y, gamma, nu, alpha, beta):
    """-log of the integral over sigma^2 of N(y; gamma, sigma^2 (1 + 1 / nu)) and its prior."""
    log_variance = np.linspace(-25, 25, 200_001)
    variance = np.exp(log_variance)
    log_prior = alpha * log(beta) - lgamma(alpha) - (alpha + 1) * log_variance - beta / variance
    wide = variance * (1 + 1 / nu)
    log_normal = -0.5 * np.log(2 * pi * wide) - (y - gamma) ** 2 / (2 * wide)
    density = np.exp(log_prior + log_normal + log_variance)
    return -log(density.sum() * (log_variance[1] - log_variance[0]))


def by_formulas(outputs, ratings):
    """The loss of one utterance, (3, 4) outputs and (raters, 3) ratings, number by number."""
    total = 0.0
    for k in range(3):
        gamma, nu, alpha, beta = (part[k] for part in evidence(outputs))
        known = [y for y in ratings[:, k] if not np.isnan(y)]
        if not known:
            continue
        omega = 2 * beta * (1 + nu)
        nll = [
            0.5 * log(pi / nu) - alpha * log(omega)
            + (alpha + 0.5) * log(nu * (y - gamma) ** 2 + omega) + lgamma(alpha)
            - lgamma(alpha + 0.5)
            for y in known
        ]  # fmt: skip
        phi = nu * (alpha - 1) / (beta * (1 + nu))
        error = abs(np.mean(known) - gamma)
        if len(known) > 1:
            error += abs(np.var(known, ddof=1) - beta / (alpha - 1))
        total += np.mean(nll) + REGULARISER * phi * error
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
    found = nig_nll(torch.tensor(ratings[3, 0]), read_evidence(torch.tensor(outputs[3:4])))
    expected = [
        by_integration(ratings[3, 0, k], *(part[3, k] for part in evidence(outputs)))
        for k in range(3)
    ]
    np.testing.assert_allclose(found[0], expected, rtol=0, atol=1e-4)


def test_the_loss_is_that_of_the_formulas_for_any_number_of_raters(drawn):
    outputs, ratings = drawn
    found = deer_loss(torch.tensor(outputs), torch.tensor(ratings), REGULARISER)
    expected = [by_formulas(*one) for one in zip(outputs, ratings, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=FP32, atol=FP32)


def test_mean_ratings_are_one_rater(drawn):
    outputs, ratings = drawn
    mean = torch.tensor(ratings[:, 0])
    torch.testing.assert_close(
        deer_loss(torch.tensor(outputs), mean, REGULARISER),
        deer_loss(torch.tensor(outputs), mean.unsqueeze(1), REGULARISER),
    )


def test_the_gradient_is_that_of_small_differences_and_finite_where_no_label_is(drawn):
    outputs, ratings = drawn
    live = torch.tensor(outputs, requires_grad=True)
    deer_loss(live, torch.tensor(ratings), REGULARISER).sum().backward()
    assert (live.grad[2, 1] == 0).all()
    step = 1e-5
    for utterance, dimension, number in ((0, 0, 0), (1, 1, 1), (3, 2, 2), (5, 0, 3)):
        up, down = (outputs.astype(np.float64).copy() for _ in range(2))
        up[utterance, dimension, number] += step
        down[utterance, dimension, number] -= step
        slope = by_formulas(up[utterance], ratings[utterance])
        slope = (slope - by_formulas(down[utterance], ratings[utterance])) / (2 * step)
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


def test_far_outputs_stay_finite():
    outputs = torch.tensor([-200.0, 200.0]).repeat(1, 3, 2).requires_grad_()
    deer_loss(outputs, torch.zeros(1, 3), 1.0).sum().backward()
    assert outputs.grad.isfinite().all()


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
