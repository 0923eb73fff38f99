"""All settings of a run: frozen, checked on construction, with the paper's values by default.

Where the paper names no value, the default is that of the public MSP-Podcast baseline, whose
settings the paper repeats; docs/model.md lists these choices.
"""

from __future__ import annotations

import json
import re
import reprlib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Literal, get_args, get_type_hints

from msfser.errors import ConfigError

Semantic = Literal["gs", "les", "es"]
Intra = Literal["none", "attention", "gated"]
Fusion = Literal["none", "concat", "attention", "film", "fm_moe"]
Heads = Literal["independent", "shared"]
ExpertC = Literal["es", "all"]
PoolingInit = Literal["normal", "xavier"]
Attention = Literal["sdpa", "hf"]
TextPooling = Literal["mean", "cls"]
TextNorm = Literal["none", "global"]
WaveNorm = Literal["global", "utterance", "none"]
CccScope = Literal["step", "micro"]
Crop = Literal["head", "random"]
Precision = Literal["fp32", "tf32", "bf16"]
Reduction = Literal["fp64", "bf16"]
Schedule = Literal["constant", "cosine"]
OutsideLabels = Literal["keep", "refuse"]  # labels outside the rating scale
Engine = Literal["faster-whisper", "transformers"]  # of Whisper

DEVICES = "'auto', 'cpu', 'cuda' or 'cuda:N'"
SEMANTICS: tuple[Semantic, ...] = ("gs", "les", "es")
TINY_ACOUSTIC = "tiny"  # a small WavLM with random weights, for one core
RATE_HZ = 16_000  # of the samples that WavLM reads
SHORTEST_S = 0.25  # SpecAugment and the CNN need some frames
WINDOW_S = 30.0  # longer recordings are predicted in windows of equal length, up to this


_MOST = 2**63 - 1  # of the integers of TOML
_WIDEST = 2**16  # vectors and layers
_DEVICE = re.compile(r"auto|cpu|cuda(:[0-9]{1,3})?")


def _check_fields(part: ModelConfig | DataConfig | TrainConfig, name: str) -> None:
    """Check the type of every field, and convert whole numbers to float where needed."""
    hints = get_type_hints(type(part))
    for setting in fields(part):
        hint, key = hints[setting.name], f"{name}.{setting.name}"
        value = getattr(part, setting.name)
        if hint is float and type(value) is int and abs(value) <= _MOST:
            object.__setattr__(part, setting.name, float(value))
        elif hint in (int, float, bool, str):
            if type(value) is not hint:
                raise ConfigError(f"{key} {_shown(value)}: must be of type {hint.__name__}")
        elif getattr(hint, "__origin__", None) is tuple:
            if not isinstance(value, tuple):
                raise ConfigError(f"{key} {_shown(value)}: must be a list")
        else:
            check_choice(key, value, get_args(hint))


def check_choice(key: str, value: object, choices: Sequence[str]) -> None:
    """Check that a value is one of the choices."""
    if value not in choices:
        shown = reprlib.repr(value) if isinstance(value, str) else _shown(value)
        raise ConfigError(f"{key} {shown}: must be one of {', '.join(map(repr, choices))}")


def _shown(value: object) -> str:
    """Format a value of TOML for a message."""
    try:
        return json.dumps(value, default=str)
    except (ValueError, RecursionError):  # an integer of more digits than Python writes
        return f"a very large {type(value).__name__}"


