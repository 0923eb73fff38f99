import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from msfser.config.settings import ModelConfig  # noqa: E402
from msfser.errors import ConfigError  # noqa: E402
from msfser.model.fm_moe import FmMoe, mix_experts, without_expert  # noqa: E402

FP32 = 1e-6
CONFIG = ModelConfig(film_dim=5, head_dim=7, head_dropout=0.0, film_dropout=0.0)


def make_moe(**conditions):
    torch.manual_seed(0)
    return FmMoe(6, conditions or {"B": 4, "C": 4}, CONFIG)


MOE = make_moe()


def test_equation_7_by_hand():
    expert_values = torch.tensor([[[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]]])  # experts A and B
    routing = torch.tensor([[1.0, 0.0], [0.5, 0.5], [0.25, 0.75]])  # V all A, D mostly B
    mixed = mix_experts(expert_values, routing)
    torch.testing.assert_close(mixed, torch.tensor([[1.0, 11.0, 23.25]]), rtol=0, atol=FP32)


def test_the_others_share_the_weight_of_a_removed_expert_in_proportion():
    routing = torch.tensor([[0.5, 0.25, 0.25], [0.2, 0.2, 0.6], [1.0, 0.0, 0.0]])
    expected = torch.tensor([[2 / 3, 1 / 3, 0.0], [0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    torch.testing.assert_close(without_expert(routing, 2), expected, rtol=0, atol=FP32)


def test_routing_starts_even():
    moe = make_moe()
    assert moe.expert_names == ("A", "B", "C")
    torch.testing.assert_close(moe.routing(), torch.full((3, 3), 1 / 3), rtol=0, atol=FP32)


@given(st.lists(st.floats(-20, 20), min_size=9, max_size=9), st.sampled_from([None, *"ABC"]))
def test_routing_rows_sum_to_one(logits, without):
    moe = MOE
    with torch.no_grad():
        moe.routing_logits.copy_(torch.tensor(logits).reshape(3, 3))
    routing = moe.routing(without)
    assert (routing >= 0).all()
    torch.testing.assert_close(routing.sum(dim=1), torch.ones(3), rtol=0, atol=FP32)


def test_the_others_share_the_weight_of_a_removed_expert():
    moe = make_moe()
    with torch.no_grad():
        moe.routing_logits.copy_(torch.tensor([0.5, 0.25, 0.25]).log().expand(3, 3))
    routing = moe.routing("C")
    torch.testing.assert_close(
        routing, torch.tensor([2 / 3, 1 / 3, 0.0]).expand(3, 3), rtol=0, atol=FP32
    )
    with pytest.raises(ConfigError, match=r"expert 'D': not in the model; choose from A, B, C"):
        moe.routing("D")


def test_each_expert_hears_the_voice_and_its_own_condition_only():
    moe = make_moe()
    for film in moe.films.values():
        torch.nn.init.normal_(film.mlp[3].weight)
    features = torch.randn(2, 6)
    one = {"B": torch.randn(2, 4), "C": torch.randn(2, 4)}
    other = {"B": one["B"], "C": torch.randn(2, 4)}
    changed = (moe(features, one) != moe(features, other)).any(dim=-1).any(dim=0)
    assert changed.tolist() == [False, False, True]
    expected = moe.heads["B"](moe.films["B"](features, one["B"]))
    torch.testing.assert_close(moe(features, one)[:, 1], expected, rtol=0, atol=FP32)


def test_fewer_semantics_make_fewer_experts():
    moe = make_moe(C=4)
    assert moe.expert_names == ("A", "C")
    values = moe(torch.randn(2, 6), {"B": None, "C": torch.randn(2, 4)})
    assert values.shape == (2, 2, 3)
    assert moe.routing("A").tolist() == [[0.0, 1.0]] * 3
