"""Extended Semantics from a file of descriptions: JSONL with one line per utterance.

A line has ``id`` and either ``text``, the paragraph itself, or the six categories of table 1, and
may have ``model``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lemf import read_rows
from msfser.errors import SemanticsError
from msfser.manifest import Manifest
from msfser.semantics.es.description import (
    check_description,
    format_description,
    tidy_text,
)
from msfser.semantics.texts import Text

_SOURCE = "jsonl"  # recorded with each text


def import_descriptions(
    path: Path, manifest: Manifest, emotions: Sequence[str]
) -> tuple[dict[str, Text], int]:
    """Read the descriptions of a file.

    Parameters
    ----------
    path : Path
        The JSONL file.
    manifest : Manifest
    emotions : sequence of str
        The categories that `emotion` may be.

    Returns
    -------
    texts : dict of id to Text
        ``"failed"`` where the categories are wrong, ``"missing"`` where the file lacks the id.
    n_unknown : int
        Lines whose id is not in the manifest.

    Raises
    ------
    lemf.LemfError
        The file cannot be read, or a line is not a JSON object.
    SemanticsError
        A line has no id, or an id occurs twice.
    """
    texts = {
        utterance.id: Text(source=_SOURCE, reason=f"{path.name} does not name it")
        for utterance in manifest.usable()
    }
    known = {utterance.id for utterance in manifest.utterances}
    n_unknown = 0
    seen: dict[str, str] = {}
    for place, row in read_rows(path, suffixes=(".jsonl",)).rows:
        line = place.removeprefix(f"{path}: ")
        name = row.pop("id", None)
        if not isinstance(name, str):
            raise SemanticsError(f"{place}: no id; give each line the utterance's id")
        if name in seen:
            raise SemanticsError(
                f"{place}: id {name!r} is also in {seen[name]}; remove one of the lines"
            )
        seen[name] = line
        n_unknown += name not in known
        if name in texts:
            texts[name] = _to_text(row, line, emotions)
    return texts, n_unknown


def _to_text(row: dict[str, object], line: str, emotions: Sequence[str]) -> Text:
    model = row.pop("model", None)
    model = model if model is None else str(model)
    if set(row) == {"text"}:
        text = tidy_text(row["text"]) if isinstance(row["text"], str) else ""
        if text:
            return Text(text=text, status="ok", source=_SOURCE, model=model)
        return Text(source=_SOURCE, model=model, reason=f"{line}: the text is empty")
    try:
        text = format_description(check_description(row, emotions))
    except SemanticsError as error:
        reason = f"{line}: {error}"
        return Text(status="failed", source=_SOURCE, model=model, reason=reason)
    return Text(text=text, status="ok", source=_SOURCE, model=model)
