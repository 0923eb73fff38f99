"""Decisions in the table, the figure, the TextGrid and notebooks: nothing cut, flags everywhere."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest

import lemf
from lemf.config import CUE_SETS
from lemf.display.export import add_tiers, format_json
from lemf.display.figure_files import _figures, render_figure
from lemf.display.table import print_table
from lemf.display.table_layout import (
    choose_layout,
    format_break,
    format_largest,
    format_parts,
    format_probability,
)
from lemf.runtime.colours import VERMILION
from lemf.scoring.decision_models import DECISION_MODELS, model_to_dict
from lemf.scoring.word_emphasis import WordBreak

LISTENERS = lemf.Settings(cues="listeners")
HOSTILE = "a\x1b[31m\nb\u202ec"


def spoken(make_grid, settings, n_words=6, name="word{}", noise=0.1):
    """Score words of 0.3 s of noise that grow louder."""
    words = [(name.format(i), 0.1 + 0.4 * i, 0.4 + 0.4 * i) for i in range(n_words)]
    end_s = 0.4 * n_words + 0.2
    rng = np.random.default_rng(0)
    samples = rng.normal(0, noise, int(16000 * end_s)) * np.linspace(0.1, 1, int(16000 * end_s))
    grid = make_grid(words, end_s)
    return lemf.score(samples, grid, settings, rate_hz=16000), grid


def with_breaks(emphasis):
    """Put a major break after each word."""
    (sentence,) = emphasis.sentences
    after = WordBreak("major", 12.34, 0.5, 1.0, 2.0)
    words = tuple(replace(word, break_after=after) for word in sentence.words)
    return replace(emphasis, sentences=(replace(sentence, words=words),))


def table_of(emphasis, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    stream = io.StringIO()
    print_table(emphasis, stream)
    return stream.getvalue()


def write_model(tmp_path, **changes):
    path = tmp_path / "mine.json"
    model = replace(DECISION_MODELS["emphasis"], **changes)
    path.write_text(json.dumps(model_to_dict(model)))
    return str(path)


@pytest.mark.parametrize("breaks", [False, True])
@pytest.mark.parametrize("name", ["w{}", "a long word {}", "{} eisschranktürenschloss"])
@pytest.mark.parametrize("cues", ["listeners", "paper", "all"])
def test_no_number_of_a_decision_is_cut(make_grid, monkeypatch, tmp_path, cues, name, breaks):
    """Of a decision of four parts and more, with breaks or without, however wide the terminal."""
    weights = dict(CUE_SETS[cues])
    model = write_model(tmp_path, cues=cues, weights=weights)
    settings = lemf.Settings(cues=cues, decide=model)
    emphasis, _ = spoken(make_grid, settings, name=name)
    emphasis = with_breaks(emphasis) if breaks else emphasis
    for width in (44, *range(60, 132, 2), 200, 300):
        text = table_of(emphasis, monkeypatch, width)
        layout = choose_layout(emphasis, width)
        rows = [line for line in text.splitlines() if "…" in line or "word" in line]
        assert max(map(len, text.splitlines())) <= width
        for word in emphasis.words:
            cells = [f"{word.score:+.2f}", format_probability(word).strip(), format_break(word)]
            parts = format_parts(word)
            if layout.cues:
                cells += parts.values()
            for cell in cells:
                assert cell in text, (width, cell)
            if layout.shares:
                shown = text.replace("\n", " ").split()
                for part in format_largest(word).replace(",", "").split():
                    assert any(one.strip(",") == part for one in shown), (width, part)
        assert all(line.count("…") <= 1 for line in rows)  # of the word alone
        says = (
            "the columns sum to it" if layout.cues
            else "shares of which the largest are shown" if layout.shares
            else "shares without room here"
        )  # fmt: skip
        assert says in " ".join(text.split())


def test_shares_without_any_room_are_left_out_and_that_is_said(make_grid, monkeypatch):
    emphasis, _ = spoken(make_grid, LISTENERS)
    for width in (30, 36):
        text = table_of(emphasis, monkeypatch, width)
        assert "…" not in text.replace("word…", "")
        assert "shares without room here" in " ".join(text.split())
        assert f"{emphasis.words[0].score:+.2f}" in text


def test_shares_that_are_not_all_shown_are_not_said_to_sum(make_grid, monkeypatch):
    emphasis, _ = spoken(make_grid, lemf.Settings(cues="all"))
    assert "of its shares the largest are shown" in " ".join(
        table_of(emphasis, monkeypatch, 80).split()
    )
    assert "the columns sum to it" in " ".join(table_of(emphasis, monkeypatch, 300).split())


def test_control_characters_of_a_decision_reach_no_output(make_grid, tmp_path, monkeypatch):
    settings = replace(LISTENERS, decide=write_model(tmp_path, name=HOSTILE))
    emphasis, grid = spoken(make_grid, settings, n_words=3)
    assert r"'a\x1b[31m\nb\u202ec'" in table_of(emphasis, monkeypatch, 120)
    textgrid = add_tiers(grid, emphasis)
    shown = [
        str(emphasis), emphasis._repr_html_(), repr(textgrid), format_json(emphasis),
        render_figure(emphasis, "svg").decode(),
    ]  # fmt: skip
    for text in shown:
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_a_sentence_too_short_to_decide_is_flagged_in_every_format(make_grid):
    for n_words, decide, flag in ((1, "emphasis", "one_word"), (3, "accent", "few_words")):
        emphasis, grid = spoken(make_grid, replace(LISTENERS, decide=decide), n_words=n_words)
        (sentence,) = emphasis.sentences
        assert flag in sentence.doubts
        assert f"{flag}: " in str(emphasis)
        assert f"({sentence.doubts})" in emphasis._repr_html_()
        (tier,) = [one for one in add_tiers(grid, emphasis).tiers if one.name == "flags"]
        labels = [interval.label for interval in tier.intervals if interval.label]
        assert labels == [sentence.doubts] * n_words
        (figure,) = _figures(emphasis, [0], "", 3, "log", paged=False)
        title = figure.axes[0].get_title(loc="left")
        assert title.endswith(f"; {sentence.doubts.replace(' ', ', ')})")
    plain, grid = spoken(make_grid, lemf.Settings(), n_words=1)
    assert plain.sentences[0].doubts == ""  # nothing is decided
    assert "flags" not in [tier.name for tier in add_tiers(grid, plain).tiers]


@pytest.mark.parametrize(("threshold", "shown"), [(1e-9, "6"), (1 - 1e-9, "none")])
def test_the_title_says_how_many_words_are_emphasised(make_grid, threshold, shown):
    for name in ("w{}", "a very long word indeed {}"):
        emphasis, _ = spoken(make_grid, replace(LISTENERS, threshold=threshold), name=name)
        (figure,) = _figures(emphasis, [0], "", 3, "log", paged=False)
        assert figure.axes[0].get_title(loc="left").endswith(f"(emphasised: {shown}; unheard)")
        figure.draw_without_rendering()
    plain, _ = spoken(make_grid, lemf.Settings())
    (figure,) = _figures(plain, [0], "", 3, "log", paged=False)
    assert "emphasised" not in figure.axes[0].get_title(loc="left")


def test_words_without_a_break_have_no_mark_and_breaks_a_legend(make_grid):
    emphasis, _ = spoken(make_grid, LISTENERS)
    (sentence,) = emphasis.sentences
    kinds = ["none", "minor", "none", "major", "none", "end"]
    strengths = [0.4, 1.5, 0.0, 3.0, 0.2, float("nan")]
    words = tuple(
        replace(word, break_after=WordBreak(kind, strength, 0.0, 0.0, 0.0))
        for word, kind, strength in zip(sentence.words, kinds, strengths, strict=True)
    )
    emphasis = replace(emphasis, sentences=(replace(sentence, words=words),))
    (figure,) = _figures(emphasis, [0], "", 3, "log", paged=False)
    lower = figure.axes[1]
    marks = [line for line in lower.get_lines() if line.get_color() == VERMILION]
    assert [line.get_xdata()[0] for line in marks] == [words[1].end_s, words[3].end_s]
    legends = [text.get_text() for text in figure.axes[2].get_legend().get_texts()]
    assert {"minor break", "major break"} <= set(legends)


def test_the_repr_names_the_words_that_are_decided(make_grid):
    for threshold, shown in ((1e-9, "w0 + w1 + w2"), (1 - 1e-9, "none")):
        emphasis, _ = spoken(make_grid, replace(LISTENERS, threshold=threshold), name="w{}")
        assert f"emphasised: {shown}>" in repr(emphasis)
    plain, _ = spoken(make_grid, lemf.Settings(), name="w{}")
    assert f"emphasised: {plain.sentences[0].ranked[0].word}>" in repr(plain)
