"""Extended Semantics from a file of descriptions: JSONL with one line per utterance.

A line has ``id`` and either ``text``, the paragraph itself, or the six categories of table 1, and
may have ``model``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from lemf import read_rows
from msfser.corpora.rows import unknown_notes
from msfser.corpora.values import UNKNOWN
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
) -> tuple[dict[str, Text], list[str]]:
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
    notes : list of str
        How many lines have an id that is not in the manifest, and which texts, such as ``nan``,
        were read as no value.

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
    unknown: dict[str, Counter[str]] = {}
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
        for key, value in row.items():
            if isinstance(value, str) and value.strip() in UNKNOWN:
                unknown.setdefault(key, Counter())[value.strip()] += 1
                row[key] = ""
        if name in texts:
            texts[name] = _to_text(row, line, emotions)
    notes = (
        [f"{n_unknown:,} lines of {path} name no utterance of the manifest"] if n_unknown else []
    )
    for key, count in unknown.items():
        notes += unknown_notes(key, count)
    return texts, notes


def _to_text(row: dict[str, object], line: str, emotions: Sequence[str]) -> Text:
    model = row.pop("model", None)
    model = None if model is None else tidy_text(str(model)) or None
    if set(row) <= {"text"}:
        paragraph = row.get("text")
        text = tidy_text(paragraph) if isinstance(paragraph, str) else ""
        if text:
            return Text(text=text, status="ok", source=_SOURCE, model=model)
        return Text(source=_SOURCE, model=model, reason=f"{line}: the text is empty")
    try:
        text = format_description(check_description(row, emotions))
    except SemanticsError as error:
        reason = f"{line}: {error}"
        return Text(status="failed", source=_SOURCE, model=model, reason=reason)
    return Text(text=text, status="ok", source=_SOURCE, model=model)
