"""Conversion of cells, splits, genders and labels from the spellings of corpora to the manifest's.

The cells are those of csv, JSON and Parquet: text, numbers, bytes, and NaN where there is none.
"""

from __future__ import annotations

import math
import re
import reprlib
from decimal import Decimal

from lemf import CorpusError

# How pandas, R and spreadsheets write that a cell of text has no value, as docs/corpora.md lists;
# "na" and "none" are words.
UNKNOWN = frozenset(
    (
        *("nan", "NaN", "-nan", "-NaN", "NA", "N/A", "n/a", "<NA>", "#N/A", "#N/A N/A", "#NA"),
        *("NaT", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN", "NULL", "null", "None"),
    )
)
_SPLITS = {
    "train": "train",
    "training": "train",
    "dev": "development",
    "devel": "development",
    "development": "development",
    "valid": "development",
    "validation": "development",
    "val": "development",
    "test": "test",
    "test1": "test1",
    "test2": "test2",
    "test3": "test3",
}
_GENDERS = {"f": "female", "female": "female", "m": "male", "male": "male"}
_MISSING = ("", *{text.casefold() for text in UNKNOWN})


def to_text(value: object, place: str) -> str:
    """Convert a cell to text, unrounded; ``""`` for no value: None, NaN, or blanks.

    Parameters
    ----------
    value : object
        Of csv, JSON or Parquet. A whole number has no ``.0``, whatever its type.
    place : str
        Of the cell, for the error.

    Raises
    ------
    CorpusError
        A list, an object, or bytes that are not UTF-8.
    """
    if isinstance(value, bytes):
        try:
            value = value.decode()
        except UnicodeDecodeError:
            raise CorpusError(f"{place} holds bytes, not text; write text in UTF-8") from None
    if isinstance(value, list | dict | tuple):
        raise CorpusError(f"{place} holds {reprlib.repr(value)}; write one text or number")
    if value is None or value != value:  # NaN of any type is unlike itself
        return ""
    if isinstance(value, float | Decimal) and value == value // 1:
        value = int(value)
    return str(value).strip()


def parse_split(text: str, place: str) -> str | None:
    """Return the name of a split in the manifest; None for an empty cell.

    Raises
    ------
    CorpusError
        Another word than train, development, test, test1 to test3 and their usual short forms.
    """
    if is_missing(text):
        return None
    split = _SPLITS.get(re.sub(r"[\s_-]", "", text).casefold())
    if split is None:
        raise CorpusError(
            f"{place}: split {text!r} is none of train, development, test, test1, test2, test3"
        )
    return split


def parse_gender(text: str) -> str | None:
    """Return ``"female"``, ``"male"``, or None for any other text."""
    return _GENDERS.get(text.strip().casefold())


def parse_label(text: str, what: str, place: str) -> float:
    """Convert a cell to a number; NaN for an empty one.

    Raises
    ------
    CorpusError
        The text is neither empty, nor NaN, nor a finite number.
    """
    if is_missing(text):
        return math.nan
    try:
        value = float(text)
    except ValueError:
        raise CorpusError(f"{place}: {what} {text!r} is not a number; write it as 3.5") from None
    if not math.isfinite(value):
        raise CorpusError(
            f"{place}: {what} {text!r} is not finite; write a number, or leave the cell empty"
        )
    return value


def is_missing(text: str) -> bool:
    """Return whether a cell is empty or stands for no value."""
    return text.strip().casefold() in _MISSING
