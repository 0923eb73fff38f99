import math
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

mpl.use("Agg")

from matplotlib.figure import Figure
from matplotlib.legend import Legend

import lemf
from lemf.display import figure_fonts
from lemf.display.figure_files import _figures, render_figure
from lemf.display.figure_fonts import drawable, fonts_of
from lemf.display.figure_labels import spread
from lemf.display.figure_pages import cut_pages
from lemf.display.printed.figure import render_printed
from lemf.reading.alignment import Word


@pytest.fixture
def emphasis(utterance):
    return lemf.score(utterance.wav, utterance.textgrid)


@pytest.fixture
def axes():
    return Figure(figsize=(8, 5), layout="constrained").subplots(2, 1, sharex=True)


def labelled(axes, label):
    return next(line for line in axes.get_lines() if line.get_label() == label)


def test_panels_hold_the_contours_of_the_sentence(emphasis, axes):
    upper, lower = lemf.draw(emphasis, axes)
    f0 = labelled(upper, "F0")
    times_s, values = f0.get_data()
    k = np.rint(np.asarray(times_s) / 0.005).astype(int)
    f0_hz = emphasis.contours.f0_hz[k]
    np.testing.assert_allclose(np.exp(values)[f0_hz > 0], f0_hz[f0_hz > 0], rtol=1e-12)
    assert np.isnan(values[f0_hz == 0]).all()  # gaps are not bridged
    assert (f0_hz == 0).any()
    np.testing.assert_array_equal(
        labelled(lower, "energy").get_ydata(), emphasis.contours.energy[k]
    )
    assert upper.get_xlim() == lower.get_xlim()
    assert lower.get_xlabel() == "time (s)"


def test_top_words_are_shaded_named_and_ranked(emphasis, axes):
    shares = dict(zip(["one", "two", "three"], (0.5, 4.0, -1.0), strict=True))
    (sentence,) = emphasis.sentences
    words = tuple(replace(word, score=shares[word.word]) for word in sentence.words)
    words = tuple(replace(word, rank=rank) for word, rank in zip(words, (2, 1, 3), strict=True))
    scored = replace(emphasis, sentences=(replace(sentence, words=words),))
    upper, lower = lemf.draw(scored, axes, top=3)
    for panel in (upper, lower):  # the third lies below 0
        spans = [patch.get_x() for patch in panel.patches]
        assert spans == [pytest.approx(words[i].start_s) for i in (1, 0)]
    texts = [text.get_text() for text in upper.texts]
    assert texts == ["2. one\n+0.50", "1. two\n+4.00"]
    bold = [text.get_text() for text in lower.texts if text.get_fontweight() == "bold"]
    assert bold == ["one", "two"]
    assert [text.get_text() for text in lower.texts] == ["one", "two", "three"]


def test_the_marked_peaks_are_the_pitch_that_was_scored(emphasis, axes):
    upper, _ = lemf.draw(emphasis, axes)
    heights = labelled(upper, "highest F0 of the word").get_ydata()
    np.testing.assert_allclose(heights, [word.pitch for word in emphasis.words], rtol=0, atol=1e-9)
    bracket = labelled(upper, "emphasis segment").get_xdata()
    assert (bracket[0], bracket[-1]) == (emphasis.segment.start_s, emphasis.segment.end_s)


def test_scales_of_f0(emphasis):
    voiced_hz = emphasis.contours.f0_hz[emphasis.contours.f0_hz > 0]
    expected = {
        "log": math.log(160),
        "semitones": 12 * math.log2(160 / np.median(voiced_hz)),
        "hz": 160.0,
    }
    for f0_axis, value in expected.items():
        panels = Figure(layout="constrained").subplots(2, 1, sharex=True)
        upper, _ = lemf.draw(emphasis, panels, f0_axis=f0_axis)
        times_s, values = labelled(upper, "F0").get_data()
        middle = np.asarray(values)[np.abs(np.asarray(times_s) - 0.65) < 0.1]  # inside "two"
        np.testing.assert_allclose(middle, value, rtol=0, atol=0.001 * max(abs(value), 10))


