"""Emphasis -> the table on a terminal: one row per word, with its score as a bar and its cues."""

from __future__ import annotations

import io
import math
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lemf.config import CUES, DECISIONS
from lemf.display.measures_table import measures_table
from lemf.display.table_layout import (
    BAR_CELLS,
    Layout,
    choose_layout,
    format_break,
    format_largest,
    format_parts,
    format_probability,
    shown_label,
)
from lemf.errors import shown
from lemf.scoring.decision import DecisionModel
from lemf.scoring.emphasis import Emphasis
from lemf.scoring.word_emphasis import FLAG_MEANINGS, SentenceEmphasis, WordEmphasis

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_UNICODE_MARKS = {"first": "┌", "inner": "│", "last": "└", "only": "╶", "top": "►", "half": "▐"}
_ASCII_MARKS = {"first": "/", "inner": "|", "last": "\\", "only": "-", "top": ">", "half": "#"}


def print_table(emphasis: Emphasis, stream: TextIO, *, top: int = 3) -> None:
    """Print one table per sentence.

    Parameters
    ----------
    emphasis : Emphasis
    stream : text file
        Bars are drawn with `#` where its encoding has no block characters.
    top : int
        How many of the highest ranks to highlight.
    """
    console = Console(file=stream, highlight=False)
    blocks = _can_encode(stream, _EIGHTHS + "".join(_UNICODE_MARKS.values()))
    marks = _UNICODE_MARKS if blocks else _ASCII_MARKS
    duration = "word" if emphasis.settings.duration == "word" else "phone"
    layout = choose_layout(emphasis, console.width)
    for sentence in emphasis.sentences:
        if len(emphasis.sentences) > 1:
            place = f"sentence {sentence.index} ({sentence.start_s:.2f}-{sentence.end_s:.2f} s)"
            console.print(Text(place, style="dim"))
        _print_heading(console, sentence)
        _print_words(console, sentence, marks, layout, top, duration)
        if sentence.words[0].measures is not None:
            console.print()
            console.print(measures_table(sentence))
        _print_flags(console, sentence)
        console.print()
    settings = emphasis.settings
    weights = " + ".join(f"{w:g} z({name})" for name, w in settings.cue_weights.items())
    legend = f"score = {weights}; z compares the words of one {settings.normalise}"
    sums = (
        "the columns sum to it"
        if layout.cues
        else "of its shares the largest are shown"
        if layout.shares
        else "it is the sum of shares without room here"
    )
    if emphasis.decision is None:
        legend += f"; {sums}"
    console.print(Text(legend, style="dim"))
    if emphasis.decision is not None:
        legend = _decision_legend(emphasis.decision, settings.threshold, layout)
        console.print(Text(legend, style="dim"))


def _decision_legend(model: DecisionModel, threshold: float, layout: Layout) -> str:
    name = model.name if model.name in DECISIONS else shown(model.name)
    measures = "".join(
        f" {c:+.3g} {name} ({CUES[name].unit})" for name, c in model.absolute.items()
    )
    means = (value * model.means[cue] for cue, value in model.absolute.items())
    at_means = model.intercept + sum(means)
    shares = (
        "shares of which the largest are shown" if layout.shares else "shares without room here"
    )
    sums = (
        f"{at_means:.2f} and the columns sum to it"
        if layout.cues
        else f"it is {at_means:.2f} and {shares}"
    )
    return (
        f"P = probability of {name}, * from {threshold:g}; logit P = {model.intercept:.2f} "
        f"{model.slope:+.2f} score{measures}; {sums}; words are ranked by score"
    )


def format_table(emphasis: Emphasis) -> str:
    """Format the table that `print_table` prints."""
    stream = io.StringIO()
    print_table(emphasis, stream)
    return stream.getvalue().rstrip("\n")


def _print_heading(console: Console, sentence: SentenceEmphasis) -> None:
    ranked, segment = sentence.ranked, sentence.segment
    heading = Text("emphasised: ")
    if sentence.decision is not None:
        names = ", ".join(shown_label(word.word) for word in sentence.emphasised)
        heading.append(names or "none", style="bold" if names else "")
        console.print(heading)
        heading = Text("top word:   ")
    heading.append(shown_label(ranked[0].word), style="bold")
    if doubts := ranked[0].doubts:
        heading.append(f" ({doubts})", style="yellow")
    if len(ranked) > 1:
        lead = ranked[0].score - ranked[1].score
        heading.append(f", {lead:.2f} ahead of {shown_label(ranked[1].word)}")
    console.print(heading)
    span = f" ({segment.start_s:.2f}-{segment.end_s:.2f} s)"
    console.print(Text(f"segment:    {shown_label(segment.text)}{span}"))


