"""Labels from a tier of the TextGrid: accents at points, in intervals, and what looks like it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

import lemf
from lemf.agreement.labels.tier_labels import rate_by_tier
from lemf.commands.cli import main
from lemf.errors import TextGridError
from lemf.reading.alignment import Word
from lemf.reading.textgrid import Interval, IntervalTier, Point, PointTier, TextGrid

NAN = np.nan
WORDS = [Word("a", 0.0, 0.5), Word("b", 0.5, 1.0), Word("c", 1.5, 2.0)]  # a pause before c


def points(*given):
    tier = PointTier("tones", 0.0, 2.5, tuple(Point(time_s, label) for time_s, label in given))
    return TextGrid(0.0, 2.5, (tier,), "a.TextGrid")


def intervals(*given):
    tier = IntervalTier("tones", 0.0, 2.5, tuple(Interval(*one) for one in given))
    return TextGrid(0.0, 2.5, (tier,), "a.TextGrid")


def ratings(grid):
    return rate_by_tier(grid, "tones", WORDS).ratings.tolist()


@pytest.mark.parametrize(
    ("label", "rating"),
    [
        ("H*", 1),
        ("L+H*", 1),
        ("!H*", 1),
        ("L*+H", 1),
        ("H+!H*", 1),
        ("*", 1),
        ("*?", 0.5),
        ("X*?", 1),  # an accent, of uncertain type
        ("H*?", 1),
        ("*? L-L%", 0.5),
        ("H* L-L%", 1),
        ("L-", 0),
        ("L-H%", 0),
        ("%H", 0),
        ("<", 0),
        ("HiF0", 0),
    ],
)
def test_a_star_is_an_accent_and_a_boundary_tone_is_none(label, rating):
    grid = points((0.2, label), (1.9, "L-L%"))
    assert ratings(grid) == [rating, 0, 0]
    grid = intervals((0.0, 0.5, label), (1.5, 2.0, "L-L%"))
    assert ratings(grid) == [rating, 0, 0]


def test_points_at_edges_and_in_pauses_belong_to_one_word_or_to_none():
    assert ratings(points((0.5, "H*"))) == [0, 1, 0]  # the later word
    assert ratings(points((0.5, "H* L-"))) == [1, 0, 0]  # a phrase ends with the earlier one
    assert ratings(points((0.4996, "H*"))) == [0, 1, 0]
    assert ratings(points((1.0, "H*"))) == [0, 1, 0]  # no word begins here
    assert ratings(points((1.04, "H*"))) == [0, 1, 0]
    assert ratings(points((1.47, "H*"))) == [0, 0, 1]
    lost = rate_by_tier(points((1.2, "H*"), (1.3, "L-L%"), (0.1, "*?")), "Tones", WORDS)
    assert lost.ratings.tolist() == [0.5, 0, 0]
    assert lost.notes == (
        "tier 'tones': 1 uncertain accents (*?) are rated 0.5: emphasised only with --cut 0.5",
        "tier 'tones': 1 labels lie at no word and are left out",
    )


def test_the_surest_accent_of_a_word_counts():
    assert ratings(points((0.1, "*?"), (0.3, "H*"))) == [1, 0, 0]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([(0.0, 0.5, "0"), (0.5, 1.0, "1"), (1.5, 2.0, "0")], [0, 1, 0]),
        ([(0.0, 0.5, "0"), (0.5, 1.0, "1")], [0, 1, NAN]),  # c is not rated
        ([(0.5, 1.0, "1")], [0, 1, 0]),
        ([(0.0, 0.2, "0.5"), (0.2, 0.5, "2.5"), (0.5, 2.0, "0")], [2.5, 0, 0]),  # syllables
        ([(0.02, 0.49, "2"), (0.49, 1.03, "1"), (1.45, 2.0, "3")], [2, 1, 3]),  # other edges
        ([(0.6, 0.8, "acc")], [0, 1, 0]),
        ([(0.4, 2.0, "focus")], [0, 1, 1]),
        ([(0.0, 0.5, "sil"), (0.5, 1.0, "x"), (1.0, 1.5, "<p:>")], [0, 1, 0]),
        ([(0.0, 0.5, "+"), (0.5, 1.0, "-")], [1, 0, 0]),
    ],
)
def test_intervals_rate_the_words_that_they_cover(given, expected):
    np.testing.assert_array_equal(ratings(intervals(*given)), expected)


def test_other_labels_are_named():
    found = rate_by_tier(points((0.2, "x"), (1.7, "x")), "tones", WORDS)
    assert found.ratings.tolist() == [1, 0, 1]
    assert found.notes == ("tier 'tones': words below a label count as accented: 'x'",)


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        (points(), "has no label; leave out a recording that nobody labelled"),
        (points((0.5, " ")), "has no label"),
        (intervals((0.0, 2.5, "")), "has no label"),
        (points((0.5, "1"), (1.0, "3-"), (2.0, "4")), r"holds break indices \('1', '3-', '4'\)"),
        (points((0.5, "1"), (1.0, "1")), "holds break indices"),
        (intervals((0.0, 0.5, "1"), (0.5, 2.0, "3-")), "holds break indices"),
        (
            intervals((0.0, 0.5, "a"), (0.5, 1.0, "mail-order"), (1.5, 2.0, "c")),
            "every word lies below a label",
        ),
        (TextGrid(0, 1, (), "a.TextGrid"), "no tier 'tones' for --labels-tier; it has no tiers"),
    ],
)
def test_tiers_that_hold_no_accents_are_refused(grid, message):
    with pytest.raises(TextGridError, match=f"^a.TextGrid: .*{message}"):
        rate_by_tier(grid, "tones", WORDS)


@pytest.fixture
def corpus(tmp_path, make_utterance):
    """Three recordings with tones, one whose tier is empty."""
    made = make_utterance((120.0, 160.0, 110.0), (0.5, 1.0, 0.4), (0.25, 0.4, 0.3))
    grid = lemf.read_textgrid(made.textgrid)
    words = next(tier for tier in grid.tiers if tier.name == "words").intervals
    middle = [(word.start_s + word.end_s) / 2 for word in words if word.label]
    tones = {"one": (1,), "two": (0, 1), "none": (), "empty": None}
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name, accents in tones.items():
        (folder / f"{name}.wav").write_bytes(made.wav.read_bytes())
        marks = [] if accents is None else [Point(middle[i], "L+H*") for i in accents]
        if accents is not None:
            marks.append(Point(words[-1].end_s, "L-L%"))
        tier = PointTier("tones", grid.start_s, grid.end_s, tuple(marks))
        told = TextGrid(grid.start_s, grid.end_s, (*grid.tiers, tier))
        (folder / f"{name}.TextGrid").write_text(text_of(told))
    return folder


def text_of(grid):
    lines = [
        '"ooTextFile"',
        '"TextGrid"',
        f"{grid.start_s} {grid.end_s} <exists> {len(grid.tiers)}",
    ]
    for tier in grid.tiers:
        kind, marks = (
            ("IntervalTier", tier.intervals)
            if isinstance(tier, IntervalTier)
            else ("TextTier", tier.points)
        )
        lines.append(f'"{kind}" "{tier.name}" {tier.start_s} {tier.end_s} {len(marks)}')
        for mark in marks:
            times = f"{mark.start_s} {mark.end_s}" if kind == "IntervalTier" else str(mark.time_s)
            lines.append(f'{times} "{mark.label}"')
    return "File type = " + "\n".join(lines) + "\n"


def test_a_folder_is_evaluated_by_its_tones(corpus):
    arguments = ["evaluate", str(corpus), "--labels-tier", "tones", "--jobs", "1"]
    run = CliRunner().invoke(main, [*arguments, "--resamples", "9", "--format", "json"])
    assert run.exit_code == 0, run.output
    content = json.loads(run.stdout)
    assert content["labels_tier"] == "tones"
    detection = content["detection"]
    assert [detection[key] for key in ("n_none", "n_one", "n_several")] == [1, 1, 1]
    (left,) = [one for one in content["unjudged"] if one["id"] == "empty"]
    assert "nobody labelled" in left["detail"]
    lost = CliRunner().invoke(main, ["evaluate", str(corpus)])
    assert lost.exit_code == 1
    assert "a folder; name a file of labels" in lost.output


def test_a_list_of_recordings_needs_no_labels_then(corpus, tmp_path):
    labels = tmp_path / "labels.csv"
    labels.write_text(
        "audio,textgrid,speaker,ratings\n"
        "corpus/one.wav,corpus/one.TextGrid,x,9 9 9\ncorpus/two.wav,corpus/two.TextGrid,y,\n"
    )
    found = lemf.evaluate_labels(labels, labels_tier="tones", n_resamples=3)
    assert found.detection is not None
    assert found.detection.n_emphasised == 3
    assert list(found.detection.systems[0].intervals) == ["sentences", "speakers"]
    with pytest.raises(lemf.CorpusError, match="no tier 'breaks' for --labels-tier"):
        lemf.evaluate_labels(labels, labels_tier="breaks", n_resamples=3)


def test_the_stress_of_syllables_in_a_tier_is_that_of_the_words_in_the_metadata(speech_data):
    labels = lemf.read_labels(speech_data / "emodb" / "metadata.jsonl")[:4]
    settings = [lemf.Settings()]
    by_file = lemf.rate_sentences(labels, settings).complete
    by_tier = lemf.rate_sentences(labels, settings, labels_tier="stress").complete
    for one, other in zip(by_file, by_tier, strict=True):
        assert one.ratings.tolist() == other.ratings.tolist()
