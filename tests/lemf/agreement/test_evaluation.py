"""`lemf evaluate`: systems side by side on a tiny labelled set whose answers are known."""

from __future__ import annotations

import datetime
import json
import math
import re
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import soundfile
from click.testing import CliRunner

import lemf
import lemf.contours.measurement
from lemf.agreement.evaluation.figure import draw_evaluation, render_evaluation
from lemf.agreement.evaluation.ranking import evaluate
from lemf.agreement.evaluation.run import evaluate_labels, judge_systems, score_systems
from lemf.agreement.evaluation.text import describe_notes, format_markdown
from lemf.agreement.external_systems import BASELINES, match_scores, read_scores
from lemf.agreement.labels.files import Label, read_labels
from lemf.agreement.labels.rated_sentences import (
    RatedSentence,
    RatedSentences,
    ScoredSentence,
    Unjudged,
    rate_sentences,
)
from lemf.agreement.measures import MEASURES
from lemf.commands.cli import main
from lemf.config import Settings
from lemf.errors import CorpusError, SettingsError

EXACT = 1e-12


def sentence(
    name, ratings, scores=None, *, text="a b c", speaker="x", words=None, emotion=None, number=0
):
    ratings = np.array(ratings, dtype=float)
    words = words or tuple("abcdefgh"[: len(ratings)])
    scores = np.zeros(len(ratings)) if scores is None else np.array(scores, dtype=float)
    scored = ScoredSentence(words, np.arange(len(ratings)) + 1.0, (scores,), ({},))
    return RatedSentence(
        id=name,
        recording=name,
        number=number,
        first_word=0,
        n_recording_words=len(ratings),
        scored=scored,
        ratings=ratings,
        text=text,
        speaker=speaker,
        emotion=emotion,
    )


@pytest.fixture
def labelled(tmp_path, make_utterance):
    """Three recordings whose middle word is stressed; two are labelled right, one wrong."""
    made = make_utterance((120.0, 160.0, 110.0), (0.5, 1.0, 0.4), (0.25, 0.4, 0.3))
    rows = [
        {"id": "r1", "emphasised": 1, "speaker": "x", "emotion": "joy"},
        {"id": "r2", "ratings": [0.5, 2, 0.1], "speaker": "y", "emotion": "fear"},
        {"id": "r3", "ratings": [0.1, 0.4, 0.5], "speaker": "y"},
        {"id": "tie", "ratings": [2, 2, 1], "speaker": "y"},
        {"id": "gap", "ratings": [2, None, 1], "speaker": "y"},
        {"id": "flat", "ratings": [1, 1, 1], "speaker": "y"},
        {"id": "long", "ratings": [2, 1, 1, 1], "speaker": "y"},
        {"id": "far", "emphasised": 3, "speaker": "y"},
        {"id": "other", "emphasised": 1, "words": ["one", "zwei", "three"]},
        {"id": "lost", "audio": "missing.wav", "emphasised": 1},
    ]
    path = tmp_path / "labels.jsonl"
    files = {"audio": made.wav.name, "textgrid": made.textgrid.name}
    path.write_text("".join(json.dumps({**files, **row}) + "\n" for row in rows))
    return path


def run(*arguments):
    return CliRunner().invoke(main, ["evaluate", "--jobs", "1", *map(str, arguments)])


def test_all_that_cannot_be_judged_is_counted_and_named(labelled):
    rated = rate_sentences(read_labels(str(labelled)), [Settings()])
    assert [one.id for one in rated.judged] == ["r1", "r2", "r3"]
    assert [one.id for one in rated.tied] == ["tie"]
    reasons = {one.id: (one.reason, one.detail) for one in rated.unjudged}
    assert reasons["tie"] == ("tie for the top word", "one, two")
    assert reasons["gap"] == ("missing ratings", "two")
    assert reasons["flat"] == ("all words rated alike", "")
    assert reasons["long"][0] == "labels do not fit"
    assert reasons["long"][1].startswith("4 ratings for 3 words in ")
    assert reasons["far"][1].startswith("word 3, from 0, is emphasised, but ")
    assert reasons["other"][1].startswith("word 1 is 'zwei' in the labels, 'two' in ")
    assert reasons["lost"][0] == "failed"
    assert "missing.wav" in reasons["lost"][1]
    assert len(rated.unjudged) == 7


