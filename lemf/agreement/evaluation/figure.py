"""Evaluation -> one figure: one panel per measure, one row per system, with both intervals."""

from __future__ import annotations

import io
import math

from lemf.agreement.evaluation.run import Evaluation
from lemf.agreement.evaluation.text import TITLES, describe, two_digits
from lemf.agreement.measures import MEASURES
from lemf.runtime.colours import BLUE, GREY_33, GREY_53, GREY_87
from lemf.runtime.extras import importing, silence_log
from lemf.runtime.output import FigureFormat

with importing("lemf[plot]"):
    silence_log("matplotlib")
    import matplotlib as mpl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

from lemf.display.figure_fonts import fonts_for, readable

_SYSTEM_COLOUR = BLUE
_BASELINE_COLOUR = GREY_53
_ROW_IN = 0.36  # height of a row in inches


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

    The intervals cover 95 %. The dashed line is chance; grey systems do not use the audio.

    Parameters
    ----------
    evaluation : Evaluation
    missing : str
        Letters of the names of systems that no font shows.

    Returns
    -------
    matplotlib.figure.Figure
    """
    height = 1.0 + _ROW_IN * len(evaluation.systems)
    figure = Figure(figsize=(12.0, height), layout="constrained")
    panels = figure.subplots(1, len(MEASURES), sharey=True)
    for axes, name in zip(panels, MEASURES, strict=True):
        _draw_panel(axes, evaluation, name)
    names = [system.name for system in evaluation.systems]
    labels = [readable(_short(name), missing) for name in names]
    panels[0].set_yticks(range(len(names)), labels, parse_math=False)
    panels[0].set_ylim(len(names) - 0.5, -0.5)
    for label, system in zip(panels[0].get_yticklabels(), evaluation.systems, strict=True):
        label.set_color(_BASELINE_COLOUR if system.baseline else "black")
    units = list(evaluation.systems[0].intervals)
    lines = "thin over sentences" + (", thick over speakers" if "speakers" in units else "")
    note = f"{describe(evaluation)}; 95 % intervals: {lines}; dashed: chance; grey does not listen"
    figure.supxlabel(note, fontsize=8, color=GREY_33)
    return figure


def _draw_panel(axes: Axes, evaluation: Evaluation, name: str) -> None:
    for row, system in enumerate(evaluation.systems):
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
    axes.set_title(TITLES[name][1], fontsize=9)
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
