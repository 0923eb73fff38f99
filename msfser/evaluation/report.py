"""Scores as tables."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from msfser.evaluation.bias.mean_errors import MeanError, speaker_deviation
from msfser.evaluation.groups import SPEAKER
from msfser.evaluation.intervals import FEWEST, LEVEL
from msfser.evaluation.predictions import Predictions
from msfser.evaluation.scores import FOLDS, MEASURES, Score, scopes
from msfser.manifest import DIMENSIONS
from msfser.outputs import Table, counted

_SHORT = {"valence": "V", "arousal": "A", "dominance": "D", "average": "avg"}
_MOST_NAMED = 5  # groups in a note
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


def make_bias_tables(errors: Sequence[MeanError], predictions: Predictions) -> list[Table]:
    """Build one table per split: mean errors of its groups, and how far speakers differ.

    Splits without labels are left out; so are the rows of single speakers.
    """
    tables = []
    for scope, part in scopes(predictions):
        rows = [
            (
                f"{one.by} {one.group}".strip(),
                f"{one.n_utterances:,}",
                f"{one.n_speakers:,}",
                *(
                    f"{_error(mean, signed=True)}{_bounds(bounds)}"
                    for mean, bounds in zip(one.mean, one.bounds, strict=True)
                ),
            )
            for one in errors
            if one.scope == scope and one.by != SPEAKER and one.n_utterances
        ]
        if not rows:
            continue
        deviations = speaker_deviation(part.values - part.labels, part.speaker)
        if not np.isnan(deviations).all():
            cells = [_error(value) for value in deviations]
            rows.append(("deviation between speakers", rows[0][1], rows[0][2], *cells))
        head = ("group", "utterances", "speakers", *DIMENSIONS)
        title = f"{scope} by group: prediction minus label, {_PERCENT} over speakers"
        tables.append(Table(title=title, head=head, rows=tuple(rows)))
    return tables


def score_notes(predictions: Predictions, scores: Sequence[Score]) -> list[str]:
    """Return the notes on each split: those of its predictions, and where intervals are missing."""
    notes = []
    for total in (score for score in scores if score.by == "all"):
        scope, n = total.scope, total.n_utterances
        found = [*predictions.notes.get(scope, ())]
        # all utterances
        few = f"fewer than {FEWEST}"
        for unit, count in (("utterance", n), ("speaker", total.n_speakers)):
            if 0 < count < FEWEST:
                ending = "s" if count > 1 else ""
                found.append(f"{count} {unit}{ending}, {few}: no interval over {unit}s")
        lacking = [
            name
            for name, bounds in zip(DIMENSIONS, total.over_utterances, strict=False)
            if n >= FEWEST and math.isnan(bounds[0])
        ]
        if lacking:
            found.append(f"{', '.join(lacking)}: {few} labels, or all alike: no interval")
        # groups
        small = [
            f"{score.by} {score.group}"
            for score in scores
            if score.scope == scope
            and score.n_utterances
            and math.isnan(score.over_utterances[-1][0])
            and not math.isnan(total.over_utterances[-1][0])
        ]
        if small:
            more = f" and {len(small) - _MOST_NAMED} more" if len(small) > _MOST_NAMED else ""
            names = ", ".join(small[:_MOST_NAMED])
            found.append(f"{names}{more}: {few} labelled utterances: no interval")
        notes += [f"{scope}: {note}" for note in found]
    return notes


def format_ccc(value: float) -> str:
    """Format CCC with three decimals; a dash if it is not defined."""
    return "-" if math.isnan(value) else f"{value:.3f}"


def _main_table(score: Score) -> Table:
    what = "all folds pooled" if score.scope == FOLDS else score.scope
    paper = score.paper
    speakers = f" of {counted(score.n_speakers, 'speaker')}" if score.n_speakers else ""
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
        title=f"{what}: {counted(score.n_utterances, 'utterance')}{speakers}{paper_note}",
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


def _bounds(bounds: Sequence[float]) -> str:
    """Format an interval in brackets, with a star where it holds no 0; empty without one."""
    low, high = bounds
    if math.isnan(low):
        return ""
    return f" ({low:+.2f} to {high:+.2f}){'' if low <= 0 <= high else '*'}"


def _error(value: float, *, signed: bool = False) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:+.2f}" if signed else f"{value:.2f}"
