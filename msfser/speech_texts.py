"""The three semantics of a single recording, as texts: what `msfser predict` reads beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lemf import LemfError, score
from lemf.emphasis import Emphasis
from msfser.config import Semantic
from msfser.speech_files import SpeechFile

Describe = Callable[[Path], str | None]  # what a model says of a recording; None for nothing


@dataclass(frozen=True, kw_only=True)
class Emphasised:
    """What lemf found: the top word of the recording, and its emphasis segment."""

    word: str
    start_s: float
    end_s: float
    segment: str
    segment_start_s: float
    segment_end_s: float


@dataclass(frozen=True, kw_only=True)
class SpeechTexts:
    """Texts of one recording.

    Attributes
    ----------
    gs, les, es : str or None
        None where there is nothing to make it from: the model's null vector takes its place.
    emphasised : Emphasised or None
        None without a TextGrid that lemf can use.
    notes : tuple of str
        Why a text is missing, or which one stands in for it.
    """

    gs: str | None = None
    les: str | None = None
    es: str | None = None
    emphasised: Emphasised | None = None
    notes: tuple[str, ...] = ()

    def of(self, semantic: Semantic) -> str | None:
        """Give the text of one semantic."""
        return {"gs": self.gs, "les": self.les, "es": self.es}[semantic]


def find_texts(
    speech: SpeechFile, *, transcribe: Describe | None = None, describe: Describe | None = None
) -> SpeechTexts:
    """Find the texts of a recording.

    GS is the transcript, else what `transcribe` hears, else the words of the alignment. LES is the
    emphasis segment; without an alignment, GS stands in, as in the training data.

    Parameters
    ----------
    speech : SpeechFile
    transcribe : function, optional
        Gives the words of a recording, such as Whisper.
    describe : function, optional
        Gives the Extended Semantics of a recording.

    Raises
    ------
    MsfserError
        The transcript is not text, or a model fails.
    """
    notes: list[str] = []
    emphasis = _score(speech, notes)
    gs = speech.read_transcript()
    if gs is None and transcribe is not None:
        gs = transcribe(speech.wav)
    if gs is None and emphasis is not None:
        gs = " ".join(sentence.text for sentence in emphasis.sentences)
    emphasised, les = None, gs
    if emphasis is not None:
        emphasised = _top(emphasis)
        les = emphasised.segment
    elif gs is not None:
        notes.append("GS stands in for LES")
    es = None if describe is None else describe(speech.wav)
    return SpeechTexts(gs=gs, les=les, es=es, emphasised=emphasised, notes=tuple(notes))


def _score(speech: SpeechFile, notes: list[str]) -> Emphasis | None:
    """Find the emphasis; a TextGrid that lemf cannot use costs LES, not the prediction."""
    if speech.alignment is None:
        return None
    try:
        return score(speech.wav, speech.alignment)
    except LemfError as error:
        notes.append(str(error))
        return None


def _top(emphasis: Emphasis) -> Emphasised:
    sentence = max(emphasis.sentences, key=lambda sentence: sentence.ranked[0].score)
    word, segment = sentence.ranked[0], sentence.segment
    return Emphasised(
        word=word.word,
        start_s=word.start_s,
        end_s=word.end_s,
        segment=segment.text,
        segment_start_s=segment.start_s,
        segment_end_s=segment.end_s,
    )
