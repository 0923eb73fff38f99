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
    assert (mine.by, mine.thresholds, mine.perfect_ece) == ("probability", (0.5, 0.5), 0.0)


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


@pytest.fixture
def recording(tmp_path, make_utterance):
    made = make_utterance((120.0, 160.0, 110.0), (0.5, 1.0, 0.4), (0.25, 0.4, 0.3))
    return {"audio": made.wav.name, "textgrid": made.textgrid.name}


def write_labels(folder, recording, *given, key="emphasised"):
    path = folder / "labels.jsonl"
    rows = [{**recording, "id": f"r{i}", key: one} for i, one in enumerate(given)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def evaluated(labels, *arguments):
    arguments = ["evaluate", "--jobs", "1", "--resamples", "9", *arguments, str(labels)]
    return CliRunner().invoke(main, arguments)


@pytest.mark.parametrize(
    "given", [([0, 2], [0, 1]), ([], []), ([0, 1],), ([0, 1], []), ([0, 1, 2], [0, 1, 2])]
)
@pytest.mark.parametrize("form", ["table", "markdown"])
def test_labels_with_no_or_several_words_in_each_sentence_are_judged(
    tmp_path, recording, given, form
):
    labels = write_labels(tmp_path, recording, *given)
    run = evaluated(labels, "--format", "json")
    assert run.exit_code == 0, run.output
    content = json.loads(run.stdout)
    assert content["n_sentences"] == 0
    assert content["n_speakers"] is None
    assert "no measure of the order of words" in content["note"]
    assert {v for one in content["systems"] for v in one["measures"].values()} == {None}
    detection = content["detection"]
    assert detection["n_emphasised"] == sum(map(len, given))
    text = " ".join(evaluated(labels, "--format", form, "--by", "speaker").stdout.split())
    assert "no measure of the order of words" in text
    assert ("No word is emphasised" in text) == (not any(given))
    every = detection["n_emphasised"] == detection["n_words"]
    assert ("Every word is emphasised" in text) == every
    assert "Not ranked, " in text
    figure = tmp_path / "figure.svg"
    assert evaluated(labels, "--figure", str(figure)).exit_code == 0


def test_a_decision_is_fitted_to_sentences_without_one_top_word(tmp_path, recording):
    labels = write_labels(tmp_path, recording, [0, 1], [], [1, 2])
    decision = str(tmp_path / "decision.json")
    run = CliRunner().invoke(main, ["fit", "--decide", "-o", decision, "--jobs", "1", str(labels)])
    assert run.exit_code == 0, run.output
    weights = CliRunner().invoke(main, ["fit", "-o", str(tmp_path / "w.json"), str(labels)])
    assert weights.exit_code == 1
    assert "no sentence can be judged: tie for the top word" in weights.output
    assert "a decision (lemf fit --decide --cut LEVEL) goes by each word" in weights.output


def test_every_system_has_intervals_and_a_difference_from_each_baseline(tmp_path, recording):
    labels = write_labels(tmp_path, recording, [0, 1], [1], [])
    run = evaluated(labels, "--cues", "paper", "--cues", "listeners", "--format", "json")
    paper, listeners, *baselines = json.loads(run.stdout)["detection"]["systems"]
    names = [one["name"] for one in baselines]
    assert list(paper["minus"]) == names
    assert list(listeners["minus"]) == ["paper", *names]
    assert all(one["minus"] == {} for one in baselines)
    low, high = paper["intervals"]["sentences"]["f1"]
    assert low <= paper["measures"]["f1"] <= high
    minus = listeners["minus"]["chance"]
    assert minus["measures"]["f1"] == pytest.approx(
        listeners["measures"]["f1"] - baselines[0]["measures"]["f1"]
    )
    assert set(minus["intervals"]) == {"sentences"}
    shown = evaluated(labels, "--format", "markdown").stdout
    assert "| paper minus *chance* |" in shown


@pytest.mark.parametrize(
    ("header", "values", "by", "f1"),
    [
        ("probability", ("0.1", "0.6", "0.2"), "probability", 1.0),
        ("emphasised", ("0", "1", "0"), "decision", 1.0),
        ("emphasised", ("False", "True", "true"), "decision", 2 / 3),
        ("score,emphasised", ("9,0", "1,1", "2,0"), "decision", 1.0),
        ("probability,emphasised", ("0.9,0", "0.1,1", "0.1,0"), "probability", 0.0),
    ],
)
def test_files_may_give_a_probability_or_a_decision_alone(
    tmp_path, recording, header, values, by, f1
):
    labels = write_labels(tmp_path, recording, 1)
    scores = tmp_path / "scores.csv"
    rows = [f"r0,{i},{value}" for i, value in enumerate(values)]
    scores.write_text(f"id,index,{header}\n" + "\n".join(rows) + "\n")
    run = evaluated(labels, "--scores", f"mine={scores}", "--cut", "1", "--format", "json")
    assert run.exit_code == 0, run.output
    content = json.loads(run.stdout)
    ranked, mine = (
        next(one for one in part["systems"] if one["name"] == "mine")
        for part in (content, content["detection"])
    )
    assert (mine["by"], mine["measures"]["f1"]) == (by, pytest.approx(f1))
    assert (mine["measures"]["ece"] is None) == (by == "decision")
    top = header.split(",")[0] != "score" and values[0] in ("0.1", "0", "False")
    assert (ranked["measures"]["top1"] > 0) == top
    shown = evaluated(labels, "--scores", f"mine={scores}", "--cut", "1").stdout
    assert ("its own" in shown) == (by == "decision")


@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        ("emphasised", "yes", "line 2: emphasised 'yes'; give 1 or 0"),
        ("emphasised", "2", "line 2: emphasised '2'; give 1 or 0"),
        ("probability", "-0.1", "line 2: probability -0.1; give a number from 0 to 1"),
        ("probability", "high", "line 2: probability 'high' is not a number"),
        ("loudness", "1", "no column score, probability or emphasised; it has id, index, loudness"),
    ],
)
def test_what_a_file_says_wrongly_is_refused_in_one_line(tmp_path, recording, header, row, message):
    labels = write_labels(tmp_path, recording, 1)
    scores = tmp_path / "scores.csv"
    scores.write_text(f"id,index,{header}\nr0,0,{row}\n")
    run = evaluated(labels, "--scores", f"mine={scores}")
    assert run.exit_code == 1
    assert message in run.output
    assert run.output.count("\n") == 1


