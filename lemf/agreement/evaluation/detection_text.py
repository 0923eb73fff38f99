"""Detection -> the titles, rows and notes that every format of the evaluation shows."""

from __future__ import annotations

import math
from typing import Any

from lemf.agreement.bootstrap import UNDRAWN, Unit, lacks_intervals
from lemf.agreement.evaluation.cells import (
    cells,
    markdown_cell,
    markdown_name,
    markdown_table,
    plain,
    plain_intervals,
)
from lemf.agreement.evaluation.detect import Detection, SystemDetection
from lemf.agreement.evaluation.detection_spread import DETECTION_MEASURES
from lemf.agreement.evaluation.rater_text import rater_notes, rater_table, raters_to_dict

DETECTION_TITLES = {
    "precision": "prec.",
    "recall": "recall",
    "f1": "F1",
    "pr_auc": "PR-AUC",
    "roc_auc": "ROC-AUC",
    "brier": "Brier",
    "ece": "ECE",
    "none_or_some_auc": "some",
    "none_one_several": "0, 1, more",
    "top_emphasised": "top",
}
COMPARED = (
    "precision",
    "recall",
    "f1",
    "pr_auc",
    "roc_auc",
    "none_or_some_auc",
    "none_one_several",
    "top_emphasised",
)  # what baselines have, too


def detection_to_dict(detection: Detection) -> dict[str, Any]:
    """Convert a detection to a dict of plain types, None where there is no value."""
    return {
        "cut": detection.cut,
        "n_sentences": detection.n_sentences,
        "n_none": detection.n_none,
        "n_one": detection.n_one,
        "n_several": detection.n_several,
        "n_words": detection.n_words,
        "n_emphasised": detection.n_emphasised,
        "left_out": detection.left_out,
        "n_resamples": detection.n_resamples,
        "seed": detection.seed,
        **({"note": UNDRAWN} if any(map(_lacks_intervals, detection.systems)) else {}),
        "systems": [
            {
                "name": one.name,
                "baseline": one.baseline,
                "by": one.by,
                "thresholds": [_plain(level) for level in one.thresholds],
                "measures": plain(one.measures),
                "intervals": plain_intervals(one.intervals),
                "minus": {
                    other: {
                        "measures": plain(difference.measures),
                        "intervals": plain_intervals(difference.intervals),
                    }
                    for other, difference in one.differences.items()
                },
                "perfect_ece": _plain(one.perfect_ece),
                "reliability": None
                if one.reliability is None
                else {
                    name: [_plain(float(value)) for value in values]
                    for name, values in one.reliability._asdict().items()
                },
            }
            for one in detection.systems
        ],
        **(raters_to_dict(detection.raters) if detection.raters else {}),
    }


def detection_blocks(detection: Detection) -> list[str]:
    """Format the tables in Markdown: the measures, and the differences from each baseline."""
    blocks = [describe_detection(detection) + "."]
    titles = [*DETECTION_TITLES.values()]
    for unit in units(detection):
        rows = [
            [
                markdown_name(one.name, baseline=one.baseline),
                *cells(one.measures, one.intervals, unit, DETECTION_MEASURES),
                threshold_text(one),
            ]
            for one in detection.systems
        ]
        head = f"emphasised words, 95 % intervals over {unit}"
        blocks.append(markdown_table([head, *titles, "threshold"], rows))
    last = units(detection)[-1]
    rows = [
        [
            f"{markdown_name(one.name, baseline=False)} minus "
            f"{markdown_name(other, baseline=other in baselines(detection))}",
            *cells(difference.measures, difference.intervals, last, COMPARED),
        ]
        for one in detection.systems
        for other, difference in one.differences.items()
    ]
    head = f"differences, over {last}"
    blocks.append(markdown_table([head, *(DETECTION_TITLES[name] for name in COMPARED)], rows))
    if detection.raters:
        titles, shown = rater_table(detection.raters, listening(detection))
        escaped = [[markdown_name(row[0], baseline=False), *row[1:]] for row in shown]
        blocks.append(markdown_table(["rater", *map(markdown_cell, titles)], escaped))
    return [*blocks, *map(markdown_cell, detection_notes(detection))]


def units(detection: Detection) -> list[Unit]:
    """Return what the bootstrap drew, speakers last."""
    return list(detection.systems[0].intervals)


def baselines(detection: Detection) -> list[str]:
    """Return the names of the baselines."""
    return [one.name for one in detection.systems if one.baseline]


def listening(detection: Detection) -> list[str]:
    """Return the names of the systems that are no baselines."""
    return [one.name for one in detection.systems if not one.baseline]


def describe_detection(detection: Detection) -> str:
    """Describe in one line which words count as emphasised, and how many are."""
    return (
        f"Emphasised words (rated {detection.cut:g} or more): {detection.n_emphasised} of "
        f"{detection.n_words} words; {detection.n_sentences} sentences: {detection.n_none} with "
        f"none, {detection.n_one} with one, {detection.n_several} with several"
    )


def detection_notes(detection: Detection) -> list[str]:
    """Describe the columns, the thresholds and what a perfect model would show as ECE."""
    notes = []
    if not detection.n_emphasised:
        notes.append(
            "No word is emphasised: recall and the areas are not defined, precision and F1 only "
            "where a word is taken as emphasised, wrongly; see the column 0, 1, more."
        )
    elif detection.n_emphasised == detection.n_words:
        notes.append(
            "Every word is emphasised: precision is 1 wherever a word is taken as emphasised, and "
            "ROC-AUC is not defined; label words that are not, too."
        )
    notes += [
        "threshold: a word is taken as emphasised from there on; P where a system gives it, else "
        "the score with the highest F1 on sentences without the "
        f"{detection.left_out} of the judged one (range over the folds).",
        *(rater_notes(detection.raters, detection.cut) if detection.raters else []),
        f"95 % intervals: {detection.n_resamples} draws, seed {detection.seed}; thresholds are not "
        "learnt again in each draw.",
        *([UNDRAWN] if any(map(_lacks_intervals, detection.systems)) else []),
        "some: ROC-AUC, none or some, of the sentence's highest number; 0, 1, more: sentences with "
        "the right number of words; top: sentences with emphasis whose highest score is on an "
        "emphasised word; content words: words of four letters or more.",
    ]
    notes += [
        f"{one.name}: ECE {one.measures['ece']:.3f}; a perfect model with these P has "
        f"{one.perfect_ece:.3f} on {detection.n_words} words (simulated, seed {detection.seed})."
        for one in detection.systems
        if one.by == "probability"
    ]
    if any(one.by == "probability" for one in detection.systems):
        notes.append(
            "P counts as it is given: one fitted on these very labels looks better than elsewhere "
            "(lemf's default decision is fitted on EmoDB, among others)."
        )
    return notes


def threshold_text(system: SystemDetection) -> str:
    """Format the threshold: P, or the range of the scores over the folds."""
    low, high = system.thresholds
    if system.by == "decision":
        return "its own"
    if math.isnan(low):
        return "-"
    if system.by == "probability":
        return f"P {low:g}"
    return f"{low:.2f}" if low == high else f"{low:.2f}..{high:.2f}"


def _lacks_intervals(system: SystemDetection) -> bool:
    return lacks_intervals(system.measures, system.intervals)


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else value
