"""The result: which words are emphasised, and why; all that is printed or drawn comes from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Any

from lemf.config import OPTIONAL, Settings, shown_fields
from lemf.contours.contours import Contours
from lemf.contours.measurement import Measurement
from lemf.reading.audio import Audio
from lemf.runtime.extras import importing
from lemf.scoring.decision import DecisionModel
from lemf.scoring.measures import WordMeasures
from lemf.scoring.word_emphasis import CueShare, Segment, SentenceEmphasis, WordEmphasis

if TYPE_CHECKING:
    import pandas

_BREAK_VALUES = ("break_strength", "break_pause_s", "break_lengthening", "break_reset_st")
_MEASURES = tuple(one.name for one in fields(WordMeasures))
_NESTED = ("cues", "flags", "break_after", "decision", "measures")
_WORD_VALUES = tuple(one.name for one in fields(WordEmphasis) if one.name not in _NESTED)
_SHARE_VALUES = tuple(one.name for one in fields(CueShare))
_REPR_TOPS = 3  # sentences whose top word the repr names
SCHEMA_VERSION = 1  # of the JSON contract, lemf/display/emphasis.schema.json


@dataclass(frozen=True, eq=False)
class Heard:
    """What a notebook needs to play a result.

    Attributes
    ----------
    measured : Measurement
    recording : Audio or None
        The samples; None where they are read again from the file.
    """

    measured: Measurement
    recording: Audio | None


@dataclass(frozen=True, eq=False, repr=False)
class Emphasis:
    """The emphasis of all sentences of a recording.

    ``str(emphasis)`` is the table that ``lemf score`` prints; a notebook shows the words coloured
    by their scores and, below, the page of `lemf.report` with its player.

    Attributes
    ----------
    version : str
        Version of lemf that measured the recording.
    audio, textgrid : str
        Paths of the inputs as given.
    rate_hz : int
        Sampling rate.
    duration_s : float
        Length of the recording in seconds.
    notes : tuple of str
        What a user should know about the input: channels mixed down, clipping, words left out.
    settings : Settings
        All settings, resolved: every weight of the cue set, the tiers that were found.
    sentences : tuple of SentenceEmphasis
    contours : Contours
        The frames behind the words, for drawing and export; not part of `to_dict`.
    decision : DecisionModel or None
        By what it was decided which words are emphasised.
    """

    version: str
    audio: str
    textgrid: str
    rate_hz: int
    duration_s: float
    notes: tuple[str, ...]
    settings: Settings
    sentences: tuple[SentenceEmphasis, ...]
    contours: Contours
    decision: DecisionModel | None = field(default=None, metadata=OPTIONAL)
    _heard: Heard | None = field(default=None, metadata=OPTIONAL)  # what a notebook plays

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
        """Convert to the JSON contract as a dict of plain types, None where nothing was measurable.

        ``lemf schema`` prints its JSON Schema.
        """
        content = {
            name: _to_plain(value)
            for name, value in shown_fields(self).items()
            if name not in ("version", "contours", "_heard")
        }
        return {"lemf": self.version, "schema_version": SCHEMA_VERSION, **content}

    def to_rows(self) -> list[dict[str, Any]]:
        """Return one flat dict per word, with the names of the contract; cues as ``cues.NAME.z``.

        ``audio`` and ``sentence`` come first; ``in_segment`` marks the emphasis segment, and
        ``sentence_flags`` repeats those of the sentence.
        """
        rows: list[dict[str, Any]] = []
        for sentence in self.sentences:
            for word in sentence.words:
                row = {"audio": self.audio, "sentence": sentence.index}
                row |= {name: _known(getattr(word, name)) for name in _WORD_VALUES}
                row["flags"] = " ".join(word.flags)
                for name, share in word.cues.items():
                    for key in _SHARE_VALUES:
                        row[f"cues.{name}.{key}"] = _known(getattr(share, key))
                if word.break_after is not None:
                    for key, value in _to_plain(word.break_after).items():
                        row[f"break_{key}"] = value
                if word.decision is not None:
                    decision = _to_plain(word.decision)
                    parts = decision.pop("parts")
                    row |= decision | {f"log_odds.{name}": part for name, part in parts.items()}
                if word.measures is not None:
                    row |= _to_plain(word.measures)
                row["sentence_flags"] = " ".join(sentence.flags)
                if sentence.decision is not None:
                    row["sentence_decision"] = sentence.decision.kind
                row["in_segment"] = word.index in sentence.segment.words
                rows.append(row)
        return rows

    def to_dataframe(self) -> pandas.DataFrame:
        """Return `to_rows` as a pandas DataFrame, NaN where nothing was measurable.

        Raises
        ------
        MissingPackageError
            pandas is not installed.
        """
        with importing("pandas"):
            import pandas
        frame = pandas.DataFrame(self.to_rows())
        values = [name for name in frame.columns if name.endswith(".value")]
        values += [name for name in (*_BREAK_VALUES, *_MEASURES) if name in frame.columns]
        return frame.astype(dict.fromkeys(["pitch", "energy", "duration", *values], float))

    def __repr__(self) -> str:
        sentences = "1 sentence" if len(self.sentences) == 1 else f"{len(self.sentences)} sentences"
        tops = [
            " + ".join(word.word for word in sentence.emphasised[:_REPR_TOPS]) or "none"
            for sentence in self.sentences[:_REPR_TOPS]
        ]
        others = ", ..." if len(self.sentences) > _REPR_TOPS else ""
        return (
            f"<lemf.Emphasis of {self.audio!r}: {sentences}, {len(self.words)} words, "
            f"emphasised: {', '.join(tops)}{others}>"
        )

    def __str__(self) -> str:
        from lemf.display.table import format_table

        return format_table(self)

    def _repr_html_(self) -> str:
        from lemf.display.html import format_html
        from lemf.page.notebook import format_player

        return format_html(self) + format_player(self)


def _known(value: Any) -> Any:  # noqa: ANN401 - a number or a text
    """Return a value, None in place of NaN."""
    return value if value == value else None


def _to_plain(value: Any) -> Any:  # noqa: ANN401 - whatever a result holds
    """Convert a result to the types of JSON: None for NaN, a list for a tuple."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, tuple):
        return [_to_plain(item) for item in value]
    if is_dataclass(value):
        value = shown_fields(value)
    if isinstance(value, Mapping):
        return {key: _to_plain(item) for key, item in value.items()}
    return value
