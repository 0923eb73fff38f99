"""Emphasis -> JSON, CSV, TextGrid tiers and contour files."""

from __future__ import annotations

import json
import math
from importlib.resources import files

from lemf.reading.textgrid import (
    Interval,
    Point,
    PointTier,
    TextGrid,
    Tier,
    make_tier,
)
from lemf.runtime.csv_text import format_named_rows
from lemf.runtime.output import escape_controls
from lemf.scoring.emphasis import Emphasis

SCORE_TIER = "emphasis"
SEGMENT_TIER = "segment"
DECISION_TIER = "emphasised"  # only where it was decided
FLAGS_TIER = "flags"  # only where the alignment failed, or a sentence is too short to decide
BREAKS_TIER = "breaks"  # only where phrase boundaries were measured
F0_TIER = "f0_hz"  # only where measures were asked for


def format_json(emphasis: Emphasis) -> str:
    """Format the JSON contract, indented; numbers in full precision, null where not measurable."""
    text = json.dumps(emphasis.to_dict(), ensure_ascii=False, indent=2, allow_nan=False)
    return escape_controls(text) + "\n"


def read_schema() -> str:
    """Read the JSON Schema of what `format_json` writes."""
    return files("lemf.display").joinpath("emphasis.schema.json").read_text(encoding="utf-8")


def format_csv(emphasis: Emphasis) -> str:
    """Format one row per word under the names of the JSON contract; empty where not measurable."""
    return format_named_rows(emphasis.to_rows())


def add_tiers(textgrid: TextGrid, emphasis: Emphasis, *, speaker: str = "") -> TextGrid:
    """Append a tier of scores and a tier of emphasis segments to the tiers of the input.

    Parameters
    ----------
    textgrid : TextGrid
        The TextGrid that was scored.
    emphasis : Emphasis
    speaker : str
        Where several are scored: their tiers are called ``NAME - emphasis`` and the like.

    Returns
    -------
    TextGrid
        With ``emphasis`` (score of each word, two decimals) and ``segment`` (text of each emphasis
        segment); where emphasis was decided, ``emphasised`` (the probability of each emphasised
        word, two decimals); where the alignment failed or the sentence has too few words for its
        decision, ``flags``; where phrase boundaries were
        measured, ``breaks`` with a point at the end of each phrase, such as ``major 3.10``; where
        measures were asked for, ``f0_hz`` with a point at each word's clear F0 maximum, such as
        ``213.4``. A name that is taken already gets a number.
    """
    scores = [Interval(w.start_s, w.end_s, f"{w.score:.2f}") for w in emphasis.words]
    segments = [
        Interval(sentence.segment.start_s, sentence.segment.end_s, sentence.segment.text)
        for sentence in emphasis.sentences
    ]
    decided = [
        Interval(word.start_s, word.end_s, f"{word.decision.probability:.2f}")
        for word in emphasis.words
        if word.decision is not None and word.decision.emphasised
    ]
    flags = [
        Interval(word.start_s, word.end_s, label)
        for sentence in emphasis.sentences
        for word in sentence.words
        if (label := f"{word.doubts if word.misaligned else ''} {sentence.doubts}".strip())
    ]
    names = {tier.name for tier in textgrid.tiers}
    before = f"{speaker} - " if speaker else ""
    ends = (textgrid.start_s, textgrid.end_s)
    added: tuple[Tier, ...] = tuple(
        make_tier(_free_name(before + name, names), intervals, *ends)
        for name, intervals in (
            (SCORE_TIER, scores),
            (SEGMENT_TIER, segments),
            *([(DECISION_TIER, decided)] if emphasis.decision is not None else []),
            *([(FLAGS_TIER, flags)] if flags else []),
        )
    )
    for name, points in (
        (BREAKS_TIER, _break_points(emphasis, textgrid.end_s)),
        (F0_TIER, _f0_points(emphasis, textgrid.end_s)),
    ):
        if points:
            added += (PointTier(_free_name(before + name, names), *ends, points),)
    return TextGrid(textgrid.start_s, textgrid.end_s, textgrid.tiers + added, textgrid.path)


def _break_points(emphasis: Emphasis, end_s: float) -> tuple[Point, ...]:
    """Return a point at the end of each phrase: the kind of the break, and its strength."""
    ends: dict[float, str] = {}
    for word in emphasis.words:
        after = word.break_after
        if after is not None and after.kind != "none":
            strength = "" if math.isnan(after.strength) else f" {after.strength:.2f}"
            ends[min(word.end_s, end_s)] = after.kind + strength
    return tuple(Point(time_s, label) for time_s, label in sorted(ends.items()))


def _f0_points(emphasis: Emphasis, end_s: float) -> tuple[Point, ...]:
    """Return a point at the clear F0 maximum of each word that has one: its F0 in Hz."""
    measured = (word.measures for word in emphasis.words if word.measures is not None)
    peaks = {one.f0_time_s: one.f0_hz for one in measured if not math.isnan(one.f0_hz)}
    return tuple(
        Point(time_s, f"{f0_hz:.1f}") for time_s, f0_hz in sorted(peaks.items()) if time_s <= end_s
    )


def format_contours_csv(emphasis: Emphasis) -> str:
    """Format one row per frame: time in seconds, F0 in Hz (empty where unvoiced), energy."""
    contours = emphasis.contours
    frames = zip(
        contours.times_s.tolist(), contours.f0_hz.tolist(), contours.energy.tolist(), strict=True
    )
    lines = [f"{t:.3f},{f0 if f0 > 0 else ''},{energy}" for t, f0, energy in frames]
    return "\n".join(["time_s,f0_hz,energy", *lines]) + "\n"


def format_pitch_tier(emphasis: Emphasis) -> str:
    """Format a Praat PitchTier: one point in Hz per voiced frame."""
    contours = emphasis.contours
    voiced = contours.f0_hz > 0
    times, values = contours.times_s[voiced].tolist(), contours.f0_hz[voiced].tolist()
    lines = [
        'File type = "ooTextFile"',
        'Object class = "PitchTier"',
        "",
        "xmin = 0",
        f"xmax = {max([emphasis.duration_s, *times[-1:]])!r}",
        f"points: size = {len(times)}",
    ]
    for number, (time_s, f0_hz) in enumerate(zip(times, values, strict=True), 1):
        lines += [
            f"points [{number}]:",
            f"    number = {round(time_s, 6)!r}",
            f"    value = {f0_hz!r}",
        ]
    return "\n".join(lines) + "\n"


def _free_name(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} {number}"
    return free
