"""A model that reads contours: trained from lemf's table, resumed, evaluated, and predicting."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import lemf
from msfser.commands.cli import main
from msfser.config.files import make_config
from msfser.errors import ConfigError, DataError
from msfser.evaluation.prediction_table import read_predictions
from msfser.training.train import train

FP32 = 1e-4  # of the rating scale


def call(*arguments):
    return CliRunner().invoke(main, [*map(str, arguments)])


def test_a_model_of_contours(corpus, tmp_path):
    features = tmp_path / "features.parquet"
    lemf.score_corpus(corpus, tmp_path / "scores.parquet", features=features)
    changes = [
        "model.contours=cross_attention", "model.semantics=[]", "model.intra=none",
        "model.fusion=none", "model.head_dim=16", "train.batch_size=4", "train.epochs=1",
        "train.device=cpu", "data.crop_s=0.3", "data.crop=random",
        f"data.folder='{corpus}'", f"data.contours='{features}'",
    ]  # fmt: skip
    config = make_config({}, changes, preset="tiny")
    run = tmp_path / "run"
    train(config, run)
    assert "contours" in pq.read_table(run / "data.parquet").column_names
    # predictions of the evaluation, from the table, are those of the recording alone
    result = call("evaluate", run, "--split", "test", "-o", tmp_path / "scores")
    assert result.exit_code == 0, result.output
    table = read_predictions(tmp_path / "scores" / "predictions.parquet")
    result = call("predict", run, corpus / "08.wav", "-o", tmp_path / "p.json")
    assert result.exit_code == 0, result.output
    (alone,) = json.loads((tmp_path / "p.json").read_text())["recordings"]
    assert table.values[0, 1] == pytest.approx(alone["arousal"], abs=FP32)
    # other contours are other data
    changed = pq.read_table(features).to_pylist()
    changed[2]["energy"] = (2 * np.array(changed[2]["energy"])).tolist()
    more = make_config({}, [*changes, "train.epochs=2"], preset="tiny")
    with pytest.raises(ConfigError, match="use the same settings"):
        train(more, run, resume=True)
    (run / "metrics.json").unlink()
    pq.write_table(pq.read_table(features).from_pylist(changed), features)
    with pytest.raises(DataError, match="the contours differ from those of this run: first 'u02'"):
        train(config, run, resume=True)
    features.unlink()
    result = call("evaluate", run, "--split", "test", "-o", tmp_path / "again")
    assert result.exit_code == 1
    assert "the model reads contours: make them with lemf batch" in result.stderr
