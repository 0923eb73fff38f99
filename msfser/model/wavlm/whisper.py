"""The encoder of Whisper as the acoustic encoder: 50 frames per second, of 30 s at a time.

Whisper attends to all of its 30 s, silence after the clip included, and has no mask for padding. So
every clip is padded with silence to 30 s, as in its training, whatever else is in the batch.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from transformers import PreTrainedConfig
from transformers.audio_utils import mel_filter_bank
from transformers.models.whisper.modeling_whisper import WhisperEncoder

from msfser.config.settings import RATE_HZ, ModelConfig
from msfser.errors import ConfigError
from msfser.model.wavlm.frames import CountT, count_frames
from msfser.model.wavlm.layer_sum import LayerSum, heard_layers
from msfser.model.wavlm.lora import add_lora, merge_lora

_FRAME = 320  # samples
_WINDOW, _HOP = 400, 160  # samples, of a frame of the spectrogram
_LEAST = 1e-10  # of a power
_RANGE = 8.0  # decades below the loudest of a clip


class WhisperFrames(nn.Module):
    """Frames of Whisper's encoder; used as `Wavlm` is.

    Parameters
    ----------
    whisper : WhisperEncoder
    config : ModelConfig
        `freeze_cnn`, `layerdrop`, `layer_sum` and those of LoRA are read; there is no SpecAugment.
    """

    kernels, strides = (_FRAME,), (_FRAME,)
    masks = False  # no vector for masked frames
    mel_filters: Tensor  # (mels, frequencies)
    window: Tensor

    def __init__(self, whisper: WhisperEncoder, config: ModelConfig) -> None:
        super().__init__()
        self.whisper = whisper
        whisper.layerdrop = config.layerdrop
        self.freeze_cnn = config.freeze_cnn
        if config.freeze_cnn:
            whisper.conv1.requires_grad_(False)
            whisper.conv2.requires_grad_(False)
        if config.lora_rank:
            whisper.requires_grad_(False)
            add_lora(whisper.layers, config)
        self.layer_sum = LayerSum(len(whisper.layers)) if config.layer_sum else None
        filters = mel_filter_bank(
            num_frequency_bins=1 + _WINDOW // 2,
            num_mel_filters=whisper.config.num_mel_bins,
            min_frequency=0.0,
            max_frequency=RATE_HZ / 2,
            sampling_rate=RATE_HZ,
            norm="slaney",
            mel_scale="slaney",
        )
        # Not saved: they follow from the configuration
        self.register_buffer(
            "mel_filters", torch.from_numpy(np.float32(filters.T)), persistent=False
        )
        self.register_buffer("window", torch.hann_window(_WINDOW), persistent=False)

    @property
    def config(self) -> PreTrainedConfig:
        """The configuration of Whisper."""
        config: PreTrainedConfig = self.whisper.config
        return config

    @property
    def hidden_size(self) -> int:
        """Size of a frame."""
        return int(self.config.hidden_size)

    @property
    def most_samples(self) -> int:
        """Samples of the longest clip."""
        return int(self.whisper.max_source_positions) * _FRAME

    def merge_lora(self, config: ModelConfig) -> None:
        """Merge the low-rank changes into the weights; `config` is that of the model."""
        merge_lora(self.whisper.layers, config)

    def for_onnx(self) -> None:
        """Change nothing: ONNX has all operations, and clips are padded to one length."""

    def checkpoint_layers(self) -> None:
        """Keep only the inputs of the layers for backward, and compute the rest anew there."""
        for layer in self.whisper.layers:
            layer.forward = partial(checkpoint, layer.forward, use_reentrant=False)

    def n_frames(self, n_samples: CountT) -> CountT:
        """Count the frames of a clip of `n_samples` samples."""
        return count_frames(n_samples, self.kernels, self.strides)

    def forward(
        self,
        waveforms: Tensor,
        sample_mask: Tensor,
        mask_time_indices: Tensor | None = None,
        mask_feature_indices: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Encode waveforms into frames; parameters and results as of `Wavlm.forward`.

        Raises
        ------
        ConfigError
            A clip is longer than Whisper reads.
        """
        n_samples = waveforms.shape[1]
        if n_samples > self.most_samples:
            raise ConfigError(
                f"a clip of {n_samples / RATE_HZ:g} s: Whisper reads up to "
                f"{self.most_samples / RATE_HZ:g} s; lower data.crop_s or --window-s"
            )
        waveforms = waveforms.masked_fill(~sample_mask, 0.0)
        with torch.autocast(waveforms.device.type, enabled=False):
            mels = self.log_mels(waveforms.float())
        if self.layer_sum is None:
            frames = self.whisper(mels).last_hidden_state
        else:
            with heard_layers(self.whisper.layers) as outputs:
                last = self.whisper(mels).last_hidden_state
            frames = self.layer_sum(outputs, last)
        n_frames = self.n_frames(n_samples)
        places = torch.arange(n_frames, device=frames.device)
        frame_mask = places < self.n_frames(sample_mask.sum(dim=1, keepdim=True))
        return frames[:, :n_frames], frame_mask

    def log_mels(self, waveforms: Tensor) -> Tensor:
        """Compute the spectrogram that Whisper reads.

        Parameters
        ----------
        waveforms : (batch, samples) float32 Tensor

        Returns
        -------
        (batch, mels, frames of 10 ms) float32 Tensor
            Of the clip and silence up to the length that Whisper reads.
        """
        padded = nn.functional.pad(waveforms, (0, self.most_samples - waveforms.shape[1]))
        spectrum = torch.stft(
            padded, _WINDOW, _HOP, window=self.window.float(), return_complex=True
        )
        power = spectrum[..., :-1].abs().square()
        mels = (self.mel_filters.float() @ power).clamp(min=_LEAST).log10()
        loudest = mels.amax(dim=(1, 2), keepdim=True)
        return (torch.maximum(mels, loudest - _RANGE) + 4.0) / 4.0
