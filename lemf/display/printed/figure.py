"""The figure for a column of a journal or for a slide.

Its letters are as large as those around it, a long sentence takes several rows on one scale, and
the corner says what was measured and how.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from pathlib import PurePath

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from lemf.config import TRACKER_NAMES
from lemf.display.figure import describe_doubts, draw_page, fit_title
from lemf.display.figure_cues import beyond_the_papers
from lemf.display.figure_fonts import drawable, fonts_of, readable
from lemf.display.figure_labels import points
from lemf.display.figure_pages import page_of
from lemf.display.printed.sizes import SHEETS, Sheet, cut_sheets
from lemf.option_choices import F0Axis, PrintSize
from lemf.runtime.colours import GREY_33
from lemf.runtime.output import FigureFormat
from lemf.scoring.emphasis import Emphasis
from lemf.scoring.word_emphasis import SentenceEmphasis

_DPI = 300
_F0_LABELS = {"log": "ln Hz", "semitones": "semitones", "hz": "Hz"}
_CHARACTER_EM = 0.52
_MARGIN_S = 0.12  # what a row shows before and after its words


def render_printed(
    emphasis: Emphasis,
    file_format: FigureFormat,
    size: PrintSize,
    *,
    sentences: Sequence[int] = (0,),
    top: int = 3,
    f0_axis: F0Axis = "log",
) -> bytes:
    """Draw sentences at a printed size as the bytes of a file.

    Parameters
    ----------
    emphasis : Emphasis
    file_format : {"png", "svg", "pdf"}
    size : {"column", "slide"}
        85 mm wide with letters of 7 points, or 16 to 9 with letters of 12 points.
    sentences : sequence of int
        In a PDF, one or more sheets each; PNG and SVG hold one sheet.
    top, f0_axis
        As in `lemf.draw`.

    Raises
    ------
    ValueError
        Several sheets for a PNG or SVG.
    """
    sheet = SHEETS[size]
    stream = io.BytesIO()
    fonts, missing = fonts_of(emphasis)
    with (
        warnings.catch_warnings(),
        mpl.rc_context(
            {
                "font.family": fonts,
                "font.size": sheet.letters_pt,
                "svg.hashsalt": "lemf",
                "pdf.fonttype": 42,  # TrueType: publishers refuse fonts of type 3
            }
        ),
    ):
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figures = _figures(emphasis, sentences, missing, sheet, top, f0_axis)
        if file_format == "pdf":
            with PdfPages(stream, metadata={"CreationDate": None, "Creator": "lemf"}) as pages:
                for figure in figures:
                    pages.savefig(figure)
        else:
            (figure,) = figures
            metadata = {"Date": None} if file_format == "svg" else {"Software": "lemf"}
            figure.savefig(stream, format=file_format, dpi=_DPI, metadata=metadata)
    return stream.getvalue()


def _figures(
    emphasis: Emphasis,
    sentences: Sequence[int],
    missing: str,
    sheet: Sheet,
    top: int,
    f0_axis: F0Axis,
) -> Iterator[Figure]:
    name = readable(PurePath(emphasis.audio).name, missing)
    for index in sentences:
        sentence = drawable(emphasis.sentences[index], missing)
        sheets = cut_sheets(sentence.words, sheet)
        for number, rows in enumerate(sheets, 1):
            place = f" ({number} of {len(sheets)})" if len(sheets) > 1 else ""
            text = " ".join(word.word for row in rows for word in sentence.words[row])
            title = f"{name}{place}: {text}"
            yield draw_rows(emphasis, sentence, rows, sheet, title, top, f0_axis)


def draw_rows(
    emphasis: Emphasis,
    sentence: SentenceEmphasis,
    rows: Sequence[slice],
    sheet: Sheet,
    title: str,
    top: int,
    f0_axis: F0Axis,
) -> Figure:
    """Draw the rows of a sheet: the same seconds to the inch, the same scales."""
    pages = [page_of(sentence, row) for row in rows]
    row_s = max(page.end_s - page.start_s for page in pages) + _MARGIN_S
    n_panels = 3 if beyond_the_papers(sentence) else 2
    layout = ConstrainedLayoutEngine(h_pad=0.02, w_pad=0.02, hspace=0.0)
    figure = Figure(figsize=_size(sheet, len(rows), n_panels), layout=layout)
    heights = [2.0, 1.0, 1.3][:n_panels] * len(rows)
    grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
    panels: list[list[Axes]] = []
    for number, page in enumerate(pages):
        first = n_panels * number
        upper = figure.add_subplot(grid[first])
        others = [figure.add_subplot(grid[first + i], sharex=upper) for i in range(1, n_panels)]
        panels.append([upper, *others])
        draw_page(panels[-1], page, sentence, emphasis, "", top, f0_axis, row_s)
        for axes in panels[-1]:
            _thin(axes)
        upper.set_ylabel(_F0_LABELS[f0_axis])
        letters = points(10 if len(rows) == 1 else 7.5)  # a lower panel takes smaller ones
        others[0].set_ylabel("energy", fontsize=letters)
        if n_panels == 3:
            added = "w · z" if sentence.decision is None else "log-odds"
            others[1].set_ylabel(added, fontsize=letters)
    _share_scale([one[-1] for one in panels] if n_panels == 3 else [])
    _describe(figure, panels, emphasis, sentence, title)
    return figure


def _size(sheet: Sheet, n_rows: int, n_panels: int) -> tuple[float, float]:
    if sheet.height_in is not None:
        return sheet.width_in, sheet.height_in
    row_in = sheet.row_in + (sheet.third_in if n_panels == 3 else 0.0)
    return sheet.width_in, 0.75 + row_in * n_rows


def _thin(axes: Axes) -> None:
    """Draw lines and marks as thin as the letters are small."""
    share = min(points(1.0), 1.0)
    for line in axes.get_lines():
        line.set_linewidth(share * line.get_linewidth())
        line.set_markersize(share * line.get_markersize())
        line.set_markeredgewidth(share * line.get_markeredgewidth())
    for marks in axes.collections:
        marks.set_linewidth((share * np.asarray(marks.get_linewidth())).tolist())


def _share_scale(panels: Sequence[Axes]) -> None:
    if panels:
        limits = [axes.get_ylim() for axes in panels]
        for axes in panels:
            axes.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))


def _describe(
    figure: Figure,
    panels: Sequence[Sequence[Axes]],
    emphasis: Emphasis,
    sentence: SentenceEmphasis,
    title: str,
) -> None:
    """Write title, time axis, one legend below, and in the corner what was measured and how."""
    width_pt = figure.get_figwidth() * 72
    room = int(0.8 * width_pt / (points(10) * _CHARACTER_EM))
    panels[0][0].set_title(
        fit_title(title, sentence, room), loc="left", fontsize=points(10), parse_math=False
    )
    panels[-1][-1].set_xlabel(f"time (s){describe_doubts(sentence)}", parse_math=False)
    entries = {
        label: handle
        for row in panels
        for axes in row
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    widest = max(len(label) for label in entries) * points(8) * _CHARACTER_EM + points(34)
    figure.legend(
        list(entries.values()), list(entries), loc="outside lower center",
        ncols=max(1, min(len(entries), int(width_pt / widest))), fontsize=points(8), frameon=False,
        borderaxespad=0.2,
    )  # fmt: skip
    settings = emphasis.settings
    how = f"cues {settings.cues}, F0 by {TRACKER_NAMES[settings.pitch]}, lemf {emphasis.version}"
    figure.suptitle(how, x=0.995, ha="right", fontsize=points(7), color=GREY_33, parse_math=False)
