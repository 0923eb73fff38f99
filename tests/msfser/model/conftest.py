"""Small models with random weights, and batches of noise for them."""

from dataclasses import replace

import pytest

from msfser.config.presets import PRESETS
from msfser.config.settings import SEMANTICS


@pytest.fixture
def tiny_config():
    """Changes of the tiny preset's model -> its settings; dropout off, FiLM narrow."""

    def make(**changes):
        return replace(PRESETS["tiny"].model, **changes)

    return make


@pytest.fixture
def make_model(tiny_config):
    """Changes of the settings -> a model in evaluation mode, the same one every time."""
    import torch

    from msfser.model.msf_ser import MsfSer
    from msfser.model.wavlm.loading import load_encoder

    def make(seed=0, **changes):
        torch.manual_seed(seed)
        config = tiny_config(**changes)
        return MsfSer(config, load_encoder(config)).eval()

    return make


@pytest.fixture
def make_batch():
    """Lengths in samples -> what `MsfSer.forward` takes: noise, padded with zeros."""
    import torch

    def make(lengths=(8000, 4500, 6789), text_dim=64, seed=0):
        generator = torch.Generator().manual_seed(seed)
        sample_mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
        noise = torch.randn(len(lengths), max(lengths), generator=generator)
        texts = {
            name: torch.randn(len(lengths), text_dim, generator=generator) for name in SEMANTICS
        }
        present = {name: torch.ones(len(lengths), dtype=torch.bool) for name in SEMANTICS}
        return noise * sample_mask, sample_mask, texts, present

    return make


@pytest.fixture
def shake():
    """Add noise to all weights, so that nothing is zero or one any more; give the model back."""
    import torch

    def add(model, size=0.1):
        generator = torch.Generator().manual_seed(1)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter += size * torch.randn(parameter.shape, generator=generator)
        return model

    return add
