"""The cost of a run, against a pass with real numbers and against counts by hand."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from msfser.config.files import make_config  # noqa: E402
from msfser.config.settings import SEMANTICS  # noqa: E402
from msfser.model.msf_ser import build_model  # noqa: E402
from msfser.training.cost import Cost, count_cost, describe_cost, measure_speed  # noqa: E402

SETTINGS = ("train.batch_size=4", "train.epochs=2", "model.text_norm=none", "data.mega_batches=1")
LENGTHS = np.full(8, 16_000)


def configure(*changes):
    return make_config({}, [*SETTINGS, *changes], preset="tiny")


def run_once(config, n_clips):
    """Count the operations and the kept bytes of a pass with real numbers."""
    torch.manual_seed(0)
    model = build_model(replace(config.model, layerdrop=0.0)).train()
    texts = {name: torch.randn(n_clips, config.model.text_dim) for name in SEMANTICS}
    present = {name: torch.ones(n_clips, dtype=torch.bool) for name in SEMANTICS}
    waveforms = torch.randn(n_clips, 16_000)
    kept, weights = {}, {p.untyped_storage().data_ptr() for p in model.parameters()}

    def keep(tensor):
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = tensor, storage.nbytes()
        return tensor

    with FlopCounterMode(display=False) as counted:
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            values = model(waveforms, torch.ones(waveforms.shape, dtype=torch.bool), texts, present)
        values.values.sum().backward()
    n_bytes = sum(n for place, (_, n) in kept.items() if place not in weights)
    return counted.get_total_flops(), n_bytes, sum(p.numel() for p in model.parameters())


def test_operations_and_memory_are_those_of_a_pass_with_numbers():
    config = configure()
    flops, kept, n_weights = run_once(config, 4)
    cost = count_cost(config, LENGTHS)
    assert cost.n_weights == n_weights
    assert cost.n_trained == n_weights - 64  # the vector of SpecAugment, which the preset lacks
    assert cost.flops == 2 * 2 * flops  # epochs, steps of an epoch
    assert cost.memory_bytes == 4 * n_weights + 12 * cost.n_trained + kept


def test_a_split_step_costs_another_forward_pass_and_less_memory():
    whole, parts = (
        count_cost(configure(), LENGTHS),
        count_cost(configure("train.accumulation=2"), LENGTHS),
    )
    assert 1.2 < parts.flops / whole.flops < 1.4  # a third of three, nearly
    activations = [
        one.memory_bytes - n * one.n_weights for one, n in ((whole, 16), (parts, 24))
    ]  # sums in fp64 take 8 bytes more a weight
    assert activations[1] == pytest.approx(
        activations[0] / 2, rel=0.1
    )  # both hold one position bias
    two = count_cost(configure("train.accumulation=2"), LENGTHS, n_ranks=2)
    assert two.flops == pytest.approx(whole.flops / 2, rel=0.01)  # one pass of half the clips


def test_checkpointing_costs_a_forward_pass_of_the_layers_and_less_memory():
    plain, less = (
        count_cost(configure(), LENGTHS),
        count_cost(configure("train.checkpointing=true"), LENGTHS),
    )
    assert plain.flops < less.flops < 4 / 3 * plain.flops
    assert less.memory_bytes < plain.memory_bytes


def test_longer_clips_are_cropped_and_frozen_weights_are_not_trained():
    cropped = count_cost(configure("data.crop_s=0.5"), LENGTHS)
    assert cropped.flops == count_cost(configure(), LENGTHS // 2).flops
    frozen = count_cost(configure("model.freeze_cnn=true"), LENGTHS)
    assert frozen.n_trained < frozen.n_weights


def test_the_line_has_units_that_a_reader_knows():
    cost = Cost(n_weights=348_012_242, n_trained=343_800_000, flops=2.5e18, memory_bytes=20 << 30)
    assert describe_cost(cost, 400e12, "cuda:0") == (
        "348 M weights, 344 M of them trained; 2.5e+03 PFLOP in all; about 20 GiB of memory; about "
        "4.3 hours without reading and evaluation, at 40 % of the 400 TFLOP/s of a matrix product "
        "on cuda:0"
    )


def test_the_speed_of_this_machine_is_that_of_a_product():
    assert 1e8 < measure_speed(torch.device("cpu"), "fp32") < 1e14
