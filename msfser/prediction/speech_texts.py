"""The texts of a single recording, GS, LES and ES, that `msfser predict` reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from lemf import AudioError, Emphasis, LemfError, MissingPackageError, Settings, score
from msfser.config.les_settings import LesSettings
from msfser.config.settings import Semantic
from msfser.data.clips import read_clip
from msfser.prediction.speech_files import NotATranscriptError, SpeechFile
from msfser.semantics.alignment_tiers import find_tiers
from msfser.semantics.es.description import format_description
from msfser.semantics.es.voice import describe_voice, measure_voice
from msfser.semantics.les import NONE_EMPHASISED, reason_for_none
from msfser.semantics.whisper import Whisper

STAND_IN = "GS stands in for LES"
NOT_ALIGNED = "not aligned: "  # opens a note that says why
ALIGNED = "no TextGrid: aligned by the text"

_USUAL = LesSettings()

Describe = Callable[[SpeechFile], str | None]  # the text of a recording, None if there is none


@dataclass(frozen=True, kw_only=True)
class Emphasised:
    """The top word of a recording and its emphasis segment, as lemf finds them."""

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
    gs, les, es, context : str or None
        None for a missing text: the model's null vector takes its place.
    emphasised : Emphasised or None
        None without a TextGrid that lemf can use.
    notes : tuple of str
        Why a text is missing, which text stands in for it, and why the top word is doubtful.
    """

    gs: str | None = None
    les: str | None = None
    es: str | None = None
    context: str | None = None
    emphasised: Emphasised | None = None
    notes: tuple[str, ...] = ()

    def of(self, semantic: Semantic) -> str | None:
        """Return the text of one level of semantics."""
        text: str | None = getattr(self, semantic)
        return text

    def only(self, semantics: Sequence[Semantic]) -> SpeechTexts:
        """Return the texts that a model reads; `emphasised` is kept."""
        of_les = (STAND_IN, NONE_EMPHASISED)
        return replace(
            self,
            gs=self.gs if "gs" in semantics else None,
            les=self.les if "les" in semantics else None,
            es=self.es if "es" in semantics else None,
            context=self.context if "context" in semantics else None,
            notes=tuple(
                note for note in self.notes if "les" in semantics or not note.startswith(of_les)
            ),
        )


def find_texts(
    speech: SpeechFile,
    *,
    transcribe: Describe | None = None,
    describe: Describe | None = None,
    tiers_in_order: bool = False,
    align: bool = True,
    language: str | None = None,
    les_settings: LesSettings = _USUAL,
) -> SpeechTexts:
    """Find the texts of a recording.

    GS is the transcript, else what `transcribe` returns, else the words of the alignment. LES is
    the emphasis segment; without an alignment, lemf finds the words of GS in the recording, and
    where it cannot, GS stands in, as in the training data.

    Parameters
    ----------
    speech : SpeechFile
    transcribe : function, optional
        Returns the words of a recording, such as by Whisper.
    describe : function, optional
        Returns the Extended Semantics of a recording without a description.
    tiers_in_order : bool
        Whether the first tier of unknown name holds the words and the second the phones, as in
        MSP-Podcast.
    align : bool
        Whether GS is aligned where there is no alignment, if lemf's extra ``align`` is installed.
    language : str, optional
        Language of GS, as in `lemf.align`; told from its words when left out.
    les_settings : LesSettings
        How LES was found in the training data of the model.

    Raises
    ------
    MsfserError
        The transcript is not text, or a model fails.
    """
    notes: list[str] = []
    emphasis = _score(speech, les_settings.to_lemf(), tiers_in_order, notes)
    gs = None
    try:
        gs, encoding_notes = speech.read_transcript()
        notes += encoding_notes
    except NotATranscriptError as error:
        notes.append(str(error))
    if gs is None and transcribe is not None:
        gs = transcribe(speech)
    if gs is None and emphasis is not None:
        gs = " ".join(sentence.text for sentence in emphasis.sentences)
    if align and gs is not None and speech.alignment is None:
        emphasis = _align(speech, gs, les_settings.to_lemf(), language, notes)
    only_emphasised = les_settings.when == "emphasised"
    if emphasis is not None and only_emphasised and reason_for_none(emphasis):
        notes.append(NONE_EMPHASISED)
        emphasis = None
    emphasised, les = None, gs
    if emphasis is not None:
        emphasised = _top_word(emphasis, notes)
        les = emphasised.segment
    elif gs is not None:
        notes.append(STAND_IN)
    es = speech.es
    if es is None and describe is not None:
        es = describe(speech)
    return SpeechTexts(
        gs=gs, les=les, es=es, context=speech.context, emphasised=emphasised, notes=tuple(notes)
    )


def transcribe_recording(whisper: Whisper, speech: SpeechFile) -> str | None:
    """Transcribe a recording with Whisper; None without speech.

    Raises
    ------
    MsfserError, lemf.LemfError
        The recording cannot be used.
    """
    (text,) = whisper.transcribe([read_clip(speech.wav).samples])
    return " ".join(text.split()) or None


def describe_acoustically(speech: SpeechFile) -> str:
    """Describe in words what lemf measures of a voice, as ``msfser semantics es`` does.

    Raises
    ------
    lemf.LemfError
        The recording cannot be used.
    """
    return format_description(describe_voice(measure_voice(speech.wav, speech.alignment)))


def _score(
    speech: SpeechFile, settings: Settings, tiers_in_order: bool, notes: list[str]
) -> Emphasis | None:
    """Find the emphasis; note a TextGrid that lemf cannot use, for which GS then stands in."""
    if speech.alignment is None:
        return None
    try:
        return score(speech.wav, find_tiers(speech.alignment, in_order=tiers_in_order), settings)
    except LemfError as error:
        notes.append(str(error))
        return None


def _align(
    speech: SpeechFile, text: str, settings: Settings, language: str | None, notes: list[str]
) -> Emphasis | None:
    """Find the emphasis by what is said; note how, or why not."""
    try:
        emphasis = score(speech.wav, None, settings, text=text, language=language)
    except (AudioError, MissingPackageError):  # the recording itself fails later
        return None
    except LemfError as error:
        notes.append(f"{NOT_ALIGNED}{error}")
        return None
    told = [note for note in emphasis.notes if note.startswith("language ")]
    notes += [ALIGNED, *told]
    return emphasis


def _top_word(emphasis: Emphasis, notes: list[str]) -> Emphasised:
    """Return the top word and its segment; note the flags that make the word doubtful."""
    sentence = max(emphasis.sentences, key=lambda sentence: sentence.ranked[0].score)
    word, segment = sentence.ranked[0], sentence.segment
    if word.doubts:
        notes.append(f"the emphasised word is doubtful: {word.doubts}")
    return Emphasised(
        word=word.word,
        start_s=word.start_s,
        end_s=word.end_s,
        segment=segment.text,
        segment_start_s=segment.start_s,
        segment_end_s=segment.end_s,
    )
