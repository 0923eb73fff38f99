"""Emotions choose what is trained on: sampling, and emotions left out or borrowed."""

import pytest

torch = pytest.importorskip("torch")

from msfser.config.files import make_config  # noqa: E402
from msfser.errors import ConfigError, DataError  # noqa: E402
from msfser.training.data.prepare import check_sampling, prepare_data  # noqa: E402


def prepare(corpus, *changes):
    config = make_config({}, [f"data.folder='{corpus}'", "model.text_dim=16", *changes])
    return prepare_data(config.data, config.model), config


def test_emotions_are_left_out_of_training_and_borrowed_from_development(corpus):
    data, _ = prepare(corpus, 'data.left_out_emotions=["angry"]')
    assert data.train.ids == ["u00", "u02"]
    assert len(data.development) == 4
    data, _ = prepare(corpus, 'data.borrowed_emotions=["angry"]')
    assert data.train.ids == ["u00", "u01", "u02", "u03", "u05", "u07"]
    assert data.development.ids == ["u04", "u06"]
    assert data.train.emotions == ["calm", "angry", "calm", "angry", "angry", "angry"]
    parts = dict(zip(data.record.ids.tolist(), data.record.columns["part"].tolist(), strict=True))
    assert parts["u05"] == "train"


def test_an_emotion_of_no_utterance_is_named(corpus):
    with pytest.raises(DataError, match="borrowed_emotions 'X': of no utterance; there are: angry"):
        prepare(corpus, 'data.borrowed_emotions=["X"]')


def test_an_emotion_is_not_left_out_and_borrowed(corpus):
    with pytest.raises(ConfigError, match="'angry' is in both; leave it out, or borrow it"):
        prepare(corpus, 'data.left_out_emotions=["angry"]', 'data.borrowed_emotions=["angry"]')


def test_sampling_without_emotions_is_refused(corpus_folder):
    data, config = prepare(corpus_folder, "train.sampling=balanced")
    with pytest.raises(DataError, match="'balanced': no training utterance has an emotion"):
        check_sampling(config.train, data)
