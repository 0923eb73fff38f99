import numpy as np
import pytest

from lemf.aligner.acoustics.graph import SILENCE, build_graph
from lemf.aligner.acoustics.models import PhoneModels
from lemf.aligner.acoustics.training import (
    accumulate,
    add_statistics,
    align_and_accumulate,
    estimate,
)

PLAIN = np.zeros((65, 0))  # no projection
NAMES = (SILENCE, "k", "m", "s", "t")


@pytest.fixture(scope="module")
def truth():
    rng = np.random.default_rng(1)
    shape = (len(NAMES), 3, 26)
    return PhoneModels(
        NAMES, np.ones(shape[:2]), rng.normal(0, 1, shape), np.full(shape, 0.2), PLAIN
    )


def speak(models, phones, seed):
    """Features of frames that go through all states of a text, and those states."""
    rng = np.random.default_rng(seed)
    graph = build_graph(phones, n_repeats=1)
    states = np.repeat(np.arange(len(graph.units)), rng.integers(1, 6, len(graph.units)))
    places = [NAMES.index(graph.names[unit]) for unit in graph.units[states]]
    means = models.means[places, graph.parts[states]]
    return rng.normal(means, np.sqrt(0.2)), graph, states


@pytest.fixture(scope="module")
def speech(truth):
    texts = [[["s", "t"], ["k"]], [["m"], ["t", "k"]], [["k", "s"], ["m", "t"]]]
    return [speak(truth, text, seed) for seed, text in enumerate(texts * 10)]


def test_statistics_are_sums_of_the_frames_of_each_state(speech):
    features, graph, states = speech[0]
    sums = accumulate(features, graph, states).states["t"]
    unit = graph.names.index("t")
    for part in range(3):
        frames = features[states == 3 * unit + part]
        np.testing.assert_allclose(sums[part, 0], len(frames))
        np.testing.assert_allclose(sums[part, 1:27], frames.sum(axis=0))
        np.testing.assert_allclose(sums[part, 27:], (frames**2).sum(axis=0))


def test_models_of_known_states_come_back(speech, truth):
    models = estimate(add_statistics(accumulate(*utterance) for utterance in speech))
    assert models.names == NAMES
    counts = models.counts[:, :, None]
    assert (np.abs(models.means - truth.means) < 5 * np.sqrt(0.2 / counts)).all()
    assert (models.variances >= truth.variances / 2).all()


def test_likelihood_rises_and_states_come_back_from_a_rough_start(speech, truth):
    rng = np.random.default_rng(3)
    rough = truth.means + rng.normal(0, 0.7, truth.means.shape)
    models = PhoneModels(NAMES, truth.counts, rough, np.ones_like(rough), PLAIN)
    likelihoods = []
    for _ in range(6):
        statistics = add_statistics(
            align_and_accumulate(features, graph, models) for features, graph, _ in speech
        )
        likelihoods.append(statistics.log_likelihood / statistics.n_frames)
        models = estimate(statistics)
    assert likelihoods[0] < likelihoods[1]
    assert (np.diff(likelihoods) > -0.01).all()  # the variance is smoothed, so nearly
    assert np.abs(models.means - truth.means).mean() < 0.15


def test_a_prior_serves_for_phones_without_frames(speech, truth):
    heard = [utterance for utterance in speech if "m" not in utterance[1].names]
    models = estimate(add_statistics(accumulate(*utterance) for utterance in heard), truth)
    assert models.names == NAMES
    np.testing.assert_allclose(models.means[2], truth.means[2])
    assert (models.counts[2] == 0).all()


def test_parts_added_in_order_equal_all_at_once(speech):
    parts = [accumulate(*utterance) for utterance in speech]
    whole = add_statistics(parts)
    assert whole.n_frames == sum(len(features) for features, _, _ in speech)
    again = add_statistics(parts)
    for name, sums in whole.states.items():
        np.testing.assert_array_equal(sums, again.states[name])
