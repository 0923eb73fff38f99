"""Labels from a file: which words listeners heard as emphasised, or speakers meant to emphasise."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from lemf.agreement.labels.public_layouts import (
    EXPRESSO_FILE,
    PARQUET_COLUMNS,
    convert_row,
    expresso_rows,
)
from lemf.arrays import FloatArray
from lemf.corpus.listing import list_recordings
from lemf.errors import CorpusError, shown
from lemf.reading.rows import MANIFEST_SUFFIXES, Row, is_index, read_rows
from lemf.runtime.input import read_text_input

_LARGEST_RATING = 1e9  # differences and squares of ratings stay exact enough
_TEXTS = ("id", "speaker", "text", "emotion")
_KINDS = ("ratings", "emphasised")


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
    raters : mapping of str to (words,) float64 or tuple of int
        Where several raters labelled the words: the ratings of each, or indices of the words that
        he or she marked. Their mean takes the place of `ratings`.
    emphasised : tuple of int
        Where there are no ratings: indices of the words that were meant to be emphasised.
    words : tuple of str or None
        The words that were labelled, to be compared with those of the TextGrid.
    speaker, text, emotion : str or None
    fault : str
        Why the labels cannot be used; empty where they can.
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
    raters: Mapping[str, FloatArray | tuple[int, ...]] = field(default_factory=dict)
    fault: str = ""

    @property
    def is_binary(self) -> bool:
        """Whether each word is labelled as emphasised or not, in no steps between."""
        given = [self.ratings, *self.raters.values()]
        ratings = [one for one in given if isinstance(one, np.ndarray)]
        return all(np.isin(one[~np.isnan(one)], (0.0, 1.0)).all() for one in ratings)

    @property
    def is_one_word(self) -> bool:
        """Whether exactly one word is labelled as emphasised, without several raters."""
        if self.ratings is None:
            return len(self.emphasised) == 1 and not self.raters
        return int((self.ratings == 1).sum()) == 1


def read_labels(source: str | Path, *, by_tier: bool = False) -> list[Label]:
    """Read labels, one row per recording, from a ``.csv`` with a header or a ``.jsonl``.

    Every row has ``audio`` and ``textgrid``, paths that start at the folder of the file, and one of
    ``ratings`` (one number per word, null or nan where there is none; separated by blanks in a
    ``.csv``) and ``emphasised`` (the index of the intended word, from 0, or several, or ``[]`` for
    none, ``none`` in a ``.csv``). ``id``,
    ``speaker``, ``text``, ``emotion`` and ``words`` are optional, other columns are ignored.
    Several raters have one column each, ``ratings:NAME`` or ``emphasised:NAME``, or rows of their
    own with the name in a column ``rater``. Rows of EmoDB, TinyStress-15K, StressTest, EmphAssess
    and Expresso are read as `public_layouts` describes.

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
    for place, row in _rows(source):
        label = _label(place, folder, row, by_tier=by_tier)
        if label.id in labels and "rater" in row and labels[label.id].raters:
            label = _join_raters(place, labels[label.id], label)
        elif label.id in labels:
            raise CorpusError(
                f"{place}: the id {shown(label.id)} occurs twice; give each row another id"
            )
        labels[label.id] = label
    if not labels:
        raise CorpusError(f"{source}: no label found; write one row per recording")
    return list(labels.values())


def _rows(source: str | Path) -> Iterator[tuple[str, Row]]:
    """Yield place and row of a file, each as one of labels."""
    suffix = Path(source).suffix.lower()
    if Path(source).name == EXPRESSO_FILE:
        try:
            text = read_text_input(Path(source), CorpusError)
        except FileNotFoundError:
            raise CorpusError(f"{source}: no such file; check the path") from None
        except (OSError, ValueError) as error:
            raise CorpusError(f"{source}: cannot be read ({error})") from error
        yield from expresso_rows(text, str(source))
        return
    is_parquet = suffix == ".parquet"
    only = PARQUET_COLUMNS if is_parquet else None
    table = read_rows(source, suffixes=(*MANIFEST_SUFFIXES, ".json", ".parquet"), only=only)
    if is_parquet and not {"emphasis_indices", "stress_pattern"} & set(table.columns):
        raise CorpusError(
            f"{source}: a .parquet of labels is read of TinyStress-15K and StressTest only, which "
            "have emphasis_indices or stress_pattern; write a .csv or .jsonl"
        )
    yield from ((place, convert_row(place, row)) for place, row in table.rows)


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
            raise CorpusError(
                f"{one.audio}: no TextGrid beside it, whose tier holds the labels; list audio and "
                "textgrid in a .csv"
            )
        labels.append(Label(id=one.id, audio=one.audio, textgrid=one.textgrid))
    return labels


