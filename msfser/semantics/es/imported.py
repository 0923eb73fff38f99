"""Extended Semantics that somebody already has: a JSONL file, a line an utterance.

A line holds ``id`` and either ``text``, the paragraph itself, or the six categories of table 1; it
may hold ``model``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msfser.errors import SemanticsError
from msfser.manifest import Manifest
from msfser.semantics.es.description import check_description, render
from msfser.semantics.store import Text


def import_descriptions(
    path: Path, manifest: Manifest, emotions: Sequence[str], source: str = "jsonl"
) -> tuple[dict[str, Text], int]:
    """Read the descriptions of a file.

    Parameters
    ----------
    path : Path
        The JSONL file.
    manifest : Manifest
    emotions : sequence of str
        The categories that `emotion` may be.
    source : str
        Kept with each text.

    Returns
    -------
    texts : dict of id to Text
        ``"failed"`` where the categories are not as they must be, ``"missing"`` where the file does
        not name the id.
    n_unknown : int
        Lines whose id is not in the manifest.

    Raises
    ------
    SemanticsError
        The file cannot be read, a line is no JSON object with an id, or an id comes twice.
    """
    lines = read_jsonl(path)
    texts = {
        utterance.id: Text(source=source, reason=f"{path.name} does not name it")
        for utterance in manifest.usable()
    }
    known = {utterance.id for utterance in manifest.utterances}
    n_unknown = 0
    seen: dict[str, int] = {}
    for number, row in lines:
        name = row.pop("id", None)
        if not isinstance(name, str):
            raise SemanticsError(f"{path}: line {number}: no id; give each line the utterance's id")
        if name in seen:
            raise SemanticsError(
                f"{path}: line {number}: id {name!r} stands in line {seen[name]} already"
            )
        seen[name] = number
        n_unknown += name not in known
        if name in texts:
            texts[name] = _to_text(row, number, emotions, source)
    return texts, n_unknown


def read_jsonl(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """Give the objects of a JSONL file with their line numbers; empty lines are skipped.

    Raises
    ------
    SemanticsError
        The file cannot be read, or a line is no JSON object.
    """
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise SemanticsError(f"{path}: cannot be read ({reason})") from error
    rows = []
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise SemanticsError(f"{path}: line {number}: no JSON ({error})") from None
        if not isinstance(row, dict):
            raise SemanticsError(f"{path}: line {number}: a JSON object is needed, one a line")
        rows.append((number, row))
    return rows


def _to_text(row: dict[str, Any], number: int, emotions: Sequence[str], source: str) -> Text:
    model = row.pop("model", None)
    model = model if model is None else str(model)
    if set(row) == {"text"}:
        text = " ".join(row["text"].split()) if isinstance(row["text"], str) else ""
        if text:
            return Text(text=text, status="ok", source=source, model=model)
        return Text(source=source, model=model, reason=f"line {number}: the text is empty")
    try:
        text = render(check_description(row, emotions))
    except SemanticsError as error:
        reason = f"line {number}: {error}"
        return Text(status="failed", source=source, model=model, reason=reason)
    return Text(text=text, status="ok", source=source, model=model)
