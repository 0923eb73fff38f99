import csv
import io
import json
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import parselmouth
import pytest
from parselmouth.praat import call

import lemf
from lemf.config import shown_fields
from lemf.display.export import (
    add_tiers,
    format_contours_csv,
    format_csv,
    format_json,
    format_pitch_tier,
)
from lemf.display.html import format_html

WORD_KEYS = [
    "index", "word", "start_s", "end_s", "pitch", "energy", "duration", "z_pitch", "z_energy",
    "z_duration", "cues", "score", "rank", "flags",
]  # fmt: skip


@pytest.fixture
def emphasis(utterance):
    return lemf.score(utterance.wav, utterance.textgrid)


@pytest.fixture
def unmeasured(make_grid):
    """Silence: no pitch anywhere."""
    grid = make_grid([("a", 0.1, 0.4), ('b "c", d', 0.5, 0.9)], 1.0)
    return lemf.score(np.zeros(16000), grid, rate_hz=16000)


def test_json_is_the_contract_in_its_order(emphasis, utterance):
    document = json.loads(format_json(emphasis))
    assert list(document) == [
        "lemf", "schema_version", "audio", "textgrid", "rate_hz", "duration_s", "notes", "settings",
        "sentences",
    ]  # fmt: skip
    assert list(document["settings"]) == list(shown_fields(lemf.Settings()))
    assert document["lemf"] == lemf.__version__
    assert document["audio"] == str(utterance.wav)
    assert document["rate_hz"] == 16000
    assert document["duration_s"] == len(utterance.samples) / 16000
    (sentence,) = document["sentences"]
    assert list(sentence) == ["index", "text", "start_s", "end_s", "flags", "words", "segment"]
    assert list(sentence["segment"]) == ["words", "text", "start_s", "end_s"]
    for word in sentence["words"]:
        assert list(word) == WORD_KEYS
        assert list(word["cues"]) == ["pitch", "energy", "duration"]
        for share in word["cues"].values():
            assert list(share) == ["value", "z", "weight", "contribution"]


def test_json_keeps_full_precision_and_says_null(emphasis, unmeasured):
    words = json.loads(format_json(emphasis))["sentences"][0]["words"]
    assert [word["score"] for word in words] == [word.score for word in emphasis.words]
    words = json.loads(format_json(unmeasured))["sentences"][0]["words"]
    assert [word["pitch"] for word in words] == [None, None]
    assert words[0]["cues"]["pitch"]["value"] is None
    assert words[0]["flags"] == ["unvoiced"]


def test_csv_has_a_row_a_word_with_the_same_names(emphasis, unmeasured):
    rows = list(csv.DictReader(io.StringIO(format_csv(emphasis))))
    assert [row["word"] for row in rows] == ["one", "two", "three"]
    assert set(WORD_KEYS) - {"cues"} <= set(rows[0])
    assert float(rows[1]["score"]) == emphasis.words[1].score
    assert float(rows[1]["cues.energy.contribution"]) == pytest.approx(
        1.2 * emphasis.words[1].z_energy, abs=1e-12
    )
    rows = list(csv.DictReader(io.StringIO(format_csv(unmeasured))))
    assert rows[1]["word"] == 'b "c", d'
    assert rows[1]["pitch"] == ""
    assert [row["in_segment"] for row in rows] == ["True", "True"]
    assert {row["sentence_flags"] for row in rows} == {"constant_pitch constant_energy"}


def test_dataframe_holds_numbers(emphasis, unmeasured):
    frame = emphasis.to_dataframe()
    assert frame.loc[frame["rank"] == 1, "word"].tolist() == ["two"]
    assert frame["score"].dtype == float
    assert unmeasured.to_dataframe()["pitch"].isna().all()
    assert unmeasured.to_dataframe()["cues.pitch.value"].dtype == float


