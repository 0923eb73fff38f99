"""Mean errors of groups of utterances with intervals, and how far speakers differ beyond chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from msfser.ccc import FloatArray, ccc
from msfser.evaluation.bias.speaker_calibration import between_variance
from msfser.evaluation.groups import SPEAKER, mean_known, speaker_groups, utterance_groups
from msfser.evaluation.intervals import FEWEST, count_units, group_numbers, student_t
from msfser.evaluation.predictions import Predictions
from msfser.manifest import DIMENSIONS
from msfser.outputs import Cell


@dataclass(frozen=True, kw_only=True, eq=False)
class MeanError:
    """The mean of prediction minus label of a group of utterances.

    Attributes
    ----------
    scope, by, group : str
        As in `Score`; by ``"speaker"``, the group is one speaker.
    n_utterances, n_speakers : int
        Utterances with a label in any dimension, and known speakers.
    mean : (3,) float64
        On the scale of the corpus, in the order of `DIMENSIONS`; NaN without labels.
    bounds : (3, 2) float64
        Interval of `LEVEL` over speakers, of a single speaker over utterances; NaN for fewer than
        `FEWEST`.
    rmse : (3,) float64
        Root mean square of prediction minus label.
    ccc : (3,) float64
        NaN where CCC is not defined.
    """

    scope: str
    by: str
    group: str
    n_utterances: int
    n_speakers: int
    mean: FloatArray
    bounds: FloatArray
    rmse: FloatArray
    ccc: FloatArray


def mean_errors(predictions: Predictions, scope: str) -> list[MeanError]:
    """Compute the mean errors of all utterances of a scope, of its groups and of each speaker."""
    found = []
    for groups in (utterance_groups(predictions), speaker_groups(predictions)):
        for by, group, chosen in groups:
            part = predictions.select(chosen)
            errors = part.values - part.labels
            units = None if by == SPEAKER else part.speaker
            found.append(
                MeanError(
                    scope=scope,
                    by=by,
                    group=group,
                    n_utterances=int((~np.isnan(errors)).any(axis=1).sum()),
                    n_speakers=len({name for name in part.speaker if name is not None}),
                    mean=mean_known(errors),
                    bounds=mean_intervals(errors, units),
                    rmse=np.sqrt(mean_known(errors**2)),
                    ccc=ccc(part.values, part.labels),
                )
            )
    return found


def mean_intervals(values: FloatArray, speakers: Sequence[str | None] | None = None) -> FloatArray:
    """Compute intervals of level `LEVEL` of means over utterances, robust to alike speakers.

    The variance of the mean is that of the sums of deviations of whole speakers, and the quantile
    that of Student's t for as many speakers, `count_units`.

    Parameters
    ----------
    values : (utterances, dimensions) float64
        NaN where unknown.
    speakers : sequence of (str or None), optional
        By default, utterances are drawn one by one.

    Returns
    -------
    (dimensions, 2) float64
        Lower and upper bound; NaN for fewer than `FEWEST` speakers or utterances.

    References
    ----------
    Cameron and Miller, "A practitioner's guide to cluster-robust inference", Journal of Human
    Resources 50, 2015, section II.
    """
    known = ~np.isnan(values)
    n = np.maximum(known.sum(axis=0), 1)
    mean = mean_known(values)
    deviations = np.where(known, values - mean, 0.0)
    groups = np.arange(len(values)) if speakers is None else group_numbers(speakers)
    sums, labelled = (np.zeros((len(values), values.shape[1])) for _ in range(2))
    np.add.at(sums, groups, deviations)
    np.add.at(labelled, groups, known)
    n_groups = (labelled > 0).sum(axis=0)
    n_units = count_units(values, speakers)
    usable = n_units >= FEWEST
    correction = n_groups / np.maximum(n_groups - 1, 1)
    error = np.sqrt(correction * (sums**2).sum(axis=0)) / n
    half = student_t(np.maximum(n_units - 1, 1.0)) * error
    bounds = np.stack([mean - half, mean + half], axis=1)
    return np.where(usable[:, np.newaxis], bounds, np.nan)


def speaker_deviation(errors: FloatArray, speakers: Sequence[str | None]) -> FloatArray:
    """Estimate the standard deviation between speakers of their mean errors, beyond chance.

    Parameters
    ----------
    errors : (utterances, dimensions) float64
        NaN where unknown.
    speakers : sequence of (str or None)

    Returns
    -------
    (dimensions,) float64
        0 where the means differ no more than by chance; NaN for fewer than `FEWEST` speakers.
    """
    column = np.array(speakers, dtype=object)
    deviations = []
    for values in errors.T:
        known = ~np.isnan(values)
        names = sorted({name for name in column[known] if name is not None})
        parts = [values[known & (column == name)] for name in names]
        if len(parts) < FEWEST:
            deviations.append(np.nan)
            continue
        sizes = np.array([len(part) for part in parts])
        within = sum(float(((part - part.mean()) ** 2).sum()) for part in parts)
        within /= max(int(sizes.sum()) - len(parts), 1)
        means = np.array([part.mean() for part in parts])
        deviations.append(np.sqrt(between_variance(means, within / sizes)))
    return np.array(deviations, dtype=np.float64)


def errors_to_rows(errors: Sequence[MeanError]) -> list[list[Cell]]:
    """Convert mean errors to rows of ``bias.csv``, the first with the names of the columns."""
    names = [f"{name}_{what}" for name in DIMENSIONS for what in ("mean_error", "low", "high")]
    head: list[Cell] = ["scope", "by", "group", "utterances", "speakers", *names]
    ends = [f"{name}_{what}" for what in ("rmse", "ccc") for name in DIMENSIONS]
    rows: list[list[Cell]] = [[*head, *ends]]
    for one in errors:
        numbers: list[Any] = [
            number
            for mean, bounds in zip(one.mean, one.bounds, strict=True)
            for number in (float(mean), float(bounds[0]), float(bounds[1]))
        ]
        start: list[Cell] = [one.scope, one.by, one.group, one.n_utterances, one.n_speakers]
        rows.append([*start, *numbers, *map(float, one.rmse), *map(float, one.ccc)])
    return rows
