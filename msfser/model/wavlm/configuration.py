"""The configuration of an encoder that somebody else wrote: what the model reads of it, checked.

Other keys, such as those of heads for other tasks, are left at the defaults of transformers.
"""

from __future__ import annotations

import math
import reprlib
from collections.abc import Mapping
from typing import Any

from transformers import HubertConfig, PreTrainedConfig, Wav2Vec2Config, WavLMConfig, WhisperConfig
from transformers.activations import ACT2FN

from msfser.config.settings import RATE_HZ, SHORTEST_S
from msfser.errors import CheckpointError
from msfser.model.wavlm.frames import count_frames

_MOST_CONVOLUTIONS = 20
_MOST_FRAMES = 1000  # per second; WavLM has 50

# The lowest and the highest number, whole if both are; or the values that there are.
_Rule = tuple[float, float] | frozenset[object]
_SIZE, _COUNT, _PROBABILITY, _FLAG = (1, 2**16), (0, 10**6), (0.0, 1.0), frozenset({False, True})
_CONVOLUTIONS = ("conv_dim", "conv_kernel", "conv_stride")  # a list of sizes each
_RULES: dict[str, _Rule] = {
    **dict.fromkeys(_CONVOLUTIONS, _SIZE),
    **dict.fromkeys(("hidden_size", "intermediate_size", "num_attention_heads"), _SIZE),
    **dict.fromkeys(("num_conv_pos_embeddings", "num_conv_pos_embedding_groups"), _SIZE),
    "num_hidden_layers": (1, 1000),
    "num_buckets": (4, 2**16),
    "max_bucket_distance": (2, 10**6),
    "layer_norm_eps": (1e-12, 0.1),
    **dict.fromkeys(("hidden_dropout", "activation_dropout", "attention_dropout"), _PROBABILITY),
    **dict.fromkeys(("feat_proj_dropout", "mask_time_prob", "mask_feature_prob"), _PROBABILITY),
    **dict.fromkeys(("mask_time_length", "mask_feature_length"), (1, 10**6)),
    **dict.fromkeys(("mask_time_min_masks", "mask_feature_min_masks"), _COUNT),
    **dict.fromkeys(("conv_bias", "do_stable_layer_norm", "apply_spec_augment"), _FLAG),
    **dict.fromkeys(("hidden_act", "feat_extract_activation"), frozenset(ACT2FN)),
    "feat_extract_norm": frozenset({"group", "layer"}),
    "add_adapter": frozenset({False}),
    # HuBERT
    "feat_proj_layer_norm": _FLAG,
    "conv_pos_batch_norm": frozenset({False}),  # an utterance would depend on its batch
}
_WHISPER_RULES: dict[str, _Rule] = {
    **dict.fromkeys(("d_model", "encoder_ffn_dim", "encoder_attention_heads"), _SIZE),
    "encoder_layers": (1, 1000),
    "num_mel_bins": (1, 1000),
    "max_source_positions": (25, 10**5),  # of 20 ms
    **dict.fromkeys(("dropout", "attention_dropout", "activation_dropout"), _PROBABILITY),
    "activation_function": frozenset(ACT2FN),
    "scale_embedding": _FLAG,
}
CONFIGS: Mapping[str, type[PreTrainedConfig]] = {  # of the encoders that there are, by model_type
    "wavlm": WavLMConfig,
    "wav2vec2": Wav2Vec2Config,
    "hubert": HubertConfig,
    "whisper": WhisperConfig,
}


def make_encoder_config(content: Mapping[str, Any], place: str) -> PreTrainedConfig:
    """Build the configuration of an encoder from that of a file.

    Parameters
    ----------
    content : mapping
        Its ``model_type`` is one of `CONFIGS`, or missing for a WavLM. Keys that are missing have
        the defaults of transformers.
    place : str
        The file, and what its keys begin with there, such as ``"best/config.json: wavlm."``.

    Raises
    ------
    CheckpointError
        A value that cannot be used.
    """
    kind = content.get("model_type", "wavlm")
    if not isinstance(kind, str) or kind not in CONFIGS:
        raise CheckpointError(
            f"{place}model_type {kind!r}; the encoder can be one of {', '.join(CONFIGS)}"
        )
    rules = _WHISPER_RULES if kind == "whisper" else _RULES
    given = {key: content[key] for key in rules if key in content}
    found = (_problem(key, value, rules[key]) for key, value in given.items())
    wrong = next((problem for problem in found if problem), "")
    if not wrong:
        values = CONFIGS[kind]().to_dict() | given
        wrong = _misfit_of_whisper(values) if kind == "whisper" else _misfit(values)
    if wrong:
        raise CheckpointError(f"{place}{wrong}; copy the model again, or name another")
    return CONFIGS[kind](**given)


def _problem(key: str, value: object, rule: _Rule) -> str:
    """Describe why a value cannot be used, or return ``""``."""
    shown = f"{key} {reprlib.repr(value)}: must be"
    if isinstance(rule, frozenset):
        known = isinstance(value, bool | str) and any(
            type(value) is type(one) and value == one for one in rule
        )
        return "" if known else f"{shown} one of {', '.join(sorted(map(repr, rule)))}"
    low, high = rule
    kind = int if isinstance(high, int) else int | float
    values = value if isinstance(value, list | tuple) and key in _CONVOLUTIONS else (value,)
    fits = all(isinstance(one, kind) and not isinstance(one, bool) and low <= one <= high
               for one in values)  # fmt: skip
    if key in _CONVOLUTIONS:
        fits = fits and values is value and 1 <= len(values) <= _MOST_CONVOLUTIONS
        shown += f" a list of up to {_MOST_CONVOLUTIONS} numbers, each"
    number = "a whole number" if kind is int else "a number"
    return "" if fits else f"{shown} {number} from {low:g} to {high:g}"


def _misfit(values: Mapping[str, Any]) -> str:
    """Describe which values do not fit each other, or return ``""``."""
    lengths = {len(values[key]) for key in _CONVOLUTIONS}
    if len(lengths) > 1:
        return f"{', '.join(_CONVOLUTIONS)}: must be lists of one length"
    for key in ("num_attention_heads", "num_conv_pos_embedding_groups"):
        if values["hidden_size"] % values[key]:
            return f"{key} {values[key]}: must divide hidden_size {values['hidden_size']}"
    if values.get("max_bucket_distance", math.inf) <= values.get("num_buckets", 0) // 4:
        return f"max_bucket_distance {values['max_bucket_distance']}: must be over num_buckets / 4"
    shape = values["conv_kernel"], values["conv_stride"]
    if count_frames(int(SHORTEST_S * RATE_HZ), *shape) < 1:
        return f"conv_kernel, conv_stride: no frame in {SHORTEST_S} s"
    if count_frames(RATE_HZ, *shape) > _MOST_FRAMES:
        return f"conv_kernel, conv_stride: more than {_MOST_FRAMES:,} frames per second"
    return ""


def _misfit_of_whisper(values: Mapping[str, Any]) -> str:
    """Describe which values of a Whisper do not fit each other, or return ``""``."""
    size, n_heads = values["d_model"], values["encoder_attention_heads"]
    if size % n_heads:
        return f"encoder_attention_heads {n_heads}: must divide d_model {size}"
    return ""
