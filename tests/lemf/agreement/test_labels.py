"""Labels from a file, and each way in which a row can be wrong."""

from __future__ import annotations

import json
import math

import pytest

from lemf.agreement.labels.files import read_labels
from lemf.errors import CorpusError

ROW = {"audio": "a.wav", "textgrid": "a.TextGrid"}


def write(folder, rows):
    path = folder / "labels.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_jsonl(tmp_path):
    rows = [
        {**ROW, "ratings": [0, 2.5, None], "speaker": "anna", "text": "so it is", "mine": 1},
        {"audio": "/b.wav", "textgrid": "b.TextGrid", "emphasised": 1, "id": "second"},
        {**ROW, "id": "third", "emphasised": [0, 4], "words": ["so", "it"]},
    ]
    first, second, third = read_labels(write(tmp_path, rows))
    assert (first.id, first.audio) == ("a", str(tmp_path / "a.wav"))
    assert first.ratings[:2].tolist() == [0, 2.5]
    assert math.isnan(first.ratings[2])
    assert (first.speaker, first.text, first.emotion) == ("anna", "so it is", None)
    assert (second.id, second.audio, second.emphasised) == ("second", "/b.wav", (1,))
    assert second.ratings is None
    assert (third.emphasised, third.words) == ((0, 4), ("so", "it"))


def test_csv(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text(
        "audio,textgrid,ratings,emphasised,speaker\n"
        "x/a.wav,a.TextGrid,0.5 nan 2,,anna\n"
        "b.wav,b.TextGrid,,2,\n"
    )
    first, second = read_labels(str(path))
    assert first.id == "x/a"
    assert first.ratings.tolist() == pytest.approx([0.5, math.nan, 2], nan_ok=True)
    assert (second.emphasised, second.speaker) == ((2,), None)


def test_emodb(tmp_path):
    words = [{"word": "so", "stress_max": 0.4}, {"word": "ist"}]
    row = {"id": "03a", "file": "wav/03a.wav", "speaker": "03", "words": words, "emotion": "fear"}
    (label,) = read_labels(write(tmp_path, [row]))
    assert label.audio == str(tmp_path / "wav" / "03a.wav")
    assert label.textgrid == str(tmp_path / "textgrid" / "03a.TextGrid")
    assert (label.words, label.speaker, label.emotion) == (("so", "ist"), "03", "fear")
    assert label.ratings.tolist() == pytest.approx([0.4, math.nan], nan_ok=True)


def test_emodb_as_it_stands(speech_data):
    labels = read_labels(str(speech_data / "emodb" / "metadata.jsonl"))
    assert len(labels) == 70
    assert len({label.speaker for label in labels}) == 6


DEEP = json.loads("[" * 300 + "]" * 300)  # which JSON and Python still hold


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"textgrid": "a.TextGrid", "emphasised": 0}, "line 1: no audio"),
        (ROW, "give either ratings, one number per word, or emphasised"),
        ({**ROW, "ratings": [1], "emphasised": 0}, "give either ratings"),
        ({**ROW, "ratings": []}, r"ratings \[\]; give one number per word"),
        ({**ROW, "ratings": [1, "loud"]}, "the rating 'loud' is not a number"),
        ({**ROW, "ratings": [True]}, "the rating True is not a number"),
        ({**ROW, "ratings": [[1]]}, r"the rating \[1\] is not a number"),
        ({**ROW, "emphasised": -1}, "emphasised -1; give the index of a word, from 0"),
        ({**ROW, "emphasised": ""}, "give the index of a word"),
        ({**ROW, "emphasised": "0;1"}, "emphasised '0;1'; .* or several separated by blanks"),
        ({**ROW, "emphasised": "0,1"}, "emphasised '0,1'; .* or several separated by blanks"),
        ({**ROW, "emphasised": [0, 1, 0, 0]}, r"line 1: .*0, 0\] names a word twice; .* ratings"),
        ({**ROW, "emphasised": [1, 1]}, r"line 1: emphasised \[1, 1\] names a word twice"),
        ({**ROW, "emphasised": "0 0 1"}, "line 1: emphasised '0 0 1' names a word twice"),
        ({**ROW, "emphasised:anna": [0, 0, 1]}, "names a word twice; .* a column ratings"),
        ({**ROW, "emphasised": 0, "speaker": 3}, "speaker must be text, not 3"),
        ({**ROW, "emphasised": 0, "words": [1]}, "words .* give a list of words"),
        ({**ROW, "audio": "", "emphasised": 0}, "line 1: no audio; name the file"),
        ({**ROW, "audio": ".", "emphasised": 0}, "line 1: no audio; name the file"),
        ({**ROW, "ratings": [1e308, -1e308]}, r"the rating 1e\+308 is not a number up to"),
        ({**ROW, "ratings": ["9" * 5000]}, r"the rating '999.*999' is not a number up to"),
        ({**ROW, "ratings": [10**400]}, "line 1: not JSON .a number of 401 digits."),
        ({**ROW, "emphasised": "9" * 5000}, r"emphasised '999.*999'; give the index of a word"),
        ({**ROW, "emphasised": DEEP}, r"emphasised \[\[.*; give the index of a word"),
        ({**ROW, "ratings": DEEP}, r"the rating \[\[.* is not a number"),
        ({**ROW, "words": DEEP, "emphasised": 0}, r"words \[\[.*; give a list of words"),
        ({**ROW, "id": DEEP, "emphasised": 0}, r"id must be text, not \[\["),
        ({"file": "a.wav"}, "'file' without 'words' that have a 'stress_max' each"),
    ],
)
def test_wrong_rows(tmp_path, row, message):
    with pytest.raises(CorpusError, match=message):
        read_labels(write(tmp_path, [row]))


