"""The decision: which words are emphasised, none, one or several, by a calibrated probability.

logit P(w) = b + a s(w) + sum_m c_m m(w)

s(w) is the score of equation 2. Its z-scores compare the words of one sentence, and so cannot tell
that none is emphasised; the absolute measures m(w), in semitones and decibels, can. The intercept
b, the slope a and the coefficients c_m are fitted to labels by logistic regression. Words are
ranked by s(w) and decided by P(w).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lemf.arrays import FloatArray
from lemf.config import Scope

INTERCEPT = "intercept"


@dataclass(frozen=True)
class DecisionModel:
    """How scores and absolute measures become a probability.

    Attributes
    ----------
    name : str
        ``"emphasis"``, ``"accent"``, or what a fitted file says.
    cues : str
        Cue set whose scores the slope belongs to.
    weights : mapping of cue to float
        Weights of these scores.
    normalise : str
        Words over which their cues are standardised.
    intercept : float
        Log-odds.
    slope : float
        Log-odds per unit of score.
    absolute : mapping of cue to float
        Log-odds per unit of a cue as measured, such as per semitone or per decibel.
    means : mapping of cue to float
        Values at which the part of an absolute measure is 0; they stand in where one is missing
        that has no floor.
    floors : mapping of cue to float
        Lower values of an absolute measure count as this one: a dull voice or microphone says no
        more against emphasis than the duller words that the model was fitted on. So do missing
        ones, such as the excursion of F0 in a word without a voice.
    fitted_on : str
        What the model was fitted on.
    """

    name: str
    cues: str
    weights: Mapping[str, float]
    normalise: Scope
    intercept: float
    slope: float
    absolute: Mapping[str, float]
    means: Mapping[str, float]
    floors: Mapping[str, float]
    fitted_on: str


@dataclass(frozen=True)
class WordDecision:
    """Whether a word is emphasised, and why.

    Attributes
    ----------
    probability : float
        P(emphasised), calibrated on the labels that the decision was fitted to.
    emphasised : bool
        Whether the probability reaches the threshold of the settings.
    log_odds : float
        The logarithm of P / (1 - P).
    parts : mapping of str to float
        What the intercept, each cue and each absolute measure add to the log-odds, their sum.
    """

    probability: float
    emphasised: bool
    log_odds: float
    parts: Mapping[str, float]


@dataclass(frozen=True)
class SentenceDecision:
    """Whether ``"none"``, ``"one"`` or ``"several"`` words of a sentence are emphasised, and which.

    `words` are their indices in the order of time.
    """

    kind: str
    words: tuple[int, ...]


def log_odds_parts(
    contributions: Mapping[str, FloatArray],
    measures: Mapping[str, FloatArray],
    model: DecisionModel,
) -> dict[str, FloatArray]:
    """Compute what each part adds to the log-odds of the words; they sum to logit P.

    Parameters
    ----------
    contributions : mapping of cue to (words,) float64
        What each cue adds to the score.
    measures : mapping of cue to (words,) float64
        The absolute measures; where one is NaN, the floor of the model stands in, or the mean
        where there is none.
    model : DecisionModel

    Returns
    -------
    dict of str to (words,) float64
        ``"intercept"``, each cue, and each absolute measure; a cue that is both has one part. The
        part of a measure is 0 at its mean; what the means add is in that of the intercept.
    """
    n_words = len(next(iter(contributions.values())))
    at_means = sum(value * model.means.get(cue, 0.0) for cue, value in model.absolute.items())
    parts = {INTERCEPT: np.full(n_words, model.intercept + at_means)}
    for cue, added in contributions.items():
        parts[cue] = model.slope * added
    for cue, coefficient in model.absolute.items():
        values = measures[cue]
        mean = model.means.get(cue, 0.0)
        counted = np.maximum(values, model.floors.get(cue, -np.inf))
        counted = np.where(np.isnan(values), model.floors.get(cue, mean), counted)
        parts[cue] = parts.get(cue, 0.0) + coefficient * (counted - mean)
    return parts


def probability(log_odds: FloatArray) -> FloatArray:
    """Compute P = 1 / (1 + exp(-logit)) without overflow.

    Parameters
    ----------
    log_odds : (words,) float64

    Returns
    -------
    (words,) float64
        From 0 to 1.
    """
    smaller = np.exp(-np.abs(log_odds))
    result: FloatArray = np.where(log_odds >= 0, 1.0, smaller) / (1.0 + smaller)
    return result
