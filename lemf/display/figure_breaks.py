"""The phrase boundaries in a figure: a mark at the end of each phrase, as long as it is strong."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lemf.runtime.colours import VERMILION
from lemf.scoring.emphasis import SentenceEmphasis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HIGHEST = 5.0  # strength whose mark is as high as the panel
_WIDTHS = {"minor": 2.0, "major": 3.5}  # of the marks, in points


def mark_breaks(axes: Axes, sentence: SentenceEmphasis) -> None:
    """Draw the minor and major breaks, if measured, from the top of a panel down."""
    across = axes.get_xaxis_transform()
    named: set[str] = set()
    for word in sentence.words:
        after = word.break_after
        if after is None or after.kind not in _WIDTHS or math.isnan(after.strength):
            continue
        label = f"{after.kind} break"
        axes.plot(
            [word.end_s, word.end_s],
            [1.0 - min(after.strength / _HIGHEST, 1.0), 1.0],
            transform=across,
            color=VERMILION,
            linewidth=_WIDTHS[after.kind],
            solid_capstyle="butt",
            label=None if label in named else label,
        )
        named.add(label)