def test_words_that_do_not_fit_stand_upright(make_grid, axes):
    words = [(f"word{i}", 0.025 * i, 0.025 * (i + 1)) for i in range(40)]
    emphasis = lemf.score(np.zeros(16000), make_grid(words, 1.0), rate_hz=16000)
    _, lower = lemf.draw(emphasis, axes)
    assert {text.get_rotation() for text in lower.texts} == {90.0}
    assert len(lower.texts) == 40


def test_silence_and_one_word_can_be_drawn(make_grid):
    for words in ([("a", 0.2, 0.8)], [("a", 0.1, 0.4), ("b", 0.5, 0.9)]):
        emphasis = lemf.score(np.zeros(16000), make_grid(words, 1.0), rate_hz=16000)
        for f0_axis in ("log", "semitones", "hz"):
            assert render_figure(emphasis, "png", f0_axis=f0_axis).startswith(b"\x89PNG")


def test_a_sentence_without_voice_says_so_and_has_no_f0_axis(make_grid, axes):
    grid = make_grid([("a", 0.1, 0.4), ("b", 0.5, 0.9)], 1.0)
    upper, lower = lemf.draw(lemf.score(np.zeros(16000), grid, rate_hz=16000), axes)
    assert "no voiced frame" in [text.get_text() for text in upper.texts]
    assert list(upper.get_yticks()) == []
    assert lower.get_ylim() == (0.0, 1.0)


def test_very_small_energies_say_their_power_of_ten(utterance, axes):
    quiet = lemf.score(1e-7 * utterance.samples, utterance.grid, rate_hz=16000)
    _, lower = lemf.draw(quiet, axes)
    exponent = int(lower.get_ylabel().rpartition("1e")[2].rstrip(")"))
    shown = labelled(lower, "energy").get_ydata()
    assert 1 <= max(shown) < 10
    assert max(shown) * 10.0**exponent == pytest.approx(quiet.contours.energy.max(), rel=1e-9)


def test_labels_that_cannot_fit_shrink_to_their_rank(make_grid, axes):
    words = [("Donaudampfschifffahrt", 0.04 * i, 0.04 * (i + 1)) for i in range(25)]
    rng = np.random.default_rng(1)
    emphasis = lemf.score(rng.normal(0, 0.1, 16000), make_grid(words, 1.0), rate_hz=16000)
    upper, lower = lemf.draw(emphasis, axes, top=25)
    above = [word.rank for word in emphasis.words if word.score > 0]
    assert len(above) > 3
    assert sorted(int(text.get_text()) for text in upper.texts) == sorted(above)
    upper.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in (*upper.texts, *lower.texts)]
    edges = upper.get_window_extent()
    assert all(edges.x0 - 9 <= box.x0 and box.x1 <= edges.x1 + 9 for box in boxes)


@pytest.mark.parametrize("size", [None, "column", "slide"])
@pytest.mark.parametrize("n_words", [5, 26, 64])
def test_labels_lie_inside_the_band_of_their_word(make_grid, rng, monkeypatch, size, n_words):
    edges_s = np.cumsum([0.1, *rng.uniform(0.12, 0.6, n_words)])
    names = ["a", "really", "mommy", "uh", "WWW", "extraordinarily", "мощность"]
    words = [(names[i % 7], *edges_s[i : i + 2]) for i in range(n_words)]
    duration_s = edges_s[-1] + 0.2
    noise = rng.normal(0, 0.1, int(duration_s * 16000))
    emphasis = lemf.score(noise, make_grid(words, duration_s), rate_hz=16000)
    spans = {word.rank: (word.start_s, word.end_s) for word in emphasis.words}
    found = []

    def look(figure, *_, **__):
        figure.canvas.draw()
        for panel in figure.axes:
            for text in panel.texts:
                rank = text.get_text().split("\n")[0].split(".")[0]
                if rank.isdigit():
                    box = text.get_window_extent()
                    band = panel.transData.transform([(at_s, 0) for at_s in spans[int(rank)]])
                    found.append((band[0, 0], box.x0, box.x1, band[1, 0]))

    monkeypatch.setattr(Figure, "savefig", look)
    if size is None:
        render_figure(emphasis, "png")
    else:
        render_printed(emphasis, "png", size)
    assert len(found) == 3
    for start, low, high, stop in found:
        assert start - 1 <= low  # pixels
        assert high <= stop + 1


