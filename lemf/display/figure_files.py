"""Emphasis -> the bytes of a figure: PNG or SVG of one sentence, PDF of one or more pages each."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from lemf.display.figure import draw_page, panels_of, size_of  # first, which says what is missing
from lemf.display.figure_fonts import drawable, fonts_of, readable
from lemf.display.figure_pages import cut_pages, page_of
from lemf.option_choices import F0Axis
from lemf.runtime.output import FigureFormat
from lemf.scoring.emphasis import Emphasis

import matplotlib as mpl  # isort: skip
from matplotlib.backends.backend_pdf import PdfPages  # isort: skip
from matplotlib.figure import Figure  # isort: skip


def render_figure(
    emphasis: Emphasis,
    file_format: FigureFormat,
    *,
    sentences: Sequence[int] = (0,),
    top: int = 3,
    f0_axis: F0Axis = "log",
) -> bytes:
    """Draw sentences as the bytes of a file; the same emphasis gives the same bytes.

    Parameters
    ----------
    emphasis : Emphasis
    file_format : {"png", "svg", "pdf"}
    sentences : sequence of int
        One page each in a PDF, and several for a sentence that a page cannot hold; PNG and SVG hold
        one sentence on one page.
    top, f0_axis
        As in `draw`.

    Raises
    ------
    ValueError
        Several sentences for a PNG or SVG.
    """
    if file_format != "pdf" and len(sentences) != 1:
        raise ValueError(f"a {file_format} holds one sentence, not {len(sentences)}")
    stream = io.BytesIO()
    fonts, missing = fonts_of(emphasis)
    with (
        warnings.catch_warnings(),
        mpl.rc_context(
            {
                "font.family": fonts,
                "svg.hashsalt": "lemf",
                "pdf.fonttype": 42,  # TrueType: publishers refuse fonts of type 3
                "figure.dpi": 100,
            }
        ),
    ):
        # of marks that no font has above the letter that carries them
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        if file_format == "pdf":
            with PdfPages(stream, metadata={"CreationDate": None, "Creator": "lemf"}) as pages:
                for figure in _figures(emphasis, sentences, missing, top, f0_axis, paged=True):
                    pages.savefig(figure)
        else:
            (figure,) = _figures(emphasis, sentences, missing, top, f0_axis, paged=False)
            metadata = {"Date": None} if file_format == "svg" else {"Software": "lemf"}
            figure.savefig(stream, format=file_format, dpi=150, metadata=metadata)
    return stream.getvalue()


def _figures(
    emphasis: Emphasis,
    sentences: Sequence[int],
    missing: str,
    top: int,
    f0_axis: F0Axis,
    *,
    paged: bool,
) -> Iterator[Figure]:
    """Draw one page at a time, which takes megabytes; if `paged`, long sentences are cut."""
    name = readable(PurePath(emphasis.audio).name, missing)
    for index in sentences:
        sentence = drawable(emphasis.sentences[index], missing)
        cuts = cut_pages(sentence.words) if paged else [slice(None)]
        for number, cut in enumerate(cuts, 1):
            page = page_of(sentence, cut)
            place = f" ({number} of {len(cuts)})" if len(cuts) > 1 else ""
            figure = Figure(figsize=size_of(page), layout="constrained")
            axes = panels_of(figure, page)
            title = f"{name}{place}: {page.text}"
            draw_page(axes, page, sentence, emphasis, title, top, f0_axis)
            yield figure
