"""How the measures of detection spread over sentences and speakers that are drawn again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Literal

import numpy as np

from lemf.agreement.bootstrap import Spread, times_drawn, units_of
from lemf.agreement.calibration import N_BINS, bins_of, brier_score, calibration_error
from lemf.agreement.detection import (
    average_precision,
    count_accuracy,
    none_or_some_auc,
    precision_recall,
    roc_auc,
)
from lemf.arrays import BoolArray, FloatArray, IntArray

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
By = Literal["probability", "decision", "score"]
_DRAWS_AT_ONCE = 100
_CELLS_AT_ONCE = 100_000  # draws times words, which then stay in the cache


@dataclass(frozen=True, eq=False)
class WordJudgement:
    """The words of sentences as a system takes them, and as they are labelled.

    Attributes
    ----------
    numbers : tuple of (words,) float64
        P(emphasised), or the score; one array per sentence.
    scores : tuple of (words,) float64
        What ranks the words of a sentence.
    predicted, emphasised : tuple of (words,) bool
    by : {"probability", "decision", "score"}
        What `predicted` goes by.
    """

    numbers: tuple[FloatArray, ...]
    scores: tuple[FloatArray, ...]
    predicted: tuple[BoolArray, ...]
    emphasised: tuple[BoolArray, ...]
    by: By

    def summary(self) -> dict[str, float]:
        """Compute `DETECTION_MEASURES`; ``brier`` and ``ece`` are NaN without P."""
        x, y = np.concatenate(self.numbers), np.concatenate(self.emphasised)
        is_p = self.by == "probability"
        hits = self._hits
        known = np.isfinite(hits)
        return {
            **precision_recall(np.concatenate(self.predicted), y)._asdict(),
            "pr_auc": average_precision(x, y),
            "roc_auc": roc_auc(x, y),
            "brier": brier_score(x, y) if is_p else np.nan,
            "ece": calibration_error(x, y) if is_p else np.nan,
            "none_or_some_auc": none_or_some_auc(self.numbers, self.emphasised),
            "none_one_several": count_accuracy(self.predicted, self.emphasised),
            "top_emphasised": float(hits[known].mean()) if known.any() else np.nan,
        }

    def summaries(self, counts: IntArray) -> dict[str, FloatArray]:
        """Compute `DETECTION_MEASURES` with each sentence counted as often as it was drawn.

        Parameters
        ----------
        counts : (draws, sentences) int64

        Returns
        -------
        dict of str to (draws,) float64
        """
        weights = counts.astype(np.float64)
        is_p = self.by == "probability"

        # What is a sum over sentences
        n_right, n_predicted, n_emphasised, n_words, n_counted, n_hits, n_some = (
            weights @ self._sums
        ).T

        # What needs the words in the order of their numbers
        sentence = np.repeat(np.arange(len(self.numbers)), [len(x) for x in self.numbers])
        x, y = np.concatenate(self.numbers), np.concatenate(self.emphasised)
        pr_auc, auc = _areas(x, y, weights, sentence)
        highest, some = self._highest
        brier = ece = np.full(len(weights), np.nan)
        if is_p:
            squares = np.bincount(sentence, (x - y) ** 2)
            brier = _divide(weights @ squares, n_words)
            ece = _divide(np.abs(weights @ _misses(x, y, sentence)).sum(axis=1), n_words)
        return {
            "precision": _divide(n_right, n_predicted),
            "recall": _divide(n_right, n_emphasised),
            "f1": _divide(2 * n_right, n_predicted + n_emphasised),
            "pr_auc": pr_auc,
            "roc_auc": auc,
            "brier": brier,
            "ece": ece,
            "none_or_some_auc": _areas(highest, some, weights, np.arange(len(highest)))[1],
            "none_one_several": _divide(n_counted, weights.sum(axis=1)),
            "top_emphasised": _divide(n_hits, n_some),
        }

    @cached_property
    def _hits(self) -> FloatArray:
        return _top_hits(self.scores, self.emphasised)

    @cached_property
    def _highest(self) -> tuple[FloatArray, BoolArray]:
        """The highest number of each sentence, and whether any word of it is emphasised."""
        return (
            np.array([one.max() for one in self.numbers]),
            np.array([one.any() for one in self.emphasised]),
        )

    @cached_property
    def _sums(self) -> FloatArray:
        """What each sentence adds to the sums of `summaries`, (sentences, sums) float64."""
        hits = self._hits
        return np.column_stack(
            [
                [float(np.count_nonzero(a & b)) for a, b in self._pairs()],
                [float(a.sum()) for a, _ in self._pairs()],
                [float(b.sum()) for _, b in self._pairs()],
                [float(len(b)) for _, b in self._pairs()],
                [float(min(a.sum(), 2) == min(b.sum(), 2)) for a, b in self._pairs()],
                np.nan_to_num(hits),
                np.isfinite(hits).astype(np.float64),
            ]
        )

    def _pairs(self) -> Iterator[tuple[BoolArray, BoolArray]]:
        return zip(self.predicted, self.emphasised, strict=True)


def spread_detection(
    judgement: WordJudgement, speakers: list[str] | None, *, n_resamples: int, seed: int
) -> Spread:
    """Draw sentences, and speakers where two or more are known, as `draw_spread` does.

    What each word is taken as stays: thresholds are not learnt again in each draw.

    Parameters
    ----------
    judgement : WordJudgement
    speakers : list of str, optional
        Speaker of each sentence.
    n_resamples, seed : int
    """
    n_sentences = len(judgement.numbers)
    draws = {}
    for unit, groups in units_of(speakers).items():
        drawn = range(n_sentences) if groups is None else groups
        rows = times_drawn(drawn, n_resamples=n_resamples, seed=seed)
        parts = []
        while some := list(islice(rows, _DRAWS_AT_ONCE)):
            parts.append(judgement.summaries(np.array(some)))
        draws[unit] = {
            name: np.concatenate([part[name] for part in parts]) for name in DETECTION_MEASURES
        }
    return Spread(judgement.summary(), draws)


def _areas(
    numbers: FloatArray, emphasised: BoolArray, weights: FloatArray, unit: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Compute average precision and ROC-AUC of words in many draws.

    Only thresholds from which on another emphasised word is taken add to either area.

    Parameters
    ----------
    numbers : (words,) float64
    emphasised : (words,) bool
    weights : (draws, units) float64
        How often each sentence was drawn.
    unit : (words,) int64
        The sentence of each word, as its column in `weights`.
    """
    order = np.argsort(-numbers, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(numbers[order]) != 0, True))  # of equal numbers
    places = np.flatnonzero(emphasised[order])
    group = np.searchsorted(ends, places)  # of each emphasised word
    last = np.flatnonzero(np.append(np.diff(group) != 0, True)[: len(group)])
    rising = group[last]  # the groups with an emphasised word
    before = ends[np.maximum(rising - 1, 0)]
    column, n_at_once = unit[order], max(1, _CELLS_AT_ONCE // max(len(order), 1))
    counts = weights.astype(np.int32)  # half the memory, and sums of them are exact
    areas, aucs = [], []
    for first in range(0, len(weights), n_at_once):
        drawn = np.take(counts[first : first + n_at_once], column, axis=1)
        taken = np.cumsum(drawn, axis=1, dtype=np.int32)
        of_emphasised = np.cumsum(np.take(drawn, places, axis=1), axis=1)
        right = np.take(of_emphasised, last, axis=1).astype(np.float64)
        rises = np.diff(right, axis=1, prepend=0.0)
        at_end = np.take(taken, ends[rising], axis=1).astype(np.float64)
        at_start = np.where(rising > 0, np.take(taken, before, axis=1), 0)
        precision = np.divide(right, at_end, out=np.zeros_like(right), where=at_end > 0)
        n_emphasised: FloatArray = right[:, -1] if len(last) else np.zeros(len(drawn))
        n_others = taken[:, -1] - n_emphasised
        wrong, wrong_rises = at_end - right, at_end - at_start - rises
        behind = n_others[:, None] - wrong + wrong_rises / 2
        areas.append(_divide(_sum_in_order(rises * precision), n_emphasised))
        aucs.append(_divide((rises * behind).sum(axis=1), n_emphasised * n_others))
    return np.concatenate(areas), np.concatenate(aucs)


def _sum_in_order(rows: FloatArray) -> FloatArray:
    """Sum each row from its first value to its last, so that zeros change no digit."""
    return np.cumsum(rows, axis=1)[:, -1] if rows.shape[1] else np.zeros(len(rows))


def _misses(probabilities: FloatArray, emphasised: BoolArray, sentence: IntArray) -> FloatArray:
    """Sum P minus label by sentence and bin: (sentences, bins) float64."""
    cell = sentence * N_BINS + bins_of(probabilities)
    n_cells = (int(sentence[-1]) + 1) * N_BINS
    sums = np.bincount(cell, probabilities - emphasised, n_cells).astype(np.float64)
    return sums.reshape(-1, N_BINS)


def _top_hits(scores: tuple[FloatArray, ...], emphasised: tuple[BoolArray, ...]) -> FloatArray:
    """Return whether the highest score is on an emphasised word, by sentence; NaN without one."""
    return np.array(
        [
            float(labels[one == one.max()].mean()) if labels.any() else np.nan
            for one, labels in zip(scores, emphasised, strict=True)
        ]
    )


def _divide(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    quotient = np.full(len(numerator), np.nan)
    np.divide(numerator, denominator, out=quotient, where=denominator > 0)
    return quotient
