"""The order of training: the utterances of each step of an epoch, and of its micro-batches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from msfser.config.settings import Config
from msfser.data.examples import IntArray
from msfser.training.labels.sampling import epoch_places

_ORDER = 0  # what a generator draws; others in `augmentation` and `sampling`


def training_steps(
    n_samples: IntArray, batch_size: int, mega_batches: int, seed: int, epoch: int
) -> list[IntArray]:
    """Draw the steps of an epoch, each of utterances of similar lengths.

    All are shuffled and cut into mega-batches; each is sorted by length and cut into steps; the
    steps are shuffled. This keeps the padding short, and no step holds the utterances of one length
    in the whole corpus, perhaps of one speaker. Without mega-batches, nothing is sorted. Every
    utterance is used once; a remainder of one utterance joins the step before it.

    Parameters
    ----------
    n_samples : (utterances,) int64
    batch_size : int
        Utterances of a step.
    mega_batches : int
        Steps of a mega-batch; 0 for steps of utterances of any lengths in a random order.
    seed, epoch : int

    Returns
    -------
    list of (step's utterances,) int64
        Places of the utterances, sorted by length inside a step unless `mega_batches` is 0.
    """
    generator = np.random.default_rng([seed, _ORDER, epoch])
    shuffled = generator.permutation(len(n_samples))
    steps: list[IntArray] = []
    mega_size = batch_size * max(mega_batches, 1)
    for start in range(0, len(shuffled), mega_size):
        mega = shuffled[start : start + mega_size]
        if mega_batches:
            mega = mega[np.argsort(n_samples[mega], kind="stable")]
        steps += [mega[first : first + batch_size] for first in range(0, len(mega), batch_size)]
    if len(steps) > 1 and len(steps[-1]) == 1:
        steps[-2:] = [np.concatenate(steps[-2:])]
    return [steps[place] for place in generator.permutation(len(steps))]


def sampled_steps(
    n_samples: IntArray, emotions: Sequence[str | None], config: Config, epoch: int
) -> list[IntArray]:
    """Draw the steps of an epoch of the utterances that `epoch_places` draws.

    Parameters
    ----------
    n_samples : (utterances,) int64
    emotions : sequence of (str or None)
        Of each utterance.
    config : Config
    epoch : int

    Returns
    -------
    list of (step's utterances,) int64
    """
    settings = config.train
    places = epoch_places(emotions, settings.sampling, settings.seed, epoch)
    steps = training_steps(
        n_samples[places], settings.batch_size, config.data.mega_batches, settings.seed, epoch
    )
    return [places[step] for step in steps]


def count_steps(n_samples: IntArray, emotions: Sequence[str | None], config: Config) -> int:
    """Count the steps of a whole run; parameters as in `sampled_steps`."""
    return config.train.epochs * len(sampled_steps(n_samples, emotions, config, 0))


def split_step(step: IntArray, accumulation: int) -> list[IntArray]:
    """Cut a step into micro-batches of nearly equal size, none of them empty."""
    return [part for part in np.array_split(step, accumulation) if len(part)]


def count_repeats(steps: Sequence[IntArray]) -> list[IntArray]:
    """Count how often each utterance of an epoch came before in the epoch.

    Parameters
    ----------
    steps : sequence of (step's utterances,) int64
        Places of the utterances, in the order of training.

    Returns
    -------
    list of (step's utterances,) int64
        0 where an utterance comes for the first time: everywhere, unless rare ones are repeated.
    """
    if not steps:
        return []
    places = np.concatenate(steps)
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    firsts = np.flatnonzero(np.diff(ordered, prepend=-1))  # places are 0 or more
    repeats = np.empty(len(places), dtype=np.int64)
    repeats[order] = np.arange(len(places)) - np.repeat(firsts, np.diff(firsts, append=len(places)))
    return np.split(repeats, np.cumsum([len(step) for step in steps])[:-1])
