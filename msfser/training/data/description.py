"""What a run is trained on, in one line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from msfser.config.settings import RATE_HZ
from msfser.data.examples import Examples
from msfser.manifest import unlabelled_dimensions
from msfser.outputs import counted
from msfser.training.data.prepare import TrainingData


def describe_data(data: TrainingData) -> str:
    """Describe in one line what a run is trained on."""
    parts = [_describe("training", data.train)]
    if data.development is not None:
        parts.append(_describe("development", data.development))
    if unknown := unlabelled_dimensions(data.train.labels):
        parts.append(f"no label of {', '.join(unknown)}, so the model will not predict it")
    unsaid = [name.upper() for name, present in data.train.present.items() if not present.any()]
    if unsaid:
        parts.append(f"no text of {', '.join(unsaid)}, so the model learns nothing from it")
    if data.votes is not None:
        parts.append(_describe_votes(data.votes))
    if data.skipped:
        parts.append(f"{len(data.skipped):,} left out")
    return ", ".join(parts)


def _describe(name: str, examples: Examples) -> str:
    hours = examples.n_samples.sum() / RATE_HZ / 3600
    return f"{name}: {counted(len(examples), 'utterance')}, {hours:.2f} h"


def _describe_votes(votes: NDArray[np.float64]) -> str:
    n_votes = (~np.isnan(votes).all(axis=2)).sum(axis=1)
    n_rated, n = int((n_votes > 0).sum()), len(votes)
    if n_rated == 0:
        return "no votes of single raters, so the spread of ratings is not learned from any"
    shown = f"{n_votes[n_votes > 0].mean():.1f} votes each"
    return shown if n_rated == n else f"{shown} on {n_rated:,} of {n:,} training utterances"
