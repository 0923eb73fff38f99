"""Look-alikes of public corpora with labelled words, built here, with what misleads in them."""

from __future__ import annotations

import json
import shutil

import pyarrow
import pyarrow.parquet
import pytest

import lemf
from lemf.agreement.labels.files import read_labels
from lemf.errors import CorpusError


def write_lines(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def by_id(path):
    return {label.id: label for label in read_labels(path)}


TINYSTRESS = {
    "id": 7,
    "transcription": 'Lily said, "No!"  - twice.',
    "emphasis_indices": [2, 4],
}


def test_tinystress_counts_words_at_blanks(tmp_path):
    path = write_lines(tmp_path / "test.jsonl", TINYSTRESS)
    label = by_id(path)["7"]
    assert label.words == ("Lily", "said,", '"No!"', "twice.")
    assert label.emphasised == (2, 3)  # the dash is no word
    assert (label.audio, label.textgrid) == (
        str(tmp_path / "wav/7.wav"),
        str(tmp_path / "textgrid/7.TextGrid"),
    )
    lost = {**TINYSTRESS, "id": 8, "emphasis_indices": [9]}
    sign = {**TINYSTRESS, "id": 9, "emphasis_indices": [3]}
    found = by_id(write_lines(tmp_path / "test.jsonl", lost, sign))
    assert found["8"].fault == "emphasised is 9, which is no word of 5 tokens"
    assert found["9"].fault == "emphasised is 3, which is a sign of 5 tokens"


def test_tinystress_is_read_from_parquet_without_its_recordings(tmp_path):
    table = pyarrow.table(
        {**{key: [value] for key, value in TINYSTRESS.items()}, "audio": [{"bytes": b"RIFF"}]}
    )
    pyarrow.parquet.write_table(table, tmp_path / "test.parquet")
    assert by_id(tmp_path / "test.parquet")["7"].emphasised == (2, 3)
    other = pyarrow.table({"audio": ["a"], "textgrid": ["b"], "ratings": [[1.0]]})
    pyarrow.parquet.write_table(other, tmp_path / "other.parquet")
    with pytest.raises(CorpusError, match="is read of TinyStress-15K and StressTest only"):
        read_labels(tmp_path / "other.parquet")


def stresstest(**changed):
    return {
        "transcription_id": "the same for both readings",
        "interpretation_id": "first",
        "transcription": "You chose to do this?",
        "intonation": "You *chose* to do this?",
        "metadata": {"gender": "male", "voice_name": "actor"},
        "stress_pattern": {"binary": [0, 1, 0, 0, 0], "indices": [1], "words": ["chose"]},
        **changed,
    }


def test_stresstest_has_two_readings_of_a_text(tmp_path):
    other = {"binary": [1, 0, 0, 0, 1], "indices": [0, 4], "words": ["You", "this?"]}
    rows = (stresstest(), stresstest(interpretation_id="second", stress_pattern=other))
    found = by_id(write_lines(tmp_path / "test.jsonl", *rows))
    assert [found[name].emphasised for name in ("first", "second")] == [(1,), (0, 4)]
    assert found["first"].text == found["second"].text
    assert found["first"].speaker == "actor"
    wrong = stresstest(stress_pattern={"binary": [1, 0, 0, 0, 0], "indices": [1]})
    found = by_id(write_lines(tmp_path / "test.jsonl", wrong))
    assert found["first"].fault == "stress_pattern: binary and indices differ"


def test_emphassess_counts_tokens_of_which_some_are_signs(tmp_path):
    row = {
        "id": "ex02_emph_eval_00704",
        "src_sentence": ["today's", "high", "is", ",", "with", "rain", "."],
        "gold_emphasis": [5],
        "voice": "expresso_ex02",
    }
    sign = {**row, "id": "sign", "gold_emphasis": [3]}
    found = by_id(write_lines(tmp_path / "gold_df.json", row, sign))
    label = found["ex02_emph_eval_00704"]
    assert label.words == ("today's", "high", "is", "with", "rain")
    assert label.emphasised == (4,)
    assert label.speaker == "expresso_ex02"
    assert label.audio == str(tmp_path / "ex02_emph_eval_00704.wav")
    assert found["sign"].fault == "emphasised is 3, which is a sign of 7 tokens"


def test_expresso_marks_words_and_stretches_by_asterisks(tmp_path):
    path = tmp_path / "read_transcriptions.txt"
    path.write_text(
        "ex01_default_00001\tNothing is marked here.\n"
        "ex01_default_emphasis_00002\tNot *that* one, *this one*!\n"
        "ex02_happy_00003\t*Really*?\n"
        "ex02_happy_00004\tone * two three * four\n"
        "ex02_sad_00005\tone *two three\n"
        "\n"
    )
    found = by_id(path)
    assert list(found) == [
        "ex01_default_emphasis_00002", "ex02_happy_00003", "ex02_happy_00004", "ex02_sad_00005",
    ]  # fmt: skip
    second = found["ex01_default_emphasis_00002"]
    assert second.words == ("Not", "that", "one,", "this", "one!")
    assert second.emphasised == (1, 3, 4)
    assert (second.speaker, second.emotion) == ("ex01", "default")
    assert second.audio == str(
        tmp_path / "audio_48khz/read/ex01/default/base/ex01_default_emphasis_00002.wav"
    )
    assert found["ex02_happy_00003"].emphasised == (0,)
    assert found["ex02_happy_00004"].emphasised == (1, 2)
    assert found["ex02_sad_00005"].fault == "an asterisk without its pair"
    path.write_text("no tab\n")
    with pytest.raises(CorpusError, match="line 1: no tab"):
        read_labels(path)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({**TINYSTRESS, "emphasis_indices": "2"}, "emphasis_indices '2'; it is a list of numbers"),
        ({**TINYSTRESS, "emphasis_indices": [True]}, "it is a list of numbers from 0"),
        ({**TINYSTRESS, "id": None}, "line 1: no id; it names the recording"),
        (stresstest(interpretation_id=""), "no interpretation_id"),
        (stresstest(stress_pattern=[0, 1]), "it has binary and indices"),
        (stresstest(stress_pattern={"binary": [0]}), "stress_pattern.indices None"),
        ({"id": "a", "src_sentence": "a b", "gold_emphasis": []}, "it is a list of words"),
    ],
)
def test_values_of_a_wrong_type_are_refused(tmp_path, row, message):
    with pytest.raises(CorpusError, match=message):
        read_labels(write_lines(tmp_path / "labels.jsonl", row))


