"""TextGrid -> the annotation of a bundle of EMU-SDMS, ``NAME_annot.json``."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import Any

from lemf.reading.textgrid import IntervalTier, TextGrid, Tier
from lemf.runtime.output import escape_controls, printable_text


def format_emu(textgrid: TextGrid, audio: str, rate_hz: int) -> str:
    """Format the tiers of a TextGrid as levels: SEGMENT of intervals, EVENT of points.

    Parameters
    ----------
    textgrid : TextGrid
        Labelled intervals become items.
    audio : str
        Path of the recording.
    rate_hz : int
        Its sampling rate: times are counted in samples, and a segment ends on the sample before
        the next.
    """
    path = PurePath(audio)
    levels: list[dict[str, Any]] = []
    n_items = 0
    for tier in textgrid.tiers:
        items = _items(tier, rate_hz)
        for item in items:
            n_items += 1
            item["id"] = n_items
        kind = "SEGMENT" if isinstance(tier, IntervalTier) else "EVENT"
        levels.append({"items": items, "name": printable_text(tier.name), "type": kind})
    content = {
        "name": printable_text(path.stem),
        "annotates": printable_text(path.name),
        "sampleRate": rate_hz,
        "levels": levels,
        "links": [],
    }
    return escape_controls(json.dumps(content, ensure_ascii=False, indent=2)) + "\n"


def _items(tier: Tier, rate_hz: int) -> list[dict[str, Any]]:
    name = printable_text(tier.name)
    if not isinstance(tier, IntervalTier):
        return [
            {
                "id": 0,
                "samplePoint": round(point.time_s * rate_hz),
                "labels": [{"name": name, "value": printable_text(point.label)}],
            }
            for point in tier.points
        ]
    items = []
    for interval in tier.intervals:
        if not interval.label.strip():
            continue
        start, end = round(interval.start_s * rate_hz), round(interval.end_s * rate_hz)
        items.append(
            {
                "id": 0,
                "sampleStart": start,
                "sampleDur": max(end - start - 1, 0),
                "labels": [{"name": name, "value": printable_text(interval.label)}],
            }
        )
    return items
