import pytest

torch = pytest.importorskip("torch")

from msfser.config.settings import ModelConfig  # noqa: E402
from msfser.manifest import DIMENSIONS  # noqa: E402
from msfser.model.heads import IndependentHeads, SharedHead, make_heads  # noqa: E402


def test_independent_heads_share_nothing():
    torch.manual_seed(0)
    heads = IndependentHeads(5, 7, 0.0)
    features = torch.randn(3, 5)
    heads(features)[:, 1].sum().backward()
    moved = {name for name, weight in heads.named_parameters() if weight.grad.any()}
    own = {name for name, _ in heads.named_parameters() if name.startswith("heads.arousal.")}
    assert moved == own


def test_columns_are_in_the_order_of_the_dimensions():
    heads = IndependentHeads(5, 7, 0.0)
    with torch.no_grad():
        for value, name in enumerate(DIMENSIONS):
            heads.heads[name][-1].weight.zero_()
            heads.heads[name][-1].bias.fill_(value)
    assert heads(torch.randn(2, 5)).tolist() == [[0.0, 1.0, 2.0]] * 2


def test_layers_are_the_papers_and_the_public_baselines():
    own = IndependentHeads(2048, 1024, 0.5).heads["valence"]
    assert [type(layer).__name__ for layer in own] == [
        "Linear", "LayerNorm", "ReLU", "Dropout", "Linear",
    ]  # fmt: skip
    shared = SharedHead(2048, 1024, 0.5).head
    assert [type(layer).__name__ for layer in shared] == [
        "Dropout", "Linear", "LayerNorm", "ReLU", "Dropout", "Linear",
    ]  # fmt: skip
    assert shared[-1].out_features == 3
    assert own[3].p == shared[0].p == shared[4].p == 0.5


@pytest.mark.parametrize("kind", ["independent", "shared", "linear"])
def test_they_are_fp32_under_autocast(kind):
    torch.manual_seed(0)
    heads = make_heads(8, ModelConfig(heads=kind, head_dim=16, head_dropout=0.0))
    features = torch.randn(4, 8)
    with torch.autocast("cpu", torch.bfloat16):
        values = heads(features)
    assert values.dtype == torch.float32
    assert torch.equal(values, heads(features))