def test_sentences_of_one_word_are_counted_and_named(make_utterance):
    made = make_utterance((120.0, 160.0, 110.0), (0.5, 1.0, 0.4), (0.25, 0.4, 0.3))
    label = Label(id="r", audio=str(made.wav), textgrid=str(made.textgrid), emphasised=(1,))
    rated = rate_sentences([label], [Settings(sentences="pause:0.05")])
    assert {one.reason for one in rated.unjudged} == {"one word"}
    assert len(rated.unranked) == 3
    with pytest.raises(CorpusError, match="no sentence can be judged: one word"):
        evaluate(rated, {"a": []})


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("pitch", "praat"),
        ("pitch_floor_hz", 60.0),
        ("pitch_ceiling_hz", 500.0),
        ("highpass_hz", 60.0),
        ("sentences", "pause:0.05"),
        ("words_tier", "words"),
        ("phones_tier", "phones"),
        ("speaker", "x"),
        ("channel", 1),
        ("duration", "word"),
        ("silence", ("sil",)),
    ],
)
def test_systems_that_measure_recordings_otherwise_are_refused(labelled, setting, value):
    other = Settings(**{setting: value})
    told = f"system 'b': {setting} is {value!r}, but {getattr(Settings(), setting)!r} in system 'a'"
    with pytest.raises(SettingsError, match=re.escape(told)):
        evaluate_labels(labelled, {"a": Settings(), "b": other})
    with pytest.raises(SettingsError, match=f"system '1': {setting} is "):
        rate_sentences(read_labels(labelled), [Settings(), other])


def test_systems_may_differ_in_cues_weights_and_normalise(labelled):
    systems = {
        "a": Settings(),
        "b": Settings(cues="listeners"),
        "c": Settings(weights={"pitch": -1.0, "energy": 0.0, "duration": 0.0}),
        "d": Settings(normalise="recording"),
    }
    one, _, other, by_recording = evaluate_labels(labelled, systems, n_resamples=2).systems[:4]
    assert (one.measures["top1"], other.measures["top1"]) == (2 / 3, 1 / 3)  # the lowest word: r3
    assert by_recording.measures == one.measures  # each recording is one sentence


def test_no_labels_are_said_to_be_none():
    with pytest.raises(CorpusError, match="no labels: name at least one recording"):
        evaluate_labels([])


def test_a_fault_of_one_file_is_a_reason_and_no_traceback(labelled, monkeypatch):
    measure, measured = lemf.contours.measurement.measure, []

    def fail_once(audio, *arguments, **options):
        measured.append(audio)
        if len(measured) == 1:
            raise ZeroDivisionError("of lemf")
        return measure(audio, *arguments, **options)

    monkeypatch.setattr("lemf.contours.measurement.measure", fail_once)
    rated = rate_sentences(read_labels(str(labelled)), [Settings()])
    assert [one.id for one in rated.judged] == ["r2", "r3"]
    (failed,) = [one for one in rated.unjudged if one.id == "r1"]
    assert (failed.reason, failed.detail) == ("failed", "ZeroDivisionError: of lemf")


def test_processes_change_nothing(labelled):
    labels = read_labels(str(labelled))
    alone = evaluate_labels(labels, {"paper": Settings()}, n_resamples=20)
    several = evaluate_labels(labels, {"paper": Settings()}, n_resamples=20, jobs=2)
    assert format_markdown(alone) == format_markdown(several)


def test_judging_tells_how_many_systems_are_done(labelled):
    labels = read_labels(labelled)
    calls = []
    scored = score_systems(labels, {"paper": Settings()})
    judge_systems(
        scored,
        n_resamples=20,
        watch=lambda done, total, failed=0, note="": calls.append((done, total)),
    )
    n = 1 + len(BASELINES)
    assert calls == [(done, n) for done in range(n + 1)]

    # With a cut, the emphasised words are judged after that
    calls.clear()
    judge_systems(
        scored,
        cut=0.5,
        n_resamples=20,
        watch=lambda done, total, failed=0, note="": calls.append((done, total)),
    )
    again = n + 1  # content words
    assert calls == [(done, n) for done in range(n + 1)] + [(i, again) for i in range(again + 1)]


