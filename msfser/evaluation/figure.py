"""Predictions against labels as figures: scatter, calibration, error by duration."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lemf.runtime.colours import BLUE, GREY_40
from msfser.ccc import FloatArray, ccc
from msfser.evaluation.bias.mean_errors import MeanError
from msfser.evaluation.groups import DURATION_EDGES_S, SPEAKER, duration_group, mean_known
from msfser.evaluation.predictions import Predictions
from msfser.manifest import DIMENSIONS
from msfser.outputs import counted

_N_CALIBRATION_BINS = 10
_MOST_SPEAKERS = 40
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


def draw_bias(errors: Sequence[MeanError]) -> Figure:
    """Draw the mean errors of groups with their intervals, and those of up to 40 speakers.

    Parameters
    ----------
    errors : sequence of MeanError
        Of one scope.
    """
    groups = [one for one in errors if one.by != SPEAKER and one.n_utterances]
    speakers = [one for one in errors if one.by == SPEAKER and one.n_utterances]
    kept = np.linspace(0, len(speakers) - 1, min(len(speakers), _MOST_SPEAKERS)).round()
    height = 1.2 + 0.22 * (len(groups) + len(kept))
    figure = Figure(figsize=(9.6, height), layout="constrained")
    panels = figure.subplots(1, len(DIMENSIONS), sharex=True)
    for d, (name, axes) in enumerate(zip(DIMENSIONS, panels, strict=True)):
        # speakers by their error in this dimension
        order = np.argsort([np.nan_to_num(one.mean[d]) for one in speakers], kind="stable")
        ordered = [speakers[place] for place in order]
        rows = [*groups, *(ordered[int(place)] for place in kept)]
        places = np.arange(len(rows), 0, -1)
        means = np.array([one.mean[d] for one in rows])
        bounds = np.array([one.bounds[d] for one in rows])
        is_speaker = np.array([one.by == SPEAKER for one in rows])
        for chosen, marker in ((~is_speaker, "o"), (is_speaker, ".")):
            axes.hlines(places[chosen], *bounds[chosen].T, color=_COLOUR, lw=1)
            axes.plot(means[chosen], places[chosen], marker, color=_COLOUR, ms=4)
        axes.axvline(0.0, color=_REFERENCE, lw=0.8, ls="--")
        axes.set_title(name, fontsize=10)
        axes.set_xlabel("prediction minus label")
        names = [f"{one.by} {one.group}".strip() for one in groups]
        ticks = names if d == 0 else [""] * len(names)
        axes.set_yticks(places[: len(groups)], ticks, fontsize=8)
        axes.set_ylim(0, len(rows) + 1)
    if len(kept):
        axes = panels[0]
        which = (
            counted(len(speakers), "speaker")
            if len(kept) == len(speakers)
            else (f"{len(kept)} of {len(speakers):,} speakers")
        )
        axes.annotate(
            f"{which},\nby error", (0, len(kept) / 2 + 0.5), xycoords=("axes fraction", "data"),
            xytext=(-6, 0), textcoords="offset points", ha="right", va="center", fontsize=8,
        )  # fmt: skip
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
