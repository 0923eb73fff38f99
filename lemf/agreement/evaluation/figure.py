"""Evaluation -> one figure: one panel per measure, one row per system, with its intervals."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence

import numpy as np

from lemf.agreement.evaluation.cells import two_digits
from lemf.agreement.evaluation.detect import SystemDetection
from lemf.agreement.evaluation.detection_text import (
    COMPARED,
    DETECTION_TITLES,
    describe_detection,
)
from lemf.agreement.evaluation.results import Evaluation, SystemAgreement
from lemf.agreement.evaluation.text import TITLES, describe
from lemf.agreement.measures import MEASURES
from lemf.runtime.colours import BLUE, GREY_33, GREY_53, GREY_87
from lemf.runtime.extras import importing, silence_log
from lemf.runtime.output import FigureFormat

with importing("lemf[plot]"):
    silence_log("matplotlib")
    import matplotlib as mpl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

from lemf.display.figure_fonts import fonts_for, readable

_SYSTEM_COLOUR = BLUE
_BASELINE_COLOUR = GREY_53
_DETECTION_TITLES = {"precision": "precision", "none_or_some_auc": "none or some"}
_ROW_IN = 0.36  # height of a row in inches
_RELIABILITY_IN = 3.2  # height of the reliability plots in inches


def render_evaluation(evaluation: Evaluation, file_format: FigureFormat) -> bytes:
    """Draw the evaluation as the bytes of a file.

    Parameters
    ----------
    evaluation : Evaluation
    file_format : {"png", "svg", "pdf"}

    Returns
    -------
    bytes
        Content of the file; the same for the same evaluation.
    """
    stream = io.BytesIO()
    names = [system.name for system in evaluation.systems]
    names += (
        [system.name for system in evaluation.detection.systems] if evaluation.detection else []
    )
    fonts, missing = fonts_for(names)
    with mpl.rc_context({"svg.hashsalt": "lemf", "svg.fonttype": "none", "pdf.fonttype": 42}):
        if not "".join(names).isascii():
            mpl.rcParams["font.family"] = fonts
        dated = {"Date": None} if file_format == "svg" else {"CreationDate": None}
        metadata = None if file_format == "png" else dated
        draw_evaluation(evaluation, missing).savefig(
            stream, format=file_format, dpi=200, metadata=metadata, bbox_inches="tight"
        )
    return stream.getvalue()


def draw_evaluation(evaluation: Evaluation, missing: str = "") -> Figure:
    """Draw one panel per measure: points with intervals over sentences (thin), speakers (thick).

    The intervals cover 95 %. The dashed line is chance; grey systems do not use the audio. Below,
    the measures of detection and the reliability plots of the systems that give P, where detection
    was asked for.

    Parameters
    ----------
    evaluation : Evaluation
    missing : str
        Letters of the names of systems that no font shows.

    Returns
    -------
    matplotlib.figure.Figure
    """
    detection = evaluation.detection
    reliable = [] if detection is None else [s for s in detection.systems if s.reliability]
    heights = []
    if evaluation.n_sentences:
        heights.append(1.0 + _ROW_IN * len(evaluation.systems))
    if detection is not None:
        heights.append(1.0 + _ROW_IN * len(detection.systems))
    if reliable:
        heights.append(_RELIABILITY_IN)
    figure = Figure(figsize=(12.0, sum(heights)), layout="constrained")
    parts: list[Figure | SubFigure] = [figure]
    if len(heights) > 1:
        rows = figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)
        parts = list(np.asarray(rows).ravel())
    if evaluation.n_sentences:
        titles = {name: TITLES[name][1] for name in MEASURES}
        _draw_row(parts.pop(0), evaluation.systems, titles, describe(evaluation), missing)
    if detection is not None:
        titles = {name: _DETECTION_TITLES.get(name, DETECTION_TITLES[name]) for name in COMPARED}
        about = describe_detection(detection)
        _draw_row(parts.pop(0), detection.systems, titles, about, missing)
    if reliable:
        axes = parts.pop(0).subplots(1, max(len(reliable), 4), squeeze=False)[0]
        for one, place in zip(reliable, axes, strict=False):
            _draw_reliability(place, one, missing)
        for place in axes[len(reliable) :]:
            place.set_axis_off()
    return figure


def _draw_row(
    part: Figure | SubFigure,
    systems: Sequence[SystemAgreement | SystemDetection],
    titles: Mapping[str, str],
    about: str,
    missing: str,
) -> None:
    """Draw one panel per measure, whose titles are given, and below them what they are about."""
    panels = part.subplots(1, len(titles), sharey=True)
    for axes, (name, title) in zip(panels, titles.items(), strict=True):
        _draw_panel(axes, systems, name, title)
    names = [system.name for system in systems]
    labels = [readable(_short(name), missing) for name in names]
    panels[0].set_yticks(range(len(names)), labels, parse_math=False)
    panels[0].set_ylim(len(names) - 0.5, -0.5)
    for label, system in zip(panels[0].get_yticklabels(), systems, strict=True):
        label.set_color(_BASELINE_COLOUR if system.baseline else "black")
    lines = "thin over sentences"
    lines += ", thick over speakers" if "speakers" in systems[0].intervals else ""
    note = f"{about}; 95 % intervals: {lines}; dashed: chance; grey does not listen"
    part.supxlabel(note, fontsize=8, color=GREY_33)


def _draw_reliability(axes: Axes, system: SystemDetection, missing: str) -> None:
    """Draw the share of emphasised words over P, the number of words at each point."""
    bins = system.reliability
    if bins is None:
        return
    axes.plot([0, 1], [0, 1], color=_BASELINE_COLOUR, linestyle="--", linewidth=0.8)
    filled = bins.n_words > 0
    x, y = bins.mean_probability[filled], bins.share_emphasised[filled]
    axes.plot(x, y, "o-", color=_SYSTEM_COLOUR, markersize=4, linewidth=1)
    for n, mean, share in zip(bins.n_words[filled], x, y, strict=True):
        axes.annotate(
            str(n),
            (mean, share),
            xytext=(0, 5),
            textcoords="offset points",
            ha="center",
            fontsize=7,
        )
    axes.set(xlim=(0, 1), ylim=(0, 1.1), aspect="equal")
    axes.tick_params(labelsize=8)
    axes.set_xlabel("P(emphasised), mean of the bin", fontsize=8)
    axes.set_ylabel("share emphasised", fontsize=8)
    error, perfect = system.measures["ece"], system.perfect_ece
    axes.set_title(
        f"{readable(_short(system.name), missing)}: ECE {error:.3f} (perfect model {perfect:.3f})\n"
        "number of words at each point",
        fontsize=8,
        parse_math=False,
    )


def _draw_panel(
    axes: Axes,
    systems: Sequence[SystemAgreement | SystemDetection],
    name: str,
    title: str,
) -> None:
    for row, system in enumerate(systems):
        colour = _BASELINE_COLOUR if system.baseline else _SYSTEM_COLOUR
        if math.isnan(system.measures[name]):
            continue
        for unit, spans in system.intervals.items():
            low, high = spans[name]
            thick = unit == "speakers"
            axes.plot(
                [low, high],
                [row, row],
                color=colour,
                linewidth=3.5 if thick else 1.0,
                alpha=0.45 if thick else 1.0,
                solid_capstyle="butt",
            )
        axes.plot(system.measures[name], row, "o", color=colour, markersize=4.5)
        if not system.baseline:
            value = two_digits(system.measures[name])
            axes.annotate(
                value,
                (system.measures[name], row),
                xytext=(0, 5),
                textcoords="offset points",
                ha="center",
                fontsize=7,
            )
        if system.name == "chance":
            axes.axvline(
                system.measures[name], color=_BASELINE_COLOUR, linestyle="--", linewidth=0.8
            )
    axes.set_title(title, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.grid(axis="x", color=GREY_87, linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", length=0)
    if name not in ("spearman", "within_text"):
        axes.set_xlim(0.0, 1.02)


def _short(name: str) -> str:
    return name if len(name) <= 28 else name[:27] + "…"
