import numpy as np
import pytest

from lemf.aligner.acoustics.graph import GLOTTAL_STOP
from lemf.aligner.acoustics.models import read_seed
from lemf.aligner.forced import find_phone_path, find_word_path, read_times
from lemf.aligner.transcript import TranscriptWord
from lemf.errors import AlignerError

PHONES = [["a", "m"], ["t", "ʊ"], ["s"]]
WORDS = [TranscriptWord(text, text, 0) for text in ("am", "tu", "s")]


def draw(seed, spoken):
    """Features of frames drawn from the seed: pairs of a phone and its frames per state."""
    models = read_seed()
    places = np.array([models.names.index(name) for name, _ in spoken])
    states = np.repeat(
        (3 * places[:, None] + np.arange(3)).ravel(), np.repeat([count for _, count in spoken], 3)
    )
    means, variances = models.means.reshape(-1, 42), models.variances.reshape(-1, 42)
    return np.random.default_rng(seed).normal(means[states], np.sqrt(variances[states]))[:, :26]


def test_known_times_are_found():
    spoken = [("", 8), (GLOTTAL_STOP, 2), ("a", 6), ("m", 5), ("t", 4), ("ʊ", 5), ("", 7), ("s", 6)]
    features = draw(0, spoken)
    duration_s = (len(features) - 1) * 0.005 + 0.001
    words = read_times(find_word_path(features, PHONES, read_seed()), WORDS, duration_s)
    assert [word.text for word in words] == ["am", "tu", "s"]
    starts_s = [(3 * 8 - 0.5) * 0.005, (3 * 21 - 0.5) * 0.005, (3 * 37 - 0.5) * 0.005]
    ends_s = [(3 * 21 - 0.5) * 0.005, (3 * 30 - 0.5) * 0.005, duration_s]
    np.testing.assert_allclose([word.start_s for word in words], starts_s, atol=0.0201)
    np.testing.assert_allclose([word.end_s for word in words], ends_s, atol=0.0201)
    assert [phone.name for phone in words[0].phones] == [GLOTTAL_STOP, "a", "m"]
    assert words[-1].end_s == duration_s


@pytest.mark.parametrize("seed", range(3))
def test_phones_cover_their_words_and_none_is_empty(seed):
    features = np.random.default_rng(seed).normal(0, 1, (60, 26))  # no speech at all
    words = read_times(find_word_path(features, PHONES, read_seed()), WORDS, 0.297)
    reached_s = 0.0
    for word in words:
        assert reached_s <= word.start_s
        reached_s = word.start_s
        for phone in word.phones:
            assert phone.start_s == reached_s
            assert phone.end_s >= phone.start_s + 0.0099
            reached_s = phone.end_s
        assert word.end_s == reached_s
    assert reached_s <= 0.297


def test_forced_frames_are_never_likelier_than_free_ones():
    path = find_word_path(
        draw(1, [("a", 4), ("m", 4), ("t", 4), ("ʊ", 4), ("s", 4)]), PHONES, read_seed()
    )
    free = path.scores.max(axis=1)
    assert path.forced.shape == free.shape == (60,)
    assert (path.forced <= free).all()
    assert np.mean(path.forced) > np.mean(free) - 10
    words = path.graph.words[path.graph.units[path.states]]
    assert words.tolist() == sorted(words)


def test_words_of_known_times_keep_them():
    features = np.random.default_rng(0).normal(0, 1, (200, 26))
    spans_s = [(0.1, 0.3), (0.3, 0.45), (0.6, 0.7)]
    words = read_times(find_phone_path(features, PHONES, read_seed(), spans_s), WORDS, 1.0)
    for word, (start_s, end_s) in zip(words, spans_s, strict=True):
        assert word.start_s == pytest.approx(start_s, abs=0.0026)
        assert word.end_s == pytest.approx(end_s, abs=0.0026)


def test_a_recording_too_short_for_its_words_is_refused():
    with pytest.raises(AlignerError, match=r"3 words take at least 0\.07 s.*lasts 0\.05 s"):
        find_word_path(np.zeros((10, 26)), PHONES, read_seed())
