"""Which utterances an epoch trains on: all, or as many of each emotion.

The winner of the SERNC challenge trained on epochs undersampled by emotion; table 4 of its paper
(Lertpetchpun et al., 2025, arXiv 2506.10930) has a valence of .733 with it and .557 without.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from msfser.config.settings import Sampling
from msfser.data.examples import IntArray

_SAMPLING = 5  # what a generator draws; 0 to 4 are those of `msfser.training.steps`


def epoch_places(
    emotions: Sequence[str | None], sampling: Sampling, seed: int, epoch: int
) -> IntArray:
    """Draw the utterances of an epoch.

    Parameters
    ----------
    emotions : sequence of (str or None)
        Of each utterance; those without an emotion are a class, too.
    sampling : {"all", "balanced", "undersampled"}
        All once; as many of each class as make an epoch of the same length, rare ones several
        times; or as many of each class as the rarest has. Which ones is drawn anew in each epoch;
        the utterances of a class are all drawn before one is drawn again.
    seed, epoch : int

    Returns
    -------
    (epoch's utterances,) int64
        Places of the utterances, in ascending order; their number is that of every epoch.
    """
    if sampling == "all":
        return np.arange(len(emotions), dtype=np.int64)
    names = np.array([name or "" for name in emotions], dtype=np.str_)
    classes, numbers, sizes = np.unique(names, return_inverse=True, return_counts=True)
    n_each = int(sizes.min())
    if sampling == "balanced":
        n_each = max(len(emotions) // len(classes), 1)
    generator = np.random.default_rng([seed, _SAMPLING, epoch])
    places = []
    for number in range(len(classes)):
        members = np.flatnonzero(numbers == number)
        whole, rest = divmod(n_each, len(members))
        places += [members] * whole
        places.append(generator.choice(members, rest, replace=False))
    return np.sort(np.concatenate(places)).astype(np.int64)
