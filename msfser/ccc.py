"""The concordance correlation coefficient (CCC): the metric in float64, and the loss.

CCC = 2 cov(p, l) / (var(p) + var(l) + (mean(p) - mean(l))^2), with population moments (1/n).
NaN marks a missing label: each dimension is computed over the utterances labelled in it.

References
----------
Lin, "A concordance correlation coefficient to evaluate reproducibility", Biometrics 45, 1989.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

FloatArray = NDArray[np.float64]

_LOSS_EPSILON = 1e-8


@dataclass(frozen=True, kw_only=True, eq=False)
class CccMoments:
    """The moments of predictions and labels that CCC is computed from; their sum merges two sets.

    Attributes
    ----------
    n : (dimensions,) float64
        Labelled utterances.
    prediction_mean, label_mean : (dimensions,) float64
        0 where n is 0.
    prediction_m2, label_m2, cross : (dimensions,) float64
        Sums of squared deviations from the means, and of their products.
    """

    n: FloatArray
    prediction_mean: FloatArray
    label_mean: FloatArray
    prediction_m2: FloatArray
    label_m2: FloatArray
    cross: FloatArray

    def __add__(self, other: CccMoments) -> CccMoments:
        """Merge the moments of two sets of utterances."""
        n = self.n + other.n
        share = other.n / np.maximum(n, 1.0)
        prediction_step = other.prediction_mean - self.prediction_mean
        label_step = other.label_mean - self.label_mean
        between = self.n * share
        return CccMoments(
            n=n,
            prediction_mean=self.prediction_mean + share * prediction_step,
            label_mean=self.label_mean + share * label_step,
            prediction_m2=self.prediction_m2 + other.prediction_m2 + between * prediction_step**2,
            label_m2=self.label_m2 + other.label_m2 + between * label_step**2,
            cross=self.cross + other.cross + between * prediction_step * label_step,
        )

    def ccc(self) -> FloatArray:
        """Compute CCC.

        Returns
        -------
        (dimensions,) float64
            NaN for fewer than two labelled utterances, and where predictions and labels are the
            same constant.
        """
        difference = self.prediction_mean - self.label_mean
        spread = self.prediction_m2 + self.label_m2 + self.n * difference**2
        defined = (self.n >= 2) & (spread != 0)
        return np.where(defined, 2 * self.cross / np.where(defined, spread, 1.0), np.nan)


def ccc_moments(predictions: FloatArray, labels: FloatArray) -> CccMoments:
    """Compute the moments of a set of utterances.

    Parameters
    ----------
    predictions, labels : (utterances, dimensions) float64
        On the same scale; labels are NaN where missing.

    Raises
    ------
    ValueError
        The shapes differ, or are not two-dimensional.
    """
    if predictions.shape != labels.shape or labels.ndim != 2:
        raise ValueError(
            f"predictions {predictions.shape} and labels {labels.shape}: "
            "both must be (utterances, dimensions)"
        )
    known = ~np.isnan(labels)
    prediction_mean, p = _centre(predictions, known)
    label_mean, y = _centre(labels, known)
    return CccMoments(
        n=known.sum(axis=0).astype(np.float64),
        prediction_mean=prediction_mean,
        label_mean=label_mean,
        prediction_m2=(p * p).sum(axis=0),
        label_m2=(y * y).sum(axis=0),
        cross=(p * y).sum(axis=0),
    )


def _centre(values: FloatArray, known: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Return the means of the known values and the deviations from them, 0 for the others."""
    start = np.max(values, axis=0, where=known, initial=-np.inf)
    start = np.where(np.isfinite(start), start, 0.0)  # so that a constant deviates by exactly 0
    from_start = np.where(known, values - start, 0.0)
    mean = from_start.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return start + mean, np.where(known, from_start - mean, 0.0)


def ccc(predictions: FloatArray, labels: FloatArray) -> FloatArray:
    """Compute CCC of each dimension.

    Parameters
    ----------
    predictions, labels : (utterances, dimensions) float64
        On the same scale; NaN where there is no label.

    Returns
    -------
    (dimensions,) float64
        -1 to 1; NaN as in `CccMoments.ccc`. 0 where only one of the two is constant.
    """
    return ccc_moments(predictions, labels).ccc()


def ccc_loss(predictions: Tensor, labels: Tensor) -> Tensor:
    """Compute 1 - CCC of each dimension, in fp32 even inside mixed precision.

    In covariance form, loss and gradient are finite for every input, even for constant predictions
    or labels. With one labelled utterance or none, the loss is 1 and the gradient 0.

    Parameters
    ----------
    predictions, labels : (utterances, dimensions) float Tensor
        On the same scale; NaN where there is no label.

    Returns
    -------
    (dimensions,) float32 Tensor
        0 to 2; float64 for float64 predictions.
    """
    import torch

    dtype = torch.promote_types(predictions.dtype, torch.float32)
    known = ~labels.isnan()
    n = known.sum(dim=0).clamp(min=1)
    p = predictions.to(dtype).masked_fill(~known, 0.0)
    y = labels.to(dtype).masked_fill(~known, 0.0)
    prediction_mean, label_mean = p.sum(dim=0) / n, y.sum(dim=0) / n
    p = (p - prediction_mean).masked_fill(~known, 0.0)
    y = (y - label_mean).masked_fill(~known, 0.0)
    covariance = (p * y).sum(dim=0) / n
    variances = ((p * p).sum(dim=0) + (y * y).sum(dim=0)) / n
    difference = prediction_mean - label_mean
    return 1.0 - 2.0 * covariance / (variances + difference**2 + _LOSS_EPSILON)
