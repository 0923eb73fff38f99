"""IEMOCAP's text files: EmoEvaluation and transcriptions, one file per dialogue.

EmoEvaluation has the labels as ``[V, A, D]``, the means of the evaluators. The letter after the
last underscore of an utterance is its speaker; that in ``Ses01F`` is who wore the markers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from lemf import CorpusError
from msfser.corpora.text_files import read_lines

UTTERANCE = re.compile(r"(?P<dialogue>Ses(?P<session>\d\d)[FM]_\w+)_(?P<speaker>[FM])\d{3}")

_PLAIN = r"\d+(?:\.\d+)?"
_NUMBER = rf"(-?{_PLAIN})"
_LABEL_LINE = re.compile(
    rf"\[({_PLAIN})\s*-\s*[\d.]+\]\s+(\S+)\s+(\S+)\s+\[{_NUMBER},\s*{_NUMBER},\s*{_NUMBER}\]\s*"
)
_TRANSCRIPT_LINE = re.compile(r"(\S+)\s+\[[\d.]+\s*-\s*[\d.]+\]:?(.*)")


@dataclass(frozen=True, kw_only=True)
class Label:
    """The line of an utterance in EmoEvaluation; `line` is its number."""

    start_s: float
    emotion: str
    valence: float
    arousal: float
    dominance: float
    line: int


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """A file of EmoEvaluation: labels by utterance, and lines that cannot be read.

    Attributes
    ----------
    labels : dict of str to Label
        In the order of the file.
    damaged : dict of int to str
        By number, lines that begin or contain an utterance and are not whole: the id of the
        utterance, or "" where the id is damaged as well.
    """

    labels: dict[str, Label]
    damaged: dict[int, str]


def read_evaluation(path: Path) -> Evaluation:
    """Read the labels of a dialogue.

    Raises
    ------
    CorpusError
        The file cannot be read, or has two lines for an utterance.
    """
    labels: dict[str, Label] = {}
    damaged: dict[int, str] = {}
    for number, line in enumerate(read_lines(path), 1):
        found = UTTERANCE.search(line)
        whole = _LABEL_LINE.fullmatch(line)
        if whole is None or found is None or found[0] != whole[2]:
            if found or line.startswith("["):
                damaged[number] = found[0] if found else ""
            continue
        start, name, emotion, *values = whole.groups()
        if found["dialogue"] != path.stem:
            raise CorpusError(f"{path}: line {number}: {name} belongs to another dialogue")
        if name in labels:
            raise CorpusError(
                f"{path}: line {number}: {name} is also in line {labels[name].line}; "
                "remove one of the lines"
            )
        valence, arousal, dominance = (float(value) for value in values)
        labels[name] = Label(
            start_s=float(start),
            emotion=emotion,
            valence=valence,
            arousal=arousal,
            dominance=dominance,
            line=number,
        )
    return Evaluation(labels=labels, damaged=damaged)


def read_transcription(path: Path) -> dict[str, str]:
    """Read the transcripts of a dialogue, by utterance; lines without time and text are skipped.

    Raises
    ------
    CorpusError
        The file cannot be read.
    """
    matches = [_TRANSCRIPT_LINE.fullmatch(line) for line in read_lines(path)]
    texts = {match[1]: " ".join(match[2].split()) for match in matches if match}
    return {name: text for name, text in texts.items() if text}
