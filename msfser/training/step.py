"""One step of the optimiser, its gradients exact however the step is split.

The random numbers of the model (dropout, LayerDrop) are drawn from a generator that is seeded with
the run's seed, the step and the micro-batch: a step can be replayed, and neither a resumed run nor
another number of processes changes it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import AdamW

from msfser.ccc import ccc_loss
from msfser.config.settings import Precision, TrainConfig
from msfser.data.batching import Batch
from msfser.manifest import DIMENSIONS
from msfser.model.evidential import N_EVIDENCE, deer_loss
from msfser.model.msf_ser import MsfSer
from msfser.model.wavlm.lora import is_lora
from msfser.training.labels.losses import side_loss, side_sizes
from msfser.training.labels.targets import RATINGS
from msfser.training.ranks.gradients import GradientSums
from msfser.training.ranks.ranks import Ranks
from msfser.training.steps.batches import TrainingStep


def learning_rate_factor(step: int, n_steps: int, settings: TrainConfig) -> float:
    """Compute the factor of all learning rates: a linear rise to 1, then the schedule.

    Parameters
    ----------
    step : int
        From 0.
    n_steps : int
        Of the whole run.
    settings : TrainConfig
        `warmup_steps` and `schedule` are read.

    Returns
    -------
    float
        From 0 to 1.
    """
    warmup_steps = settings.warmup_steps
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    if settings.schedule == "constant":
        return 1.0
    done = (step - warmup_steps) / max(n_steps - warmup_steps, 1)
    return (1.0 + math.cos(math.pi * min(done, 1.0))) / 2


def describe_warmup(settings: TrainConfig, n_steps: int) -> str:
    """Return a note on a run of so many steps that ends before its warm-up does, or ``""``."""
    warmup_steps = settings.warmup_steps
    if warmup_steps <= n_steps:
        return ""
    return (
        f"train.warmup_steps {warmup_steps:,} is above the {n_steps:,} steps of the run, so the "
        f"learning rate reaches {100 * n_steps / warmup_steps:.2g} % of its value only"
    )


def make_optimiser(model: MsfSer, settings: TrainConfig) -> AdamW:
    """Build AdamW with one learning rate for WavLM, one for new layers, one for the routing.

    The changes of LoRA and the weights of a sum of layers are new layers.
    The routing has no weight decay, which would draw its logits towards equal weights.
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
        is_new = is_lora(name) or name.startswith("acoustic.layer_sum.")
        kind = "acoustic" if name.startswith("acoustic.") and not is_new else "new"
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
        fused=next(model.parameters()).is_cuda
        or None,  # on a CPU, the fused version rounds differently
    )


def set_learning_rates(optimiser: AdamW, factor: float) -> None:
    """Set the learning rate of each group to its full rate times a factor."""
    for group in optimiser.param_groups:
        group["lr"] = group["full_lr"] * factor


def take_step(
    model: MsfSer,
    optimiser: AdamW,
    step: TrainingStep,
    settings: TrainConfig,
    number: int,
    n_steps: int,
    ranks: Ranks,
) -> Tensor:
    """Update the model by one of the `n_steps` of a run; other parameters as in `step_gradients`.

    The caller must check that the predictions are finite; otherwise, the model cannot be used.

    Returns
    -------
    (step's utterances, 3) float32 Tensor
        The predictions before the update, without gradients.
    """
    optimiser.zero_grad(set_to_none=True)
    predictions = step_gradients(model, step, settings, number, ranks)
    if settings.max_grad_norm:
        nn.utils.clip_grad_norm_(model.parameters(), settings.max_grad_norm)
    set_learning_rates(optimiser, learning_rate_factor(number, n_steps, settings))
    optimiser.step()
    return predictions


