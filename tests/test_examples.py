"""The scripts in examples/ run as they are and write what they say."""

import csv
import json
import runpy
from pathlib import Path

import pytest

import lemf

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(name, *arguments):
    """Run a script's main function with arguments."""
    runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"]([str(one) for one in arguments])


def test_readings_are_compared_word_by_word(tmp_path, capsys):
    run("compare_readings", "-o", tmp_path / "compared")
    told = capsys.readouterr().out
    assert "really.wav: I really didn't, top word really" in told
    assert "didnt.wav: really didn't mean, top word didn't" in told
    with (tmp_path / "compared" / "words.csv").open(newline="", encoding="utf-8") as stream:
        rows = {row["word"]: row for row in csv.DictReader(stream)}
    assert list(rows) == ["I", "really", "didn't", "mean", "that"]
    for word, sign in (("really", -1), ("didn't", 1)):
        for name in ("score", "f0_hz", "excursion_st", "level_db", "duration_ms"):
            assert sign * float(rows[word][f"change.{name}"]) > 0, (word, name)
    emphasis = lemf.score(EXAMPLES / "didnt.wav", EXAMPLES / "didnt.TextGrid")
    found = [float(row["second.score"]) for row in rows.values()]
    assert found == pytest.approx([word.score for word in emphasis.words], abs=1e-9)
    tiers = lemf.read_textgrid(tmp_path / "compared" / "didnt.TextGrid").tiers
    assert [tier.name for tier in tiers][:4] == ["words", "phones", "emphasis", "segment"]


def test_figures_of_the_readings(tmp_path, capsys, monkeypatch):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    run("compare_readings", "-o", tmp_path, "--figures")
    for name in ("really", "didnt"):
        assert (tmp_path / f"{name}.pdf").read_bytes().startswith(b"%PDF")


def test_other_words_are_refused_in_one_line(tmp_path, make_other):
    with pytest.raises(SystemExit, match=r"other\.wav: says"):
        run("compare_readings", EXAMPLES / "really.wav", make_other, "-o", tmp_path)


@pytest.fixture
def make_other(tmp_path):
    """The example with another word."""
    path = tmp_path / "other.wav"
    path.write_bytes((EXAMPLES / "didnt.wav").read_bytes())
    text = (EXAMPLES / "didnt.TextGrid").read_text(encoding="utf-8")
    (tmp_path / "other.TextGrid").write_text(text.replace('"mean"', '"say"'), encoding="utf-8")
    return path


def test_utterances_carry_what_a_classifier_and_a_language_model_take(tmp_path, capsys):
    pytest.importorskip("pyarrow")
    labels = tmp_path / "labels.csv"
    labels.write_text("id,emotion\nreally,sad\ndidnt,angry\n", encoding="utf-8")
    run("emphasis_for_ser", EXAMPLES, "-o", tmp_path / "u.jsonl", "--labels", labels)
    lines = (tmp_path / "u.jsonl").read_text(encoding="utf-8").splitlines()
    didnt, really = map(json.loads, lines)
    assert didnt["text"] == "I really DIDN'T mean that"
    assert really["text"] == "I REALLY didn't mean that"
    settings = lemf.Settings(cues="listeners")
    emphasis = lemf.score(EXAMPLES / "really.wav", EXAMPLES / "really.TextGrid", settings)
    (sentence,) = emphasis.sentences
    assert really["top_score"] == pytest.approx(sentence.ranked[0].score, abs=1e-9)
    assert really["probability"] == pytest.approx(sentence.ranked[0].decision.probability, abs=1e-9)
    assert really["segment_s"] == [sentence.segment.start_s, sentence.segment.end_s]
    told = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in told[-2:]] == [["angry", "1"], ["sad", "1"]]
