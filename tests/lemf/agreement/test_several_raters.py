"""Labels of several raters: columns and rows, who is missing, and what they say of a system."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

import lemf
from lemf.agreement.labels.files import read_labels
from lemf.commands.cli import main
from lemf.errors import CorpusError


@pytest.fixture
def recording(tmp_path, make_utterance):
    made = make_utterance((120.0, 160.0, 110.0), (0.5, 1.0, 0.4), (0.25, 0.4, 0.3))
    return f"{made.wav.name},{made.textgrid.name}"


def write(folder, content, name="labels.csv"):
    path = folder / name
    path.write_text(content)
    return path


def test_columns_and_rows_of_raters_are_the_same(tmp_path, recording):
    columns = write(
        tmp_path,
        f"id,audio,textgrid,emphasised:ben,emphasised:anna\na,{recording},1,0 1\n"
        f"b,{recording},none,2\nc,{recording},,1\n",
    )
    rows = write(
        tmp_path,
        f"id,audio,textgrid,rater,emphasised\na,{recording},ben,1\na,{recording},anna,0 1\n"
        f"b,{recording},ben,none\nc,{recording},anna,1\nb,{recording},anna,2\n",
        "rows.csv",
    )
    audio, textgrid = recording.split(",")
    lines = [
        {"id": "a", "emphasised:ben": 1, "emphasised:anna": [0, 1]},
        {"id": "b", "emphasised:ben": [], "emphasised:anna": [2]},
        {"id": "c", "emphasised:ben": None, "emphasised:anna": 1},
    ]
    objects = write(
        tmp_path,
        "".join(json.dumps({"audio": audio, "textgrid": textgrid, **one}) + "\n" for one in lines),
        "labels.jsonl",
    )
    expected = {"a": {"ben": (1,), "anna": (0, 1)}, "b": {"ben": (), "anna": (2,)},
                "c": {"anna": (1,)}}  # fmt: skip
    for path in (columns, rows, objects):
        assert {one.id: one.raters for one in read_labels(path)} == expected
    a, b, c = lemf.rate_sentences(read_labels(columns), [lemf.Settings()]).complete
    assert a.ratings.tolist() == [0.5, 1, 0]
    assert b.ratings.tolist() == [0, 0, 0.5]
    assert c.ratings.tolist() == [0, 1, 0]
    assert sorted(c.raters) == ["anna"]


def test_the_raters_of_a_known_set(tmp_path, recording):
    labels = write(
        tmp_path,
        f"id,audio,textgrid,emphasised:a,emphasised:b,emphasised:c\n"
        f"x,{recording},1,1,1\ny,{recording},0,0 1,\n",
    )
    scores = write(
        tmp_path,
        "id,index,emphasised\nx,0,0\nx,1,1\nx,2,0\ny,0,1\ny,1,0\ny,2,0\n",
        "scores.csv",
    )
    arguments = ["evaluate", str(labels), "--jobs", "1", "--resamples", "3"]
    arguments += ["--scores", f"mine={scores}"]
    run = CliRunner().invoke(main, [*arguments, "--format", "json"])
    assert run.exit_code == 0, run.output
    detection = json.loads(run.stdout)["detection"]
    assert detection["cut"] == 0.5
    a, b, c = detection["raters"]
    assert [one["n_words"] for one in (a, b, c)] == [6, 6, 3]
    assert [one["n_emphasised"] for one in (a, b, c)] == [2, 3, 1]
    assert a["kappas"]["mine"] == 1
    # b marks one word more than a: 5 of 6 alike; by chance 1/3 * 1/2 + 2/3 * 1/2
    assert b["kappas"]["mine"] == pytest.approx((5 / 6 - 1 / 2) / (1 / 2))
    assert c["others"] == {"precision": 1, "recall": 1, "f1": 1, "kappa": 1}
    pairs = [(5 / 6 - 1 / 2) / (1 / 2), 1, 1]
    assert detection["raters_kappa"] == pytest.approx(np.mean(pairs))
    assert c["intervals"]["sentences"]["mine"] == [1, 1]
    low, high = detection["raters_mean_intervals"]["sentences"]["mine"]
    assert low <= np.mean([one["kappas"]["mine"] for one in (a, b, c)]) <= high
    for form in ("table", "markdown"):
        shown = CliRunner().invoke(main, [*arguments, "--format", form]).stdout
        assert "kappa mine" in shown
        assert "mean of 3" in shown


def test_raters_on_a_scale_need_a_cut(tmp_path, recording):
    labels = write(
        tmp_path,
        f"id,audio,textgrid,ratings:a,ratings:b\nx,{recording},0 3 1,1 2 nan\n"
        f"y,{recording},nan nan nan,3 0 0\n",
    )
    found = lemf.evaluate_labels(labels, n_resamples=3)
    assert found.detection is None
    found = lemf.evaluate_labels(labels, cut=2, n_resamples=3).detection
    assert (found.n_sentences, found.n_emphasised) == (2, 2)
    raters = found.raters.raters
    assert [one.n_words for one in raters] == [3, 5]
    assert [one.others.f1 for one in raters] == [1, 1]
    assert raters[1].intervals["sentences"]["the other raters"] == (1, 1)


def test_raters_of_another_number_of_words_are_left_out(tmp_path, recording):
    labels = write(
        tmp_path,
        f"id,audio,textgrid,ratings:a,ratings:b,emphasised:c\nx,{recording},0 1 0,0 1 0 0,\n"
        f"y,{recording},0 1 0,,7\nz,{recording},0 1 0,1 0 0,\n",
    )
    rated = lemf.rate_sentences(read_labels(labels), [lemf.Settings()])
    reasons = {one.id: one.detail for one in rated.unjudged}
    assert reasons["x"].startswith("4 ratings by b for 3 words")
    assert reasons["y"].startswith("word 7, from 0, is emphasised by c, but ")
    assert [one.id for one in rated.complete] == ["z"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("audio,textgrid,ratings:a,ratings\na,b,1 0,1 0\n", "line 2: labels of raters, and others"),
        ("audio,textgrid,ratings:a,emphasised:a\na,b,1 0,1\n", "rater 'a' has two columns"),
        ("audio,textgrid,ratings:\na,b,1 0\n", "a rater without a name"),
        ("audio,textgrid,ratings:a,ratings:b\na,b,,\n", "give either ratings"),
        ("audio,textgrid,rater,ratings:a\na,b,x,1 0\n", "a column rater, and columns of raters"),
        ("audio,textgrid,rater\na,b,x\n", "give either ratings or emphasised of the rater"),
        ("audio,textgrid,ratings:a\na,b,1 high\n", "line 2: the rating 'high' is not a number"),
        (
            "id,audio,textgrid,rater,ratings\ni,a,b,x,1 0\ni,a,b,x,0 1\n",
            "line 3: 'x' rates 'i' twice",
        ),
        (
            "id,audio,textgrid,rater,ratings\ni,a,b,x,1 0\ni,a,c,y,0 1\n",
            "line 3: textgrid of 'i' is",
        ),
        (
            "id,audio,textgrid,rater,speaker,ratings\ni,a,b,x,s,1 0\ni,a,b,y,t,0 1\n",
            "line 3: speaker of 'i' is 't', but 's' in a row before",
        ),
        ("id,audio,textgrid,ratings\ni,a,b,1 0\ni,a,b,1 0\n", "the id 'i' occurs twice"),
    ],
)
def test_files_of_raters_that_contradict_themselves(tmp_path, content, message):
    with pytest.raises(CorpusError, match=message):
        read_labels(write(tmp_path, content))


def test_one_rater_has_no_table_of_raters(tmp_path, recording):
    labels = write(tmp_path, f"audio,textgrid,emphasised:a\n{recording},1\n")
    found = lemf.evaluate_labels(labels, n_resamples=3).detection
    assert found.raters is None