@pytest.mark.parametrize(
    ("cut", "message"),
    [
        ("7", "cut 7: no word is rated that high; the ratings go from 0 to 3"),
        ("0", "cut 0: all words are rated as high; the ratings go from 0 to 3"),
    ],
)
def test_a_cut_beyond_all_ratings_is_refused_in_one_line(tmp_path, recording, cut, message):
    labels = write_labels(tmp_path, recording, [0, 3, 1], [2, 0, 0], key="ratings")
    run = evaluated(labels, "--cut", cut)
    assert run.exit_code == 1
    assert message in run.output
    assert "choose a cut between them" in run.output


def test_ratings_that_are_all_alike_are_not_said_to_have_a_cut_between_them(tmp_path, recording):
    labels = write_labels(tmp_path, recording, [2, 2, 2], [2, 2, 2], key="ratings")
    run = evaluated(labels, "--cut", "1")
    assert run.exit_code == 1
    assert "cut 1: all words are rated as high; every rating is 2, so no cut tells" in run.output


def test_the_threshold_and_the_decision_of_lemf_are_used(tmp_path, recording):
    labels = write_labels(tmp_path, recording, 1, [])
    arguments = ["--cues", "listeners", "--format", "json"]
    found = {}
    for options in (("--threshold", "0.01"), ("--decide", "accent"), ("--decide", "off"), ()):
        run = evaluated(labels, *arguments, *options)
        assert run.exit_code == 0, run.output
        found[options] = json.loads(run.stdout)["detection"]["systems"][0]
    assert found["--threshold", "0.01"]["thresholds"] == [0.01, 0.01]
    assert found["--decide", "off"]["by"] == "score"
    assert found["--decide", "accent"]["by"] == "probability"
    assert found["--decide", "accent"]["measures"]["brier"] != found[()]["measures"]["brier"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--threshold", "0.3"), "--threshold 0.3: the cue set 'paper' decides nothing"),
        (("--threshold", "1.5", "--cues", "listeners"), "write a probability above 0 and below 1"),
        (("--decide", "loud"), "decide 'loud': no such decision or file"),
        (("--decide", "accent", "--cues", "paper"), "fitted to scores of the cue set 'listeners'"),
    ],
)
def test_decisions_that_decide_nothing_are_refused(tmp_path, recording, arguments, message):
    run = evaluated(write_labels(tmp_path, recording, 1, []), *arguments)
    assert run.exit_code == 2
    assert message in run.output


