"""ELAN's .eaf: tiers of annotations with times in milliseconds."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Mapping
from pathlib import PurePath
from urllib.parse import unquote

from lemf.errors import TextGridError
from lemf.reading.formats.labels import FindSound, Label, build_grid
from lemf.reading.formats.praat_tokens import shorten
from lemf.reading.textgrid import TextGrid

ROOT_TAG = "ANNOTATION_DOCUMENT"
_DECLARATION = re.compile(rb"<!(DOCTYPE|ENTITY)")
_MOST_MS = 1e10

_Span = tuple[float | None, float | None]


def read_xml_root(content: bytes, path: str) -> ET.Element:
    """Parse XML without a document type, so that no entity of its own expands.

    Raises
    ------
    TextGridError
        Damaged XML, or a document type.
    """
    if _DECLARATION.search(content.replace(b"\0", b"")):  # of UTF-16, too
        raise TextGridError(f"{path}: XML with a document type, which no ELAN file has; remove it")
    try:
        return ET.fromstring(content)
    except (ET.ParseError, ValueError, LookupError, RecursionError) as error:
        raise TextGridError(f"{path}: damaged XML ({error}); export it again") from None


def read_eaf(root: ET.Element, path: str, find_sound: FindSound) -> TextGrid:
    """Read the tiers of an ELAN document.

    Annotations that only refer to one above them have its time, unless several share it: their
    times are not in the file.

    Raises
    ------
    TextGridError
        Times in frames of a film, or a time that is no number.
    """
    header = root.find("HEADER")
    units = "milliseconds" if header is None else header.get("TIME_UNITS", "milliseconds")
    if units != "milliseconds":
        raise TextGridError(f"{path}: times in {shorten(units)}; export from ELAN in milliseconds")
    offset_s, notes = _offset(root, path, find_sound)
    slots = _read_slots(root, path, offset_s)
    spans: dict[str, _Span] = {}  # of annotations
    tiers = {tier.get("TIER_ID", ""): tier for tier in root.iter("TIER")}
    labels: dict[str, list[Label]] = {}
    for name in sorted(tiers, key=lambda name: _depth(name, tiers)):  # parents first
        labels[name] = _read_tier(tiers[name], slots, spans)
    in_order = [(name, labels[name]) for name in tiers]
    return build_grid(path, in_order, find_sound=find_sound, notes=notes)


def _depth(name: str, tiers: Mapping[str, ET.Element]) -> int:
    """Count the tiers above a tier."""
    above: set[str] = set()
    while name in tiers and name not in above:
        above.add(name)
        name = tiers[name].get("PARENT_REF", "")
    return len(above)


def _read_slots(root: ET.Element, path: str, offset_s: float) -> dict[str, float]:
    slots: dict[str, float] = {}
    for slot in root.iter("TIME_SLOT"):
        value = slot.get("TIME_VALUE")  # absent where ELAN only knows the order
        if value is not None:
            slots[slot.get("TIME_SLOT_ID", "")] = _milliseconds(value, path) / 1000 + offset_s
    return slots


def _milliseconds(value: str, path: str) -> float:
    try:
        time_ms = float(value)
    except ValueError:
        time_ms = _MOST_MS
    if not abs(time_ms) < _MOST_MS:
        raise TextGridError(f"{path}: the time {shorten(value)} is no number of milliseconds")
    return time_ms


def _offset(root: ET.Element, path: str, find_sound: FindSound) -> tuple[float, list[str]]:
    """Return what ELAN adds to times to find them in the recording, and a note on it."""
    media = list(root.iter("MEDIA_DESCRIPTOR"))
    if not any(one.get("TIME_ORIGIN", "0") != "0" for one in media):
        return 0.0, []
    sound = find_sound()
    stem = PurePath(path if sound is None else sound.name).stem
    same = [one for one in media if PurePath(unquote(one.get("MEDIA_URL", ""))).stem == stem]
    chosen = (same or media)[0]
    offset_s = _milliseconds(chosen.get("TIME_ORIGIN", "0"), path) / 1000
    return offset_s, [f"ELAN's offset of {offset_s:g} s was added to all times"] if offset_s else []


def _read_tier(
    tier: ET.Element, slots: Mapping[str, float], spans: dict[str, _Span]
) -> list[Label]:
    """Read the annotations of a tier in the order of time, and enter their times into `spans`."""
    referring = list(tier.iter("REF_ANNOTATION"))
    parents = [one.get("ANNOTATION_REF", "") for one in referring]
    shared = {parent for parent, count in Counter(parents).items() if count > 1}
    labels = []
    for annotation in (*tier.iter("ALIGNABLE_ANNOTATION"), *referring):
        if annotation.tag == "REF_ANNOTATION":
            parent = annotation.get("ANNOTATION_REF", "")
            span = (None, None) if parent in shared else spans.get(parent, (None, None))
        else:
            references = ("TIME_SLOT_REF1", "TIME_SLOT_REF2")
            start_s, end_s = (slots.get(annotation.get(name, "")) for name in references)
            span = start_s, end_s
        spans[annotation.get("ANNOTATION_ID", "")] = span
        value = annotation.find("ANNOTATION_VALUE")
        text = "" if value is None else "".join(value.itertext())
        labels.append(Label(text, *span))
    return sorted(labels, key=lambda label: -1.0 if label.start_s is None else label.start_s)