def test_sentences_of_one_recording_are_judged_each(tmp_path, make_utterance):
    made = make_utterance((120.0, 160.0, 110.0, 180.0), (0.5, 1.0, 0.4, 1.0), (0.25, 0.4, 0.3, 0.3))
    grid = made.grid
    spans = [
        lemf.Interval(0.0, 0.8, "first"),
        lemf.Interval(0.8, grid.end_s, "second"),
    ]
    tiers = (*grid.tiers, lemf.IntervalTier("sentences", 0.0, grid.end_s, tuple(spans)))
    path = tmp_path / "several.TextGrid"
    lemf.write_textgrid(lemf.TextGrid(0.0, grid.end_s, tiers, str(path)), path)
    label = Label(id="r", audio=str(made.wav), textgrid=str(path), emphasised=(1, 3))
    rated = rate_sentences([label], [Settings(sentences="sentences")])
    assert [(one.id, one.first_word) for one in rated.judged] == [("r#0", 0), ("r#1", 2)]
    assert [one.ratings.tolist() for one in rated.judged] == [[0, 1], [0, 1]]
    assert [one.text for one in rated.judged] == ["one two", "three four"]
    of_the_file = {("r", None, i): float(i) for i in range(4)}
    of_sentences = {("r", n, i): 2.0 * n + i for n in (0, 1) for i in (0, 1)}
    for scores in (of_the_file, of_sentences):
        found, unjudged = match_scores("mine", scores, rated.judged)
        assert [one.tolist() for one in found] == [[0, 1], [2, 3]]
        assert not unjudged
    found, unjudged = match_scores("mine", {**of_the_file, ("r", None, 4): 4.0}, rated.judged)
    assert found == [None, None]
    assert [one.detail for one in unjudged] == ["5 scores for 4 words"] * 2


def test_a_text_is_the_same_in_other_case_and_with_other_blanks(make_utterance):
    made = make_utterance((120.0, 160.0, 110.0), (0.5, 1.0, 0.4), (0.25, 0.4, 0.3))
    labels = [
        Label(id=f"r{n}", audio=str(made.wav), textgrid=str(made.textgrid), emphasised=(1,), text=t)
        for n, t in enumerate(("One  two three", "ONE two three ", None))
    ]
    rated = rate_sentences(labels, [Settings()])
    assert {one.text for one in rated.judged} == {"one two three"}


def test_measures_by_hand():
    judged = (
        sentence("p", [0, 2, 1], [0, 3, 1], speaker="x", emotion="joy"),
        sentence("q", [2, 0, 1], [0, 3, 1], speaker="y", emotion="fear"),
        sentence("r", [0, 1, 0.9], [0, 3, 1], speaker="y", emotion="joy"),
    )
    rated = RatedSentences(judged, (), ())
    opposite = [np.array([1.0, 0, 0.5]), np.array([1.0, 0, 0.5]), np.array([0, 0, 0.0])]
    scores = {"ours": [s.scored.scores[0] for s in judged], "theirs": opposite}
    found = evaluate(rated, scores, n_resamples=50)
    ours, theirs, chance, *_ = found.systems
    assert [s.name for s in found.systems] == ["ours", "theirs", *BASELINES]
    assert ours.measures["top1"] == pytest.approx(2 / 3, abs=EXACT)
    assert ours.measures["clear_top1"] == pytest.approx(1 / 2, abs=EXACT)
    assert theirs.measures["top1"] == pytest.approx((0 + 1 + 1 / 3) / 3, abs=EXACT)
    assert theirs.difference["top1"] == pytest.approx(4 / 9 - 2 / 3, abs=EXACT)
    assert (ours.n_tied, theirs.n_tied, chance.n_tied) == (0, 1, 3)
    assert not ours.difference
    third = evaluate(rated, {**scores, "ours again": scores["ours"]}, n_resamples=9).systems[2]
    assert set(third.difference.values()) == {0.0}
    assert chance.measures["top1"] == pytest.approx(1 / 3, abs=EXACT)
    assert (found.n_sentences, found.n_clear, found.n_speakers, found.n_texts) == (3, 2, 2, 1)
    by_emotion = {group.name: group for group in ours.groups["emotion"]}
    assert by_emotion["joy"].measures["top1"] == 1
    assert (by_emotion["joy"].n_sentences, by_emotion["fear"].n_sentences) == (2, 1)
    assert ours.intervals["speakers"]["top1"] == (0.5, 1.0)


