import io
import re
import time

import numpy as np
import pytest

import lemf
from lemf.display.table import print_table


class Stream(io.StringIO):
    def __init__(self, encoding="utf-8"):
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self):
        return self._encoding


def table(emphasis, encoding="utf-8"):
    stream = Stream(encoding)
    print_table(emphasis, stream)
    return stream.getvalue()


def test_words_bars_and_the_segment(utterance):
    text = table(lemf.score(utterance.wav, utterance.textgrid))
    lines = text.splitlines()
    assert lines[0].startswith("emphasised: two, ")
    assert lines[1] == "segment:    one two three (0.10-1.25 s)"
    one, two, three = lines[3:6]
    assert [line[:6].strip() for line in (one, two, three)] == ["┌  one", "│► two", "└  thr"]
    assert two.count("█") > one.count("█")
    assert "score = 1 z(pitch) + 1.2 z(energy) + 0.8 z(duration)" in text
    assert max(map(len, lines)) <= 80


def test_bars_without_block_characters(utterance):
    text = table(lemf.score(utterance.wav, utterance.textgrid), encoding="ascii")
    assert text.isascii()
    assert "###" in text
    assert "|> two" in text


def test_flags_are_explained(utterance):
    settings = lemf.Settings(sentences="pause:0.05")
    text = table(lemf.score(utterance.wav, utterance.textgrid, settings))
    assert "sentence 2 (0.95-1.25 s)" in text
    assert text.count("one_word: a sentence of one word") == 3
    assert "emphasised: two\n" in text


def test_labels_cannot_talk_to_the_terminal_or_to_the_markup(utterance, make_grid):
    grid = make_grid([("\x1b[31mred", 0.1, 0.35), ("[bold]x", 0.45, 0.85)], 1.35)
    text = table(lemf.score(utterance.wav, grid))
    assert "\x1b" not in text
    assert "[bold]x" in text


def test_long_words_are_cut_in_the_table(utterance, make_grid):
    grid = make_grid([("a" * 60, 0.1, 0.35), ("b", 0.45, 0.85)], 1.35)
    lines = table(lemf.score(utterance.wav, grid)).splitlines()
    assert any("aaa…" in line for line in lines[3:])


def test_numbers_stay_on_narrow_terminals(utterance, monkeypatch):
    monkeypatch.setenv("COLUMNS", "48")
    emphasis = lemf.score(utterance.wav, utterance.textgrid)
    text = table(emphasis)
    assert "█" not in text
    for word in emphasis.words:
        assert f"{word.score:+.2f}" in text
        assert f"{word.cues['duration'].contribution:+.2f}" in text


def test_the_measured_values_are_named_rightly_on_wide_terminals(utterance, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    assert " phone" in table(lemf.score(utterance.wav, utterance.textgrid))
    settings = lemf.Settings(duration="word")
    text = table(lemf.score(utterance.wav, utterance.textgrid, settings))
    assert " phone" not in text
    assert "400 ms" in text


@pytest.mark.parametrize("top", [1, 2, 3])
def test_the_top_ranks_stand_out_and_the_rest_is_faint(utterance, make_grid, monkeypatch, top):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    words = [("one", 0.1, 0.35), ("two", 0.45, 0.85), ("three", 0.9, 1.0), ("four", 1.0, 1.25)]
    emphasis = lemf.score(utterance.wav, make_grid(words, 1.35))
    stream = Stream()
    print_table(emphasis, stream, top=top)
    rows = dict(
        zip([w.rank for w in emphasis.words], stream.getvalue().splitlines()[3:7], strict=True)
    )
    bold, faint = "\x1b[1m", "\x1b[2m"
    assert [rank for rank in sorted(rows) if bold in rows[rank]] == [1]
    assert [rank for rank in sorted(rows) if faint not in rows[rank]] == [*range(1, top + 1)]


def test_letters_that_join_are_kept(utterance, make_grid):
    grid = make_grid([("क्\u200dष", 0.1, 0.35), ("b\u202ex", 0.45, 0.85)], 1.35)
    text = table(lemf.score(utterance.wav, grid))
    assert "क्\u200dष" in text
    assert "\u202e" not in text


def test_where_not_all_cues_fit_the_largest_shares_are_named(utterance, monkeypatch):
    emphasis = lemf.score(utterance.wav, utterance.textgrid, lemf.Settings(cues="all"))
    lines = table(emphasis).splitlines()
    assert max(map(len, lines)) <= 80
    shares = {name: share.contribution for name, share in emphasis.words[1].cues.items()}
    first, second, third = sorted(shares, key=lambda name: -abs(shares[name]))[:3]
    text = " ".join(" ".join(lines).split())
    expected = ", ".join(f"{name} {shares[name]:+.2f}" for name in (first, second, third))
    assert expected in text
    monkeypatch.setenv("COLUMNS", "220")
    wide = table(emphasis)
    assert "largest shares" not in wide
    assert "prominence" in wide
    assert "the columns sum to it" in " ".join(wide.split())


@pytest.mark.parametrize("columns", ["80", "120"])
def test_a_cue_that_could_not_be_measured_is_a_dash(utterance, make_grid, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    samples = np.concatenate([utterance.samples, np.zeros(16_000)])
    grid = make_grid([("one", 0.1, 0.35), ("two", 0.45, 0.85), ("hush", 1.6, 1.9)], 2.35)
    emphasis = lemf.score(samples, grid, rate_hz=utterance.rate_hz)
    assert "unvoiced" in emphasis.words[2].flags
    (row,) = [line for line in table(emphasis).splitlines() if re.match(r"\S* +hush +\d ", line)]
    assert "+0.00" not in row
    assert "-" in row.split()
    assert "pitch -, energy " in emphasis._repr_html_()


def test_a_label_of_megabytes_is_printed_at_once(utterance, make_grid):
    emphasis = lemf.score(
        utterance.wav, make_grid([("long" * 2_000_000, 0.1, 0.35), ("b", 0.45, 0.85)], 1.35)
    )
    started_s = time.process_time()
    assert len(table(emphasis)) < 500_000
    assert time.process_time() - started_s < 5.0  # 20 s where all lines are broken
