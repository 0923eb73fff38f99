"""The acoustic encoder: WavLM, from samples at 16 kHz to 50 frames per second.

Its parts are called one by one: the frozen CNN runs without gradients, and the caller chooses
which frames SpecAugment masks, so that nothing is drawn from numpy's global generator. The frames
of an utterance are the same alone and in a padded batch.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from transformers import HubertModel, PreTrainedConfig, Wav2Vec2Model, WavLMModel
from transformers.models.wavlm.modeling_wavlm import WavLMAttention

from msfser.config.settings import ModelConfig
from msfser.model.wavlm.attention import FusedAttention, PlainAttention
from msfser.model.wavlm.frames import CountT, count_frames
from msfser.model.wavlm.layer_sum import LayerSum, heard_layers
from msfser.model.wavlm.lora import add_lora, merge_lora

MASK_VECTOR = "masked_spec_embed"  # only read in training, where old checkpoints may lack it

_FRAMES_STEP = 16  # on a GPU, where every new shape takes time to prepare


class Wavlm(nn.Module):
    """WavLM as table 2 needs it: the frames of an utterance, and which of them are not padding.

    Parameters
    ----------
    wavlm : transformers model
        WavLM, or wav2vec 2.0 or HuBERT, which differ from WavLM in their attention.
    config : ModelConfig
        `freeze_cnn`, `layerdrop`, `spec_augment`, `attention`, `layer_sum` and those of LoRA are
        read.
    """

    def __init__(
        self, wavlm: WavLMModel | Wav2Vec2Model | HubertModel, config: ModelConfig
    ) -> None:
        super().__init__()
        self.wavlm = wavlm
        self.freeze_cnn = config.freeze_cnn
        self.one_by_one = False  # clips come alone and without padding, as from `for_onnx`
        wavlm.config.layerdrop = config.layerdrop
        if config.freeze_cnn:
            wavlm.feature_extractor.requires_grad_(False)
        if hasattr(wavlm, MASK_VECTOR):
            wavlm.masked_spec_embed.requires_grad_(config.spec_augment)
        if config.attention == "sdpa":
            for layer in wavlm.encoder.layers:
                if isinstance(layer.attention, WavLMAttention):
                    layer.attention.__class__ = FusedAttention  # the same parameters, new forward
        if config.lora_rank:
            wavlm.requires_grad_(False)
            add_lora(wavlm.encoder.layers, config)
        self.layer_sum = LayerSum(len(wavlm.encoder.layers)) if config.layer_sum else None

    @property
    def config(self) -> PreTrainedConfig:
        """The configuration of WavLM: its shape, and how SpecAugment masks."""
        config: PreTrainedConfig = self.wavlm.config
        return config

    @property
    def kernels(self) -> tuple[int, ...]:
        """Samples, then frames, that each convolution reads."""
        return tuple(self.config.conv_kernel)

    @property
    def strides(self) -> tuple[int, ...]:
        """Steps of each convolution."""
        return tuple(self.config.conv_stride)

    @property
    def masks(self) -> bool:
        """Whether SpecAugment masks frames or features in training."""
        return bool(self.config.apply_spec_augment)

    @property
    def hidden_size(self) -> int:
        """Size of a frame."""
        return int(self.config.hidden_size)

    def merge_lora(self, config: ModelConfig) -> None:
        """Merge the low-rank changes into the weights; `config` is that of the model."""
        merge_lora(self.wavlm.encoder.layers, config)

    def for_onnx(self) -> None:
        """Use operations that ONNX has; clips must then come one by one, without padding."""
        self.one_by_one = True
        for layer in self.wavlm.encoder.layers:
            if isinstance(layer.attention, WavLMAttention):
                layer.attention.__class__ = PlainAttention

    def checkpoint_layers(self) -> None:
        """Keep only the inputs of the layers for backward, and compute the rest anew there."""
        for layer in self.wavlm.encoder.layers:
            layer.forward = partial(checkpoint, layer.forward, use_reentrant=False)

    def n_frames(self, n_samples: CountT) -> CountT:
        """Count the frames of a clip of `n_samples` samples."""
        return count_frames(n_samples, self.kernels, self.strides)

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
        projected = self.wavlm.feature_projection(features)
        frames = projected[0] if isinstance(projected, tuple) else projected
        if mask_time_indices is not None:
            masked = self.wavlm.masked_spec_embed.to(frames.dtype)
            frames = torch.where(mask_time_indices.unsqueeze(-1), masked, frames)
        if mask_feature_indices is not None:
            frames = frames.masked_fill(mask_feature_indices.unsqueeze(1), 0.0)
        frame_mask = self.frame_mask(sample_mask)
        return self._run_layers(frames, frame_mask), frame_mask

    def _run_layers(self, frames: Tensor, frame_mask: Tensor) -> Tensor:
        encoder = self.wavlm.encoder
        if self.layer_sum is None:
            only: Tensor = encoder(frames, attention_mask=frame_mask).last_hidden_state
            return only
        with heard_layers(encoder.layers) as outputs:
            last = encoder(frames, attention_mask=frame_mask).last_hidden_state
        summed: Tensor = self.layer_sum(outputs, last)
        return summed

    def pad_frames(
        self, more: int, waveforms: Tensor, sample_mask: Tensor, mask_time_indices: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Pad a batch by `more` frames, without samples beyond the last frame."""
        n_samples = self.n_frames(waveforms.shape[1]) + more
        shape = zip(self.kernels, self.strides, strict=True)
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
        if self.config.feat_extract_norm == "layer" or self.one_by_one:
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
