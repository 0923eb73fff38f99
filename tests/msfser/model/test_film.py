import pytest

torch = pytest.importorskip("torch")

from msfser.model.film import Film  # noqa: E402

FP32 = 1e-6


def test_before_training_it_is_the_identity():
    torch.manual_seed(0)
    features = torch.randn(4, 6)
    assert torch.equal(Film(3, 6, 5, 0.0)(features, torch.randn(4, 3)), features)


def test_gamma_and_beta_by_hand():
    film = Film(2, 2, 1, 0.0)
    with torch.no_grad():
        film.mlp[0].weight.copy_(torch.tensor([[1.0, 1.0]]))
        film.mlp[0].bias.zero_()
        film.mlp[3].weight.copy_(torch.tensor([[1.0], [0.0], [0.0], [2.0]]))
        film.mlp[3].bias.copy_(torch.tensor([0.0, -0.5, 7.0, 0.0]))
    hidden = 3.0 * 0.5 * (1 + torch.erf(torch.tensor(3.0) / 2**0.5))  # GELU of 1 + 2
    modulated = film(torch.tensor([[10.0, 20.0]]), torch.tensor([[1.0, 2.0]]))
    expected = torch.stack([(1 + hidden) * 10 + 7, 0.5 * 20 + 2 * hidden])[None]
    torch.testing.assert_close(modulated, expected, rtol=0, atol=1e-5)


def test_each_utterance_has_its_own_modulation():
    torch.manual_seed(0)
    film = Film(3, 4, 5, 0.0)
    torch.nn.init.normal_(film.mlp[3].weight)
    features, condition = torch.randn(3, 4), torch.randn(3, 3)
    together = film(features, condition)
    alone = torch.cat([film(features[[i]], condition[[i]]) for i in range(3)])
    torch.testing.assert_close(together, alone, rtol=0, atol=FP32)
