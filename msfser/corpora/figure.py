"""A corpus on one page: labels, durations, splits or folds, speakers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator
from numpy.typing import NDArray

from lemf.runtime.colours import (
    BLACK,
    BLUE,
    GREEN,
    GREY_40,
    GREY_73,
    ORANGE,
    PURPLE,
    SKY_BLUE,
    VERMILION,
)
from lemf.runtime.console import printable
from msfser.corpora.summary import group_utterances, summarise_group
from msfser.manifest import DIMENSIONS, Manifest, Utterance, label_array
from msfser.outputs import counted

_COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY_BLUE, BLACK)
_HALF_STEPS_UP_TO = 10  # span of a scale whose ratings are whole numbers
_N_LABEL_BINS = 16  # of any other scale
_ROUNDING = 1e-9
_DURATION_TICKS_S = (0.25, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100, 200, 500, 1000)
_DURATION_BINS = (8, 40)  # fewest and most
_FEW_SPEAKERS = 40  # up to here each has a bar


def draw_corpus(manifest: Manifest) -> Figure:
    """Draw the utterances that did not fail, with one colour per split, or fold without splits.

    Parameters
    ----------
    manifest : Manifest

    Returns
    -------
    Figure
        Six panels: the three dimensions, durations, counts, speakers.
    """
    figure = Figure(figsize=(10.5, 6.0), layout="constrained")
    panels = figure.subplots(2, 3)
    groups = group_utterances(manifest)
    usable = {
        name: [utterance for utterance in utterances if utterance.status == "ok"]
        for name, utterances in groups.items()
    }
    colours = {name: _COLOURS[i % len(_COLOURS)] for i, name in enumerate(groups)}
    for column, (axes, dimension) in enumerate(zip(panels[0], DIMENSIONS, strict=True)):
        labels = {name: label_array(rows)[:, column] for name, rows in usable.items()}
        _draw_labels(axes, labels, colours, manifest.label_bounds)
        axes.set_title(dimension, fontsize=10)
    panels[0, 0].set_ylabel("share of utterances", fontsize=9)
    _draw_durations(panels[1, 0], usable, colours)
    _draw_counts(panels[1, 1], groups, colours)
    _draw_speakers(panels[1, 2], [row for rows in usable.values() for row in rows])
    figure.suptitle(printable(manifest.title), fontsize=11, x=0.01, ha="left")
    for axes in panels.flat:
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _draw_labels(
    axes: Axes,
    labels: Mapping[str, NDArray[np.float64]],
    colours: Mapping[str, str],
    bounds: tuple[float, float],
) -> None:
    """Draw the distributions; labels outside the scale widen the axis, and lines mark the scale."""
    known = {name: values[np.isfinite(values)] for name, values in labels.items()}
    known = {name: values for name, values in known.items() if len(values)}
    low, high = bounds
    span = high - low
    n_bins = round(2 * span) if span.is_integer() and span <= _HALF_STEPS_UP_TO else _N_LABEL_BINS
    width = span / n_bins  # means of few ratings fall on halves: finer bins would look like a comb
    everything = np.concatenate([[low, high], *known.values()])
    n_below = np.ceil((low - everything.min()) / width - _ROUNDING)
    n_above = np.ceil((everything.max() - high) / width - _ROUNDING)
    edges = low + width * np.arange(-n_below, n_bins + n_above + 1)
    _draw_shares(axes, known, colours, edges)
    for bound in bounds if n_below or n_above else ():
        axes.axvline(bound, color=GREY_40, lw=0.8, ls=":")
    axes.set_xlim(edges[0], edges[-1])
    if not known:
        axes.text(0.5, 0.5, "no labels", ha="center", va="center", transform=axes.transAxes)


def _draw_durations(
    axes: Axes, groups: Mapping[str, Sequence[Utterance]], colours: Mapping[str, str]
) -> None:
    seconds = {
        name: np.array([row.duration_s for row in rows]) for name, rows in groups.items() if rows
    }
    axes.set_xlabel("duration (s)", fontsize=9)
    axes.set_ylabel("share of utterances", fontsize=9)
    if not seconds:
        return
    everything = np.concatenate(list(seconds.values()))
    low, high = everything.min() * 0.95, everything.max() * 1.05
    n_bins = int(np.clip(2 * np.cbrt(len(everything)), *_DURATION_BINS))  # the Rice rule
    _draw_shares(axes, seconds, colours, np.geomspace(low, high, n_bins + 1))
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.xaxis.set_major_locator(FixedLocator([s for s in _DURATION_TICKS_S if low <= s <= high]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter("{x:g}")


def _draw_shares(
    axes: Axes,
    values: Mapping[str, NDArray[np.float64]],
    colours: Mapping[str, str],
    edges: NDArray[np.float64],
) -> None:
    for name, numbers in values.items():
        counts, _ = np.histogram(numbers, edges)
        shares = counts / max(len(numbers), 1)
        if len(values) == 1:
            axes.stairs(shares, edges, color=colours[name], fill=True, alpha=0.4)
        axes.stairs(shares, edges, color=colours[name], lw=1.3, baseline=None)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.4g} %")


def _draw_counts(
    axes: Axes, groups: Mapping[str, Sequence[Utterance]], colours: Mapping[str, str]
) -> None:
    """Draw the number of utterances in each group, with hours and speakers next to its bar."""
    summaries = [summarise_group(name, rows) for name, rows in groups.items()]
    # bars of usable and failed utterances
    places = range(len(summaries))
    good = [summary.utterances - summary.failed for summary in summaries]
    failed = [summary.failed for summary in summaries]
    axes.barh(places, good, color=[colours[summary.name] for summary in summaries])
    if any(failed):
        axes.barh(places, failed, left=good, color=GREY_73, label="failed")
        axes.legend(frameon=False, fontsize=8, loc="lower right")
    # hours and speakers
    most = max((summary.utterances for summary in summaries), default=1)
    for place, summary in zip(places, summaries, strict=True):
        speakers = f", {summary.speakers:,} sp." if summary.speakers else ""
        hours = summary.hours
        length = f"{hours:,.1f} h" if hours >= 1 else f"{60 * hours:.0f} min"
        text = f" {length}{speakers}"
        axes.text(summary.utterances, place, text, va="center", fontsize=8)
    # limits and labels of axes
    axes.set_xlim(0, 1.6 * most)
    axes.set_yticks(places, [printable(summary.name) for summary in summaries], fontsize=8)
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.locator_params(axis="x", nbins=4)
    axes.set_xlabel("utterances", fontsize=9)


def _draw_speakers(axes: Axes, utterances: Sequence[Utterance]) -> None:
    """Draw the number of utterances of each speaker, in falling order."""
    counts = Counter(row.speaker for row in utterances if row.speaker is not None)
    numbers = np.array([count for _, count in counts.most_common()])
    unknown = sum(row.speaker is None for row in utterances)
    more = f"\nunknown in {counted(unknown, 'utterance')}" if unknown else ""
    axes.set_xlabel(f"rank of {counted(len(counts), 'speaker')}{more}", fontsize=9)
    axes.set_ylabel("utterances", fontsize=9)
    if not len(numbers):
        return
    if len(numbers) <= _FEW_SPEAKERS:
        axes.bar(np.arange(1, len(numbers) + 1), numbers, color=_COLOURS[0], alpha=0.6)
        axes.locator_params(integer=True)
        return
    axes.stairs(numbers, np.arange(len(numbers) + 1) + 0.5, color=_COLOURS[0], lw=1.3)
    axes.set(xscale="log", yscale="log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.minorticks_off()
