"""The length of a speaker's vocal tract: evened out, all speakers sound more like the models."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from lemf.aligner.acoustics.graph import N_PARTS
from lemf.aligner.acoustics.mfcc import measure_moments, standardise, warp
from lemf.aligner.acoustics.models import PhoneModels
from lemf.arrays import FloatArray

FACTORS = tuple(round(0.84 + 0.04 * step, 2) for step in range(10))
_MOST_FRAMES = 2000  # in the middle of the recording, from which the factor is estimated
_AROUND_FRAMES = 6000  # by which these are standardised
_REACH = 2  # places that are looked at on both sides, so that a dip of one place is passed


def fit_vocal_tract(cepstra: FloatArray, models: PhoneModels) -> float:
    """Find the factor of `warp` by which cepstra sound most like phones, whichever these are.

    Parameters
    ----------
    cepstra : (frames, 13) float64
        Of one speaker.
    models : PhoneModels

    Returns
    -------
    float
        One of `FACTORS`.
    """
    around = _middle(cepstra, _AROUND_FRAMES)

    @cache
    def likelihood(place: int) -> float:
        warped = warp(around, FACTORS[place])
        features = _middle(standardise(warped, measure_moments(warped)), _MOST_FRAMES)
        return float(models.score(features)[:, :-N_PARTS].max(axis=1).sum())

    return FACTORS[_climb(likelihood, len(FACTORS), FACTORS.index(1.0))]


def _climb(height: Callable[[int], float], n_places: int, start: int) -> int:
    """Return the place from which no other up to two places away is higher, reached from `start`.

    With one summit, or dips of one place before the summit, that place is the highest of all.
    """
    place = start
    while True:
        near = range(max(place - _REACH, 0), min(place + _REACH + 1, n_places))
        highest = max(near, key=height)
        if height(highest) <= height(place):
            return place
        place = highest


def _middle(frames: FloatArray, most: int) -> FloatArray:
    start = max((len(frames) - most) // 2, 0)
    return frames[start : start + most]
