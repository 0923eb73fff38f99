"""Predictions of recordings as a table for a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lemf.runtime.output import printable_path
from msfser.config.model_facts import ModelFacts
from msfser.manifest import DIMENSIONS
from msfser.outputs import Table
from msfser.prediction.speech_predictions import SpeechPrediction, WindowPrediction, most_probable


def make_table(
    predictions: Sequence[SpeechPrediction], facts: ModelFacts, *, windows: bool = False
) -> Table:
    """Build a table of predictions for a terminal.

    A star marks values outside the scale, a dash stands where nothing is predicted.

    Parameters
    ----------
    predictions : sequence of SpeechPrediction
        Failed ones are left out.
    facts : ModelFacts
    windows : bool
        Whether one row per window follows that of its recording.
    """
    rows = []
    emotional = any(one.whole is not None and one.whole.emotions for one in predictions)
    for prediction in predictions:
        if prediction.whole is None:
            continue
        found = prediction.texts.emphasised
        word = "" if found is None else found.word
        rows.append((printable_path(prediction.wav), *_values(prediction.whole), word))
        if emotional:
            rows[-1] = (*rows[-1], _shown_emotion(prediction.whole))
        if windows and len(prediction.windows) > 1:
            rows += [
                (
                    f"  {one.start_s:.2f} to {one.end_s:.2f} s",
                    *_values(one),
                    "",
                    *([_shown_emotion(one)] if emotional else []),
                )
                for one in prediction.windows
            ]
    low, high = facts.label_bounds
    corpus = " ".join(part for part in (facts.corpus, facts.corpus_version) if part)
    return Table(
        title=f"from {low:g} to {high:g}" + (f", the scale of {corpus}" if corpus else ""),
        head=("recording", *DIMENSIONS, "gate", "emphasised", *(["emotion"] if emotional else [])),
        rows=tuple(rows),
    )


def _shown_emotion(prediction: WindowPrediction) -> str:
    """Format the most probable emotion with its probability; empty without one."""
    if not prediction.emotions:
        return ""
    name = most_probable(prediction.emotions)
    return f"{name} {prediction.emotions[name]:.2f}"


def _values(prediction: WindowPrediction) -> list[str]:
    numbers = [
        "- " if math.isnan(value) else f"{value:.2f}{'*' if name in prediction.outside else ' '}"
        for name, value in zip(DIMENSIONS, prediction.values, strict=True)
    ]
    if prediction.bounds is not None:
        numbers = [
            number if math.isnan(low) else f"{number}({low:.2f} to {high:.2f})"
            for number, (low, high) in zip(numbers, prediction.bounds, strict=True)
        ]
    return [*numbers, "" if math.isnan(prediction.gate) else f"{prediction.gate:.2f}"]
