"""Emphasis as a line of text per sentence, for prompts of language models.

Prosody in words, as SpeechCueLLM describes utterances (pitch, loudness, rate as categories) and
VowelPrompt vowels (pitch, energy and duration of each), here for the words of a sentence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from lemf.display.interchange.contrast import contrasts
from lemf.display.interchange.turns import Turn
from lemf.runtime.output import escape_controls
from lemf.scoring.word_emphasis import SentenceEmphasis

_PLAIN_WORD = re.compile(r"[\w'\u2019.,!?-]+")  # which nobody takes for the text around it


def format_prompt(turns: Sequence[Turn]) -> str:
    """Format one line per sentence: its words in quotes, the emphasised ones, and all contrasts.

    Such as ``"So it is." emphasised: is (+3.1 st (high), +4.2 dB (loud), 1.4x as long (long));
    other words: So (...), it (...)``. Without a decision the top word is named as such. Quotes and
    control characters in labels are escaped as in JSON, and labels of more than a plain word are in
    quotes wherever they stand, so that no label reads as lemf's words. Of several speakers, each
    line begins with a name.
    """
    return "".join(
        f"{_name(speaker) + ': ' if speaker else ''}{_format_sentence(sentence)}\n"
        for sentence, speaker in turns
    )


def _format_sentence(sentence: SentenceEmphasis) -> str:
    described = {
        word.index: f"{_name(word.word)} ({contrast.describe()})"
        for word, contrast in zip(sentence.words, contrasts(sentence), strict=True)
    }
    emphasised = [word.index for word in sentence.emphasised]
    others = [word.index for word in sentence.words if word.index not in emphasised]
    head = "most prominent" if sentence.decision is None else "emphasised"
    parts = [f"{head}: {', '.join(described[i] for i in emphasised) or 'none'}"]
    if others:
        parts.append(f"other words: {', '.join(described[i] for i in others)}")
    text = " ".join(_label(word.word) for word in sentence.words)
    return f'"{text}" {"; ".join(parts)}'


def _name(label: str) -> str:
    """Return a label as it stands among numbers."""
    label = _label(label)
    return label if _PLAIN_WORD.fullmatch(label) else f'"{label}"'


def _label(label: str) -> str:
    """Return a label without what would end the line or its quotes."""
    plain = json.dumps(label, ensure_ascii=False)[1:-1]
    return escape_controls(plain)