def test_a_column_of_the_users_may_be_called_file(tmp_path):
    (label,) = read_labels(write(tmp_path, [{**ROW, "file": "take 3", "emphasised": 1}]))
    assert (label.audio, label.emphasised) == (str(tmp_path / "a.wav"), (1,))


def test_a_row_may_hold_any_blank(tmp_path):
    path = tmp_path / "labels.jsonl"
    row = json.dumps({**ROW, "emphasised": 1, "text": "so\u2028it\u0085is"}, ensure_ascii=False)
    path.write_bytes((row + "\r\n\r\n").encode())
    (label,) = read_labels(str(path))
    assert label.text == "so\u2028it\u0085is"


def test_cells_without_a_name_are_not_dropped(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("audio,textgrid,emphasised,text\na.wav,a.TextGrid,1,so, it is\n")
    with pytest.raises(CorpusError, match="line 2: 5 cells where the header names 4"):
        read_labels(str(path))


def test_wrong_files(tmp_path):
    with pytest.raises(CorpusError, match=r"the name must end in \.csv, \.jsonl"):
        read_labels("labels.txt")
    with pytest.raises(CorpusError, match=r"missing\.csv: no such file"):
        read_labels(str(tmp_path / "missing.csv"))
    (tmp_path / "deep.jsonl").write_text("[" * 100_000)
    with pytest.raises(CorpusError, match=r"line 1: not JSON \(nested too deep\)"):
        read_labels(tmp_path / "deep.jsonl")
    with pytest.raises(CorpusError, match="no label found"):
        read_labels(write(tmp_path, []))
    row = {**ROW, "emphasised": 0}
    with pytest.raises(CorpusError, match="line 2: the id 'a' occurs twice"):
        read_labels(write(tmp_path, [row, row]))


def test_no_word_and_several_words_are_labels(tmp_path):
    rows = [
        {**ROW, "emphasised": given, "id": str(n)} for n, given in enumerate(([], "none", [0, 3]))
    ]
    labels = read_labels(write(tmp_path, rows))
    assert [label.emphasised for label in labels] == [(), (), (0, 3)]
    assert all(label.ratings is None for label in labels)
