"""How well held-out probabilities tell the emphasised words, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lemf.agreement.bootstrap import MOST_UNDEFINED, Unit, bootstrap_interval, times_drawn
from lemf.agreement.calibration import (
    calibration_error,
    perfect_calibration_error,
)
from lemf.agreement.detection import (
    average_precision,
    precision_recall,
    roc_auc,
)
from lemf.agreement.fitting.decision import FittedDecision
from lemf.arrays import BoolArray, FloatArray, IntArray
from lemf.config import DEFAULT_THRESHOLD, N_RESAMPLES


@dataclass(frozen=True)
class HeldOut:
    """The measures of held-out probabilities; NaN where one is undefined.

    Attributes
    ----------
    n_sentences : int
        Sentences that could be judged.
    n_unjudged : int
        Sentences without whose speaker and text nothing could be fitted.
    measures : mapping of str to float
        ``precision``, ``recall``, ``f1``, ``pr_auc``, ``ece``, ``none_or_some_auc`` and
        ``none_one_several``.
    perfect_ece : float
        What a perfect model with these probabilities has as ``ece`` on average.
    intervals : mapping of unit to mapping of str to (float, float)
        95 % bootstrap intervals over sentences, and over speakers where two or more are known.
    """

    n_sentences: int
    n_unjudged: int
    measures: Mapping[str, float]
    perfect_ece: float
    intervals: Mapping[Unit, Mapping[str, tuple[float, float]]]


def judge_held_out(
    fitted: FittedDecision, *, n_resamples: int = N_RESAMPLES, seed: int = 0
) -> HeldOut:
    """Judge the held-out probabilities of a fitted decision.

    Parameters
    ----------
    fitted : FittedDecision
    n_resamples, seed : int
        Number of draws of the bootstrap, and their seed.
    """
    judged = [i for i, p in enumerate(fitted.held_out) if not np.isnan(p).any()]
    n_unjudged = len(fitted.held_out) - len(judged)
    if not judged:
        return HeldOut(0, n_unjudged, dict.fromkeys(_MEASURES, np.nan), np.nan, {})
    table = _Judged.of(
        [fitted.held_out[i] for i in judged], [fitted.sentences[i].emphasised for i in judged]
    )
    speakers = [fitted.sentences[i].speaker for i in judged]
    units: dict[Unit, list[str | None] | range] = {"sentences": range(len(judged))}
    if None not in speakers and len(set(speakers)) > 1:
        units["speakers"] = speakers
    intervals: dict[Unit, dict[str, tuple[float, float]]] = {}
    for unit, groups in units.items():
        draws = [
            table.measures(times)
            for times in times_drawn(groups, n_resamples=n_resamples, seed=seed)
        ]
        intervals[unit] = {
            name: bootstrap_interval(
                np.array([draw[name] for draw in draws]), most_undefined=MOST_UNDEFINED
            )
            for name in _MEASURES
        }
    return HeldOut(
        n_sentences=len(judged),
        n_unjudged=n_unjudged,
        measures=table.measures(np.ones(len(judged), dtype=np.int64)),
        perfect_ece=perfect_calibration_error(table.probabilities),
        intervals=intervals,
    )


_MEASURES = (
    "precision", "recall", "f1", "pr_auc", "ece", "none_or_some_auc", "none_one_several",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Judged:
    """The words of all sentences in a row, and what counts of each sentence."""

    probabilities: FloatArray  # (words,)
    emphasised: BoolArray  # (words,)
    lengths: IntArray  # (sentences,)
    highest: FloatArray  # (sentences,)
    some: BoolArray  # (sentences,)
    number_right: BoolArray  # (sentences,), none, one or several as labelled

    @classmethod
    def of(cls, probabilities: list[FloatArray], emphasised: list[BoolArray]) -> _Judged:
        counts = [
            (min(int((p >= DEFAULT_THRESHOLD).sum()), 2), min(int(heard.sum()), 2))
            for p, heard in zip(probabilities, emphasised, strict=True)
        ]
        return cls(
            np.concatenate(probabilities),
            np.concatenate(emphasised),
            np.array([len(one) for one in probabilities]),
            np.array([one.max() for one in probabilities]),
            np.array([one.any() for one in emphasised]),
            np.array([said == heard for said, heard in counts]),
        )

    def measures(self, times: IntArray) -> dict[str, float]:
        """Compute the measures of sentences that count a number of times each."""
        words = np.repeat(np.arange(len(self.probabilities)), np.repeat(times, self.lengths))
        sentences = np.repeat(np.arange(len(self.lengths)), times)
        p, heard = self.probabilities[words], self.emphasised[words]
        found = precision_recall(p >= DEFAULT_THRESHOLD, heard)
        return {
            "precision": found.precision,
            "recall": found.recall,
            "f1": found.f1,
            "pr_auc": average_precision(p, heard),
            "ece": calibration_error(p, heard),
            "none_or_some_auc": roc_auc(self.highest[sentences], self.some[sentences]),
            "none_one_several": float(self.number_right[sentences].mean()),
        }
