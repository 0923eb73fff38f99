"""What a table of recordings lacks before a model can learn from it, in words for its author."""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Iterable, Mapping, Sequence

from lemf import AUDIO_SUFFIXES, Rows
from msfser.corpora.rows import Row
from msfser.corpora.values import is_missing
from msfser.manifest import DIMENSIONS

_SOUND_SUFFIXES = tuple(f".{suffix}" for suffix in AUDIO_SUFFIXES)
_MOST_CATEGORIES = 20  # different texts of a column that is taken for categories
_DECIMAL_COMMA = re.compile(r"-?[0-9]+(,[0-9]+)?")
_MOST_NAMED = 3  # of them in a message


def describe_missing_wav(table: Rows) -> str:
    """Describe that no column is called wav, and name the one that holds recordings."""
    recordings = [
        column
        for column in table.columns
        if str(table.rows[0][1].get(column, "")).lower().endswith(_SOUND_SUFFIXES)
    ]
    return (
        f"no column 'wav'; it has {', '.join(table.columns)}. Name it with --column wav="
        f"{recordings[0] if recordings else 'NAME'}"
    )


def describe_other_case(
    columns: Sequence[str], names: Mapping[str, str], known: Sequence[str]
) -> str:
    """Describe columns that differ from those that are needed by upper case alone; "" for none.

    Parameters
    ----------
    columns : sequence of str
        Of the table.
    names : mapping of str to str
        Those that were found, by their names in the manifest.
    known : sequence of str
        All names of the manifest.
    """
    if "wav" in names and set(DIMENSIONS) & set(names):
        return ""
    by_folded = {column.casefold(): column for column in columns}
    options = [
        f"--column {name}={by_folded[name]}"
        for name in known
        if name not in names and name in by_folded
    ]
    return f"its columns are in upper case; add {' '.join(options)}" if options else ""


def find_label_faults(
    names: Mapping[str, str],
    rows: Sequence[tuple[str, Row]],
    label_bounds: tuple[float, float] | None,
) -> list[str]:
    """Return what is missing of the labels: numbers in place of categories, and their scale.

    Parameters
    ----------
    names : mapping of str to str
        The columns of the table by their names in the manifest.
    rows : sequence of (str, dict of str to str)
        From `rows_as_text`.
    label_bounds : (float, float) or None
        As in `read_table`.

    Returns
    -------
    list of str
        Empty where nothing is missing.
    """
    faults, scaled = [], []
    ends: list[float] = []
    for name in (name for name in DIMENSIONS if name in names):
        cells = [cell for _, row in rows if not is_missing(cell := row.get(name, ""))]
        numbers = [number for cell in cells if (number := _as_number(cell)) is not None]
        if cells and not numbers:
            if all(map(_DECIMAL_COMMA.fullmatch, cells)):
                faults.append(f"{names[name]} holds decimal commas ({cells[0]}); write points")
                continue
            faults.append(
                f"{names[name]} holds categories ({_list_categories(cells)}), and msfser learns "
                "numbers: write a rating for each"
            )
            continue
        scaled.append(names[name])
        ends += (min(numbers), max(numbers)) if numbers else ()
    if scaled and label_bounds is None:
        span = f" (values from {min(ends):g} to {max(ends):g})" if ends else ""
        faults.append(
            f"the scale of {', '.join(scaled)} is not known{span}; name it: --label-bounds 1,5"
        )
    return faults


def _as_number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _list_categories(cells: Iterable[str]) -> str:
    different = list(dict.fromkeys(cells))
    more = ", ..." if len(different) > _MOST_NAMED else ""
    return ", ".join(map(reprlib.repr, different[:_MOST_NAMED])) + more


def describe_no_labels(table: Rows, names: Mapping[str, str]) -> str:
    """Describe that a table has no ratings, and which of its columns look like categories."""
    note = "no labels: no column valence, arousal or dominance"
    used = {column for name, column in names.items() if name != "emotion"}
    for column in (column for column in table.columns if column not in used):
        cells = [str(cell) for _, row in table.rows if (cell := row.get(column)) is not None]
        few = 1 < len(set(cells)) <= min(_MOST_CATEGORIES, len(cells) - 1)
        if few and not any(_as_number(cell) is not None for cell in cells):
            return (
                f"{note}; {column} holds categories ({_list_categories(cells)}), and msfser learns "
                "ratings, which are numbers"
            )
    return f"{note}; name them, such as --column valence=NAME"
