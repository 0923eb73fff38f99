"""The tables of a corpus: one list of columns (name, type, getter) per table.

Rows are made in the workers, which load no pyarrow; `parquet` turns the types into Arrow's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from lemf.scoring.decision import INTERCEPT
from lemf.scoring.decision_models import find_model
from lemf.scoring.measures import WordMeasures

if TYPE_CHECKING:
    from lemf.config import Settings
    from lemf.contours.measurement import Measurement
    from lemf.reading.alignment import Word
    from lemf.scoring.emphasis import Emphasis

Row = dict[str, Any]
FLOATS = "floats"  # the type of a column of contours
TEXTS = "texts"  # the type of a column of notes


class Column(NamedTuple):
    """A column of a table; `type` is Arrow's name, `FLOATS`, `TEXTS` or columns of a sub-table."""

    name: str
    type: str | tuple[Column, ...]
    get: Callable[..., Any]


_SENTENCE_COLUMNS = (  # getters take the id, an Emphasis and one of its sentences
    Column("id", "string", lambda name, _, sentence: name),
    Column("audio", "string", lambda _, emphasis, sentence: emphasis.audio),
    Column("sentence", "int32", lambda _, emphasis, sentence: sentence.index),
    Column("text", "string", lambda _, emphasis, sentence: sentence.text),
    Column("start_s", "float64", lambda _, emphasis, sentence: sentence.start_s),
    Column("end_s", "float64", lambda _, emphasis, sentence: sentence.end_s),
    Column("n_words", "int32", lambda _, emphasis, sentence: len(sentence.words)),
    Column("top_index", "int32", lambda _, emphasis, sentence: sentence.ranked[0].index),
    Column("top_word", "string", lambda _, emphasis, sentence: sentence.ranked[0].word),
    Column("top_score", "float64", lambda _, emphasis, sentence: sentence.ranked[0].score),
    Column("segment_first", "int32", lambda _, emphasis, sentence: sentence.segment.words[0]),
    Column("segment_last", "int32", lambda _, emphasis, sentence: sentence.segment.words[-1]),
    Column("segment_text", "string", lambda _, emphasis, sentence: sentence.segment.text),
    Column("segment_start_s", "float64", lambda _, emphasis, sentence: sentence.segment.start_s),
    Column("segment_end_s", "float64", lambda _, emphasis, sentence: sentence.segment.end_s),
    Column("flags", "string", lambda _, emphasis, sentence: " ".join(sentence.flags)),
)

_DECISION_COLUMN = Column(
    "decision", "string", lambda _, emphasis, sentence: sentence.decision.kind
)

_PHONE_COLUMNS = (
    Column("label", "string", lambda phone: phone.label),
    Column("start_s", "float64", lambda phone: phone.start_s),
    Column("end_s", "float64", lambda phone: phone.end_s),
)
_ALIGNED_WORD_COLUMNS = (  # getters take the index of the sentence and a Word
    Column("sentence", "int32", lambda index, word: index),
    Column("word", "string", lambda index, word: word.text),
    Column("start_s", "float64", lambda index, word: word.start_s),
    Column("end_s", "float64", lambda index, word: word.end_s),
    Column(
        "phones",
        _PHONE_COLUMNS,
        lambda index, word: [_make_row(_PHONE_COLUMNS, phone) for phone in word.phones],
    ),
)
FEATURE_COLUMNS = (  # getters take the id and a Measurement with detail
    Column("id", "string", lambda name, measured: name),
    Column("audio", "string", lambda name, measured: measured.audio),
    Column("textgrid", "string", lambda name, measured: measured.textgrid),
    Column("rate_hz", "int32", lambda name, measured: measured.rate_hz),
    Column("duration_s", "float64", lambda name, measured: measured.duration_s),
    Column("words_tier", "string", lambda name, measured: measured.alignment.words_tier),
    Column("phones_tier", "string", lambda name, measured: measured.alignment.phones_tier),
    Column("words", _ALIGNED_WORD_COLUMNS, lambda name, measured: _aligned_words(measured)),
    Column("f0_hz", FLOATS, lambda name, measured: measured.contours.f0_hz),
    Column("energy", FLOATS, lambda name, measured: measured.contours.energy),
    Column("mid_energy", FLOATS, lambda name, measured: measured.contours.detail.mid_energy),
    Column("periodicity", FLOATS, lambda name, measured: measured.contours.detail.periodicity),
    Column("notes", TEXTS, lambda name, measured: measured.notes),
)

