"""Conversion of splits, genders and labels from the spellings of corpora to the manifest's."""

from __future__ import annotations

import math
import re

from lemf import CorpusError

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
_MISSING = ("", "nan", "na", "n/a", "none", "null")


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
