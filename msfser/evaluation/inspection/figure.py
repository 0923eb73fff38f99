"""Figures of an inspection: routing, gates, knock-outs and changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from lemf.runtime.colours import BLUE, GREEN, GREY_27, GREY_40, GREY_53, ORANGE, PURPLE
from msfser.ccc import FloatArray
from msfser.config.settings import Semantic
from msfser.manifest import DIMENSIONS

_COLOURS = (BLUE, ORANGE, GREEN, PURPLE)
_WHOLE = GREY_40  # the whole model; an expert that is left out has the colour of its routing


def draw_routing(expert_names: Sequence[str], routing: FloatArray) -> Figure:
    """Draw the weights of the experts, one bar per dimension.

    Parameters
    ----------
    expert_names : sequence of str
    routing : (3, experts) float64
    """
    figure = Figure(figsize=(6.4, 2.4), layout="constrained")
    axes = figure.add_subplot()
    left = np.zeros(len(DIMENSIONS))
    for k, name in enumerate(expert_names):
        bars = axes.barh(DIMENSIONS, routing[:, k], left=left, color=_COLOURS[k], label=name)
        axes.bar_label(
            bars,
            [f"{w:.2f}" for w in routing[:, k]],
            label_type="center",
            color="black" if k == 1 else "white",
        )
        left += routing[:, k]
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xlabel("routing weight")
    figure.legend(loc="outside right upper", title="expert", frameon=False)
    return figure


def draw_gate(gate: FloatArray) -> Figure:
    """Draw a histogram of the mean gates of the utterances.

    Parameters
    ----------
    gate : (utterances,) float64
    """
    figure = Figure(figsize=(6.4, 2.6), layout="constrained")
    axes = figure.add_subplot()
    axes.hist(gate, bins=40, range=(0.0, 1.0), color=_COLOURS[0])
    axes.axvline(float(gate.mean()), color=GREY_27, ls="--", lw=1)
    axes.set_xlim(0, 1)
    axes.set_xlabel("mean gate of an utterance: 0 is all GS, 1 all LES; dashed: their mean")
    axes.set_ylabel("utterances")
    return figure


def draw_ccc_without(scores: Mapping[str, FloatArray], what: str) -> Figure:
    """Draw CCC of each dimension, of the whole model and without each of its parts.

    Parameters
    ----------
    scores : mapping of str to (3,) float64
        CCC by the part that is left out; the first is the whole model.
    what : str
        Title of the legend.
    """
    figure = Figure(figsize=(6.4, 3.0), layout="constrained")
    axes = figure.add_subplot()
    width = 0.8 / len(scores)
    for i, (name, values) in enumerate(scores.items()):
        places = np.arange(len(DIMENSIONS)) + (i - (len(scores) - 1) / 2) * width
        colour = _COLOURS[i - 1] if i else _WHOLE
        axes.bar(places, np.nan_to_num(values), width, color=colour, label=name)
    axes.axhline(0, color=GREY_27, lw=0.8)
    axes.set_xticks(range(len(DIMENSIONS)), DIMENSIONS)
    axes.set_ylabel("CCC")
    figure.legend(loc="outside right upper", title=what, frameon=False)
    return figure


def draw_changes(changes: Mapping[Semantic, FloatArray]) -> Figure:
    """Draw how far each level of semantics moves the predictions, one panel per dimension.

    Parameters
    ----------
    changes : mapping of str to (utterances, 3) float64
        On the scale of the corpus.
    """
    figure = Figure(figsize=(9.6, 3.0), layout="constrained")
    panels = figure.subplots(1, len(DIMENSIONS), sharey=True)
    for d, axes in enumerate(panels):
        axes.boxplot(
            [values[:, d] for values in changes.values()],
            tick_labels=[name.upper() for name in changes],
            whis=(2.5, 97.5),
            sym="",
        )
        axes.axhline(0, color=GREY_53, lw=0.8, ls="--")
        axes.set_title(DIMENSIONS[d], fontsize=10)
    panels[0].set_ylabel("change of the prediction")
    return figure
