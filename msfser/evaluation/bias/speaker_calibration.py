"""Shift and scale of the predictions of each speaker, from recordings without labels.

A model that takes a habit of a voice for emotion predicts all recordings of the speaker too high or
too low. The mean of the predictions of a speaker is drawn towards that of all speakers, and their
spread likewise, as far as speakers differ by more than chance: where a test of level 0.001 finds no
difference between speakers, nothing changes.
Speakers whose emotions truly differ lose this difference, too.

References
----------
DerSimonian and Laird, "Meta-analysis in clinical trials", Controlled Clinical Trials 7, 1986.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from msfser.ccc import FloatArray

FEWEST_SPEAKERS = 2
_CHANCE = 0.001  # of a change where speakers do not differ


@dataclass(frozen=True, eq=False)
class SpeakerCalibration:
    """The change of the predictions of each speaker: ``mean + shift + scale * (value - mean)``.

    Attributes
    ----------
    speakers : tuple of str
    n_recordings : (speakers,) int64
    means, shifts, scales : (speakers, dimensions) float64
        Mean of the predictions before; what is added to it; factor on the distance from it.
    """

    speakers: tuple[str, ...]
    n_recordings: NDArray[np.int64]
    means: FloatArray
    shifts: FloatArray
    scales: FloatArray

    def apply(self, values: FloatArray, speakers: Sequence[str | None]) -> FloatArray:
        """Calibrate predictions, (recordings, dimensions); those of other speakers stay."""
        places = {name: place for place, name in enumerate(self.speakers)}
        known = np.array([name in places for name in speakers], dtype=bool)
        at = np.array([places.get(name or "", 0) for name in speakers], dtype=np.int64)
        if not known.any():
            return values.copy()
        moved = self.means[at] + self.shifts[at] + self.scales[at] * (values - self.means[at])
        return np.where(known[:, np.newaxis], moved, values)


def fit_speaker_calibration(
    values: FloatArray, speakers: Sequence[str | None]
) -> SpeakerCalibration:
    """Fit shift and scale of each known speaker to predictions.

    Parameters
    ----------
    values : (recordings, dimensions) float64
        Predictions; no labels are needed. Rows with a NaN are left out; a column of NaN alone is
        not calibrated.
    speakers : sequence of (str or None)

    Returns
    -------
    SpeakerCalibration
        Of no speaker where fewer than `FEWEST_SPEAKERS` are known.
    """
    column = np.array(speakers, dtype=object)
    predicted = ~np.isnan(values).all(axis=0)
    finite = np.isfinite(values[:, predicted]).all(axis=1) & predicted.any()
    names = sorted({name for name in column[finite] if name is not None})
    if len(names) < FEWEST_SPEAKERS:
        names = []
    values = np.where(predicted, values, 0.0)
    parts = [values[finite & (column == name)] for name in names]
    n = np.array([len(part) for part in parts], dtype=np.int64)
    shape = (len(names), values.shape[1])
    if not names:
        empty = np.empty(shape)
        return SpeakerCalibration((), n, empty, empty, empty)
    means = np.array([part.mean(axis=0) for part in parts])
    squares = np.array([((part - part.mean(axis=0)) ** 2).sum(axis=0) for part in parts])
    within = squares.sum(axis=0) / max(int(n.sum()) - len(n), 1)
    shifts = np.zeros(shape)
    log_scales = np.zeros(shape)
    many = n >= 2
    deviations = np.sqrt(squares[many] / (n[many] - 1)[:, np.newaxis])
    for d in np.flatnonzero(predicted).tolist():
        shifts[:, d] = -shrunk_deviations(means[:, d], within[d] / n)
        if many.sum() >= FEWEST_SPEAKERS and (deviations[:, d] > 0).all():
            # The logarithm of a standard deviation of n values varies by 1 / (2 (n - 1)).
            variances = 0.5 / (n[many] - 1)
            log_scales[many, d] = -shrunk_deviations(np.log(deviations[:, d]), variances)
    return SpeakerCalibration(tuple(names), n, means, shifts, np.exp(log_scales))


def between_variance(means: FloatArray, variances: FloatArray) -> float:
    """Estimate the variance between units beyond that of their estimates, by moments.

    Parameters
    ----------
    means, variances : (units,) float64
        The estimate of each unit and its variance by chance.

    Returns
    -------
    float
        0 where the means differ no more than by chance.
    """
    if not (variances > 0).all():
        return float(np.var(means, ddof=1)) if len(means) > 1 else 0.0
    weights = 1.0 / variances
    mean = (weights * means).sum() / weights.sum()
    excess = (weights * (means - mean) ** 2).sum() - (len(means) - 1)
    room = weights.sum() - (weights**2).sum() / weights.sum()
    return float(max(excess / room, 0.0)) if room > 0 else 0.0


def shrunk_deviations(means: FloatArray, variances: FloatArray) -> FloatArray:
    """Estimate how far each unit truly lies from the mean of all, shrunk as chance demands.

    Parameters
    ----------
    means, variances : (units,) float64
        As in `between_variance`.

    Returns
    -------
    (units,) float64
        Deviations from the mean, each times its share of true variance, 0 to 1; all 0 where the
        units do not differ beyond chance.
    """
    between = between_variance(means, variances)
    if not between > 0 or not differ_beyond_chance(means, variances):
        return np.zeros_like(means)
    weights = 1.0 / (between + variances)
    centre = (weights * means).sum() / weights.sum()
    shrunk: FloatArray = between * weights * (means - centre)
    return shrunk


def differ_beyond_chance(means: FloatArray, variances: FloatArray) -> bool:
    """Return whether Cochran's test of level 0.001 finds a difference between the units.

    Parameters
    ----------
    means, variances : (units,) float64
        As in `between_variance`.

    References
    ----------
    Wilson and Hilferty, "The distribution of chi-square", PNAS 17, 1931, for the quantile.
    """
    if not (variances > 0).all():
        return bool(np.ptp(means) > 0)
    weights = 1.0 / variances
    mean = (weights * means).sum() / weights.sum()
    freedom = len(means) - 1
    step = 2.0 / (9.0 * freedom)
    z = NormalDist().inv_cdf(1.0 - _CHANCE)
    quantile = freedom * (1.0 - step + z * step**0.5) ** 3
    return bool((weights * (means - mean) ** 2).sum() > quantile)
