"""Predictions of recordings by several models, calibrated for each speaker, with intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from msfser.config.model_facts import ModelFacts
from msfser.errors import DataError
from msfser.evaluation.bias.speaker_calibration import (
    FEWEST_SPEAKERS,
    SpeakerCalibration,
    fit_speaker_calibration,
)
from msfser.evaluation.uncertainty.conformal import Intervals
from msfser.evaluation.uncertainty.ensemble import (
    ENSEMBLE,
    deviation_between,
    root_mean_square,
)
from msfser.manifest import DIMENSIONS
from msfser.prediction.speech_files import SpeechFile
from msfser.prediction.speech_predictions import (
    SpeechPrediction,
    WindowPrediction,
    clamp,
    find_outside,
)

_DIFFERENCES = {  # of facts that must be alike
    "label_bounds": "label bounds",
    "learned": "dimensions with labels",
    "text_encoder_revision": "text encoders",
    "les": "settings of LES",
}


def check_alike(facts: Sequence[ModelFacts], names: Sequence[str]) -> None:
    """Check that models predict on one scale, and read texts that were made in one way.

    Raises
    ------
    DataError
        Two models differ in the rating scale, in the dimensions that had labels, in the text
        encoder or in how LES was found.
    """
    for other, name in zip(facts[1:], names[1:], strict=True):
        for what in _DIFFERENCES:
            if getattr(other, what) != getattr(facts[0], what):
                raise DataError(
                    f"{name}: {_DIFFERENCES[what]} differ from those of {names[0]}; models "
                    "are averaged that were trained on the same data and texts"
                )


def average_speech(
    by_model: Sequence[Sequence[SpeechPrediction]], bounds: tuple[float, float]
) -> list[SpeechPrediction]:
    """Average the predictions of several models, recording by recording and window by window.

    Parameters
    ----------
    by_model : sequence of sequence of SpeechPrediction
        Of the same recordings in the same order.
    bounds : (float, float)
        Ends of the rating scale.
    """
    averaged = []
    for every in zip(*by_model, strict=True):
        first = next((one for one in every if one.whole is None), every[0])
        if first.whole is None:
            averaged.append(first)
            continue
        wholes = [one.whole for one in every if one.whole is not None]
        windows = zip(*(one.windows for one in every), strict=True)
        averaged.append(
            replace(
                first,
                whole=_average(wholes, bounds),
                windows=tuple(_average(parts, bounds) for parts in windows),
                notes=tuple(dict.fromkeys(note for one in every for note in one.notes)),
            )
        )
    return averaged


def calibrate_speech(
    predictions: Sequence[SpeechPrediction],
    recordings: Sequence[SpeechFile],
    bounds: tuple[float, float],
) -> tuple[list[SpeechPrediction], SpeakerCalibration]:
    """Calibrate the predictions of each speaker, and those of the windows alike.

    Parameters
    ----------
    predictions : sequence of SpeechPrediction
    recordings : sequence of SpeechFile
        In the same order; with the speaker, where one is known.
    bounds : (float, float)
        Ends of the rating scale.

    Raises
    ------
    DataError
        Too few speakers are known.
    """
    values = np.array(
        [np.full(3, np.nan) if one.whole is None else one.whole.values for one in predictions]
    ).reshape(len(predictions), 3)
    speakers = [one.speaker for one in recordings]
    fit = fit_speaker_calibration(values, speakers)
    if not fit.speakers:
        n_known = len({name for name in speakers if name is not None})
        raise DataError(
            f"--calibrate speaker: {n_known} known speakers, and {FEWEST_SPEAKERS} or more are "
            "needed; name them in the column speaker of a table of recordings (.csv)"
        )

    def moved(one: WindowPrediction, speaker: str | None) -> WindowPrediction:
        changed = fit.apply(one.values[np.newaxis], [speaker])[0]
        return replace(one, values=changed, outside=find_outside(changed, bounds))

    calibrated = []
    for one, speaker in zip(predictions, speakers, strict=True):
        if one.whole is None or speaker not in fit.speakers:
            said = () if one.whole is None else ("not calibrated: no speaker named",)
            calibrated.append(replace(one, notes=(*one.notes, *said)))
            continue
        calibrated.append(
            replace(
                _map_windows(one, partial(moved, speaker=speaker)),
                notes=(*one.notes, f"calibrated for speaker {speaker}"),
            )
        )
    return calibrated, fit


def describe_calibration(fit: SpeakerCalibration) -> dict[str, object]:
    """Describe shift and scale of each speaker and dimension, as JSON holds them."""
    return {
        name: {
            "recordings": int(fit.n_recordings[place]),
            "shift": dict(zip(DIMENSIONS, fit.shifts[place].tolist(), strict=True)),
            "scale": dict(zip(DIMENSIONS, fit.scales[place].tolist(), strict=True)),
        }
        for place, name in enumerate(fit.speakers)
    }


def add_bounds(
    predictions: Sequence[SpeechPrediction], intervals: Intervals
) -> list[SpeechPrediction]:
    """Add the interval of each recording and each window."""

    def with_bounds(one: WindowPrediction) -> WindowPrediction:
        deviations = {kind: value[np.newaxis] for kind, value in one.deviations.items()}
        return replace(one, bounds=intervals.bounds(one.values[np.newaxis], deviations)[0])

    return [_map_windows(one, with_bounds) for one in predictions]


def clamp_speech(
    predictions: Sequence[SpeechPrediction], bounds: tuple[float, float]
) -> list[SpeechPrediction]:
    """Clip the values and intervals of all predictions to the rating scale."""
    return [_map_windows(one, lambda window: clamp(window, bounds)) for one in predictions]


def _map_windows(
    prediction: SpeechPrediction, change: Callable[[WindowPrediction], WindowPrediction]
) -> SpeechPrediction:
    """Change the whole recording and each of its windows; a failed one stays."""
    if prediction.whole is None:
        return prediction
    return replace(
        prediction,
        whole=change(prediction.whole),
        windows=tuple(change(window) for window in prediction.windows),
    )


def _average(parts: Sequence[WindowPrediction], bounds: tuple[float, float]) -> WindowPrediction:
    first = parts[0]
    values = np.mean([part.values for part in parts], axis=0)
    experts = set.intersection(*(set(part.experts) for part in parts))
    kinds = set.intersection(*(set(part.deviations) for part in parts))
    return replace(
        first,
        values=values,
        outside=find_outside(values, bounds),
        gate=float(np.mean([part.gate for part in parts])),
        experts={
            name: np.mean([part.experts[name] for part in parts], axis=0)
            for name in first.experts
            if name in experts
        },
        embedding=None,
        emotions={
            name: float(np.mean([part.emotions[name] for part in parts]))
            for name in first.emotions
            if all(name in part.emotions for part in parts)
        },
        deviations={
            **{
                kind: root_mean_square([part.deviations[kind] for part in parts])
                for kind in first.deviations
                if kind in kinds
            },
            ENSEMBLE: deviation_between([part.values for part in parts]),
        },
    )
