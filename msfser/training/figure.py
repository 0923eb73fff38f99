"""The curves of a training: CCC of each dimension, and UAR of the emotions, over the epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lemf.runtime.colours import BLUE, GREEN, PURPLE, VERMILION
from msfser.manifest import DIMENSIONS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = (BLUE, VERMILION, GREEN)


def draw_curves(epochs: Sequence[Mapping[str, Any]], best_epoch: int) -> Figure:
    """Draw CCC and UAR over the epochs, and mark the epoch whose model is kept.

    Parameters
    ----------
    epochs : sequence of mapping
        Lines of the log: ``epoch`` (from 1), ``train_ccc`` and ``development_ccc`` (or None), each
        with one value per dimension, and ``development_uar`` where a head learns emotions.
    best_epoch : int
        From 1.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(8.0, 4.0), layout="constrained")
    axes = figure.subplots()
    numbers = [line["epoch"] for line in epochs]
    for place, (dimension, colour) in enumerate(zip(DIMENSIONS, _COLOURS, strict=True)):
        axes.plot(
            numbers,
            [line["train_ccc"][place] for line in epochs],
            color=colour,
            linestyle=":",
            label=f"{dimension}, training",
        )
        if all(line["development_ccc"] is not None for line in epochs):
            axes.plot(
                numbers,
                [line["development_ccc"][place] for line in epochs],
                color=colour,
                marker="o",
                markersize=4,
                label=f"{dimension}, development",
            )
    has_uar = all(line.get("development_uar") is not None for line in epochs)
    if has_uar:
        axes.plot(
            numbers,
            [line["development_uar"] for line in epochs],
            color=PURPLE,
            marker="s",
            markersize=4,
            label="emotions (UAR), development",
        )
    axes.axvline(best_epoch, color="0.6", linewidth=1, zorder=0)
    axes.annotate(
        "kept ", (best_epoch, 1.0), xycoords=("data", "axes fraction"), color="0.4", va="bottom"
    )
    axes.set_xlabel("epoch")
    axes.set_ylabel("CCC, UAR of emotions" if has_uar else "CCC")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y", color="0.9")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right upper", fontsize="small", frameon=False)
    return figure
