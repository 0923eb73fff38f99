"""Evaluation -> JSON, which programs read, and Markdown, which goes into a paper."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version as version_of
from typing import Any

from lemf.agreement.bootstrap import Unit
from lemf.agreement.evaluation.cells import (
    cells,
    markdown_cell,
    markdown_name,
    markdown_table,
    plain,
    plain_intervals,
    two_digits,
)
from lemf.agreement.evaluation.detection_text import detection_blocks, detection_to_dict
from lemf.agreement.evaluation.results import Evaluation, SystemAgreement
from lemf.agreement.labels.rated_sentences import NOT_RANKED
from lemf.agreement.measures import MEASURES
from lemf.option_choices import Grouping
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
UNRANKED = (
    "No sentence has one top word among two or more, so no measure of the order of words (top-1, "
    "Spearman ...) is defined"
)
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
        **({} if evaluation.n_sentences else {"note": UNRANKED}),
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
        "measures": plain(system.measures),
        "intervals": plain_intervals(system.intervals),
        "difference": plain(system.difference),
        "difference_intervals": plain_intervals(system.difference_intervals),
        "by": {
            grouping: [
                {
                    "name": group.name,
                    "n_sentences": group.n_sentences,
                    "measures": plain(group.measures),
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
    units: list[Unit] = list(evaluation.systems[0].intervals) if evaluation.n_sentences else []
    for unit in units:
        rows = [
            [
                markdown_name(system.name, baseline=system.baseline),
                *cells(system.measures, system.intervals, unit, MEASURES),
            ]
            for system in evaluation.systems
        ]
        blocks.append(
            markdown_table([f"95 % intervals over {unit}", *column_titles(evaluation)], rows)
        )
    compared = [system for system in evaluation.systems if system.difference]
    for unit in units if compared else []:
        rows = [
            [
                markdown_cell(system.name),
                *cells(system.difference, system.difference_intervals, unit, MEASURES),
            ]
            for system in compared
        ]
        title = f"minus {markdown_cell(evaluation.systems[0].name)}, over {unit}"
        blocks.append(markdown_table([title, *column_titles(evaluation)], rows))
    for grouping in by:
        groups = evaluation.systems[0].groups[grouping]
        if not groups:
            blocks.append(f"No {grouping} in the labels.")
            continue
        rows = [
            [
                markdown_name(s.name, baseline=s.baseline),
                *(two_digits(group.measures["top1"]) for group in s.groups[grouping]),
            ]
            for s in evaluation.systems
        ]
        titles = [f"{markdown_cell(group.name)} ({group.n_sentences})" for group in groups]
        blocks.append(markdown_table([f"top-1 by {grouping}", *titles], rows))
    if evaluation.detection is not None:
        blocks += detection_blocks(evaluation.detection)
    blocks += describe_unjudged(evaluation) + describe_ties(evaluation)
    return "\n\n".join(blocks) + "\n"


def describe(evaluation: Evaluation) -> str:
    """Describe in one line what the systems were judged on."""
    if not evaluation.n_sentences:
        return UNRANKED
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
    kept = NOT_RANKED if evaluation.detection is not None else ()
    return [
        f"{'Not ranked' if reason in kept else 'Left out'}, {reason}: {len(names)}: "
        f"{', '.join(names)}."
        for reason, names in cases.items()
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
