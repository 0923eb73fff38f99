"""The result: which words are emphasised, and why. Everything that is printed or drawn is here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

from lemf.config import CUE_SETS
from lemf.contours.contours import Contours
from lemf.errors import MissingPackageError

if TYPE_CHECKING:
    import pandas

FLAG_MEANINGS = {
    "no_frame": "shorter than 5 ms: pitch and energy count as average",
    "unvoiced": "no voiced frame: pitch counts as average",
    "unclear_pitch": "no clearly voiced frame: F0 is drawn through from the words around",
    "unknown_word": "no phone inside the word: duration counts as average",
    "outside_audio": "reaches up to 20 ms beyond the recording",
    "one_word": "a sentence of one word: no other to compare it with",
    **{
        f"constant_{cue}": f"{cue} has no spread over the sentence: it tells no word from another"
        for cue in CUE_SETS["all"]
    },
    "flat": "all scores are equal: the top word is only the first",
}


@dataclass(frozen=True)
class CueShare:
    """What one cue adds to a score: contribution = weight * z; `value` is NaN if unmeasured."""

    value: float
    z: float
    weight: float
    contribution: float


@dataclass(frozen=True)
class WordEmphasis:
    """One word: the paper's three features, their z-scores, the score and what makes it up.

    Attributes
    ----------
    pitch : float
        Natural log of the highest F0 in Hz; NaN when unvoiced.
    energy : float
        Mean L2 norm of the STFT frames; NaN without a frame.
    duration : float
        Mean phone duration in seconds; NaN without phones.
    cues : mapping of str to CueShare
        The cues of the chosen set; their contributions sum to `score`.
    rank : int
        From 1 in the sentence.
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


@dataclass(frozen=True)
class Segment:
    """The emphasis segment: the top word and its neighbours; `words` are indices."""

    words: tuple[int, ...]
    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class SentenceEmphasis:
    """One sentence, its words in the order of time and its emphasis segment."""

    index: int
    text: str
    start_s: float
    end_s: float
    flags: tuple[str, ...]
    words: tuple[WordEmphasis, ...]
    segment: Segment

    @property
    def ranked(self) -> tuple[WordEmphasis, ...]:
        """The words from the most to the least emphasised."""
        return tuple(sorted(self.words, key=lambda word: word.rank))


@dataclass(frozen=True, eq=False)
class Emphasis:
    """The emphasis of all sentences of a recording.

    Attributes
    ----------
    version : str
        Version of lemf that measured it.
    audio, textgrid : str
        The inputs as they were named.
    rate_hz : int
    duration_s : float
        Length of the recording.
    settings : mapping
        All settings, resolved.
    sentences : tuple of SentenceEmphasis
    contours : Contours
        The frames behind the words, for drawing and export; not part of `to_dict`.
    notes : tuple of str
        What a user should know about the input: channels mixed down, clipping, words left out.
    """

    version: str
    audio: str
    textgrid: str
    rate_hz: int
    duration_s: float
    settings: Mapping[str, Any]
    sentences: tuple[SentenceEmphasis, ...]
    contours: Contours = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[WordEmphasis, ...]:
        """All words of all sentences in the order of time."""
        return tuple(word for sentence in self.sentences for word in sentence.words)

    @property
    def segment(self) -> Segment:
        """The emphasis segment of the only sentence.

        Raises
        ------
        ValueError
            There are several sentences; each has its own ``.segment``.
        """
        if len(self.sentences) > 1:
            raise ValueError(
                f"{len(self.sentences)} sentences have a segment each: use .sentences[i].segment"
            )
        return self.sentences[0].segment

    def to_dict(self) -> dict[str, Any]:
        """Give the JSON contract as a dict: plain types, None where a value was not measurable."""
        return {
            "lemf": self.version,
            "audio": self.audio,
            "textgrid": self.textgrid,
            "rate_hz": self.rate_hz,
            "settings": dict(self.settings),
            "sentences": [_sentence_to_dict(sentence) for sentence in self.sentences],
        }

    def to_rows(self) -> list[dict[str, Any]]:
        """Give one flat dict a word: the names of the contract, cues as ``cues.NAME.z`` and so on.

        ``audio`` and ``sentence`` come first; ``in_segment`` tells the emphasis segment, and
        ``sentence_flags`` repeats those of the sentence.
        """
        rows = []
        for sentence in self.to_dict()["sentences"]:
            for word in sentence["words"]:
                row = {"audio": self.audio, "sentence": sentence["index"], **word}
                for name, share in row.pop("cues").items():
                    row |= {f"cues.{name}.{key}": value for key, value in share.items()}
                row["flags"] = " ".join(row["flags"])
                row["sentence_flags"] = " ".join(sentence["flags"])
                row["in_segment"] = word["index"] in sentence["segment"]["words"]
                rows.append(row)
        return rows

    def to_dataframe(self) -> pandas.DataFrame:
        """Give `to_rows` as a pandas DataFrame, NaN where a value was not measurable.

        Raises
        ------
        MissingPackageError
            pandas is not installed.
        """
        try:
            import pandas
        except ImportError:
            raise MissingPackageError("to_dataframe needs pandas: pip install pandas") from None
        frame = pandas.DataFrame(self.to_rows())
        values = [name for name in frame.columns if name.endswith(".value")]
        return frame.astype(dict.fromkeys(["pitch", "energy", "duration", *values], float))

    def _repr_html_(self) -> str:
        return "".join(_sentence_to_html(sentence) for sentence in self.sentences)


def _sentence_to_html(sentence: SentenceEmphasis) -> str:
    """Draw the words with a background as strong as their score, the segment underlined."""
    lowest = min(word.score for word in sentence.words)
    spread = max(word.score for word in sentence.words) - lowest
    spans = []
    for word in sentence.words:
        strength = (word.score - lowest) / spread if spread > 0 else 0.0
        line = "border-bottom:2px solid;" if word.index in sentence.segment.words else ""
        why = ", ".join(f"{name} {cue.contribution:+.2f}" for name, cue in word.cues.items())
        spans.append(
            f'<span style="background:rgba(230,159,0,{strength:.2f});padding:2px 4px;{line}" '
            f'title="score {word.score:+.2f} = {why}">{escape(word.word)}'
            f"<sub>{word.rank}</sub></span>"
        )
    return f"<p>{' '.join(spans)}</p>"


def _sentence_to_dict(sentence: SentenceEmphasis) -> dict[str, Any]:
    segment = sentence.segment
    return {
        "index": sentence.index,
        "text": sentence.text,
        "start_s": sentence.start_s,
        "end_s": sentence.end_s,
        "flags": list(sentence.flags),
        "words": [_word_to_dict(word) for word in sentence.words],
        "segment": {
            "words": list(segment.words),
            "text": segment.text,
            "start_s": segment.start_s,
            "end_s": segment.end_s,
        },
    }


def _word_to_dict(word: WordEmphasis) -> dict[str, Any]:
    return {
        "index": word.index,
        "word": word.word,
        "start_s": word.start_s,
        "end_s": word.end_s,
        "pitch": _or_none(word.pitch),
        "energy": _or_none(word.energy),
        "duration": _or_none(word.duration),
        "z_pitch": word.z_pitch,
        "z_energy": word.z_energy,
        "z_duration": word.z_duration,
        "cues": {
            name: {
                "value": _or_none(share.value),
                "z": share.z,
                "weight": share.weight,
                "contribution": share.contribution,
            }
            for name, share in word.cues.items()
        },
        "score": word.score,
        "rank": word.rank,
        "flags": list(word.flags),
    }


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