def test_baselines_do_not_listen_and_the_memoriser_reads_other_speakers_only():
    judged = (
        sentence("p", [0, 2, 1], words=("so", "really", "it"), speaker="x"),
        sentence("q", [2, 0, 1], words=("so", "really", "it"), speaker="y"),
        sentence("r", [5, 0, 1], words=("so", "really", "it"), speaker="y"),
        sentence("s", [5, 0, 1], text="else", speaker="z"),
    )
    tied = (sentence("t", [3, 3, 0], speaker="z"),)
    from lemf.agreement.external_systems import baseline_scores

    scores = baseline_scores(judged, (*judged, *tied))
    assert tuple(scores) == tuple(BASELINES)
    assert scores["letters"][0].tolist() == [2, 6, 2]
    assert scores["last word"][0].tolist() == [0, 1, 2]
    assert scores["word duration"][0].tolist() == [1, 2, 3]
    np.testing.assert_allclose(scores["text memoriser"][0], [10 / 3, 1, 2 / 3], atol=EXACT)
    np.testing.assert_allclose(scores["text memoriser"][1], [1.5, 2.5, 0.5], atol=EXACT)
    assert scores["text memoriser"][3].tolist() == [0, 0, 0]
    unknown = [sentence(name, [n, 0, 1], speaker=None) for n, name in enumerate("pq", 3)]
    scores = baseline_scores(unknown, unknown)
    assert scores["text memoriser"][0].tolist() == [4, 0, 1]


def test_nothing_to_judge():
    label = Label(id="a", audio="missing.wav", textgrid="missing.TextGrid", emphasised=(0,))
    with pytest.raises(CorpusError, match=r"can be judged: failed \(a\): missing\.wav: "):
        rate_sentences([label], [Settings()])
    far = [Unjudged(name, "labels do not fit", f"word 9 of {name}") for name in "abc"]
    with pytest.raises(CorpusError) as error:
        evaluate(RatedSentences((), (), (*far, Unjudged("d", "one word"))), {})
    assert str(error.value) == (
        "no sentence can be judged: labels do not fit (a and 2 more): word 9 of a; one word (d); "
        "each needs labels that fit its words, and one top word among two or more"
    )
    with pytest.raises(CorpusError, match="no sentence can be judged: each needs"):
        evaluate(RatedSentences((), (), ()), {})


def test_unknown_speakers_give_no_interval_over_speakers():
    judged = tuple(sentence(name, [0, 2, 1], [0, 3, 1], speaker=None) for name in "pq")
    found = evaluate(RatedSentences(judged, (), ()), {"a": [np.arange(3.0)] * 2}, n_resamples=9)
    assert found.n_speakers is None
    assert set(found.systems[0].intervals) == {"sentences"}
    assert math.isnan(found.systems[0].measures["within_text"])  # two readings are too few
    assert "speakers: unknown" in format_markdown(found)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_scores_of_external_systems(tmp_path, labelled, suffix):
    rows = [
        {"id": name, "index": i, "score": value}
        for name, values in {"r1": [0, 1, 2], "r2": [0, 3, 2], "r3": [0, 1, 3.0]}.items()
        for i, value in enumerate(values)
    ]
    path = tmp_path / f"scores{suffix}"
    if suffix == ".csv":
        lines = [f"{row['id']},{row['index']},{row['score']}\n" for row in rows]
        path.write_text("id,index,score\n" + "".join(lines))
    elif suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        import pyarrow
        import pyarrow.parquet

        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    result = run(labelled, "--scores", f"mine={path}", "--format", "json", "--resamples", 9)
    assert result.exit_code == 0, result.stderr
    mine = json.loads(result.stdout)["systems"][1]
    assert mine["name"] == "mine"
    assert mine["measures"]["top1"] == pytest.approx(2 / 3, abs=EXACT)