def step_gradients(
    model: MsfSer, step: TrainingStep, settings: TrainConfig, number: int, ranks: Ranks
) -> Tensor:
    """Compute the gradients of one step's loss, the sum of 1 - CCC over the dimensions.

    Where the model predicts evidence, the loss is that of DEER, from the single ratings of each
    utterance where the step has them, averaged over the utterances. The
    losses of heads beside valence, arousal and dominance are added (`side_loss`).

    With ``settings.ccc_scope == "step"``, CCC is taken over all utterances of the step, whichever
    process holds them: a first pass computes all predictions, the loss gives the gradient of
    each, and a second pass, with the same dropout, carries it into the model. A process
    that holds a single micro-batch needs no second pass. With ``"micro"``, CCC is taken over each
    micro-batch, and the losses are averaged.

    Parameters
    ----------
    model : MsfSer
        In training mode.
    step : TrainingStep
        On the device of the model.
    settings : TrainConfig
    number : int
        Of the step in the run, from 0.
    ranks : Ranks

    Returns
    -------
    (step's utterances, 3) float32 Tensor
        The predictions, without gradients.
    """
    n_parts = len(step.sizes)
    edges = np.cumsum([0, *step.sizes]).tolist()
    held = [
        (batch, _draw_seed(settings.seed, number, part), slice(edges[part], edges[part + 1]))
        for batch, part in zip(step.batches, range(ranks.rank, n_parts, ranks.size), strict=True)
    ]
    sums = None  # one micro-batch of one process: its gradients as they are
    if n_parts > 1 or ranks.size > 1:
        sums = GradientSums(model, ranks, settings.reduction)
    layout = _Layout(model, settings)
    shape = (len(step.labels), layout.width)
    predictions = step.labels.new_zeros(shape, dtype=next(model.parameters()).dtype)
    if settings.ccc_scope == "micro":
        for batch, seed, rows in held:
            values = _predict(model, batch, seed, settings.precision)
            targets = {name: one[rows] for name, one in step.targets.items()}
            loss = layout.loss(values, step.labels[rows], targets) / n_parts
            _run_backward(loss, None, sums, last=batch is held[-1][0])
            predictions[rows] = values.detach()
    else:
        # First pass: all predictions; without gradients, other kernels would round otherwise
        one_pass = len(held) == 1
        first = []
        for batch, seed, _ in held:
            values = _predict(model, batch, seed, settings.precision)
            first.append(values if one_pass else values.detach())
        for values, (_, _, rows) in zip(first, held, strict=True):
            predictions[rows] = values.detach()
        ranks.add_up(predictions)
        leaf = predictions.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(layout.loss(leaf, step.labels, step.targets), leaf)
        # Second pass: their gradients into the model
        for values, (batch, seed, rows) in zip(first, held, strict=True):
            live = values if one_pass else _predict(model, batch, seed, settings.precision)
            _run_backward(live, gradient[rows], sums, last=batch is held[-1][0])
    if sums is not None:
        sums.set_gradients()
    if settings.ccc_scope == "micro":
        ranks.add_up(predictions)
    return layout.values(predictions)


class _Layout:
    """The columns of the outputs of a model: three values or their evidence, then other heads."""

    def __init__(self, model: MsfSer, settings: TrainConfig) -> None:
        self._settings = settings
        self._n_each = N_EVIDENCE if model.config.output == "evidence" else 1
        self._sizes = side_sizes(model.config.side_heads, len(model.facts.emotions))
        self._n_main = len(DIMENSIONS) * self._n_each
        self.width = self._n_main + sum(self._sizes.values())

    def loss(self, outputs: Tensor, labels: Tensor, targets: Mapping[str, Tensor]) -> Tensor:
        """Compute the loss: of CCC, or of DEER for evidence, and of the other heads."""
        main = outputs[:, : self._n_main] if self._sizes else outputs
        if self._n_each > 1:
            main = main.reshape(-1, len(DIMENSIONS), self._n_each)
            ratings = targets.get(RATINGS, labels)
            weight, likelihood = self._settings.deer_regulariser, self._settings.deer_likelihood
            found = deer_loss(main, ratings, weight, likelihood).mean()
        else:
            found = ccc_loss(main, labels).sum()
        if self._sizes:
            parts = torch.split(outputs[:, self._n_main :], list(self._sizes.values()), dim=1)
            side = dict(zip(self._sizes, parts, strict=True))
            found = found + side_loss(side, targets, self._settings)
        return found

    def values(self, outputs: Tensor) -> Tensor:
        """Return the predicted values, (utterances, 3)."""
        return outputs[:, : self._n_main : self._n_each]


def _run_backward(
    values: Tensor, gradient: Tensor | None, sums: GradientSums | None, *, last: bool
) -> None:
    if sums is None:
        values.backward(gradient)  # type: ignore[no-untyped-call]
    else:
        sums.add_gradients(values, gradient, last=last)


def _predict(model: MsfSer, batch: Batch, seed: int, precision: Precision) -> Tensor:
    """Compute the outputs of a micro-batch, (batch, columns), with the dropout of a seed."""
    torch.manual_seed(seed)
    device = batch.waveforms.device.type
    with torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
        predicted = model(
            batch.waveforms,
            batch.sample_mask,
            batch.texts,
            batch.present,
            batch.time_mask,
            batch.feature_mask,
            contours=batch.contours,
        )
    outputs: Tensor = predicted.outputs.flatten(start_dim=1)
    return torch.cat([outputs, *predicted.side.values()], dim=1) if predicted.side else outputs


def _draw_seed(seed: int, step: int, micro_batch: int) -> int:
    return int(np.random.SeedSequence([seed, step, micro_batch]).generate_state(1)[0])
