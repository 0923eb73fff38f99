import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from msfser.errors import SemanticsError
from msfser.semantics.text_encoder import load_text_encoder
from msfser.semantics.word_encoder import write_word_encoder

HALF = 2e-3  # fp16 on values around 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("words")
    write_word_encoder(path, ["I really didn't mean that.", "Joy and grief"], dim=8)
    return path


def encode(folder, *texts):
    return load_text_encoder(str(folder), "cpu").encode(texts)[0].astype(np.float64)


def test_a_text_is_the_mean_of_its_words_in_any_order(folder):
    both, swapped = encode(folder, "joy grief", "grief joy")
    np.testing.assert_allclose(both, swapped, rtol=0, atol=HALF)
    joy, grief, nothing = encode(folder, "Joy", "grief", "")
    # (marks + joy) / 3, (marks + grief) / 3, marks / 2, (marks + joy + grief) / 4
    np.testing.assert_allclose(4 * both, 3 * joy + 3 * grief - 2 * nothing, rtol=0, atol=9 * HALF)


def test_words_differ_and_unknown_ones_are_alike(folder):
    joy, grief, one, other = encode(folder, "joy", "grief", "xylophone", "zebra")
    assert np.abs(joy - grief).max() > 0.1
    np.testing.assert_array_equal(one, other)


def test_the_same_words_give_the_same_bytes_whatever_was_drawn_before(folder, tmp_path):
    torch.manual_seed(1)
    write_word_encoder(tmp_path, ["I really didn't mean that.", "Joy and grief"], dim=8)
    weights = [path / "model.safetensors" for path in (folder, tmp_path)]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_an_encoder_that_lacks_weights_is_refused(folder, tmp_path, capfd):
    write_word_encoder(tmp_path, ["joy"], dim=8)
    assert load_text_encoder(str(tmp_path), "cpu").about.dim == 8
    assert capfd.readouterr() == ("", "")  # though it lacks a pooler, which nobody reads
    path = tmp_path / "model.safetensors"
    weights = load_file(path)
    del weights["embeddings.LayerNorm.weight"]
    save_file(weights, path, metadata={"format": "pt"})
    with pytest.raises(SemanticsError, match=r"1 weights are missing, embeddings.LayerNorm.weight"):
        load_text_encoder(str(tmp_path), "cpu")
