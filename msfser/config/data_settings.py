"""The table ``[data]``: which recordings a model is trained on, and how they are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from msfser.config.checks import check_fields, check_range
from msfser.config.written import LATER
from msfser.errors import ConfigError

WaveNorm = Literal["global", "utterance", "none"]
Crop = Literal["head", "random"]

SHORTEST_S = 0.25  # SpecAugment and the CNN need some frames


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """The training data.

    Parameters
    ----------
    folder : str
        Folder that holds the manifest and, with semantics, the features.
    train_split, development_split : str
        Splits of the manifest. Without a development split, the last epoch is kept.
    test_fold : int
        Fold that is held out, from 1, in place of splits; 0 for none.
    crop_s : float
        Longer clips are cropped to this length in training.
    crop : {"head", "random"}
        Which part of them is kept.
    wave_norm : {"global", "utterance", "none"}
        Samples are standardised by mean and deviation of all training samples, of the clip, or not.
    mega_batches : int
        Number of steps whose utterances are sorted by length together, after they were shuffled;
        0 leaves them in the shuffled order.
    workers : int
        Processes that read audio; 0 reads in the training process.
    left_out_emotions : tuple of str
        Emotions whose utterances are not trained on, such as O and X of MSP-Podcast, other and no
        agreement.
    borrowed_emotions : tuple of str
        Emotions whose utterances of the development split are trained on and not selected on.
    cache : str
        Folder of decoded recordings, which other runs may share; ``""`` for none. It changes no
        result.
    contours : str
        Table of contours that ``lemf batch --features`` wrote, relative to `folder`; only read
        where the model reads contours.
    """

    folder: str = ""
    train_split: str = "train"
    development_split: str = "development"
    test_fold: int = 0
    crop_s: float = 12.0
    crop: Crop = "head"
    wave_norm: WaveNorm = "global"
    mega_batches: int = 50
    workers: int = 0
    cache: str = ""
    contours: str = field(default="contours.parquet", metadata=LATER)
    left_out_emotions: tuple[str, ...] = field(default=(), metadata=LATER)
    borrowed_emotions: tuple[str, ...] = field(default=(), metadata=LATER)

    def __post_init__(self) -> None:
        check_fields(self, "data")
        for name, low, high in (
            ("test_fold", 0, 2**31 - 1),
            ("crop_s", SHORTEST_S, 86_400),
            ("mega_batches", 0, 1_000_000),
            ("workers", 0, 1_000),
        ):
            check_range(f"data.{name}", getattr(self, name), low, high)
        for name in ("left_out_emotions", "borrowed_emotions"):
            if not all(isinstance(one, str) and one for one in getattr(self, name)):
                raise ConfigError(f"data.{name}: must be a list of names")
        for name in self.borrowed_emotions:
            if name in self.left_out_emotions:
                raise ConfigError(
                    f"data.left_out_emotions and data.borrowed_emotions: {name!r} is in both; "
                    "leave it out, or borrow it"
                )
