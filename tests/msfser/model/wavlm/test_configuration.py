"""Values that somebody else wrote into the configuration of a WavLM."""

import math

import pytest

torch = pytest.importorskip("torch")

from transformers import WavLMConfig  # noqa: E402

from msfser.errors import CheckpointError  # noqa: E402
from msfser.model.wavlm.configuration import _CONVOLUTIONS, _RULES, make_encoder_config  # noqa: E402
from msfser.model.wavlm.tiny import tiny_wavlm_config  # noqa: E402

LARGE = {"hidden_size": 1024, "num_attention_heads": 16, "intermediate_size": 4096}
HOSTILE = (None, "x", "16", -1, 10**9, 1e9, math.nan, math.inf, [], [1], {}, [[]], [True], [None])


@pytest.mark.parametrize("own", [WavLMConfig(), WavLMConfig(**LARGE), tiny_wavlm_config()])
def test_a_configuration_is_read_as_it_was_written(own):
    assert make_encoder_config(own.to_dict(), "").to_dict() == own.to_dict()


def test_what_the_model_does_not_read_is_left_out():
    unread = {"return_dict": "yes", "dtype": [], "vocab_size": 0, "chunk_size_feed_forward": -1}
    config = make_encoder_config({**tiny_wavlm_config().to_dict(), **unread, "x": {}}, "")
    assert config.to_dict() == tiny_wavlm_config().to_dict()


@pytest.mark.parametrize("key", _RULES)
def test_every_value_of_another_type_or_out_of_reach_is_named(key):
    for value in (*HOSTILE, 1 if isinstance(_RULES[key], frozenset) else True):
        if value == [1] and key in _CONVOLUTIONS:  # of the right type, but one for seven layers
            continue
        with pytest.raises(CheckpointError) as error:
            make_encoder_config({key: value}, "best/config.json: wavlm.")
        assert str(error.value).startswith(f"best/config.json: wavlm.{key} ")
        assert ": must be " in str(error.value)
        assert str(error.value).endswith("; copy the model again, or name another")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_attention_heads": 7}, "num_attention_heads 7: must divide hidden_size 768"),
        ({"num_conv_pos_embedding_groups": 5}, "groups 5: must divide hidden_size 768"),
        ({"conv_dim": [8]}, "conv_dim, conv_kernel, conv_stride: must be lists of one length"),
        ({"max_bucket_distance": 80}, "max_bucket_distance 80: must be over num_buckets / 4"),
        ({"conv_kernel": [9000, 3, 3, 3, 3, 2, 2]}, "no frame in 0.25 s"),
        ({"conv_stride": [1] * 7}, "more than 1,000 frames per second"),
    ],
)
def test_values_that_do_not_fit_each_other_are_named(changes, message):
    with pytest.raises(CheckpointError, match=message):
        make_encoder_config(changes, "")
