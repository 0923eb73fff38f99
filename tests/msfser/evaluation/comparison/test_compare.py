"""`msfser compare` as its user runs it: on tables and runs, in three formats, with its refusals."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from msfser.ccc import ccc
from msfser.commands.cli import main
from msfser.evaluation.prediction_table import write_predictions
from msfser.evaluation.predictions import Predictions


def make_predictions(seed, *, n=60, noise=0.5):
    rng = np.random.default_rng(0)
    labels = rng.normal(4.0, 1.0, (n, 3))
    values = labels + np.random.default_rng([seed]).normal(0.0, noise, (n, 3))
    return Predictions(
        corpus="own", version="1", label_bounds=(1.0, 7.0),
        ids=tuple(f"u{i}" for i in range(n)), split=("test",) * n,
        speaker=tuple(f"s{i % 6}" for i in range(n)),
        gender=tuple(("female", "male")[i % 2] for i in range(n)),
        emotion=(None,) * n, fold=(None,) * n, duration_s=np.linspace(1, 9, n),
        labels=labels, values=values, experts={}, gate_mean=np.full(n, np.nan),
    )  # fmt: skip


@pytest.fixture
def tables(tmp_path):
    """Write two tables of predictions: the second of a better model, in another order."""
    better = make_predictions(2, noise=0.3)
    order = np.random.default_rng(1).permutation(60)
    paths = [tmp_path / "first.parquet", tmp_path / "second.parquet"]
    write_predictions(paths[0], make_predictions(1))
    write_predictions(paths[1], better.take(order))
    return paths


def compare(*arguments):
    return CliRunner().invoke(main, ["compare", "--resamples", "50", *map(str, arguments)])


def test_differences_are_those_of_the_two_tables_whatever_their_order(tables):
    result = compare(*tables, "--format", "json")
    assert result.exit_code == 0, result.output
    content = json.loads(result.stdout)
    (total,) = (row for row in content["differences"] if row["by"] == "all")
    first, second = make_predictions(1), make_predictions(2, noise=0.3)
    expected = ccc(second.values, second.labels) - ccc(first.values, first.labels)
    found = [total[name]["difference"] for name in ("valence", "arousal", "dominance")]
    np.testing.assert_allclose(found, expected)
    low, high = total["average"]["over_speakers"]
    assert 0 < low < total["average"]["difference"] < high
    assert total["average"]["p"] == pytest.approx(2 / 2**6)  # six speakers, all better
    assert "test: 6 speakers: p cannot be below 0.031, whatever the difference" in content["notes"]


def test_every_format_holds_the_same_numbers_and_the_notes(tables, tmp_path):
    printed = compare(*tables)
    assert "test: CCC, 60 utterances of 6 speakers" in printed.stdout
    assert "p cannot be below 0.031" in printed.stderr
    output = tmp_path / "out.csv"
    assert compare(*tables, "-o", output).exit_code == 0
    rows = list(csv.DictReader(io.StringIO(output.read_text())))
    (row,) = (r for r in rows if (r["by"], r["measure"]) == ("all", "average"))
    assert f"{float(row['difference']):+.3f}" in printed.stdout
    assert "p cannot be below 0.031" in row["notes"]
    assert {r["by"] for r in rows} == {"all", "gender", "duration"}
    again = compare(*tables, "-o", output)
    assert again.exit_code == 1
    assert "exists already; --force replaces it" in again.stderr


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.take(np.arange(1, 60)), "no prediction of 'u0' (1 utterance of"),
        (lambda t: replace(t, labels=t.labels + 0.5), "valence of 'u0' is"),
        (lambda t: replace(t, label_bounds=(1.0, 5.0)), "rated from 1 to 5"),
        (lambda t: replace(t, speaker=("x",) * 60), "speaker of 'u0' is x, and in"),
    ],
)
def test_tables_of_other_utterances_are_refused_by_the_first_difference(
    tables, tmp_path, change, said
):
    write_predictions(tmp_path / "other.parquet", change(make_predictions(2)))
    result = compare(tables[0], tmp_path / "other.parquet")
    assert result.exit_code == 1
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_runs_are_predicted_and_compared(make_run, run_folder, tmp_path):
    other = make_run(tmp_path / "other", seed=1)
    result = compare(run_folder, other, "--split", "test", "--format", "json")
    assert result.exit_code == 0, result.output
    content = json.loads(result.stdout)
    assert {row["scope"] for row in content["differences"]} == {"test"}
    assert content["first"] == str(run_folder)
    same = json.loads(compare(run_folder, run_folder, "--split", "test", "--format", "json").stdout)
    assert same["differences"][0]["average"]["difference"] == 0


def test_calibration_of_speakers_reaches_both_tables(tables):
    moved = make_predictions(1)
    shifts = np.where(np.arange(60) % 2, 2.0, -2.0)[:, None]  # every second speaker
    write_predictions(tables[0], replace(moved, values=moved.values + shifts), force=True)
    before = json.loads(compare(*tables, "--format", "json").stdout)
    after = json.loads(compare(*tables, "--format", "json", "--calibrate", "speaker").stdout)
    first = [content["differences"][0]["arousal"]["first"] for content in (before, after)]
    assert first[1] > first[0] + 0.1
    assert any("calibrated for 6 speakers" in note for note in after["notes"])
