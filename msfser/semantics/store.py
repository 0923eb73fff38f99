"""The texts of a corpus, `texts.parquet`: a row an utterance, and where each text came from.

A text is never empty by accident: its status says whether it is there, and its reason why not. One
command makes one semantic and leaves the others as they are; the file appears whole.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lemf.runtime.locks import hold_lock
from lemf.runtime.output import write_output
from msfser.config.settings import SEMANTICS, Semantic
from msfser.errors import SemanticsError
from msfser.manifest import Manifest

if TYPE_CHECKING:
    import pyarrow

TEXTS_NAME = "texts.parquet"

_METADATA_KEY = b"msfser"
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
        to make it from; ``"failed"``: it could not be made and the next run tries again.
    source : str or None
        What made it: ``"lemf 0.1.0, cues paper"``, ``"transcript"``, ``"faster-whisper"``, or the
        backend of ES. None where no command has made this semantic yet.
    model : str or None
        The model behind the source, where there is one.
    prompt : str or None
        First half of the SHA-256 of what the model was asked, where it was asked.
    reason : str or None
        Why the status is not ``"ok"``.
    """

    text: str | None = None
    status: str = "missing"
    source: str | None = None
    model: str | None = None
    prompt: str | None = None
    reason: str | None = None


NOT_MADE = Text(reason="not made yet")
_FIELDS = tuple(field.name for field in fields(Text))


@dataclass(frozen=True)
class Texts:
    """The texts of all utterances, in the order of the manifest.

    Attributes
    ----------
    ids : tuple of str
    les, gs, es : tuple of Text
        One for each id.
    """

    ids: tuple[str, ...]
    les: tuple[Text, ...]
    gs: tuple[Text, ...]
    es: tuple[Text, ...]

    def of(self, semantic: Semantic) -> tuple[Text, ...]:
        """Give the texts of one semantic."""
        return {"les": self.les, "gs": self.gs, "es": self.es}[semantic]

    def count(self, semantic: Semantic) -> Counter[str]:
        """Count the statuses of one semantic."""
        return Counter(text.status for text in self.of(semantic))


def read_texts(folder: Path) -> Texts:
    """Read the texts of a corpus.

    Parameters
    ----------
    folder : Path
        The folder that holds `TEXTS_NAME`.

    Raises
    ------
    SemanticsError
        The file is missing, no texts of msfser, or lacks a column.
    """
    import pyarrow
    import pyarrow.parquet

    path = folder / TEXTS_NAME
    try:
        table = pyarrow.parquet.read_table(path)
    except FileNotFoundError:
        raise SemanticsError(f"{path}: no such file; make it with msfser semantics") from None
    except (OSError, pyarrow.ArrowException) as error:
        reason = str(error).partition("\n")[0]
        raise SemanticsError(
            f"{path}: no Parquet file ({reason}); remove it and run msfser semantics again"
        ) from error
    missing = [name for name in _schema().names if name not in table.column_names]
    if missing or _METADATA_KEY not in (table.schema.metadata or {}):
        what = f"no column {missing[0]!r}" if missing else "no metadata"
        raise SemanticsError(
            f"{path}: no texts of msfser ({what}); remove it and make it with msfser semantics"
        )
    return Texts(
        ids=tuple(table.column("id").to_pylist()),
        les=tuple(_read_column(table, "les")),
        gs=tuple(_read_column(table, "gs")),
        es=tuple(_read_column(table, "es")),
    )


def update_texts(
    folder: Path, manifest: Manifest, semantic: Semantic, made: Mapping[str, Text]
) -> Texts:
    """Replace the texts of one semantic and keep those of the others.

    Parameters
    ----------
    folder : Path
        The folder that holds the manifest and `TEXTS_NAME`.
    manifest : Manifest
        Gives the ids and their order; its failed rows get no text, and their reason.
    semantic : {"les", "gs", "es"}
    made : mapping of id to Text
        A LES of status ``"fallback"`` without a text takes that of GS, now and whenever GS changes.

    Returns
    -------
    Texts
        What the file holds now.

    Raises
    ------
    SemanticsError
        The file that is there cannot be read.
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
        columns = {name: [NOT_MADE] * len(ids) for name in SEMANTICS}
        if (folder / TEXTS_NAME).exists():
            before = read_texts(folder)
            for name in SEMANTICS:
                known = dict(zip(before.ids, before.of(name), strict=True))
                columns[name] = [known.get(key, NOT_MADE) for key in ids]
        columns[semantic] = [unusable.get(key) or made.get(key, NOT_MADE) for key in ids]
        columns["les"] = [
            _fall_back(les, gs) for les, gs in zip(columns["les"], columns["gs"], strict=True)
        ]
        texts = Texts(ids, tuple(columns["les"]), tuple(columns["gs"]), tuple(columns["es"]))
        _write(folder / TEXTS_NAME, texts)
    return texts


def _fall_back(les: Text, gs: Text) -> Text:
    """Give GS in the place of a LES that could not be found, if there is any."""
    if les.source is None or les.status not in ("fallback", "missing"):
        return les
    if gs.text is None:
        return replace(les, text=None, status="missing")
    return replace(les, text=gs.text, status="fallback")


def _schema() -> pyarrow.Schema:
    import pyarrow

    names = ["id"]
    for semantic in SEMANTICS:
        names += [semantic, *(f"{semantic}_{name}" for name in _FIELDS if name != "text")]
    metadata = {_METADATA_KEY: json.dumps(_FORMAT).encode()}
    return pyarrow.schema([(name, pyarrow.string()) for name in names], metadata=metadata)


def _column(semantic: Semantic, name: str) -> str:
    return semantic if name == "text" else f"{semantic}_{name}"


def _read_column(table: pyarrow.Table, semantic: Semantic) -> Iterator[Text]:
    columns = [table.column(_column(semantic, name)).to_pylist() for name in _FIELDS]
    for values in zip(*columns, strict=True):
        yield Text(**dict(zip(_FIELDS, values, strict=True)))


def _write(path: Path, texts: Texts) -> None:
    import pyarrow
    import pyarrow.parquet

    columns: dict[str, Sequence[str | None]] = {"id": texts.ids}
    for semantic in SEMANTICS:
        for name in _FIELDS:
            values = [_storable(getattr(text, name)) for text in texts.of(semantic)]
            columns[_column(semantic, name)] = values
    buffer = io.BytesIO()
    table = pyarrow.table(columns, schema=_schema())
    pyarrow.parquet.write_table(table, buffer, compression="zstd")
    write_output(path, buffer.getvalue(), force=True)


def _storable(value: str | None) -> str | None:
    r"""Give what UTF-8 can hold: lone halves of UTF-16 pairs become ``\udXXX``."""
    return None if value is None else value.encode(errors="backslashreplace").decode()
