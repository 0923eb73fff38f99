"""A WavLM that trains from scratch on one core: the encoder ``"tiny"`` of demo and tests."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from transformers import WavLMConfig, WavLMModel

from msfser.config.settings import RATE_HZ

_LOWEST_HZ, _HIGHEST_HZ = 80.0, 1320.0  # F0, and harmonics, which move further than F0


def make_tiny_wavlm() -> WavLMModel:
    """Build a tiny WavLM: random weights, but a first convolution that responds to pitch.

    The first of two convolutions starts as sinusoids under a window of 25 ms, each frequency in
    four phases, from which rectification and the second convolution can compute a magnitude. With
    random filters, pitch takes several times as long to learn.
    """
    wavlm = WavLMModel(tiny_wavlm_config())
    first = wavlm.get_parameter("feature_extractor.conv_layers.0.conv.weight")
    n_filters, _, length = first.shape
    with torch.no_grad():
        first.copy_(windowed_sinusoids(n_filters, length).unsqueeze(1))
    return wavlm


def windowed_sinusoids(n_filters: int, length: int) -> Tensor:
    """Compute windowed sinusoids of unit energy, from 80 to 1320 Hz at 16 kHz.

    Parameters
    ----------
    n_filters : int
        Divisible by 4: cosine, sine, and both with the other sign for each frequency.
    length : int
        Samples of a filter.

    Returns
    -------
    (n_filters, length) float32 Tensor
    """
    times_s = (torch.arange(length) - (length - 1) / 2) / RATE_HZ
    frequencies_hz = torch.linspace(_LOWEST_HZ, _HIGHEST_HZ, n_filters // 4)
    phases = 2 * math.pi * frequencies_hz.unsqueeze(1) * times_s
    pair = torch.cat([phases.cos(), phases.sin()]) * torch.hann_window(length, periodic=False)
    filters = torch.cat([pair, -pair])
    energy = filters.square().sum(dim=1, keepdim=True)
    return filters / energy.sqrt()


def tiny_wavlm_config() -> WavLMConfig:
    """Return the configuration: 50 frames per second, by two convolutions instead of seven.

    The bias of the convolutions lets loudness through, which layer norm would hide.
    """
    return WavLMConfig(
        conv_dim=[128, 64],
        conv_kernel=[400, 3],
        conv_stride=[160, 2],
        conv_bias=True,
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=4,
        num_buckets=32,
        max_bucket_distance=100,
        hidden_dropout=0.0,
        activation_dropout=0.0,
        attention_dropout=0.0,
    )
