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
from msfser.manifest import Utterance


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


def test_what_may_mislead_is_said(tmp_path):
    (tmp_path / "skipped.csv").write_text("id,reason\nx,no such recording\n")
    result, _ = write(tmp_path, predictions(corpus="msp-podcast+iemocap"))
    assert "note: the predictions are of msp-podcast+iemocap, not of msp-podcast" in result.stderr
    assert f"note: the utterances in {tmp_path / 'skipped.csv'} have no prediction" in result.stderr
    again = CliRunner().invoke(
        main, ["submission", str(tmp_path), "-o", str(tmp_path / "submission.csv")]
    )
    assert again.exit_code == 1
    assert "exists already" in again.stderr


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
    twice = replace(predictions(), ids=("one/a", "two/a", "two/b"))
    with pytest.raises(DataError, match="two recordings of one name"):
        make_submission(twice)
