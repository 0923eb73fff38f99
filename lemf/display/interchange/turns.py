"""Sentences in the order in which they are spoken, with their speakers where there are several."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from lemf.display.conversation import Spoken
from lemf.scoring.emphasis import Emphasis
from lemf.scoring.word_emphasis import SentenceEmphasis


class Turn(NamedTuple):
    """A sentence, and who speaks it; an empty name where there is one speaker."""

    sentence: SentenceEmphasis
    speaker: str = ""


def turns_of(emphasis: Emphasis) -> list[Turn]:
    """Return the sentences of one speaker."""
    return [Turn(sentence) for sentence in emphasis.sentences]


def turns_in_order(speakers: Iterable[Spoken]) -> list[Turn]:
    """Return the sentences of several speakers by their starts; of equal ones, the first first."""
    turns = [Turn(sentence, one.speaker) for one in speakers for sentence in one.emphasis.sentences]
    return sorted(turns, key=lambda turn: turn.sentence.start_s)
