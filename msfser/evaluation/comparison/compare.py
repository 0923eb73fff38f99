"""The difference of two models on the same utterances: of each split, and of groups of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lemf import N_RESAMPLES
from msfser.ccc import FloatArray, ccc
from msfser.errors import DataError
from msfser.evaluation.comparison.paired import (
    difference_draws,
    difference_intervals,
    permutation_p,
)
from msfser.evaluation.groups import utterance_groups
from msfser.evaluation.intervals import count_units
from msfser.evaluation.predictions import Predictions
from msfser.evaluation.scores import scopes, with_average
from msfser.manifest import DIMENSIONS
from msfser.outputs import counted

_SAME = 1e-9  # labels that are the same


@dataclass(frozen=True, kw_only=True, eq=False)
class Difference:
    """CCC of two models on one group of utterances, and tests of the difference.

    Attributes
    ----------
    scope, by, group : str
        As in `Score`.
    n_utterances, n_speakers : int
        Utterances with a label in any dimension, and known speakers.
    first, second, difference : (4,) float64
        CCC in the order of `MEASURES`, and the second minus the first; NaN if not defined.
    over_utterances, over_speakers : (4, 2) float64
        Interval of `LEVEL` of the difference, see `difference_intervals`.
    p : (4,) float64
        Of the permutation test over speakers, see `permutation_p`; of a group NaN: only whole
        splits are tested.
    """

    scope: str
    by: str
    group: str
    n_utterances: int
    n_speakers: int
    first: FloatArray
    second: FloatArray
    difference: FloatArray
    over_utterances: FloatArray
    over_speakers: FloatArray
    p: FloatArray


def check_same_utterances(
    first: Predictions, second: Predictions, names: tuple[str, str]
) -> Predictions:
    """Check that two tables predict the same utterances; return the second in order of the first.

    Raises
    ------
    DataError
        Corpus, rating scale, utterances, labels, splits or speakers differ; the first difference is
        named.
    """
    if first.label_bounds != second.label_bounds:
        raise DataError(
            f"{names[1]}: rated from {_scale(second)}, and {names[0]} from {_scale(first)}; only "
            "predictions on one scale can be compared"
        )
    places = {name: place for place, name in enumerate(second.ids)}
    missing = [name for name in first.ids if name not in places]
    extra = set(second.ids) - set(first.ids)
    if missing or extra:
        lacking, name = (names[1], missing[0]) if missing else (names[0], min(extra))
        raise DataError(
            f"{lacking}: no prediction of {name!r} ({counted(len(missing), 'utterance')} of "
            f"{names[0]} alone, {len(extra):,} of {names[1]} alone); name the same splits "
            "of the same corpus with --split and --data"
        )
    moved = second.take(np.array([places[name] for name in first.ids], dtype=np.int64))
    unlike = ~np.isclose(first.labels, moved.labels, rtol=0, atol=_SAME, equal_nan=True)
    if unlike.any():
        row, d = np.argwhere(unlike)[0]
        raise DataError(
            f"{names[1]}: {DIMENSIONS[d]} of {first.ids[row]!r} is {moved.labels[row, d]:g}, and "
            f"in {names[0]} {first.labels[row, d]:g}; evaluate both on the same labels"
        )
    for what in ("split", "speaker"):
        here, there = getattr(first, what), getattr(moved, what)
        for row, (one, other) in enumerate(zip(here, there, strict=True)):
            if one != other:
                raise DataError(
                    f"{names[1]}: {what} of {first.ids[row]!r} is {other}, and in {names[0]} "
                    f"{one}; evaluate both on the same manifest"
                )
    return moved


def compare_predictions(
    first: Predictions,
    second: Predictions,
    *,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> list[Difference]:
    """Compare two models on each split or all folds, and on groups of utterances.

    Parameters
    ----------
    first, second : Predictions
        Of the same utterances in the same order, see `check_same_utterances`.
    n_resamples, seed : int
        Of the bootstrap; the permutation test has the same seed.
    """
    found = []
    places = {name: place for place, name in enumerate(first.ids)}
    for scope, part in scopes(first):
        other = second.take(np.array([places[name] for name in part.ids], dtype=np.int64))
        for by, group, chosen in utterance_groups(part):
            found.append(
                _compare(
                    part.select(chosen),
                    other.select(chosen),
                    (scope, by, group),
                    n_resamples,
                    seed,
                )
            )
    return found


def _compare(
    first: Predictions,
    second: Predictions,
    name: tuple[str, str, str],
    n_resamples: int,
    seed: int,
) -> Difference:
    labels, speakers = first.labels, first.speaker
    firsts, seconds = (with_average(ccc(one.values, labels)) for one in (first, second))
    difference = seconds - firsts
    intervals = []
    units: Sequence[Sequence[str | None] | None] = (None, speakers)
    for drawn in units:
        n_units = count_units(labels, drawn)
        draws = difference_draws(
            first.values, second.values, labels, drawn, n_resamples=n_resamples, seed=seed
        )
        intervals.append(difference_intervals(difference, draws, np.append(n_units, n_units.min())))
    scope, by, group = name
    return Difference(
        scope=scope,
        by=by,
        group=group,
        n_utterances=int((~np.isnan(labels)).any(axis=1).sum()),
        n_speakers=len({speaker for speaker in speakers if speaker is not None}),
        first=firsts,
        second=seconds,
        difference=difference,
        over_utterances=intervals[0],
        over_speakers=intervals[1],
        p=permutation_p(first.values, second.values, labels, speakers, seed=seed)
        if by == "all"
        else np.full(len(difference), np.nan),
    )


def _scale(predictions: Predictions) -> str:
    low, high = predictions.label_bounds
    return f"{low:g} to {high:g}"
