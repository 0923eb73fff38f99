"""The results of words and sentences: scores, their parts, flags and decisions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from lemf.config import CUE_SETS, OPTIONAL
from lemf.scoring.decision import SentenceDecision, WordDecision
from lemf.scoring.measures import WordMeasures

FLAG_MEANINGS = {
    "no_frame": "shorter than 5 ms: pitch and energy count as average",
    "unvoiced": "no voiced frame: pitch counts as average",
    "unclear_pitch": "no clearly voiced frame: F0 is interpolated from the words around",
    "unknown_word": "no phone inside the word: duration counts as average",
    "brief_pitch": "clearly voiced for under 30 ms: f0_hz rests on few frames",
    "doubtful_pitch": "F0 maximum half an octave above all clear F0: a lone outlier",
    "stretched_phone": "a phone over 1.5 s, or a word as long: the alignment failed there",
    "minimum_phones": "a row of phones of the least length: the alignment failed there",
    "no_sound": "no sound within 0.25 s: the alignment failed there",
    "doubtful_alignment": "the aligner is not sure that the word is spoken there",
    "sound_beyond": "sound goes on beyond an edge where no word is: the edge is doubtful",
    "outside_audio": "reaches up to 20 ms beyond the recording",
    "one_word": "a sentence of one word: no other to compare it with",
    **{
        f"constant_{cue}": f"{cue} has no spread over the sentence: it tells no word from another"
        for cue in CUE_SETS["all"]
    },
    "unheard": "hardly any clear voice: a decision rests on durations, loudness and spectrum alone",
    "missing_fundamental": "voice in few loud frames, as Harvest hears the telephone: F0 unknown",
    "uncertain_alignment": "alignment doubtful at a third of the words: hardly to judge",
    "few_words": "fewer than five words: too few to decide well which are accented",
    "flat": "all scores are equal: the top word is only the first",
}
_CLEAR_Z = 1.0  # from which on a word is high or low, loud or soft, long or short
_MISALIGNED = ("stretched_phone", "minimum_phones", "no_sound")
# By which decisions are doubtful
_UNDECIDABLE = ("one_word", "unheard", "missing_fundamental", "uncertain_alignment", "few_words")
_DOUBTFUL = (*_MISALIGNED, "doubtful_alignment", "sound_beyond", "doubtful_pitch")


@dataclass(frozen=True)
class CueShare:
    """What one cue adds to a score: contribution = weight * z; `value` is NaN if not measurable."""

    value: float
    z: float
    weight: float
    contribution: float

    @property
    def shown(self) -> str:
        """The contribution with its sign; a dash where the cue could not be measured."""
        return "-" if math.isnan(self.value) else f"{self.contribution:+.2f}"


@dataclass(frozen=True)
class WordBreak:
    """The break after a word, and its cues; NaN where one could not be measured.

    Attributes
    ----------
    kind : str
        ``"none"``, ``"minor"`` or ``"major"``; ``"end"`` after the last word of the recording.
    strength : float
        0 or more; NaN at the end of the recording.
    pause_s : float
        Silence up to the next word in seconds.
    lengthening : float
        How much longer than expected the phones from the last vowel on are, in average phones.
    reset_st : float
        F0 in the half second that follows above that at the end of this word, in semitones.
    """

    kind: str
    strength: float
    pause_s: float
    lengthening: float
    reset_st: float


@dataclass(frozen=True)
class WordEmphasis:
    """One word: the paper's three features, their z-scores, the score and the parts of the score.

    Attributes
    ----------
    index : int
        Number of the word in its sentence, from 0.
    start_s, end_s : float
        Times in the recording in seconds.
    pitch : float
        Natural log of the highest F0 in Hz; NaN when unvoiced.
    energy : float
        Mean L2 norm of the STFT frames; NaN without a frame.
    duration : float
        Mean phone duration in seconds; NaN without phones.
    cues : mapping of str to CueShare
        The cues of the chosen set; their contributions sum to `score`.
    rank : int
        Rank by score in the sentence, from 1.
    flags : tuple of str
        Keys of `FLAG_MEANINGS`.
    break_after : WordBreak or None
        The phrase boundary after the word, if it was asked for.
    decision : WordDecision or None
        Whether the word is emphasised, where that is decided.
    measures : WordMeasures or None
        F0 in Hz and more, if they were asked for.
    """

    index: int
    word: str
    start_s: float
    end_s: float
    pitch: float
    energy: float
    duration: float
    z_pitch: float
    z_energy: float
    z_duration: float
    cues: Mapping[str, CueShare]
    score: float
    rank: int
    flags: tuple[str, ...]
    break_after: WordBreak | None = field(default=None, metadata=OPTIONAL)
    decision: WordDecision | None = field(default=None, metadata=OPTIONAL)
    measures: WordMeasures | None = field(default=None, metadata=OPTIONAL)

    @property
    def in_words(self) -> tuple[str, str, str]:
        """What is clear of pitch, energy and duration, by a z-score of at least 1 in size.

        ``"high"`` or ``"low"``, ``"loud"`` or ``"soft"``, ``"long"`` or ``"short"``; ``""`` where
        it is not clear, or was not measured.
        """
        return (
            _in_words(self.pitch, self.z_pitch, "high", "low"),
            _in_words(self.energy, self.z_energy, "loud", "soft"),
            _in_words(self.duration, self.z_duration, "long", "short"),
        )

    @property
    def misaligned(self) -> bool:
        """Whether a flag says that the alignment plainly failed here."""
        return not set(_MISALIGNED).isdisjoint(self.flags)

    @property
    def doubts(self) -> str:
        """The flags that make the score doubtful, separated by blanks; empty if there are none."""
        return " ".join(flag for flag in self.flags if flag in _DOUBTFUL)


def _in_words(value: float, z: float, above: str, below: str) -> str:
    if math.isnan(value) or abs(z) < _CLEAR_Z:
        return ""
    return above if z > 0 else below


@dataclass(frozen=True)
class Segment:
    """The emphasis segment: the top word and its neighbours; `words` are their indices."""

    words: tuple[int, ...]
    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class SentenceEmphasis:
    """One sentence, its words in the order of time, its emphasis segment and its decision."""

    index: int
    text: str
    start_s: float
    end_s: float
    flags: tuple[str, ...]
    words: tuple[WordEmphasis, ...]
    segment: Segment
    decision: SentenceDecision | None = field(default=None, metadata=OPTIONAL)

    @property
    def emphasised(self) -> tuple[WordEmphasis, ...]:
        """The words that are decided to be emphasised; without a decision, the top word."""
        if self.decision is None:
            return self.ranked[:1]
        return tuple(self.words[i] for i in self.decision.words)

    @property
    def doubts(self) -> str:
        """The flags that make the decision doubtful, separated by blanks; empty without either."""
        flags = self.flags if self.decision is not None else ()
        return " ".join(flag for flag in flags if flag in _UNDECIDABLE)

    @property
    def ranked(self) -> tuple[WordEmphasis, ...]:
        """The words from the most to the least emphasised."""
        return tuple(sorted(self.words, key=lambda word: word.rank))
