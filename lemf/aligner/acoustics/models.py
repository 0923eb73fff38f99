"""How phones sound: three Gaussians each, one per part, over the features of a frame."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from lemf.aligner.acoustics.graph import ANY_SOUND, N_PARTS, SILENCE, Graph
from lemf.aligner.acoustics.mfcc import N_CEPSTRA, multiply
from lemf.aligner.acoustics.phone_features import nearest_phones
from lemf.arrays import FloatArray, IntArray

_AROUND = (-8, -4, 0, 4, 8)  # frames
N_AROUND = len(_AROUND) * N_CEPSTRA
_QUIETEST = 5  # per cent of the frames
_QUIET_VARIANCE = 0.3  # least variance of the quietest frames
_QUIET_PENALTY = 10.0  # of their likelihood, since closed stops are quiet, too
_ARRAYS = ("counts", "means", "variances", "projection")
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, eq=False)
class PhoneModels:
    """Gaussians of phones, silence and the glottal stop.

    Attributes
    ----------
    names : tuple of str
    counts : (phones, 3) float64
        Frames from which each part was estimated.
    means, variances : (phones, 3, features) float64
        Over the features that `extend` returns.
    projection : (65, more) float64
        What tells phones apart best in the cepstra around a frame (linear discriminant analysis);
        `more` may be 0.
    """

    names: tuple[str, ...]
    counts: FloatArray
    means: FloatArray
    variances: FloatArray
    projection: FloatArray

    def extend(self, features: FloatArray) -> FloatArray:
        """Append what the projection finds around each frame to its features, (frames, 26)."""
        return np.hstack([features, multiply(around(features), self.projection)])

    def score(self, features: FloatArray) -> FloatArray:
        """Compute the logarithms of the likelihoods of frames in all states.

        Parameters
        ----------
        features : (frames, 26) float64

        Returns
        -------
        (frames, 3 (phones + 1)) float64
            The three parts of each phone in the order of `names`, then those of `ANY_SOUND`.
            Silence may sound like the quietest frames as well as like its models.
        """
        features = self.extend(features)
        n_features = features.shape[1]
        any_sound = np.ones((1, N_PARTS, n_features))  # features are standardised
        scores = log_likelihoods(
            features,
            np.concatenate([self.means, 0 * any_sound]).reshape(-1, n_features),
            np.concatenate([self.variances, any_sound]).reshape(-1, n_features),
        )
        quiet = features[features[:, 0] <= np.percentile(features[:, 0], _QUIETEST)]
        variances = np.maximum(quiet.var(axis=0), _QUIET_VARIANCE)
        noise = log_likelihoods(features, quiet.mean(axis=0)[None], variances[None])
        silence = N_PARTS * self.names.index(SILENCE) + np.arange(N_PARTS)
        scores[:, silence] = np.maximum(scores[:, silence], noise - _QUIET_PENALTY)
        return scores

    def columns(self, graph: Graph) -> IntArray:
        """Return the column of each state of a graph in what `score` returns, (states,) int64.

        The likest phones serve for one of which there is no model, or any sound if none is like.
        """
        columns = {name: self._columns_of(name) for name in set(graph.names)}
        return np.array([columns[name] for name in graph.names])[graph.units, graph.parts]

    def _columns_of(self, phone: str) -> list[int]:
        """Return the columns of the parts of a phone."""
        if phone in self.names:
            names: tuple[str, ...] = (phone,)
        else:
            names = () if phone == ANY_SOUND else nearest_phones(phone, self.names)
        places = [self.names.index(name) for name in names] or [len(self.names)]
        return [
            N_PARTS * place + part
            for part, place in enumerate((places[0], places[0], places[-1]))  # its last sound
        ]


def around(features: FloatArray) -> FloatArray:
    """Return the cepstra of each frame and of those 20 and 40 ms before and after, (frames, 65)."""
    cepstra, reach = features[:, :N_CEPSTRA], -_AROUND[0]
    padded = np.pad(cepstra, ((reach, reach), (0, 0)), mode="edge")
    ends = len(padded) - reach
    return np.hstack([padded[reach + offset : ends + offset] for offset in _AROUND])


def log_likelihoods(features: FloatArray, means: FloatArray, variances: FloatArray) -> FloatArray:
    """Compute the logarithms of the densities of Gaussians with diagonal covariance.

    Parameters
    ----------
    features : (frames, features) float64
    means, variances : (Gaussians, features) float64

    Returns
    -------
    (frames, Gaussians) float64
    """
    precisions = 1 / variances
    constants = (np.square(means) * precisions + np.log(2 * np.pi * variances)).sum(axis=1)
    distances = multiply(
        np.hstack([np.square(features), features]),
        np.hstack([precisions, -2 * means * precisions]).T,
    )
    return np.asarray(-0.5 * (distances + constants))


def pack_models(models: PhoneModels) -> bytes:
    """Convert models to the bytes of a file in numpy's npz format, the same for the same models."""
    arrays = {
        "names": np.array("\n".join(models.names)),
        "counts": models.counts.astype(np.float32),
        "means": models.means.astype(np.float16),
        "variances": models.variances.astype(np.float16),
        "projection": models.projection.astype(np.float16),
    }
    return pack_arrays(arrays)


def pack_arrays(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Convert arrays to the bytes of a file in numpy's npz format, the same for the same arrays."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _ZIP_TIME), content.getvalue())
    return packed.getvalue()


def unpack_models(content: bytes) -> PhoneModels:
    """Read models from the bytes that `pack_models` returned."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return PhoneModels(
            tuple(str(arrays["names"]).split("\n")),
            *(arrays[name].astype(np.float64) for name in _ARRAYS),
        )


@cache
def read_seed() -> PhoneModels:
    """Read the models that ship with lemf: benchmarks/aligner_seed.py says from which speech."""
    return unpack_models((resources.files("lemf.aligner.acoustics") / "seed.npz").read_bytes())