def test_the_table_of_a_batch_is_a_file_of_scores(tmp_path, build_corpus):
    folder = build_corpus(tmp_path / "corpus", 4)
    table = tmp_path / "scores.parquet"
    runner = CliRunner()
    assert (
        runner.invoke(main, ["batch", str(folder), "-o", str(table), "--jobs", "1"]).exit_code == 0
    )
    rows = [
        {
            "id": f"speaker{n % 2}/{n:04d}",
            "audio": f"corpus/speaker{n % 2}/{n:04d}.wav",
            "textgrid": f"corpus/speaker{n % 2}/{n:04d}.TextGrid",
            "emphasised": n % 2,
        }
        for n in range(4)
    ]
    labels = tmp_path / "labels.jsonl"
    labels.write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = run(labels, "--scores", f"batch={table}", "--format", "json")
    paper, batch = json.loads(result.stdout)["systems"][:2]
    assert paper["measures"] == batch["measures"]


def test_a_sentence_without_a_score_is_left_out_for_all(tmp_path, labelled):
    path = tmp_path / "scores.csv"
    path.write_text("id,index,score\nr1,0,1\nr1,1,2\nr1,2,0\nr2,0,1\nr2,1,nan\nr2,2,1\n")
    result = run(labelled, "--scores", f"mine={path}", "--format", "json", "--resamples", 9)
    content = json.loads(result.stdout)
    assert content["n_sentences"] == 1
    left_out = {one["id"]: one for one in content["unjudged"]}
    assert left_out["r2"]["reason"] == "no score by mine"
    assert left_out["r2"]["detail"] == "two"
    assert left_out["r3"]["detail"] == "one, two, three"


@pytest.mark.parametrize("columns", ["id,index,score", "id,sentence,index,score"])
def test_scores_of_more_words_than_there_are_belong_to_others(tmp_path, labelled, columns):
    path = tmp_path / "scores.csv"
    place = ",0" if "sentence" in columns else ""
    words = [("r1", i) for i in range(4)] + [("r2", i) for i in range(3)]
    path.write_text(columns + "\n" + "".join(f"{name}{place},{i},{i}\n" for name, i in words))
    result = run(labelled, "--scores", f"mine={path}", "--format", "json", "--resamples", 9)
    content = json.loads(result.stdout)
    left_out = {one["id"]: one for one in content["unjudged"]}
    assert content["n_sentences"] == 1
    assert left_out["r1"]["reason"] == "scores by mine do not fit"
    assert left_out["r1"]["detail"] == "4 scores for 3 words"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,index\nr1,0\n", "no column score, probability or emphasised; it has id, index"),
        ("id,index,score\nr1,0,loud\n", "line 2: score 'loud' is not a number"),
        ("id,index,score\nr1,-1,1\n", "line 2: index '-1' is not a whole number; count from 0"),
        (f"id,index,score\nr1,{'9' * 5000},1\n", "line 2: index '999.*999' is not a whole number"),
        ("id,index,score\n,1,1\n", "line 2: no id"),
        ("id,index,score\nr1,0,1\nr1,0,1\n", "line 3: word 0 of r1 occurs twice"),
        ("id,index,score\n", "no score found"),
    ],
)
def test_wrong_scores(tmp_path, content, message):
    path = tmp_path / "scores.csv"
    path.write_text(content)
    with pytest.raises(CorpusError, match=message):
        read_scores(str(path))


