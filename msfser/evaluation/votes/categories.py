"""Scores of predicted emotions: macro-F1 and unweighted average recall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from msfser.ccc import FloatArray
from msfser.evaluation.predictions import EMOTION, Predictions


@dataclass(frozen=True, kw_only=True, eq=False)
class CategoryScore:
    """Scores of one emotion after the other, and their means.

    Attributes
    ----------
    names : tuple of str
        Emotions that are labelled or predicted.
    n_labelled : (emotions,) int64
    precision, recall, f1 : (emotions,) float64
        Precision and recall are 0 where nothing is predicted or labelled; recall is NaN for an
        emotion that no utterance has.
    macro_f1 : float
        Mean F1 of all `names`.
    uar : float
        Unweighted average recall: the mean of the labelled emotions.
    """

    names: tuple[str, ...]
    n_labelled: np.ndarray[tuple[int], np.dtype[np.int64]]
    precision: FloatArray
    recall: FloatArray
    f1: FloatArray
    macro_f1: float
    uar: float


def predicted_emotions(predictions: Predictions) -> list[str]:
    """Return the most probable emotion of each utterance; none without a head for emotions."""
    names = [name for name in predictions.more if name.startswith(EMOTION)]
    if not names:
        return []
    best = np.argmax(np.stack([predictions.more[name] for name in names]), axis=0)
    return [names[place].removeprefix(EMOTION) for place in best]


def score_categories(
    predicted: Sequence[str], labelled: Sequence[str | None]
) -> CategoryScore | None:
    """Score predicted emotions on the utterances that have one; None without any.

    Parameters
    ----------
    predicted : sequence of str
    labelled : sequence of (str or None)
    """
    pairs = [(p, y) for p, y in zip(predicted, labelled, strict=True) if y is not None]
    if not pairs:
        return None
    names = tuple(sorted({name for pair in pairs for name in pair}))
    places = {name: place for place, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)))
    for p, y in pairs:
        counts[places[y], places[p]] += 1
    right, of_label, of_prediction = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
    precision = right / np.maximum(of_prediction, 1)
    recall = np.where(of_label > 0, right / np.maximum(of_label, 1), np.nan)
    f1 = 2 * right / np.maximum(of_label + of_prediction, 1)
    return CategoryScore(
        names=names,
        n_labelled=of_label.astype(np.int64),
        precision=precision,
        recall=recall,
        f1=f1,
        macro_f1=float(f1.mean()),
        uar=float(np.nanmean(recall)),
    )
