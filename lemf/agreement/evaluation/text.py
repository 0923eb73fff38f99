"""Evaluation -> JSON, which programs read, and Markdown, which goes into a paper."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from importlib.metadata import version as version_of
from typing import Any

from lemf.agreement.bootstrap import Intervals, Unit
from lemf.agreement.evaluation.detect import DETECTION_MEASURES, Detection, SystemDetection
from lemf.agreement.evaluation.detection_text import (
    DETECTION_TITLES,
    describe_detection,
    detection_notes,
    detection_to_dict,
    threshold_text,
)
from lemf.agreement.evaluation.run import Evaluation, SystemAgreement
from lemf.agreement.measures import MEASURES
from lemf.config import Grouping
from lemf.runtime.output import escape_controls

TITLES: Mapping[str, tuple[str, str]] = {  # of the measures: in a narrow column, and elsewhere
    "top1": ("top-1", "top-1"),
    "clear_top1": ("clear", "top-1, clear"),
    "segment": ("segment", "in the segment"),
    "top3": ("top-3", "in the top-3"),
    "spearman": ("rho", "Spearman"),
    "within_text": ("within", "within text"),
    "auc": ("AUC", "AUC"),
}
_MOST_NOTES = 5  # notes that are shown


def to_dict(evaluation: Evaluation, about: Mapping[str, Any]) -> dict[str, Any]:
    """Convert an evaluation to a dict of plain types, None where there is no value.

    Parameters
    ----------
    evaluation : Evaluation
    about : mapping
        Entries to put first, such as the labels and the settings.
    """
    return {
        "lemf": version_of("lemf"),
        **about,
        "n_sentences": evaluation.n_sentences,
        "n_clear": evaluation.n_clear,
        "n_texts": evaluation.n_texts,
        "n_speakers": evaluation.n_speakers,
        "clear_margin": evaluation.clear_margin,
        "n_resamples": evaluation.n_resamples,
        "seed": evaluation.seed,
        "systems": [system_to_dict(system) for system in evaluation.systems],
        "unjudged": [
            {"id": one.id, "reason": one.reason, "detail": one.detail}
            for one in evaluation.unjudged
        ],
        **({"detection": detection_to_dict(evaluation.detection)} if evaluation.detection else {}),
    }


def system_to_dict(system: SystemAgreement) -> dict[str, Any]:
    """Convert one system to a dict of plain types, None where there is no value."""
    return {
        "name": system.name,
        "baseline": system.baseline,
        "measures": _plain(system.measures),
        "intervals": _plain_intervals(system.intervals),
        "difference": _plain(system.difference),
        "difference_intervals": _plain_intervals(system.difference_intervals),
        "by": {
            grouping: [
                {
                    "name": group.name,
                    "n_sentences": group.n_sentences,
                    "measures": _plain(group.measures),
                }
                for group in groups
            ]
            for grouping, groups in system.groups.items()
        },
        "n_tied": system.n_tied,
    }


def format_json(evaluation: Evaluation, about: Mapping[str, Any]) -> str:
    """Format `to_dict` as JSON."""
    text = json.dumps(to_dict(evaluation, about), indent=2, ensure_ascii=False)
    return escape_controls(text) + "\n"


def format_markdown(evaluation: Evaluation, by: Sequence[Grouping] = ()) -> str:
    """Format the tables: the measures with intervals, the differences, and what was left out.

    Parameters
    ----------
    evaluation : Evaluation
    by : sequence of {"speaker", "emotion"}
        Groupings by which top-1 is shown, too.
    """
    blocks = [describe(evaluation) + "."]
    units: list[Unit] = list(evaluation.systems[0].intervals)
    for unit in units:
        rows = [
            [_name(system), *_cells(system.measures, system.intervals, unit)]
            for system in evaluation.systems
        ]
        blocks.append(_table([f"95 % intervals over {unit}", *column_titles(evaluation)], rows))
    compared = [system for system in evaluation.systems if system.difference]
    for unit in units if compared else []:
        rows = [
            [system.name, *_cells(system.difference, system.difference_intervals, unit)]
            for system in compared
        ]
        title = f"minus {evaluation.systems[0].name}, over {unit}"
        blocks.append(_table([title, *column_titles(evaluation)], rows))
    for grouping in by:
        groups = evaluation.systems[0].groups[grouping]
        if not groups:
            blocks.append(f"No {grouping} in the labels.")
            continue
        rows = [
            [_name(s), *(two_digits(group.measures["top1"]) for group in s.groups[grouping])]
            for s in evaluation.systems
        ]
        titles = [f"{group.name} ({group.n_sentences})" for group in groups]
        blocks.append(_table([f"top-1 by {grouping}", *titles], rows))
    if evaluation.detection is not None:
        blocks += _detection_blocks(evaluation.detection)
    blocks += describe_unjudged(evaluation) + describe_ties(evaluation)
    return "\n\n".join(blocks) + "\n"


def _detection_blocks(detection: Detection) -> list[str]:
    rows = [
        [
            _name(one),
            *(two_digits(one.measures[name]) for name in DETECTION_MEASURES),
            threshold_text(one),
        ]
        for one in detection.systems
    ]
    titles = ["emphasised words", *DETECTION_TITLES.values(), "threshold"]
    return [describe_detection(detection) + ".", _table(titles, rows), *detection_notes(detection)]


def describe(evaluation: Evaluation) -> str:
    """Describe in one line what the systems were judged on."""
    speakers = "unknown" if evaluation.n_speakers is None else str(evaluation.n_speakers)
    return (
        f"{evaluation.n_sentences} sentences, speakers: {speakers}, texts: {evaluation.n_texts}; "
        f"bootstrap of {evaluation.n_resamples} draws, seed {evaluation.seed}"
    )


def column_titles(evaluation: Evaluation) -> list[str]:
    """Return the titles of the measures, in their order."""
    clear = f"top-1, margin from {evaluation.clear_margin:g} ({evaluation.n_clear})"
    return [clear if name == "clear_top1" else TITLES[name][1] for name in MEASURES]


def describe_unjudged(evaluation: Evaluation) -> list[str]:
    """Describe what was left out, one line per reason."""
    cases: dict[str, list[str]] = {}
    for one in evaluation.unjudged:
        detail = f" ({one.detail})" if one.detail else ""
        cases.setdefault(one.reason, []).append(one.id + detail)
    return [
        f"Left out, {reason}: {len(names)}: {', '.join(names)}." for reason, names in cases.items()
    ]


def describe_notes(evaluation: Evaluation) -> list[str]:
    """Format each note once, with the first recording it is about; at most five notes."""
    about: dict[str, list[str]] = {}
    for name, note in evaluation.notes:
        about.setdefault(note, []).append(name)
    lines = [
        f"{names[0]}{f' and {len(names) - 1:,} more' if len(names) > 1 else ''}: {note}"
        for note, names in about.items()
    ]
    others = len(lines) - _MOST_NOTES
    return lines if others <= 0 else [*lines[:_MOST_NOTES], f"{others:,} more notes"]


def describe_ties(evaluation: Evaluation) -> list[str]:
    """Describe which systems, other than chance, gave several words the highest score."""
    tied = [f"{s.name} {s.n_tied}" for s in evaluation.systems if s.n_tied and s.name != "chance"]
    if not tied:
        return []
    return [
        f"Sentences with several highest scores, which count as in random order: {', '.join(tied)}."
    ]


def two_digits(value: float) -> str:
    """Format a measure with two decimals; a dash for NaN."""
    return "-" if math.isnan(value) else f"{value + 0.0:.2f}".replace("-0.00", "0.00")


def _cells(measures: Mapping[str, float], intervals: Intervals, unit: Unit) -> list[str]:
    return [
        two_digits(measures[name])
        if math.isnan(measures[name])
        else f"{two_digits(measures[name])} [{', '.join(map(two_digits, intervals[unit][name]))}]"
        for name in MEASURES
    ]


def _name(system: SystemAgreement | SystemDetection) -> str:
    name = system.name.replace("|", "\\|")
    return f"*{name}*" if system.baseline else name


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plain(measures: Mapping[str, float]) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in measures.items()}


def _plain_intervals(intervals: Intervals) -> dict[str, dict[str, list[float] | None]]:
    return {
        unit: {
            name: None if math.isnan(low) else [low, high] for name, (low, high) in spans.items()
        }
        for unit, spans in intervals.items()
    }
