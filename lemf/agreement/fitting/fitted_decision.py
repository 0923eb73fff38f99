"""A fitted decision -> the JSON that ``--decide`` reads, and what a user is told."""

from __future__ import annotations

import json
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

import numpy as np

from lemf.agreement.detection import (
    average_precision,
    calibration_error,
    count_accuracy,
    none_or_some_auc,
    perfect_calibration_error,
    precision_recall,
)
from lemf.agreement.fitting.decision import FEWEST, VARIANTS, FittedDecision
from lemf.agreement.fitting.fitted_weights import hash_file
from lemf.runtime.output import escape_controls
from lemf.scoring.decision_models import model_to_dict

_DIGITS = 6  # decimals of a coefficient
_THRESHOLD = 0.5


def held_out_measures(fitted: FittedDecision) -> dict[str, float | None]:
    """Compute how well the held-out probabilities tell the words; None where undefined."""
    emphasised = [one.emphasised for one in fitted.sentences]
    words, chances = np.concatenate(emphasised), np.concatenate(fitted.held_out)
    decided = [one >= _THRESHOLD for one in fitted.held_out]
    found = precision_recall(np.concatenate(decided), words)
    measures = {
        "precision": found.precision,
        "recall": found.recall,
        "f1": found.f1,
        "pr_auc": average_precision(chances, words),
        "ece": calibration_error(chances, words),
        "ece_of_a_perfect_model": perfect_calibration_error(chances),
        "none_or_some_auc": none_or_some_auc(list(fitted.held_out), emphasised),
        "none_one_several": count_accuracy(decided, emphasised),
    }
    return {name: None if np.isnan(value) else float(value) for name, value in measures.items()}


def decision_to_dict(fitted: FittedDecision, labels: Path, cut: float) -> dict[str, Any]:
    """Convert a fitted decision to the content of the JSON file.

    Parameters
    ----------
    fitted : FittedDecision
    labels : Path
        File of the labels, whose hash is recorded.
    cut : float
        Least rating of an emphasised word.
    """
    content = model_to_dict(fitted.model)
    for name in ("intercept", "slope"):
        content[name] = round(content[name], _DIGITS)
    for name in ("absolute", "means"):
        content[name] = {cue: round(value, _DIGITS) for cue, value in content[name].items()}
    return {
        **content,
        "lemf": version_of("lemf"),
        "fitted_on": {
            "labels": labels.name,
            "labels_sha256": hash_file(labels),
            "cut": cut,
            "n_sentences": len(fitted.sentences),
            "n_words": sum(len(one.emphasised) for one in fitted.sentences),
            "n_emphasised": sum(int(one.emphasised.sum()) for one in fitted.sentences),
            "only_intercept": fitted.only_intercept,
        },
        "held_out": {
            "left_out": fitted.left_out,
            "n_folds": fitted.n_folds,
            "variants_tried": len(VARIANTS),
            "chosen": {" + ".join(names) or "score": n for names, n in fitted.chosen.items()},
            "measures": held_out_measures(fitted),
        },
    }


def format_decision(fitted: FittedDecision, labels: Path, cut: float) -> str:
    """Format `decision_to_dict` as JSON."""
    text = json.dumps(decision_to_dict(fitted, labels, cut), indent=2, ensure_ascii=False)
    return escape_controls(text) + "\n"


def describe_decision(fitted: FittedDecision) -> str:
    """Describe the formula, and how the decision does on what was held out, in a few lines."""
    model, words = fitted.model, [one.emphasised for one in fitted.sentences]
    n_words, n_emphasised = sum(map(len, words)), sum(int(one.sum()) for one in words)
    absolute = "".join(f" {value:+.3f} {cue}" for cue, value in model.absolute.items())
    lines = [
        f"logit P = {model.intercept:.3f} {model.slope:+.3f} score{absolute}",
        f"{n_emphasised:,} of {n_words:,} words in {len(words):,} sentences are emphasised",
    ]
    if fitted.only_intercept:
        lines.append(
            f"fewer than {FEWEST} words are emphasised, or not: only the intercept was fitted, the "
            "rest is that of the decision that ships"
        )
    else:
        chosen = (f"{' + '.join(names) or 'score'} {n}" for names, n in fitted.chosen.items())
        lines.append(
            f"measures beside the score, of {len(VARIANTS)} sets: {', '.join(chosen)} folds"
        )
    measures = ", ".join(
        f"{name.replace('_', ' ')} {'-' if value is None else f'{value:.2f}'}"
        for name, value in held_out_measures(fitted).items()
    )
    lines.append(f"held out ({fitted.left_out}, {fitted.n_folds} folds): {measures}")
    return "\n".join(lines)