def test_dataframe_without_pandas_says_what_to_install(emphasis, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(lemf.LemfError, match="pandas is missing: pip install 'pandas'"):
        emphasis.to_dataframe()


def test_html_escapes_the_words(unmeasured, make_grid):
    grid = make_grid([("<b>", 0.1, 0.4), ("d&e", 0.5, 0.9)], 1.0)
    words = tuple(i for i in grid.tiers[0].intervals)
    tiers = (replace(grid.tiers[0], intervals=words), grid.tiers[1])
    emphasis = lemf.score(np.zeros(16000), replace(grid, tiers=tiers), rate_hz=16000)
    assert "d&amp;e" in emphasis._repr_html_()
    assert "<b>" not in emphasis._repr_html_()


def test_html_ends_with_the_notes_escaped(emphasis):
    noted = replace(emphasis, notes=("94% of the energy lies below 60 Hz", "tier '<b>'"))
    paragraphs = (
        "<p><small>note: 94% of the energy lies below 60 Hz</small></p>"
        "<p><small>note: tier &#x27;&lt;b&gt;&#x27;</small></p>"
    )
    assert format_html(noted) == format_html(replace(emphasis, notes=())) + paragraphs


def test_html_is_as_strong_as_the_score_from_none_to_full(emphasis):
    strengths = [float(s) for s in re.findall(r"rgba\([\d,]+,([\d.]+)\)", emphasis._repr_html_())]
    scores = [word.score for word in emphasis.words]
    assert (min(strengths), max(strengths)) == (0.0, 1.0)
    assert np.argsort(strengths).tolist() == np.argsort(scores).tolist()
    steps = np.diff(strengths) / np.diff(scores)  # one line through all words
    np.testing.assert_allclose(steps, steps[0], rtol=0.05, atol=0)


def test_textgrid_gains_two_tiers_that_praat_opens(emphasis, utterance, tmp_path):
    grid = add_tiers(utterance.grid, emphasis)
    path = tmp_path / "scored.TextGrid"
    lemf.write_textgrid(grid, path)
    opened = parselmouth.read(str(path))
    names = [call(opened, "Get tier name", i) for i in range(1, 5)]
    assert names == ["words", "phones", "emphasis", "segment"]
    labels = {
        name: [
            call(opened, "Get label of interval", number, i)
            for i in range(1, int(call(opened, "Get number of intervals", number)) + 1)
        ]
        for number, name in enumerate(names, 1)
    }
    assert labels["emphasis"][1::2] == [f"{word.score:.2f}" for word in emphasis.words]
    assert [label for label in labels["segment"] if label] == ["one two three"]
    start_s = call(opened, "Get start time of interval", 3, 4)
    assert start_s == pytest.approx(emphasis.words[1].start_s, abs=1e-9)


def test_new_tiers_do_not_hide_old_ones(emphasis, utterance):
    once = add_tiers(utterance.grid, emphasis)
    twice = add_tiers(once, emphasis)
    assert [tier.name for tier in twice.tiers][2:] == [
        "emphasis", "segment", "emphasis 2", "segment 2"
    ]  # fmt: skip


def test_tiers_cover_the_textgrid_without_gap_or_overlap(emphasis, utterance):
    for tier in add_tiers(utterance.grid, emphasis).tiers[2:]:
        edges = [(interval.start_s, interval.end_s) for interval in tier.intervals]
        assert edges[0][0] == utterance.grid.start_s
        assert edges[-1][1] == utterance.grid.end_s
        assert all(a[1] == b[0] for a, b in pairwise(edges))


def test_tiers_are_cut_where_words_overlap_or_go_past_the_end(utterance, make_grid):
    """Both happen by less than what rounding of the times explains."""
    words = [
        ("one", 0.1, 0.35),
        ("in", 0.34992, 0.34998),
        ("two", 0.34995, 0.85),
        ("on", 0.85, 1.3),
    ]
    grid = make_grid(words, 1.3)
    grid = replace(grid, end_s=1.29)
    scores, _ = add_tiers(grid, lemf.score(utterance.wav, grid)).tiers[2:]
    edges = [(interval.start_s, interval.end_s) for interval in scores.intervals]
    assert edges == [(0.0, 0.1), (0.1, 0.35), (0.35, 0.85), (0.85, 1.29)]


def test_contours_as_csv(emphasis):
    rows = list(csv.DictReader(io.StringIO(format_contours_csv(emphasis))))
    assert list(rows[0]) == ["time_s", "f0_hz", "energy"]
    assert len(rows) == len(emphasis.contours.times_s)
    assert rows[3]["time_s"] == "0.015"
    f0_hz = [float(row["f0_hz"] or 0) for row in rows]
    np.testing.assert_array_equal(f0_hz, emphasis.contours.f0_hz)
    assert "" in {row["f0_hz"] for row in rows}


def test_contours_as_a_pitch_tier_that_praat_opens(emphasis, unmeasured, tmp_path):
    path = tmp_path / "a.PitchTier"
    path.write_text(format_pitch_tier(emphasis))
    opened = parselmouth.read(str(path))
    n_points = int(call(opened, "Get number of points"))
    assert n_points == np.count_nonzero(emphasis.contours.f0_hz)
    highest = max(call(opened, "Get value at index", i) for i in range(1, n_points + 1))
    assert highest == pytest.approx(emphasis.contours.f0_hz.max(), abs=1e-9)
    path.write_text(format_pitch_tier(unmeasured))
    assert call(parselmouth.read(str(path)), "Get number of points") == 0


def test_a_pitch_tier_ends_no_earlier_than_its_last_point(make_grid):
    n_samples, rate_hz = 5520, 16000  # the last of the frames stands at 69 * 0.005 > 0.345 s
    t = np.arange(n_samples) / rate_hz
    samples = 0.2 * sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 20))
    grid = make_grid([("a", 0.02, 0.15), ("b", 0.16, 0.3)], n_samples / rate_hz)
    emphasis = lemf.score(samples, grid, rate_hz=rate_hz)
    last_s = emphasis.contours.times_s[emphasis.contours.f0_hz > 0][-1]
    assert last_s > emphasis.duration_s
    (xmax,) = re.findall(r"xmax = (.*)", format_pitch_tier(emphasis))
    assert float(xmax) >= last_s
