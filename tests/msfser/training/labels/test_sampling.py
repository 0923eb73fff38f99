"""Epochs by emotion: how many of each, drawn anew, the same in every process."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msfser.config.files import make_config
from msfser.training.labels.sampling import epoch_places
from msfser.training.steps.order import count_repeats, count_steps, sampled_steps, training_steps

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


def test_repeats_are_counted_in_the_order_of_the_epoch():
    steps = [np.array([3, 1, 3]), np.array([0, 3]), np.array([1])]
    repeats = count_repeats(steps)
    assert [counts.tolist() for counts in repeats] == [[0, 0, 1], [0, 2], [1]]
    assert count_repeats([]) == []


@given(st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=6), min_size=1, max_size=6))
def test_repeats_are_those_of_counting_one_by_one(drawn):
    seen, expected = Counter(), []
    for step in drawn:
        expected.append([])
        for place in step:
            expected[-1].append(seen[place])
            seen[place] += 1
    steps = [np.array(step, dtype=np.int64) for step in drawn]
    assert [counts.tolist() for counts in count_repeats(steps)] == expected
