"""Mutated TextGrids: whatever the bytes, a LemfError or a result of finite scores comes out."""

import math

import numpy as np
import parselmouth
import pytest
from parselmouth.praat import call

import lemf

SAVED = ["text file", "short text file", "chronological text file", "binary file"]
TOKENS = (
    b"<exists>",
    b'"IntervalTier"', b'"TextTier"', b'"words"', b"item []:", b"xmin = 0", b"! comment\n",
    b"intervals: size = 2", b"\\u\"", b"\\sw", b"3.2s", b"0.02 0.08", b'"sil"', b'"_"', b'"\xe9"',
)  # fmt: skip
SETTINGS = [
    lemf.Settings(),
    lemf.Settings(cues="all", sentences="pause:0.01"),
    lemf.Settings(sentences="sentence", duration="word", silence=("b",)),
    lemf.Settings(words_tier="phones", phones_tier="words"),
]


@pytest.mark.parametrize("saved", SAVED)
def test_only_lemf_errors_come_out(tmp_path, make_grid, fuzz, saved):
    grid = make_grid([("aé", 0.02, 0.08), ("b", 0.1, 0.18)], 0.2)
    sentence = lemf.IntervalTier("sentence", 0.0, 0.2, (lemf.Interval(0.0, 0.2, "aé b"),))
    points = lemf.PointTier("tones", 0.0, 0.2, (lemf.Point(0.05, "H*"), lemf.Point(0.1, "L")))
    whole = lemf.TextGrid(0.0, 0.2, (*grid.tiers, sentence, points))
    lemf.write_textgrid(whole, tmp_path / "a.TextGrid")
    call(parselmouth.read(str(tmp_path / "a.TextGrid")), f"Save as {saved}", str(tmp_path / "b"))
    seeds = [(tmp_path / "b").read_bytes()]
    if saved != "binary file":
        text = lemf.format_textgrid(whole)
        seeds += [text.encode(encoding) for encoding in ("utf-8", "utf-16", "latin-1")]
    samples = np.random.default_rng(3).normal(0, 0.1, 3200)

    def use(content):
        for settings in SETTINGS:
            emphasis = lemf.score(samples, content, settings, rate_hz=16000)
            assert all(math.isfinite(word.score) for word in emphasis.words)
            assert "".join(emphasis.notes).isprintable()

    outcomes = fuzz(seeds, use, tokens=TOKENS, max_examples=150)
    assert outcomes["refused"] > 3, outcomes
    assert outcomes["used"] > 3, outcomes
