"""The table ``[train]``: loss, optimiser, precision and device."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from msfser.config.checks import MOST, check_fields, check_range, shown_value
from msfser.config.written import LATER
from msfser.errors import ConfigError

CccScope = Literal["step", "micro"]
Precision = Literal["fp32", "tf32", "bf16"]
Reduction = Literal["fp64", "bf16"]
Schedule = Literal["constant", "cosine"]
Sampling = Literal["all", "balanced", "undersampled"]
Likelihood = Literal["joint", "single"]

DEVICES = "'auto', 'cpu', 'cuda' or 'cuda:N'"

_DEVICE = re.compile(r"auto|cpu|cuda(:[0-9]{1,3})?")


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """The training.

    Parameters
    ----------
    lr, head_lr, routing_lr : float
        Learning rates of AdamW: of WavLM; of all new layers but the routing; of the routing
        logits. 0 for `head_lr` and `routing_lr` means `lr`.
    weight_decay : float
    batch_size : int
        Utterances of one optimiser step.
    accumulation : int
        Micro-batches that a step is split into, to save memory.
    ccc_scope : {"step", "micro"}
        CCC over all utterances of the step (exact, by two passes when the step is split), or over
        each micro-batch.
    epochs : int
    warmup_steps : int
        Steps over which the learning rates rise linearly to their full values.
    schedule : {"constant", "cosine"}
        The learning rates after that: constant, or falling to 0 at the last step.
    max_grad_norm : float
        Gradients are scaled down to this norm; 0 for no limit.
    precision : {"fp32", "tf32", "bf16"}
        Of WavLM and fusion. ``"tf32"`` is fp32 with products that NVIDIA GPUs round, and fp32 on a
        CPU; with ``"bf16"`` (autocast), weights, pooling, heads and CCC stay in fp32.
    checkpointing : bool
        Keep only the inputs of WavLM's layers for backward, and compute the rest anew: the same
        gradients from a fraction of the memory, for one more forward pass.
    reduction : {"fp64", "bf16"}
        Numbers that carry gradients between processes: exact, or a quarter of the bytes.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    text_dropout : float
        Probability that a text of an utterance is treated as missing in a step, which trains the
        null vectors; at 0, only utterances without a text train them.
    deer_regulariser : float
        Weight of the errors that DEER punishes where the model is sure; only read with
        ``model.output = "evidence"``.
    deer_likelihood : {"joint", "single"}
        Of the votes on an utterance: of all together, which share one mean and one variance; or of
        each alone, averaged, as the authors of DEER do. Only read with ``model.output =
        "evidence"``.
    gender_weight, emotion_weight, spread_weight : float
        Weights of the losses of `model.side_heads`, beside the sum of 1 - CCC.
    sampling : {"all", "balanced", "undersampled"}
        Utterances of an epoch: all; as many of each emotion, rare ones several times; or as many of
        each emotion as the rarest has.
    seed : int
    init : str
        Model whose weights the training starts from: a run, a folder, or a name on the hub.
    """

    lr: float = 1e-5
    head_lr: float = 0.0
    routing_lr: float = 0.0
    weight_decay: float = 0.01
    batch_size: int = 32
    accumulation: int = 4
    ccc_scope: CccScope = "step"
    epochs: int = 20
    warmup_steps: int = 0
    schedule: Schedule = "constant"
    max_grad_norm: float = 0.0
    precision: Precision = "fp32"
    checkpointing: bool = False
    reduction: Reduction = "fp64"
    device: str = "auto"
    text_dropout: float = 0.0
    seed: int = 0
    init: str = ""
    deer_regulariser: float = field(default=0.1, metadata=LATER)
    deer_likelihood: Likelihood = field(default="joint", metadata=LATER)
    gender_weight: float = field(default=0.1, metadata=LATER)
    emotion_weight: float = field(default=0.3, metadata=LATER)
    spread_weight: float = field(default=0.3, metadata=LATER)
    sampling: Sampling = field(default="all", metadata=LATER)

    def __post_init__(self) -> None:
        check_fields(self, "train")
        for name, low, high in (
            ("lr", 1e-12, 1e38),
            ("head_lr", 0, 1e38),
            ("routing_lr", 0, 1e38),
            ("weight_decay", 0, 1e38),
            ("max_grad_norm", 0, 1e38),
            ("batch_size", 2, 1_000_000),
            ("accumulation", 1, 1_000_000),
            ("epochs", 1, 1_000_000),
            ("warmup_steps", 0, 10**9),
            ("seed", 0, MOST),
            ("deer_regulariser", 0, 1e6),
            ("gender_weight", 0, 1e6),
            ("emotion_weight", 0, 1e6),
            ("spread_weight", 0, 1e6),
        ):
            check_range(f"train.{name}", getattr(self, name), low, high)
        if not _DEVICE.fullmatch(self.device):
            raise ConfigError(f"train.device {shown_value(self.device)}: must be {DEVICES}")
        check_range("train.text_dropout", self.text_dropout, 0.0, 0.999)
        if self.batch_size % self.accumulation:
            raise ConfigError(
                f"train.accumulation {self.accumulation}: does not divide "
                f"train.batch_size {self.batch_size}; set a divisor"
            )
        if self.ccc_scope == "micro" and self.batch_size // self.accumulation < 2:
            raise ConfigError("train.ccc_scope 'micro': a micro-batch needs 2 utterances or more")