def test_wrong_files_of_scores(tmp_path):
    with pytest.raises(CorpusError, match="the name must end in"):
        read_scores("scores.txt")
    (tmp_path / "no.parquet").write_text("no")
    with pytest.raises(CorpusError, match="no Parquet file"):
        read_scores(str(tmp_path / "no.parquet"))


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("id", pyarrow.array([1]), "row 1: no id"),
        ("id", pyarrow.array([["r1"]]), "row 1: no id"),
        ("id", pyarrow.array([b"\xff"]).view(pyarrow.string()), "or damaged .*utf-8"),
        ("index", pyarrow.array([1.5]), "row 1: index 1.5 is not a whole number"),
        ("index", pyarrow.array([2**64 - 1], "uint64"), "row 1: index 18446744073709551615 is not"),
        ("index", pyarrow.array([True]), "row 1: index True is not a whole number"),
        ("score", pyarrow.array([[1.0]]), r"row 1: score \[1.0\] is not a number"),
        ("score", pyarrow.array([datetime.date(2000, 1, 1)]), "row 1: score datetime.date"),
        ("score", pyarrow.array([2**52], pyarrow.timestamp("s")), "or damaged .*too large"),
        ("score", pyarrow.array([{"a": 1}]), "row 1: score {'a': 1} is not a number"),
    ],
)
def test_wrong_types_in_a_parquet_of_scores(tmp_path, column, values, message):
    table = pyarrow.table({"id": ["r1"], "index": [0], "score": [1.0]})
    place = table.column_names.index(column)
    path = tmp_path / "scores.parquet"
    pyarrow.parquet.write_table(table.set_column(place, column, values), path)
    with pytest.raises(CorpusError, match=rf"scores\.parquet: .*{message}"):
        read_scores(path)


def test_a_damaged_page_of_scores_is_refused(tmp_path):
    path = tmp_path / "scores.parquet"
    table = pyarrow.table(
        {"id": ["r1"] * 9, "index": range(9), "score": [0.5 * i for i in range(9)]}
    )
    pyarrow.parquet.write_table(
        table, path, compression="none", use_dictionary=False, write_page_checksum=True
    )
    content = bytearray(path.read_bytes())
    content[content.index(struct.pack("<d", 3.5))] ^= 1
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=r"or damaged .*CRC"):
        read_scores(path)


def test_scores_of_other_recordings(tmp_path, labelled):
    path = tmp_path / "scores.csv"
    path.write_text("id,index,score\nelse,0,1\n")
    result = run(labelled, "--scores", f"mine={path}")
    assert result.exit_code == 1
    assert "scores for ids such as 'else', labels for ids such as 'r1'" in result.stderr


GOLDEN = """\
3 sentences, speakers: 2, texts: 1; bootstrap of 50 draws, seed 0

                   top-1     clear   segment     top-3      rho  within      AUC
paper               0.67      1.00      1.00      1.00     0.46    0.00     0.67
 over sentences .08 1.00 1.00 1.00 1.00 1.00 1.00 1.00 -.40 .96 .00 .00 .08 1.00
 over speakers  .50 1.00 1.00 1.00 1.00 1.00 1.00 1.00  .25 .87 .00 .00 .50 1.00
chance              0.33      0.33      0.89      1.00     0.00    0.00     0.50
last word           0.33      0.00      1.00      1.00     0.17    0.00     0.67
letters             0.33      0.00      1.00      1.00    -0.17    0.00     0.50
word duration       0.67      1.00      1.00      1.00     0.62    0.00     0.83
text memoriser      0.67      1.00      1.00      1.00     0.58    0.02     0.75

                    x    y
top-1 by speaker  (1)  (2)
paper            1.00 0.50
chance           0.33 0.33
last word        0.00 0.50
letters          0.00 0.50
word duration    1.00 0.50
text memoriser   1.00 0.50

                 fear  joy
top-1 by emotion  (1)  (1)
paper            1.00 1.00
chance           0.33 0.33
last word        0.00 0.00
letters          0.00 0.00
word duration    1.00 1.00
text memoriser   1.00 1.00

clear: top-1 where the margin of the ratings is 0.3 or more (2 sentences)
segment: the most stressed word is at most one word beside the highest score
rho: Spearman in the sentence; within: across the readings of one text
below a system: its 95 % intervals; the dim systems do not listen
Left out, tie for the top word: 1: tie (one, two).
"""


def test_table(labelled):
    result = run(labelled, "--by", "speaker", "--by", "emotion", "--resamples", 50)
    assert result.exit_code == 0, result.stderr
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    assert "\n".join(lines).startswith(GOLDEN)
    assert "Left out, failed: 1: lost" in " ".join(result.stdout.split())


