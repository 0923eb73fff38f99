"""Which words are emphasised: systems and baselines in the measures of detection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lemf.agreement.detection import (
    Reliability,
    average_precision,
    best_threshold,
    brier_score,
    calibration_error,
    count_accuracy,
    none_or_some_auc,
    perfect_calibration_error,
    precision_recall,
    reliability,
    roc_auc,
)
from lemf.agreement.external_systems import baseline_scores
from lemf.agreement.folds import LeftOut, make_folds, what_to_leave_out
from lemf.agreement.labels.rated_sentences import RatedSentence
from lemf.arrays import BoolArray, FloatArray

DETECTION_MEASURES = (
    "precision",
    "recall",
    "f1",
    "pr_auc",
    "roc_auc",
    "brier",
    "ece",
    "none_or_some_auc",
    "none_one_several",
    "top_emphasised",
)
_N_GROUPS = 6  # of speakers and of texts, as in lemf fit
_CONTENT_LETTERS = 4  # a word with as many is taken as a content word


@dataclass(frozen=True, kw_only=True, eq=False)
class SystemDetection:
    """How well one system tells which words are emphasised.

    Attributes
    ----------
    name : str
    baseline : bool
    by_probability : bool
        Whether the numbers are P(emphasised); else scores, whose threshold is that of the highest
        F1 on the sentences learnt from.
    thresholds : (float, float)
        Lowest and highest threshold over the folds; twice the same for P.
    measures : mapping of str to float
        `DETECTION_MEASURES`; ``brier`` and ``ece`` are NaN for scores. ``top_emphasised`` is the
        share of the sentences with an emphasised word whose highest number is on one.
    perfect_ece : float
        What a perfect model has as ``ece`` with these P on average; NaN for scores.
    reliability : Reliability or None
        None for scores.
    """

    name: str
    baseline: bool
    by_probability: bool
    thresholds: tuple[float, float]
    measures: Mapping[str, float]
    perfect_ece: float
    reliability: Reliability | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Detection:
    """All systems on the same sentences, whose words are emphasised from a rating on.

    Attributes
    ----------
    cut : float
        Words with this rating or a higher one are emphasised.
    n_sentences, n_none, n_one, n_several, n_words, n_emphasised : int
    left_out : {"speaker and text", "speaker", "text", "sentence"}
        What thresholds of scores were chosen without.
    seed : int
        Of the simulation of `perfect_ece`.
    systems : tuple of SystemDetection
    """

    cut: float
    n_sentences: int
    n_none: int
    n_one: int
    n_several: int
    n_words: int
    n_emphasised: int
    left_out: LeftOut
    seed: int
    systems: tuple[SystemDetection, ...]


def detect(
    sentences: Sequence[RatedSentence],
    scores: Mapping[str, Sequence[FloatArray]],
    probabilities: Mapping[str, Sequence[FloatArray]],
    *,
    cut: float,
    threshold: float = 0.5,
    seed: int = 0,
) -> Detection:
    """Judge systems and baselines by the words that are emphasised.

    Parameters
    ----------
    sentences : sequence of RatedSentence
        One or more.
    scores : mapping of name to sequence of (words,) float64
        One array per sentence.
    probabilities : mapping of name to sequence of (words,) float64
        P(emphasised) of the systems that have it, which then counts instead of the score.
    cut : float
        Words with this rating or a higher one are emphasised.
    threshold : float
        P from which on a word is taken as emphasised.
    seed : int
        Of the simulation of a perfect model's calibration error.

    Returns
    -------
    Detection
        The systems in the given order, then the baselines.
    """
    emphasised = [sentence.ratings >= cut - 1e-9 for sentence in sentences]
    counts = [int(one.sum()) for one in emphasised]
    speakers = [sentence.speaker for sentence in sentences]
    texts = [sentence.text for sentence in sentences]
    folds = make_folds(speakers, texts, n_groups=_N_GROUPS)
    content = [
        np.array([float(len(word) >= _CONTENT_LETTERS) for word in sentence.scored.words])
        for sentence in sentences
    ]
    baselines = baseline_scores(sentences, sentences) | {"content words": content}
    systems = []
    for name, given in (dict(scores) | baselines).items():
        known = probabilities.get(name) if name not in baselines else None
        numbers = given if known is None else known
        if known is not None:
            levels = [threshold] * len(sentences)
        else:
            levels = [np.nan] * len(sentences)
            for fold in folds:
                level = _learn_threshold(numbers, emphasised, fold.train.tolist())
                for i in fold.test:
                    levels[i] = level
        predicted = [one >= level for one, level in zip(numbers, levels, strict=True)]
        x, y = np.concatenate(numbers), np.concatenate(emphasised)
        is_p = known is not None
        finite = [level for level in levels if np.isfinite(level)] or [np.nan]
        found = precision_recall(np.concatenate(predicted), y)
        systems.append(
            SystemDetection(
                name=name,
                baseline=name in baselines,
                by_probability=is_p,
                thresholds=(float(min(finite)), float(max(finite))),
                measures={
                    **found._asdict(),
                    "pr_auc": average_precision(x, y),
                    "roc_auc": roc_auc(x, y),
                    "brier": brier_score(x, y) if is_p else np.nan,
                    "ece": calibration_error(x, y) if is_p else np.nan,
                    "none_or_some_auc": none_or_some_auc(numbers, emphasised),
                    "none_one_several": count_accuracy(predicted, emphasised),
                    "top_emphasised": _top_emphasised(given, emphasised),
                },
                perfect_ece=perfect_calibration_error(x, seed=seed) if is_p else np.nan,
                reliability=reliability(x, y) if is_p else None,
            )
        )
    return Detection(
        cut=cut,
        n_sentences=len(sentences),
        n_none=sum(n == 0 for n in counts),
        n_one=sum(n == 1 for n in counts),
        n_several=sum(n > 1 for n in counts),
        n_words=sum(map(len, emphasised)),
        n_emphasised=sum(counts),
        left_out=what_to_leave_out(speakers, texts),
        seed=seed,
        systems=tuple(systems),
    )


def _learn_threshold(
    numbers: Sequence[FloatArray], emphasised: Sequence[BoolArray], train: Sequence[int]
) -> float:
    """Return the threshold of the highest F1; NaN, so no word is taken, without anything learnt."""
    if not train:
        return np.nan
    return best_threshold(
        np.concatenate([numbers[i] for i in train]), np.concatenate([emphasised[i] for i in train])
    )


def _top_emphasised(numbers: Sequence[FloatArray], emphasised: Sequence[BoolArray]) -> float:
    """Return the share of sentences whose highest number is on an emphasised word."""
    hits = [
        float(labels[one == one.max()].mean())
        for one, labels in zip(numbers, emphasised, strict=True)
        if labels.any()
    ]
    return float(np.mean(hits)) if hits else np.nan
