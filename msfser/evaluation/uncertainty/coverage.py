"""Whether intervals hold as many labels as they say, and whether wide ones mark large errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from msfser.ccc import FloatArray
from msfser.errors import DataError
from msfser.evaluation.bias.mean_errors import mean_intervals
from msfser.evaluation.groups import mean_known
from msfser.evaluation.predictions import Predictions
from msfser.evaluation.scores import scopes
from msfser.evaluation.uncertainty.conformal import LEVELS, Intervals, fit_intervals
from msfser.evaluation.votes.spread import SPREADS
from msfser.manifest import DIMENSIONS
from msfser.outputs import Table

KEPT = tuple(float(share) for share in np.round(np.arange(1.0, 0.05, -0.1), 1))


@dataclass(frozen=True, kw_only=True, eq=False)
class Coverage:
    """How the intervals of one split fare on its labels.

    Attributes
    ----------
    scope : str
    level : float
    share : (3,) float64
        Labels inside their intervals, in the order of `DIMENSIONS`; NaN without labels.
    bounds : (3, 2) float64
        Interval of `share` over speakers.
    width : (3,) float64
        Mean width on the scale of the corpus.
    curve : (levels, 3) float64
        Share inside intervals of each of `LEVELS`.
    kept_rmse : (KEPT, 3) float64
        RMSE of the share of the utterances with the narrowest intervals.
    fitted : bool
        Whether the intervals were fitted on these utterances.
    """

    scope: str
    level: float
    share: FloatArray
    bounds: FloatArray
    width: FloatArray
    curve: FloatArray
    kept_rmse: FloatArray
    fitted: bool


def add_intervals(
    predictions: Predictions, level: float, split: str
) -> tuple[Predictions, Intervals]:
    """Fit intervals on one split of a table, and add their bounds to all rows.

    Utterances that a model was trained on are left out of the fit, and so are those without a
    label; a note on the split counts both.

    Parameters
    ----------
    predictions : Predictions
    level : float
    split : str
        On which the intervals are fitted.

    Returns
    -------
    (Predictions, Intervals)
        With the columns ``low_*`` and ``high_*``.

    Raises
    ------
    DataError
        The table has no such split, the models were trained on all of it, or it has too few labels
        for the level.
    """
    chosen = np.array([name == split for name in predictions.split], dtype=bool)
    there = ", ".join(dict.fromkeys(name for name in predictions.split if name)) or "none"
    if not chosen.any():
        raise DataError(
            f"--intervals: fitted on the split {split!r}, and there are: {there}; evaluate that "
            "one, too (--split), or name another with --intervals-from"
        )
    trained = np.array([name in predictions.trained_on for name in predictions.ids], dtype=bool)
    part = predictions.select(chosen & ~trained)
    n_trained = int((chosen & trained).sum())
    if not part.ids:
        raise DataError(
            f"--intervals: fitted on the split {split!r}, and the model was trained on all "
            f"{n_trained:,} utterances of it, so that they would be too narrow; name another "
            "split with --intervals-from"
        )
    n_unlabelled = int(np.isnan(part.labels).all(axis=1).sum())
    deviations = _of_the_mean(predictions)
    intervals = fit_intervals(part.values, part.labels, _of_the_mean(part), level)
    bounds = intervals.bounds(predictions.values, deviations)
    more = {
        f"{side}_{name}": bounds[:, d, place]
        for place, side in enumerate(("low", "high"))
        for d, name in enumerate(DIMENSIONS)
    }
    notes = dict(predictions.notes)
    said = f"the intervals of level {level:g} were fitted on " + _counted(
        int(chosen.sum()), n_trained, n_unlabelled
    )
    notes[split] = (*notes.get(split, ()), said)
    return replace(predictions, more={**predictions.more, **more}, notes=notes), intervals


def measure_coverage(
    predictions: Predictions, intervals: Intervals, fitted_on: str
) -> list[Coverage]:
    """Measure the coverage of intervals on each split or all folds."""
    found = []
    for scope, part in scopes(predictions):
        errors = np.abs(part.values - part.labels)
        scale = intervals.scale(_of_the_mean(part), len(errors))
        inside = _inside(errors, intervals.reach * scale)
        found.append(
            Coverage(
                scope=scope,
                level=intervals.level,
                share=mean_known(inside),
                bounds=np.clip(mean_intervals(inside, part.speaker), 0.0, 1.0),
                width=2 * (intervals.reach * scale).mean(axis=0),
                curve=np.array(
                    [mean_known(_inside(errors, reach * scale)) for reach in intervals.curve]
                ),
                kept_rmse=selective_rmse(errors, scale),
                fitted=scope == fitted_on,
            )
        )
    return found


def selective_rmse(errors: FloatArray, scale: FloatArray) -> FloatArray:
    """Compute the root mean square error of the surest shares `KEPT` of the predictions.

    Parameters
    ----------
    errors, scale : (utterances, 3) float64
        Errors are NaN where there is no label; a smaller scale is surer, ties keep their order.

    Returns
    -------
    (shares, 3) float64
        NaN without labels.
    """
    rows = np.full((len(KEPT), errors.shape[1]), np.nan)
    for d in range(errors.shape[1]):
        known = ~np.isnan(errors[:, d])
        ordered = errors[known, d][np.argsort(scale[known, d], kind="stable")]
        for row, share in enumerate(KEPT):
            kept = ordered[: math.ceil(share * len(ordered) - 1e-9)]
            rows[row, d] = np.sqrt(np.mean(kept**2)) if len(kept) else np.nan
    return rows


def make_coverage_table(coverage: Sequence[Coverage]) -> Table:
    """Build the table of coverage and widths of all splits."""
    rows = []
    for one in coverage:
        for d, name in enumerate(DIMENSIONS):
            if math.isnan(one.share[d]):
                continue
            low, high = one.bounds[d]
            over = "-" if math.isnan(low) else f"{low:.3f} to {high:.3f}"
            half = one.kept_rmse[KEPT.index(0.5), d]
            rows.append(
                (
                    f"{one.scope}{', fitted' if one.fitted else ''}: {name}",
                    f"{one.share[d]:.3f}",
                    over,
                    f"{one.width[d]:.2f}",
                    f"{one.kept_rmse[0, d]:.2f}",
                    f"{half:.2f}",
                )
            )
    level = coverage[0].level if coverage else math.nan
    return Table(
        title=f"intervals of level {level:g}",
        head=("", "coverage", "95 % over speakers", "width", "RMSE", "RMSE of the surest half"),
        rows=tuple(rows),
    )


def coverage_to_rows(coverage: Sequence[Coverage]) -> list[dict[str, Any]]:
    """Convert coverage to rows of ``metrics.json``; None for numbers that are not defined."""
    return [
        {
            "scope": one.scope,
            "level": one.level,
            "fitted": one.fitted,
            **{
                name: {
                    "coverage": _number(one.share[d]),
                    "over_speakers": [_number(bound) for bound in one.bounds[d]],
                    "width": _number(one.width[d]),
                    "coverage_by_level": {
                        f"{level:g}": _number(one.curve[row, d]) for row, level in enumerate(LEVELS)
                    },
                    "rmse_by_share_kept": {
                        f"{share:g}": _number(one.kept_rmse[row, d])
                        for row, share in enumerate(KEPT)
                    },
                }
                for d, name in enumerate(DIMENSIONS)
            },
        }
        for one in coverage
    ]


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _inside(errors: FloatArray, half: FloatArray) -> FloatArray:
    return np.where(np.isnan(errors), np.nan, (errors <= half).astype(np.float64))


def _counted(n_all: int, n_trained: int, n_unlabelled: int) -> str:
    """Return on how many utterances of a split intervals were fitted, and why not on others."""
    if not n_trained and not n_unlabelled:
        return "these utterances"
    without = [
        *([f"{n_trained:,} that the model was trained on"] if n_trained else []),
        *([f"{n_unlabelled:,} without a label"] if n_unlabelled else []),
    ]
    n_fitted = n_all - n_trained - n_unlabelled
    return f"{n_fitted:,} of these {n_all:,} utterances, without the {' and the '.join(without)}"


def _of_the_mean(predictions: Predictions) -> dict[str, FloatArray]:
    """Return the deviations that say how unsure the mean of the raters is, not how they differ."""
    return {kind: value for kind, value in predictions.deviations.items() if kind not in SPREADS}
