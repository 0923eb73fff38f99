"""A fitted decision -> the JSON that ``--decide`` reads, and what a user is told."""

from __future__ import annotations

import json
import math
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from lemf.agreement.bootstrap import UNDRAWN, lacks_intervals
from lemf.agreement.fitting.decision import FEWEST, VARIANTS, FittedDecision
from lemf.agreement.fitting.fitted_weights import hash_file
from lemf.agreement.fitting.held_out import HeldOut
from lemf.errors import shown
from lemf.runtime.output import escape_controls
from lemf.scoring.decision_models import model_to_dict

_DIGITS = 6  # decimals of a coefficient


def decision_to_dict(
    fitted: FittedDecision, held_out: HeldOut, labels: Path, cut: float
) -> dict[str, Any]:
    """Convert a fitted decision to the content of the JSON file.

    Parameters
    ----------
    fitted : FittedDecision
    held_out : HeldOut
    labels : Path
        File of the labels, whose hash is recorded.
    cut : float
        Least rating of an emphasised word.
    """
    content = model_to_dict(fitted.model)
    for name in ("intercept", "slope"):
        content[name] = round(content[name], _DIGITS)
    for name in ("absolute", "means", "floors"):
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
            "n_unused": len(fitted.unused),
            "only_intercept_of": fitted.start.name if fitted.only_intercept else None,
            "intercept_standard_error": _plain(fitted.intercept_error),
        },
        "held_out": {
            "left_out": fitted.left_out,
            "n_folds": fitted.n_folds,
            "n_sentences": held_out.n_sentences,
            "n_unjudged": held_out.n_unjudged,
            **_choices(fitted),
            "measures": {name: _plain(value) for name, value in held_out.measures.items()},
            "ece_of_a_perfect_model": _plain(held_out.perfect_ece),
            "intervals": {
                unit: {name: _plain_ends(*span) for name, span in ends.items()}
                for unit, ends in held_out.intervals.items()
            },
        },
    }


def _choices(fitted: FittedDecision) -> dict[str, Any]:
    """Return how many sets of measures were tried and chosen; empty where none was."""
    if fitted.only_intercept:
        return {}
    chosen = {" + ".join(names) or "score": n for names, n in fitted.chosen.items()}
    return {"variants_tried": len(VARIANTS), "chosen": chosen}


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else round(value, _DIGITS)


def _plain_ends(low: float, high: float) -> list[float | None] | None:
    return None if math.isnan(low) else [_plain(low), _plain(high)]


def format_decision(fitted: FittedDecision, held_out: HeldOut, labels: Path, cut: float) -> str:
    """Format `decision_to_dict` as JSON."""
    content = decision_to_dict(fitted, held_out, labels, cut)
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    return escape_controls(text) + "\n"


def describe_decision(fitted: FittedDecision, held_out: HeldOut, cut: float) -> str:
    """Describe the formula, and how the decision does on what was held out, in a few lines."""
    model, words = fitted.model, [one.emphasised for one in fitted.sentences]
    n_words, n_emphasised = sum(map(len, words)), sum(int(one.sum()) for one in words)
    absolute = "".join(f" {value:+.3f} {cue}" for cue, value in model.absolute.items())
    lines = [
        f"logit P = {model.intercept:.3f} {model.slope:+.3f} score{absolute}",
        f"emphasised (rated {cut:g} or more): {n_emphasised:,} of {n_words:,} words in "
        f"{_count(len(words))}",
    ]
    if fitted.only_intercept:
        lines.append(
            f"fewer than {FEWEST} of one kind: only the intercept was fitted (standard error "
            f"{fitted.intercept_error:.2f}), the rest is that of the decision "
            f"{shown(fitted.start.name)}"
        )
    elif fitted.chosen:
        chosen = (f"{' + '.join(names) or 'score'} {n}" for names, n in fitted.chosen.items())
        lines.append(
            f"measures beside the score, of {len(VARIANTS)} sets: {', '.join(chosen)} folds; "
            f"written: {' + '.join(model.absolute) or 'score'}{_describe_others(fitted)}"
        )
    return "\n".join([*lines, "", *_describe_held_out(fitted, held_out)])


def _describe_others(fitted: FittedDecision) -> str:
    """Return a note where the table below is also of other models than that which is written."""
    n_others = fitted.n_folds - fitted.chosen.get(tuple(fitted.model.absolute), 0)
    if not n_others:
        return ""
    return f", so that {n_others} of {fitted.n_folds} folds below judge another set"


def _describe_held_out(fitted: FittedDecision, held_out: HeldOut) -> list[str]:
    """Describe the measures and their intervals, a line each."""
    if not held_out.n_sentences:
        return [
            "held out: nothing could be judged, since no words of both kinds are left without "
            f"{_left_out(fitted)}; label more"
        ]
    n_sentences = held_out.n_sentences + held_out.n_unjudged
    folds = "fold" if fitted.n_folds == 1 else "folds"
    lines = [
        f"held out: {held_out.n_sentences:,} of {_count(n_sentences)} in {fitted.n_folds} "
        f"{folds}, each without the {fitted.left_out} that it judges"
    ]
    if held_out.n_unjudged:
        lines.append(
            f"not judged: {_count(held_out.n_unjudged)}, since no words of both kinds are left "
            f"without {_left_out(fitted)}"
        )
    width = max(map(len, held_out.measures))
    spans = [f"  95 % over {unit}" for unit in held_out.intervals]
    lines.append(f"{'':{width}}      {''.join(spans)}")
    for name, value in held_out.measures.items():
        cells = [
            f"  {_span(*ends[name]):>{len(span) - 2}}"
            for span, ends in zip(spans, held_out.intervals.values(), strict=True)
        ]
        lines.append(f"{name.replace('_', ' '):{width}}  {_two_digits(value)}{''.join(cells)}")
    lines.append(
        "ece: expected calibration error, above 0 by chance: in a perfect model with these P "
        f"{held_out.perfect_ece:.2f}, and more in draws of the bootstrap, so its interval may lie "
        "above it"
    )
    if lacks_intervals(held_out.measures, held_out.intervals):
        lines.append(UNDRAWN)
    return lines


def _left_out(fitted: FittedDecision) -> str:
    name = fitted.left_out
    return "a sentence" if name == "sentence" else f"the {name} of a sentence"


def _count(n_sentences: int) -> str:
    return "1 sentence" if n_sentences == 1 else f"{n_sentences:,} sentences"


def _span(low: float, high: float) -> str:
    return "-" if math.isnan(low) else f"{low:.2f} to {high:.2f}"


def _two_digits(value: float) -> str:
    return "   -" if math.isnan(value) else f"{value:.2f}"
