"""The file of a challenge: columns, order, scale, and what is refused or said."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from msfser.commands.cli import main
from msfser.errors import DataError
from msfser.evaluation.prediction_table import write_predictions
from msfser.evaluation.predictions import make_predictions
from msfser.evaluation.submission import make_submission
from msfser.manifest import Manifest, Utterance, write_manifest


def predictions(bounds=(1.0, 7.0), corpus="msp-podcast"):
    """Of two splits; the ids are not sorted, and test3 has no labels."""
    rows = [
        Utterance(id=f"MSP-PODCAST_{name}", wav=f"{name}.wav", split=split)
        for name, split in (("b", "test3"), ("a", "test3"), ("c", "development"))
    ]
    values = np.array([[4.5, 0.5, 7.25], [2.0, 3.0, 4.0], [1.0, 1.0, 1.0]])  # V, A, D
    return make_predictions(rows, values, corpus=corpus, version="1.12", label_bounds=bounds)


def write(tmp_path, table, *options):
    write_predictions(tmp_path / "predictions.parquet", table)
    output = tmp_path / "submission.csv"
    command = ["submission", str(tmp_path), "-o", str(output), *options]
    return CliRunner().invoke(main, command), output


def test_a_submission_has_the_columns_of_the_challenge_within_its_scale(tmp_path):
    result, output = write(tmp_path, predictions())
    assert result.exit_code == 0, result.output
    assert list(csv.reader(output.read_text().splitlines())) == [
        ["FileName", "EmoAct", "EmoVal", "EmoDom"],
        ["MSP-PODCAST_a.wav", "3.000000", "2.000000", "4.000000"],
        ["MSP-PODCAST_b.wav", "1.000000", "4.500000", "7.000000"],
    ]
    assert "note: 2 values outside 1 to 7 are written as its ends" in result.stderr
    assert "2 recordings of test3" in result.stderr
    assert "skipped" not in result.stderr


def corpus_of(tmp_path, names, corpus="msp-podcast"):
    """The manifest of a corpus whose recordings of test3 have these names; one has failed."""
    rows = [
        Utterance(id=f"MSP-PODCAST_{name}", wav=f"{name}.wav", split="test3", status=status)
        for name, status in zip(names, ("ok", "failed", "ok"), strict=False)
    ]
    folder = tmp_path / "podcast"
    folder.mkdir(exist_ok=True)
    rows.append(Utterance(id="MSP-PODCAST_z", wav="z.wav", split="development"))
    manifest = Manifest(
        utterances=tuple(rows), corpus=corpus, version="", root=folder, label_bounds=(1.0, 7.0)
    )
    write_manifest(folder / "manifest.parquet", manifest, force=True)
    return folder


def test_the_whole_set_of_the_split_is_wanted(tmp_path):
    for names, message in (
        ("abd", "1 of 3 recordings of the split without a prediction, such as MSP-PODCAST_d; mend"),
        ("a", "1 recording that the split does not have, such as MSP-PODCAST_b; name its own fold"),
    ):
        folder = corpus_of(tmp_path, names)
        result, output = write(tmp_path, predictions(), "--data", str(folder))
        assert result.exit_code == 1
        assert message in result.stderr
        assert result.stderr.count("\n") == 1
        assert not output.exists()
        (tmp_path / "predictions.parquet").unlink()
    other = corpus_of(tmp_path, "ab", "biic-podcast")
    result, _ = write(tmp_path, predictions(), "--data", str(other))
    assert "the corpus is biic-podcast, not msp-podcast; name the folder that" in result.stderr
    (tmp_path / "predictions.parquet").unlink()
    (tmp_path / "skipped.csv").write_text("id,reason\nx,no such recording\n")  # of development
    result, _ = write(tmp_path, predictions(), "--data", str(corpus_of(tmp_path, "ab")))
    assert result.exit_code == 0, result.output
    assert "is not known" not in result.stderr
    again = CliRunner().invoke(
        main, ["submission", str(tmp_path), "-o", str(tmp_path / "submission.csv")]
    )
    assert again.exit_code == 1
    assert "exists already" in again.stderr


def test_what_may_mislead_is_said_or_refused(tmp_path):
    table = replace(predictions(), notes={"test3": ("predictions are stretched",)})
    result, output = write(tmp_path, table)
    assert "note: test3: predictions are stretched" in result.stderr
    assert "note: whether all recordings of test3 are there is not known; --data" in result.stderr
    output.unlink()
    (tmp_path / "skipped.csv").write_text("id,reason\nx,no such recording\n")
    again = CliRunner().invoke(main, ["submission", str(tmp_path), "-o", str(output)])
    assert again.exit_code == 1
    assert f"{tmp_path / 'skipped.csv'}: utterances without a prediction" in again.stderr
    assert not output.exists()


def test_a_joined_corpus_gives_the_names_of_the_challenge():
    table = predictions(corpus="msp-podcast+iemocap")
    ids = tuple(f"msp-podcast/{one}" for one in table.ids)
    rows, _ = make_submission(replace(table, ids=ids))
    assert [row[0] for row in rows[1:]] == [f"MSP-PODCAST_{name}.wav" for name in "abc"]
    with pytest.raises(DataError, match="1 utterance of another corpus than msp-podcast, such as"):
        make_submission(replace(table, ids=(*ids[:2], "iemocap/MSP-PODCAST_c")))
    with pytest.raises(DataError, match="the predictions are of biic-podcast, not of msp-podcast"):
        make_submission(predictions(corpus="biic-podcast"))
    with pytest.raises(DataError, match="1 id unlike MSP-PODCAST_test3_0001, such as 'x/MSP-PODC"):
        make_submission(replace(predictions(corpus=""), ids=("x/MSP-PODCAST_a", *table.ids[1:])))


@pytest.mark.parametrize("split", ["test1", "test3 "])
def test_a_split_that_is_not_there_is_named(tmp_path, split):
    result, output = write(tmp_path, predictions(), "--split", split)
    assert result.exit_code == 1
    assert f"no split {split!r}; there are: test3, development" in result.stderr
    assert not output.exists()


def test_another_scale_a_missing_value_and_names_of_two_corpora_are_refused():
    with pytest.raises(DataError, match="the rating scale is 1 to 5, and that of the challenge"):
        make_submission(predictions((1.0, 5.0)))
    table = predictions()
    table.values[1, 2] = np.nan
    with pytest.raises(DataError, match="no prediction of dominance for 1 utterance, such as MSP"):
        make_submission(table)
    twice = replace(predictions(), ids=("MSP-PODCAST_a", "MSP-PODCAST_a", "MSP-PODCAST_b"))
    with pytest.raises(DataError, match="two recordings of one name, MSP-PODCAST_a; leave one"):
        make_submission(twice)
