"""Ensembles, MC dropout and intervals through `msfser evaluate`, and back in `msfser predict`."""

import csv
import dataclasses
import io
import json

import numpy as np
import pytest
from click.testing import CliRunner

from msfser.commands.cli import main
from msfser.evaluation.prediction_table import read_predictions, write_predictions

torch = pytest.importorskip("torch")


def evaluate(*arguments):
    return CliRunner().invoke(main, ["evaluate", "--resamples", "5", *map(str, arguments)])


def predict(*arguments):
    return CliRunner().invoke(main, ["predict", *map(str, arguments)])


@pytest.fixture(scope="module")
def runs(make_run, run_folder, tmp_path_factory):
    """Two runs of the same settings and other weights."""
    return [run_folder, make_run(tmp_path_factory.mktemp("seeds") / "other", seed=1)]


@pytest.fixture(scope="module")
def ensemble(runs, tmp_path_factory):
    """The table of an ensemble of both, and those of each alone."""
    folder = tmp_path_factory.mktemp("ensemble")
    tables = []
    for name, arguments in {"both": [*runs, "--ensemble"], "a": runs[:1], "b": runs[1:]}.items():
        result = evaluate(*arguments, "-o", folder / name)
        assert result.exit_code == 0, result.output
        tables.append(read_predictions(folder / name / "predictions.parquet"))
    assert (
        "note: test: predictions are means of 2 models"
        in evaluate(*runs, "--ensemble", "--split", "test", "-o", folder / "again").stderr
    )
    return tables


def test_an_ensemble_is_the_mean_of_its_models_and_knows_how_far_they_differ(ensemble):
    both, a, b = ensemble
    np.testing.assert_allclose(both.values, (a.values + b.values) / 2)
    expected = np.abs(a.values - b.values) / np.sqrt(2)
    np.testing.assert_allclose(both.deviations["ensemble"], expected)
    np.testing.assert_allclose(both.experts["B"], (a.experts["B"] + b.experts["B"]) / 2)


def test_one_run_is_no_ensemble(run_folder):
    result = evaluate(run_folder, "--ensemble")
    assert result.exit_code == 2
    assert "name two runs or more" in result.stderr


@pytest.fixture(scope="module")
def many(ensemble, tmp_path_factory):
    """The table of the ensemble, with 25 rows for each of its own, whose errors are known."""
    both = ensemble[0]
    rng = np.random.default_rng(0)
    table = both.take(np.arange(8).repeat(25))
    table = dataclasses.replace(
        table,
        ids=tuple(f"u{i}" for i in range(200)),
        labels=table.values + rng.normal(0.0, 1.0, (200, 3)),
        notes={},
    )
    path = tmp_path_factory.mktemp("many") / "many.parquet"
    write_predictions(path, table)
    return path


def test_intervals_are_fitted_on_development_and_checked_on_test(many, tmp_path):
    output = tmp_path / "out"
    result = evaluate(many, "--intervals", "0.8", "-o", output)
    assert result.exit_code == 0, result.output
    assert "intervals of level 0.8" in result.stdout
    assert "note: development: the intervals of level 0.8 were fitted on these" in result.stderr
    table = read_predictions(output / "predictions.parquet")
    content = json.loads((output / "metrics.json").read_text())
    for row in content["intervals"]:
        chosen = np.array(table.split) == row["scope"]
        low, high = table.more["low_arousal"][chosen], table.more["high_arousal"][chosen]
        inside = (low <= table.labels[chosen, 1]) & (table.labels[chosen, 1] <= high)
        assert row["arousal"]["coverage"] == pytest.approx(inside.mean())
        assert row["arousal"]["width"] == pytest.approx((high - low).mean())
        assert row["arousal"]["coverage_by_level"]["0.8"] == pytest.approx(inside.mean())
        assert row["fitted"] == (row["scope"] == "development")
    assert (output / "figures" / "test-uncertainty.png").is_file()
    assert "| test: arousal |" in (output / "report.md").read_text()


