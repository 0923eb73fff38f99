"""Scores of a table of predictions: CCC with its intervals, of all utterances and of groups."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from lemf import N_RESAMPLES, bootstrap_interval
from msfser.ccc import FloatArray, ccc
from msfser.evaluation.groups import mean_known, utterance_groups
from msfser.evaluation.intervals import FEWEST, LEVEL, ccc_draws, ccc_intervals, count_units
from msfser.evaluation.predictions import Predictions
from msfser.manifest import DIMENSIONS

MEASURES = (*DIMENSIONS, "average")
FOLDS = "folds"  # the scope of models that each held out one fold
NO_SPLIT = "no split"


@dataclass(frozen=True)
class PaperScore:
    """The score that the paper reports for its full model.

    Attributes
    ----------
    table : int
        Of the paper.
    n_utterances : int
        Of the paper's data.
    ccc : (4,) float
        In the order of `MEASURES`.
    """

    table: int
    n_utterances: int
    ccc: tuple[float, float, float, float]


_PAPER_PODCAST = PaperScore(2, 31_961, (0.759, 0.685, 0.631, 0.692))
_PAPER_IEMOCAP = PaperScore(3, 10_039, (0.632, 0.680, 0.601, 0.638))
_IEMOCAP_FOLDS = {1, 2, 3, 4, 5}


@dataclass(frozen=True, kw_only=True, eq=False)
class Score:
    """CCC of one group of utterances.

    Attributes
    ----------
    scope : str
        The split, or `FOLDS`.
    by, group : str
        ``"all"`` and ``""``; or ``"fold"``, or what `utterance_groups` tells apart, and the name
        of the group. The mean over the folds is group ``"mean"`` of ``"fold"``.
    n_utterances, n_speakers : int
        Utterances with a label in any dimension, and known speakers.
    ccc : (4,) float64
        In the order of `MEASURES`; the average is the mean of the three. NaN if CCC is not defined.
    over_utterances, over_speakers : (4, 2) float64
        Interval of `LEVEL`, see `ccc_intervals`; NaN for fewer utterances with a label, or fewer
        known speakers, than `FEWEST`.
    rmse, bias : (3,) float64
        Root mean square and mean of prediction minus label, on the scale of the corpus.
    paper : PaperScore or None
        The score of the paper, for all utterances of the data of the paper; None elsewhere.
    """

    scope: str
    by: str
    group: str
    n_utterances: int
    n_speakers: int
    ccc: FloatArray
    over_utterances: FloatArray
    over_speakers: FloatArray
    rmse: FloatArray
    bias: FloatArray
    paper: PaperScore | None = None


def score_predictions(
    predictions: Predictions, *, n_resamples: int = N_RESAMPLES, seed: int = 0
) -> list[Score]:
    """Score every split or all folds of a table: all utterances, then groups of them.

    Parameters
    ----------
    predictions : Predictions
    n_resamples, seed : int
        Of the bootstrap.
    """
    scores = []
    for scope, part in scopes(predictions):
        if scope == FOLDS:
            scores += _score_folds(part, n_resamples, seed)
        scores += [
            _score(part.select(chosen), scope, by, group, n_resamples, seed)
            for by, group, chosen in utterance_groups(part)
        ]
    return scores


def scopes(predictions: Predictions) -> Iterator[tuple[str, Predictions]]:
    """Yield each split with its rows, in the order of the table; all folds together are one."""
    held_out = np.array([fold is not None for fold in predictions.fold], dtype=bool)
    splits = [split or NO_SPLIT for split in predictions.split]
    for split in dict.fromkeys(np.array(splits, dtype=object)[~held_out].tolist()):
        chosen = np.array([name == split for name in splits], dtype=bool)
        yield split, predictions.select(chosen & ~held_out)
    if held_out.any():
        yield FOLDS, predictions.select(held_out)


def paper_score(predictions: Predictions, scope: str) -> PaperScore | None:
    """Return the score of the paper for the data of the paper; None for others.

    The data of the paper are the development split of MSP-Podcast 1.12 and the five folds of
    IEMOCAP; the paper does not say whether it averages or pools the folds.
    """
    if predictions.corpus == "iemocap":
        complete = scope == FOLDS and set(predictions.fold) == _IEMOCAP_FOLDS
        return _PAPER_IEMOCAP if complete else None
    paper = ("msp-podcast", "1.12", "development")
    return _PAPER_PODCAST if (predictions.corpus, predictions.version, scope) == paper else None


def scores_to_rows(scores: Sequence[Score]) -> list[dict[str, Any]]:
    """Convert scores to rows of ``metrics.json``; None for numbers that are not defined."""
    rows: list[dict[str, Any]] = []
    for score in scores:
        row: dict[str, Any] = {
            "scope": score.scope,
            "by": score.by,
            "group": score.group,
            "n_utterances": score.n_utterances,
            "n_speakers": score.n_speakers,
            "paper": None if score.paper is None else asdict(score.paper),
        }
        for m, name in enumerate(MEASURES):
            row[name] = {
                "ccc": _number(score.ccc[m]),
                "over_utterances": [_number(bound) for bound in score.over_utterances[m]],
                "over_speakers": [_number(bound) for bound in score.over_speakers[m]],
            }
            if name in DIMENSIONS:
                row[name] |= {"rmse": _number(score.rmse[m]), "bias": _number(score.bias[m])}
        rows.append(row)
    return rows


def _score_folds(predictions: Predictions, n_resamples: int, seed: int) -> list[Score]:
    """Score each fold, then the mean of the folds, with a bootstrap within each fold."""
    folds = sorted({fold for fold in predictions.fold if fold is not None})
    parts = [
        predictions.select(np.array([one == fold for one in predictions.fold])) for fold in folds
    ]
    scores = [
        _score(part, FOLDS, "fold", str(fold), n_resamples, seed)
        for fold, part in zip(folds, parts, strict=True)
    ]
    if len(folds) < 2:
        return scores
    values = np.mean([score.ccc for score in scores], axis=0)
    spreads = [_spreads(part, n_resamples, seed + i) for i, part in enumerate(parts)]
    over_utterances, over_speakers = (
        ccc_intervals(
            values,
            np.mean([spread.draws for spread in of_unit], axis=0),
            np.sum([spread.n_units for spread in of_unit], axis=0),
            len(parts),
        )
        for of_unit in zip(*spreads, strict=True)
    )
    mean = Score(
        scope=FOLDS,
        by="fold",
        group="mean",
        n_utterances=sum(score.n_utterances for score in scores),
        n_speakers=sum(score.n_speakers for score in scores),
        ccc=values,
        over_utterances=over_utterances,
        over_speakers=over_speakers,
        rmse=np.mean([score.rmse for score in scores], axis=0),
        bias=np.mean([score.bias for score in scores], axis=0),
    )
    return [*scores, mean]


def _score(
    predictions: Predictions, scope: str, by: str, group: str, n_resamples: int, seed: int
) -> Score:
    error = predictions.values - predictions.labels
    values = with_average(ccc(predictions.values, predictions.labels))
    over_utterances, over_speakers = (
        ccc_intervals(values, spread.draws, spread.n_units)
        for spread in _spreads(predictions, n_resamples, seed)
    )
    labelled = ~np.isnan(predictions.labels).all(axis=1)
    return Score(
        scope=scope,
        by=by,
        group=group,
        n_utterances=int(labelled.sum()),
        n_speakers=len(_speakers(predictions)),
        ccc=values,
        over_utterances=over_utterances,
        over_speakers=over_speakers,
        rmse=np.sqrt(mean_known(error**2)),
        bias=mean_known(error),
        paper=paper_score(predictions, scope) if by == "all" else None,
    )


class _Spread(NamedTuple):
    """Draws of `MEASURES`, (n_resamples, 4), and how many units with labels were drawn, (4,)."""

    draws: FloatArray
    n_units: FloatArray


def _spreads(predictions: Predictions, n_resamples: int, seed: int) -> list[_Spread]:
    """Draw `MEASURES` over utterances and over speakers, of whom only the known are counted."""
    spreads = []
    for speakers in (None, predictions.speaker):
        n_units = count_units(predictions.labels, speakers)
        draws = ccc_draws(
            predictions.values,
            predictions.labels,
            speakers,
            n_resamples=n_resamples,
            seed=seed,
        )
        spreads.append(_Spread(with_average(draws), np.append(n_units, n_units.min())))
    return spreads


def _speakers(predictions: Predictions) -> set[str]:
    return {speaker for speaker in predictions.speaker if speaker is not None}


def with_average(values: FloatArray) -> FloatArray:
    """Append the mean of the three dimensions, (..., 3) to (..., 4); NaN if one of them is NaN."""
    return np.concatenate([values, values.mean(axis=-1, keepdims=True)], axis=-1)


def percentile_intervals(draws: FloatArray, n_utterances: int) -> FloatArray:
    """Compute percentile intervals of `LEVEL`, (n_resamples, 4) to (4, 2); NaN below `FEWEST`."""
    if n_utterances < FEWEST:
        return np.full((draws.shape[1], 2), np.nan)
    return np.array([bootstrap_interval(column, LEVEL) for column in draws.T])


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
