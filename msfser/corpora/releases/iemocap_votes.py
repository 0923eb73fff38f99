"""The votes of single evaluators in IEMOCAP's EmoEvaluation, one file per dialogue.

Below the line of an utterance, ``A-E3:`` begins the values of evaluator E3, as ``val``, ``act`` and
``dom``. Those of ``A-F1`` and ``A-M1`` are the actors' judgement of themselves, and not read.
"""

from __future__ import annotations

import re
from pathlib import Path

from msfser.corpora.releases.iemocap_files import UTTERANCE
from msfser.corpora.text_files import read_lines
from msfser.corpora.values import parse_label
from msfser.ratings import Rating

_VOTE_LINE = re.compile(
    r"A-(E\d+):\s*val\s*([^;]*);\s*act\s*([^;]*);\s*dom\s*([^;]*);.*", re.IGNORECASE
)


def read_evaluator_votes(path: Path) -> list[Rating]:
    """Read the votes of a dialogue; those below no utterance are left out.

    Raises
    ------
    CorpusError
        The file cannot be read, or a value is no number.
    """
    votes: list[Rating] = []
    utterance = ""
    for number, line in enumerate(read_lines(path), 1):
        if line.startswith("[") or not line.strip():
            found = UTTERANCE.search(line)
            utterance = found[0] if found else ""
        match = _VOTE_LINE.fullmatch(line.strip())
        if match is None or not utterance:
            continue
        place = f"{path}: line {number}"
        valence, arousal, dominance = (
            parse_label(text.strip(), what, place)
            for what, text in zip(("val", "act", "dom"), match.groups()[1:], strict=True)
        )
        votes.append(
            Rating(
                id=utterance, rater=match[1], valence=valence, arousal=arousal, dominance=dominance
            )
        )
    return votes
