"""Predictions of recordings as csv or JSON, and their embeddings."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lemf.runtime.output import escape_controls, printable_path
from msfser.ccc import FloatArray
from msfser.config.model_facts import ModelFacts
from msfser.config.settings import SEMANTICS, Semantic
from msfser.evaluation.predictions import EMOTION
from msfser.evaluation.runs import expert_names, routing_weights
from msfser.manifest import DIMENSIONS
from msfser.model.msf_ser import MsfSer
from msfser.outputs import Cell, format_csv
from msfser.parquet import format_vectors
from msfser.prediction.speech_predictions import SpeechPrediction, WindowPrediction, most_probable
from msfser.semantics.texts import ALWAYS

_SIDES = ("low", "high")  # ends of an interval
_NOTHING = WindowPrediction(
    start_s=math.nan,
    end_s=math.nan,
    values=np.full(len(DIMENSIONS), math.nan),
    outside=(),
    gate=math.nan,
    experts={},
    embedding=None,
)  # where every recording failed


def format_predictions_csv(
    predictions: Sequence[SpeechPrediction], *, windows: bool = False
) -> bytes:
    """Format one row per recording; with `windows`, one row per window of a long one follows."""
    whole = next((one.whole for one in predictions if one.whole is not None), None)
    experts = [] if whole is None else list(whole.experts)
    kinds = [] if whole is None else list(whole.deviations)
    by_expert = [f"expert_{name}_{dimension}" for name in experts for dimension in DIMENSIONS]
    deviations = [f"{kind}_{dimension}" for kind in kinds for dimension in DIMENSIONS]
    if whole is not None:
        deviations += ["emotion"] if whole.emotions else []
        deviations += [f"{EMOTION}{name}" for name in whole.emotions]
    if whole is not None and whole.bounds is not None:
        deviations += [f"{side}_{dimension}" for side in _SIDES for dimension in DIMENSIONS]
    head: list[Cell] = [
        "file", *(["window"] if windows else []), "status", "reason", "start_s", "end_s",
        *DIMENSIONS, "outside", "gate", *by_expert, *deviations, *_held(predictions),
        "emphasised_word", "word_start_s", "word_end_s", "emphasis_segment", "notes",
    ]  # fmt: skip
    rows: list[list[Cell]] = [head]
    for prediction in predictions:
        for number, stretch in _stretches(prediction, windows):
            cells = _cells(prediction, stretch, experts) | {"window": number}
            rows.append([cells.get(str(name)) for name in head])
    return format_csv(rows)


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where predictions come from, as JSON says it.

    Attributes
    ----------
    name : str
        Of the model or models, as the user wrote them.
    facts : ModelFacts
        Of the first.
    routing : dict of str to dict of str to float
        Weight of each expert for each dimension, from `model_routing`; the mean over models.
    more : dict of str to object
        What was done to the predictions, such as ``"calibration"`` and ``"intervals"``.
    """

    name: str
    facts: ModelFacts
    routing: dict[str, dict[str, float]]
    more: dict[str, object] = field(default_factory=dict)


def model_routing(model: MsfSer) -> dict[str, dict[str, float]]:
    """Return the weight of each expert for each dimension; empty without experts."""
    experts = expert_names(model)
    return {
        dimension: dict(zip(experts, weights, strict=True))
        for dimension, weights in zip(DIMENSIONS, routing_weights(model).tolist(), strict=True)
        if experts
    }


