"""Figure 2 of the paper: log-F0 with the most emphasised words, above the energy, over time."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from lemf.runtime.extras import importing, silence_log

with importing("lemf[plot]"):  # before the modules below, which import matplotlib, too
    silence_log("matplotlib")
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.transforms import ScaledTranslation

from lemf.config import check_choice
from lemf.display.figure_contours import draw_energy, draw_f0, mark_breaks
from lemf.display.figure_cues import beyond_the_papers, draw_contributions, draw_log_odds
from lemf.display.figure_fonts import drawable, readable
from lemf.display.figure_labels import (
    SHADE,
    marked_words,
    name_top_words,
    rank_colour,
    width_pt,
    write_words,
)
from lemf.errors import SettingsError
from lemf.option_choices import F0_AXES, F0Axis
from lemf.reading.frames import frames_of
from lemf.scoring.emphasis import Emphasis
from lemf.scoring.word_emphasis import SentenceEmphasis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

_MARGIN_S = 0.06
_LEGEND_PT = 38.0  # from the lower panel down to the legend: ticks and axis label lie between
_TITLE_EM = 0.52  # width of a character over the font size


def draw(
    emphasis: Emphasis,
    axes: Sequence[Axes] | None = None,
    *,
    sentence: int = 0,
    top: int = 3,
    f0_axis: F0Axis = "log",
) -> tuple[Axes, ...]:
    """Draw one sentence: F0 above with the top words shaded, energy below, words between.

    With another cue set than the paper's, a third panel shows what each cue adds to each score.
    Where it is decided which words are emphasised, these alone are shaded, and the third panel
    shows what each part adds to the log-odds.

    Parameters
    ----------
    emphasis : Emphasis
    axes : two or three Axes, optional
        The upper and the lower panel, and that of the contributions if wanted. They should share
        their x axis and belong to a figure with ``layout="constrained"``: words stand between the
        panels, the legend below (without a layout the legend is left out). When left out, they are
        made with pyplot, so that a notebook shows them.
    sentence : int
        Index of the sentence, from 0.
    top : int
        How many words to shade, name and rank, at least 1, where nothing is decided; those with a
        score of 0 or less are left out.
    f0_axis : {"log", "semitones", "hz"}
        Natural log of Hz as in the paper, semitones from the sentence's median, or Hz.

    Returns
    -------
    the two or three Axes

    Raises
    ------
    SettingsError
        A sentence that does not exist, a `top` below 1, another `f0_axis` or number of axes.
    """
    _check_arguments(emphasis, axes, sentence, top, f0_axis)
    scored = drawable(emphasis.sentences[sentence])
    if axes is None:
        from matplotlib import pyplot

        figure = pyplot.figure(figsize=size_of(scored), layout="constrained")
        axes = panels_of(figure, scored)
    title = f"{readable(PurePath(emphasis.audio).name)}: {scored.text}"
    draw_page(axes, scored, scored, emphasis, title, top, f0_axis)
    return tuple(axes)


def draw_page(
    axes: Sequence[Axes],
    page: SentenceEmphasis,
    sentence: SentenceEmphasis,
    emphasis: Emphasis,
    title: str,
    top: int,
    f0_axis: F0Axis,
    row_s: float | None = None,
) -> None:
    """Draw a page: all words of a sentence, or some; cues of the contours compare them with all.

    With `row_s`, it is one of several rows as long: it has the scales of the whole sentence, and
    neither title nor legends of its own.
    """
    upper, lower, *third = axes
    contours = emphasis.contours
    is_row = row_s is not None

    # contours, marks and words
    low_s = max(page.start_s - _MARGIN_S, 0.0)
    high_s = page.end_s + _MARGIN_S if row_s is None else low_s + row_s
    edges_s = max(sentence.start_s - _MARGIN_S, 0.0), sentence.end_s + _MARGIN_S
    whole = frames_of(*edges_s, contours.times_s) if is_row else None
    # a row that is longer than its words shows nothing of those of the next
    span = frames_of(low_s, min(high_s, page.end_s + _MARGIN_S), contours.times_s)
    upper.set_xlim(low_s, high_s)
    lower.set_xlim(low_s, high_s)
    draw_f0(upper, page, sentence, contours, span, f0_axis, whole)
    draw_energy(lower, page, contours, span, whole)
    _shade(upper, lower, page, top)
    write_words(lower, page, top)
    name_top_words(upper, page, top)
    _mark_segment(upper, page)
    mark_breaks(lower, page)
    for panel in third:
        if emphasis.decision is None:
            draw_contributions(panel, page, with_legend=not is_row)
        else:
            threshold = emphasis.settings.threshold
            draw_log_odds(panel, page, threshold, with_legend=not is_row)
        lower.tick_params(bottom=False, labelbottom=False)

    upper.tick_params(bottom=False, labelbottom=False)
    if is_row:
        return

    # title, legend and time axis
    lowest = axes[-1]
    _explain(upper, lower, lowest)
    room = int(width_pt(upper) / (10 * _TITLE_EM))
    title = fit_title(title, sentence, room)
    upper.set_title(title, loc="left", fontsize=10, parse_math=False)
    lowest.set_xlabel(f"time (s){describe_doubts(sentence)}", parse_math=False)


def fit_title(title: str, sentence: SentenceEmphasis, room: int) -> str:
    """Cut a title to as many characters as fit, and say how many words are emphasised."""
    decided = _describe_decision(sentence)
    if len(title + decided) > room:
        title = title[: max(room - len(decided) - 1, 0)] + "…"
    return title + decided


def describe_doubts(sentence: SentenceEmphasis) -> str:
    """Return what makes the top word doubtful, for the label of an axis; empty if nothing does."""
    first = sentence.ranked[0]
    return f"; doubtful: {first.word} ({first.doubts})" if first.doubts else ""


def _describe_decision(sentence: SentenceEmphasis) -> str:
    """Return the number of emphasised words and flags for a title; empty where none is decided."""
    if sentence.decision is None:
        return ""
    n_words = len(sentence.decision.words)
    flags = f"; {sentence.doubts.replace(' ', ', ')}" if sentence.doubts else ""
    return f" (emphasised: {n_words or 'none'}{flags})"


def _check_arguments(
    emphasis: Emphasis, axes: Sequence[Axes] | None, sentence: int, top: int, f0_axis: str
) -> None:
    """Refuse arguments out of their range."""
    n_sentences = len(emphasis.sentences)
    if not 0 <= sentence < n_sentences:
        raise SettingsError(
            f"sentence {sentence}: {emphasis.audio} has {n_sentences}, counted from 0"
        )
    if top < 1:
        raise SettingsError(f"top {top}: highlight at least 1 word")
    check_choice("f0_axis", f0_axis, F0_AXES)
    if axes is not None and len(axes) not in (2, 3):
        raise SettingsError(f"{len(axes)} axes: a sentence takes 2, or 3 with the contributions")


def panels_of(figure: Figure, sentence: SentenceEmphasis) -> Sequence[Axes]:
    """Make the panels of a sentence: two, or three where what each cue adds is drawn."""
    return list(figure.subplots(3 if beyond_the_papers(sentence) else 2, 1, sharex=True))


def size_of(sentence: SentenceEmphasis) -> tuple[float, float]:
    """Compute width and height in inches: wider for longer sentences, up to what a screen shows."""
    spoken_s = sentence.end_s - sentence.start_s
    width = 1.5 + max(1.3 * spoken_s, 0.26 * len(sentence.words))
    longest = max(len(word.word) for word in sentence.words)
    height = 7.5 if beyond_the_papers(sentence) else 5.0
    return min(max(width, 7.0), 24.0), height + min(0.06 * longest, 2.4)


def _shade(upper: Axes, lower: Axes, sentence: SentenceEmphasis, top: int) -> None:
    edges = sorted({edge for word in sentence.words for edge in (word.start_s, word.end_s)})
    for axes in (upper, lower):
        for edge in edges:
            axes.axvline(edge, color="0.8", linewidth=0.6, zorder=0)
    for word in sorted(marked_words(sentence, top), key=lambda word: word.rank):
        colour = rank_colour(word.rank)
        for axes in (upper, lower):
            axes.axvspan(word.start_s, word.end_s, color=colour, alpha=SHADE, linewidth=0, zorder=0)


def _mark_segment(axes: Axes, sentence: SentenceEmphasis) -> None:
    segment = sentence.segment
    inside = [index for index in segment.words if index in {word.index for word in sentence.words}]
    if not inside:  # on another page of the sentence
        return
    # an edge that lies on another page stays open
    start_s, end_s = max(segment.start_s, sentence.start_s), min(segment.end_s, sentence.end_s)
    opening = 0.09 if segment.words[0] in inside else 0.04
    closing = 0.09 if segment.words[-1] in inside else 0.04
    across = axes.get_xaxis_transform()
    axes.plot(
        [start_s, start_s, end_s, end_s],
        [opening, 0.04, 0.04, closing],
        transform=across,
        color=mpl.rcParams["text.color"],
        linewidth=1.8,
        clip_on=False,
        label="emphasis segment",
    )


def _explain(upper: Axes, lower: Axes, lowest: Axes) -> None:
    """Draw one legend for both upper panels below the lowest panel, clear of the time axis."""
    figure = lowest.get_figure(root=True)
    if figure is None or figure.get_layout_engine() is None:
        return  # the figure makes no room below its panels
    entries = [axes.get_legend_handles_labels() for axes in (upper, lower)]
    labels = [label for _, labels in entries for label in labels]
    columns = 5 if lowest is lower and len(labels) <= 5 else 3
    below = ScaledTranslation(0, -_LEGEND_PT / 72, lowest.figure.dpi_scale_trans)
    lowest.legend(
        [handle for handles, _ in entries for handle in handles], labels,
        loc="upper center", bbox_to_anchor=(0.5, 0.0), bbox_transform=lowest.transAxes + below,
        borderaxespad=0.0, ncols=columns, fontsize=8, frameon=False,
    )  # fmt: skip
