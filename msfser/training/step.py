"""One step of the optimiser, its gradients exact however the step is split.

Chance in the model (dropout, LayerDrop) is drawn from a generator seeded with the run's seed, the
step and the micro-batch: a step can be replayed, and neither a resumed run nor another number of
processes changes it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import AdamW

from msfser.ccc import ccc_loss
from msfser.config.settings import TrainConfig
from msfser.data.batching import Batch
from msfser.data.examples import IntArray
from msfser.model.msf_ser import MsfSer
from msfser.training.ranks import Ranks


def learning_rate_factor(step: int, n_steps: int, settings: TrainConfig) -> float:
    """Give what the learning rates are multiplied with: a linear rise to 1, then the schedule.

    Parameters
    ----------
    step : int
        From 0.
    n_steps : int
        Of the whole run.
    settings : TrainConfig
        `warmup_steps` and `schedule`.
    """
    warmup_steps = settings.warmup_steps
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    if settings.schedule == "constant":
        return 1.0
    done = (step - warmup_steps) / max(n_steps - warmup_steps, 1)
    return (1.0 + math.cos(math.pi * min(done, 1.0))) / 2


def make_optimiser(model: MsfSer, settings: TrainConfig) -> AdamW:
    """Give AdamW a learning rate for WavLM, one for the new layers, one for the routing.

    Weight decay leaves the routing alone: it would draw its logits towards equal weights.
    """
    rates = {
        "acoustic": settings.lr,
        "routing": settings.routing_lr or settings.lr,
        "new": settings.head_lr or settings.lr,
    }
    groups: dict[str, list[nn.Parameter]] = {name: [] for name in rates}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        kind = "acoustic" if name.startswith("acoustic.") else "new"
        groups["routing" if "routing" in name else kind].append(parameter)
    return AdamW(
        [
            {
                "params": groups[name],
                "lr": rate,
                "full_lr": rate,
                "weight_decay": 0.0 if name == "routing" else settings.weight_decay,
            }
            for name, rate in rates.items()
            if groups[name]
        ],
        fused=next(model.parameters()).is_cuda or None,  # on a CPU, it would round otherwise
    )


def set_learning_rates(optimiser: AdamW, factor: float) -> None:
    """Give every group its full learning rate times a factor."""
    for group in optimiser.param_groups:
        group["lr"] = group["full_lr"] * factor


def take_step(
    model: MsfSer,
    optimiser: AdamW,
    micro_batches: Sequence[IntArray],
    batches: Sequence[Batch],
    labels: Tensor,
    settings: TrainConfig,
    step: int,
    n_steps: int,
    ranks: Ranks,
) -> Tensor:
    """Change the model by one step; all parameters and the result as in `step_gradients`.

    Predictions that are not finite spoil the model; it is for the caller to look at them.

    Parameters
    ----------
    optimiser : AdamW
        From `make_optimiser`.
    n_steps : int
        Of the whole run.
    """
    optimiser.zero_grad(set_to_none=True)
    predictions = step_gradients(model, micro_batches, batches, labels, settings, step, ranks)
    if settings.max_grad_norm:
        nn.utils.clip_grad_norm_(model.parameters(), settings.max_grad_norm)
    set_learning_rates(optimiser, learning_rate_factor(step, n_steps, settings))
    optimiser.step()
    return predictions


def step_gradients(
    model: MsfSer,
    micro_batches: Sequence[IntArray],
    batches: Sequence[Batch],
    labels: Tensor,
    settings: TrainConfig,
    step: int,
    ranks: Ranks,
) -> Tensor:
    """Add the gradients of one step's loss, the sum of 1 - CCC over the dimensions.

    With ``settings.ccc_scope == "step"``, CCC is taken over all utterances of the step, whichever
    process holds them: a first pass without gradients gives all predictions, the loss gives the
    gradient of each, and a second pass, with the same dropout, carries it into the model. A process
    that holds a single micro-batch needs no second pass. With ``"micro"``, CCC is taken over each
    micro-batch, and the losses are averaged.

    Parameters
    ----------
    model : MsfSer
        In training mode.
    micro_batches : sequence of (batch,) int64
        All of the step.
    batches : sequence of Batch
        Those that this process holds, on the model's device: every n-th of n processes.
    labels : (step's utterances, 3) float32 Tensor
        In the order of the micro-batches, on the same device.
    settings : TrainConfig
    step : int
    ranks : Ranks

    Returns
    -------
    (step's utterances, 3) float32 Tensor
        The predictions, without gradients.
    """
    edges = np.cumsum([0, *map(len, micro_batches)])
    numbers = range(ranks.rank, len(micro_batches), ranks.size)
    held = [
        (batch, number, slice(int(edges[number]), int(edges[number + 1])))
        for batch, number in zip(batches, numbers, strict=True)
    ]

    def predict(batch: Batch, number: int) -> Tensor:
        torch.manual_seed(_draw_seed(settings.seed, step, number))
        device = batch.waveforms.device.type
        with torch.autocast(device, torch.bfloat16, enabled=settings.precision == "bf16"):
            values: Tensor = model(
                batch.waveforms, batch.sample_mask, batch.texts, batch.present, batch.time_mask
            ).values
        return values

    predictions = torch.zeros_like(labels)
    if settings.ccc_scope == "micro":
        for batch, number, rows in held:
            values = predict(batch, number)
            loss: Tensor = ccc_loss(values, labels[rows]).sum() / len(micro_batches)
            loss.backward()  # type: ignore[no-untyped-call]
            predictions[rows] = values.detach()
        ranks.add_up(predictions)
    else:
        one_pass = len(held) == 1
        live = torch.empty(0)
        with torch.set_grad_enabled(one_pass):
            for batch, number, rows in held:
                live = predict(batch, number)
                predictions[rows] = live.detach()
        ranks.add_up(predictions)
        leaf = predictions.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(ccc_loss(leaf, labels).sum(), leaf)
        for batch, number, rows in held:
            values = live if one_pass else predict(batch, number)
            values.backward(gradient[rows])  # type: ignore[no-untyped-call]
    ranks.add_up_gradients(model)
    return predictions


def _draw_seed(seed: int, step: int, micro_batch: int) -> int:
    return int(np.random.SeedSequence([seed, step, micro_batch]).generate_state(1)[0])
