"""The gradients of a step against independent computations."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from msfser.ccc import ccc_loss
from msfser.config.files import make_config
from msfser.config.settings import TrainConfig
from msfser.data.batching import collate
from msfser.data.examples import Examples
from msfser.model.evidential import deer_loss
from msfser.model.msf_ser import build_model
from msfser.training.labels.targets import RATINGS
from msfser.training.ranks.ranks import Ranks
from msfser.training.step import (
    _draw_seed,
    learning_rate_factor,
    make_optimiser,
    set_learning_rates,
    step_gradients,
)
from msfser.training.steps.batches import TrainingStep
from msfser.training.steps.order import split_step

N, DIM = 12, 8
SMALL = ("train.batch_size=12", "model.text_dim=8", "model.head_dim=16", "model.film_dim=16")


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


def take(config, accumulation, *, dropout, scope="step", checkpointing=False, targets=None):
    """Return the gradients of a step by name, and its predictions."""
    clips, examples = make_clips()
    settings = replace(config.train, accumulation=accumulation, ccc_scope=scope)
    model = make_model(config, dropout=dropout)
    if checkpointing:
        model.acoustic.checkpoint_layers()
    parts = split_step(np.arange(N), accumulation)
    batches = [collate(examples, part, [clips[i] for i in part]) for part in parts]
    labels = torch.from_numpy(examples.labels)
    step = TrainingStep(tuple(map(len, parts)), tuple(batches), labels, targets or {})
    predictions = step_gradients(model, step, settings, 3, Ranks())
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


def test_the_loss_of_deer_is_averaged_over_the_utterances_of_a_step():
    config = make_config({}, [*SMALL, "model.output=evidence"], preset="tiny")
    whole, predictions, model, batches, labels = take(config, 1, dropout=False)
    split, same, *_ = take(config, 3, dropout=False)
    np.testing.assert_allclose(same, predictions, rtol=0, atol=1e-5)
    assert_same_gradients(split, whole, atol=1e-3)
    (batch,) = batches
    said = model(batch.waveforms, batch.sample_mask, batch.texts, batch.present)
    model.zero_grad()
    (deer_loss(said.outputs, labels, 0.1).sum() / N).backward()
    by_hand = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    assert_same_gradients(whole, by_hand, atol=1e-4)


@pytest.mark.parametrize(("scope", "likelihood"), [("step", "joint"), ("micro", "single")])
def test_deer_learns_from_single_ratings_however_a_step_is_split(scope, likelihood):
    """The gradient is that of the loss over all raters, and not that over their means."""
    changes = [*SMALL, "model.output=evidence", f"train.deer_likelihood={likelihood}"]
    config = make_config({}, changes, preset="tiny")
    ratings = torch.rand(N, 5, 3, generator=torch.Generator().manual_seed(0))
    ratings[::2, 3:] = torch.nan
    taken = {"dropout": False, "scope": scope, "targets": {RATINGS: ratings}}
    whole, _, model, (batch,), _ = take(config, 1, **taken)
    split, *_ = take(config, 3, **taken)
    assert_same_gradients(split, whole, atol=1e-3)
    other = "single" if likelihood == "joint" else "joint"
    means = ratings.nanmean(dim=1)
    for targets, kind, is_same in (
        (ratings, likelihood, True), (ratings, other, False), (means, likelihood, False),
    ):  # fmt: skip
        model.zero_grad()
        said = model(batch.waveforms, batch.sample_mask, batch.texts, batch.present)
        (deer_loss(said.outputs, targets, 0.1, kind).sum() / N).backward()
        by_hand = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
        apart = max(float((whole[name] - by_hand[name]).abs().max()) for name in whole)
        assert (apart < 1e-4) == is_same


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


@pytest.mark.parametrize("accumulation", [1, 2])
def test_checkpointing_keeps_fewer_tensors_and_gives_the_same_gradients(accumulation):
    """Bit for bit, with dropout and a layer that LayerDrop skips in some passes."""
    config = make_config({}, [*SMALL, "model.layerdrop=0.5"], preset="tiny")
    n_kept, found = [], []
    for checkpointing in (False, True):
        kept = set()

        def keep(tensor, kept=kept):
            kept.add((tensor.untyped_storage().data_ptr(), tensor.untyped_storage().nbytes()))
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            gradients, predictions, *_ = take(
                config, accumulation, dropout=True, checkpointing=checkpointing
            )
        n_kept.append(sum(n_bytes for _, n_bytes in kept))
        found.append((gradients, predictions))
    (whole, predictions), (checkpointed, same) = found
    assert torch.equal(predictions, same)
    assert whole.keys() == checkpointed.keys()
    assert all(torch.equal(whole[name], checkpointed[name]) for name in whole)


def test_every_step_and_micro_batch_draws_anew():
    seeds = {_draw_seed(seed, step, k) for seed in (0, 1) for step in range(5) for k in range(4)}
    assert len(seeds) == 40


def test_ccc_over_micro_batches_is_the_mean_of_their_losses():
    config = make_config({}, SMALL, preset="tiny")
    ours, predictions, model, batches, labels = take(config, 3, dropout=False, scope="micro")
    whole, *_ = take(config, 3, dropout=False)
    model.zero_grad()
    live = [
        model(batch.waveforms, batch.sample_mask, batch.texts, batch.present).values
        for batch in batches
    ]
    np.testing.assert_allclose(predictions, torch.cat(live).detach(), rtol=0, atol=1e-6)
    (sum(ccc_loss(x, y).sum() for x, y in zip(live, labels.split(4), strict=True)) / 3).backward()
    one_graph = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    assert_same_gradients(ours, one_graph, atol=1e-5)
    name = "pooling.projection.weight"
    assert float((ours[name] - whole[name]).abs().max()) > 0.1 * float(whole[name].abs().max())


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
    assert [group["weight_decay"] for group in optimiser.param_groups] == [0.5, 0.0, 0.5]
    set_learning_rates(optimiser, 0.5)
    assert [group["lr"] for group in optimiser.param_groups] == [5e-4, 0.05, 0.005]