def test_a_decision_goes_to_the_systems_that_it_was_fitted_to(tmp_path, recording):
    labels = write_labels(tmp_path, recording, 1, [])
    both = ["--cues", "paper", "--cues", "listeners", "--decide", "accent", "--format", "json"]
    first, second = json.loads(evaluated(labels, *both).stdout)["detection"]["systems"][:2]
    assert (first["by"], second["by"]) == ("score", "probability")
    alone = json.loads(evaluated(labels, *both[4:]).stdout)
    assert alone["detection"]["systems"][0]["name"] == "listeners"
    rated = write_labels(tmp_path, recording, [0, 2, 1], key="ratings")
    run = evaluated(rated, "--decide", "accent")
    assert run.exit_code == 2
    assert "also say with --cut LEVEL" in run.output


def test_two_speakers_of_whom_one_emphasises_nothing_have_no_interval(tmp_path, recording):
    rows = [
        {**recording, "id": f"r{i}", "speaker": "ab"[i // 2], "emphasised": one}
        for i, one in enumerate(([0, 1], [1, 2], [], []))
    ]
    labels = tmp_path / "labels.jsonl"
    labels.write_text("".join(json.dumps(row) + "\n" for row in rows))
    content = json.loads(evaluated(labels, "--format", "json", "--resamples", "100").stdout)
    (paper, *_) = content["detection"]["systems"]
    assert paper["measures"]["recall"] is not None
    assert paper["intervals"]["speakers"]["recall"] is None  # undefined in a fourth of the draws
    assert (
        "No interval where a measure has no value in more than 5 %" in content["detection"]["note"]
    )
    for form in ("table", "markdown"):
        text = " ".join(evaluated(labels, "--format", form, "--resamples", "100").stdout.split())
        assert "No interval where a measure has no value in more than 5 %" in text


def test_the_default_decision_is_among_the_settings(tmp_path, recording):
    labels = write_labels(tmp_path, recording, 1, [0, 1])
    cues = ("--cues", "paper", "--cues", "listeners")
    settings = json.loads(evaluated(labels, "--format", "json", *cues).stdout)["settings"]
    assert settings["listeners"]["decide"] == "emphasis"
    assert "decide" not in settings["paper"]
    off = json.loads(evaluated(labels, "--format", "json", "--decide", "off", *cues).stdout)
    assert off["settings"]["listeners"]["decide"] == "off"


def test_markdown_survives_names_of_systems_and_speakers(tmp_path, recording):
    rows = [
        {**recording, "id": f"r{i}", "speaker": speaker, "emphasised": [1]}
        for i, speaker in enumerate(("an\nna", "b|en"))
    ]
    labels, scores = tmp_path / "labels.jsonl", tmp_path / "scores.csv"
    labels.write_text("".join(json.dumps(row) + "\n" for row in rows))
    lines = [f"r{i},{j},{j / 9},{j / 9}" for i in range(2) for j in range(3)]
    scores.write_text("\n".join(["id,index,score,probability", *lines]) + "\n")
    run = evaluated(
        labels, "--format", "markdown", "--by", "speaker", "--scores", f"a|b={scores}", "--cut", "1"
    )
    assert run.exit_code == 0, run.output
    assert "top-1 by speaker | an na (1) | b\\|en (1) |" in run.stdout
    assert "a|b" not in run.stdout
    widths = {}
    for block in run.stdout.split("\n\n"):
        if block.startswith("|"):
            widths[block] = {line.replace("\\|", "").count("|") for line in block.splitlines()}
    assert all(len(one) == 1 for one in widths.values())


def test_a_decision_fitted_on_these_labels_is_noted(tmp_path, recording):
    labels = write_labels(tmp_path, recording, 1, [], [0, 1])
    decision = str(tmp_path / "decision.json")
    CliRunner().invoke(main, ["fit", "--decide", "-o", decision, "--jobs", "1", str(labels)])
    run = evaluated(labels, "--decide", decision)
    assert run.exit_code == 0, run.output
    assert "decision.json was fitted on" in run.output
    assert "its key held_out says how it does" in run.output


def test_ratings_without_one_top_word_name_the_cut_as_a_remedy(tmp_path, recording):
    labels = write_labels(tmp_path, recording, [0, 2, 2], key="ratings")
    run = evaluated(labels)
    assert run.exit_code == 1
    assert "tie for the top word (r0): two, three; each needs" in run.output
    assert "with a cut (--cut LEVEL) each word is judged instead" in run.output
    assert evaluated(labels, "--cut", "2").exit_code == 0


def test_scores_that_fit_no_sentence_are_refused_with_the_reason(tmp_path, recording):
    labels = write_labels(tmp_path, recording, [0, 1])
    scores = tmp_path / "scores.csv"
    scores.write_text("id,index,score\n" + "".join(f"r0,{i},1\n" for i in range(4)))
    run = evaluated(labels, "--scores", f"mine={scores}")
    assert run.exit_code == 1
    assert "scores by mine do not fit (r0): 4 scores for 3 words" in run.output
