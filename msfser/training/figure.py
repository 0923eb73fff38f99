"""The curves of a training: CCC of each dimension over the epochs, and the best epoch."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from lemf.runtime.colours import BLUE, GREEN, VERMILION
from msfser.manifest import DIMENSIONS

_COLOURS = (BLUE, VERMILION, GREEN)


def render_curves(epochs: Sequence[Mapping[str, Any]], best_epoch: int | None) -> bytes:
    """Draw the curves.

    Parameters
    ----------
    epochs : sequence of mapping
        Lines of the log: ``epoch`` (from 1), ``train_ccc`` and ``development_ccc`` (or None), each
        with a value a dimension.
    best_epoch : int or None
        The one that was kept.

    Returns
    -------
    bytes
        PNG.
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
    if best_epoch is not None:
        axes.axvline(best_epoch, color="0.6", linewidth=1, zorder=0)
        axes.annotate(
            "kept ", (best_epoch, 1.0), xycoords=("data", "axes fraction"), color="0.4", va="bottom"
        )
    axes.set_xlabel("epoch")
    axes.set_ylabel("CCC")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y", color="0.9")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right upper", fontsize="small", frameon=False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=150, metadata={"Software": None})
    return buffer.getvalue()