def test_axes_without_a_layout_have_no_legend_beyond_the_canvas(emphasis):
    panels = Figure().subplots(2, 1)
    _, lower = lemf.draw(emphasis, panels)
    assert lower.get_legend() is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sentence": 9}, r"sentence 9: .*utterance.wav has 1, counted from 0"),
        ({"sentence": -1}, "sentence -1: "),
        ({"top": 0}, "top 0: highlight at least 1 word"),
        ({"f0_axis": "Hz"}, "unknown f0_axis 'Hz'; there are: log, semitones, hz"),
    ],
)
def test_wrong_arguments_are_refused_by_name(emphasis, axes, options, message):
    with pytest.raises(lemf.SettingsError, match=message):
        lemf.draw(emphasis, axes, **options)


@pytest.mark.parametrize("n_axes", [1, 4])
def test_a_wrong_number_of_axes_is_refused(emphasis, n_axes):
    panels = Figure().subplots(n_axes, 1, squeeze=False)[:, 0]
    with pytest.raises(lemf.SettingsError, match=f"{n_axes} axes: a sentence takes 2, or 3"):
        lemf.draw(emphasis, panels)


def test_dollars_and_letters_of_other_scripts_are_drawn_as_they_are(utterance, make_grid):
    grid = make_grid([("$x$", 0.1, 0.35), ("ʃɔt", 0.45, 0.85), ("привет", 0.95, 1.25)], 1.35)
    assert render_figure(lemf.score(utterance.wav, grid), "png")


LABELS = [
    ["我", "从来", "没有"],
    ["सच", "👍", "never\U00012345"],
    ["a" * 3000, "x" * 200, "c"],
    ["a\u0301" * 30, "e\u202eb", "\x07"],
]


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("file_format", ["png", "svg", "pdf"])
def test_no_label_makes_matplotlib_warn(utterance, make_grid, labels, file_format):
    spans = [(0.1, 0.35), (0.45, 0.85), (0.95, 1.25)]  # a warning is an error here
    words = [(label, *span) for label, span in zip(labels, spans, strict=True)]
    assert render_figure(lemf.score(utterance.wav, make_grid(words, 1.35)), file_format)


def test_letters_that_no_font_shows_leave_the_index_of_the_word(utterance, make_grid):
    unseen = "\U00012345"  # cuneiform
    words = [("a", 0.1, 0.35), (unseen, 0.45, 0.85), (f"x{unseen}", 0.95, 1.25)]
    emphasis = lemf.score(utterance.wav, make_grid(words, 1.35))
    fonts, missing = fonts_of(emphasis)
    assert fonts[0] == "DejaVu Sans"
    assert missing == unseen
    shown = drawable(emphasis.sentences[0], missing)
    assert [word.word for word in shown.words] == ["a", "#1", "x\N{REPLACEMENT CHARACTER}"]
    assert [word.score for word in shown.words] == [word.score for word in emphasis.words]
    svg = render_figure(emphasis, "svg")
    assert b"<!-- #1 -->" in svg


def test_long_words_lose_their_end(utterance, make_grid):
    words = [("b" * 40, 0.1, 0.35), ("c" * 41, 0.45, 0.85)]
    (sentence,) = lemf.score(utterance.wav, make_grid(words, 1.35)).sentences
    assert [word.word for word in drawable(sentence).words] == ["b" * 40, "c" * 39 + "…"]


def test_a_letter_that_only_the_normal_weight_has_is_missing():
    assert "\U0001d5a0" not in figure_fonts._shown("DejaVu Sans")
    assert {"a", "я", "ʃ", "ش"} <= figure_fonts._shown("DejaVu Sans")


def test_a_letter_is_looked_up_in_every_installed_font(emphasis, monkeypatch):
    known = {
        "DejaVu Sans": set("abcdefghijklmnopqrstuvwxyz."),
        "Rare": {"我"},
        "Last Resort": {"你"},
    }
    manager = SimpleNamespace(get_font_names=lambda: list(known))
    monkeypatch.setattr(figure_fonts, "fontManager", manager)
    monkeypatch.setattr(figure_fonts, "_shown", known.__getitem__)
    word = replace(emphasis.words[0], word="我你")
    sentence = replace(emphasis.sentences[0], words=(word,))
    figure_fonts._fonts_for.cache_clear()
    assert fonts_of(replace(emphasis, sentences=(sentence,))) == (["DejaVu Sans", "Rare"], "你")
    figure_fonts._fonts_for.cache_clear()


