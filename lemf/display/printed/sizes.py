"""The sizes of printed figures, and sentences cut into the rows and pages that they hold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from lemf.option_choices import PrintSize

if TYPE_CHECKING:
    from lemf.reading.alignment import Word
    from lemf.scoring.word_emphasis import WordEmphasis


class Sheet(NamedTuple):
    """A sheet that a figure fills.

    Attributes
    ----------
    width_in : width in inches
    height_in : height in inches; None where the rows decide
    row_in : height of a row of two panels in inches, where the rows decide
    third_in : height that a third panel adds then
    letters_pt : size of the usual letters in points
    row_words : words in a row, at most
    row_s : seconds in a row, at most, unless a word is longer
    rows : rows on a sheet, at most
    """

    width_in: float
    height_in: float | None
    row_in: float
    third_in: float
    letters_pt: float
    row_words: int
    row_s: float
    rows: int


SHEETS: Mapping[PrintSize, Sheet] = {
    "column": Sheet(85 / 25.4, None, 1.65, 0.6, 7.0, 16, 7.0, 5),
    "slide": Sheet(40 / 3, 7.5, 0.0, 0.0, 12.0, 34, 13.0, 2),
}


def cut_sheets(words: Sequence[Word] | Sequence[WordEmphasis], sheet: Sheet) -> list[list[slice]]:
    """Cut a sentence into sheets of rows, each row at a long pause near its even share.

    Parameters
    ----------
    words : sequence of Word or WordEmphasis
        In the order of time.
    sheet : Sheet

    Returns
    -------
    list of list of slice
        The words of each row of each sheet; every word once.
    """
    n_rows = _least_rows(words, 0, sheet)
    rows: list[slice] = []
    first = 0
    while first < len(words):
        last = _fill(words, first, sheet)
        left = max(n_rows - len(rows), _least_rows(words, first, sheet))
        if left > 1:
            even = min(first + math.ceil((len(words) - first) / left), last)
            reach = max((even - first) // 4, 1)
            # rows of the rest are no more for it
            cuts = [
                i
                for i in range(max(even - reach, first + 1), min(even + reach, last) + 1)
                if i < len(words) and _least_rows(words, i, sheet) < left
            ]
            last = _longest_pause(words, cuts, even) if cuts else last
        rows.append(slice(first, last))
        first = last
    n_sheets = math.ceil(len(rows) / sheet.rows)
    share = math.ceil(len(rows) / n_sheets)
    return [rows[start : start + share] for start in range(0, len(rows), share)]


def _fill(words: Sequence[Word] | Sequence[WordEmphasis], first: int, sheet: Sheet) -> int:
    """Return the word before which a full row ends."""
    end = first + 1
    while (
        end < min(len(words), first + sheet.row_words)
        and words[end].end_s - words[first].start_s <= sheet.row_s
    ):
        end += 1
    return end


def _longest_pause(
    words: Sequence[Word] | Sequence[WordEmphasis], cuts: Sequence[int], even: int
) -> int:
    """Return the word after the longest pause; of equal ones, the nearest to an even cut."""
    pauses_s = {i: round(words[i].start_s - words[i - 1].end_s, 3) for i in cuts}
    return max(cuts, key=lambda i: (pauses_s[i], -abs(i - even)))


def _least_rows(words: Sequence[Word] | Sequence[WordEmphasis], first: int, sheet: Sheet) -> int:
    """Return how many rows the words from one on take at least."""
    length_s = words[-1].end_s - words[first].start_s
    by_words = math.ceil((len(words) - first) / sheet.row_words)
    return max(by_words, math.ceil(length_s / sheet.row_s), 1)
