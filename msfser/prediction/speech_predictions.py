"""What the model says of a recording and of the windows that it is cut into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from msfser.ccc import FloatArray
from msfser.data.clips import RATE_HZ
from msfser.data.examples import unscale_labels
from msfser.evaluation.inference import Outputs
from msfser.manifest import DIMENSIONS
from msfser.prediction.speech_texts import SpeechTexts


@dataclass(frozen=True, kw_only=True, eq=False)
class Said:
    """What the model says of a stretch of speech.

    Attributes
    ----------
    start_s, end_s : float
    values : (3,) float64
        In the order of `DIMENSIONS`, on the scale of the corpus.
    outside : tuple of str
        Dimensions that the model puts outside the ends of the scale.
    gate : float
        Mean of g in equation 4: 0 is all GS, 1 all LES; NaN without gated fusion.
    experts : dict of str to (3,) float64
        What each expert says on its own; empty without FM-MOE.
    embedding : (dim,) float32 or None
        Pooled acoustic features, where they were asked for.
    """

    start_s: float
    end_s: float
    values: FloatArray
    outside: tuple[str, ...]
    gate: float
    experts: dict[str, FloatArray]
    embedding: NDArray[np.float32] | None


@dataclass(frozen=True, kw_only=True, eq=False)
class SpeechPrediction:
    """What came of one recording.

    Attributes
    ----------
    wav : Path
    reason : str or None
        Why nothing could be predicted; None where it could.
    whole : Said or None
        The mean over the windows, each weighted by its length; None where it failed.
    windows : tuple of Said
        One for a recording no longer than a window.
    texts : SpeechTexts
    notes : tuple of str
        What was done to the recording, and which texts are missing.
    """

    wav: Path
    reason: str | None = None
    whole: Said | None = None
    windows: tuple[Said, ...] = ()
    texts: SpeechTexts = field(default_factory=SpeechTexts)
    notes: tuple[str, ...] = ()


def said_of_windows(
    outputs: Outputs,
    rows: NDArray[np.int64],
    lengths: Sequence[int],
    bounds: tuple[float, float],
    experts: Sequence[str],
) -> list[Said]:
    """Give what was said of each window of one recording, on the scale of the corpus.

    Parameters
    ----------
    outputs : Outputs
    rows : (windows,) int64
        Where the windows stand in the outputs.
    lengths : sequence of int
        Their samples.
    bounds : (float, float)
        Ends of the rating scale.
    experts : sequence of str
        Their names.
    """
    ends_s = np.cumsum(lengths) / RATE_HZ
    starts_s = np.concatenate([[0.0], ends_s[:-1]])
    said = []
    for row, start_s, end_s in zip(rows, starts_s, ends_s, strict=True):
        values = unscale_labels(outputs.values[row], bounds)
        by_expert = {}
        if outputs.expert_values is not None:
            on_scale = unscale_labels(outputs.expert_values[row], bounds)
            by_expert = dict(zip(experts, on_scale, strict=True))
        said.append(
            Said(
                start_s=float(start_s),
                end_s=float(end_s),
                values=values,
                outside=_outside(values, bounds),
                gate=np.nan if outputs.gate is None else float(outputs.gate[row]),
                experts=by_expert,
                embedding=None if outputs.embeddings is None else outputs.embeddings[row],
            )
        )
    return said


def mean_of_windows(said: Sequence[Said], bounds: tuple[float, float]) -> Said:
    """Average windows, each weighted by its length."""
    weights = np.array([one.end_s - one.start_s for one in said])
    weights /= weights.sum()
    embeddings = [one.embedding for one in said if one.embedding is not None]
    values = weights @ np.array([one.values for one in said])
    return Said(
        start_s=said[0].start_s,
        end_s=said[-1].end_s,
        values=values,
        outside=_outside(values, bounds),
        gate=float(weights @ np.array([one.gate for one in said])),
        experts={
            name: weights @ np.array([one.experts[name] for one in said])
            for name in said[0].experts
        },
        embedding=(weights @ np.array(embeddings)).astype(np.float32) if embeddings else None,
    )


def clamp(said: Said, bounds: tuple[float, float]) -> Said:
    """Bring values outside the scale to its nearer end; `outside` still names them."""
    return replace(said, values=np.clip(said.values, *bounds))


def _outside(values: FloatArray, bounds: tuple[float, float]) -> tuple[str, ...]:
    low, high = bounds
    return tuple(
        name for name, value in zip(DIMENSIONS, values, strict=True) if not low <= value <= high
    )
