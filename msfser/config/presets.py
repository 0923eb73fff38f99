"""Named settings: what a settings file or the command line starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from msfser.config.settings import TINY_ACOUSTIC, Config, DataConfig, ModelConfig, TrainConfig

# Trains from scratch on one core in minutes.
_TINY = Config(
    model=ModelConfig(
        acoustic=TINY_ACOUSTIC,
        text_dim=64,
        text_norm="global",
        head_dim=64,
        film_dim=64,
        head_dropout=0.1,
        pooling_init="xavier",
        freeze_cnn=False,
        layerdrop=0.0,
        spec_augment=False,
    ),
    # Steps of one length would hide tempo from CCC, and with it half of the demo's arousal.
    data=DataConfig(mega_batches=1),
    train=TrainConfig(
        lr=1e-3,
        head_lr=3e-3,
        # Weight decay keeps the heads small, so the routing, without decay, weighs the experts.
        routing_lr=1e-1,
        weight_decay=0.5,
        accumulation=1,
        epochs=12,
        schedule="cosine",
        max_grad_norm=1.0,
    ),
)

PRESETS: Mapping[str, Config] = {
    "paper": Config(),
    # The public MSP-Podcast baseline: audio only, CCC on micro-batches of 8 utterances at random.
    "challenge": Config(
        model=ModelConfig(semantics=(), intra="none", fusion="none", heads="shared"),
        data=DataConfig(mega_batches=0),
        train=TrainConfig(ccc_scope="micro"),
    ),
    "tiny": _TINY,
    # For a table of recordings and ratings: no text, nothing to download, a few hundred utterances.
    "voice": replace(
        _TINY,
        model=replace(_TINY.model, semantics=(), intra="none", fusion="none", heads="shared"),
        train=replace(_TINY.train, batch_size=16),
    ),
}
