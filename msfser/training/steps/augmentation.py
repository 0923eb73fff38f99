"""Crops of long clips and the masks of SpecAugment, drawn for each utterance and epoch.

All random numbers are drawn from a generator that is seeded with the run's seed, the epoch, the
utterance and how often the utterance came before in the epoch: a batch is the same whichever
process makes it, at any time, and an utterance that comes twice has two crops.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from msfser.config.settings import Crop

CROP, MASK, FEATURE_MASK, TEXT = range(1, 5)  # what a generator draws; 0 is `order`'s


def draw_generator(
    seed: int, what: int, epoch: int, place: int, repeat: int
) -> np.random.Generator:
    """Return the generator of one kind of draw.

    Parameters
    ----------
    seed, what, epoch : int
        Of the run; `CROP`, `MASK`, `FEATURE_MASK` or `TEXT`; and the epoch.
    place : int
        Of the utterance.
    repeat : int
        How often the utterance came before in the epoch, as `count_repeats` counts.

    Returns
    -------
    numpy Generator
    """
    return np.random.default_rng([seed, what, epoch, place, *([repeat] if repeat else [])])


def crop_start(n_samples: int, kept: int, crop: Crop, generator: np.random.Generator) -> int:
    """Return where the `kept` samples of a clip start, drawn if the crop is random."""
    if crop == "head" or n_samples <= kept:
        return 0
    return int(generator.integers(n_samples - kept + 1))


def draw_mask(
    n_places: int,
    probability: float,
    length: int,
    fewest: int,
    generator: np.random.Generator,
) -> NDArray[np.bool_]:
    """Draw the frames or features that SpecAugment masks: spans of one length that start anywhere.

    Their number would cover the share `probability` of the places if they did not overlap, rounded
    up or down at random; a clip that is no longer than a span has none.

    Parameters
    ----------
    n_places : int
        Frames of a clip, or features of a frame.
    probability : float
        Share of the places.
    length : int
        Places of a span.
    fewest : int
        Least number of spans, as far as they fit side by side.
    generator : numpy Generator

    Returns
    -------
    (n_places,) bool
    """
    mask = np.zeros(n_places, dtype=np.bool_)
    if n_places <= length:
        return mask
    n_spans = max(int(probability * n_places / length + generator.random()), fewest)
    n_starts = n_places - length + 1
    n_spans = min(n_spans, n_places // length, n_starts)
    for start in generator.choice(n_starts, n_spans, replace=False):
        mask[start : start + length] = True
    return mask


class Masking(NamedTuple):
    """How SpecAugment masks one axis: the parameters of `draw_mask`; nothing at probability 0."""

    probability: float
    length: int
    fewest: int


@dataclass(frozen=True)
class Augmentation:
    """Crops and masks of clips and dropped texts, in training only.

    Attributes
    ----------
    longest : int
        Samples that are kept of a clip.
    crop : {"head", "random"}
    time_masking, feature_masking : Masking
        SpecAugment over frames and over their features.
    n_features : int
        Features of a frame.
    text_dropout : float
        Probability that a text of an utterance is treated as missing.
    conv_kernels, conv_strides : tuple of int
        Of the CNN; they determine the number of frames of a clip.
    seed : int
    """

    longest: int
    crop: Crop
    time_masking: Masking
    feature_masking: Masking
    n_features: int
    text_dropout: float
    conv_kernels: tuple[int, ...]
    conv_strides: tuple[int, ...]
    seed: int
