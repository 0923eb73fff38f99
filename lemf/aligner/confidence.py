"""How well a text fits the sound that it was aligned with, word by word.

A word fits where its phones are as likely as any others: its frames are compared with those of the
likeliest phones without a text (`score_free_phones`). benchmarks/alignment_fit.py has the recipe of
the numbers below, and counts what they find.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lemf.aligner.acoustics.graph import N_PARTS, fit_graph
from lemf.aligner.acoustics.models import PhoneModels
from lemf.aligner.acoustics.phone_loop import score_free_phones
from lemf.aligner.acoustics.viterbi import find_path
from lemf.aligner.forced import ForcedPath
from lemf.arrays import FloatArray

PENALTIES = (20.0, 40.0, 80.0)  # of a phone that competes with those of the text
FEATURES = (
    "free 20",
    "free 40",
    "free 80",
    "any state",
    "longest phone",
    "frames",
    "free 40 per frame",
    "free 40 in all",
)
_WEIGHTS = np.array([0.0482, 0.0496, 0.0515, -0.0068, 1.044, -0.7784, -0.323, -0.2859])
_CONSTANT = 4.1722
_PRIOR = 0.03  # share of words that do not fit
_ORDINARY = 3.0  # logarithm of the odds of the weakest quarter of the words of a text
_LONGEST = 60  # frames


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

    @property
    def confidences(self) -> FloatArray:
        """The share of words like these that fit where 3 words in 100 do not, (words,) float64.

        Where the weakest quarter of the words fit badly, the voice or the sound is unlike that of
        the models, and all are judged more mildly.
        """
        odds = (self.features * _WEIGHTS).sum(axis=1) + _CONSTANT
        mildness = max(_ORDINARY - float(np.percentile(odds, 25)), 0.0)
        return np.asarray(1 / (1 + np.exp(-(odds + mildness + np.log(1 / _PRIOR - 1)))))


def measure_fit(path: ForcedPath, n_words: int) -> Fit:
    """Measure how well the words of a path fit.

    Parameters
    ----------
    path : ForcedPath
    n_words : int

    Returns
    -------
    Fit
    """
    units = path.graph.units[path.states]
    words = path.graph.words[units]
    spoken = words >= 0
    units, words = units[spoken], words[spoken]
    free = score_free_phones(path.scores, PENALTIES)
    rivals = np.column_stack([free, path.scores[:, :-N_PARTS].max(axis=1)])
    ratios = (path.forced[:, None] - rivals)[spoken]
    n_frames = np.bincount(words, minlength=n_words)
    columns = [np.bincount(words, column, n_words) / np.sqrt(n_frames) for column in ratios.T]
    found = np.unique(units)
    lengths = np.bincount(units)[found]
    longest = np.zeros(n_words)
    np.maximum.at(longest, path.graph.words[found], lengths)
    sums = np.bincount(words, ratios[:, 1], n_words)
    columns += [np.minimum(longest, _LONGEST) / 20, np.log(n_frames), sums / n_frames, sums / 1000]
    return Fit(np.column_stack(columns), float(ratios[:, 0].mean()), len(words))


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
    free = score_free_phones(path.scores, PENALTIES[:1])[:, 0]
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
