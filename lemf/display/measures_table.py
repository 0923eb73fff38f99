"""The measures of words -> a table on a terminal, or one line for a tooltip."""

from __future__ import annotations

import math
from typing import NamedTuple

from rich.table import Table
from rich.text import Text

from lemf.errors import printable
from lemf.scoring.measures import WordMeasures
from lemf.scoring.word_emphasis import SentenceEmphasis


class _Shown(NamedTuple):
    """How a measure is shown: by its heading and unit, with its decimals."""

    name: str
    heading: str
    unit: str
    form: str


_SHOWN = (
    _Shown("f0_hz", "F0", "Hz", ".0f"),
    _Shown("f0_time_s", "at", "s", ".2f"),
    _Shown("excursion_st", "excursion", "st", "+.1f"),
    _Shown("level_db", "level", "dB", ".1f"),
    _Shown("rate_phones_per_s", "rate", "phones/s", ".1f"),
)


def measures_table(sentence: SentenceEmphasis) -> Table:
    """Make the table of the measures of a sentence: one row per word, a dash for NaN."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("word", max_width=20, overflow="ellipsis", no_wrap=True)
    for shown in _SHOWN:
        table.add_column(f"{shown.heading}\n{shown.unit}", justify="right", no_wrap=True)
    for word in sentence.words:
        if word.measures is not None:
            cells = [printable(word.word), *_cells(word.measures)]
            table.add_row(*(Text(cell) for cell in cells))
    return table


def describe_measures(measures: WordMeasures) -> str:
    """Describe the measures of a word in one line, those that could be measured."""
    return ", ".join(
        f"{shown.heading} {cell} {shown.unit}"
        for shown, cell in zip(_SHOWN, _cells(measures), strict=True)
        if cell != "-"
    )


def measure_cells(measures: WordMeasures) -> dict[str, str]:
    """Return the measures of a word by their headings, such as ``{"F0 (Hz)": "111"}``."""
    cells = zip(_SHOWN, _cells(measures), strict=True)
    return {f"{shown.heading} ({shown.unit})": cell for shown, cell in cells}


def _cells(measures: WordMeasures) -> list[str]:
    values = ((shown.form, getattr(measures, shown.name)) for shown in _SHOWN)
    return ["-" if math.isnan(value) else format(value, form) for form, value in values]
