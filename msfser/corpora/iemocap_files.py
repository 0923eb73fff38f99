"""IEMOCAP's text files: EmoEvaluation and transcriptions, a file a dialogue.

EmoEvaluation gives the labels as ``[V, A, D]``, the means of the evaluators. The letter after the
last underscore of an utterance is its speaker; that in ``Ses01F`` is whoever wore the markers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from lemf import CorpusError
from msfser.corpora.text_files import read_lines

UTTERANCE = re.compile(r"(?P<dialogue>Ses(?P<session>\d\d)[FM]_\w+)_(?P<speaker>[FM])\d{3}")

_NUMBER = r"(-?\d+(?:\.\d+)?)"
_LABEL_LINE = re.compile(
    rf"\[[\d.]+\s*-\s*[\d.]+\]\s+(\S+)\s+(\S+)\s+\[{_NUMBER},\s*{_NUMBER},\s*{_NUMBER}\]\s*"
)
_TRANSCRIPT_LINE = re.compile(r"(\S+)\s+\[[\d.]+\s*-\s*[\d.]+\]:?(.*)")


@dataclass(frozen=True, kw_only=True)
class Label:
    """The line of an utterance in EmoEvaluation; `line` is its number."""

    emotion: str
    valence: float
    arousal: float
    dominance: float
    line: int


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """A file of EmoEvaluation: labels by utterance, and what cannot be read.

    Attributes
    ----------
    labels : dict of str to Label
        In the order of the file.
    torn : dict of int to str
        Lines by number that begin or contain an utterance and are not whole, with the utterance's
        id, or "" where even that is torn.
    """

    labels: dict[str, Label]
    torn: dict[int, str]


def read_evaluation(path: Path) -> Evaluation:
    """Read the labels of a dialogue.

    Raises
    ------
    CorpusError
        The file cannot be read, or has two lines for an utterance.
    """
    labels: dict[str, Label] = {}
    torn: dict[int, str] = {}
    for number, line in enumerate(read_lines(path), 1):
        found = UTTERANCE.search(line)
        whole = _LABEL_LINE.fullmatch(line)
        if whole is None or found is None or found[0] != whole[1]:
            if found or line.startswith("["):
                torn[number] = found[0] if found else ""
            continue
        name, emotion, *values = whole.groups()
        if found["dialogue"] != path.stem:
            raise CorpusError(f"{path}: line {number}: {name} belongs to another dialogue")
        if name in labels:
            raise CorpusError(
                f"{path}: line {number}: {name} stands in line {labels[name].line}, too; "
                "remove one of them"
            )
        valence, arousal, dominance = (float(value) for value in values)
        labels[name] = Label(
            emotion=emotion, valence=valence, arousal=arousal, dominance=dominance, line=number
        )
    return Evaluation(labels=labels, torn=torn)


def read_transcription(path: Path) -> dict[str, str]:
    """Read what was said in a dialogue, by utterance; lines without a time and a text are no such.

    Raises
    ------
    CorpusError
        The file cannot be read.
    """
    matches = [_TRANSCRIPT_LINE.fullmatch(line) for line in read_lines(path)]
    texts = {match[1]: " ".join(match[2].split()) for match in matches if match}
    return {name: text for name, text in texts.items() if text}
