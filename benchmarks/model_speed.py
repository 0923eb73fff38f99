"""Clips a second of the model in training, forward and backward, and of WavLM's two attentions.

    python benchmarks/model_speed.py [SECONDS OF MEASURING]

CPU seconds of one thread, so that other programs on the machine disturb little.
"""

import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import replace

import torch
from transformers import WavLMConfig, WavLMModel

from msfser.config.presets import PRESETS
from msfser.config.settings import SEMANTICS, Attention
from msfser.model.msf_ser import MsfSer
from msfser.model.wavlm.loading import load_encoder
from msfser.model.wavlm.wavlm import Wavlm

RATE_HZ = 16000
MEASURE_S = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0


def clips_per_second(step: Callable[[], None], batch: int) -> float:
    """Repeat a step on a batch for some time."""
    step()
    start_s, n_clips = time.process_time(), 0
    while time.process_time() - start_s < MEASURE_S:
        step()
        n_clips += batch
    return n_clips / (time.process_time() - start_s)


def tiny_step(batch: int, clip_s: float, *, audio_only: bool) -> Callable[[], None]:
    """Return a step of the preset `tiny`, its CNN trained too."""
    config = PRESETS["tiny"].model
    if audio_only:
        config = replace(config, semantics=(), intra="none", fusion="none")
    model = MsfSer(config, load_encoder(config)).train()
    waveforms = torch.randn(batch, int(clip_s * RATE_HZ))
    mask = torch.ones_like(waveforms, dtype=torch.bool)
    texts = {name: torch.randn(batch, config.text_dim) for name in SEMANTICS}
    present = {name: torch.ones(batch, dtype=torch.bool) for name in SEMANTICS}

    def step() -> None:
        model.zero_grad()
        model(waveforms, mask, texts, present).values.square().mean().backward()

    return step


def attention_step(attention: Attention, batch: int, clip_s: float) -> Callable[[], None]:
    """Return a step of two layers as wide as wavlm-large's, its CNN narrow and frozen."""
    own = WavLMConfig(
        conv_dim=[8] * 7,
        hidden_size=1024,
        num_hidden_layers=2,
        num_attention_heads=16,
        intermediate_size=4096,
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
    )
    config = replace(PRESETS["paper"].model, attention=attention)
    wavlm = Wavlm(WavLMModel(own), config).train()
    waveforms = torch.randn(batch, int(clip_s * RATE_HZ))
    mask = torch.ones_like(waveforms, dtype=torch.bool)

    def step() -> None:
        wavlm.zero_grad()
        wavlm(waveforms, mask)[0].square().mean().backward()

    return step


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    warnings.filterwarnings("ignore", "Support for mismatched key_padding_mask")
    for name, audio_only in (("audio only", True), ("gs, les, es, FM-MOE", False)):
        rate = clips_per_second(tiny_step(32, 2.0, audio_only=audio_only), 32)
        print(f"tiny, {name}: {rate:.0f} clips of 2 s a second")
    rates = {
        attention: clips_per_second(attention_step(attention, 2, 6.0), 2)
        for attention in ("hf", "sdpa")
    }
    print(f"attention of two large layers, 6 s: sdpa / hf = {rates['sdpa'] / rates['hf']:.2f}")


if __name__ == "__main__":
    main()
