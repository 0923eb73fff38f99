"""`lemf evaluate --cut`: which words are emphasised, on sentences whose answers are known."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

from lemf.agreement.evaluation.detect import detect
from lemf.agreement.labels.rated_sentences import RatedSentence, ScoredSentence
from lemf.commands.cli import main

RATINGS = ([0, 2, 0], [2, 0, 3], [0, 0, 1], [0, 0, 2])


def sentence(number, ratings):
    scored = ScoredSentence(("a", "longer", "c"), np.ones(3), (np.zeros(3),), ({},))
    return RatedSentence(
        id=str(number),
        recording=str(number),
        number=0,
        first_word=0,
        n_recording_words=3,
        scored=scored,
        ratings=np.array(ratings, dtype=float),
        text=f"text {number % 2}",
        speaker=f"speaker {number // 2}",
        emotion=None,
    )


SENTENCES = [sentence(i, one) for i, one in enumerate(RATINGS)]


def test_a_perfect_probability_gets_the_best_of_each_measure():
    labels = [np.array(one) >= 2.0 for one in RATINGS]
    sure = [one * 1.0 for one in labels]
    found = detect(SENTENCES, {"mine": sure}, {"mine": sure}, cut=2)
    assert (found.n_none, found.n_one, found.n_several) == (1, 2, 1)
    assert (found.n_words, found.n_emphasised) == (12, 4)
    mine = found.systems[0]
    best = {"brier": 0.0, "ece": 0.0}
    assert mine.measures == {name: best.get(name, 1.0) for name in mine.measures}
    assert (mine.by_probability, mine.thresholds, mine.perfect_ece) == (True, (0.5, 0.5), 0.0)


def test_a_threshold_of_scores_is_learnt_from_other_speakers_and_texts():
    scores = [np.array(one) / 1.0 for one in RATINGS]
    before = detect(SENTENCES, {"mine": scores}, {}, cut=2).systems[0]
    assert before.thresholds == (
        2.0,
        2.0,
    )  # sentence 2 learns from sentence 1, whose words are 2 and 3
    assert np.isnan([before.measures["brier"], before.measures["ece"], before.perfect_ece]).all()
    assert before.reliability is None


def test_several_or_no_words_are_detected_from_labels(tmp_path, make_utterance):
    made = make_utterance((120.0, 160.0, 110.0), (0.5, 1.0, 0.4), (0.25, 0.4, 0.3))
    files = {"audio": made.wav.name, "textgrid": made.textgrid.name}
    labels, scores = tmp_path / "labels.jsonl", tmp_path / "scores.csv"
    labels.write_text(
        "".join(
            json.dumps({**files, "id": name, "emphasised": given}) + "\n"
            for name, given in (("one", 1), ("none", []), ("two", [0, 1]))
        )
    )
    rows = [
        f"{name},{i},{i},{0.9 if i == 1 else 0.2}"
        for name in ("one", "none", "two")
        for i in range(3)
    ]
    scores.write_text("id,index,score,probability\n" + "\n".join(rows) + "\n")
    arguments = ["evaluate", "--jobs", "1", "--resamples", "2", "--scores", f"other={scores}"]
    run = CliRunner().invoke(main, [*arguments, "--format", "json", str(labels)])
    assert run.exit_code == 0, run.output
    detection = json.loads(run.stdout)["detection"]
    assert [detection[key] for key in ("cut", "n_none", "n_one", "n_several")] == [1, 1, 1, 1]
    other = next(one for one in detection["systems"] if one["name"] == "other")
    assert (other["by"], other["thresholds"]) == ("probability", [0.5, 0.5])
    assert other["measures"]["recall"] == pytest.approx(2 / 3)
    assert other["measures"]["none_one_several"] == pytest.approx(1 / 3)
    assert other["measures"]["top_emphasised"] == 0  # by the score, which is highest on word 2
    assert sum(other["reliability"]["n_words"]) == 9
    for form in ("table", "markdown"):
        shown = CliRunner().invoke(main, [*arguments, "--format", form, str(labels)]).stdout
        assert "a perfect model with these P has" in " ".join(shown.split())
    figure = tmp_path / "figure.svg"
    CliRunner().invoke(main, [*arguments, "--figure", str(figure), str(labels)])
    assert "share emphasised" in figure.read_text()
    scores.write_text("id,index,score,probability\none,0,1,1.5\n")
    wrong = CliRunner().invoke(main, [*arguments, str(labels)])
    assert wrong.exit_code != 0
    assert "probability 1.5; give a number from 0 to 1" in wrong.output


def test_labels_of_one_word_each_have_no_new_section(tmp_path, make_utterance):
    made = make_utterance((120.0, 160.0, 110.0), (0.5, 1.0, 0.4), (0.25, 0.4, 0.3))
    labels = tmp_path / "labels.jsonl"
    row = {"audio": made.wav.name, "textgrid": made.textgrid.name, "emphasised": 1}
    labels.write_text(json.dumps(row) + "\n")
    run = CliRunner().invoke(main, ["evaluate", "--jobs", "1", "--format", "json", str(labels)])
    assert "detection" not in json.loads(run.stdout)
