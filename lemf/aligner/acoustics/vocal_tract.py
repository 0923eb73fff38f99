"""The length of a speaker's vocal tract: evened out, all speakers sound more like the models."""

from __future__ import annotations

from lemf.aligner.acoustics.graph import N_PARTS
from lemf.aligner.acoustics.mfcc import measure_moments, standardise, warp
from lemf.aligner.acoustics.models import PhoneModels
from lemf.arrays import FloatArray

FACTORS = tuple(round(0.84 + 0.04 * step, 2) for step in range(10))
_MOST_FRAMES = 2000  # in the middle of the recording, from which the factor is estimated
_AROUND_FRAMES = 6000  # by which these are standardised


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

    def likelihood(factor: float) -> float:
        warped = warp(around, factor)
        features = _middle(standardise(warped, measure_moments(warped)), _MOST_FRAMES)
        return float(models.score(features)[:, :-N_PARTS].max(axis=1).sum())

    return max(FACTORS, key=likelihood)


def _middle(frames: FloatArray, most: int) -> FloatArray:
    start = max((len(frames) - most) // 2, 0)
    return frames[start : start + most]
