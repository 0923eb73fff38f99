"""The texts of a corpus, `texts.parquet`: one row per utterance, with the source of each text.

The status of a text tells whether there is one, and the reason why not. One command makes one
semantic and leaves the others unchanged; the file is written whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lemf.runtime.locks import hold_lock
from lemf.runtime.output import printable_text
from msfser.config.les_settings import LesSettings, read_les_settings
from msfser.config.settings import SEMANTICS, Semantic
from msfser.errors import ConfigError, SemanticsError
from msfser.manifest import Manifest
from msfser.outputs import replace_output
from msfser.parquet import (
    Column,
    convert_columns,
    format_parquet,
    read_parquet,
)

if TYPE_CHECKING:
    import pyarrow

TEXTS_NAME = "texts.parquet"

ALWAYS: tuple[Semantic, ...] = ("gs", "les", "es")  # whose columns the file always has

_FORMAT = {"texts": 1}
_LONGEST_WAIT_S = 60.0  # for another command that replaces the file, which takes seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """One text of one utterance, or why there is none.

    Attributes
    ----------
    text : str or None
        None unless the status is ``"ok"`` or ``"fallback"``; never empty.
    status : str
        ``"ok"``; ``"fallback"``: the text of GS stands in for LES; ``"missing"``: there is nothing
        to make the text from; ``"failed"``: making it failed, and the next run tries again.
    source : str or None
        What made the text: ``"lemf 0.1.0, cues paper"``, ``"transcript"``, ``"faster-whisper"``,
        or the backend of ES. None where no command has made this semantic yet.
    model : str or None
        The model behind the source, where there is one.
    prompt : str or None
        First half of the SHA-256 of the prompt, where the model had one.
    reason : str or None
        Why the status is not ``"ok"``; of LES, also the flags of a doubtful emphasised word.
    """

    text: str | None = None
    status: str = "missing"
    source: str | None = None
    model: str | None = None
    prompt: str | None = None
    reason: str | None = None


NOT_MADE = Text(reason="not made yet")


def _column_name(semantic: str, field: str) -> str:
    return semantic if field == "text" else f"{semantic}_{field}"


def _storable(place: int, field: str, row: tuple[Any, ...]) -> str | None:
    """Return a field of a text as UTF-8 can hold it."""
    value: str | None = getattr(row[place], field)
    return None if value is None else printable_text(value)


_FIELDS = tuple(field.name for field in fields(Text))


def _columns(semantics: Sequence[Semantic]) -> list[Column[tuple[Any, ...]]]:
    """Return the columns of rows that hold the id and the text of each of the semantics."""
    return [
        ("id", "string", itemgetter(0)),
        *(
            (_column_name(semantic, field), "string", partial(_storable, place, field))
            for place, semantic in enumerate(semantics, 1)
            for field in _FIELDS
        ),
    ]


@dataclass(frozen=True)
class Texts:
    """The texts of all utterances, in the order of the manifest.

    Attributes
    ----------
    ids : tuple of str
    les, gs, es, context : tuple of Text
        One for each id.
    les_settings : LesSettings
        How LES was found.
    """

    ids: tuple[str, ...]
    les: tuple[Text, ...]
    gs: tuple[Text, ...]
    es: tuple[Text, ...]
    context: tuple[Text, ...]
    les_settings: LesSettings = field(default_factory=LesSettings)

    def of(self, semantic: Semantic) -> tuple[Text, ...]:
        """Return the texts of one semantic."""
        texts: tuple[Text, ...] = getattr(self, semantic)
        return texts

    def count(self, semantic: Semantic) -> Counter[str]:
        """Count the statuses of one semantic."""
        return Counter(text.status for text in self.of(semantic))


def read_texts(folder: Path) -> Texts:
    """Read the texts of a corpus.

    Parameters
    ----------
    folder : Path
        The folder that holds `TEXTS_NAME`.

    Returns
    -------
    Texts

    Raises
    ------
    SemanticsError
        The file is missing, not written by msfser, or lacks a column.
    """
    path = folder / TEXTS_NAME
    needed, names = ([name for name, _, _ in _columns(held)] for held in (ALWAYS, SEMANTICS))
    table, about = read_parquet(path, needed, SemanticsError, "msfser semantics", optional=names)
    try:
        les_settings = read_les_settings(about.get("les", {}))
    except (ConfigError, AttributeError) as error:
        raise SemanticsError(f"{path}: {error}; run msfser semantics les again") from error
    types = dict.fromkeys(table.column_names, "string")
    table = convert_columns(path, table, types, SemanticsError)
    ids = tuple(table.column("id").to_pylist())
    made = {semantic: _read_semantic(table, semantic) for semantic in SEMANTICS}
    return Texts(ids, **made, les_settings=les_settings)


def _read_semantic(table: pyarrow.Table, semantic: Semantic) -> tuple[Text, ...]:
    names = [_column_name(semantic, name) for name in _FIELDS]
    if not set(names) <= set(table.column_names):  # of a file without this semantic
        return (NOT_MADE,) * len(table)
    rows = zip(*(table.column(name).to_pylist() for name in names), strict=True)
    return tuple(Text(**dict(zip(_FIELDS, row, strict=True))) for row in rows)


def find_transcripts(folder: Path, manifest: Manifest) -> dict[str, str]:
    """Return what is said in each utterance: the transcript of the corpus, else the text of GS.

    Parameters
    ----------
    folder : Path
        The folder that may hold `TEXTS_NAME`.
    manifest : Manifest

    Returns
    -------
    dict of id to str
        Without the utterances of which neither is known.

    Raises
    ------
    SemanticsError
        The existing file cannot be read.
    """
    known: dict[str, str | None] = {}
    if (folder / TEXTS_NAME).exists():
        texts = read_texts(folder)
        known = {name: gs.text for name, gs in zip(texts.ids, texts.gs, strict=True)}
    known |= {one.id: one.transcript for one in manifest.utterances if one.transcript}
    return {name: text for name, text in known.items() if text}


def update_texts(
    folder: Path,
    manifest: Manifest,
    semantic: Semantic,
    made: Mapping[str, Text],
    les_settings: LesSettings | None = None,
) -> Texts:
    """Replace the texts of one semantic and keep those of the others.

    Parameters
    ----------
    folder : Path
        The folder that holds the manifest and `TEXTS_NAME`.
    manifest : Manifest
        Gives the ids and their order; failed rows get no text, but their reason.
    semantic : {"les", "gs", "es", "context"}
    made : mapping of id to Text
        LES that is not ``"ok"`` takes the text of GS, now and whenever GS changes.
    les_settings : LesSettings, optional
        How LES was found, where that is the semantic.

    Returns
    -------
    Texts
        The new content of the file.

    Raises
    ------
    SemanticsError
        The existing file cannot be read.
    lemf.LemfError
        The file cannot be written.
    """
    ids = tuple(utterance.id for utterance in manifest.utterances)
    unusable = {
        utterance.id: Text(reason=f"not usable: {utterance.reason}")
        for utterance in manifest.utterances
        if utterance.status != "ok"
    }
    with hold_lock(folder / f"{TEXTS_NAME}.lock", wait_s=_LONGEST_WAIT_S):
        # texts as they were
        columns = {name: [NOT_MADE] * len(ids) for name in SEMANTICS}
        found_by = LesSettings()
        if (folder / TEXTS_NAME).exists():
            before = read_texts(folder)
            found_by = before.les_settings
            for name in SEMANTICS:
                known = dict(zip(before.ids, before.of(name), strict=True))
                columns[name] = [known.get(key, NOT_MADE) for key in ids]
        # texts of this semantic
        columns[semantic] = [unusable.get(key) or made.get(key, NOT_MADE) for key in ids]
        columns["les"] = [
            _fall_back(les, gs) for les, gs in zip(columns["les"], columns["gs"], strict=True)
        ]
        # file of all texts
        if semantic == "les":
            found_by = les_settings or LesSettings()
        texts = Texts(
            ids, **{name: tuple(columns[name]) for name in SEMANTICS}, les_settings=found_by
        )
        held = SEMANTICS if any(text.source is not None for text in texts.context) else ALWAYS
        about: dict[str, object] = {"les": found_by.changes()} if found_by.changes() else {}
        rows = list(zip(texts.ids, *(texts.of(name) for name in held), strict=True))
        replace_output(folder / TEXTS_NAME, format_parquet(rows, _columns(held), about | _FORMAT))
    return texts


def _fall_back(les: Text, gs: Text) -> Text:
    """Return GS in the place of a LES that could not be found, if GS has a text."""
    if les.source is None or les.status == "ok":
        return les
    if gs.text is None:
        return replace(les, text=None, status="missing")
    return replace(les, text=gs.text, status="fallback")
