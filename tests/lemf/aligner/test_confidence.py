from dataclasses import replace

import numpy as np

from lemf.aligner.acoustics.classifier import read_classifier
from lemf.aligner.acoustics.models import read_seed
from lemf.aligner.confidence import measure_fit, weigh
from lemf.aligner.forced import find_word_path

OF_CLASSES = slice(1, 6)  # features


def test_phones_that_the_classifier_does_not_know_count_neither_for_nor_against_a_word():
    features = np.random.default_rng(0).normal(0, 1, (200, 26))
    path = find_word_path(features, [["t", "a"], ["m", "i", "s"]], read_seed())
    classifier = read_classifier()
    known = measure_fit(path, features, 2, classifier).features
    names = tuple("?" if name in ("t", "a", "ʔ") else name for name in classifier.names)
    without = measure_fit(path, features, 2, replace(classifier, names=names)).features
    np.testing.assert_array_equal(without[0, OF_CLASSES], 0)
    np.testing.assert_array_equal(without[1], known[1])
    assert known[0, 2] < -1  # noise is no phone
    alone = find_word_path(features, [["t", "a"]], read_seed())
    nothing = replace(classifier, names=("?",) * len(classifier.names))
    assert np.isfinite(measure_fit(alone, features, 1, nothing).features).all()


def test_the_weaker_half_of_the_phones_is_their_mean():
    features = np.random.default_rng(1).normal(0, 1, (300, 26))
    path = find_word_path(features, [["t", "o", "s"], ["m", "i"]], read_seed())
    classifier = read_classifier()
    posteriors = classifier.log_posteriors(features)
    units = path.graph.units[path.states]
    expected = []
    for word in (0, 1):
        phones = []
        for unit in np.unique(units[path.graph.words[units] == word]):
            column = classifier.columns([path.graph.names[unit]])[0]
            own = posteriors[units == unit]
            phones.append(np.maximum(own[:, column] - own.max(axis=1), -6).mean())
        phones.sort()
        expected.append(np.mean(phones[: (len(phones) + 1) // 2]))
    found = measure_fit(path, features, 2, classifier).features[:, 4]
    np.testing.assert_allclose(found, expected)


def test_words_of_a_voice_unlike_the_models_are_judged_mildly():
    weights = np.array([1.0, 0.0])
    np.testing.assert_array_equal(weigh(np.array([[3.0], [4.0], [5.0]]), weights), [3, 4, 5])
    np.testing.assert_array_equal(weigh(np.array([[-9.0], [-1.0], [-1.0]]), weights), [-2, 6, 6])
