"""The emphases of several speakers of one recording -> one JSON, one CSV, one TextGrid."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from lemf.display.export import add_tiers
from lemf.reading.textgrid import TextGrid
from lemf.runtime.csv_text import format_named_rows
from lemf.runtime.output import escape_controls
from lemf.scoring.emphasis import Emphasis


class Spoken(NamedTuple):
    """What a speaker says in a conversation: the name, the channel from 1, and the emphasis."""

    speaker: str
    channel: int
    emphasis: Emphasis


def format_conversation_json(speakers: Iterable[Spoken]) -> str:
    """Format a list with ``speaker``, ``channel`` and ``emphasis``, the JSON contract, of each."""
    content = [
        {"speaker": one.speaker, "channel": one.channel, "emphasis": one.emphasis.to_dict()}
        for one in speakers
    ]
    return (
        escape_controls(json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False)) + "\n"
    )


def format_conversation_csv(speakers: Iterable[Spoken]) -> str:
    """Format one row per word: ``speaker``, ``channel``, and the columns of `format_csv`."""
    return format_named_rows(
        {"speaker": one.speaker, "channel": one.channel, **row}
        for one in speakers
        for row in one.emphasis.to_rows()
    )


def add_spoken_tiers(textgrid: TextGrid, speakers: Iterable[Spoken]) -> TextGrid:
    """Append the tiers of `add_tiers` for each speaker, with the name before theirs."""
    for one in speakers:
        textgrid = add_tiers(textgrid, one.emphasis, speaker=one.speaker)
    return textgrid
