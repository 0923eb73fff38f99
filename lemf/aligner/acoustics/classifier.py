"""Which phone a frame sounds like: a small neural network over the cepstra of 100 ms.

It tells right words from wrong ones better than the Gaussians do, which place the words.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from lemf.aligner.acoustics.mfcc import N_CEPSTRA, multiply
from lemf.arrays import FloatArray, IntArray

_AROUND = range(-10, 11, 2)  # frames
_LONG = "ː"


@dataclass(frozen=True, eq=False)
class PhoneClassifier:
    """A network of layers of rectified linear units, the last one without.

    Attributes
    ----------
    names : tuple of str
        The phones that it tells apart, without marks of length.
    priors : (phones,) float64
        The share of each in the frames from which it learnt.
    weights, biases : tuples of (inputs, outputs) and (outputs,) float64
        Of each layer.
    """

    names: tuple[str, ...]
    priors: FloatArray
    weights: tuple[FloatArray, ...]
    biases: tuple[FloatArray, ...]

    def log_posteriors(self, features: FloatArray) -> FloatArray:
        """Compute the logarithm of the probability of each phone in each frame.

        Parameters
        ----------
        features : (frames, 26) float64

        Returns
        -------
        (frames, phones) float64
        """
        units = surround(features)
        for weights, biases in zip(self.weights, self.biases, strict=True):
            sums = multiply(units, weights) + biases
            units = np.maximum(sums, 0.0)
        sums -= sums.max(axis=1, keepdims=True)
        return np.asarray(sums - np.log(np.exp(sums).sum(axis=1, keepdims=True)))

    def columns(self, phones: Sequence[str]) -> IntArray:
        """Return the place of each phone in `names`, -1 of those that it does not know."""
        places = {name: place for place, name in enumerate(self.names)}
        return np.array([places.get(phone_class(phone), -1) for phone in phones], np.int64)


def phone_class(phone: str) -> str:
    """Return a phone without its marks of length, which duration tells better than sound."""
    return phone.replace(_LONG, "")


def surround(features: FloatArray) -> FloatArray:
    """Return the cepstra of each frame and of each second one up to 50 ms around, (frames, 143)."""
    cepstra, reach = features[:, :N_CEPSTRA], max(_AROUND)
    padded = np.pad(cepstra, ((reach, reach), (0, 0)), mode="edge")
    return np.hstack([padded[reach + offset :][: len(cepstra)] for offset in _AROUND])


def unpack_classifier(content: bytes) -> PhoneClassifier:
    """Read a classifier from the bytes of a file in numpy's npz format."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        layers = range(sum(name.startswith("weights") for name in arrays.files))
        return PhoneClassifier(
            tuple(str(arrays["names"]).split("\n")),
            arrays["priors"].astype(np.float64),
            tuple(arrays[f"weights{layer}"].astype(np.float64) for layer in layers),
            tuple(arrays[f"biases{layer}"].astype(np.float64) for layer in layers),
        )


@cache
def read_classifier() -> PhoneClassifier:
    """Read the classifier that ships with lemf; benchmarks/aligner_classifier.py trains it."""
    folder = resources.files("lemf.aligner.acoustics")
    return unpack_classifier((folder / "classifier.npz").read_bytes())
