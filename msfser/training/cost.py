"""What a run will cost, counted before it begins: operations, memory and time.

The model is built and run once with tensors that have shapes but no numbers, so that the count
takes seconds and no memory, whatever the size of the model.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.flop_counter import FlopCounterMode

from msfser.config.settings import RATE_HZ, SEMANTICS, Config, Precision
from msfser.data.contours import CONTOUR_FRAME_SAMPLES
from msfser.data.examples import IntArray
from msfser.model.msf_ser import N_CONTOURS, MsfSer
from msfser.model.wavlm.loading import shape_encoder
from msfser.training.steps.order import sampled_steps, split_step

_USED = 0.4  # share of the speed of a matrix product that training reaches; docs/training.md
_PRODUCT_SIZE = {"cpu": 1024, "cuda": 8192}
_PRODUCT_S = 0.3  # for which products are repeated


@dataclass(frozen=True)
class Cost:
    """What a run will cost.

    Attributes
    ----------
    n_weights, n_trained : int
    flops : float
        Floating-point operations of all training steps of one process.
    memory_bytes : int
        For weights, AdamW, gradients and what backward needs of the longest micro-batch; without
        what the libraries take, and what lives for a moment only.
    """

    n_weights: int
    n_trained: int
    flops: float
    memory_bytes: int


@dataclass(frozen=True)
class _Pass:
    """One pass through the model, forward and backward."""

    n_weights: int
    n_trained: int
    forward_flops: float
    backward_flops: float
    kept_bytes: int  # by forward, for backward


def count_cost(
    config: Config,
    n_samples: IntArray,
    n_ranks: int = 1,
    emotions: Sequence[str | None] = (),
) -> Cost:
    """Count what a run on clips of these lengths will cost.

    Parameters
    ----------
    config : Config
        With the size of the text vectors.
    n_samples : (clips,) int64
        Lengths of the training clips at 16 kHz.
    n_ranks : int
        Processes that share the micro-batches of a step.
    emotions : sequence of (str or None)
        Of each clip, for epochs that are drawn by emotion.

    Returns
    -------
    Cost
        Of one process.

    Raises
    ------
    CheckpointError
        The configuration of WavLM cannot be read.
    """
    train, longest = config.train, int(config.data.crop_s * RATE_HZ)
    lengths = np.minimum(n_samples, longest)
    steps = sampled_steps(n_samples, emotions or [None] * len(n_samples), config, 0)
    parts = [part for step in steps for part in split_step(step, train.accumulation)]
    size = -(-train.batch_size // train.accumulation)
    padded = int(np.mean([lengths[part].max() for part in parts]))

    # the mean micro-batch, for the operations; the longest, for the memory
    mean = _count_pass(config, size, padded)
    peak = _count_pass(config, size, int(lengths.max()))
    kept = peak.kept_bytes
    if train.checkpointing:  # one layer at a time is computed anew
        whole = replace(config, train=replace(train, checkpointing=False))
        shape = shape_encoder(config.model).config
        more = _count_pass(whole, size, int(lengths.max())).kept_bytes - kept
        kept += more // int(shape.num_hidden_layers)
    split = train.accumulation > 1
    first_passes = split and train.ccc_scope == "step" and train.accumulation > n_ranks
    forward = mean.forward_flops * (2 if first_passes else 1)
    flops = train.epochs * len(parts) * (forward + mean.backward_flops) / n_ranks
    per_trained = 4 + 8 + (8 if split or n_ranks > 1 else 0)  # gradient, AdamW, sums in fp64
    return Cost(
        peak.n_weights,
        peak.n_trained,
        flops * (1 - config.model.layerdrop),
        4 * peak.n_weights + per_trained * peak.n_trained + kept,
    )


def _count_pass(config: Config, n_clips: int, n_samples: int) -> _Pass:
    """Count one pass of `n_clips` of one length; LayerDrop, which is drawn, skips nothing."""
    model_config = replace(config.model, layerdrop=0.0)
    kept: dict[int, tuple[Tensor, int]] = {}  # the tensors live on, so that no number comes twice

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage._cdata] = tensor, storage.nbytes()
        return tensor

    with FakeTensorMode():
        model = MsfSer(model_config, shape_encoder(model_config)).train()
        if config.train.checkpointing:
            model.acoustic.checkpoint_layers()
        weights = [*model.parameters()]
        texts = {name: torch.zeros(n_clips, model_config.text_dim) for name in SEMANTICS}
        present = {name: torch.ones(n_clips, dtype=torch.bool) for name in SEMANTICS}
        waveforms = torch.zeros(n_clips, n_samples)
        contours = torch.zeros(n_clips, n_samples // CONTOUR_FRAME_SAMPLES + 1, N_CONTOURS)
        with (
            FlopCounterMode(display=False) as forward,
            torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
            torch.autocast("cpu", torch.bfloat16, enabled=config.train.precision == "bf16"),
        ):
            inside = torch.ones(n_clips, n_samples, dtype=torch.bool)
            outputs = model(waveforms, inside, texts, present, contours=contours).outputs
        with FlopCounterMode(display=False) as backward:
            outputs.sum().backward()
        for weight in weights:
            kept.pop(weight.untyped_storage()._cdata, None)
    return _Pass(
        sum(weight.numel() for weight in weights),
        sum(weight.numel() for weight in weights if weight.requires_grad),
        float(forward.get_total_flops()),
        float(backward.get_total_flops()),
        sum(n_bytes for _, n_bytes in kept.values()),
    )


def measure_speed(device: torch.device, precision: Precision) -> float:
    """Measure how many operations per second a device does in a product of matrices."""
    size = _PRODUCT_SIZE["cuda" if device.type == "cuda" else "cpu"]
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    factor = torch.ones(size, size, device=device, dtype=dtype)
    (factor @ factor)[0, 0].item()  # the first one prepares
    started_s, n_products = time.perf_counter(), 0
    while time.perf_counter() - started_s < _PRODUCT_S:
        (factor @ factor)[0, 0].item()
        n_products += 1
    return 2.0 * size**3 * n_products / (time.perf_counter() - started_s)


def describe_cost(cost: Cost, speed: float, place: str) -> str:
    """Describe in one line what a run will cost.

    Parameters
    ----------
    cost : Cost
    speed : float
        Operations per second, from `measure_speed`.
    place : str
        The device that was measured.
    """
    memory_gib = cost.memory_bytes / 2**30
    duration = _format_duration(cost.flops / (_USED * speed))
    return (
        f"{_short(cost.n_weights)} weights, {_short(cost.n_trained)} of them trained; "
        f"{_short(cost.flops, 'FLOP')} in all; about {memory_gib:.2g} GiB of memory; about "
        f"{duration} without reading and evaluation, at {100 * _USED:.0f} % of the "
        f"{_short(speed, 'FLOP/s')} of a matrix product on {place}"
    )


def _short(number: float, unit: str = "") -> str:
    """Format a large number by three digits and a prefix."""
    for prefix, factor in (("P", 1e15), ("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= factor and (unit or prefix in "Mk"):
            return f"{number / factor:.3g} {prefix}{unit}"
    return f"{number:.3g} {unit}".rstrip()


def _format_duration(seconds: float) -> str:
    for unit, factor in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * factor:
            return f"{seconds / factor:.2g} {unit}"
    return f"{seconds:.2g} seconds" if seconds >= 2 else "two seconds at most"