@given(st.lists(st.tuples(st.floats(0.05, 20), st.floats(0, 5)), min_size=1, max_size=600))
def test_pages_hold_every_word_once_and_not_too_many(lengths_and_pauses):
    words, reached_s = [], 0.0
    for length_s, pause_s in lengths_and_pauses:
        words.append(Word("w", reached_s + pause_s, reached_s + pause_s + length_s))
        reached_s = words[-1].end_s
    pages = [words[cut] for cut in cut_pages(words)]
    assert [word for page in pages for word in page] == words
    whole = len(words) <= 250 and words[-1].end_s - words[0].start_s <= 90
    assert whole == (len(pages) == 1) or len(words) == 1
    for page in pages if len(pages) > 1 else ():
        assert len(page) <= 125
        assert len(page) == 1 or page[-1].end_s - page[0].start_s <= 45


def test_a_page_is_cut_at_the_longest_pause_of_its_second_half():
    times_s = [0.3 * i + 2.0 * (i >= 90) + 5.0 * (i >= 20) for i in range(300)]
    words = [Word("w", time_s, time_s + 0.3) for time_s in times_s]
    assert cut_pages(words)[0] == slice(0, 90)


@pytest.mark.parametrize("cues", ["paper", "listeners"])
def test_pages_show_the_marks_of_the_whole_sentence(make_grid, cues):
    words = [(f"w{i}", 0.02 * i, 0.02 * (i + 1)) for i in range(260)]
    samples = np.random.default_rng(5).normal(0, 0.1, 5 * 16000 + 3200)
    emphasis = lemf.score(
        samples, make_grid(words, 5.2), lemf.Settings(cues=cues, decide="off"), rate_hz=16000
    )
    tops = [word.index for word in emphasis.sentences[0].ranked[:3]]
    found, brackets = [], []
    for figure in _figures(emphasis, [0], "", 3, "log", paged=True):
        upper, lower, *_ = figure.axes
        shown = [int(text.get_text()[1:]) for text in lower.texts]
        found += shown
        assert len(upper.patches) == len(set(tops) & set(shown))  # shaded
        title = upper.get_title(loc="left")
        assert f"({len(brackets) + 1} of 3): w{shown[0]} w" in title
        brackets.append([line for line in upper.get_lines() if "segment" in line.get_label()])
        figure.draw_without_rendering()
    assert found == list(range(260))
    drawn = [len(lines) for lines in brackets]
    assert sum(drawn) == (2 if tops[0] in (124, 125, 249, 250) else 1)


