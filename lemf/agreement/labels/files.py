"""Labels from a file: which words listeners heard as emphasised, or speakers meant to emphasise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lemf.arrays import FloatArray
from lemf.corpus.listing import list_recordings
from lemf.errors import CorpusError, shown
from lemf.reading.rows import MANIFEST_SUFFIXES, Row, is_index, read_rows

_LARGEST_RATING = 1e9  # differences and squares of ratings stay exact enough
_TEXTS = ("id", "speaker", "text", "emotion")


@dataclass(frozen=True, kw_only=True, eq=False)
class Label:
    """What is known about the words of one recording.

    Attributes
    ----------
    id : str
        The path of the recording without its suffix, unless the file of labels names another.
    audio, textgrid : str
    ratings : (words,) float64 or None
        How emphasised each word was heard to be, on any scale; NaN where nobody rated it.
    emphasised : tuple of int
        Where there are no ratings: indices of the words that were meant to be emphasised.
    words : tuple of str or None
        The words that were labelled, to be compared with those of the TextGrid.
    speaker, text, emotion : str or None
    """

    id: str
    audio: str
    textgrid: str
    ratings: FloatArray | None = None
    emphasised: tuple[int, ...] = ()
    words: tuple[str, ...] | None = None
    speaker: str | None = None
    text: str | None = None
    emotion: str | None = None


def read_labels(source: str | Path, *, by_tier: bool = False) -> list[Label]:
    """Read labels, one row per recording, from a ``.csv`` with a header or a ``.jsonl``.

    Every row has ``audio`` and ``textgrid``, paths that start at the folder of the file, and one of
    ``ratings`` (one number per word, null or nan where there is none; separated by blanks in a
    ``.csv``) and ``emphasised`` (the index of the intended word, from 0, or several, or ``[]`` for
    none, ``none`` in a ``.csv``). ``id``,
    ``speaker``, ``text``, ``emotion`` and ``words`` are optional, other columns are ignored.
    Rows with ``file`` for ``audio``, and ``words`` that hold a ``stress_max``, are EmoDB's: their
    TextGrid is ``textgrid/ID.TextGrid``.

    Parameters
    ----------
    source : str or Path
        Or, with `by_tier`, a folder of recordings with their TextGrids.
    by_tier : bool
        Whether a tier of the TextGrids holds the labels, so that neither ``ratings`` nor
        ``emphasised`` is needed or read.

    Returns
    -------
    list of Label
        In the order of the file.

    Raises
    ------
    CorpusError
        The file cannot be read, a row is wrong, two rows have the same id, or there is no row.
    """
    if Path(source).is_dir():
        if not by_tier:
            raise CorpusError(f"{source}: a folder; name a file of labels, or a tier with them")
        return _list_folder(source)
    folder = Path(source).parent
    labels: dict[str, Label] = {}
    for place, row in read_rows(source, suffixes=MANIFEST_SUFFIXES).rows:
        of_emodb = "file" in row and "audio" not in row
        label = _label(place, folder, _from_emodb(place, row) if of_emodb else row, by_tier=by_tier)
        if label.id in labels:
            raise CorpusError(
                f"{place}: the id {shown(label.id)} occurs twice; give each row another id"
            )
        labels[label.id] = label
    if not labels:
        raise CorpusError(f"{source}: no label found; write one row per recording")
    return list(labels.values())


def as_labels(labels: str | Path | Sequence[Label], *, by_tier: bool = False) -> list[Label]:
    """Read labels where a path is given; return a list as it is."""
    if isinstance(labels, str | Path):
        return read_labels(labels, by_tier=by_tier)
    return list(labels)


def _list_folder(folder: str | Path) -> list[Label]:
    """Return the recordings of a folder, as ``lemf batch`` searches it; their speakers unknown."""
    labels = []
    for one in list_recordings(folder).recordings:
        if one.textgrid is None:
            raise CorpusError(f"{one.audio}: no TextGrid beside it, whose tier holds the labels")
        labels.append(Label(id=one.id, audio=one.audio, textgrid=one.textgrid))
    return labels


def _from_emodb(place: str, row: Row) -> Row:
    """Convert a row of EmoDB's ``metadata.jsonl``."""
    words = row.get("words")
    if not (isinstance(words, list) and words and all(isinstance(word, dict) for word in words)):
        raise CorpusError(
            f"{place}: 'file' without 'words' that have a 'stress_max' each; name 'audio'"
        )
    name = row.get("id", Path(str(row["file"])).stem)
    return {
        **{key: row[key] for key in _TEXTS if key in row},
        "id": name,
        "audio": row["file"],
        "textgrid": f"textgrid/{name}.TextGrid",
        "words": [word.get("word") for word in words],
        "ratings": [word.get("stress_max") for word in words],
    }


def _label(place: str, folder: Path, row: Mapping[str, object], *, by_tier: bool) -> Label:
    for key in ("audio", "textgrid"):
        if not (isinstance(path := row.get(key), str) and Path(path).name):
            raise CorpusError(f"{place}: no {key}; name the file")
    for key in _TEXTS:
        if not isinstance(row.get(key, ""), str):
            raise CorpusError(f"{place}: {key} must be text, not {shown(row[key])}")
    if by_tier:
        row = {key: value for key, value in row.items() if key not in ("ratings", "emphasised")}
    elif ("ratings" in row) == ("emphasised" in row):
        raise CorpusError(
            f"{place}: give either ratings, one number per word, or emphasised, the index of a word"
        )
    audio = str(row["audio"])
    texts = {key: str(row[key]) for key in _TEXTS if key in row}
    return Label(
        id=texts.pop("id", str(Path(audio).with_suffix(""))),
        audio=str(folder / audio),
        textgrid=str(folder / str(row["textgrid"])),
        ratings=_ratings(place, row["ratings"]) if "ratings" in row else None,
        emphasised=_indices(place, row["emphasised"]) if "emphasised" in row else (),
        words=_words(place, row["words"]) if "words" in row else None,
        **texts,
    )


def _ratings(place: str, given: object) -> FloatArray:
    values = given.replace(";", " ").split() if isinstance(given, str) else given
    if not isinstance(values, list) or not values:
        raise CorpusError(f"{place}: ratings {shown(given)}; give one number per word")
    return np.array([_rating(place, value) for value in values])


def _rating(place: str, given: object) -> float:
    if given is None:
        return math.nan
    try:
        value = math.inf if isinstance(given, bool) else float(given)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        value = math.inf
    if abs(value) > _LARGEST_RATING:
        raise CorpusError(
            f"{place}: the rating {shown(given)} is not a number up to {_LARGEST_RATING:g}; write "
            "nan for none"
        )
    return value


def _indices(place: str, given: object) -> tuple[int, ...]:
    if given == [] or (isinstance(given, str) and given.strip().lower() == "none"):
        return ()
    values = given.split() if isinstance(given, str) else given
    texts = [str(value) for value in (values if isinstance(values, list) else [values])]
    if not texts or not all(map(is_index, texts)):
        raise CorpusError(
            f"{place}: emphasised {shown(given)}; give the index of a word, from 0, or none"
        )
    return tuple(int(text) for text in texts)


def _words(place: str, given: object) -> tuple[str, ...]:
    values = given.split() if isinstance(given, str) else given
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise CorpusError(f"{place}: words {shown(given)}; give a list of words")
    return tuple(values)
