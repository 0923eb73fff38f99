"""The predictions of utterances with their labels, on the scale of the corpus.

All that `msfser evaluate` reports is computed from these alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from msfser.ccc import FloatArray
from msfser.errors import DataError
from msfser.manifest import DIMENSIONS, Utterance, label_array

EMOTION = "emotion_"  # before the name of an emotion: its probability
VOTES = "vote_spread_"  # before the name of a dimension: the standard deviation of its votes
MORE_COLUMNS = (
    "snr_db",
    *(f"{start}{name}" for start in ("low_", "high_", VOTES) for name in DIMENSIONS),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Predictions:
    """Predictions for the utterances of one corpus.

    Attributes
    ----------
    corpus, version : str
        As in the manifest.
    label_bounds : (float, float)
        Lowest and highest value of the rating scale.
    ids : tuple of str
        Unique.
    split, speaker, gender, emotion : tuple of (str or None)
        As in the manifest.
    fold : tuple of (int or None)
        The held-out fold that holds the utterance; None for a model trained on splits.
    duration_s : (utterances,) float64
        NaN if unknown.
    labels, values : (utterances, 3) float64
        In the order of `DIMENSIONS`: the label, NaN where missing, and the prediction.
    experts : dict of str to (utterances, 3) float64
        Prediction of each expert alone; empty for models without experts.
    gate_mean : (utterances,) float64
        Mean of g in equation 4, 1 for LES alone; NaN for models without a gate.
    deviations : dict of str to (utterances, 3) float64
        Standard deviations on the scale of the corpus, such as ``"aleatoric"`` and ``"epistemic"``
        of a model that predicts evidence; empty for others.
    notes : dict of str to tuple of str
        What a reader should know of the scores of a scope, such as a split of training data.
    more : dict of str to (utterances,) float64
        Further columns, some of `MORE_COLUMNS`, and probabilities of emotions, whose names begin
        with `EMOTION`; NaN where unknown.
    calibration : str
        ``"speaker"`` where the values were calibrated, see `fit_speaker_calibration`, else ``""``.
    trained_on : frozenset of str
        Ids of the utterances that a model, or the weights that its training started from, was
        trained on, as far as that is known.
    """

    corpus: str
    version: str
    label_bounds: tuple[float, float]
    ids: tuple[str, ...]
    split: tuple[str | None, ...]
    speaker: tuple[str | None, ...]
    gender: tuple[str | None, ...]
    emotion: tuple[str | None, ...]
    fold: tuple[int | None, ...]
    duration_s: FloatArray
    labels: FloatArray
    values: FloatArray
    experts: dict[str, FloatArray]
    gate_mean: FloatArray
    deviations: dict[str, FloatArray] = field(default_factory=dict)
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    more: dict[str, FloatArray] = field(default_factory=dict)
    calibration: str = ""
    trained_on: frozenset[str] = frozenset()

    def select(self, chosen: NDArray[np.bool_]) -> Predictions:
        """Return the chosen rows.

        Parameters
        ----------
        chosen : (utterances,) bool
        """
        return self.take(np.flatnonzero(chosen))

    def take(self, places: NDArray[np.int64]) -> Predictions:
        """Return the rows at some places, in their order.

        Parameters
        ----------
        places : (rows,) int64
        """
        rows = places.tolist()
        return Predictions(
            corpus=self.corpus,
            version=self.version,
            label_bounds=self.label_bounds,
            ids=tuple(self.ids[row] for row in rows),
            split=tuple(self.split[row] for row in rows),
            speaker=tuple(self.speaker[row] for row in rows),
            gender=tuple(self.gender[row] for row in rows),
            emotion=tuple(self.emotion[row] for row in rows),
            fold=tuple(self.fold[row] for row in rows),
            duration_s=self.duration_s[rows],
            labels=self.labels[rows],
            values=self.values[rows],
            experts={name: values[rows] for name, values in self.experts.items()},
            gate_mean=self.gate_mean[rows],
            deviations={kind: values[rows] for kind, values in self.deviations.items()},
            notes=self.notes,
            more={name: values[rows] for name, values in self.more.items()},
            calibration=self.calibration,
            trained_on=self.trained_on,
        )

    def select_splits(self, names: Sequence[str]) -> Predictions:
        """Return the rows of some splits; all for no names.

        Raises
        ------
        DataError
            There is no such split, or the table is of held-out folds.
        """
        if names and any(fold is not None for fold in self.fold):
            raise DataError("predictions of held-out folds; leave out --split")
        there = [name for name in dict.fromkeys(self.split) if name]
        for name in names:
            if name not in there:
                raise DataError(f"no split {name!r}; there are: {', '.join(there) or 'none'}")
        return self.select(np.array([not names or split in names for split in self.split]))


def make_predictions(
    utterances: Sequence[Utterance],
    values: FloatArray,
    *,
    corpus: str,
    version: str,
    label_bounds: tuple[float, float],
    held_out: int = 0,
    experts: dict[str, FloatArray] | None = None,
    gate_mean: FloatArray | None = None,
    deviations: dict[str, FloatArray] | None = None,
    notes: dict[str, tuple[str, ...]] | None = None,
    more: dict[str, FloatArray] | None = None,
    trained_on: frozenset[str] = frozenset(),
) -> Predictions:
    """Join predictions with the columns of the manifest.

    Parameters
    ----------
    utterances : sequence of Utterance
    values : (utterances, 3) float64
    corpus, version, label_bounds
        Of the manifest.
    held_out : int
        The fold that the model held out; 0 for a model trained on splits.
    experts, gate_mean, deviations, notes, more, trained_on
        As in `Predictions`, if there are any.
    """
    return Predictions(
        corpus=corpus,
        version=version,
        label_bounds=label_bounds,
        ids=tuple(utterance.id for utterance in utterances),
        split=tuple(utterance.split for utterance in utterances),
        speaker=tuple(utterance.speaker for utterance in utterances),
        gender=tuple(utterance.gender for utterance in utterances),
        emotion=tuple(utterance.emotion for utterance in utterances),
        fold=tuple(utterance.fold if held_out else None for utterance in utterances),
        duration_s=np.array([utterance.duration_s for utterance in utterances], dtype=np.float64),
        labels=label_array(utterances),
        values=values,
        experts=experts or {},
        gate_mean=np.full(len(utterances), np.nan) if gate_mean is None else gate_mean,
        deviations=deviations or {},
        notes=notes or {},
        more=more or {},
        trained_on=trained_on,
    )


def join_predictions(parts: Sequence[Predictions]) -> Predictions:
    """Pool the predictions of several models, such as those of five folds.

    Raises
    ------
    DataError
        The corpora differ, or two of the models predict the same utterance.
    """
    first = parts[0]
    for part in parts[1:]:
        for name in ("corpus", "version", "label_bounds", "calibration"):
            if getattr(part, name) != getattr(first, name):
                raise DataError(
                    f"{name} {getattr(part, name)!r} and {getattr(first, name)!r}: "
                    "only runs on one corpus can be pooled"
                )
    ids = tuple(name for part in parts for name in part.ids)
    twice = [name for name, count in Counter(ids).items() if count > 1]
    if twice:
        raise DataError(f"id {twice[0]!r}: predicted by two runs; pooled runs must not overlap")
    named = set.intersection(*(set(part.experts) for part in parts))
    more = set.intersection(*(set(part.more) for part in parts))
    return Predictions(
        corpus=first.corpus,
        version=first.version,
        label_bounds=first.label_bounds,
        ids=ids,
        split=tuple(value for part in parts for value in part.split),
        speaker=tuple(value for part in parts for value in part.speaker),
        gender=tuple(value for part in parts for value in part.gender),
        emotion=tuple(value for part in parts for value in part.emotion),
        fold=tuple(value for part in parts for value in part.fold),
        duration_s=np.concatenate([part.duration_s for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        values=np.concatenate([part.values for part in parts]),
        experts={
            name: np.concatenate([part.experts[name] for part in parts])
            for name in first.experts
            if name in named
        },
        gate_mean=np.concatenate([part.gate_mean for part in parts]),
        deviations={
            kind: np.concatenate([part.deviations[kind] for part in parts])
            for kind in first.deviations
            if all(kind in part.deviations for part in parts)
        },
        notes={
            scope: tuple(dict.fromkeys(n for part in parts for n in part.notes.get(scope, ())))
            for scope in dict.fromkeys(scope for part in parts for scope in part.notes)
        },
        more={
            name: np.concatenate([part.more[name] for part in parts])
            for name in first.more
            if name in more
        },
        calibration=first.calibration,
        trained_on=frozenset().union(*(part.trained_on for part in parts)),
    )
