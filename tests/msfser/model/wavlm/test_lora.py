"""LoRA against its formula in numpy, merged against unmerged, and what it leaves frozen."""

import re

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from transformers import WavLMConfig, WavLMModel  # noqa: E402

from msfser.model.wavlm.lora import (  # noqa: E402
    LowRankChange,
    adapted_weights,
    is_lora,
    merged_weights,
)
from msfser.model.wavlm.wavlm import Wavlm  # noqa: E402

FROZEN = r"\.parametrizations\.weight\.original$"
MERGED = 1e-6  # of predictions around 1


def test_the_changed_weight_is_that_of_the_formula():
    torch.manual_seed(0)
    change = LowRankChange(5, 7, rank=2, alpha=6.0)
    torch.nn.init.normal_(change.b)
    weight, a, b = (t.detach().numpy() for t in (torch.randn(5, 7), change.a, change.b))
    changed = change(torch.from_numpy(weight)).detach().numpy()
    x = np.random.default_rng(0).normal(size=7)
    by_formula = weight @ x + 6.0 / 2 * (b @ (a @ x))
    np.testing.assert_allclose(changed @ x, by_formula, rtol=0, atol=1e-5)


def test_training_starts_at_the_frozen_model(make_model, make_batch):
    plain = make_model()
    adapted = make_model(lora_rank=4)
    adapted.load_state_dict(adapted_weights(plain.state_dict(), adapted.state_dict()))
    with torch.no_grad():
        torch.testing.assert_close(
            adapted(*make_batch()).values, plain(*make_batch()).values, rtol=0, atol=MERGED
        )


@pytest.mark.parametrize("attention", ["sdpa", "hf"])
@pytest.mark.filterwarnings("ignore:Support for mismatched key_padding_mask")
def test_merged_equals_unmerged(make_model, make_batch, shake, attention):
    model = shake(make_model(lora_rank=4, lora_projections=("query", "out"), attention=attention))
    batch = make_batch()
    with torch.no_grad():
        before = model(*batch).values
        adapted_state = {**model.state_dict()}
        weights = merged_weights(adapted_state, model.config)
        model.merge_lora()
        after = model(*batch).values
        plain = make_model(attention=attention)
        plain.load_state_dict(weights)  # with the names of a model that never had LoRA
        by_names = plain(*batch).values
        frozen = {name: w for name, w in adapted_state.items() if not is_lora(name)}
        plain.load_state_dict({re.sub(FROZEN, ".weight", name): w for name, w in frozen.items()})
        assert (plain(*batch).values - before).abs().max() > 1e-3  # the changes do change
    torch.testing.assert_close(after, before, rtol=0, atol=MERGED)
    torch.testing.assert_close(by_names, before, rtol=0, atol=MERGED)
    assert model.config.lora_rank == 0
    assert model.state_dict().keys() == plain.state_dict().keys()


@pytest.mark.parametrize("attention", ["sdpa", "hf"])
@pytest.mark.filterwarnings("ignore:Support for mismatched key_padding_mask")
def test_of_wavlm_only_the_changes_are_trained(make_model, make_batch, attention):
    model = make_model(lora_rank=2, attention=attention).train()
    model(*make_batch()).values.sum().backward()
    trained = {name for name, p in model.acoustic.named_parameters() if p.requires_grad}
    assert trained == {
        f"wavlm.encoder.layers.{layer}.attention.{part}_proj.parametrizations.weight.0.{name}"
        for layer in range(2) for part in ("q", "k", "v", "out") for name in "ab"
    }  # fmt: skip
    for name, parameter in model.acoustic.named_parameters():
        moves = parameter.grad is not None and bool(parameter.grad.abs().sum() > 0)
        assert moves == (name in trained and name.endswith(".b")), (
            name
        )  # B is 0, so A rests at first


def test_rank_8_trains_less_than_2_percent_of_wavlm_large(tiny_config):
    large = WavLMConfig(
        hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096,
        feat_extract_norm="layer", do_stable_layer_norm=True,
    )  # fmt: skip
    with torch.device("meta"):
        wavlm = Wavlm(WavLMModel(large), tiny_config(lora_rank=8))
    weights = [*wavlm.parameters()]
    n_trained = sum(weight.numel() for weight in weights if weight.requires_grad)
    assert n_trained == 24 * 4 * 2 * 8 * 1024
    assert n_trained / sum(weight.numel() for weight in weights) < 0.02
