"""Figures for a column and a slide: their size, their rows on one scale, their marks and corner."""

import io

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.image import imread

import lemf
from lemf.display.figure_labels import marked_words
from lemf.display.printed.figure import draw_rows, render_printed
from lemf.display.printed.sizes import SHEETS, cut_sheets

MM_PER_INCH = 25.4


@pytest.fixture
def emphasis(utterance):
    return lemf.score(utterance.wav, utterance.textgrid)


@pytest.fixture
def long(make_grid):
    """Forty words of noise in 20 s."""
    rng = np.random.default_rng(8)
    words = [(f"word{i}", 0.1 + 0.5 * i, 0.5 + 0.5 * i) for i in range(40)]
    samples = rng.normal(0, 0.1, 16000 * 21)
    grid = make_grid(words, 21.0)
    return lambda **settings: lemf.score(samples, grid, lemf.Settings(**settings), rate_hz=16000)


def sheet_of(emphasis, size="column", top=3):
    (sentence,) = emphasis.sentences
    sheet = SHEETS[size]
    rows = cut_sheets(sentence.words, sheet)[0]
    with mpl.rc_context({"font.size": sheet.letters_pt}):
        figure = draw_rows(emphasis, sentence, rows, sheet, "title", top, "log")
        FigureCanvasAgg(figure).draw()
    return figure, rows


def test_a_column_is_85_mm_wide_and_a_slide_16_to_9(emphasis):
    column = imread(io.BytesIO(render_printed(emphasis, "png", "column")))
    assert column.shape[1] / 300 * MM_PER_INCH == pytest.approx(85, abs=0.1)
    slide = imread(io.BytesIO(render_printed(emphasis, "png", "slide")))
    assert slide.shape[1] / slide.shape[0] == pytest.approx(16 / 9, abs=0.01)


def test_the_corner_says_what_was_measured_and_how(long):
    figure, _ = sheet_of(long(cues="listeners", decide="off"))
    how = figure.get_suptitle()
    assert how == f"cues listeners, F0 by Harvest, lemf {lemf.__version__}"


@pytest.mark.parametrize("cues", ["paper", "listeners"])
def test_rows_have_one_scale_and_every_word_once(long, cues):
    figure, rows = sheet_of(long(cues=cues))
    assert len(rows) > 1
    n_panels = 2 if cues == "paper" else 3
    assert len(figure.axes) == n_panels * len(rows)
    for panel in range(n_panels):
        axes = figure.axes[panel::n_panels]
        assert len({one.get_ylim() for one in axes}) == 1
        lengths_s = [high - low for low, high in (one.get_xlim() for one in axes)]
        assert lengths_s == pytest.approx([lengths_s[0]] * len(rows))
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert [text for text in texts if text.startswith("word")] == [f"word{i}" for i in range(40)]


def test_only_words_with_a_score_above_0_are_marked(emphasis):
    (sentence,) = emphasis.sentences
    assert sum(word.score > 0 for word in sentence.words) == 1
    figure, _ = sheet_of(emphasis, top=3)
    bold = [text.get_text() for text in figure.axes[1].texts if text.get_fontweight() == "bold"]
    assert bold == [sentence.ranked[0].word]


def test_labels_of_marked_words_stay_inside_their_bands(long):
    emphasis = long()
    figure, _ = sheet_of(emphasis, top=40)
    (sentence,) = emphasis.sentences
    marked = marked_words(sentence, sum(word.score > 0 for word in sentence.words))
    renderer = figure.canvas.get_renderer()
    labels = [
        (axes, text)
        for axes in figure.axes[::2]
        for text in axes.texts
        if text.get_text()[0].isdigit()
    ]
    assert len(labels) == len(marked)
    for (axes, text), word in zip(labels, marked, strict=True):
        box = text.get_window_extent(renderer).transformed(axes.transData.inverted())
        assert box.x0 >= word.start_s - 0.02
        assert box.x1 <= word.end_s + 0.02


def test_no_text_is_smaller_than_5_points(long):
    for size in SHEETS:
        figure, _ = sheet_of(long(cues="listeners"), size)
        sizes = [
            text.get_fontsize() for text in figure.findobj(lambda one: hasattr(one, "get_fontsize"))
        ]
        assert min(sizes) >= 4.89


@pytest.mark.parametrize(("file_format", "magic"), [("pdf", b"%PDF"), ("svg", b"<?xml")])
def test_the_same_emphasis_gives_the_same_bytes(emphasis, file_format, magic):
    first = render_printed(emphasis, file_format, "column")
    assert first.startswith(magic)
    assert render_printed(emphasis, file_format, "column") == first


def test_a_row_shows_no_contour_without_its_word(make_grid):
    words = [(f"w{i}", 0.1 + 0.2 * i, 0.3 + 0.2 * i) for i in range(20)]
    words += [("late", 5.3, 6.5), ("later", 8.0, 9.9), ("last", 10.3, 11.5)]
    samples = np.random.default_rng(8).normal(0, 0.1, 16000 * 12)
    emphasis = lemf.score(samples, make_grid(words, 12.0), rate_hz=16000)
    (sentence,) = emphasis.sentences
    figure, rows = sheet_of(emphasis)
    left_open = 0
    for row, axes in zip(rows, figure.axes[1::2], strict=True):
        (energy,) = [line for line in axes.get_lines() if line.get_label() == "energy"]
        end_s = sentence.words[row][-1].end_s
        assert end_s - 0.01 <= energy.get_xdata()[-1] <= end_s + 0.1
        left_open += axes.get_xlim()[1] > end_s + 0.2
    assert left_open > 0


def test_a_row_fills_no_area_of_the_words_of_another(make_grid):
    words = [(f"w{i}", 0.1 + 0.2 * i, 0.3 + 0.2 * i) for i in range(20)]
    words += [("late", 5.3, 6.5), ("later", 6.55, 9.9), ("last", 10.3, 11.5)]
    times_s = np.arange(16000 * 12) / 16000
    phase = 2 * np.pi * np.cumsum(150 + 40 * np.sin(2 * np.pi * 2 * times_s)) / 16000
    samples = 0.2 * sum(np.sin(k * phase) / k for k in range(1, 6))
    settings = lemf.Settings(cues="listeners", duration="word")
    emphasis = lemf.score(samples, make_grid(words, 12.0), settings, rate_hz=16000)
    (sentence,) = emphasis.sentences
    figure, rows = sheet_of(emphasis)
    assert len(rows) > 1
    filled = 0
    for row, axes in zip(rows, figure.axes[::3], strict=True):
        for area in axes.collections:
            if area.get_label() != "above its median":
                continue
            for path in area.get_paths():
                filled += 1
                x_s = path.vertices[:, 0]
                assert x_s.min() >= sentence.words[row][0].start_s - 0.01
                assert x_s.max() <= sentence.words[row][-1].end_s + 0.01
    assert filled > len(rows)