CONFIDENCE_COLUMN = Column(  # of features, only where an aligner told it
    "confidence",
    FLOATS,
    lambda name, measured: [word.confidence for word in _words_of(measured)],
)


_BREAK_COLUMNS = {
    "break_kind": "string",
    "break_strength": "float64",
    "break_pause_s": "float64",
    "break_lengthening": "float64",
    "break_reset_st": "float64",
}
_MEASURE_COLUMNS = {one.name: "float64" for one in fields(WordMeasures)}


def word_columns(settings: Settings) -> tuple[Column, ...]:
    """Return the columns of the words: the id, then those of `Emphasis.to_rows`."""
    types = {
        "id": "string",
        "audio": "string",
        "sentence": "int32",
        "index": "int32",
        "word": "string",
        "start_s": "float64",
        "end_s": "float64",
        "pitch": "float64",
        "energy": "float64",
        "duration": "float64",
        "z_pitch": "float64",
        "z_energy": "float64",
        "z_duration": "float64",
        "score": "float64",
        "rank": "int32",
        "flags": "string",
        **{
            f"cues.{cue}.{key}": "float64"
            for cue in settings.cue_weights
            for key in ("value", "z", "weight", "contribution")
        },
        **(_BREAK_COLUMNS if settings.breaks else {}),
        **_decision_columns(settings),
        **(_MEASURE_COLUMNS if settings.measures else {}),
        "sentence_flags": "string",
        "in_segment": "bool",
    }
    return tuple(Column(name, kind, itemgetter(name)) for name, kind in types.items())


def sentence_columns(settings: Settings) -> tuple[Column, ...]:
    """Return the columns of the sentences."""
    return (*_SENTENCE_COLUMNS, *([_DECISION_COLUMN] if find_model(settings) else []))


def _decision_columns(settings: Settings) -> dict[str, str]:
    model = find_model(settings)
    if model is None:
        return {}
    parts = dict.fromkeys((INTERCEPT, *settings.cue_weights, *model.absolute))
    return {
        "probability": "float64",
        "emphasised": "bool",
        "log_odds": "float64",
        **{f"log_odds.{name}": "float64" for name in parts},
        "sentence_decision": "string",
    }


def columns_of(table: str, settings: Settings) -> tuple[Column, ...]:
    """Return the columns of ``words``, ``sentences`` or ``features``."""
    return {
        "words": word_columns(settings),
        "sentences": sentence_columns(settings),
        "features": FEATURE_COLUMNS,
    }[table]


def word_rows(name: str, emphasis: Emphasis) -> list[Row]:
    """Return one row per word."""
    columns = word_columns(emphasis.settings)
    rows = [{"id": name, **row} for row in emphasis.to_rows()]
    if missing := rows[0].keys() - {column.name for column in columns}:
        raise ValueError(f"the table of words has no column for {', '.join(sorted(missing))}")
    names = [column.name for column in columns]
    return [{column: row[column] for column in names} for row in rows]


def sentence_rows(name: str, emphasis: Emphasis) -> list[Row]:
    """Return one row per sentence: its text, its top word and its emphasis segment."""
    columns = sentence_columns(emphasis.settings)
    return [_make_row(columns, name, emphasis, one) for one in emphasis.sentences]


def feature_row(name: str, measured: Measurement) -> Row:
    """Convert a measurement to one row: the contours and the aligned words."""
    told = any(word.confidence is not None for word in _words_of(measured))
    columns = (*FEATURE_COLUMNS, CONFIDENCE_COLUMN) if told else FEATURE_COLUMNS
    return _make_row(columns, name, measured)


def _words_of(measured: Measurement) -> list[Word]:
    return [word for words in measured.alignment.sentences for word in words]


def _aligned_words(measured: Measurement) -> list[Row]:
    return [
        _make_row(_ALIGNED_WORD_COLUMNS, index, word)
        for index, words in enumerate(measured.alignment.sentences)
        for word in words
    ]


def _make_row(columns: tuple[Column, ...], *source: Any) -> Row:  # noqa: ANN401
    return {name: get(*source) for name, _, get in columns}
