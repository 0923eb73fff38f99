"""The acoustic encoder: WavLM, from samples at 16 kHz to 50 frames per second.

Its parts are called one by one: the frozen CNN runs without gradients, and the caller chooses
which frames SpecAugment masks, so that nothing is drawn from numpy's global generator. The frames
of an utterance are the same alone and in a padded batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from transformers import WavLMConfig, WavLMModel

from lemf.runtime.input import read_text_input
from lemf.runtime.json_text import parse_json
from msfser.config.settings import TINY_ACOUSTIC, ModelConfig
from msfser.errors import CheckpointError, first_line
from msfser.model.hub import find_folder, quiet_transformers
from msfser.model.wavlm.attention import FusedAttention
from msfser.model.wavlm.configuration import make_wavlm_config
from msfser.model.wavlm.frames import CountT, count_frames
from msfser.model.wavlm.lora import add_lora, merge_lora
from msfser.model.wavlm.tiny import make_tiny_wavlm, tiny_wavlm_config

_FILES = ("config.json", "model*.safetensors*", "pytorch_model*.bin*")
_MOST_PER_BYTE, _FEW = 4, 10**7  # weights that a file may lack and still be read, to name them
_FRAMES_STEP = 16  # on a GPU, where every new shape takes time to prepare
_NAME_WHOLE = "name the folder of a whole WavLM, or microsoft/wavlm-large"
_MASK_VECTOR = "masked_spec_embed"  # only read in training, where old checkpoints may lack it


class Wavlm(nn.Module):
    """WavLM as table 2 needs it: the frames of an utterance, and which of them are not padding.

    Parameters
    ----------
    wavlm : transformers.WavLMModel
    config : ModelConfig
        `freeze_cnn`, `layerdrop`, `spec_augment`, `attention` and those of LoRA are read.
    """

    def __init__(self, wavlm: WavLMModel, config: ModelConfig) -> None:
        super().__init__()
        self.wavlm = wavlm
        self.freeze_cnn = config.freeze_cnn
        wavlm.config.layerdrop = config.layerdrop
        if config.freeze_cnn:
            wavlm.feature_extractor.requires_grad_(False)
        if hasattr(wavlm, _MASK_VECTOR):
            wavlm.masked_spec_embed.requires_grad_(config.spec_augment)
        if config.attention == "sdpa":
            for layer in wavlm.encoder.layers:
                layer.attention.__class__ = FusedAttention  # the same parameters, another forward
        if config.lora_rank:
            wavlm.requires_grad_(False)
            add_lora(wavlm.encoder.layers, config)

    @property
    def config(self) -> WavLMConfig:
        """The configuration of WavLM: its shape, and how SpecAugment masks."""
        return self.wavlm.config

    @property
    def hidden_size(self) -> int:
        """Size of a frame."""
        return int(self.config.hidden_size)

    def merge_lora(self, config: ModelConfig) -> None:
        """Merge the low-rank changes into the weights; `config` is that of the model."""
        merge_lora(self.wavlm.encoder.layers, config)

    def checkpoint_layers(self) -> None:
        """Keep only the inputs of the layers for backward, and compute the rest anew there."""
        for layer in self.wavlm.encoder.layers:
            layer.forward = partial(checkpoint, layer.forward, use_reentrant=False)

    def n_frames(self, n_samples: CountT) -> CountT:
        """Count the frames of a clip of `n_samples` samples."""
        return count_frames(n_samples, self.config.conv_kernel, self.config.conv_stride)

    def frame_mask(self, sample_mask: Tensor) -> Tensor:
        """Find the frames that are not padding.

        Parameters
        ----------
        sample_mask : (batch, samples) bool Tensor
            True, then False for the padding at the end.

        Returns
        -------
        (batch, frames) bool Tensor
        """
        places = torch.arange(self.n_frames(sample_mask.shape[1]), device=sample_mask.device)
        return places < self.n_frames(sample_mask.sum(dim=1, keepdim=True))

    def forward(
        self,
        waveforms: Tensor,
        sample_mask: Tensor,
        mask_time_indices: Tensor | None = None,
        mask_feature_indices: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Encode waveforms into frames.

        Parameters
        ----------
        waveforms : (batch, samples) float32 Tensor
            At 16 kHz, standardised; at least 400 samples.
        sample_mask : (batch, samples) bool Tensor
            False for the padding at the end, whose content has no influence.
        mask_time_indices : (batch, frames) bool Tensor, optional
            Frames that SpecAugment masks.
        mask_feature_indices : (batch, hidden) bool Tensor, optional
            Features of all frames that SpecAugment sets to 0.

        Returns
        -------
        frames : (batch, frames, hidden) Tensor
            On a GPU, with padding up to a multiple of 16 frames.
        frame_mask : (batch, frames) bool Tensor
        """
        if waveforms.is_cuda:
            more = -self.n_frames(waveforms.shape[1]) % _FRAMES_STEP
            waveforms, sample_mask, mask_time_indices = self.pad_frames(
                more, waveforms, sample_mask, mask_time_indices
            )
        waveforms = waveforms.masked_fill(~sample_mask, 0.0)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.freeze_cnn):
            features = self._run_cnn(waveforms, sample_mask)
        frames, _ = self.wavlm.feature_projection(features)
        if mask_time_indices is not None:
            masked = self.wavlm.masked_spec_embed.to(frames.dtype)
            frames = torch.where(mask_time_indices.unsqueeze(-1), masked, frames)
        if mask_feature_indices is not None:
            frames = frames.masked_fill(mask_feature_indices.unsqueeze(1), 0.0)
        frame_mask = self.frame_mask(sample_mask)
        return self.wavlm.encoder(frames, attention_mask=frame_mask).last_hidden_state, frame_mask

    def pad_frames(
        self, more: int, waveforms: Tensor, sample_mask: Tensor, mask_time_indices: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Pad a batch by `more` frames, without samples beyond the last frame."""
        n_samples = self.n_frames(waveforms.shape[1]) + more
        shape = zip(self.config.conv_kernel, self.config.conv_stride, strict=True)
        for kernel, stride in reversed([*shape]):
            n_samples = (n_samples - 1) * stride + kernel
        samples = (0, n_samples - waveforms.shape[1])
        if mask_time_indices is not None:
            mask_time_indices = nn.functional.pad(mask_time_indices, (0, more))
        return (
            nn.functional.pad(waveforms, samples),
            nn.functional.pad(sample_mask, samples),
            mask_time_indices,
        )

    def _run_cnn(self, waveforms: Tensor, sample_mask: Tensor) -> Tensor:
        """Run the CNN front-end; (batch, frames, channels)."""
        if self.config.feat_extract_norm == "layer":
            return self._convolve(waveforms)
        # Group norm takes its statistics over time, with padding, so each clip is convolved alone.
        lengths = sample_mask.sum(dim=1).tolist()
        features = [
            self._convolve(clip[None, :length])[0]
            for clip, length in zip(waveforms, lengths, strict=True)
        ]
        missing = self.n_frames(waveforms.shape[1]) - max(len(clip) for clip in features)
        padded = nn.utils.rnn.pad_sequence(features, batch_first=True)
        return nn.functional.pad(padded, (0, 0, 0, missing))

    def _convolve(self, waveforms: Tensor) -> Tensor:
        # The forward of the feature extractor would also compute gradients of the samples.
        hidden = waveforms.unsqueeze(1)
        for layer in self.wavlm.feature_extractor.conv_layers:
            hidden = layer(hidden)
        return hidden.transpose(1, 2)


def load_wavlm(config: ModelConfig) -> Wavlm:
    """Load the encoder that a configuration names, in fp32.

    Parameters
    ----------
    config : ModelConfig
        Its `acoustic` is a local folder, a name on the hub, or ``"tiny"``: a small one with random
        weights from torch's generator.

    Raises
    ------
    CheckpointError
        There is no such model, it is not a WavLM, or weights are missing or of another shape.
    """
    if config.acoustic == TINY_ACOUSTIC:
        return Wavlm(make_tiny_wavlm(), config)
    folder = find_folder(config.acoustic, _FILES)
    wavlm_config = _read_wavlm_config(folder)
    _check_size(folder, wavlm_config)
    try:
        with quiet_transformers():
            loaded: Any = WavLMModel.from_pretrained(
                folder,
                config=wavlm_config,
                dtype=torch.float32,  # else fp16 checkpoints would train in fp16
                local_files_only=True,
                ignore_mismatched_sizes=True,  # they are refused below, in one line
                output_loading_info=True,
            )
    except UnpicklingError as error:
        raise CheckpointError(
            f"{folder}: pytorch_model.bin holds more than weights and is not unpickled; "
            "save it as safetensors"
        ) from error
    except Exception as error:  # transformers, torch and safetensors raise errors of many types
        raise CheckpointError(
            f"{folder}: WavLM cannot be loaded ({first_line(error)}); {_NAME_WHOLE}"
        ) from error
    wavlm, report = loaded
    for name, found, due in sorted(report["mismatched_keys"]):
        raise CheckpointError(
            f"{folder}: weight {name} has shape {tuple(found)}; config.json gives {tuple(due)}; "
            f"{_NAME_WHOLE}"
        )
    missing = sorted(set(report["missing_keys"]) - {_MASK_VECTOR})
    if missing:
        others = f" and {len(missing) - 1} others" if len(missing) > 1 else ""
        raise CheckpointError(
            f"{folder}: weight {missing[0]}{others} of WavLM missing; {_NAME_WHOLE}"
        )
    for name, weight in wavlm.named_parameters():
        if not bool(weight.isfinite().all()):
            raise CheckpointError(f"{folder}: weight {name} is not finite; {_NAME_WHOLE}")
    return Wavlm(wavlm, config)


def shape_wavlm(config: ModelConfig) -> Wavlm:
    """Build the encoder that a configuration names without reading its weights.

    Only its ``config.json`` is read, or downloaded; parameters and errors as in `load_wavlm`.
    """
    if config.acoustic == TINY_ACOUSTIC:
        return Wavlm(WavLMModel(tiny_wavlm_config()), config)
    folder = find_folder(config.acoustic, _FILES[:1])
    return Wavlm(WavLMModel(_read_wavlm_config(folder)), config)


def build_wavlm(wavlm_config: Mapping[str, Any], config: ModelConfig, place: str) -> Wavlm:
    """Build an encoder with random weights from a configuration of WavLM.

    Raises
    ------
    CheckpointError
        The configuration is not one of WavLM; `place` as in `make_wavlm_config`.
    """
    return Wavlm(WavLMModel(make_wavlm_config(wavlm_config, place)), config)


def _read_wavlm_config(folder: Path) -> WavLMConfig:
    path = folder / "config.json"
    try:
        content = parse_json(read_text_input(path, CheckpointError))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: cannot be read as JSON ({error}); {_NAME_WHOLE}") from error
    model_type = content.get("model_type") if isinstance(content, dict) else None
    if model_type != "wavlm":
        raise CheckpointError(f"{path}: model_type {model_type!r}; only 'wavlm' can be the encoder")
    if content.get("add_adapter"):
        raise CheckpointError(f"{path}: add_adapter is set; name a WavLM without an adapter")
    return make_wavlm_config(content, f"{path}: ")


def _check_size(folder: Path, config: WavLMConfig) -> None:
    """Check that the files hold about as many weights as the configuration gives.

    Weights that are missing would take memory before they are reported.
    """
    with torch.device("meta"):
        n_weights = sum(weight.numel() for weight in WavLMModel(config).parameters())
    paths = {path for pattern in _FILES[1:] for path in folder.glob(pattern)}
    n_bytes = sum(path.stat().st_size for path in paths if path.is_file())
    if paths and n_weights > max(_MOST_PER_BYTE * n_bytes, _FEW):
        raise CheckpointError(
            f"{folder}: config.json gives {n_weights:,} weights, the files hold {n_bytes:,} bytes; "
            f"{_NAME_WHOLE}"
        )
