"""Predictions against labels as figures: scatter, calibration, error by duration."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lemf.runtime.colours import BLUE, GREY_40
from msfser.ccc import FloatArray, ccc
from msfser.evaluation.predictions import Predictions
from msfser.evaluation.scores import DURATION_EDGES_S, duration_group, mean_known
from msfser.manifest import DIMENSIONS

_N_CALIBRATION_BINS = 10
_DENSE = 2000  # utterances from which a scatter is drawn as a density
_COLOUR = BLUE
_REFERENCE = GREY_40


def draw_scatter(predictions: Predictions) -> Figure:
    """Draw predictions over labels, one panel per dimension, with the line of agreement."""

    def draw(axes: Axes, labels: FloatArray, values: FloatArray) -> None:
        low, high = _limits(predictions)
        if len(labels) < _DENSE:
            axes.scatter(labels, values, s=9, alpha=0.5, color=_COLOUR, linewidths=0)
        else:
            axes.hexbin(
                labels, values, gridsize=40, extent=(low, high, low, high), bins="log",
                mincnt=1, cmap="Blues", linewidths=0,
            )  # fmt: skip
        _draw_agreement(axes, low, high)
        score = ccc(values[:, np.newaxis], labels[:, np.newaxis])[0]
        axes.set_title(f"{axes.get_title()}: CCC {score:.3f}", fontsize=10)

    return _panels(predictions, draw, "label", "prediction")


def draw_calibration(predictions: Predictions) -> Figure:
    """Draw mean labels over mean predictions in tenths of the predictions.

    On the line, utterances predicted at x are labelled x on average; bars show two standard errors
    of the mean label.
    """

    def draw(axes: Axes, labels: FloatArray, values: FloatArray) -> None:
        parts = np.array_split(np.argsort(values, kind="stable"), _N_CALIBRATION_BINS)
        parts = [part for part in parts if len(part)]
        predicted = [values[part].mean() for part in parts]
        labelled = [labels[part].mean() for part in parts]
        errors = [2 * labels[part].std() / np.sqrt(len(part)) for part in parts]
        axes.errorbar(predicted, labelled, yerr=errors, fmt="o-", ms=4, lw=1, color=_COLOUR)
        _draw_agreement(axes, *_limits(predictions))

    return _panels(predictions, draw, "mean prediction of a tenth", "mean label")


def draw_error_by_duration(predictions: Predictions) -> Figure:
    """Draw the root mean square error by the duration of the recording."""
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.add_subplot()
    groups = np.array([duration_group(duration) for duration in predictions.duration_s])
    names = [duration_group(edge) for edge in DURATION_EDGES_S[:-1]]
    names = [name for name in names if name in groups]
    squares = (predictions.values - predictions.labels) ** 2
    for d, (dimension, marker) in enumerate(zip(DIMENSIONS, "os^", strict=True)):
        rmse = [np.sqrt(mean_known(squares[groups == name, d])) for name in names]
        axes.plot(range(len(names)), rmse, marker=marker, label=dimension)
    counts = [f"{name}\n{int((groups == name).sum()):,}" for name in names]
    axes.set_xticks(range(len(names)), counts, fontsize=8)
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.set_ylim(0, 1.25 * axes.get_ylim()[1])
    axes.set_xlabel("duration, and how many utterances")
    axes.set_ylabel("RMSE on the corpus's scale")
    axes.legend(frameon=False, fontsize=8, ncols=3, loc="upper left")
    return figure


def _panels(
    predictions: Predictions,
    draw: Callable[[Axes, FloatArray, FloatArray], None],
    x_label: str,
    y_label: str,
) -> Figure:
    """Draw one panel per dimension, of the utterances with a label in it."""
    figure = Figure(figsize=(9.6, 3.8), layout="constrained")
    panels = figure.subplots(1, len(DIMENSIONS), sharex=True, sharey=True)
    for d, (name, axes) in enumerate(zip(DIMENSIONS, panels, strict=True)):
        axes.set_title(name, fontsize=10)
        axes.set_xlabel(x_label)
        known = ~np.isnan(predictions.labels[:, d])
        if known.any():
            draw(axes, predictions.labels[known, d], predictions.values[known, d])
        axes.set_box_aspect(1)
    panels[0].set_ylabel(y_label)
    return figure


def _limits(predictions: Predictions) -> tuple[float, float]:
    """Return the limits of the axes: the scale, and more if predictions lie outside."""
    low, high = predictions.label_bounds
    values = np.concatenate([predictions.labels.ravel(), predictions.values.ravel()])
    low, high = min(low, np.nanmin(values)), max(high, np.nanmax(values))
    margin = 0.03 * (high - low)
    return low - margin, high + margin


def _draw_agreement(axes: Axes, low: float, high: float) -> None:
    """Draw the line of agreement, and set the limits of both axes."""
    axes.plot([low, high], [low, high], color=_REFERENCE, lw=0.8, ls="--")
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
