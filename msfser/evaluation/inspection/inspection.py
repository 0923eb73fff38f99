"""Inspection of a model: routing, gates, effects of the semantics, knock-outs of experts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from lemf.runtime.progress import Watch, no_watch
from msfser.ccc import FloatArray, ccc
from msfser.config.settings import SEMANTICS, Semantic
from msfser.data.examples import Examples, unscale_labels
from msfser.evaluation.evaluate import EvaluationData
from msfser.evaluation.inference import Outputs, run_model
from msfser.evaluation.runs import Run, expert_names, make_reader, routing_weights
from msfser.manifest import Utterance, label_array
from msfser.model.fm_moe import mix_experts, without_expert

NOTHING = "nothing"  # is left out: the whole model


@dataclass(frozen=True, kw_only=True, eq=False)
class Inspection:
    """Routing, gates and effects of semantics and experts on some utterances.

    Attributes
    ----------
    utterances : tuple of Utterance
    values : (utterances, 3) float64
        Predictions on the scale of the corpus.
    expert_names : tuple of str
        Empty for a model without FM-MOE.
    routing : (3, experts) float64
        Weights pi of equation 7; each row sums to 1.
    gate : (utterances,) float64
        Mean of g in equation 4, the share of LES; NaN without gated fusion.
    present : dict of semantic to (utterances,) bool
        Whether the utterance has a text of this kind.
    changes : dict of semantic to (utterances, 3) float64
        Prediction minus the prediction with the null vector in place of the text.
    knockouts : dict of str to (3,) float64
        CCC of the whole model (`NOTHING`) and without each expert, whose weight the others share.
    silenced : dict of str to (3,) float64
        CCC of the whole model (`NOTHING`) and with the null vector for each level of semantics.
    untrained : tuple of semantic
        Semantics whose null vector is zero as before training: `changes` and `silenced` of these
        tell what a vector of zeros does, not what the model makes of a missing text.
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
    untrained: tuple[Semantic, ...]


def most_changed(changes: FloatArray, n: int) -> list[int]:
    """Find the n utterances that changed most in any dimension, the most first."""
    most = np.abs(changes).max(axis=1)
    return [int(place) for place in np.argsort(-most, kind="stable")[:n]]


def inspect_run(
    run: Run, data: EvaluationData, device: torch.device, *, watch: Watch = no_watch
) -> Inspection:
    """Inspect a model over the utterances of a split.

    Parameters
    ----------
    run : Run
        Opened on `device`.
    data : EvaluationData
    device : torch.device
    watch : function
        Called with the number of windows of audio done, and the total, over all passes.
    """
    model, examples, read = run.model, data.examples, make_reader(run.model, run.cache).read
    semantics = [name for name in SEMANTICS if name in model.config.semantics]
    n_passes = 1 + len(semantics)

    def predict(examples: Examples, n_earlier: int) -> Outputs:
        def watch_pass(done: int, total: int, failed: int = 0, note: str = "") -> None:
            watch(n_earlier * total + done, n_passes * total)

        return run_model(model, examples, read, device=device, watch=watch_pass)

    # The whole model
    watch(0, n_passes * len(examples))
    outputs = predict(examples, 0)
    bounds = data.manifest.label_bounds
    labels = label_array(data.utterances)
    values = unscale_labels(outputs.values, bounds)
    whole = ccc(values, labels)

    # Without each expert
    knockouts, names, routing = (
        {NOTHING: whole},
        expert_names(model),
        routing_weights(model).double(),
    )
    if outputs.expert_values is not None and len(names) > 1:
        expert_values = torch.from_numpy(outputs.expert_values)
        for k, name in enumerate(names):
            mixed = mix_experts(expert_values, without_expert(routing, k)).numpy()
            knockouts[name] = ccc(unscale_labels(mixed, bounds), labels)

    # Without the texts of each level of semantics
    changes: dict[Semantic, FloatArray] = {}
    silenced = {NOTHING: whole}
    for number, name in enumerate(semantics, 1):
        absent = np.zeros(len(examples), dtype=np.bool_)
        without_text = replace(examples, present={**examples.present, name: absent})
        changed = unscale_labels(predict(without_text, number).values, bounds)
        changes[name] = values - changed
        silenced[name] = ccc(changed, labels)
    return Inspection(
        utterances=data.utterances,
        values=values,
        expert_names=names,
        routing=routing.numpy(),
        gate=np.full(len(labels), np.nan) if outputs.gate is None else outputs.gate,
        changes=changes,
        present={name: examples.present[name] for name in semantics},
        knockouts=knockouts,
        silenced=silenced,
        untrained=model.null_vectors.untrained,
    )
