"""The preset `challenge` against the public MSP-Podcast baseline, derived again from its equations.

The baseline: WavLM with its CNN frozen; attentive statistics pooling an utterance at a time, with
the variance as E[x^2] - E[x]^2; one head for all dimensions; the sum of 1 - CCC over dimensions, on
micro-batches of which each counts alike.
"""

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional  # noqa: E402
from transformers import WavLMConfig, WavLMModel  # noqa: E402

from msfser.ccc import ccc_loss  # noqa: E402
from msfser.config.presets import PRESETS  # noqa: E402
from msfser.model.msf_ser import MsfSer  # noqa: E402
from msfser.model.wavlm.wavlm import Wavlm  # noqa: E402

LOSS = 1e-5
GRADIENT = 1e-3  # relative to the largest of the weight
CONFIG = replace(PRESETS["challenge"].model, head_dim=24)


@pytest.fixture
def model(shake):
    torch.manual_seed(0)
    own = WavLMConfig(
        conv_dim=[8] * 7, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=32, num_conv_pos_embedding_groups=4,
        feat_extract_norm="layer", do_stable_layer_norm=True,
    )  # fmt: skip
    return shake(MsfSer(CONFIG, Wavlm(WavLMModel(own), CONFIG)).eval())


def baseline_predictions(model, waveforms, sample_mask):
    rows = []
    for waveform, mask in zip(waveforms, sample_mask, strict=True):
        frames = model.acoustic.wavlm(waveform[None, mask]).last_hidden_state[0]
        hidden = torch.tanh(model.pooling.projection(frames))
        weights = torch.softmax(hidden @ model.pooling.attention, dim=0)
        mean = (weights * frames).sum(dim=0)
        std = ((weights * frames**2).sum(dim=0) - mean**2).clamp(min=1e-5).sqrt()
        rows.append(torch.cat([mean, std]))
    _, first, norm, _, _, last = model.regressor.head
    return last(functional.relu(norm(first(torch.stack(rows)))))


def baseline_ccc(predictions, labels):
    predictions_mean, labels_mean = predictions.mean(0), labels.mean(0)
    predictions_var, labels_var = predictions.var(0, correction=0), labels.var(0, correction=0)
    correlation = torch.stack(
        [
            torch.corrcoef(torch.stack(pair))[0, 1]
            for pair in zip(predictions.T, labels.T, strict=True)
        ]
    )
    spread = predictions_var + labels_var + (predictions_mean - labels_mean) ** 2
    return 2 * correlation * predictions_var.sqrt() * labels_var.sqrt() / spread


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return {
        name: weight.grad.clone()
        for name, weight in model.named_parameters()
        if weight.grad is not None
    }


def test_loss_and_gradients_are_the_baselines(model, make_batch):
    waveforms, sample_mask, _, _ = make_batch((8000, 5000, 7000, 6100, 4000, 8000, 6543, 7777))
    labels = torch.rand(8, 3, generator=torch.Generator().manual_seed(4))
    micro_batches = torch.arange(8).chunk(2)
    ours = sum(
        ccc_loss(model(waveforms[rows], sample_mask[rows], {}, {}).values, labels[rows]).sum()
        for rows in micro_batches
    ) / len(micro_batches)
    baselines = sum(
        (
            1 - baseline_ccc(baseline_predictions(model, waveforms[r], sample_mask[r]), labels[r])
        ).sum()
        for r in micro_batches
    ) / len(micro_batches)
    torch.testing.assert_close(ours, baselines, rtol=0, atol=LOSS)
    expected, found = gradients(model, baselines), gradients(model, ours)
    assert found.keys() == expected.keys()
    assert not any("feature_extractor" in name for name in found)
    largest = max(float(gradient.abs().max()) for gradient in expected.values())
    for name, gradient in expected.items():
        allowed = GRADIENT * float(gradient.abs().max()) + 1e-5 * largest
        assert float((found[name] - gradient).abs().max()) <= allowed, name


def test_dropout_is_where_the_baseline_has_it(model):
    rates = [layer.p for layer in model.regressor.head if isinstance(layer, torch.nn.Dropout)]
    assert rates == [0.5, 0.5]
    assert CONFIG.layerdrop == 0.1
    assert CONFIG.spec_augment
