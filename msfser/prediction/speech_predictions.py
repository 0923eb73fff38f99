"""Predictions of a recording and of the windows that it is cut into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from msfser.ccc import FloatArray
from msfser.config.model_facts import ModelFacts
from msfser.config.settings import RATE_HZ
from msfser.data.examples import unscale_deviations, unscale_labels
from msfser.evaluation.inference import Outputs
from msfser.manifest import DIMENSIONS
from msfser.prediction.speech_texts import SpeechTexts


@dataclass(frozen=True, kw_only=True, eq=False)
class WindowPrediction:
    """The prediction of a window, or of a whole recording.

    Attributes
    ----------
    start_s, end_s : float
    values : (3,) float64
        In the order of `DIMENSIONS`, on the scale of the corpus; NaN where the training data had no
        label of the dimension.
    outside : tuple of str
        Dimensions whose value lies outside the scale of the corpus.
    gate : float
        Mean of g in equation 4: 0 is all GS, 1 all LES; NaN without gated fusion.
    experts : dict of str to (3,) float64
        Prediction of each expert alone; empty without FM-MOE.
    embedding : (dim,) float32 or None
        Pooled acoustic features; None if they are not kept.
    deviations : dict of str to (3,) float64
        Standard deviations on the scale of the corpus, ``"aleatoric"`` and ``"epistemic"``; empty
        for a model that does not predict evidence.
    bounds : (3, 2) float64 or None
        Lower and upper end of the interval of each value; None without intervals.
    emotions : dict of str to float
        Probability of each emotion; empty without a head for it.
    """

    start_s: float
    end_s: float
    values: FloatArray
    outside: tuple[str, ...]
    gate: float
    experts: dict[str, FloatArray]
    embedding: NDArray[np.float32] | None
    deviations: dict[str, FloatArray] = field(default_factory=dict)
    bounds: FloatArray | None = None
    emotions: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class SpeechPrediction:
    """The prediction of one recording, or why there is none.

    Attributes
    ----------
    wav : Path
    reason : str or None
        Why the recording could not be predicted; None if it was.
    whole : WindowPrediction or None
        The mean over the windows, weighted by their lengths; None if the prediction failed.
    windows : tuple of WindowPrediction
        One for a recording that is no longer than a window.
    texts : SpeechTexts
    notes : tuple of str
        How the recording was changed, and which texts are missing.
    """

    wav: Path
    reason: str | None = None
    whole: WindowPrediction | None = None
    windows: tuple[WindowPrediction, ...] = ()
    texts: SpeechTexts = field(default_factory=SpeechTexts)
    notes: tuple[str, ...] = ()


def window_prediction(
    outputs: Outputs,
    row: int,
    samples: tuple[int, int],
    facts: ModelFacts,
    experts: Sequence[str],
) -> WindowPrediction:
    """Convert one row of a model's outputs to a prediction on the scale of the corpus.

    Parameters
    ----------
    outputs : Outputs
    row : int
    samples : (int, int)
        First sample of the window, and the sample after its last.
    facts : ModelFacts
        Of the model.
    experts : sequence of str
        Names of the experts.
    """
    bounds = facts.label_bounds
    known = np.array([1.0 if name in facts.learned else np.nan for name in DIMENSIONS])
    values = known * unscale_labels(outputs.values[row], bounds)
    by_expert = {}
    if outputs.expert_values is not None:
        by_expert = dict(
            zip(experts, known * unscale_labels(outputs.expert_values[row], bounds), strict=True)
        )
    return WindowPrediction(
        start_s=float(samples[0] / RATE_HZ),
        end_s=float(samples[1] / RATE_HZ),
        values=values,
        outside=find_outside(values, bounds),
        gate=np.nan if outputs.gate is None else float(outputs.gate[row]),
        experts=by_expert,
        embedding=None if outputs.embeddings is None else outputs.embeddings[row],
        deviations={
            kind: known * unscale_deviations(variances[row], bounds)
            for kind, variances in outputs.variances.items()
        },
        emotions={}
        if outputs.emotions is None
        else dict(zip(facts.emotions, outputs.emotions[row].tolist(), strict=True)),
    )


def clamp(prediction: WindowPrediction, bounds: tuple[float, float]) -> WindowPrediction:
    """Clip values to the rating scale; `outside` still names the dimensions."""
    kept = None if prediction.bounds is None else np.clip(prediction.bounds, *bounds)
    return replace(prediction, values=np.clip(prediction.values, *bounds), bounds=kept)


def most_probable(emotions: Mapping[str, float]) -> str:
    """Return the most probable emotion; the first of equal ones."""
    return max(emotions, key=emotions.__getitem__)


def find_outside(values: FloatArray, bounds: tuple[float, float]) -> tuple[str, ...]:
    """Return the dimensions whose value, (3,), lies outside the rating scale."""
    low, high = bounds
    return tuple(
        name for name, value in zip(DIMENSIONS, values, strict=True) if value < low or value > high
    )
