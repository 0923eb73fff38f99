"""The likeliest phones of a recording without its text: what a text must compete with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lemf.aligner.acoustics.graph import N_PARTS
from lemf.aligner.acoustics.viterbi import BLOCK, NEVER
from lemf.arrays import FloatArray


def score_free_phones(scores: FloatArray, penalties: Sequence[float]) -> FloatArray:
    """Compute what each frame adds to the likelihood of the likeliest phones, in any order.

    Parameters
    ----------
    scores : (frames, columns) float64
        Logarithms of likelihoods from `PhoneModels.score`; the last phone, which stands for any
        sound, takes no part.
    penalties : sequence of float
        Subtracted at the start of each phone, so that real phones, which last, win over noise; a
        text competes with other phones at each.

    Returns
    -------
    (frames, penalties) float64
        The sum up to a frame is the logarithm of the likelihood up to that frame.
    """
    states = scores.reshape(len(scores), -1, N_PARTS)[:, :-1].swapaxes(1, 2)
    costs = np.array(penalties)
    reached = np.empty((len(states), len(costs)))
    best = np.full((len(costs), *states.shape[1:]), NEVER)  # penalties, parts, phones
    best[:, 0] = states[0, 0]
    reached[0] = best[:, 0].max(axis=1)
    now = np.empty_like(best)
    for first in range(1, len(states), BLOCK):
        for frame, given in enumerate(np.ascontiguousarray(states[first : first + BLOCK]), first):
            starts = best[:, -1].max(axis=1) - costs
            np.maximum(best[:, 0], starts[:, None], out=now[:, 0])
            np.maximum(best[:, 1:], best[:, :-1], out=now[:, 1:])
            now += given
            best, now = now, best
            best.reshape(len(costs), -1).max(axis=1, out=reached[frame])
    return np.diff(reached, axis=0, prepend=0.0)
