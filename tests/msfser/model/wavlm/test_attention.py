"""Fused attention against that of the installed transformers."""

import copy

import pytest

torch = pytest.importorskip("torch")

from transformers import WavLMConfig, WavLMModel  # noqa: E402

from msfser.model.wavlm.attention import FusedAttention  # noqa: E402
from msfser.model.wavlm.wavlm import Wavlm  # noqa: E402

FP32 = 2e-5  # of outputs around 1
GRADIENT = 1e-4  # relative to the largest gradient of the weight
NO_GRADIENT = 1e-6  # relative to the largest of all: softmax does not see the bias of the keys
OWN = {
    "conv_dim": [8] * 7,
    "hidden_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 32,
    "num_conv_pos_embedding_groups": 4,
    "num_buckets": 32,
    "max_bucket_distance": 40,
}


@pytest.fixture(params=["large", "base"])
def both(request, tiny_config, shake):
    """The same weights with transformers' attention and with the fused one."""
    own = {
        "large": {"feat_extract_norm": "layer", "do_stable_layer_norm": True},
        "base": {"feat_extract_norm": "group", "do_stable_layer_norm": False},
    }[request.param]
    torch.manual_seed(0)
    wavlm = shake(WavLMModel(WavLMConfig(**OWN, **own)), 0.2)
    return (
        Wavlm(copy.deepcopy(wavlm), tiny_config(attention="hf")).eval(),
        Wavlm(wavlm, tiny_config(attention="sdpa")).eval(),
    )


@pytest.mark.filterwarnings("ignore:Support for mismatched key_padding_mask")
def test_outputs_and_gradients_are_those_of_transformers(both, make_batch):
    waveforms, sample_mask, _, _ = make_batch((26000, 16000, 20123))
    # 81 frames reach every bucket
    weights = torch.randn(3, 81, 48, generator=torch.Generator().manual_seed(2))
    outputs, gradients = [], []
    for wavlm in both:
        frames, frame_mask = wavlm(waveforms, sample_mask)
        (frames * weights)[frame_mask].sum().backward()
        outputs.append(frames[frame_mask])
        gradients.append({name: p.grad for name, p in wavlm.named_parameters()})
    torch.testing.assert_close(outputs[1], outputs[0], rtol=0, atol=FP32)
    largest = max(float(g.abs().max()) for g in gradients[0].values() if g is not None)
    assert any("gru_rel_pos_const" in name for name in gradients[0])
    for name, gradient in gradients[0].items():
        if gradient is None:
            assert gradients[1][name] is None
            continue
        allowed = GRADIENT * float(gradient.abs().max()) + NO_GRADIENT * largest
        assert float((gradients[1][name] - gradient).abs().max()) <= allowed, name


@pytest.mark.filterwarnings("ignore:Support for mismatched key_padding_mask")
@torch.no_grad()
def test_the_comparison_can_fail(both, make_batch):
    theirs, ours = both
    for layer in ours.wavlm.encoder.layers:
        layer.attention.gru_rel_pos_const *= 1.5
    waveforms, sample_mask, _, _ = make_batch()
    expected, frame_mask = theirs(waveforms, sample_mask)
    found, _ = ours(waveforms, sample_mask)
    assert float((found - expected)[frame_mask].abs().max()) > 100 * FP32


def test_the_switch_replaces_the_forward_and_nothing_else(both):
    theirs, ours = both
    assert not any(isinstance(module, FusedAttention) for module in theirs.modules())
    assert sum(isinstance(module, FusedAttention) for module in ours.modules()) == 3
    assert theirs.state_dict().keys() == ours.state_dict().keys()


def test_dropout_is_on_in_training_only(tiny_config, make_batch):
    torch.manual_seed(0)
    own = WavLMConfig(
        **OWN, attention_dropout=0.5, hidden_dropout=0.0, activation_dropout=0.0,
        feat_extract_norm="layer", do_stable_layer_norm=True,
    )  # fmt: skip
    wavlm = Wavlm(WavLMModel(own), tiny_config())
    waveforms, sample_mask, _, _ = make_batch()
    with torch.no_grad():
        one, other = (wavlm.train()(waveforms, sample_mask)[0] for _ in range(2))
        assert not torch.equal(one, other)
        one, other = (wavlm.eval()(waveforms, sample_mask)[0] for _ in range(2))
        assert torch.equal(one, other)
