from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

from lemf.aligner.acoustics.graph import ANY_SOUND, GLOTTAL_STOP, SILENCE, build_graph
from lemf.aligner.acoustics.models import (
    PhoneModels,
    log_likelihoods,
    pack_models,
    read_seed,
    unpack_models,
)


@pytest.fixture
def models():
    rng = np.random.default_rng(2)
    names = (SILENCE, "a", "t", GLOTTAL_STOP)
    return PhoneModels(
        names,
        rng.integers(1, 50, (4, 3)).astype(float),
        rng.normal(0, 1, (4, 3, 26)),
        rng.uniform(0.5, 2, (4, 3, 26)),
        np.zeros((65, 0)),
    )


def test_likelihoods_equal_those_of_scipy(models):
    features = np.random.default_rng(0).normal(0, 1, (7, 26))
    means, variances = models.means.reshape(-1, 26), models.variances.reshape(-1, 26)
    expected = scipy.stats.norm.logpdf(features[:, None], means, np.sqrt(variances)).sum(axis=2)
    np.testing.assert_allclose(log_likelihoods(features, means, variances), expected)


def test_columns_lead_each_state_to_its_own_gaussian(models):
    graph = build_graph([["t", "a"], ["dʒ"], []], n_repeats=1)
    scores = models.score(np.concatenate([models.means[2], np.zeros((1, 26))]))
    assert scores.shape == (4, 15)
    columns = models.columns(graph)
    of_names = {name: columns[3 * unit : 3 * unit + 3] for unit, name in enumerate(graph.names)}
    assert of_names["t"].tolist() == [6, 7, 8]
    assert of_names["dʒ"].tolist() == [6, 7, 8]  # the nearest
    assert of_names[ANY_SOUND].tolist() == [12, 13, 14]
    own = scipy.stats.norm.logpdf(0, 0, np.sqrt(models.variances[2])).sum(axis=1)
    np.testing.assert_allclose(np.diag(scores[:3, 6:9]), own)
    np.testing.assert_allclose(scores[3, 12:], 26 * scipy.stats.norm.logpdf(0))


def test_the_projection_sees_the_frames_around(models):
    features = np.random.default_rng(1).normal(0, 1, (40, 26))
    assert models.extend(features) is not features
    np.testing.assert_array_equal(models.extend(features), features)
    later = np.zeros((65, 1))
    later[4 * 13 + 2] = 1.0  # the third cepstrum, 40 ms later
    extended = replace(models, projection=later).extend(features)
    np.testing.assert_array_equal(extended[:-8, 26], features[8:, 2])
    np.testing.assert_array_equal(extended[-8:, 26], features[-1, 2])


def test_silence_may_sound_like_the_quietest_frames(models):
    features = np.random.default_rng(1).normal(0, 0.1, (100, 26))
    features[:10] -= 5.0  # unlike every model
    scores = models.score(features)
    assert (scores[:10, :3].min(axis=1) > scores[:10, 3:].max(axis=1)).all()


def test_packed_models_are_the_same_bytes_and_nearly_the_same_numbers(models):
    content = pack_models(models)
    assert content == pack_models(models)
    again = unpack_models(content)
    assert again.names == models.names
    np.testing.assert_array_equal(again.counts, models.counts)
    np.testing.assert_allclose(again.means, models.means, rtol=2e-3, atol=1e-6)
    assert pack_models(again) == content


def test_the_seed_knows_silence_and_common_phones():
    seed = read_seed()
    assert {SILENCE, GLOTTAL_STOP, "a", "ə", "n", "t", "s", "ɪ", "ɹ", "ç"} <= set(seed.names)
    assert len(pack_models(seed)) <= 300_000
    assert (seed.variances > 0).all()
