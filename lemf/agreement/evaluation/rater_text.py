"""Raters of a detection -> rows of a table, notes and JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lemf.agreement.evaluation.cells import plain, plain_intervals, short_span, two_digits
from lemf.agreement.evaluation.rater_agreement import OTHERS, RaterAgreement, Raters

_MOST_RATERS = 20  # that a table shows


def rater_table(raters: Raters, systems: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """Return the titles and rows: each rater, the mean over all raters, and its intervals.

    The columns: words rated, of these emphasised, then precision, recall, F1 and kappa of the rater
    beside the others, and kappa of each system beside the rater.
    """
    values: list[Callable[[RaterAgreement], float]] = [
        lambda one: one.others.precision,
        lambda one: one.others.recall,
        lambda one: one.others.f1,
        lambda one: one.kappa_others,
        *[_kappa_of(name) for name in systems],
    ]
    rows = [
        [one.name, str(one.n_words), str(one.n_emphasised), *(two_digits(f(one)) for f in values)]
        for one in raters.raters[:_MOST_RATERS]
    ]
    means = [two_digits(_mean([f(one) for one in raters.raters])) for f in values]
    rows.append([f"mean of {len(raters.raters)}", "", "", *means])
    for unit, spans in raters.mean_intervals.items():
        kappas = [short_span(*spans[name]) for name in (OTHERS, *systems)]
        rows.append([f" over {unit}", *[""] * 5, *kappas])
    titles = ["words", "marked", "prec.", "recall", "F1", "kappa"]
    return [*titles, *(f"kappa {name}" for name in systems)], rows


def rater_notes(raters: Raters, cut: float) -> list[str]:
    """Describe the columns of `rater_table`."""
    notes = [
        f"raters: words rated {cut:g} or more are marked; precision, recall, F1 and kappa of each "
        "rater beside the mean of the others, which is the ceiling of a system; then Cohen's "
        "kappa of each system and the rater. Mean over pairs of raters: kappa "
        f"{two_digits(raters.pairwise_kappa)}."
    ]
    if (more := len(raters.raters) - _MOST_RATERS) > 0:
        notes.append(f"{more} more raters are in the mean; JSON has all.")
    return notes


def raters_to_dict(raters: Raters) -> dict[str, Any]:
    """Convert the raters to plain types, None where there is no value."""
    return {
        "raters": [
            {
                "name": one.name,
                "n_words": one.n_words,
                "n_emphasised": one.n_emphasised,
                "others": plain({**one.others._asdict(), "kappa": one.kappa_others}),
                "kappas": plain(one.kappas),
                "intervals": plain_intervals(one.intervals),
            }
            for one in raters.raters
        ],
        "raters_mean_intervals": plain_intervals(raters.mean_intervals),
        "raters_kappa": plain({"kappa": raters.pairwise_kappa})["kappa"],
    }


def _kappa_of(name: str) -> Callable[[RaterAgreement], float]:
    return lambda one: one.kappas[name]


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else np.nan
