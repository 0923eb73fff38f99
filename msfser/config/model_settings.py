"""The table ``[model]``: figure 1 of the paper, and the switches of table 2."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from msfser.config.checks import WIDEST, check_fields, check_names, check_range
from msfser.config.written import LATER
from msfser.errors import ConfigError

Semantic = Literal["gs", "les", "es", "context"]
Intra = Literal["none", "attention", "gated"]
Fusion = Literal["none", "concat", "attention", "film", "fm_moe"]
Heads = Literal["independent", "shared", "linear"]
Pooling = Literal["attentive", "mean"]
ExpertC = Literal["es", "all"]
PoolingInit = Literal["normal", "xavier"]
Attention = Literal["sdpa", "hf"]
TextPooling = Literal["mean", "cls"]
TextNorm = Literal["none", "global"]
Output = Literal["value", "evidence"]
SideHead = Literal["gender", "emotion", "spread"]
Contours = Literal["none", "cross_attention"]
ContextIn = Literal["own", "h_sem"]
Projection = Literal["query", "key", "value", "out"]

SEMANTICS: tuple[Semantic, ...] = ("gs", "les", "es", "context")
SIDE_HEADS: tuple[SideHead, ...] = ("gender", "emotion", "spread")
PROJECTIONS: tuple[Projection, ...] = ("query", "key", "value", "out")
TINY_ACOUSTIC = "tiny"  # a small WavLM with random weights, for one core


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Figure 1 of the paper, and the switches of table 2.

    Parameters
    ----------
    acoustic : str
        WavLM, wav2vec 2.0, HuBERT or Whisper, whose encoder is read: a local folder or a name on
        the hub; ``"tiny"`` is a small WavLM with random weights.
    semantics : tuple of {"gs", "les", "es", "context"}
        Which levels of semantics the model reads; none for the acoustic baseline. Context, what
        was said before in the dialogue, is none of the paper's.
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
    heads : {"independent", "shared", "linear"}
        A two-layer regression head for each dimension, or one for all, as in the public baseline,
        or a linear regression.
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
    pooling : {"attentive", "mean"}
        Weighted means and deviations of the frames, or their mean alone.
    output : {"value", "evidence"}
        What the heads predict of each dimension: a value, trained by CCC; or the four numbers of
        DEER, whose loss trains them, with the uncertainty of the value.
    contours : {"none", "cross_attention"}
        Whether WavLM's frames attend to contours of F0, voicing and energy (PCM).
    contour_dim : int
        Size of the tokens that the contours become; a multiple of 4.
    layer_sum : bool
        Frames are a learned average of the outputs of all layers of the encoder, in place of the
        output of the last.
    side_heads : tuple of {"gender", "emotion", "spread"}
        What heads beside valence, arousal and dominance predict: the gender of the speaker, from
        the voice alone; the emotion; how far the raters differ.
    context_in : {"own", "h_sem"}
        Where the context enters: beside h_sem and ES, with an expert of its own in FM-MOE; or in
        the place of h_sem, as W [h_sem; context] + b.
    lora_rank : int
        Rank r of the changes that LoRA adds to the attention of WavLM, which is otherwise frozen;
        0 fine-tunes WavLM itself.
    lora_alpha : float
        The changes are scaled by alpha / r.
    lora_projections : tuple of {"query", "key", "value", "out"}
        Which projections are changed.
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
    pooling: Pooling = field(default="attentive", metadata=LATER)
    output: Output = field(default="value", metadata=LATER)
    contours: Contours = field(default="none", metadata=LATER)
    contour_dim: int = field(default=64, metadata=LATER)
    layer_sum: bool = field(default=False, metadata=LATER)
    side_heads: tuple[SideHead, ...] = field(default=(), metadata=LATER)
    context_in: ContextIn = field(default="own", metadata=LATER)
    lora_rank: int = field(default=0, metadata=LATER)
    lora_alpha: float = field(default=16.0, metadata=LATER)
    lora_projections: tuple[Projection, ...] = field(default=PROJECTIONS, metadata=LATER)

    def __post_init__(self) -> None:
        check_fields(self, "model")
        check_names("model.semantics", self.semantics, SEMANTICS)
        check_names("model.side_heads", self.side_heads, SIDE_HEADS)
        check_names("model.lora_projections", self.lora_projections, PROJECTIONS)
        both = {"gs", "les"} <= set(self.semantics)
        if both and self.intra == "none":
            raise ConfigError("model.intra 'none': GS and LES need 'attention' or 'gated'")
        if not both and self.intra != "none":
            raise ConfigError(f"model.intra {self.intra!r}: needs both GS and LES; set 'none'")
        if self.context_in == "h_sem" and not (
            "context" in self.semantics and {"gs", "les"} & set(self.semantics)
        ):
            raise ConfigError(
                "model.context_in 'h_sem': needs 'context' and 'gs' or 'les' in model.semantics; "
                "set 'own'"
            )
        if bool(self.semantics) == (self.fusion == "none"):
            raise ConfigError(
                f"model.fusion {self.fusion!r}: with semantics {list(self.semantics)} it must "
                + ("not be 'none'" if self.semantics else "be 'none'")
            )
        for name in ("text_dim", "head_dim", "film_dim"):
            check_range(f"model.{name}", getattr(self, name), 1, WIDEST)
        for name in ("head_dropout", "film_dropout", "layerdrop"):
            check_range(f"model.{name}", getattr(self, name), 0.0, 0.999)
        check_range("model.contour_dim", self.contour_dim, 4, WIDEST)
        if self.contour_dim % 4:
            raise ConfigError(f"model.contour_dim {self.contour_dim}: must be a multiple of 4")
        check_range("model.lora_rank", self.lora_rank, 0, WIDEST)
        check_range("model.lora_alpha", self.lora_alpha, 1e-6, 1e6)
        if self.lora_rank and not self.lora_projections:
            raise ConfigError("model.lora_projections []: model.lora_rank needs one or more")
