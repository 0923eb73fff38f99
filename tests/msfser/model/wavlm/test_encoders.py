"""Encoders of other kinds, each loaded from a folder that transformers wrote, and the layer sum."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from transformers import (  # noqa: E402
    AutoModel,
    HubertConfig,
    Wav2Vec2Config,
    WavLMConfig,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
)

from msfser.errors import CheckpointError, ConfigError  # noqa: E402
from msfser.model.msf_ser import MsfSer  # noqa: E402
from msfser.model.wavlm.layer_sum import LayerSum, heard_layers  # noqa: E402
from msfser.model.wavlm.loading import load_encoder, shape_encoder  # noqa: E402

ALONE_OR_PADDED = 1e-4  # of frames around 1
SIZES = {
    "conv_dim": [8] * 7, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 32, "num_conv_pos_embedding_groups": 4,
}  # fmt: skip
LARGE = {"feat_extract_norm": "layer", "do_stable_layer_norm": True}
KINDS = {
    "wav2vec2-base": Wav2Vec2Config(**SIZES),
    "wav2vec2-large": Wav2Vec2Config(**SIZES, **LARGE),
    "hubert-base": HubertConfig(**SIZES),
    "hubert-large": HubertConfig(**SIZES, **LARGE),
    "wavlm-base": WavLMConfig(**SIZES),
    "whisper": WhisperConfig(
        d_model=16, encoder_layers=2, encoder_attention_heads=2, encoder_ffn_dim=32,
        decoder_layers=1, decoder_attention_heads=2, decoder_ffn_dim=32, vocab_size=51866,
        max_source_positions=100, num_mel_bins=20,
    ),
}  # fmt: skip


@pytest.fixture(scope="module", params=KINDS)
def folder(request, tmp_path_factory):
    """The folder of a model with random weights, as `AutoModel` saves it."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("encoders") / request.param
    AutoModel.from_config(KINDS[request.param]).save_pretrained(path)
    return path


def test_whisper_is_read_from_a_model_that_writes_text(tiny_config, tmp_path):
    torch.manual_seed(0)
    whole = WhisperForConditionalGeneration(KINDS["whisper"])
    whole.save_pretrained(tmp_path / "whisper")
    encoder = load_encoder(tiny_config(acoustic=str(tmp_path / "whisper"))).whisper
    for name, weight in whole.model.encoder.state_dict().items():
        assert torch.equal(encoder.state_dict()[name], weight), name


def frames_of_transformers(folder, samples):
    """The frames of one clip by the model as transformers loads and runs it."""
    model = AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        if folder.name != "whisper":
            return model(torch.from_numpy(samples)[None]).last_hidden_state[0]
        make_mels = WhisperFeatureExtractor(feature_size=20, chunk_length=2)
        mels = make_mels(samples, sampling_rate=16_000, return_tensors="pt").input_features
        return model.encoder(mels).last_hidden_state[0, : len(samples) // 320]


@pytest.mark.filterwarnings("ignore:Support for mismatched key_padding_mask")
def test_frames_are_those_of_transformers_alone_and_in_a_batch(folder, tiny_config, make_batch):
    encoder = load_encoder(tiny_config(acoustic=str(folder))).eval()
    lengths = (9000, 4000, 7345)
    waveforms, sample_mask, _, _ = make_batch(lengths)
    with torch.no_grad():
        frames, frame_mask = encoder(waveforms, sample_mask)
    for row, length in enumerate(lengths):
        expected = frames_of_transformers(folder, waveforms[row, :length].numpy())
        assert frame_mask[row].sum() == encoder.n_frames(length) == len(expected)
        torch.testing.assert_close(
            frames[row, frame_mask[row]], expected, rtol=0, atol=ALONE_OR_PADDED
        )


@pytest.mark.filterwarnings("ignore:Support for mismatched key_padding_mask")
def test_a_model_around_any_encoder_is_trained_saved_and_read(
    folder, tiny_config, make_batch, tmp_path
):
    config = tiny_config(acoustic=str(folder), layer_sum=True, lora_rank=2, layerdrop=0.1)
    torch.manual_seed(1)
    model = MsfSer(config, load_encoder(config))
    model.train()(*make_batch()).values.sum().backward()
    trained = {name for name, p in model.acoustic.named_parameters() if p.grad is not None}
    assert "layer_sum.weights" in trained
    assert all(name == "layer_sum.weights" or ".0." in name for name in trained)
    model.eval().save_pretrained(tmp_path / "saved")
    again = MsfSer.from_pretrained(tmp_path / "saved")
    with torch.no_grad():
        assert torch.equal(again(*make_batch()).values, model(*make_batch()).values)
    assert type(shape_encoder(config)) is type(model.acoustic)


def test_the_sum_is_the_average_of_all_layers(tiny_config, make_batch):
    torch.manual_seed(0)
    encoder = load_encoder(tiny_config(layer_sum=True)).eval()
    torch.nn.init.constant_(encoder.layer_sum.weights[:1], np.log(3.0))
    waveforms, sample_mask, _, _ = make_batch()
    with torch.no_grad():
        summed, _ = encoder(waveforms, sample_mask)
        encoder.layer_sum = None
        with heard_layers(encoder.wavlm.encoder.layers) as (first, _):
            pass
        with heard_layers(encoder.wavlm.encoder.layers) as outputs:
            last, _ = encoder(waveforms, sample_mask)
    assert first is None
    torch.testing.assert_close(summed, 0.75 * outputs[0] + 0.25 * last)


def test_a_skipped_layer_gives_the_output_of_the_one_before():
    layer_sum = LayerSum(3)
    one, last = torch.ones(1, 2, 4), torch.full((1, 2, 4), 4.0)
    torch.testing.assert_close(layer_sum([one, None, None], last), torch.full((1, 2, 4), 2.0))
    torch.testing.assert_close(layer_sum([None, one, None], last), torch.full((1, 2, 4), 2.0))


def test_what_cannot_be_an_encoder_is_refused_in_one_line(tiny_config, tmp_path, make_batch):
    def load(**content):
        (tmp_path / "config.json").write_text(json.dumps(content))
        return load_encoder(tiny_config(acoustic=str(tmp_path)))

    with pytest.raises(CheckpointError, match=r"model_type 'bert'; the encoder can be one of wavl"):
        load(model_type="bert")
    with pytest.raises(CheckpointError, match=r"model_type None; the encoder can be"):
        load(hidden_size=16)
    with pytest.raises(CheckpointError, match=r"encoder_attention_heads 3: must divide d_model 16"):
        load(model_type="whisper", d_model=16, encoder_attention_heads=3)
    with pytest.raises(CheckpointError, match=r"conv_pos_batch_norm True: must be one of False"):
        load(model_type="hubert", conv_pos_batch_norm=True)
    AutoModel.from_config(KINDS["whisper"]).save_pretrained(tmp_path / "whisper")
    whisper = load_encoder(tiny_config(acoustic=str(tmp_path / "whisper")))
    waveforms, sample_mask, _, _ = make_batch((33_000,))
    with pytest.raises(ConfigError, match=r"a clip of 2\.0625 s: Whisper reads up to 2 s; lower"):
        whisper(waveforms, sample_mask)