def test_markdown(labelled):
    result = run(
        labelled, "--weights", "energy=0", "--weights", "pitch=0", "--format", "markdown",
        "--resamples", 50, "--by", "speaker",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    tables = [block for block in result.stdout.split("\n\n") if block.startswith("|")]
    assert len(tables) == 5  # two of measures, two of differences, one by speaker
    assert "| top-1, margin from 0.3 (2) |" in tables[0]
    assert "| *text memoriser* |" in tables[0]
    assert tables[2].startswith("| minus energy=0, over sentences |")
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1


def test_groupings_that_the_labels_lack(labelled):
    for output_format in ("table", "markdown"):
        labelled.write_text(labelled.read_text().replace("emotion", "mood"))
        result = run(labelled, "--by", "emotion", "--format", output_format, "--resamples", 9)
        assert result.exit_code == 0
        assert "No emotion in the labels." in result.stdout


def test_ties_of_systems_are_reported():
    judged = (sentence("p", [0, 2, 1], [3, 3, 1]), sentence("q", [0, 2, 1], [0, 3, 1]))
    scores = {"ours": [one.scored.scores[0] for one in judged]}
    found = evaluate(RatedSentences(judged, (), ()), scores, n_resamples=9)
    assert found.systems[0].measures["top1"] == 0.75
    assert format_markdown(found).splitlines()[-1] == (
        "Sentences with several highest scores, which count as in random order: "
        "ours 1, letters 2, text memoriser 2."
    )


def test_json_names_everything(labelled):
    result = run(labelled, "--format", "json", "--resamples", 5)
    content = json.loads(result.stdout)
    assert list(content) == [
        "lemf", "labels", "settings", "score_files", "n_sentences", "n_clear", "n_texts",
        "n_speakers", "clear_margin", "n_resamples", "seed", "systems", "unjudged",
    ]  # fmt: skip
    assert list(content["systems"][0]["measures"]) == list(MEASURES)
    assert content["settings"]["paper"]["cues"] == "paper"
    assert result.stdout == run(labelled, "--format", "json", "--resamples", 5).stdout


def test_a_note_on_several_recordings_is_shown_once(tmp_path, make_utterance):
    made = make_utterance((120.0, 160.0, 110.0), (0.5, 1.0, 0.4), (0.25, 0.4, 0.3))
    stereo = np.column_stack([made.samples, made.samples])
    soundfile.write(tmp_path / "stereo.wav", stereo, made.rate_hz)
    files = {"audio": "stereo.wav", "textgrid": made.textgrid.name, "emphasised": 1}
    rows = [{"id": f"r{n}", "text": f"{n}", **files} for n in range(6)]
    labels = tmp_path / "labels.jsonl"
    labels.write_text("".join(json.dumps(row) + "\n" for row in rows))
    said = "note: r0 and 5 more: 2 channels mixed down; --channel takes one of them"
    assert said in run(labels, "--resamples", 2).stderr.splitlines()
    fit = ["fit", labels, "-o", tmp_path / "w.json", "--jobs", 1, "--resamples", 2]
    assert said in CliRunner().invoke(main, [str(part) for part in fit]).stderr.splitlines()
    assert "note:" not in run(labels, "--resamples", 2, "--channel", 1).stderr


def test_only_the_first_of_many_notes_are_shown():
    judged = (sentence("p", [0, 2, 1]),)
    rated = RatedSentences(judged, (), (), tuple((f"r{n}", f"note {n}") for n in range(9)))
    found = evaluate(rated, {"ours": [np.zeros(3)]}, n_resamples=2)
    assert describe_notes(found) == [*(f"r{n}: note {n}" for n in range(5)), "4 more notes"]


def test_figure(tmp_path, labelled):
    figure = tmp_path / "agreement.svg"
    result = run(labelled, "--figure", figure, "--resamples", 9)
    assert result.exit_code == 0, result.stderr
    assert figure.read_bytes().startswith(b"<?xml")
    again = run(labelled, "--figure", figure, "--resamples", 9)
    assert again.exit_code == 1
    assert "exists already; --force replaces it" in again.stderr


def test_figure_shows_every_system_in_every_panel(labelled):
    found = evaluate_labels(read_labels(str(labelled)), {"paper": Settings()}, n_resamples=9)
    figure = draw_evaluation(found)
    assert len(figure.axes) == len(MEASURES)
    assert figure.axes[0].get_title() == "top-1"
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == ["paper", *BASELINES]
    assert render_evaluation(found, "svg") == render_evaluation(found, "svg")


@pytest.mark.parametrize("name", ["我", "$x", r"$\frac$", "\x07\u202e", "\U00012345"])
def test_any_name_of_a_system_can_be_drawn(labelled, name):
    found = evaluate_labels(read_labels(str(labelled)), {"paper": Settings()}, n_resamples=2)
    first, *others = found.systems
    renamed = replace(found, systems=(replace(first, name=name), *others))
    assert render_evaluation(renamed, "png").startswith(b"\x89PNG")  # a warning is an error here


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--scores", "mine"], "--scores mine: write NAME=FILE"),
        (["--scores", "a=x.csv", "--scores", "a=y.csv"], "a is named twice"),
        (["--scores", "paper=x.csv"], "two systems have the name 'paper'"),
        (["--scores", "chance=x.csv"], "two systems have the name 'chance'"),
        (["--weights", "loud=1"], "--weights loud=1: unknown cue 'loud' of the set 'paper'"),
        (["--weights", "loudness=1"], "for another cue set, name a .json of"),
        (["--clear-margin", "nan"], "--clear-margin nan: write a number"),
        (["--cues", "mine"], "'mine' is not"),
    ],
)
def test_usage(labelled, options, message):
    result = run(labelled, *options)
    assert result.exit_code == 2
    assert message in result.stderr


