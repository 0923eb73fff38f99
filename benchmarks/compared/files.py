"""Where two results of one command differ: in what counts, and in what does not."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

_SHOWN = 90  # characters of each side
# Pattern of file names, pattern of bytes, what stands in for them, why no two runs share them.
UNSTEADY = (
    (
        r"^stderr$",
        rb"(?m)^(scoring|fitting|encoding texts): \d.*\n",
        b"",
        "as often as time passes",
    ),
    (r"^stderr$", rb"this run: .*", b"this run", "how long it took"),
    (r"^stderr$", rb"(?m)^.* \(\d+ of \d+\)\n", b"", "trainings side by side end in any order"),
    (r"/log\.jsonl$", rb'"seconds": [\d.]+', b'"seconds": 0', "how long it took"),
    (r"/semantics/\w+\.jsonl$", rb'"key": "\w+"', b'"key": ""', "a hash of dates of files"),
    (r"/semantics/\w+\.jsonl$", rb"\b\d{19}\b", b"0", "the date of a file, in ns"),
)
UNORDERED = r"/semantics/\w+\.jsonl$"  # lines in the order in which the processes were ready
# Messages may change like those on stderr: cells and values under this name are shown only.
MESSAGE = "reason"


@dataclass
class Comparison:
    """What differs between two results, a line each; `notes` do not count."""

    differences: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def compare_results(old: Path, new: Path, *, json_additions: bool) -> Comparison:
    """Compare what a command left with the old and with the new code.

    Parameters
    ----------
    old, new : Path
        Folders with ``exit_code``, ``removed``, ``stdout``, ``stderr`` and ``files``.
    json_additions : bool
        Whether objects in JSON may have more keys with the new code.
    """
    found = Comparison()
    names = [{path.relative_to(side).as_posix() for path in side.rglob("*")} for side in (old, new)]
    for name in sorted(names[0] ^ names[1]):
        found.differences.append(f"{name}: only with the {'old' if name in names[0] else 'new'}")
    for name in sorted(names[0] & names[1]):
        if (old / name).is_dir() or (new / name).is_dir():
            continue
        before, after = (normalise(name, (side / name).read_bytes()) for side in (old, new))
        if before == after:
            continue
        if name == "stderr":
            found.notes.append(f"stderr: {describe(name, before, after)}")
        elif reason := excuse(name, before, after, json_additions=json_additions):
            found.notes.append(f"{name}: {reason}")
        else:
            found.differences.append(f"{name}: {describe(name, before, after)}")
    return found


def normalise(name: str, content: bytes) -> bytes:
    """Replace what no two runs share."""
    for names, pattern, replacement, _ in UNSTEADY:
        if re.search(names, name):
            content = re.sub(pattern, replacement, content)
    return b"\n".join(sorted(content.split(b"\n"))) if re.search(UNORDERED, name) else content


def drop_messages(content: bytes) -> bytes:
    """Empty what JSON calls reason, and the column of a table of that name."""
    text = re.sub(rf'"{MESSAGE}": "([^"\\]|\\.)*"', f'"{MESSAGE}": ""', content.decode())
    rows = list(csv.reader(io.StringIO(text)))
    if rows and MESSAGE in rows[0]:
        column = rows[0].index(MESSAGE)
        text = repr([row[:column] + row[column + 1 :] for row in rows])
    return text.encode()


def excuse(name: str, old: bytes, new: bytes, *, json_additions: bool) -> str:
    """Return why other bytes are the same content; empty where they are not."""
    if name.endswith(".png"):
        from matplotlib.image import imread

        pixels = [imread(io.BytesIO(content)) for content in (old, new)]
        return "other metadata, the same pixels" if np.array_equal(*pixels) else ""
    if name.endswith(".parquet"):
        found = list(_list_parquet_differences(old, new))
        if found and all(
            json_additions and _adds_keys(*values) if values else what.startswith("message")
            for what, values in found
        ):
            return ", ".join(what for what, _ in found)
        return ""
    try:
        plain = drop_messages(old), drop_messages(new)
    except (UnicodeDecodeError, csv.Error):
        return ""
    if plain[0] == plain[1]:
        return f"only messages: {describe(name, old, new)}"
    return "more keys in JSON" if json_additions and _adds_keys(*plain) else ""


def describe(name: str, old: bytes, new: bytes) -> str:
    """Return the first place that differs, as it was and as it is."""
    if name.endswith(".parquet"):
        return (
            ", ".join(what for what, _ in _list_parquet_differences(old, new))
            or "the same columns and metadata in other bytes"
        )
    try:
        lines = [content.decode().splitlines(keepends=True) for content in (old, new)]
    except UnicodeDecodeError:
        at = _first_difference(old, new)
        return f"byte {at} of {len(old)} and {len(new)}"
    at = _first_difference(*lines)
    line = [one[at] if at < len(one) else "" for one in lines]
    column = _first_difference(*line)
    start = max(column - _SHOWN // 3, 0)
    shown = [one[start : start + _SHOWN] for one in line]
    return f"line {at + 1}, column {column + 1}: {shown[0]!r} became {shown[1]!r}"


def _first_difference(old: Any, new: Any) -> int:  # noqa: ANN401 - bytes, text or lines
    pairs = enumerate(zip(old, new, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(old), len(new)))


def _adds_keys(old: bytes, new: bytes) -> bool:
    """Check whether JSON, or lines of JSON, became the same with more keys in its objects."""
    try:
        before, after = ([_parse(content)] for content in (old, new))
    except ValueError:
        try:
            before, after = ([_parse(line) for line in one.splitlines()] for one in (old, new))
        except ValueError:
            return False
    return json.dumps(before) == json.dumps(_keep_keys(before, after))


def _parse(content: bytes) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Read JSON, each number as its text behind a zero byte, so that 1 is not 1.0."""
    return json.loads(content, parse_float="\0{}".format, parse_int="\0{}".format)


def _keep_keys(old: Any, new: Any) -> Any:  # noqa: ANN401
    """Return `new` without the keys that the objects of `old` lack, in the order of `new`."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {key: _keep_keys(old[key], value) for key, value in new.items() if key in old}
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [_keep_keys(one, other) for one, other in zip(old, new, strict=True)]
    return new


def _list_parquet_differences(
    old: bytes, new: bytes
) -> Iterator[tuple[str, tuple[bytes, bytes] | None]]:
    """Find the metadata and columns that differ: what it is, and both values of metadata."""
    from pyarrow import parquet

    tables = [parquet.read_table(io.BytesIO(content)) for content in (old, new)]
    metadata = [table.schema.metadata or {} for table in tables]
    for key in sorted(metadata[0].keys() | metadata[1].keys()):
        before, after = (one.get(key, b"") for one in metadata)
        if before != after:
            yield f"metadata {key.decode()}: {describe('', before, after)}", (before, after)
    names = [table.column_names for table in tables]
    if names[0] != names[1]:
        yield f"columns: {describe('', *(repr(one).encode() for one in names))}", None
    for name in (name for name in names[0] if name in names[1]):
        types = [table[name].type for table in tables]
        if types[0] != types[1]:
            yield f"column {name}: {types[0]} became {types[1]}", None
        values = [repr(table[name].to_pylist()).encode() for table in tables]  # NaN equals NaN
        if values[0] != values[1]:
            kind = "message" if name.endswith(MESSAGE) else "column"
            yield f"{kind} {name}: {describe('', *values)}", None