def test_intervals_without_the_split_that_they_are_fitted_on_are_refused(many):
    result = evaluate(many, "--split", "test", "--intervals", "0.9")
    assert result.exit_code == 1
    assert "fitted on the split 'development', and there are: test" in result.stderr
    few = evaluate(many, "--intervals", "0.9999")
    assert few.exit_code == 1
    assert "9,999 or more are needed; name a lower level" in few.stderr


def trained_on(table, path, places):
    """Write a table as of a model that was trained on its rows at some places."""
    ids = frozenset(table.ids[place] for place in places)
    write_predictions(path, dataclasses.replace(table, trained_on=ids))
    return ids


def test_intervals_are_fitted_without_what_the_training_saw(many, tmp_path):
    table = read_predictions(many)
    development = [k for k, split in enumerate(table.split) if split == "development"]
    seen, unlabelled = development[:60], development[60:63]
    labels = table.labels.copy()
    labels[seen] = table.values[seen]  # learned by heart: no error at all
    labels[unlabelled] = np.nan
    table = dataclasses.replace(table, labels=labels)
    path, output = tmp_path / "borrowed.parquet", tmp_path / "out"
    ids = trained_on(table, path, seen)
    assert read_predictions(path).trained_on == ids
    result = evaluate(path, "--intervals", "0.8", "-o", output)
    assert result.exit_code == 0, result.output
    said = (
        "the intervals of level 0.8 were fitted on 37 of these 100 utterances, without the 60 that "
        "the model was trained on and the 3 without a label"
    )
    assert f"note: development: {said}" in result.stderr
    assert said in (output / "report.md").read_text()
    for name in ("metrics.json", "intervals.json"):
        assert said in (output / name).read_text()
    found = read_predictions(output / "predictions.parquet")
    assert found.trained_on == ids
    assert said in found.notes["development"]

    clean = table.take(np.setdiff1d(np.arange(200), [*seen, *unlabelled]))
    write_predictions(tmp_path / "clean.parquet", clean)
    evaluate(tmp_path / "clean.parquet", "--intervals", "0.8", "-o", tmp_path / "clean")
    expected = read_predictions(tmp_path / "clean" / "predictions.parquet")
    chosen = np.isin(found.ids, clean.ids)
    np.testing.assert_array_equal(found.more["low_valence"][chosen], expected.more["low_valence"])


def test_intervals_on_a_split_of_training_data_are_refused(many, tmp_path):
    table = read_predictions(many)
    trained_on(table, tmp_path / "all.parquet", range(200))
    result = evaluate(tmp_path / "all.parquet", "--intervals", "0.8")
    assert result.exit_code == 1
    assert (
        "the split 'development', and the model was trained on all 100 utterances of it"
        in result.stderr
    )
    assert "name another split with --intervals-from" in result.stderr


def test_every_output_of_predict_carries_the_interval(runs, corpus, tmp_path):
    files = [corpus / "04.wav", corpus / "05.wav"]
    output = tmp_path / "out"
    result = evaluate(*runs, "--ensemble", "--intervals", "0.6", "-o", output)
    assert result.exit_code == 0, result.output
    given = ["--intervals", output / "intervals.json"]
    found = predict(*runs, *files, *given, "--format", "csv", "--textgrids", tmp_path / "grids")
    assert found.exit_code == 0, found.output
    rows = list(csv.DictReader(io.StringIO(found.stdout)))
    evaluated = read_predictions(output / "predictions.parquet")
    for name in ("valence", "arousal", "dominance"):
        low, value, high = (float(rows[0][f"{side}{name}"]) for side in ("low_", "", "high_"))
        assert low < value < high
        assert value - low == pytest.approx(high - value)
    assert float(rows[0]["ensemble_valence"]) > 0
    assert evaluated.more["low_valence"].shape == (8,)
    recording = json.loads(predict(*runs, *files, *given, "--format", "json").stdout)
    assert recording["intervals"]["level"] == 0.6
    assert recording["models"] == [str(run) for run in runs]
    assert recording["recordings"][0]["low"]["valence"] == pytest.approx(
        float(rows[0]["low_valence"])
    )
    shown = f"({float(rows[0]['low_valence']):.2f} to {float(rows[0]['high_valence']):.2f})"
    assert shown in predict(*runs, *files, *given).stdout
    assert shown in (tmp_path / "grids" / "04.TextGrid").read_text()

    other = predict(runs[0], *files, *given)
    assert other.exit_code == 1
    assert "fitted for 2 models, not for these 1" in other.stderr