def _check_range(key: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        shown = _shown(value) if isinstance(value, int) else f"{value:g}"
        top = f"{high:,}" if isinstance(high, int) else f"{high:g}"
        bounds = f"{low:g} or more" if value < low and high > 1 else f"{low:g} to {top}"
        raise ConfigError(f"{key} {shown}: must be {bounds}")


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Figure 1 of the paper, and the switches of table 2.

    Parameters
    ----------
    acoustic : str
        WavLM: a local folder or a name on the hub; ``"tiny"`` is a small one with random weights.
    semantics : tuple of {"gs", "les", "es"}
        Which levels of semantics the model reads; none for the acoustic baseline.
    intra : {"none", "attention", "gated"}
        How LES and GS are fused into h_sem: by equations 3 and 4 if gated. With only one of them,
        it must be ``"none"``.
    fusion : {"none", "concat", "attention", "film", "fm_moe"}
        How the semantics are fused with the acoustic features; ``"none"`` only without semantics.
    text_dim : int
        Size of the text vectors; 1024 for RoBERTa-large.
    text_pooling : {"mean", "cls"}
        Masked mean of the last layer, or the vector of ``<s>``.
    text_norm : {"none", "global"}
        Text vectors unchanged, or standardised over the training set.
    heads : {"independent", "shared"}
        A two-layer regression head for each dimension, or one for all, as in the public baseline.
    head_dim : int
        Width of the hidden layer of the heads.
    film_dim : int
        Width of the hidden layer of the MLP in equation 6.
    head_dropout, film_dropout : float
        Dropout inside the heads and inside the MLP of equation 6.
    expert_c : {"es", "all"}
        What conditions expert C: ES alone, or h_sem and ES.
    pooling_init : {"normal", "xavier"}
        How the attention of the pooling starts: peaked as in the public baseline, or nearly even.
    attention : {"sdpa", "hf"}
        How WavLM computes attention: fused, or as in transformers, slower with the same result.
    freeze_cnn : bool
        Keep the CNN front-end as it is, and run it without gradients.
    layerdrop : float
        Probability that a layer of WavLM is skipped in training.
    spec_augment : bool
        Mask frames and features in training, as set in the configuration of WavLM.
    """

    acoustic: str = "microsoft/wavlm-large"
    semantics: tuple[Semantic, ...] = ("gs", "les", "es")
    intra: Intra = "gated"
    fusion: Fusion = "fm_moe"
    text_dim: int = 1024
    text_pooling: TextPooling = "mean"
    text_norm: TextNorm = "none"
    heads: Heads = "independent"
    head_dim: int = 1024
    film_dim: int = 1024
    head_dropout: float = 0.5
    film_dropout: float = 0.1
    expert_c: ExpertC = "es"
    pooling_init: PoolingInit = "normal"
    attention: Attention = "sdpa"
    freeze_cnn: bool = True
    layerdrop: float = 0.1
    spec_augment: bool = True

    def __post_init__(self) -> None:
        _check_fields(self, "model")
        for semantic in self.semantics:
            check_choice("model.semantics", semantic, SEMANTICS)
        if len(set(self.semantics)) < len(self.semantics):
            raise ConfigError(f"model.semantics {list(self.semantics)}: each at most once")
        both = {"gs", "les"} <= set(self.semantics)
        if both and self.intra == "none":
            raise ConfigError("model.intra 'none': GS and LES need 'attention' or 'gated'")
        if not both and self.intra != "none":
            raise ConfigError(f"model.intra {self.intra!r}: needs both GS and LES; set 'none'")
        if bool(self.semantics) == (self.fusion == "none"):
            raise ConfigError(
                f"model.fusion {self.fusion!r}: with semantics {list(self.semantics)} it must "
                + ("not be 'none'" if self.semantics else "be 'none'")
            )
        for name in ("text_dim", "head_dim", "film_dim"):
            _check_range(f"model.{name}", getattr(self, name), 1, _WIDEST)
        for name in ("head_dropout", "film_dropout", "layerdrop"):
            _check_range(f"model.{name}", getattr(self, name), 0.0, 0.999)


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """The training data.

    Parameters
    ----------
    folder : str
        Folder that holds the manifest and, with semantics, the features.
    train_split, development_split : str
        Splits of the manifest. Without a development split, the last epoch is kept.
    test_fold : int
        Fold that is held out, from 1, in place of splits; 0 for none.
    crop_s : float
        Longer clips are cropped to this length in training.
    crop : {"head", "random"}
        Which part of them is kept.
    wave_norm : {"global", "utterance", "none"}
        Samples are standardised by mean and deviation of all training samples, of the clip, or not.
    mega_batches : int
        Number of steps whose utterances are sorted by length together, after they were shuffled;
        0 leaves them in the shuffled order.
    workers : int
        Processes that read audio; 0 reads in the training process.
    cache : str
        Folder of decoded recordings, which other runs may share; ``""`` for none. It changes no
        result.
    """

    folder: str = ""
    train_split: str = "train"
    development_split: str = "development"
    test_fold: int = 0
    crop_s: float = 12.0
    crop: Crop = "head"
    wave_norm: WaveNorm = "global"
    mega_batches: int = 50
    workers: int = 0
    cache: str = ""

    def __post_init__(self) -> None:
        _check_fields(self, "data")
        for name, low, high in (
            ("test_fold", 0, 2**31 - 1),
            ("crop_s", SHORTEST_S, 86_400),
            ("mega_batches", 0, 1_000_000),
            ("workers", 0, 1_000),
        ):
            _check_range(f"data.{name}", getattr(self, name), low, high)


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

    def __post_init__(self) -> None:
        _check_fields(self, "train")
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
            ("seed", 0, _MOST),
        ):
            _check_range(f"train.{name}", getattr(self, name), low, high)
        if not _DEVICE.fullmatch(self.device):
            raise ConfigError(f"train.device {_shown(self.device)}: must be {DEVICES}")
        _check_range("train.text_dropout", self.text_dropout, 0.0, 0.999)
        if self.batch_size % self.accumulation:
            raise ConfigError(
                f"train.accumulation {self.accumulation}: does not divide "
                f"train.batch_size {self.batch_size}; set a divisor"
            )
        if self.ccc_scope == "micro" and self.batch_size // self.accumulation < 2:
            raise ConfigError("train.ccc_scope 'micro': a micro-batch needs 2 utterances or more")


@dataclass(frozen=True, kw_only=True)
class Config:
    """All settings of a run."""

    model: ModelConfig = field(default_factory=ModelConfig)
    data: DataConfig = field(default_factory=DataConfig)
    train: TrainConfig = field(default_factory=TrainConfig)

    def without_cache(self) -> Config:
        """Return the settings that a result depends on."""
        return replace(self, data=replace(self.data, cache=""))
