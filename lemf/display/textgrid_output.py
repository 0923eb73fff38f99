"""TextGrid -> Praat's long text format, and the file of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from lemf.reading.formats.praat_escapes import protect_backslashes
from lemf.reading.textgrid import IntervalTier, TextGrid, Tier
from lemf.runtime.output import write_output


def write_textgrid(
    textgrid: TextGrid, path: str | os.PathLike[str], *, force: bool = False
) -> None:
    """Write a TextGrid in Praat's long text format, UTF-8.

    Parameters
    ----------
    textgrid : TextGrid
    path : path of the file
    force : bool
        Whether an existing file may be replaced.

    Raises
    ------
    OutputError
        The file exists and `force` is not set, or it cannot be written.
    """
    write_output(Path(path), format_textgrid(textgrid).encode(), force=force)


def format_textgrid(textgrid: TextGrid) -> str:
    """Format a TextGrid in Praat's long text format, times in full precision."""
    lines = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        f"xmin = {float(textgrid.start_s)!r}",
        f"xmax = {float(textgrid.end_s)!r}",
        "tiers? <exists>" if textgrid.tiers else "tiers? <absent>",
    ]
    if textgrid.tiers:
        lines += [f"size = {len(textgrid.tiers)}", "item []:"]
    for number, tier in enumerate(textgrid.tiers, 1):
        lines += [f"    item [{number}]:", *_format_tier(tier)]
    return "\n".join(lines) + "\n"


def _format_tier(tier: Tier) -> Iterator[str]:
    indent = " " * 8
    yield f'{indent}class = "{"IntervalTier" if isinstance(tier, IntervalTier) else "TextTier"}"'
    yield f"{indent}name = {_quote(*protect_backslashes([tier.name]))}"
    yield f"{indent}xmin = {float(tier.start_s)!r}"
    yield f"{indent}xmax = {float(tier.end_s)!r}"
    if isinstance(tier, IntervalTier):
        yield f"{indent}intervals: size = {len(tier.intervals)}"
        labels = protect_backslashes([interval.label for interval in tier.intervals])
        for number, (interval, label) in enumerate(zip(tier.intervals, labels, strict=True), 1):
            yield f"{indent}intervals [{number}]:"
            yield f"{indent}    xmin = {float(interval.start_s)!r}"
            yield f"{indent}    xmax = {float(interval.end_s)!r}"
            yield f"{indent}    text = {_quote(label)}"
    else:
        yield f"{indent}points: size = {len(tier.points)}"
        labels = protect_backslashes([point.label for point in tier.points])
        for number, (point, label) in enumerate(zip(tier.points, labels, strict=True), 1):
            yield f"{indent}points [{number}]:"
            yield f"{indent}    number = {float(point.time_s)!r}"
            yield f"{indent}    mark = {_quote(label)}"


def _quote(label: str) -> str:
    return '"' + label.replace('"', '""') + '"'
