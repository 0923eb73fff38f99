"""Figures of uncertainty: coverage at every level, and errors of the surest predictions."""

from __future__ import annotations

from matplotlib.figure import Figure

from lemf.runtime.colours import BLUE, GREEN, GREY_40, ORANGE
from msfser.evaluation.uncertainty.conformal import LEVELS
from msfser.evaluation.uncertainty.coverage import KEPT, Coverage
from msfser.manifest import DIMENSIONS

_COLOURS = (BLUE, ORANGE, GREEN)
_MARKERS = "os^"


def draw_uncertainty(coverage: Coverage) -> Figure:
    """Draw the share of labels inside intervals of each level, and RMSE over the share kept."""
    figure = Figure(figsize=(9.6, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot([0, 1], [0, 1], color=GREY_40, lw=0.8, ls="--")
    for d, name in enumerate(DIMENSIONS):
        style = {"color": _COLOURS[d], "marker": _MARKERS[d], "ms": 3.5, "lw": 1.2, "label": name}
        left.plot(LEVELS, coverage.curve[:, d], **style)
        right.plot([100 * share for share in KEPT], coverage.kept_rmse[:, d], **style)
    left.set_xlabel("level of the interval")
    left.set_ylabel("labels inside")
    left.set_xlim(0, 1)
    left.set_ylim(0, 1)
    left.set_box_aspect(1)
    left.set_title("coverage" + (", fitted on these utterances" if coverage.fitted else ""))
    right.set_xlabel("% of the utterances kept, surest first")
    right.set_ylabel("RMSE on the corpus's scale")
    right.set_ylim(0, None)
    right.set_xlim(105, 5)
    right.set_title("selective prediction")
    left.legend(frameon=False, fontsize=8, loc="lower right")
    return figure
