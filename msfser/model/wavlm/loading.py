"""Loading the acoustic encoder: a pretrained one, its shape alone, or one from a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from transformers import (
    HubertModel,
    PreTrainedConfig,
    PreTrainedModel,
    Wav2Vec2Model,
    WavLMModel,
    WhisperConfig,
)
from transformers.models.whisper.modeling_whisper import WhisperEncoder

from lemf.runtime.input import read_text_input
from lemf.runtime.json_text import parse_json
from msfser.config.settings import TINY_ACOUSTIC, ModelConfig
from msfser.errors import CheckpointError, first_line
from msfser.model.hub import find_folder, quiet_transformers
from msfser.model.wavlm.configuration import make_encoder_config
from msfser.model.wavlm.tiny import make_tiny_wavlm, tiny_wavlm_config
from msfser.model.wavlm.wavlm import MASK_VECTOR, Wavlm
from msfser.model.wavlm.whisper import WhisperFrames

_FILES = ("config.json", "model*.safetensors*", "pytorch_model*.bin*")
_MOST_PER_BYTE, _FEW = 4, 10**7  # weights that a file may lack and still be read, to name them
_NAME_WHOLE = "name the folder of a whole model, or microsoft/wavlm-large"
_WHISPER = "whisper"
_NAMES_OF_WHISPER = {r"^(model\.)?encoder\.": ""}  # the decoder is not read
_MODELS: Mapping[str, type[PreTrainedModel]] = {
    "wavlm": WavLMModel,
    "wav2vec2": Wav2Vec2Model,
    "hubert": HubertModel,
    _WHISPER: WhisperEncoder,
}


def load_encoder(config: ModelConfig) -> Wavlm | WhisperFrames:
    """Load the encoder that a configuration names, in fp32.

    Parameters
    ----------
    config : ModelConfig
        Its `acoustic` is a local folder, a name on the hub, or ``"tiny"``: a small one with random
        weights from torch's generator.

    Raises
    ------
    CheckpointError
        There is no such model, it is of no known kind, or weights are missing or of another shape.
    """
    if config.acoustic == TINY_ACOUSTIC:
        return Wavlm(make_tiny_wavlm(), config)
    folder = find_folder(config.acoustic, _FILES)
    encoder_config = _read_encoder_config(folder)
    _check_size(folder, encoder_config)
    of_whisper = isinstance(encoder_config, WhisperConfig)
    try:
        with quiet_transformers():
            loaded: Any = _MODELS[encoder_config.model_type].from_pretrained(
                folder,
                config=encoder_config,
                dtype=torch.float32,  # else fp16 checkpoints would train in fp16
                local_files_only=True,
                ignore_mismatched_sizes=True,  # they are refused below, in one line
                output_loading_info=True,
                key_mapping=_NAMES_OF_WHISPER if of_whisper else None,
            )
    except UnpicklingError as error:
        raise CheckpointError(
            f"{folder}: pytorch_model.bin holds more than weights and is not unpickled; "
            "save it as safetensors"
        ) from error
    except Exception as error:  # transformers, torch and safetensors raise errors of many types
        raise CheckpointError(
            f"{folder}: the encoder cannot be loaded ({first_line(error)}); {_NAME_WHOLE}"
        ) from error
    encoder, report = loaded
    for name, found, due in sorted(report["mismatched_keys"]):
        raise CheckpointError(
            f"{folder}: weight {name} has shape {tuple(found)}; config.json gives {tuple(due)}; "
            f"{_NAME_WHOLE}"
        )
    missing = sorted(set(report["missing_keys"]) - {MASK_VECTOR})
    if missing:
        others = f" and {len(missing) - 1} others" if len(missing) > 1 else ""
        raise CheckpointError(
            f"{folder}: weight {missing[0]}{others} of the encoder missing; {_NAME_WHOLE}"
        )
    for name, weight in encoder.named_parameters():
        if not bool(weight.isfinite().all()):
            raise CheckpointError(f"{folder}: weight {name} is not finite; {_NAME_WHOLE}")
    return WhisperFrames(encoder, config) if of_whisper else Wavlm(encoder, config)


def shape_encoder(config: ModelConfig) -> Wavlm | WhisperFrames:
    """Build the encoder that a configuration names without reading its weights.

    Only its ``config.json`` is read, or downloaded; parameters and errors as in `load_encoder`.
    """
    if config.acoustic == TINY_ACOUSTIC:
        return Wavlm(WavLMModel(tiny_wavlm_config()), config)
    folder = find_folder(config.acoustic, _FILES[:1])
    return _build(_read_encoder_config(folder), config)


def build_encoder(
    encoder_config: Mapping[str, Any], config: ModelConfig, place: str
) -> Wavlm | WhisperFrames:
    """Build an encoder with random weights from its configuration.

    Raises
    ------
    CheckpointError
        The configuration is not one of an encoder; `place` as in `make_encoder_config`.
    """
    return _build(make_encoder_config(encoder_config, place), config)


def _build(encoder_config: PreTrainedConfig, config: ModelConfig) -> Wavlm | WhisperFrames:
    if isinstance(encoder_config, WhisperConfig):
        return WhisperFrames(WhisperEncoder(encoder_config), config)
    model: Any = _MODELS[encoder_config.model_type](encoder_config)
    return Wavlm(model, config)


def _read_encoder_config(folder: Path) -> PreTrainedConfig:
    path = folder / "config.json"
    try:
        content = parse_json(read_text_input(path, CheckpointError))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: cannot be read as JSON ({error}); {_NAME_WHOLE}") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path}: not the configuration of a model; {_NAME_WHOLE}")
    if content.get("add_adapter"):
        raise CheckpointError(f"{path}: add_adapter is set; name an encoder without an adapter")
    return make_encoder_config({"model_type": None, **content}, f"{path}: ")


def _check_size(folder: Path, config: PreTrainedConfig) -> None:
    """Check that the files hold about as many weights as the configuration gives.

    Weights that are missing would take memory before they are reported.
    """
    with torch.device("meta"):
        n_weights = sum(weight.numel() for weight in _build(config, ModelConfig()).parameters())
    paths = {path for pattern in _FILES[1:] for path in folder.glob(pattern)}
    n_bytes = sum(path.stat().st_size for path in paths if path.is_file())
    if paths and n_weights > max(_MOST_PER_BYTE * n_bytes, _FEW):
        raise CheckpointError(
            f"{folder}: config.json gives {n_weights:,} weights, the files hold {n_bytes:,} bytes; "
            f"{_NAME_WHOLE}"
        )