@pytest.mark.parametrize(
    ("file_format", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_the_same_emphasis_gives_the_same_bytes(emphasis, file_format, magic):
    first = render_figure(emphasis, file_format)
    assert first.startswith(magic)
    assert render_figure(emphasis, file_format) == first


def test_a_pdf_has_one_page_per_sentence_and_a_png_holds_one(utterance):
    settings = lemf.Settings(sentences="pause:0.05")
    emphasis = lemf.score(utterance.wav, utterance.textgrid, settings)
    pages = render_figure(emphasis, "pdf", sentences=range(3))
    assert pages.count(b"/Type /Page ") == 3
    with pytest.raises(ValueError, match="a png holds one sentence, not 3"):
        render_figure(emphasis, "png", sentences=range(3))


def test_notebooks_get_axes_without_asking(emphasis):
    upper, lower = lemf.draw(emphasis)
    assert upper.figure is lower.figure
    from matplotlib import pyplot

    pyplot.close(upper.figure)


@given(st.lists(st.floats(0, 10), min_size=1, max_size=30), st.floats(0.01, 0.3))
def test_spread_labels_keep_their_distance_and_order(centres, width):
    ordered = np.sort(centres)
    widths = np.full(len(ordered), width)
    placed = spread(ordered, widths, 0.0, 10.0)
    assert np.all(np.diff(placed) >= width - 1e-9)
    assert placed[0] >= width / 2 - 1e-9
    assert placed[-1] <= 10 - width / 2 + 1e-9
    if len(ordered) == 1 or np.all(np.diff(ordered) >= width):
        inside = np.clip(ordered, width / 2, 10 - width / 2)
        if np.all(np.diff(inside) >= width):
            np.testing.assert_allclose(placed, inside, rtol=0, atol=1e-9)


def test_the_papers_example_is_drawn_in_docs():
    images = Path(__file__).parents[3] / "docs" / "images"
    for name in ("really", "didnt"):
        assert (images / f"{name}.png").stat().st_size > 10_000


def test_the_figure_shows_what_the_cues_of_the_set_measure(utterance, axes):
    emphasis = lemf.score(utterance.wav, utterance.textgrid, lemf.Settings(cues="listeners"))
    upper, lower = lemf.draw(emphasis, axes)
    legend = {text.get_text() for text in lower.get_legend().get_texts()}
    assert legend == {"F0", "above its median", "emphasis segment", "energy", "0.5 to 4 kHz"}
    (area,) = [one for one in upper.collections if one.get_label() == "above its median"]
    widest = max(area.get_paths(), key=lambda path: np.ptp(path.vertices[:, 0]))
    reached_s, two = widest.vertices[:, 0], emphasis.words[1]
    assert two.start_s <= reached_s.min() <= reached_s.max() <= two.end_s  # the highest word
    times_s, values = labelled(lower, "0.5 to 4 kHz").get_data()
    k = np.rint(np.asarray(times_s) / 0.005).astype(int)
    np.testing.assert_array_equal(values, emphasis.contours.detail.mid_energy[k])


@pytest.mark.parametrize("cues", ["listeners", "all"])
def test_the_bars_of_the_contributions_sum_to_the_score(utterance, cues):
    weights = {"long_phones": -0.5, "loudness": 0.0}
    settings = lemf.Settings(cues=cues, weights=weights)
    emphasis = lemf.score(utterance.wav, utterance.textgrid, settings)
    figure = Figure(layout="constrained")
    *_, panel = lemf.draw(emphasis, figure.subplots(3, 1, sharex=True))
    bars = [bar for bars in panel.containers for bar in bars]
    assert len(panel.containers) == len(settings.cue_weights) - 1  # no bar for a weight of 0
    (scores,) = [one for one in panel.collections if one.get_label() == "score"]
    drawn = [segment[0, 1] for segment in scores.get_segments()]
    for word, score in zip(emphasis.words, drawn, strict=True):
        middle_s = (word.start_s + word.end_s) / 2
        own = [bar for bar in bars if bar.get_x() < middle_s < bar.get_x() + bar.get_width()]
        assert sum(bar.get_height() for bar in own) == pytest.approx(word.score)
        assert score == pytest.approx(word.score)
        for sign in (1, -1):  # without a gap or an overlap
            edges = sorted(
                (abs(bar.get_y()), abs(bar.get_y() + bar.get_height()))
                for bar in own
                if bar.get_height() * sign > 0
            )
            for below, above in pairwise(edges):
                assert above[0] == pytest.approx(below[1])
    assert panel.get_xlabel() == "time (s)"


def test_only_the_papers_figure_has_no_panel_of_contributions(utterance):
    from matplotlib import pyplot

    for cues, panels in (("paper", 2), ("listeners", 3)):
        emphasis = lemf.score(utterance.wav, utterance.textgrid, lemf.Settings(cues=cues))
        axes = lemf.draw(emphasis)
        assert len(axes) == panels
        pyplot.close(axes[0].figure)


def test_legends_of_many_cues_stay_on_the_canvas(utterance):
    emphasis = lemf.score(utterance.wav, utterance.textgrid, lemf.Settings(cues="all"))
    figure = Figure(figsize=(7, 7.5), layout="constrained")
    *_, panel = lemf.draw(emphasis, figure.subplots(3, 1, sharex=True))
    figure.draw_without_rendering()
    legends = [one for one in panel.get_children() if isinstance(one, Legend)]
    assert len(legends) == 2
    for legend in legends:
        box = legend.get_window_extent()
        assert 0 <= box.x0 <= box.x1 <= figure.bbox.x1
        assert 0 <= box.y0 <= box.y1 <= figure.bbox.y1


@pytest.mark.parametrize("render", [render_figure, partial(render_printed, size="column")])
def test_the_letters_of_a_pdf_are_truetype_which_publishers_take(emphasis, render):
    pdf = render(emphasis, "pdf")
    assert b"/Type3" not in pdf
    assert b"/CIDFontType2" in pdf
