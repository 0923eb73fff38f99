"""Scores as tables."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msfser.evaluation.intervals import FEWEST, LEVEL
from msfser.evaluation.scores import FOLDS, MEASURES, Score
from msfser.manifest import DIMENSIONS
from msfser.outputs import Table

_SHORT = {"valence": "V", "arousal": "A", "dominance": "D", "average": "avg"}
_PERCENT = f"{100 * LEVEL:g} %"


def make_tables(scores: Sequence[Score]) -> list[Table]:
    """Build two tables per split: all its utterances, and groups of them.

    Splits and groups without labels are left out.
    """
    tables = []
    for scope in dict.fromkeys(score.scope for score in scores):
        of_scope = [score for score in scores if score.scope == scope and score.n_utterances]
        if not of_scope:
            continue
        total = next(score for score in of_scope if score.by == "all")
        groups = [score for score in of_scope if score.by != "all"]
        tables.append(_main_table(total))
        if groups:
            tables.append(_group_table(scope, groups))
    return tables


def interval_notes(scores: Sequence[Score]) -> list[str]:
    """Name the splits that have too few utterances or speakers for an interval."""
    counts = [
        (score.scope, unit, count)
        for score in scores
        if score.by == "all"
        for unit, count in (("utterance", score.n_utterances), ("speaker", score.n_speakers))
    ]
    return [
        f"{scope}: {count} {unit}{'s' if count > 1 else ''}, fewer than {FEWEST}: no interval over "
        f"{unit}s"
        for scope, unit, count in counts
        if 0 < count < FEWEST
    ]


def format_ccc(value: float) -> str:
    """Format CCC with three decimals; a dash if it is not defined."""
    return "-" if math.isnan(value) else f"{value:.3f}"


def _main_table(score: Score) -> Table:
    what = "all folds pooled" if score.scope == FOLDS else score.scope
    paper = score.paper
    speakers = f" of {score.n_speakers:,} speakers" if score.n_speakers else ""
    paper_note = f"; the paper's table {paper.table}: {paper.n_utterances:,}" if paper else ""
    head = [
        "",
        "CCC",
        f"{_PERCENT} over utterances",
        f"{_PERCENT} over speakers",
        "RMSE",
        "bias",
    ]
    rows = []
    for m, name in enumerate(MEASURES):
        row = [
            name,
            format_ccc(score.ccc[m]),
            _interval(score.over_utterances[m]),
            _interval(score.over_speakers[m]),
        ]
        if name in DIMENSIONS:
            row += [_error(score.rmse[m]), _error(score.bias[m], signed=True)]
        else:
            row += ["", ""]
        if paper is not None:
            row.append(format_ccc(paper.ccc[m]))
        rows.append(tuple(row))
    return Table(
        title=f"{what}: {score.n_utterances:,} utterances{speakers}{paper_note}",
        head=(*head, "paper") if paper is not None else tuple(head),
        rows=tuple(rows),
    )


def _group_table(scope: str, scores: Sequence[Score]) -> Table:
    rows = [
        (
            f"{score.by} {score.group}",
            f"{score.n_utterances:,}",
            *(format_ccc(value) for value in score.ccc),
            _interval(score.over_utterances[-1]),
        )
        for score in scores
    ]
    head = ("group", "utterances", *(_SHORT[name] for name in MEASURES), _PERCENT + " of avg")
    return Table(title=f"{scope} by group: CCC", head=head, rows=tuple(rows))


def _interval(bounds: Sequence[float]) -> str:
    low, high = bounds
    return "-" if math.isnan(low) else f"{low:.3f} to {high:.3f}"


def _error(value: float, *, signed: bool = False) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:+.2f}" if signed else f"{value:.2f}"
