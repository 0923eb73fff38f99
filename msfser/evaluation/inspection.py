"""What a model listens to: routing, gates, what semantics change, what experts are worth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lemf.runtime.progress import Watch, no_watch
from msfser.ccc import FloatArray, ccc
from msfser.config.settings import SEMANTICS, Semantic
from msfser.data.examples import Examples, unscale_labels
from msfser.evaluation.evaluate import JudgedData
from msfser.evaluation.inference import Outputs, run_model
from msfser.evaluation.runs import Run, expert_names, make_reader
from msfser.manifest import DIMENSIONS, Utterance, label_array

if TYPE_CHECKING:
    import torch

NOTHING = "nothing"  # is left out: the model as it is


@dataclass(frozen=True, kw_only=True, eq=False)
class Inspection:
    """What a model does with some utterances.

    Attributes
    ----------
    utterances : tuple of Utterance
    values : (utterances, 3) float64
        Predictions in the scale of the corpus.
    expert_names : tuple of str
        Empty for a model without FM-MOE.
    routing : (3, experts) float64
        Weights pi of equation 7; each row sums to 1.
    gate : (utterances,) float64
        Mean of g in equation 4, the share of LES; NaN without gated fusion.
    present : dict of semantic to (utterances,) bool
        Whether there is such a text.
    changes : dict of semantic to (utterances, 3) float64
        Prediction minus the prediction with the null vector in the place of the text.
    knockouts : dict of str to (3,) float64
        CCC without each expert, whose weight the others share, and without `NOTHING`.
    silenced : dict of str to (3,) float64
        CCC with the null vector for each semantics, and without `NOTHING`.
    """

    utterances: tuple[Utterance, ...]
    values: FloatArray
    expert_names: tuple[str, ...]
    routing: FloatArray
    gate: FloatArray
    present: dict[Semantic, NDArray[np.bool_]]
    changes: dict[Semantic, FloatArray]
    knockouts: dict[str, FloatArray]
    silenced: dict[str, FloatArray]


def knock_out(expert_values: FloatArray, routing: FloatArray, expert: int) -> FloatArray:
    """Mix the experts without one of them, whose weight the others share.

    Parameters
    ----------
    expert_values : (utterances, experts, 3) float64
    routing : (3, experts) float64
        Weights pi of equation 7.
    expert : int
        Which one is left out.

    Returns
    -------
    (utterances, 3) float64
    """
    weights = routing.copy()
    weights[:, expert] = 0.0
    weights /= weights.sum(axis=1, keepdims=True)
    mixed: FloatArray = (weights.T * expert_values).sum(axis=1)
    return mixed


def most_changed(changes: FloatArray, n: int) -> list[int]:
    """Give the places of the utterances that changed most in any dimension, the most first."""
    most = np.abs(changes).max(axis=1)
    return [int(place) for place in np.argsort(-most, kind="stable")[:n]]


def inspect_run(
    run: Run, data: JudgedData, device: torch.device, *, watch: Watch = no_watch
) -> Inspection:
    """Look into a model over the utterances of a split.

    Parameters
    ----------
    run : Run
        Opened on `device`.
    data : JudgedData
    device : torch.device
    watch : function
        Called with how many windows of audio are done, and of how many, over all passes.
    """
    model, examples, reader = run.model, data.examples, make_reader(run.model)
    semantics = [name for name in SEMANTICS if name in model.config.semantics]
    n_passes = 1 + len(semantics)

    def predict(examples: Examples, n_before: int) -> Outputs:
        def watch_pass(done: int, total: int, failed: int = 0, note: str = "") -> None:
            watch(n_before * total + done, n_passes * total)

        return run_model(model, examples, reader, device=device, watch=watch_pass)

    watch(0, n_passes * len(examples))
    outputs = predict(examples, 0)
    bounds = data.manifest.label_bounds
    labels = label_array(data.utterances)
    values = unscale_labels(outputs.values, bounds)
    whole = ccc(values, labels)
    changes: dict[Semantic, FloatArray] = {}
    knockouts, silenced = {NOTHING: whole}, {NOTHING: whole}
    names = expert_names(model)
    experts, routing = outputs.expert_values, outputs.routing
    if experts is not None and routing is not None and len(names) > 1:
        for k, name in enumerate(names):
            mixed = unscale_labels(knock_out(experts, routing, k), bounds)
            knockouts[name] = ccc(mixed, labels)
    for number, name in enumerate(semantics, 1):
        absent = np.zeros(len(examples), dtype=np.bool_)
        others = replace(examples, present={**examples.present, name: absent})
        changed = unscale_labels(predict(others, number).values, bounds)
        changes[name] = values - changed
        silenced[name] = ccc(changed, labels)
    return Inspection(
        utterances=data.utterances,
        values=values,
        expert_names=names,
        routing=np.empty((len(DIMENSIONS), 0)) if routing is None else routing,
        gate=np.full(len(labels), np.nan) if outputs.gate is None else outputs.gate,
        changes=changes,
        present={name: examples.present[name] for name in semantics},
        knockouts=knockouts,
        silenced=silenced,
    )
