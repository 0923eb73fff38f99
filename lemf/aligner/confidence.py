"""How well a text fits the sound that it was aligned with, word by word.

A word fits where its phones are as likely as any others: its frames are compared with those of the
likeliest phones without a text (`score_free_phones`), and its phones with what a classifier takes
its frames for (`PhoneClassifier`). benchmarks/alignment_fit.py has the recipe of
the numbers below, and counts what they find.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lemf.aligner.acoustics.classifier import PhoneClassifier
from lemf.aligner.acoustics.graph import fit_graph
from lemf.aligner.acoustics.models import PhoneModels
from lemf.aligner.acoustics.phone_loop import score_free_phones
from lemf.aligner.acoustics.viterbi import find_path
from lemf.aligner.forced import ForcedPath
from lemf.arrays import FloatArray

PENALTY = 40.0  # of a phone that competes with those of the text
_CHANCE_PENALTY = 20.0
FEATURES = (
    "free phones",
    "likeliest class",
    "posterior per frame",
    "scaled likelihood",
    "weaker half of the phones",
    "phones",
    "longest phone",
    "frames",
)
WEIGHTS = np.array(  # the last one is constant
    [0.0158, -0.0579, -0.7037, 0.2997, 0.8311, -2.4208, -0.1212, 0.8512, 2.6825]
)
_PRIOR = 0.05  # share of words that do not fit
_ORDINARY = 2.0  # logarithm of the odds of the weakest quarter of the words of a text
_LONGEST = 60  # frames
_WORST = -6.0  # logarithm of the posterior of a phone's frame relative to the likeliest class
_LEAST_SHARE = 1e-4  # added to that of a class in the speech that the classifier learnt from


@dataclass(frozen=True, eq=False)
class Fit:
    """How well words fit.

    Attributes
    ----------
    features : (words, 8) float64
        By which the words are judged (`FEATURES`).
    likelihood_ratio : float
        Of the words against free phones: logarithm, mean of the frames.
    n_frames : int
        Of the words.
    """

    features: FloatArray
    likelihood_ratio: float
    n_frames: int

    def confidences(self, *, is_mild: bool = True) -> FloatArray:
        """Compute the share of words like these that fit where 5 in 100 do not, (words,) float64.

        `is_mild` is that of `weigh`.
        """
        odds = weigh(self.features, is_mild=is_mild) + np.log(1 / _PRIOR - 1)
        return np.asarray(1 / (1 + np.exp(-odds)))


def weigh(
    features: FloatArray, weights: FloatArray = WEIGHTS, *, is_mild: bool = True
) -> FloatArray:
    """Compute the logarithm of the odds that words of a text fit where one in two does, (words,).

    Where the weakest quarter of the words fit badly, the voice or the sound is unlike that of the
    models, and all are judged more mildly if `is_mild`.
    """
    odds = (features * weights[:-1]).sum(axis=1) + weights[-1]
    mildness = max(_ORDINARY - float(np.percentile(odds, 25)), 0.0) if is_mild else 0.0
    return np.asarray(odds + mildness)


def measure_fit(
    path: ForcedPath, features: FloatArray, n_words: int, classifier: PhoneClassifier
) -> Fit:
    """Measure how well the words of a path fit.

    Parameters
    ----------
    path : ForcedPath
    features : (frames, 26) float64
        Of the frames of the path.
    n_words : int
    classifier : PhoneClassifier
        Phones that it does not know count neither for a word nor against it.

    Returns
    -------
    Fit
    """
    units = path.graph.units[path.states]
    words = path.graph.words[units]
    spoken = words >= 0
    free = score_free_phones(path.scores, (_CHANCE_PENALTY, PENALTY))
    ratios = (path.forced[:, None] - free)[spoken]
    n_frames = np.bincount(words[spoken], minlength=n_words)
    found = np.unique(units[spoken])
    longest = np.zeros(n_words)
    np.maximum.at(longest, path.graph.words[found], np.bincount(units)[found])
    columns = [
        np.bincount(words[spoken], ratios[:, 1], n_words) / np.sqrt(n_frames),
        *_compare_classes(path, features, n_words, classifier),
        np.minimum(longest, _LONGEST) / 20,
        np.log(n_frames),
    ]
    return Fit(np.column_stack(columns), float(ratios[:, 0].mean()), int(spoken.sum()))


def _compare_classes(
    path: ForcedPath, features: FloatArray, n_words: int, classifier: PhoneClassifier
) -> list[FloatArray]:
    """Compare the phones of each word with what the classifier takes its frames for."""
    units = path.graph.units[path.states]
    classes = classifier.columns(path.graph.names)[units]
    known = np.flatnonzero((path.graph.words[units] >= 0) & (classes >= 0))
    posteriors = classifier.log_posteriors(features)[known]
    units, classes = units[known], classes[known]
    words = path.graph.words[units]
    forced = posteriors[np.arange(len(known)), classes]
    below_best = forced - posteriors.max(axis=1)
    scaled = forced - 0.5 * np.log(classifier.priors[classes] + _LEAST_SHARE)
    n_frames = np.maximum(np.bincount(words, minlength=n_words), 1)

    # The mean of the weaker half of the phones of each word
    found, places = np.unique(units, return_inverse=True)
    of_phones = np.bincount(places, np.maximum(below_best, _WORST)) / np.bincount(places)
    words_of_phones = path.graph.words[found]
    order = np.lexsort((of_phones, words_of_phones))
    n_phones = np.bincount(words_of_phones, minlength=n_words)
    ranks = np.arange(len(found)) - (np.cumsum(n_phones) - n_phones)[words_of_phones[order]]
    weaker = order[ranks < (n_phones[words_of_phones[order]] + 1) // 2]
    sums = np.bincount(words_of_phones[weaker], of_phones[weaker], n_words)
    return [
        np.bincount(words, below_best, n_words) / np.sqrt(n_frames),
        np.bincount(words, forced, n_words) / n_frames,
        np.bincount(words, scaled, n_words) / np.sqrt(n_frames),
        sums / np.maximum((n_phones + 1) // 2, 1),
        np.log(np.maximum(n_phones, 1)),
    ]


def measure_chance(path: ForcedPath, phones: Sequence[Sequence[str]], models: PhoneModels) -> float:
    """Compute the likelihood ratio (`Fit.likelihood_ratio`) that texts reach which are not said.

    Parameters
    ----------
    path : ForcedPath
        Of the text.
    phones : sequence of sequences of str
        Of each word of the text, whose phones in other orders make the texts that are not said.
    models : PhoneModels

    Returns
    -------
    float
        The mean of three texts.
    """
    free = score_free_phones(path.scores, (_CHANCE_PENALTY,))[:, 0]
    flat = np.array([phone for word in phones for phone in word])
    half = np.roll(flat, len(flat) // 2)
    borders = np.cumsum([len(word) for word in phones])[:-1]
    ratios = []
    for shuffled in (flat[::-1], half, half[::-1]):
        parts = [part.tolist() for part in np.split(shuffled, borders)]
        graph = fit_graph(parts, len(path.states))
        columns = models.columns(graph)
        states, _ = find_path(path.scores, columns, graph)
        forced = path.scores[np.arange(len(states)), columns[states]]
        spoken = graph.words[graph.units[states]] >= 0
        ratios.append(float((forced - free)[spoken].mean()))
    return float(np.mean(ratios))
