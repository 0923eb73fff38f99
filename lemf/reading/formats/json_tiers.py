"""JSON and csv of tiers: of the Montreal Forced Aligner, of praatio, and EMU's annotations."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from lemf.errors import TextGridError, shown
from lemf.reading.formats.labels import FindSound, Label, build_grid, read_seconds
from lemf.reading.textgrid import TextGrid

MFA_COLUMNS = ["Begin", "End", "Label", "Type", "Speaker"]


def read_json_tiers(document: object, path: str, find_sound: FindSound) -> TextGrid | None:
    """Read the tiers of a JSON document; None if no known tool has written it.

    Raises
    ------
    TextGridError
        A time is no number.
    """
    if not isinstance(document, dict):
        return None
    if isinstance(document.get("levels"), list) and "sampleRate" in document:
        return _read_emu(document, path, find_sound)
    tiers = document.get("tiers")
    named: list[tuple[str, object, object]] = []  # name, class, entries
    if isinstance(tiers, dict):  # `mfa align --output_format json`, praatio's "json"
        named = [(n, t.get("type"), t.get("entries")) for n, t in tiers.items() if _is_object(t)]
    elif isinstance(tiers, list):  # praatio's "textgrid_json"
        objects = filter(_is_object, tiers)
        named = [(str(t.get("name")), t.get("class"), t.get("entries")) for t in objects]
    named = [each for each in named if isinstance(each[2], list)]
    if not named:
        return None
    end_s = read_seconds(document.get("end", document.get("xmax")), f"{path}: the end")
    labelled = [
        (name, _read_entries(entries, f"{path}: tier {name[:40]!r}"))
        for name, kind, entries in named
        if kind not in ("point", "TextTier")
    ]
    return build_grid(path, labelled, find_sound=find_sound, end_s=end_s)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _read_entries(entries: Any, place: str) -> list[Label]:  # noqa: ANN401 - any JSON
    labels = []
    for number, entry in enumerate(entries, 1):
        if isinstance(entry, dict):
            entry = [entry.get(key) for key in ("start", "end", "label")]
        if not isinstance(entry, list) or len(entry) != 3:
            raise TextGridError(f"{place}: entry {number} is {shown(entry)}, not start, end, label")
        where = f"{place}: a time of entry {number}"
        start_s, end_s = (read_seconds(time, where) for time in entry[:2])
        labels.append(Label(str(entry[2]), start_s, end_s))
    return labels


def read_mfa_csv(text: str, path: str, find_sound: FindSound) -> TextGrid:
    """Read the csv of ``mfa align --output_format csv``.

    Raises
    ------
    TextGridError
        A row has another number of cells than the header, or a time is no number.
    """
    tiers: dict[tuple[str, str], list[Label]] = {}
    reader = csv.reader(io.StringIO(text.strip(), newline=""))
    try:
        next(reader)
        for row in reader:
            place = f"{path}: line {reader.line_num}"
            if len(row) != len(MFA_COLUMNS):
                raise TextGridError(f"{place}: {len(row)} cells where the header names 5")
            begin, end, label, kind, speaker = row
            start_s, end_s = (read_seconds(_number(c), f"{place}: a time") for c in (begin, end))
            row_label = Label(label, start_s, end_s, reader.line_num)
            tiers.setdefault((speaker, kind), []).append(row_label)
    except csv.Error as error:
        raise TextGridError(f"{path}: line {reader.line_num}: {error}") from error
    several = len({speaker for speaker, _ in tiers}) > 1
    named = [(f"{who} - {kind}" if several else kind, rows) for (who, kind), rows in tiers.items()]
    return build_grid(path, named, find_sound=find_sound)


def _number(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def _read_emu(document: Mapping[str, Any], path: str, find_sound: FindSound) -> TextGrid:
    """Read the levels of an ``_annot.json``; items without times last as long as what they link to.

    Each kind of label of a level becomes a tier.
    """
    rate_hz = read_seconds(document["sampleRate"], f"{path}: sampleRate")
    if not rate_hz or rate_hz < 0:
        raise TextGridError(
            f"{path}: sampleRate is {shown(document['sampleRate'])}; write it in Hz"
        )
    levels = [level for level in document["levels"] if _is_object(level)]
    spans: dict[str, tuple[float, float]] = {}
    for level in levels:
        for item in filter(_is_object, level.get("items") or []):
            key = str(item.get("id"))
            place = f"{path}: item {key[:40]}"
            start = read_seconds(item.get("sampleStart"), f"{place}: sampleStart")
            length = read_seconds(item.get("sampleDur"), f"{place}: sampleDur")
            if start is not None and length is not None:
                spans[key] = start / rate_hz, (start + length + 1) / rate_hz
    links = [link for link in document.get("links") or [] if _is_object(link)]
    _span_by_links([(str(link.get("fromID")), str(link.get("toID"))) for link in links], spans)
    tiers: dict[str, list[Label]] = {}
    for level in levels:
        for item in filter(_is_object, level.get("items") or []):
            if "samplePoint" in item:
                continue
            span = spans.get(str(item.get("id"))) or (None, None)
            for label in filter(_is_object, item.get("labels") or []):
                text = label.get("value")
                if isinstance(text, str):
                    tiers.setdefault(str(label.get("name")), []).append(Label(text, *span))
    in_time = [
        (name, sorted(rows, key=lambda row: -1.0 if row.start_s is None else row.start_s))
        for name, rows in tiers.items()
    ]
    return build_grid(path, in_time, find_sound=find_sound)


def _span_by_links(links: Sequence[tuple[str, str]], spans: dict[str, tuple[float, float]]) -> None:
    """Add the spans of items without times: that of all that they link to, directly or not."""
    below: dict[str, list[str]] = {}
    for parent, child in links:
        below.setdefault(parent, []).append(child)
    entered: set[str] = set()  # so that links in a circle come to an end
    stack = [(item, False) for item in below]
    while stack:
        item, is_below_done = stack.pop()
        if is_below_done:
            known = [span for child in below[item] if (span := spans.get(child))]
            if known:
                spans[item] = min(start for start, _ in known), max(end for _, end in known)
        elif item in below and item not in spans and item not in entered:
            entered.add(item)
            stack.append((item, True))
            stack += [(child, False) for child in below[item]]
