"""The gradients of a step against independent computations."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from msfser.batching import collate
from msfser.ccc import ccc_loss
from msfser.checkpoint import build_model
from msfser.config import TrainConfig
from msfser.config_files import make_config
from msfser.examples import Examples
from msfser.ranks import Ranks
from msfser.training_batches import split_step
from msfser.training_step import (
    _draw_seed,
    learning_rate_factor,
    make_optimiser,
    set_learning_rates,
    step_gradients,
)

N, DIM = 12, 8
SMALL = ("train.batch_size=12", "model.text_dim=8", "model.head_dim=16", "model.film_dim=16")
AUDIO_ONLY = ("model.semantics=[]", "model.intra=none", "model.fusion=none")


def make_clips():
    generator = np.random.default_rng(0)
    n_samples = generator.integers(6000, 12_000, N)
    clips = [generator.normal(0, 1, int(n)).astype(np.float32) for n in n_samples]
    texts = generator.normal(0, 1, (3, N, DIM)).astype(np.float32)
    examples = Examples(
        [f"u{i}" for i in range(N)],
        [Path(f"{i}.wav") for i in range(N)],
        n_samples,
        generator.uniform(0, 1, (N, 3)).astype(np.float32),
        dict(zip(("gs", "les", "es"), texts, strict=True)),
        {name: np.ones(N, dtype=bool) for name in ("gs", "les", "es")},
    )
    return clips, examples


def make_model(config, *, dropout):
    torch.manual_seed(0)
    model = build_model(config.model)
    for module in model.modules():
        if isinstance(module, nn.Dropout) and not dropout:
            module.p = 0.0
        if isinstance(module, nn.Linear):  # so that FiLM and routing have something to do
            module.weight.data.add_(0.02 * torch.randn_like(module.weight))
    return model.train()


def take(config, accumulation, *, dropout, scope="step"):
    """Give the gradients of a step by name, and its predictions."""
    clips, examples = make_clips()
    settings = make_config(
        {}, [*SMALL, f"train.accumulation={accumulation}", f"train.ccc_scope={scope}"]
    ).train
    model = make_model(config, dropout=dropout)
    parts = split_step(np.arange(N), accumulation)
    batches = [collate(examples, part, [clips[i] for i in part]) for part in parts]
    labels = torch.from_numpy(examples.labels)
    predictions = step_gradients(model, parts, batches, labels, settings, 3, Ranks())
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    return gradients, predictions, model, batches, labels


def assert_same_gradients(a, b, atol):
    assert a.keys() == b.keys()
    for name in a:
        largest = float(b[name].abs().max())
        np.testing.assert_allclose(a[name], b[name], rtol=0, atol=atol * max(largest, 1e-3))


@pytest.mark.parametrize("accumulation", [2, 3, 12])
def test_a_split_step_has_the_gradient_of_the_whole(accumulation):
    config = make_config({}, SMALL, preset="tiny")
    whole, predictions, *_ = take(config, 1, dropout=False)
    split, same, *_ = take(config, accumulation, dropout=False)
    np.testing.assert_allclose(same, predictions, rtol=0, atol=1e-5)
    assert_same_gradients(split, whole, atol=1e-3)  # of the largest; fp32 sums in another order


def test_the_second_pass_draws_the_dropout_of_the_first():
    config = make_config({}, [*SMALL, "model.head_dropout=0.5"], preset="tiny")
    two_passes, predictions, model, batches, labels = take(config, 3, dropout=True)
    model.zero_grad()
    live = []
    for number, batch in enumerate(batches):
        torch.manual_seed(_draw_seed(0, 3, number))
        live.append(model(batch.waveforms, batch.sample_mask, batch.texts, batch.present).values)
    everything = torch.cat(live)
    np.testing.assert_allclose(predictions, everything.detach(), rtol=0, atol=1e-6)
    ccc_loss(everything, labels).sum().backward()
    one_graph = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    assert_same_gradients(two_passes, one_graph, atol=1e-5)


def test_every_step_and_micro_batch_draws_anew():
    seeds = {_draw_seed(seed, step, k) for seed in (0, 1) for step in range(5) for k in range(4)}
    assert len(seeds) == 40


def test_the_challenge_preset_is_the_public_baseline():
    """The loss and gradients of the baseline, derived once more from its published equations.

    Attentive statistics as E[x^2] - mean^2, one utterance after the other; one head for all three
    dimensions; CCC = 2 rho s_x s_y / (s_x^2 + s_y^2 + (m_x - m_y)^2) on every micro-batch; the sum
    over the dimensions, averaged over the micro-batches.
    """
    config = make_config(
        {}, [*SMALL, "model.acoustic=tiny", "model.layerdrop=0.0"], preset="challenge"
    )
    assert config.train.ccc_scope == "micro"
    ours, predictions, model, batches, labels = take(config, 3, dropout=False, scope="micro")
    model.zero_grad()
    pooling, head = model.pooling, model.regressor.head
    model.acoustic.wavlm.config.apply_spec_augment = False  # masks come with the batch
    losses, values, start = [], [], 0
    for batch in batches:
        rows = []
        for waveform, mask in zip(batch.waveforms, batch.sample_mask, strict=True):
            alone = waveform[mask][None]
            frames = model.acoustic.wavlm(alone).last_hidden_state[0]
            rows.append(baseline_head(head, baseline_pooling(pooling, frames)))
        x = torch.stack(rows)
        y = labels[start : start + len(x)]
        start += len(x)
        losses.append(sum(1 - baseline_ccc(x[:, d], y[:, d]) for d in range(3)))
        values.append(x)
    np.testing.assert_allclose(predictions, torch.cat(values).detach(), rtol=0, atol=1e-5)
    (sum(losses) / len(losses)).backward()
    theirs = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    assert_same_gradients(ours, theirs, atol=2e-3)


def baseline_pooling(pooling, frames):
    projected = torch.tanh(frames @ pooling.projection.weight.T + pooling.projection.bias)
    weights = torch.softmax(projected @ pooling.attention, dim=0)
    mean = (weights * frames).sum(0)
    variance = (weights * frames**2).sum(0) - mean**2
    return torch.cat([mean, variance.clamp(min=1e-5).sqrt()])


def baseline_head(head, pooled):
    first, norm, last = head[1], head[2], head[5]
    hidden = first.weight @ pooled + first.bias
    spread = hidden.std(unbiased=False).square() + norm.eps
    hidden = (hidden - hidden.mean()) / spread.sqrt() * norm.weight + norm.bias
    return last.weight @ hidden.clamp(min=0) + last.bias


def baseline_ccc(x, y):
    mean_x, mean_y = x.mean(), y.mean()
    s_x, s_y = x.std(unbiased=False), y.std(unbiased=False)
    rho = ((x - mean_x) * (y - mean_y)).mean() / (s_x * s_y)
    return 2 * rho * s_x * s_y / (s_x**2 + s_y**2 + (mean_x - mean_y) ** 2)


def test_learning_rates_rise_and_stay_or_fall():
    constant = TrainConfig(warmup_steps=4)
    rates = [learning_rate_factor(step, 10, constant) for step in range(6)]
    assert rates == [0.25, 0.5, 0.75, 1, 1, 1]
    assert learning_rate_factor(0, 10, TrainConfig()) == 1
    cosine = TrainConfig(warmup_steps=2, schedule="cosine")
    rates = [learning_rate_factor(step, 10, cosine) for step in (0, 1, 2, 6, 10)]
    np.testing.assert_allclose(rates, [0.5, 1, 1, 0.5, 0], rtol=0, atol=1e-12)


def test_new_layers_and_routing_have_their_own_learning_rates():
    config = make_config(
        {}, [*SMALL, "train.head_lr=0.01", "train.routing_lr=0.1"],
        preset="tiny",
    )  # fmt: skip
    model = make_model(config, dropout=False)
    optimiser = make_optimiser(model, config.train)
    assert [group["lr"] for group in optimiser.param_groups] == [1e-3, 0.1, 0.01]
    sizes = [len(group["params"]) for group in optimiser.param_groups]
    assert sizes[1] == 1
    assert sum(sizes) == sum(p.requires_grad for p in model.parameters())
    set_learning_rates(optimiser, 0.5)
    assert [group["lr"] for group in optimiser.param_groups] == [5e-4, 0.05, 0.005]
