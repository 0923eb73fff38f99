"""Epochs by emotion: how many of each, drawn anew, the same in every process."""

from collections import Counter

import numpy as np
import pytest

from msfser.config.files import make_config
from msfser.training.labels.sampling import epoch_places
from msfser.training.steps.order import count_steps, sampled_steps, training_steps

EMOTIONS = ["N"] * 60 + ["H"] * 30 + ["S"] * 7 + [None] * 3


def count(places):
    return Counter(EMOTIONS[place] for place in places)


def test_balanced_epochs_have_as_many_of_each_and_the_length_of_all():
    places = epoch_places(EMOTIONS, "balanced", 0, 0)
    assert count(places) == {"N": 25, "H": 25, "S": 25, None: 25}
    drawn = Counter(places.tolist())
    assert max(drawn[place] for place in range(90)) == 1
    # 25 of 7: each three times, four of them once more
    assert sorted(drawn[place] for place in range(90, 97)) == [3, 3, 3, 4, 4, 4, 4]


def test_undersampled_epochs_have_as_many_as_the_rarest_and_others_in_each_epoch():
    epochs = [epoch_places(EMOTIONS, "undersampled", 0, epoch) for epoch in range(60)]
    assert all(count(places) == dict.fromkeys(["N", "H", "S", None], 3) for places in epochs)
    assert len({tuple(places) for places in epochs}) > 50
    assert set(np.concatenate(epochs).tolist()) > set(range(90, 100))
    assert len(set(np.concatenate(epochs).tolist())) > 90  # nothing is thrown away for good


def test_the_draw_depends_on_seed_and_epoch_alone():
    one = epoch_places(EMOTIONS, "balanced", 1, 2)
    np.testing.assert_array_equal(one, epoch_places(EMOTIONS, "balanced", 1, 2))
    assert not np.array_equal(one, epoch_places(EMOTIONS, "balanced", 2, 2))


def test_all_utterances_make_the_steps_of_before():
    n_samples = np.random.default_rng(0).integers(8_000, 80_000, 100)
    config = make_config({}, ["train.batch_size=8", "train.accumulation=1"])
    for found, expected in zip(
        sampled_steps(n_samples, EMOTIONS, config, 3),
        training_steps(n_samples, 8, 50, 0, 3),
        strict=True,
    ):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("sampling", ["balanced", "undersampled"])
def test_every_epoch_has_as_many_steps(sampling):
    n_samples = np.random.default_rng(0).integers(8_000, 80_000, 100)
    changes = ["train.batch_size=8", "train.accumulation=1", f"train.sampling={sampling}"]
    config = make_config({}, [*changes, "train.epochs=4"])
    lengths = [len(sampled_steps(n_samples, EMOTIONS, config, epoch)) for epoch in range(4)]
    assert len(set(lengths)) == 1
    assert count_steps(n_samples, EMOTIONS, config) == 4 * lengths[0]
