"""On a GPU: the numbers of the CPU, within rounding. Skipped on machines without one."""

import os
import signal
import sys
from unittest.mock import MagicMock

import numpy as np
import pytest
import torch

from msfser.config.files import make_config
from msfser.data.batching import ClipReader
from msfser.evaluation.inference import run_model, tf32_products
from msfser.model.msf_ser import build_model
from msfser.training import state as training_state
from msfser.training.data.prepare import prepare_data
from msfser.training.ranks.gradients import GradientSums
from msfser.training.ranks.ranks import Ranks
from msfser.training.run import make_augmentation
from msfser.training.step import step_gradients
from msfser.training.steps.batches import load_steps
from msfser.training.train import train

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU that torch can use")

CPU, GPU = torch.device("cpu"), torch.device("cuda")
SMALL = (
    "train.batch_size=8",
    "train.epochs=2",
    "model.text_dim=16",
    "model.head_dropout=0",  # GPU and CPU draw differently
    "model.film_dropout=0",
    "model.spec_augment=true",
)


def make(folder, *changes):
    return make_config({}, [*SMALL, f"data.folder='{folder}'", *changes], preset="tiny")


def take(config, device):
    """Return the gradients of a first step, all in one vector, and its predictions."""
    data = prepare_data(config.data, config.model)
    torch.manual_seed(0)
    model = build_model(config.model)
    for weight in model.parameters():  # so that FiLM and routing have something to do
        weight.data.add_(0.02 * torch.randn_like(weight))
    model = model.to(device).train()
    reader = ClipReader(config.data.wave_norm, data.statistics)
    loaded = load_steps(
        data.train,
        [np.arange(8)],
        reader,
        make_augmentation(config, model),
        0,
        accumulation=config.train.accumulation,
    )
    step = next(loaded).to(device)
    with tf32_products(config.train.precision):
        predictions = step_gradients(model, step, config.train, 0, Ranks())
    gradients = [w.grad.flatten().cpu() for w in model.parameters() if w.grad is not None]
    return torch.cat(gradients), predictions.cpu()


@pytest.mark.parametrize("accumulation", [1, 2])
def test_gradients_are_those_of_the_cpu(corpus_folder, accumulation):
    split = f"train.accumulation={accumulation}"
    expected, said = take(make(corpus_folder, split), CPU)
    off = {}
    for precision in ("fp32", "tf32", "bf16"):
        config = make(corpus_folder, split, f"train.precision='{precision}'")
        gradients, predictions = take(config, GPU)
        off[precision] = float((gradients - expected).norm() / expected.norm())
        assert float((predictions - said).abs().max()) < {"fp32": 1e-4}.get(precision, 0.05)
    assert off["fp32"] < 1e-4 < off["tf32"] < off["bf16"] < 0.5


def test_predictions_are_those_of_the_cpu(corpus_folder):
    config = make(corpus_folder)
    data = prepare_data(config.data, config.model)
    reader = ClipReader(config.data.wave_norm, data.statistics)
    torch.manual_seed(0)
    model = build_model(config.model)
    expected = run_model(model, data.train, reader.read, device=CPU)
    found = run_model(model.to(GPU), data.train, reader.read, device=GPU)
    np.testing.assert_allclose(found.values, expected.values, rtol=0, atol=1e-4)
    np.testing.assert_allclose(found.gate, expected.gate, rtol=0, atol=1e-5)
    np.testing.assert_allclose(found.expert_values, expected.expert_values, rtol=0, atol=1e-4)


def test_few_lengths_reach_the_gpu(corpus_folder):
    model = build_model(make(corpus_folder).model).to(GPU)
    waveforms = torch.randn(2, 8000, device=GPU)
    frames, frame_mask = model.acoustic(waveforms, torch.ones_like(waveforms, dtype=torch.bool))
    assert frames.shape[1] == frame_mask.shape[1] == 32
    assert frame_mask.sum(dim=1).tolist() == [model.acoustic.n_frames(8000)] * 2


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_run_stopped_and_resumed_ends_like_one_that_was_not(
    corpus_folder, tmp_path, monkeypatch, precision
):
    config = make(corpus_folder, "train.device='cuda'", f"train.precision='{precision}'")
    train(config, tmp_path / "whole")
    add_step = training_state.TrainingState.add_step

    def stop_at_six(self, predictions, labels):
        add_step(self, predictions, labels)
        if self.step == 6:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(training_state.TrainingState, "add_step", stop_at_six)
    with pytest.raises(training_state.Interrupted):
        train(config, tmp_path / "stopped")
    monkeypatch.undo()
    train(config, tmp_path / "stopped", resume=True)
    assert mean_difference(tmp_path / "whole", tmp_path / "stopped") == 0


def mean_difference(a, b):
    """Return the mean difference of the weights that two runs ended with."""
    a, b = (
        torch.load(run / training_state.STATE_NAME, weights_only=True, map_location="cpu")["model"]
        for run in (a, b)
    )
    return float(torch.cat([(a[name] - b[name]).abs().flatten() for name in a]).mean())


def test_two_processes_train_the_model_of_one(corpus_folder, tmp_path, run_ranks):
    """On one GPU, which NCCL gives to one process only: gloo adds up what is on it."""
    changes = ("train.device='cuda:0'", "train.accumulation=2", "train.epochs=1")
    train(make(corpus_folder, *changes), tmp_path / "one")
    start = (
        "import torch.distributed; torch.distributed.is_nccl_available = lambda: False; "
        "from msfser.commands.cli import main; main()"
    )
    settings = [part for change in (*SMALL, *changes) for part in ("--set", change)]
    command = [sys.executable, "-c", start, "train", "--preset", "tiny", *settings]
    run_ranks(2, [*command, "--data", corpus_folder, "-o", tmp_path / "two"])
    assert mean_difference(tmp_path / "one", tmp_path / "two") < 1e-4  # moved by 4e-3


def test_nccl_adds_up(tmp_path):
    """In a group of one, where all sums are what they were."""
    torch.distributed.init_process_group(
        "cpu:gloo,cuda:nccl", init_method=f"file://{tmp_path}/group", rank=0, world_size=1
    )
    try:
        ranks = Ranks(rank=0, size=2, watch=MagicMock())  # or it would not ask
        values = torch.arange(3.0, device=GPU)
        ranks.add_up(values)
        assert values.tolist() == [0, 1, 2]
        model = torch.nn.Linear(3, 1).to(GPU)
        model.bias.requires_grad_(False)
        sums = GradientSums(model, ranks)
        sums.add_gradients(model(values), last=True)
        sums.set_gradients()
        assert model.weight.grad.tolist() == [[0, 1, 2]]
        assert model.bias.grad is None
        assert ranks.any(True)
        assert not ranks.any(False)
    finally:
        torch.distributed.destroy_process_group()
