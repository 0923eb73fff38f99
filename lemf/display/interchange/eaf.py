"""TextGrid -> ELAN's .eaf, https://www.mpi.nl/tools/elan/EAFv3.0.xsd."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import PurePath
from urllib.parse import quote

from lemf.display.interchange.xml_text import xml_text
from lemf.reading.textgrid import IntervalTier, TextGrid, Tier

_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_DATE = "1970-01-01T00:00:00+00:00"  # required; the same input gives the same bytes
_TYPE = "default-lt"
_MIME_TYPES = {".wav": "audio/x-wav", ".mp3": "audio/mpeg"}
_POINT_MS = 10  # of an annotation that stands for a point: ELAN has none


def format_eaf(textgrid: TextGrid, audio: str) -> str:
    """Format the tiers of a TextGrid for ELAN, times in milliseconds.

    Parameters
    ----------
    textgrid : TextGrid
        Labelled intervals become annotations, points those of 10 ms. Intervals shorter than a
        millisecond last one.
    audio : str
        Path of the recording, which is linked as a file beside the .eaf.
    """
    root = ET.Element(
        "ANNOTATION_DOCUMENT",
        {
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:noNamespaceSchemaLocation": _SCHEMA,
            "AUTHOR": "",
            "DATE": _DATE,
            "FORMAT": "3.0",
            "VERSION": "3.0",
        },
    )
    header = ET.SubElement(root, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
    path = PurePath(audio)
    link = "./" + quote(path.name.encode(errors="surrogateescape"))
    kind = _MIME_TYPES.get(path.suffix.lower(), "audio/*")
    ET.SubElement(
        header,
        "MEDIA_DESCRIPTOR",
        {"MEDIA_URL": link, "MIME_TYPE": kind, "RELATIVE_MEDIA_URL": link},
    )
    slots = ET.SubElement(root, "TIME_ORDER")
    n_annotations = 0
    for tier in textgrid.tiers:
        parent = ET.SubElement(
            root, "TIER", {"TIER_ID": xml_text(tier.name), "LINGUISTIC_TYPE_REF": _TYPE}
        )
        for start_ms, end_ms, label in _annotations(tier):
            n_annotations += 1
            names = []
            for time_ms in (start_ms, end_ms):
                names.append(f"ts{len(slots) + 1}")
                attributes = {"TIME_SLOT_ID": names[-1], "TIME_VALUE": str(time_ms)}
                ET.SubElement(slots, "TIME_SLOT", attributes)
            annotation = ET.SubElement(
                ET.SubElement(parent, "ANNOTATION"),
                "ALIGNABLE_ANNOTATION",
                {
                    "ANNOTATION_ID": f"a{n_annotations}",
                    "TIME_SLOT_REF1": names[0],
                    "TIME_SLOT_REF2": names[1],
                },
            )
            ET.SubElement(annotation, "ANNOTATION_VALUE").text = xml_text(label)
    ET.SubElement(
        root,
        "LINGUISTIC_TYPE",
        {
            "LINGUISTIC_TYPE_ID": _TYPE,
            "TIME_ALIGNABLE": "true",
            "GRAPHIC_REFERENCES": "false",
        },
    )
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _annotations(tier: Tier) -> Iterator[tuple[int, int, str]]:
    """Yield start and end in ms, which follow each other, and the label."""
    reached_ms = 0
    for start_s, end_s, label in _spans(tier):
        start_ms = max(round(1000 * start_s), reached_ms)
        reached_ms = max(round(1000 * end_s), start_ms + 1)
        yield start_ms, reached_ms, label


def _spans(tier: Tier) -> Iterator[tuple[float, float, str]]:
    if isinstance(tier, IntervalTier):
        for interval in tier.intervals:
            if interval.label.strip():
                yield interval.start_s, interval.end_s, interval.label
        return
    for point in tier.points:
        yield point.time_s, point.time_s + _POINT_MS / 1000, point.label