def mean_routing(of_models: Sequence[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Average the weights of experts over models; empty where their experts differ."""
    first = of_models[0]
    if len(of_models) == 1:
        return first
    names = [{dimension: list(weights) for dimension, weights in one.items()} for one in of_models]
    if any(one != names[0] for one in names):
        return {}
    return {
        dimension: {
            expert: float(np.mean([one[dimension][expert] for one in of_models]))
            for expert in weights
        }
        for dimension, weights in first.items()
    }


def format_predictions_json(
    predictions: Sequence[SpeechPrediction], source: Source, *, windows: bool = False
) -> bytes:
    """Format predictions, texts and experts as JSON; null for unknown values.

    Each recording has the same keys; those of one that failed hold null, and `reason` says why.

    Parameters
    ----------
    predictions : sequence of SpeechPrediction
    source : Source
    windows : bool
        Whether each recording holds its windows, too.
    """
    from lemf import __version__

    facts = source.facts
    content = {
        "msfser": __version__,
        "model": source.name,
        "corpus": facts.corpus,
        "corpus_version": facts.corpus_version,
        "label_bounds": list(facts.label_bounds),
        "routing": source.routing,
        **source.more,
        "recordings": _to_dicts(predictions, windows),
    }
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    return escape_controls(text).encode() + b"\n"


def format_embeddings(predictions: Sequence[SpeechPrediction], suffix: str) -> bytes:
    """Format embeddings, one row per recording that did not fail.

    Parameters
    ----------
    predictions : sequence of SpeechPrediction
    suffix : {".npz", ".parquet"}
        An npz holds `recording` (recordings,) str and `embedding` (recordings, dim) float32; a
        Parquet file holds columns of the same names.
    """
    kept = [
        (printable_path(one.wav), one.whole.embedding)
        for one in predictions
        if one.whole is not None and one.whole.embedding is not None
    ]
    names = [name for name, _ in kept]
    vectors = np.array([vector for _, vector in kept], dtype=np.float32)
    if suffix == ".parquet":
        return format_vectors(names, vectors)
    stream = io.BytesIO()
    np.savez(stream, recording=np.array(names, dtype=np.str_), embedding=vectors)
    return stream.getvalue()


def _held(predictions: Sequence[SpeechPrediction]) -> tuple[Semantic, ...]:
    """Return the semantics to show: the context only where there is one."""
    has_context = any(one.texts.context is not None for one in predictions)
    return SEMANTICS if has_context else ALWAYS


def _stretches(
    prediction: SpeechPrediction, windows: bool
) -> Iterator[tuple[int | None, WindowPrediction | None]]:
    """Yield the whole recording, then its windows with their numbers from 1."""
    yield None, prediction.whole
    if windows and len(prediction.windows) > 1:
        yield from enumerate(prediction.windows, 1)


def _cells(
    prediction: SpeechPrediction, stretch: WindowPrediction | None, experts: Sequence[str]
) -> dict[str, Cell]:
    texts, found = prediction.texts, prediction.texts.emphasised
    cells: dict[str, Cell] = {
        "file": printable_path(prediction.wav),
        "status": "failed" if stretch is None else "ok",
        "reason": prediction.reason,
        "notes": "; ".join(prediction.notes),
        **{name: texts.of(name) for name in SEMANTICS},
    }
    if found is not None:
        cells |= {
            "emphasised_word": found.word,
            "word_start_s": found.start_s,
            "word_end_s": found.end_s,
            "emphasis_segment": found.segment,
        }
    if stretch is not None:
        cells |= {
            "start_s": stretch.start_s,
            "end_s": stretch.end_s,
            **_by_dimension(stretch.values),
            "outside": " ".join(stretch.outside),
            "gate": stretch.gate,
        }
        for name in experts:
            for dimension, value in _by_dimension(stretch.experts[name]).items():
                cells[f"expert_{name}_{dimension}"] = value
        for kind, values in stretch.deviations.items():
            for dimension, value in _by_dimension(values).items():
                cells[f"{kind}_{dimension}"] = value
        if stretch.emotions:
            cells["emotion"] = most_probable(stretch.emotions)
            cells |= {f"{EMOTION}{name}": value for name, value in stretch.emotions.items()}
        if stretch.bounds is not None:
            for side, ends in zip(_SIDES, stretch.bounds.T, strict=True):
                for dimension, value in _by_dimension(ends).items():
                    cells[f"{side}_{dimension}"] = value
    return cells


def _to_dicts(predictions: Sequence[SpeechPrediction], windows: bool) -> list[dict[str, Any]]:
    """Return an entry per recording, with the same keys whether it was predicted or failed."""
    held = _held(predictions)
    whole = next((one.whole for one in predictions if one.whole is not None), _NOTHING)
    unknown = _blank(_stretch_to_dict(whole))
    return [_to_dict(one, unknown, held, windows) for one in predictions]


def _blank(content: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of an entry, with null for every value."""
    return {
        key: _blank(value) if isinstance(value, dict) else None for key, value in content.items()
    }


def _to_dict(
    prediction: SpeechPrediction,
    unknown: dict[str, Any],
    held: Sequence[Semantic],
    windows: bool,
) -> dict[str, Any]:
    whole, texts, found = prediction.whole, prediction.texts, prediction.texts.emphasised
    content: dict[str, Any] = {
        "file": printable_path(prediction.wav),
        "status": "failed" if whole is None else "ok",
        "reason": prediction.reason,
        "notes": list(prediction.notes),
        "texts": {name: texts.of(name) for name in held},
        "emphasised": None,
    }
    if found is not None:
        content["emphasised"] = {
            "word": found.word,
            "start_s": found.start_s,
            "end_s": found.end_s,
            "segment": {
                "text": found.segment,
                "start_s": found.segment_start_s,
                "end_s": found.segment_end_s,
            },
        }
    content |= unknown if whole is None else _stretch_to_dict(whole)
    if windows:
        content["windows"] = [_stretch_to_dict(one) for one in prediction.windows]
    return content


def _stretch_to_dict(stretch: WindowPrediction) -> dict[str, Any]:
    return {
        "start_s": stretch.start_s,
        "end_s": stretch.end_s,
        **_by_dimension(stretch.values),
        "outside": list(stretch.outside),
        "gate": None if math.isnan(stretch.gate) else stretch.gate,
        "experts": {name: _by_dimension(values) for name, values in stretch.experts.items()},
        **{kind: _by_dimension(values) for kind, values in stretch.deviations.items()},
        **(
            {"emotion": most_probable(stretch.emotions), "emotions": stretch.emotions}
            if stretch.emotions
            else {}
        ),
        **(
            {}
            if stretch.bounds is None
            else {
                side: _by_dimension(ends)
                for side, ends in zip(_SIDES, stretch.bounds.T, strict=True)
            }
        ),
    }


def _by_dimension(values: FloatArray) -> dict[str, float | None]:
    """Return values by their dimensions; None where nothing is predicted."""
    return {
        name: None if math.isnan(value) else float(value)
        for name, value in zip(DIMENSIONS, values, strict=True)
    }
