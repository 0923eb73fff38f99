"""Two corpora of different scales as one."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msfser.corpora.joining import join_corpora, rescale
from msfser.errors import ConfigError
from msfser.manifest import Manifest, Utterance, read_manifest, write_manifest
from msfser.ratings import Rating, format_ratings, read_ratings, write_ratings


def manifest(root, corpus, bounds, **labels):
    row = Utterance(id="one", wav="one.wav", speaker="7", split="train", emotion="N", **labels)
    return Manifest(utterances=(row,), corpus=corpus, version="", root=root, label_bounds=bounds)


def test_the_ends_and_the_middle_of_two_scales_lie_on_each_other():
    assert [rescale(value, (1, 5), (1, 7)) for value in (1, 3, 5)] == [1, 4, 7]
    assert rescale(6, (1, 5), (1, 7)) == 8.5
    assert math.isnan(rescale(math.nan, (1, 5), (1, 7)))


@given(st.floats(-1e3, 1e3), st.floats(-9, 9), st.floats(0.5, 9), st.floats(-9, 9))
def test_a_scale_and_back_is_the_same_label(value, low, width, other):
    old, new = (low, low + width), (other, other + 3.0)
    assert rescale(rescale(value, old, new), new, old) == pytest.approx(value, abs=1e-9)


def test_speakers_of_one_name_stay_two_and_labels_come_onto_one_scale(tmp_path, run, make_wav):
    make_wav(tmp_path / "a" / "one.wav", 0.5)
    make_wav(tmp_path / "b" / "one.wav", 0.5)
    first = manifest(tmp_path / "a", "first", (1.0, 7.0), valence=4.0, arousal=7.0)
    second = manifest(tmp_path / "b", "second", (1.0, 5.0), valence=5.0, dominance=2.0)
    for name, one in (("a", first), ("b", second)):
        write_manifest(tmp_path / name / "manifest.parquet", one)
    result = run("join", tmp_path / "a", tmp_path / "b", "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    joined = read_manifest(tmp_path / "out")
    one, two = joined.utterances
    assert (joined.corpus, joined.label_bounds) == ("first+second", (1.0, 7.0))
    assert (one.id, two.id) == ("first/one", "second/one")
    assert (one.speaker, two.speaker) == ("first/7", "second/7")
    assert (one.valence, one.arousal, two.valence, two.dominance) == (4.0, 7.0, 7.0, 2.5)
    assert math.isnan(one.dominance)
    assert joined.wav_path(two) == tmp_path / "b" / "one.wav"
    assert (
        "note: second: labels from 1 to 5 are drawn out to 1 to 7, which makes the scales equal"
        in result.stderr
    )


def test_votes_come_onto_the_scale_of_the_labels_and_raters_stay_two(tmp_path, run, make_wav):
    for name, bounds, top in (
        ("a", (1.0, 7.0), 7.0),
        ("b", (1.0, 5.0), 5.0),
        ("c", (1.0, 7.0), 7.0),
    ):
        make_wav(tmp_path / name / "one.wav", 0.5)
        one = manifest(tmp_path / name, name, bounds, valence=4.0)
        one = replace(one, utterances=(replace(one.utterances[0], dialogue="d1", start_s=0.0),))
        write_manifest(tmp_path / name / "manifest.parquet", one)
        if name != "c":
            vote = Rating(id="one", rater="r1", valence=top, arousal=3.0, emotion="N")
            strays = [replace(vote, id="two"), replace(vote, dominance=0.0)]
            votes = [vote, *strays] if name == "b" else [vote]
            write_ratings(tmp_path / name / "ratings.parquet", votes)
    folders = [tmp_path / name for name in "abc"]
    result = run("join", *folders, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    joined = read_ratings(tmp_path / "out")
    assert [(v.id, v.rater, v.valence, v.arousal, v.emotion) for v in joined] == [
        ("a/one", "a/r1", 7.0, 3.0, "N"), ("b/one", "b/r1", 7.0, 4.0, "N"),
    ]  # fmt: skip
    assert math.isnan(joined[1].dominance)
    turns = [row.dialogue for row in read_manifest(tmp_path / "out").utterances]
    assert turns == ["a/d1", "b/d1", "c/d1"]  # turns of two corpora are of two dialogues
    assert "note: no votes of single raters in c" in result.stderr
    assert (
        "note: b: 1 vote on recordings that the corpus does not list, left out, the first: r1 on "
        "two\n" in result.stderr
    )
    assert "note: b: 1 vote outside 1 to 5, left out, the first: r1 on one" in result.stderr
    assert "ratings.parquet: 2 votes" in result.stderr
    again = run("join", *folders, "-o", tmp_path / "out")
    assert again.exit_code == 1
    (tmp_path / "out" / "manifest.parquet").unlink()
    assert run("join", *folders, "-o", tmp_path / "out").exit_code == 0  # the same votes
    for content in (b"mine", format_ratings(joined[:1])):
        (tmp_path / "out" / "manifest.parquet").unlink(missing_ok=True)
        (tmp_path / "out" / "ratings.parquet").write_bytes(content)
        again = run("join", *folders, "-o", tmp_path / "out")
        assert again.exit_code == 1
        assert "ratings.parquet: exists" in again.stderr
        assert (tmp_path / "out" / "ratings.parquet").read_bytes() == content


def test_what_is_lost_or_differs_is_noted(tmp_path):
    first = manifest(tmp_path, "first", (1.0, 7.0), valence=4.0)
    bare = manifest(tmp_path, "bare", (0.0, 1.0))
    bare = replace(
        bare, utterances=tuple(replace(row, split=None, emotion="joy") for row in bare.utterances)
    )
    reading = join_corpora([bare, first], tmp_path)
    assert reading.manifest.label_bounds == (1.0, 7.0)  # of the first corpus that has labels
    assert reading.notes == (
        "bare: no labels of valence, arousal, dominance",
        "bare: no splits, so no run trains on it or tests on it",
        "emotions keep the names of each corpus (bare: joy; first: N)",
    )


def test_one_corpus_or_two_of_one_name_are_refused(tmp_path):
    one = manifest(tmp_path, "one", (1.0, 7.0))
    with pytest.raises(ConfigError, match="one corpus: name two or more"):
        join_corpora([one], tmp_path)
    with pytest.raises(ConfigError, match="two corpora named 'one'"):
        join_corpora([one, one], tmp_path)


def test_two_tables_of_one_name_are_joined_under_other_names(tmp_path, run, make_wav):
    for folder in ("one", "two"):
        make_wav(tmp_path / folder / "a.wav", 0.5)
        (tmp_path / folder / "labels.csv").write_text("wav,speaker,arousal\na.wav,7,3\n")
    scale = ("--label-bounds", "1,5")
    for folder in ("one", "two"):
        table = tmp_path / folder / "labels.csv"
        assert run("table", table, "-o", tmp_path / f"c-{folder}", *scale).exit_code == 0
    refused = run("join", tmp_path / "c-one", tmp_path / "c-two", "-o", tmp_path / "both")
    assert refused.exit_code == 1
    assert "read a table again under another name: msfser corpus table --name" in refused.stderr
    table = tmp_path / "two" / "labels.csv"
    again = run("table", table, "-o", tmp_path / "c-two", *scale, "--name", "second", "--force")
    assert again.exit_code == 0, again.output
    assert again.stdout.startswith("second, labels of arousal from 1 to 5\n")
    joined = run("join", tmp_path / "c-one", tmp_path / "c-two", "-o", tmp_path / "both")
    assert joined.exit_code == 0, joined.output
    assert [row.speaker for row in read_manifest(tmp_path / "both").utterances] == [
        "labels/7",
        "second/7",
    ]


@pytest.mark.parametrize("name", ["", " ", "a/b", "a\nb", "a\x1bb"])
def test_a_name_that_cannot_stand_before_ids_is_refused(tmp_path, run, name):
    (tmp_path / "t.csv").write_text("wav\na.wav\n")
    refused = run("table", tmp_path / "t.csv", "-o", tmp_path / "out", "--name", name)
    assert refused.exit_code == 1
    assert "write a name of letters, digits and signs without a slash" in refused.stderr