def _label(place: str, folder: Path, row: Mapping[str, object], *, by_tier: bool) -> Label:
    for key in ("audio", "textgrid"):
        if not (isinstance(path := row.get(key), str) and Path(path).name):
            raise CorpusError(f"{place}: no {key}; name the file")
    for key in _TEXTS:
        if not isinstance(row.get(key, ""), str):
            raise CorpusError(f"{place}: {key} must be text, not {shown(row[key])}")
    raters = {} if by_tier else _raters(place, row)
    if by_tier:
        row = {key: value for key, value in row.items() if key not in ("ratings", "emphasised")}
    elif raters and ("ratings" in row or "emphasised" in row) and "rater" not in row:
        raise CorpusError(f"{place}: labels of raters, and others without a rater; leave out one")
    elif not raters and ("ratings" in row) == ("emphasised" in row):
        raise CorpusError(
            f"{place}: give either ratings, one number per word, or emphasised, the index of a word"
        )
    audio = str(row["audio"])
    texts = {key: str(row[key]) for key in _TEXTS if key in row}
    return Label(
        id=texts.pop("id", str(Path(audio).with_suffix(""))),
        audio=str(folder / audio),
        textgrid=str(folder / str(row["textgrid"])),
        ratings=_ratings(place, row["ratings"]) if "ratings" in row and not raters else None,
        emphasised=_indices(place, row["emphasised"]) if "emphasised" in row and not raters else (),
        words=_words(place, row["words"]) if "words" in row else None,
        raters=raters,
        fault=str(row.get("fault", "")),
        **texts,
    )


def _raters(place: str, row: Mapping[str, object]) -> dict[str, FloatArray | tuple[int, ...]]:
    """Read the columns ``ratings:NAME`` and ``emphasised:NAME``, or those of a row of one rater."""
    raters: dict[str, FloatArray | tuple[int, ...]] = {}
    given = [(key.partition(":"), value) for key, value in row.items() if ":" in key]
    named = [(kind, name.strip(), value) for (kind, _, name), value in given if kind in _KINDS]
    if "rater" in row:
        if named:
            raise CorpusError(f"{place}: a column rater, and columns of raters; leave out one")
        if ("ratings" in row) == ("emphasised" in row):
            raise CorpusError(f"{place}: give either ratings or emphasised of the rater")
        named = [(kind, str(row["rater"]).strip(), row[kind]) for kind in _KINDS if kind in row]
    for kind, name, value in named:
        if not name or name in raters:
            fault = f"rater {name!r} has two columns" if name else "a rater without a name"
            raise CorpusError(f"{place}: {fault}; name each once")
        read = _ratings if kind == "ratings" else _indices
        raters[name] = read(place, value)
    return raters


def _join_raters(place: str, label: Label, other: Label) -> Label:
    """Add the rater of another row of the same recording."""
    for key in ("audio", "textgrid", "words", *_TEXTS):
        here, there = getattr(other, key), getattr(label, key)
        if None not in (here, there) and here != there:
            raise CorpusError(
                f"{place}: {key} of {shown(label.id)} is {shown(here)}, but {shown(there)} in a "
                "row before; make them alike"
            )
    if twice := sorted(set(other.raters) & set(label.raters)):
        raise CorpusError(f"{place}: {twice[0]!r} rates {shown(label.id)} twice; keep one row")
    known = {key: getattr(label, key) or getattr(other, key) for key in ("words", *_TEXTS)}
    return replace(label, raters={**label.raters, **other.raters}, **known)


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
        several = ", or several separated by blanks" if isinstance(given, str) else ""
        raise CorpusError(
            f"{place}: emphasised {shown(given)}; give the index of a word, from 0{several}, or "
            "none"
        )
    indices = tuple(int(text) for text in texts)
    if len(set(indices)) < len(indices):  # such as 0 and 1 for each word
        raise CorpusError(
            f"{place}: emphasised {shown(given)} names a word twice; give the index of each "
            "emphasised word once, or one number per word in a column ratings"
        )
    return indices


def _words(place: str, given: object) -> tuple[str, ...]:
    values = given.split() if isinstance(given, str) else given
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise CorpusError(f"{place}: words {shown(given)}; give a list of words")
    return tuple(values)
