"""The two upper panels of a figure: F0 and energy over time, and the phrase boundaries."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FixedLocator

from lemf.arrays import FloatArray
from lemf.contours.contours import Contours
from lemf.display.figure_cues import mark_energy, mark_pitch
from lemf.option_choices import F0Axis
from lemf.runtime.colours import BLUE, GREY_27, VERMILION
from lemf.scoring.word_emphasis import SentenceEmphasis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

_FEW_HZ_TICKS = (50, 100, 200, 400, 800)  # of a row, which is lower
_HIGHEST_BREAK = 5.0  # strength whose mark is as high as the panel
_BREAK_WIDTHS = {"minor": 2.0, "major": 3.5}  # of the marks, in points
_HZ_TICKS = (50, 75, 100, 150, 200, 300, 400, 600, 800, 1200)


def draw_f0(
    axes: Axes,
    page: SentenceEmphasis,
    sentence: SentenceEmphasis,
    contours: Contours,
    span: slice,
    f0_axis: F0Axis,
    whole: slice | None = None,
) -> None:
    """Draw F0 in a span of frames, with what the cues of pitch measure, on the scale of an axis.

    The axis has room for the frames of `whole`, by default those of the span.
    """
    # F0 on the scale of the axis
    all_hz = np.where(contours.f0_hz > 0, contours.f0_hz, np.nan)  # NaN breaks the line
    voiced = all_hz[whole or span]
    reference_hz = float(np.nanmedian(voiced)) if np.isfinite(voiced).any() else 100.0

    def scale(hz: FloatArray) -> FloatArray:
        if f0_axis == "hz":
            return hz
        if f0_axis == "semitones":
            return 12 * np.log2(hz / reference_hz)
        return np.log(hz)

    values = scale(voiced)
    axes.plot(
        contours.times_s[span],
        scale(all_hz[span]),
        ".-",
        color=BLUE,
        linewidth=1.2,
        markersize=2.5,
        label="F0",
    )
    mark_pitch(axes, page, sentence, contours, scale)

    # label, limits and the axis in Hz
    label = {
        "log": "log-F0 (ln Hz)",
        "semitones": f"F0 (semitones re {reference_hz:.0f} Hz)",
        "hz": "F0 (Hz)",
    }[f0_axis]
    axes.set_ylabel(label)
    if not np.isfinite(values).any():
        axes.set_yticks([])
        axes.text(0.5, 0.5, "no voiced frame", transform=axes.transAxes, ha="center", va="center")
        return
    low, high = np.nanmin(values), np.nanmax(values)
    room = max(high - low, 0.1 if f0_axis == "log" else 2.0)
    above = 0.36 if whole is None else 0.6  # the labels of a lower panel take more
    axes.set_ylim(low - 0.22 * room, high + above * room)
    if f0_axis == "log":
        in_hz = axes.secondary_yaxis("right", functions=(_exp, _log))
        in_hz.yaxis.set_major_locator(FixedLocator(_HZ_TICKS if whole is None else _FEW_HZ_TICKS))
        in_hz.set_ylabel("Hz")


def _exp(log_f0: ArrayLike) -> FloatArray:
    return np.asarray(np.exp(log_f0), dtype=np.float64)


def _log(hz: ArrayLike) -> FloatArray:
    return np.asarray(np.log(np.maximum(hz, 1e-9)), dtype=np.float64)


def draw_energy(
    axes: Axes,
    sentence: SentenceEmphasis,
    contours: Contours,
    span: slice,
    whole: slice | None = None,
) -> None:
    """Draw the energy in a span of frames, with what the cues of loudness measure.

    The axis has room for the frames of `whole`, by default those of the span.
    """
    energy = contours.energy[whole or span]
    # very small and very large energies get their power of ten into the label
    exponent = math.floor(math.log10(max([*energy, 1e-300])))
    exponent = 0 if -3 <= exponent <= 4 or not energy.any() else exponent
    unit = 10.0**exponent if exponent else 1.0
    energy = energy / unit if exponent else energy
    drawn = contours.energy[span]
    drawn = drawn / unit if exponent else drawn
    axes.plot(contours.times_s[span], drawn, color=GREY_27, linewidth=1.0, label="energy")
    mark_energy(axes, sentence, contours, span, unit)
    axes.set_ylim(0.0, 1.08 * max(energy) if energy.any() else 1.0)
    axes.set_ylabel("energy (L2 norm of STFT" + (f", 1e{exponent})" if exponent else ")"))


def mark_breaks(axes: Axes, sentence: SentenceEmphasis) -> None:
    """Draw the minor and major breaks, if measured, from the top of a panel down."""
    across = axes.get_xaxis_transform()
    named: set[str] = set()
    for word in sentence.words:
        after = word.break_after
        if after is None or after.kind not in _BREAK_WIDTHS or math.isnan(after.strength):
            continue
        label = f"{after.kind} break"
        axes.plot(
            [word.end_s, word.end_s],
            [1.0 - min(after.strength / _HIGHEST_BREAK, 1.0), 1.0],
            transform=across,
            color=VERMILION,
            linewidth=_BREAK_WIDTHS[after.kind],
            solid_capstyle="butt",
            label=None if label in named else label,
        )
        named.add(label)
