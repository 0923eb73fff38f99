"""Context: what was said in the turns before an utterance, by dialogue and time."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from msfser.errors import SemanticsError
from msfser.manifest import Manifest, Utterance
from msfser.semantics.texts import Text

USUAL_TURNS = 3

_NUMBER = re.compile(r"(\d+)")


def order_turns(utterances: Iterable[Utterance]) -> dict[str, list[Utterance]]:
    """Return the turns of each dialogue in their order.

    Parameters
    ----------
    utterances : iterable of Utterance
        Those without a dialogue are left out.

    Returns
    -------
    dict of str to list of Utterance
        By `start_s` where all turns of the dialogue have one; otherwise by the numbers and letters
        of their ids, so that turn 10 follows turn 9.
    """
    dialogues: dict[str, list[Utterance]] = {}
    for utterance in utterances:
        if utterance.dialogue is not None:
            dialogues.setdefault(utterance.dialogue, []).append(utterance)
    for turns in dialogues.values():
        if any(math.isnan(turn.start_s) for turn in turns):
            turns.sort(key=_natural_order)
        else:
            turns.sort(key=lambda turn: (turn.start_s, _natural_order(turn)))
    return dialogues


def _natural_order(turn: Utterance) -> list[tuple[int, str]]:
    parts = _NUMBER.split(turn.id)  # text, number, text, ...
    return [(int(part), "") if k % 2 else (0, part) for k, part in enumerate(parts)]


def make_context(
    manifest: Manifest, transcripts: Mapping[str, str], n_turns: int = USUAL_TURNS
) -> dict[str, Text]:
    """Return the words of the turns before each utterance, the oldest first.

    Parameters
    ----------
    manifest : Manifest
        Failed utterances were said, too, and count as turns.
    transcripts : mapping of id to str
        What is said in the utterances, as `find_transcripts` returns.
    n_turns : int
        Most turns; 1 or more.

    Returns
    -------
    dict of id to Text
        Status ``"missing"`` for the first turn of a dialogue, an utterance of no dialogue, and one
        of whose turns before no words are known.

    Raises
    ------
    SemanticsError
        The manifest names no dialogue.
    """
    dialogues = order_turns(manifest.utterances)
    if not dialogues:
        raise SemanticsError(
            f"{manifest.title or 'the corpus'}: no dialogues, so no turns before; name them in a "
            "column dialogue, and when they begin in start_s"
        )
    source = f"{n_turns} turn{'s' if n_turns > 1 else ''} before"
    texts = {
        row.id: Text(source=source, reason="in no dialogue")
        for row in manifest.usable()
        if row.dialogue is None
    }
    for turns in dialogues.values():
        for place, turn in enumerate(turns):
            before = turns[max(place - n_turns, 0) : place]
            said = " ".join(transcripts[one.id] for one in before if one.id in transcripts)
            if turn.status != "ok":
                continue
            if said:
                texts[turn.id] = Text(text=said, status="ok", source=source)
            else:
                reason = "no words are known of the turns before" if before else "the first turn"
                texts[turn.id] = Text(source=source, reason=reason)
    return texts
