"""Scores of emotions and of the spread of raters as tables and rows of ``metrics.json``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from msfser.evaluation.predictions import Predictions
from msfser.evaluation.scores import scopes
from msfser.evaluation.votes.categories import predicted_emotions, score_categories
from msfser.evaluation.votes.spread import score_spread
from msfser.manifest import DIMENSIONS
from msfser.outputs import Table


def make_vote_tables(predictions: Predictions) -> list[Table]:
    """Build the tables of each split: its emotions, and the spread of its raters; perhaps none."""
    tables = []
    for scope, part in scopes(predictions):
        score = (
            score_categories(predicted, part.emotion)
            if (predicted := predicted_emotions(part))
            else None
        )
        if score is not None:
            rows = [
                (name, f"{n:,}", *_cells((precision, recall, f1)))
                for name, n, precision, recall, f1 in zip(
                    score.names, score.n_labelled, score.precision, score.recall, score.f1,
                    strict=True,
                )
            ]  # fmt: skip
            title = f"{scope}: emotions, macro-F1 {score.macro_f1:.3f}, UAR {score.uar:.3f}"
            head = ("", "utterances", "precision", "recall", "F1")
            tables.append(Table(title=title, head=head, rows=tuple(rows)))
        for spread in score_spread(part):
            rows = [
                (name, f"{n:,}", *_cells((correlation, predicted_spread, observed)))
                for name, n, correlation, predicted_spread, observed in zip(
                    DIMENSIONS, spread.n_utterances, spread.correlation, spread.predicted,
                    spread.observed, strict=True,
                )
            ]  # fmt: skip
            title = f"{scope}: spread of raters, {spread.kind.replace('_', ' ')}"
            head = ("", "utterances", "rank correlation", "predicted", "of the votes")
            tables.append(Table(title=title, head=head, rows=tuple(rows)))
    return tables


def votes_to_rows(predictions: Predictions) -> dict[str, list[dict[str, Any]]]:
    """Convert the scores of emotions and spreads to rows; empty where there are none."""
    emotions, spreads = [], []
    for scope, part in scopes(predictions):
        predicted = predicted_emotions(part)
        score = score_categories(predicted, part.emotion) if predicted else None
        if score is not None:
            emotions.append(
                {
                    "scope": scope,
                    "macro_f1": score.macro_f1,
                    "uar": score.uar,
                    "emotions": {
                        name: {
                            "n_utterances": int(score.n_labelled[place]),
                            "precision": _number(score.precision[place]),
                            "recall": _number(score.recall[place]),
                            "f1": _number(score.f1[place]),
                        }
                        for place, name in enumerate(score.names)
                    },
                }
            )
        for spread in score_spread(part):
            row: dict[str, Any] = {"scope": scope, "kind": spread.kind}
            for d, name in enumerate(DIMENSIONS):
                row[name] = {
                    "n_utterances": int(spread.n_utterances[d]),
                    "rank_correlation": _number(spread.correlation[d]),
                    "predicted": _number(spread.predicted[d]),
                    "observed": _number(spread.observed[d]),
                }
            spreads.append(row)
    found = {"emotions": emotions, "rater_spread": spreads}
    return {name: rows for name, rows in found.items() if rows}


def _cells(values: Sequence[float]) -> tuple[str, ...]:
    return tuple("-" if math.isnan(value) else f"{value:.3f}" for value in values)


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
