"""Models of phones from recordings and their texts: Viterbi training.

Each recording is aligned by the models that there are, the frames of each state are summed, and the
sums of all recordings give the next models. `accumulate` needs one recording at a time, so the work
can be shared out; sums are added in the order of the recordings, whoever computed them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np

from lemf.aligner.acoustics.graph import ANY_SOUND, N_PARTS, Graph
from lemf.aligner.acoustics.models import N_AROUND, PhoneModels
from lemf.aligner.acoustics.viterbi import find_path
from lemf.arrays import FloatArray, IntArray

VARIANCE_FLOOR = 0.1  # of the variance of all frames
_VARIANCE_WEIGHT = 10.0  # frames of the variance of all that are added to those of a state
_MEAN_WEIGHT = 200.0  # frames of the models before that are added to those of a state


@dataclass(frozen=True, eq=False)
class Statistics:
    """Frames, sums and sums of squares of the features of each state of each phone.

    `states` holds, for each name, (3, 1 + 2 x features) float64: the number of frames, their sums
    and the sums of their squares. `log_likelihood` and `n_frames` are those of all frames.
    """

    states: dict[str, FloatArray]
    log_likelihood: float
    n_frames: int

    def __add__(self, other: Statistics) -> Statistics:
        states = dict(self.states)
        for name, sums in other.states.items():
            states[name] = states[name] + sums if name in states else sums
        return Statistics(
            states,
            self.log_likelihood + other.log_likelihood,
            self.n_frames + other.n_frames,
        )


def accumulate(
    features: FloatArray, graph: Graph, path: IntArray, log_likelihood: float = 0.0
) -> Statistics:
    """Sum the frames of each state.

    Parameters
    ----------
    features : (frames, features) float64
        As `PhoneModels.extend` returns them.
    graph : Graph
    path : (frames,) int64
        The state of each frame.
    log_likelihood : float
        Of that path.

    Returns
    -------
    Statistics
    """
    starts = np.flatnonzero(np.diff(path, prepend=-1))
    counted = np.hstack([np.ones((len(features), 1)), features, np.square(features)])
    sums = np.add.reduceat(counted, starts, axis=0)
    states: dict[str, FloatArray] = {}
    for state, row in zip(path[starts].tolist(), sums, strict=True):
        name = graph.names[graph.units[state]]
        if name != ANY_SOUND:
            of_name = states.setdefault(name, np.zeros((N_PARTS, sums.shape[1])))
            of_name[graph.parts[state]] += row
    return Statistics(states, log_likelihood, len(features))


def align_and_accumulate(features: FloatArray, graph: Graph, models: PhoneModels) -> Statistics:
    """Find the likeliest path of a recording and sum the frames of its states."""
    path, log_likelihood = find_path(models.score(features), models.columns(graph), graph)
    return accumulate(models.extend(features), graph, path, log_likelihood)


def estimate(
    statistics: Statistics,
    prior: PhoneModels | None = None,
    *,
    projection: FloatArray | None = None,
) -> PhoneModels:
    """Estimate models from the sums of all recordings.

    Parameters
    ----------
    statistics : Statistics
    prior : PhoneModels, optional
        Models towards which those with few frames are drawn, and which serve for phones without
        any.
    projection : (65, more) float64, optional
        That of the features; without, that of `prior`, or none.

    Returns
    -------
    PhoneModels
        In the order of the names.
    """
    names = tuple(sorted(statistics.states.keys() | set(prior.names if prior else ())))
    empty = np.zeros_like(next(iter(statistics.states.values())))
    sums = np.stack([statistics.states.get(name, empty) for name in names])
    n_features = sums.shape[2] // 2
    total = sums.sum(axis=(0, 1))
    all_means = total[1 : 1 + n_features] / total[0]
    all_variances = total[1 + n_features :] / total[0] - np.square(all_means)
    counts, firsts, seconds = np.split(sums, [1, 1 + n_features], axis=2)
    if projection is None:
        projection = np.zeros((N_AROUND, 0)) if prior is None else prior.projection

    # The models before, as frames that count as well
    if prior is not None:
        places = [prior.names.index(name) if name in prior.names else -1 for name in names]
        known = np.array(places) >= 0
        weight = _MEAN_WEIGHT * known[:, None, None]
        means, variances = prior.means[places], prior.variances[places]
    else:
        weight, means = np.zeros((len(names), 1, 1)), np.zeros((1, 1, 1))
        variances = np.zeros((1, 1, 1))
    frames = np.maximum(counts + weight, 1e-9)
    new_means = (firsts + weight * means) / frames
    squares = (seconds + weight * (np.square(means) + variances)) / frames
    spread = np.maximum(squares - np.square(new_means), 0.0)
    spread = (spread * frames + all_variances * _VARIANCE_WEIGHT) / (frames + _VARIANCE_WEIGHT)
    new_variances = np.maximum(spread, VARIANCE_FLOOR * all_variances)
    return PhoneModels(names, counts[:, :, 0], new_means, new_variances, projection)


def add_statistics(parts: Iterable[Statistics]) -> Statistics:
    """Add the statistics of recordings in their order."""
    return reduce(Statistics.__add__, parts)
