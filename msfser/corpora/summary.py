"""The content of a manifest in numbers, and as tables of plain text."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from msfser.manifest import DIMENSIONS, Manifest, Utterance, label_array

_PERCENTILES = (0, 5, 25, 50, 75, 95, 100)
_MOST_EMOTIONS = 12


@dataclass(frozen=True, kw_only=True)
class GroupSummary:
    """Counts of a split, of a fold, or of all.

    Attributes
    ----------
    name : str
    utterances, failed : int
        All rows, and those that failed; the other counts are of those that did not.
    labelled : int
        With a label in any dimension: used by training and evaluation.
    transcripts, alignments : int
        With a transcript, with an alignment.
    speakers : int
        Different speakers; unknown ones are not counted.
    hours : float
    """

    name: str
    utterances: int
    failed: int
    labelled: int
    transcripts: int
    alignments: int
    speakers: int
    hours: float


def group_utterances(manifest: Manifest) -> dict[str, list[Utterance]]:
    """Group the utterances by split, or by fold where there are no splits, in a fixed order."""
    groups: dict[str, list[Utterance]] = {}
    by_split = any(utterance.split for utterance in manifest.utterances)
    by_fold = any(utterance.fold for utterance in manifest.utterances)
    for utterance in manifest.utterances:
        if by_split:
            name = utterance.split or "no split"
        elif by_fold:
            name = f"fold {utterance.fold}" if utterance.fold else "no fold"
        else:
            name = "all"
        groups.setdefault(name, []).append(utterance)
    return dict(sorted(groups.items(), key=lambda item: _rank(item[0])))


def summarise_group(name: str, utterances: Sequence[Utterance]) -> GroupSummary:
    """Count utterances, labels, texts and speakers of a group."""
    usable = [utterance for utterance in utterances if utterance.status == "ok"]
    return GroupSummary(
        name=name,
        utterances=len(utterances),
        failed=len(utterances) - len(usable),
        labelled=int(np.isfinite(label_array(usable)).any(axis=1).sum()),
        transcripts=sum(utterance.transcript is not None for utterance in usable),
        alignments=sum(utterance.alignment is not None for utterance in usable),
        speakers=len(_speakers(usable)),
        hours=math.fsum(utterance.duration_s for utterance in usable) / 3600,
    )


def shared_speakers(manifest: Manifest) -> dict[tuple[str, str], int]:
    """Count the speakers that two groups share; pairs that share none are left out."""
    groups = group_utterances(manifest)
    speakers = {name: _speakers(utterances) for name, utterances in groups.items()}
    names = list(speakers)
    pairs = [(first, second) for i, first in enumerate(names) for second in names[i + 1 :]]
    counts = {(first, second): len(speakers[first] & speakers[second]) for first, second in pairs}
    return {pair: count for pair, count in counts.items() if count}


def group_table(manifest: Manifest) -> str:
    """Format the counts as a table: one line per split or fold, and one for all."""
    groups = group_utterances(manifest)
    rows = [summarise_group(name, utterances) for name, utterances in groups.items()]
    if len(rows) > 1:
        rows.append(summarise_group("all", manifest.utterances))
    head = [
        "",
        "utterances",
        "failed",
        "labelled",
        "transcripts",
        "alignments",
        "speakers",
        "hours",
    ]
    lines = [
        [
            row.name,
            *(f"{count:,}" for count in (row.utterances, row.failed, row.labelled)),
            *(f"{count:,}" for count in (row.transcripts, row.alignments, row.speakers)),
            f"{row.hours:,.2f}",
        ]
        for row in rows
    ]
    shared = [
        f"{first} and {second} share {count:,} speaker{'s' if count > 1 else ''}"
        for (first, second), count in shared_speakers(manifest).items()
    ]
    return "\n".join(
        [f"{manifest.title}, {manifest.label_title}", *_align([head, *lines]), *shared]
    )


def value_table(manifest: Manifest) -> str:
    """Format the distributions of labels and durations, and the counts of emotions and genders."""
    usable = manifest.usable()
    labels = label_array(usable)
    columns = dict(zip(DIMENSIONS, labels.T, strict=True))
    columns["duration (s)"] = np.array([utterance.duration_s for utterance in usable])
    head = ["", "n", "mean", "std", "min", "5 %", "25 %", "median", "75 %", "95 %", "max"]
    lines = [[name, *_describe(values[np.isfinite(values)])] for name, values in columns.items()]
    emotions = Counter(utterance.emotion for utterance in usable if utterance.emotion)
    named = [f"{name} {count:,}" for name, count in emotions.most_common(_MOST_EMOTIONS)]
    if len(emotions) > _MOST_EMOTIONS:
        named.append(f"{len(emotions) - _MOST_EMOTIONS} more")
    genders = Counter(utterance.gender or "unknown" for utterance in usable)
    counts = [
        f"{name} {genders[name]:,}" for name in ("female", "male", "unknown") if genders[name]
    ]
    return "\n".join(
        [
            *_align([head, *lines]),
            f"emotions: {', '.join(named) or 'none'}",
            f"genders: {', '.join(counts) or 'none'}",
        ]
    )


def _describe(values: np.ndarray) -> list[str]:
    if not len(values):
        return ["0"]
    numbers = [values.mean(), values.std(), *np.percentile(values, _PERCENTILES)]
    return [f"{len(values):,}", *(f"{number:.2f}" for number in numbers)]


def _align(rows: Sequence[Sequence[str]]) -> list[str]:
    """Align the columns: the first to the left, those of numbers to the right."""
    n_columns = max(len(row) for row in rows)
    full = [[*row, *[""] * (n_columns - len(row))] for row in rows]
    widths = [max(len(row[column]) for row in full) for column in range(n_columns)]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in full
    ]
    return [line.rstrip() for line in lines]


def _speakers(utterances: Sequence[Utterance]) -> set[str]:
    return {utterance.speaker for utterance in utterances if utterance.speaker is not None}


def _rank(name: str) -> tuple[int, int, str]:
    order = ("train", "development", "test", "test1", "test2", "test3")
    if name in order:
        return 0, order.index(name), name
    number = name.removeprefix("fold ")
    return (1, int(number), "") if number.isdigit() else (2, 0, name)
