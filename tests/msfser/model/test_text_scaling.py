import numpy as np
import pytest

torch = pytest.importorskip("torch")

from msfser.model.text_scaling import TextScaling  # noqa: E402


@pytest.fixture
def texts():
    generator = torch.Generator().manual_seed(0)
    return {"gs": 3 + 2 * torch.randn(50, 4, generator=generator)}


def test_training_texts_have_mean_0_and_deviation_1_afterwards(texts):
    scaling = TextScaling(("gs",), 4)
    np.testing.assert_array_equal(scaling(texts)["gs"], texts["gs"])  # before, nothing changes
    scaling.fit(texts, {"gs": torch.ones(50, dtype=torch.bool)})
    scaled = scaling(texts)["gs"]
    np.testing.assert_allclose(scaled.mean(dim=0), 0, rtol=0, atol=1e-6)
    np.testing.assert_allclose(scaled.std(dim=0, correction=0), 1, rtol=0, atol=1e-6)


def test_texts_that_are_missing_do_not_count(texts):
    present = torch.arange(50) < 30
    alone, among = TextScaling(("gs",), 4), TextScaling(("gs",), 4)
    alone.fit({"gs": texts["gs"][:30]}, {"gs": torch.ones(30, dtype=torch.bool)})
    texts["gs"][30:] = torch.nan
    among.fit(texts, {"gs": present})
    for name, value in alone.state_dict().items():
        np.testing.assert_array_equal(among.state_dict()[name], value)


def test_what_never_changes_stays_0_and_one_text_says_nothing():
    scaling = TextScaling(("es",), 2)
    scaling.fit({"es": torch.ones(1, 2)}, {"es": torch.ones(1, dtype=torch.bool)})
    np.testing.assert_array_equal(scaling({"es": torch.ones(1, 2)})["es"], [[1, 1]])
    rows = torch.tensor([[5.0, 1.0], [5.0, 3.0]])
    scaling.fit({"es": rows}, {"es": torch.ones(2, dtype=torch.bool)})
    np.testing.assert_array_equal(scaling({"es": rows})["es"], [[0, -1], [0, 1]])


def test_the_statistics_are_kept_with_the_weights(texts):
    scaling, loaded = TextScaling(("gs",), 4), TextScaling(("gs",), 4)
    scaling.fit(texts, {"gs": torch.ones(50, dtype=torch.bool)})
    loaded.load_state_dict(scaling.state_dict())
    np.testing.assert_array_equal(loaded(texts)["gs"], scaling(texts)["gs"])
    assert not list(scaling.parameters())
