"""The length of a speaker's vocal tract: evened out, all speakers sound more like the models."""

from __future__ import annotations

from lemf.aligner.acoustics.graph import N_PARTS
from lemf.aligner.acoustics.mfcc import measure_moments, standardise, warp
from lemf.aligner.acoustics.models import PhoneModels
from lemf.arrays import FloatArray

FACTORS = tuple(round(0.84 + 0.04 * step, 2) for step in range(10))
_MOST_FRAMES = 2000  # in the middle of the recording, from which the factor is estimated


def fit_vocal_tract(cepstra: FloatArray, models: PhoneModels) -> FloatArray:
    """Warp cepstra by the factor with which they sound most like phones, whichever these are.

    Parameters
    ----------
    cepstra : (frames, 13) float64
        Of one speaker.
    models : PhoneModels

    Returns
    -------
    (frames, 13) float64
    """
    start = max((len(cepstra) - _MOST_FRAMES) // 2, 0)

    def likelihood(factor: float) -> float:
        warped = warp(cepstra, factor)
        features = standardise(warped, measure_moments(warped))[start : start + _MOST_FRAMES]
        return float(models.score(features)[:, :-N_PARTS].max(axis=1).sum())

    return warp(cepstra, max(FACTORS, key=likelihood))