def test_errors_are_one_line(tmp_path, labelled):
    fitted = tmp_path / "fitted.json"
    fitted.write_text('{"weights": {"pitch": 1}, "fitted_on": {"labels_sha256": "0"}}')
    for arguments, message in (
        ([tmp_path / "no.csv"], "no.csv: no such file"),
        ([tmp_path / "no.csv", "--weights", fitted], "no.csv: no such file"),
        ([labelled, "--figure", tmp_path / "f.txt"], "the name must end in .png, .svg, .pdf"),
        ([labelled, "--weights", "no.json"], "no.json: cannot be read"),
        ([labelled, "--scores", "a=no.csv"], "no.csv: no such file"),
    ):
        result = run(*arguments)
        assert result.exit_code == 1
        assert message in result.stderr
        assert result.stderr.startswith("Error: ")
        assert result.stderr.count("\n") == 1


def test_real_speech_gives_the_figures_of_an_earlier_program(speech_data):
    """The table that an earlier program, independent of this code, made of these files."""
    labels = read_labels(str(speech_data / "emodb" / "metadata.jsonl"))
    found = evaluate_labels(labels, {"paper": Settings()})
    assert (found.n_sentences, found.n_clear, found.n_speakers, found.n_texts) == (62, 46, 6, 5)
    assert [one.reason for one in found.unjudged] == ["tie for the top word"] * 8
    measures = {system.name: system.measures for system in found.systems}
    expected = {
        "paper": {"top1": 0.47, "clear_top1": 0.48, "segment": 0.63, "spearman": 0.34},
        "letters": {"top1": 0.21, "clear_top1": 0.22, "segment": 0.61, "spearman": 0.77},
        "word duration": {"top1": 0.44, "clear_top1": 0.5, "top3": 0.84, "within_text": 0.25},
        "text memoriser": {"top1": 0.55, "segment": 0.73, "top3": 0.92, "spearman": 0.84},
    }
    hundredth = 0.005 + 1e-9
    for name, figures in expected.items():
        ours = {measure: measures[name][measure] for measure in figures}
        assert ours == pytest.approx(figures, abs=hundredth), name
    assert measures["paper"]["within_text"] == pytest.approx(0.38, abs=hundredth)
    assert measures["text memoriser"]["within_text"] < 0
    assert measures["letters"]["within_text"] == 0
    page = Path(__file__).parents[3] / "docs" / "agreement.md"
    described = page.read_text(encoding="utf-8").splitlines()
    rows = [line for line in format_markdown(found).splitlines() if line.startswith("| ")]
    over_sentences = rows[: 2 + len(found.systems)]
    assert set(over_sentences) <= set(described)
