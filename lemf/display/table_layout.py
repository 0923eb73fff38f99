"""Which columns of the table a terminal has room for, and the text of their cells."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from rich.cells import cell_len

from lemf.config import CUE_SETS
from lemf.errors import printable
from lemf.scoring.decision import INTERCEPT
from lemf.scoring.emphasis import Emphasis
from lemf.scoring.word_emphasis import WordEmphasis

BAR_CELLS = 18
_WORD = 20  # cells of the longest word that is shown whole, and of the shortest room for words
_SHORTEST_WORD = 6
_WIDE = 100  # columns from which the measured values are shown too
_NARROW = 60  # columns below which the bars are left out
_MARK = 3  # cells of the mark before the words, with the gap after it
_BAR = BAR_CELLS + 2  # of the bars, which rounding may lengthen by one, with the gap after them
_VALUES = len("000 Hz 000 ms ")
_N_LARGEST = 3  # cues shown per word where there is no room for all
_LONGEST = 100_000  # characters printed in one piece: to break lines takes the square of them


class Layout(NamedTuple):
    """Which columns there is room for: one per cue or the largest shares, bars, measured values.

    `word` is the room for the words; of longer ones the beginning is shown.
    """

    word: int
    cues: bool
    shares: bool
    bars: bool
    values: bool


def choose_layout(emphasis: Emphasis, width: int) -> Layout:
    """Choose the columns that fit, the same for all sentences, so that no number is cut.

    Parameters
    ----------
    emphasis : Emphasis
    width : int
        Columns of the terminal.
    """
    words = emphasis.words
    bars, values = width >= _NARROW, width >= _WIDE
    if _is_papers(words[0]):  # three cues always fit; cut on a narrow terminal
        return Layout(_WORD, True, False, bars, values)
    word = min(_width("word", (shown_label(one.word) for one in words)), _WORD + 1)
    room = width - _MARK - _width("rank", (str(one.rank) for one in words))
    room -= _width("score", (f"{one.score:+.2f}" for one in words))
    if words[0].decision is not None:
        room -= _width("P", map(format_probability, words))
    if words[0].break_after is not None:
        room -= _width("break", map(format_break, words))
    cells = [format_parts(one) for one in words]
    columns = sum(_width(key.replace("_", "\n"), (one[key] for one in cells)) for key in cells[0])
    if (left := room - word - columns) < 0:
        longest = max(map(cell_len, cells[0]))
        short = max(min(room - longest - len(" +0.00, "), word - 1), _SHORTEST_WORD)
        return Layout(short, False, room - short > longest + 1, False, False)
    bars = bars and left >= _BAR
    return Layout(_WORD, True, False, bars, values and bars and left >= _BAR + _VALUES)


def _is_papers(word: WordEmphasis) -> bool:
    extra = word.decision is not None or word.break_after is not None
    return not extra and tuple(word.cues) == tuple(CUE_SETS["paper"])


def _width(title: str, cells: Iterable[str]) -> int:
    """Compute the width of a column with the gap after it."""
    return 1 + max(map(cell_len, (*title.split("\n"), *cells)))


def format_parts(word: WordEmphasis) -> dict[str, str]:
    """Format what each cue adds to the score, or to the log-odds where emphasis is decided.

    What could not be measured is a dash.
    """
    parts = _parts(word)
    return {name: "-" if math.isnan(part) else f"{part:+.2f}" for name, part in parts.items()}


def format_largest(word: WordEmphasis) -> str:
    """Format the largest of the parts, a cue each."""
    sizes = {name: 0.0 if math.isnan(part) else abs(part) for name, part in _parts(word).items()}
    cells = format_parts(word)
    largest = sorted(cells, key=lambda name: -sizes[name])[:_N_LARGEST]
    return ", ".join(f"{name} {cells[name]}" for name in largest)


def _parts(word: WordEmphasis) -> dict[str, float]:
    if word.decision is not None:
        return {name: part for name, part in word.decision.parts.items() if name != INTERCEPT}
    return {
        name: math.nan if math.isnan(share.value) else share.contribution
        for name, share in word.cues.items()
    }


def format_probability(word: WordEmphasis) -> str:
    """Format the probability of a word, with an asterisk where the word is emphasised."""
    if word.decision is None:
        return ""
    return f"{word.decision.probability:.2f} {'*' if word.decision.emphasised else ' '}"


def format_break(word: WordEmphasis) -> str:
    """Format the kind and the strength of the break after a word; empty where there is none."""
    after = word.break_after
    if after is None or after.kind == "none":
        return ""
    return after.kind if math.isnan(after.strength) else f"{after.kind} {after.strength:.2f}"


def shown_label(text: str) -> str:
    """Format labels for a terminal; of more than a terminal can hold, the beginning."""
    return printable(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")