def test_the_ensemble_of_predict_is_the_mean_of_its_models(runs, corpus):
    files = [corpus / "04.wav", "--format", "json", "--no-texts"]
    both, one, other = (
        json.loads(predict(*models, *files).stdout)["recordings"][0]
        for models in (runs, runs[:1], runs[1:])
    )
    for name in ("valence", "arousal", "dominance"):
        assert both[name] == pytest.approx((one[name] + other[name]) / 2)
        assert both["ensemble"][name] == pytest.approx(abs(one[name] - other[name]) / 2**0.5)
    twice = predict(runs[0], runs[0], corpus / "04.wav")
    assert twice.exit_code == 2
    assert "named twice" in twice.stderr


def test_dropout_gives_a_spread_that_is_the_same_each_time(run_folder, corpus):
    options = [corpus / "04.wav", "--format", "json", "--no-texts", "--mc-dropout", "8"]
    one, again = (
        json.loads(predict(run_folder, *options).stdout)["recordings"][0] for _ in range(2)
    )
    assert one == again
    plain = json.loads(predict(run_folder, *options[:-2]).stdout)["recordings"][0]
    assert one["dropout"]["valence"] > 0
    assert one["valence"] != plain["valence"]
    assert abs(one["valence"] - plain["valence"]) < 5 * one["dropout"]["valence"]
    assert "2 passes or more" in predict(run_folder, *options[:-1], "1").stderr


def test_a_model_without_dropout_is_refused(make_run, corpus, tmp_path):
    run = make_run(tmp_path / "run", head_dropout=0.0, film_dropout=0.0)
    result = predict(run, corpus / "04.wav", "--no-texts", "--mc-dropout", "4")
    assert result.exit_code == 1
    assert "trained without dropout in fusion and heads" in result.stderr


def test_speakers_of_a_table_are_calibrated(run_folder, corpus, tmp_path):
    listed = tmp_path / "list.csv"
    wavs = [f"{corpus}/{i:02d}.wav,{'anna' if i % 2 else 'ben'}" for i in range(10)]
    listed.write_text("\n".join(["wav,speaker", *wavs, f"{corpus}/10.wav,"]))
    options = [listed, "--no-texts", "--format", "json"]
    content = json.loads(predict(run_folder, *options, "--calibrate", "speaker").stdout)
    assert set(content["calibration"]) == {"anna", "ben"}
    assert content["calibration"]["ben"]["recordings"] == 5
    plain = json.loads(predict(run_folder, *options).stdout)
    for before, after in zip(plain["recordings"], content["recordings"], strict=True):
        name = next((n for n in ("anna", "ben") if f"speaker {n}" in " ".join(after["notes"])), "")
        shift = content["calibration"][name]["shift"]["arousal"] if name else 0.0
        scale = content["calibration"][name]["scale"]["arousal"] if name else 1.0
        if scale == 1.0:
            assert after["arousal"] == pytest.approx(before["arousal"] + shift)
    assert "not calibrated: no speaker named" in content["recordings"][10]["notes"]
    refused = predict(run_folder, corpus / "04.wav", "--no-texts", "--calibrate", "speaker")
    assert refused.exit_code == 1
    assert "0 known speakers, and 2 or more are needed" in refused.stderr
