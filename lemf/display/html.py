"""Emphasis -> HTML for a notebook: the words on a background as strong as their scores."""

from __future__ import annotations

from html import escape

from lemf.display.measures_table import describe_measures
from lemf.errors import printable
from lemf.runtime.colours import ORANGE
from lemf.scoring.emphasis import Emphasis
from lemf.scoring.word_emphasis import SentenceEmphasis

_RGB = ",".join(map(str, bytes.fromhex(ORANGE.removeprefix("#"))))


def format_html(emphasis: Emphasis) -> str:
    """Format one paragraph per sentence; the tooltip of a word shows the parts of its score.

    A question mark follows the rank of a word whose score is doubtful; the tooltip says why. The
    notes on the input come last.
    """
    notes = (f"<p><small>note: {escape(printable(note))}</small></p>" for note in emphasis.notes)
    return "".join([*map(_format_sentence, emphasis.sentences), *notes])


def _format_sentence(sentence: SentenceEmphasis) -> str:
    """Format the words with a background as strong as their score, the segment underlined.

    Words that are decided to be emphasised are bold, and the end says how many there are.
    """
    lowest = min(word.score for word in sentence.words)
    spread = max(word.score for word in sentence.words) - lowest
    spans = []
    for word in sentence.words:
        strength = (word.score - lowest) / spread if spread > 0 else 0.0
        line = "border-bottom:2px solid;" if word.index in sentence.segment.words else ""
        why = ", ".join(f"{name} {cue.shown}" for name, cue in word.cues.items())
        decision = word.decision
        if decision is not None:
            why += f"; P {decision.probability:.2f}"
            line += "font-weight:bold;" if decision.emphasised else ""
        if word.measures is not None:
            why += f"; {describe_measures(word.measures)}"
        doubts = f"; doubtful: {word.doubts}" if word.doubts else ""
        spans.append(
            f'<span style="background:rgba({_RGB},{strength:.2f});padding:2px 4px;{line}" '
            f'title="score {word.score:+.2f} = {why}{doubts}">{escape(printable(word.word))}'
            f"<sub>{word.rank}{'?' if doubts else ''}</sub></span>"
        )
    count = ""
    if sentence.decision is not None:
        doubts = f" ({sentence.doubts})" if sentence.doubts else ""
        count = f" <small>emphasised: {sentence.decision.kind}{doubts}</small>"
    return f"<p>{' '.join(spans)}{count}</p>"
