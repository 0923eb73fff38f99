"""The mean of several models on the same utterances, and how far they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from msfser.ccc import FloatArray
from msfser.evaluation.comparison.compare import check_same_utterances
from msfser.evaluation.predictions import Predictions

ENSEMBLE = "ensemble"  # the kind of deviation


def average_models(parts: Sequence[Predictions], names: Sequence[str]) -> Predictions:
    """Average the predictions of several models, such as those of several seeds.

    The deviation `ENSEMBLE` is the standard deviation between the models; other deviations are
    roots of mean squares. Values of experts and gates are means where all models have them.

    Parameters
    ----------
    parts : sequence of Predictions
        Two or more.
    names : sequence of str
        Of the models, for messages.

    Raises
    ------
    DataError
        The models predict other utterances.
    """
    first = parts[0]
    others = [
        check_same_utterances(first, part, (names[0], name))
        for part, name in zip(parts[1:], names[1:], strict=True)
    ]
    every = [first, *others]
    experts = set.intersection(*(set(part.experts) for part in every))
    kinds = set.intersection(*(set(part.deviations) for part in every))
    notes = {
        scope: (
            *dict.fromkeys(note for part in every for note in part.notes.get(scope, ())),
            f"predictions are means of {len(every)} models",
        )
        for scope in dict.fromkeys(
            [*(scope for part in every for scope in part.notes), *_scope_names(first)]
        )
    }
    return replace(
        first,
        values=np.mean([part.values for part in every], axis=0),
        experts={
            name: np.mean([part.experts[name] for part in every], axis=0)
            for name in first.experts
            if name in experts
        },
        gate_mean=np.mean([part.gate_mean for part in every], axis=0),
        deviations={
            **{
                kind: root_mean_square([part.deviations[kind] for part in every])
                for kind in first.deviations
                if kind in kinds
            },
            ENSEMBLE: deviation_between([part.values for part in every]),
        },
        notes=notes,
        trained_on=frozenset().union(*(part.trained_on for part in every)),
    )


def deviation_between(values: Sequence[FloatArray]) -> FloatArray:
    """Compute the standard deviation between models, n - 1 in the denominator."""
    deviation: FloatArray = np.std(np.stack(values), axis=0, ddof=1)
    return deviation


def root_mean_square(values: Sequence[FloatArray]) -> FloatArray:
    """Compute the root of the mean square over models."""
    root: FloatArray = np.sqrt(np.mean(np.square(np.stack(values)), axis=0))
    return root


def _scope_names(predictions: Predictions) -> list[str]:
    from msfser.evaluation.scores import scopes

    return [scope for scope, _ in scopes(predictions)]
