"""A measurement -> what the page holds: the cues of every word, so that it can score again.

The page computes equations 1 and 2 on these values by the same steps as lemf. What depends on more
than values and weights is computed here for every cue set: the flags of the words, and the notes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from lemf.config import (
    CUE_SETS,
    CUES,
    DEFAULT_THRESHOLD,
    OFF,
    TRACKER_NAMES,
    Settings,
    shown_fields,
)
from lemf.contours.measurement import Measurement
from lemf.display.measures_table import measure_cells
from lemf.display.table_layout import format_break
from lemf.errors import printable
from lemf.page.command import name_words, page_command
from lemf.page.contours import pack_contours
from lemf.pipeline import score_measurement
from lemf.reading.alignment import Phone, Word
from lemf.scoring.breaks import cut_at_breaks
from lemf.scoring.decision import DecisionModel
from lemf.scoring.decision_models import DECISION_MODELS, model_to_dict
from lemf.scoring.doubts import TOP_AMONG_THEM
from lemf.scoring.emphasis import Emphasis
from lemf.scoring.word_emphasis import FLAG_MEANINGS, SentenceEmphasis

FILE = "file"  # the decision of a file, among those that lemf ships
_LIVE_FLAGS = ("flat", "few_words")  # which depend on weights and decision: the page tells


def page_content(
    measured: Measurement,
    settings: Settings,
    emphasis: Emphasis,
    words: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Gather what the page of a recording holds.

    Parameters
    ----------
    measured : Measurement
        With detail.
    settings : Settings
    emphasis : Emphasis
        The measurement scored by these settings, as the page opens.
    words : sequence of str, optional
        The arguments of the command line that name the words; by default those of the TextGrid.

    Returns
    -------
    dict
        Of plain types: null where a cue could not be measured, numbers in full precision, and
        labels without characters that act on a display.
    """
    undecided = replace(settings, weights=None, decide=OFF, threshold=DEFAULT_THRESHOLD)
    by_set = {name: score_measurement(measured, replace(undecided, cues=name)) for name in CUE_SETS}
    sentences = cut_at_breaks(measured, settings).alignment.sentences
    named = name_words(measured.textgrid) if words is None else words
    return {
        "lemf": emphasis.version,
        "audio": printable(PurePath(emphasis.audio).name),
        "textgrid": printable(PurePath(emphasis.textgrid).name),
        "duration_s": emphasis.duration_s,
        "rate_hz": emphasis.rate_hz,
        "tracker": TRACKER_NAMES[emphasis.settings.pitch],
        "settings": _plain(shown_fields(emphasis.settings)),
        "start": {
            "cues": settings.cues,
            "weights": settings.cue_weights,
            "decide": _key(emphasis.decision),
            "threshold": settings.threshold,
            "notes": [printable(note) for note in emphasis.notes],
        },
        "cues": {name: {"unit": cue.unit, "kind": cue.colour} for name, cue in CUES.items()},
        "sets": {name: _set(name, one) for name, one in by_set.items()},
        "models": _models(emphasis.decision),
        "flags": _meanings(by_set.values()),
        "sentences": [
            _sentence(sentence, given, scored)
            for sentence, given, scored in zip(
                sentences, emphasis.sentences, by_set["all"].sentences, strict=True
            )
        ],
        "contours": pack_contours(measured.contours),
        "command": page_command(measured.audio, named, settings),
    }


def _set(name: str, emphasis: Emphasis) -> dict[str, Any]:
    """Return the weights of a cue set, and what its words and its recording are flagged by."""
    return {
        "weights": dict(CUE_SETS[name]),
        "notes": [printable(note).replace(TOP_AMONG_THEM, "") for note in emphasis.notes],
        "sentence_flags": [
            [flag for flag in sentence.flags if flag not in _LIVE_FLAGS]
            for sentence in emphasis.sentences
        ],
        "word_flags": [
            {str(word.index): list(word.flags) for word in sentence.words if word.flags}
            for sentence in emphasis.sentences
        ],
    }


def _sentence(
    words: Sequence[Word], given: SentenceEmphasis, scored: SentenceEmphasis
) -> dict[str, Any]:
    """Return the words of a sentence with their phones, and the values of all cues by name."""
    rows = []
    for word, one in zip(words, given.words, strict=True):
        row: dict[str, Any] = {
            "word": printable(word.text),
            "start_s": word.start_s,
            "end_s": word.end_s,
            "phones": _pack_phones(word.phones),
        }
        if one.break_after is not None:
            row["break"] = format_break(one)
        if one.measures is not None:
            row["measures"] = measure_cells(one.measures)
        rows.append(row)
    values = {
        name: [_plain(word.cues[name].value) for word in scored.words]
        for name in scored.words[0].cues
    }
    return {"words": rows, "values": values}


def _pack_phones(phones: Sequence[Phone]) -> list[str | float]:
    """Return label and start of each phone and of each gap, which has no label; the end is last."""
    packed: list[str | float] = []
    end_s = phones[0].start_s if phones else 0.0
    for phone in phones:
        if phone.start_s != end_s:
            packed += ["", end_s]
        packed += [printable(phone.label), phone.start_s]
        end_s = phone.end_s
    return [*packed, end_s] if packed else []


def _models(given: DecisionModel | None) -> dict[str, Any]:
    models = {name: model_to_dict(model) for name, model in DECISION_MODELS.items()}
    if given is not None and _key(given) == FILE:
        models[FILE] = model_to_dict(given)
    return {
        key: {**_plain(model), "fitted_on": printable(model["fitted_on"])}
        for key, model in models.items()
    }


def _key(model: DecisionModel | None) -> str:
    """Return under which name the page knows a decision."""
    if model is None:
        return OFF
    return model.name if DECISION_MODELS.get(model.name) == model else FILE


def _meanings(results: Iterable[Emphasis]) -> dict[str, str]:
    met = {
        flag
        for emphasis in results
        for sentence in emphasis.sentences
        for flags in (sentence.flags, *(word.flags for word in sentence.words))
        for flag in flags
    }
    return {flag: text for flag, text in FLAG_MEANINGS.items() if flag in met.union(_LIVE_FLAGS)}


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a result holds
    """Convert to the types of JSON: None for NaN, a list for a tuple, labels fit to be shown."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value