def _print_words(
    console: Console,
    sentence: SentenceEmphasis,
    marks: dict[str, str],
    layout: Layout,
    top: int,
    duration: str,
) -> None:
    # columns that the console has room for
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("", no_wrap=True)
    table.add_column("word", max_width=layout.word, overflow="ellipsis", no_wrap=True)
    table.add_column("rank", justify="right", no_wrap=True)
    table.add_column("score", justify="right", no_wrap=True)
    decided = sentence.decision is not None
    if decided:
        table.add_column("P", justify="right", no_wrap=True)
    if layout.bars:
        table.add_column("", no_wrap=True)
    if layout.cues:
        for name in format_parts(sentence.words[0]):
            table.add_column(name.replace("_", "\n"), justify="right", no_wrap=True)
    elif layout.shares:
        table.add_column("largest shares", overflow="fold")
    with_breaks = sentence.words[0].break_after is not None
    if with_breaks:
        table.add_column("break", no_wrap=True)
    if layout.values:
        table.add_column("F0 max", justify="right")
        table.add_column(duration, justify="right")

    # one row per word
    low = min(0.0, *(word.score for word in sentence.words))
    high = max(0.0, *(word.score for word in sentence.words))
    for word in sentence.words:
        cells = [
            _mark(word, sentence, marks),
            shown_label(word.word),
            str(word.rank),
            f"{word.score:+.2f}",
            *([format_probability(word)] if decided else []),
            *([_bar(word.score, low, high, marks)] if layout.bars else []),
            *(format_parts(word).values() if layout.cues else []),
            *([format_largest(word)] if layout.shares else []),
        ]
        if with_breaks:
            cells.append(format_break(word))
        if layout.values:
            cells += [_in_hz(word.pitch), _in_ms(word.duration)]
        chosen = word.rank == 1 if word.decision is None else word.decision.emphasised
        style = "bold" if chosen else "" if word.rank <= top else "dim"
        table.add_row(*(Text(cell) for cell in cells), style=style)
    console.print(table)


def _print_flags(console: Console, sentence: SentenceEmphasis) -> None:
    for flag, meaning in FLAG_MEANINGS.items():
        words = [word for word in sentence.words if flag in word.flags]
        if words:
            names = ", ".join(f"{word.word} ({word.start_s:.2f} s)" for word in words)
            console.print(Text(f"{flag}: {shown_label(names)}: {meaning}", style="yellow"))
        elif flag in sentence.flags:
            console.print(Text(f"{flag}: {meaning}", style="yellow"))


def _mark(word: WordEmphasis, sentence: SentenceEmphasis, marks: dict[str, str]) -> str:
    members = sentence.segment.words
    if word.index not in members:
        return ""
    if len(members) == 1:
        side = marks["only"]
    elif word.index == members[0]:
        side = marks["first"]
    else:
        side = marks["last"] if word.index == members[-1] else marks["inner"]
    return side + (marks["top"] if word.rank == 1 else "")


def _bar(score: float, low: float, high: float, marks: dict[str, str]) -> str:
    """Draw a bar from the zero line, which stands at the same cell in all rows."""
    spread = high - low
    if spread <= 0:
        return ""
    zero = round(-low / spread * BAR_CELLS)
    cells = abs(score) / spread * BAR_CELLS
    full = int(cells)
    if score < 0:
        half = marks["half"] if cells - full >= 0.5 and full < zero else ""
        bar = half + ("█" if marks is _UNICODE_MARKS else "#") * min(full, zero)
        return " " * (zero - len(bar)) + bar
    if marks is _UNICODE_MARKS:
        return " " * zero + "█" * full + _EIGHTHS[int((cells - full) * 8)].strip()
    return " " * zero + "#" * round(cells)


def _in_hz(log_f0: float) -> str:
    return "-" if math.isnan(log_f0) else f"{math.exp(log_f0):.0f} Hz"


def _in_ms(duration_s: float) -> str:
    return "-" if math.isnan(duration_s) else f"{1000 * duration_s:.0f} ms"


def _can_encode(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
