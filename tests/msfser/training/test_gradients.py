"""Sums of gradients of one process, and the buckets of several."""

from dataclasses import dataclass, field

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from msfser.training.ranks.gradients import GradientSums, _cut_buckets, _reached  # noqa: E402
from msfser.training.ranks.ranks import ALONE  # noqa: E402


class Layers(nn.Module):
    """Layers in a row, of which some are skipped."""

    def __init__(self, n_layers=6, width=64):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(n_layers))

    def forward(self, inputs, skipped=()):
        for place, layer in enumerate(self.layers):
            if place not in skipped:
                inputs = torch.tanh(layer(inputs))
        return inputs.sum()


@dataclass
class Recorder:
    """Two ranks of which this one alone computes; records what is summed, and when."""

    size: int = 2
    rank: int = 0
    started: list = field(default_factory=list)

    def start_sum(self, tensor):
        self.started.append(tensor)
        return self

    def wait(self):
        pass

    def abandon(self):
        pass


def gradients(model):
    return [None if p.grad is None else p.grad.clone() for p in model.parameters()]


def test_the_sum_over_micro_batches_is_that_of_autograd():
    model, inputs = Layers(), torch.randn(4, 64)
    sums = GradientSums(model, ALONE)
    for number, row in enumerate(inputs):
        sums.add_gradients(model(row), last=number == 3)
    sums.set_gradients()
    found = gradients(model)
    model.zero_grad()
    model(inputs).backward()
    for one, two in zip(found, gradients(model), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-5, atol=1e-6)


def test_a_layer_that_all_micro_batches_skip_has_no_gradient():
    model, inputs = Layers(), torch.randn(2, 64)
    sums = GradientSums(model, ALONE)
    sums.add_gradients(model(inputs[0], skipped={1, 3}), last=False)
    sums.add_gradients(model(inputs[1], skipped={3, 4}), last=True)
    sums.set_gradients()
    without = {place // 2 for place, gradient in enumerate(gradients(model)) if gradient is None}
    assert without == {3}


@pytest.mark.parametrize("skipped", [(), (0,), (2, 3), (5,)])
def test_buckets_travel_while_backward_runs_and_in_one_order(skipped):
    model = Layers()
    ranks = Recorder()
    sums = GradientSums(model, ranks)
    n_buckets = len(sums._buckets)
    assert n_buckets > 2
    n_started = []
    model.layers[1].weight.register_hook(lambda _: n_started.append(len(ranks.started)))
    sums.add_gradients(model(torch.randn(64)), last=False)
    assert not ranks.started  # another micro-batch follows
    sums.add_gradients(model(torch.randn(64), skipped), last=True)
    if 1 not in skipped:
        assert n_started[-1] > 0  # before the first layers have their gradients
    sums.set_gradients()
    *before, counts, last = ranks.started  # nothing is left to be summed after the last bucket
    assert counts is sums._n_found
    for started, bucket in zip([*before, last], sums._buckets, strict=True):
        assert started is bucket.sums


def test_a_process_without_a_micro_batch_sums_all_buckets_in_the_end():
    ranks = Recorder(rank=1)
    sums = GradientSums(Layers(), ranks)
    sums.set_gradients()
    assert len(ranks.started) == len(sums._buckets) + 1


def test_sums_of_bf16_are_rounded_once_and_those_of_one_process_never():
    model, inputs = Layers(), torch.randn(64)
    found = {}
    for name, ranks, reduction in (
        ("exact", Recorder(), "fp64"), ("rounded", Recorder(), "bf16"), ("alone", ALONE, "bf16"),
    ):  # fmt: skip
        sums = GradientSums(model, ranks, reduction)
        sums.add_gradients(model(inputs), last=True)
        sums.set_gradients()
        found[name] = gradients(model)
        model.zero_grad()
    for exact, rounded, alone in zip(*found.values(), strict=True):
        assert torch.equal(exact, alone)
        assert torch.equal(exact.double().bfloat16(), rounded.bfloat16())
        assert not torch.equal(exact, rounded)


def test_buckets_hold_every_parameter_once_in_order():
    sizes = [5, 100_000, 3, 3, 700_000, 1]
    buckets = list(_cut_buckets(sizes))
    assert [place for _, _, places in buckets for place in places] == list(range(len(sizes)))
    edges = [0, *(stop for _, stop, _ in buckets)]
    assert [start for start, _, _ in buckets] == edges[:-1]
    assert edges[-1] == sum(sizes)


def test_the_graph_tells_which_parameters_get_a_gradient():
    model = Layers(n_layers=3)
    reached = _reached(model(torch.randn(64), skipped={1}))
    expected = {*model.layers[0].parameters(), *model.layers[2].parameters()}
    assert reached == expected
    assert _reached(torch.zeros(1)) == set()
