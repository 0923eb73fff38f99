import numpy as np
import pytest

from lemf.aligner.acoustics.classifier import PhoneClassifier, read_classifier, surround


@pytest.fixture
def classifier():
    rng = np.random.default_rng(0)
    weights = (rng.normal(0, 0.1, (143, 5)), rng.normal(0, 1, (5, 3)))
    return PhoneClassifier(
        ("", "a", "t"), np.array([0.2, 0.5, 0.3]), weights, (np.ones(5), np.ones(3))
    )


def test_posteriors_equal_those_of_torch(classifier):
    torch = pytest.importorskip("torch")
    features = np.random.default_rng(1).normal(0, 1, (30, 26))
    hidden = torch.relu(
        torch.tensor(surround(features) @ classifier.weights[0] + classifier.biases[0])
    )
    outputs = hidden @ torch.tensor(classifier.weights[1]) + torch.tensor(classifier.biases[1])
    expected = torch.log_softmax(outputs, dim=1).numpy()
    np.testing.assert_allclose(classifier.log_posteriors(features), expected)


def test_surroundings_reach_50_ms_before_and_after():
    features = np.repeat(np.arange(40.0)[:, None], 26, axis=1)
    rows = surround(features)
    assert rows.shape == (40, 143)
    np.testing.assert_array_equal(rows[20, ::13], np.arange(10, 31, 2))
    np.testing.assert_array_equal(rows[0, ::13], [0] * 5 + [0, 2, 4, 6, 8, 10])


def test_phones_are_found_without_their_length_and_unknown_ones_are_none(classifier):
    assert classifier.columns(["aː", "t", "ɮ", ""]).tolist() == [1, 2, -1, 0]


def test_the_classifier_that_ships_knows_probabilities():
    classifier = read_classifier()
    posteriors = np.exp(classifier.log_posteriors(np.zeros((3, 26))))
    np.testing.assert_allclose(posteriors.sum(axis=1), 1)
    assert classifier.columns(["ç", "ʌ", "θ"]).min() >= 0
    np.testing.assert_allclose(classifier.priors.sum(), 1, atol=1e-6)