def test_a_look_alike_is_evaluated_and_what_cannot_be_used_is_named(tmp_path, make_utterance):
    made = make_utterance((120.0, 160.0, 110.0), (0.5, 1.0, 0.4), (0.25, 0.4, 0.3))
    (tmp_path / "textgrid").mkdir()
    rows = []
    for name, tokens, indices in (
        ("fits", ["One", ",", "two", "three", "."], [2, 3]),
        ("sign", ["One", ",", "two", "three", "."], [4]),
        ("joined", ["One", "two-three", "."], [1]),
        ("none", ["One", "two", "three"], []),
    ):
        shutil.copy(made.wav, tmp_path / f"{name}.wav")
        shutil.copy(made.textgrid, tmp_path / "textgrid" / f"{name}.TextGrid")
        rows.append({"id": name, "src_sentence": tokens, "gold_emphasis": indices, "voice": "v"})
    path = write_lines(tmp_path / "gold_df.json", *rows)
    found = lemf.evaluate_labels(path, n_resamples=3)
    assert (found.detection.n_none, found.detection.n_several) == (1, 1)
    reasons = {one.id: (one.reason, one.detail) for one in found.unjudged}
    assert reasons["sign"] == (
        "labels do not fit", "emphasised is 4, which is a sign of 5 tokens"
    )  # fmt: skip
    assert reasons["joined"][1].startswith("2 words in the labels, 3 in ")
