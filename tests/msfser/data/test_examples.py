from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from msfser.data.examples import choose_utterances, make_examples, scale_labels, unscale_labels
from msfser.errors import DataError
from msfser.manifest import Manifest, Utterance

ROWS = (
    Utterance(id="a", wav="a.wav", split="train", fold=1, valence=1, arousal=4, dominance=7),
    Utterance(id="b", wav="b.wav", split="train", fold=2),
    Utterance(id="c", wav="c.wav", split="test", fold=3),
    Utterance(id="d", wav="d.wav", split="test", status="failed", reason="no wav"),
    Utterance(id="e", wav="e.wav", split="test3", status="failed", reason="no wav"),
)
MANIFEST = Manifest(
    utterances=ROWS, corpus="own", version="", root=Path("/r"), label_bounds=(1.0, 7.0)
)


class Vectors:
    def vectors(self, ids, semantic, pooling="mean"):
        values = np.array([[len(semantic), ord(name)] for name in ids], dtype=np.float32)
        return values, np.array([name != "b" for name in ids])


def names(rows):
    return [row.id for row in rows]


def test_splits_and_folds():
    assert names(choose_utterances(MANIFEST, split="train")) == ["a", "b"]
    assert names(choose_utterances(MANIFEST, split="test")) == ["c"]
    assert names(choose_utterances(MANIFEST, fold=2)) == ["b"]
    assert names(choose_utterances(MANIFEST, without_fold=2)) == ["a", "c"]
    assert names(choose_utterances(MANIFEST)) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"split": "dev"}, "no split 'dev'; there are: test, test3, train"),
        ({"split": "test3"}, "split 'test3': holds no usable utterance"),
        ({"fold": 9}, "no fold 9; there are: 1, 2, 3"),
        ({"without_fold": 9}, "no fold 9"),
    ],
)
def test_what_is_not_there_is_said(choice, message):
    with pytest.raises(DataError, match=message):
        choose_utterances(MANIFEST, **choice)


def test_examples_hold_labels_from_0_to_1_and_texts():
    rows = choose_utterances(MANIFEST, split="train")
    examples = make_examples(
        MANIFEST, rows, np.array([8000, 9000]), semantics=("gs", "les"), features=Vectors()
    )
    np.testing.assert_array_equal(examples.labels, np.float32([[0, 0.5, 1], [np.nan] * 3]))
    assert examples.wavs == [Path("/r/a.wav"), Path("/r/b.wav")]
    assert examples.texts["les"].tolist() == [[3, 97], [3, 98]]
    assert examples.present["gs"].tolist() == [True, False]
    one = examples.take([1])
    assert (one.ids, one.n_samples.tolist(), len(one)) == (["b"], [9000], 1)
    assert one.texts["gs"].tolist() == [[2, 98]]


def test_semantics_need_features():
    with pytest.raises(DataError, match="the model reads es, but there are no features"):
        make_examples(MANIFEST, ROWS[:1], np.array([8000]), semantics=("es",))


def test_lengths_must_agree():
    examples = make_examples(MANIFEST, ROWS[:2], np.array([1, 2]))
    with pytest.raises(ValueError, match="differ in length"):
        replace(examples, n_samples=np.array([1]))


def test_scaling_goes_both_ways_and_clips_nothing():
    labels = np.array([[0.5, 1.0, 7.0], [8.0, np.nan, 4.0]])
    scaled = scale_labels(labels, (1.0, 7.0))
    np.testing.assert_allclose(unscale_labels(scaled, (1.0, 7.0)), labels, rtol=0, atol=1e-12)
    assert scaled[0, 0] < 0 < 1 < scaled[1, 0]
