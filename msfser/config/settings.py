"""All settings of a run: frozen, checked on construction, with the paper's values by default.

Where the paper names no value, the default is that of the public MSP-Podcast baseline, whose
settings the paper repeats; docs/model.md lists these choices. Each table of a settings file has its
module; their names are found here, too.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from msfser.config.checks import check_choice
from msfser.config.data_settings import SHORTEST_S, Crop, DataConfig, WaveNorm
from msfser.config.model_settings import (
    SEMANTICS,
    TINY_ACOUSTIC,
    Attention,
    Contours,
    ExpertC,
    Fusion,
    Heads,
    Intra,
    ModelConfig,
    Output,
    Pooling,
    PoolingInit,
    Projection,
    Semantic,
    SideHead,
    TextNorm,
    TextPooling,
)
from msfser.config.train_settings import (
    DEVICES,
    CccScope,
    Likelihood,
    Precision,
    Reduction,
    Sampling,
    Schedule,
    TrainConfig,
)

__all__ = [
    "DEVICES",
    "RATE_HZ",
    "SEMANTICS",
    "SHORTEST_S",
    "TINY_ACOUSTIC",
    "WINDOW_S",
    "Attention",
    "CccScope",
    "Config",
    "Contours",
    "Crop",
    "DataConfig",
    "Engine",
    "ExpertC",
    "Fusion",
    "Heads",
    "Intra",
    "Likelihood",
    "ModelConfig",
    "Output",
    "OutsideLabels",
    "Pooling",
    "PoolingInit",
    "Precision",
    "Projection",
    "Reduction",
    "Sampling",
    "Schedule",
    "Semantic",
    "SideHead",
    "TextNorm",
    "TextPooling",
    "TrainConfig",
    "WaveNorm",
    "check_choice",
]

OutsideLabels = Literal["keep", "refuse"]  # labels outside the rating scale
Engine = Literal["faster-whisper", "transformers"]  # of Whisper

RATE_HZ = 16_000  # of the samples that WavLM reads
WINDOW_S = 30.0  # longer recordings are predicted in windows of equal length, up to this


@dataclass(frozen=True, kw_only=True)
class Config:
    """All settings of a run."""

    model: ModelConfig = field(default_factory=ModelConfig)
    data: DataConfig = field(default_factory=DataConfig)
    train: TrainConfig = field(default_factory=TrainConfig)

    def without_cache(self) -> Config:
        """Return the settings that a result depends on."""
        return replace(self, data=replace(self.data, cache=""))
