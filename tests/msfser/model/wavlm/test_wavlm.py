"""Loading WavLM as it lies on disk, and utterances that do not depend on their batch."""

import json
import warnings

import pytest

torch = pytest.importorskip("torch")

from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402
from torch.utils._pytree import tree_leaves  # noqa: E402
from transformers import WavLMConfig, WavLMForCTC, WavLMModel  # noqa: E402

from msfser.errors import CheckpointError  # noqa: E402
from msfser.model.wavlm.loading import load_encoder  # noqa: E402
from msfser.model.wavlm.tiny import tiny_wavlm_config  # noqa: E402
from msfser.model.wavlm.wavlm import Wavlm  # noqa: E402

ALONE_OR_PADDED = 1e-4  # of frames around 1
SMALL = {
    "conv_dim": [8] * 7,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "num_conv_pos_embedding_groups": 4,
}
LARGE_LIKE = WavLMConfig(**SMALL, feat_extract_norm="layer", do_stable_layer_norm=True)
BASE_LIKE = WavLMConfig(**SMALL, feat_extract_norm="group", do_stable_layer_norm=False)


@pytest.fixture
def make_wavlm(tiny_config):
    def make(own, **changes):
        torch.manual_seed(0)
        return Wavlm(WavLMModel(own), tiny_config(**changes)).eval()

    return make


@pytest.fixture
def write_wavlm(tmp_path):
    """Save a small WavLM as transformers does, and give its folder and weights."""

    def write(*, kind=WavLMModel, dtype=torch.float32, name="wavlm"):
        torch.manual_seed(3)
        model = kind(LARGE_LIKE).to(dtype)
        model.save_pretrained(tmp_path / name)
        return tmp_path / name, getattr(model, "wavlm", model).state_dict()

    return write


@pytest.mark.parametrize("own", [LARGE_LIKE, BASE_LIKE, tiny_wavlm_config()])
@pytest.mark.parametrize("attention", ["sdpa", "hf"])
@pytest.mark.filterwarnings("ignore:Support for mismatched key_padding_mask")
def test_an_utterance_alone_equals_itself_in_a_padded_batch(make_wavlm, make_batch, own, attention):
    wavlm, lengths = make_wavlm(own, attention=attention), (9000, 4000, 7345)
    waveforms, sample_mask, _, _ = make_batch(lengths)
    waveforms = waveforms + 100 * ~sample_mask  # garbage in the padding
    with torch.no_grad():
        frames, frame_mask = wavlm(waveforms, sample_mask)
        for row, length in enumerate(lengths):
            alone, alone_mask = wavlm(waveforms[[row], :length], sample_mask[[row], :length])
            assert alone_mask.all()
            assert frame_mask[row].sum() == alone.shape[1] == wavlm.n_frames(length)
            torch.testing.assert_close(
                frames[row, frame_mask[row]], alone[0], rtol=0, atol=ALONE_OR_PADDED
            )


def test_what_lies_in_the_padding_changes_nothing_at_all(make_wavlm, make_batch):
    wavlm = make_wavlm(LARGE_LIKE)
    waveforms, sample_mask, _, _ = make_batch()
    garbage = torch.where(sample_mask, waveforms, torch.tensor(torch.nan))
    with torch.no_grad():
        assert torch.equal(wavlm(waveforms, sample_mask)[0], wavlm(garbage, sample_mask)[0])


@pytest.mark.filterwarnings("ignore:Support for mismatched key_padding_mask")
def test_the_parts_called_one_by_one_are_the_model(make_wavlm, make_batch):
    wavlm = make_wavlm(LARGE_LIKE, attention="hf", spec_augment=True)
    waveforms, sample_mask, _, _ = make_batch()
    masked = torch.rand(3, wavlm.n_frames(8000)) < 0.3
    with torch.no_grad():
        frames, frame_mask = wavlm(waveforms, sample_mask, masked)
        expected = wavlm.wavlm(
            waveforms, attention_mask=sample_mask.long(), mask_time_indices=masked
        ).last_hidden_state
    torch.testing.assert_close(frames[frame_mask], expected[frame_mask], rtol=0, atol=1e-6)
    assert not torch.allclose(frames[0], wavlm(waveforms, sample_mask)[0][0], atol=1e-3)


def test_masked_features_are_zero_after_the_masked_frames(make_wavlm, make_batch):
    wavlm = make_wavlm(LARGE_LIKE, spec_augment=True)
    waveforms, sample_mask, _, _ = make_batch()
    frames = torch.rand(3, wavlm.n_frames(8000)) < 0.3
    features = torch.rand(3, wavlm.hidden_size) < 0.4
    seen = []
    wavlm.wavlm.encoder.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        wavlm(waveforms, sample_mask, frames, features)
        wavlm(waveforms, sample_mask, frames)
    both, without = seen
    assert torch.equal(both, without * ~features[:, None])
    assert (both[frames][:, 0] != 0).any()


@pytest.mark.parametrize("own", [LARGE_LIKE, tiny_wavlm_config()])
def test_frames_of_padding_change_nothing(make_wavlm, make_batch, own):
    """A GPU is given few lengths; the frames that it adds are masked."""
    wavlm = make_wavlm(own, spec_augment=True)
    waveforms, sample_mask, _, _ = make_batch((8000, 4500, 7999))
    n_frames = wavlm.n_frames(8000)
    masked = torch.rand(3, n_frames) < 0.3
    for more in (0, 1, 13):
        longer = wavlm.pad_frames(more, waveforms, sample_mask, masked)
        with torch.no_grad():
            frames, frame_mask = wavlm(waveforms, sample_mask, masked)
            padded, padded_mask = wavlm(*longer)
        assert padded.shape[1] == n_frames + more
        assert torch.equal(padded_mask[:, :n_frames], frame_mask)
        assert not padded_mask[:, n_frames:].any()
        torch.testing.assert_close(
            padded[padded_mask], frames[frame_mask], rtol=0, atol=ALONE_OR_PADDED
        )


def test_the_real_frames_are_those_of_transformers(make_wavlm):
    wavlm = make_wavlm(LARGE_LIKE)
    sample_mask = torch.arange(9000) < torch.arange(400, 9001, 97)[:, None]
    expected = wavlm.wavlm._get_feature_vector_attention_mask(
        wavlm.n_frames(9000), sample_mask.long()
    )
    assert torch.equal(wavlm.frame_mask(sample_mask), expected)


class CpuWork(TorchDispatchMode):
    """Notes the size of the largest CPU tensor that an operation reads or makes."""

    largest = 0

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        result = operation(*args, **(kwargs or {}))
        sizes = [
            leaf.numel()
            for leaf in tree_leaves((args, kwargs, result))
            if isinstance(leaf, torch.Tensor) and leaf.device.type == "cpu"
        ]
        self.largest = max([self.largest, *sizes])
        return result


def test_a_device_is_not_kept_waiting(make_wavlm):
    """On the device "meta", whose values cannot be waited for, and from which none are copied."""
    wavlm = make_wavlm(LARGE_LIKE, spec_augment=True, layerdrop=0.1).to("meta").train()
    waveforms = torch.empty(2, 20_000, device="meta")
    n_frames = wavlm.n_frames(20_000)
    masked = torch.zeros(2, n_frames, dtype=torch.bool, device="meta")
    with CpuWork() as work:
        frames, _ = wavlm(waveforms, torch.ones_like(waveforms, dtype=torch.bool), masked)
        frames.sum().backward()
    assert 0 < work.largest < 2 * n_frames  # distances between frames, not pairs of them


def test_training_draws_nothing_from_numpy(make_wavlm, make_batch):
    import numpy as np

    wavlm = make_wavlm(LARGE_LIKE, spec_augment=True).train()
    waveforms, sample_mask, _, _ = make_batch()
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - the state transformers would change
    wavlm(waveforms, sample_mask)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_a_frozen_cnn_runs_without_gradients(make_wavlm, make_batch):
    waveforms, sample_mask, _, _ = make_batch()
    for frozen in (True, False):
        wavlm = make_wavlm(LARGE_LIKE, freeze_cnn=frozen)
        cnn = list(wavlm.wavlm.feature_extractor.parameters())
        assert all(weight.requires_grad != frozen for weight in cnn)
        assert wavlm._run_cnn(waveforms, sample_mask).requires_grad != frozen
        wavlm(waveforms, sample_mask)[0].sum().backward()
        assert all((weight.grad is None) == frozen for weight in cnn)
        assert wavlm.wavlm.encoder.layers[0].attention.q_proj.weight.grad is not None


@pytest.mark.parametrize("layout", ["safetensors", "bin", "half", "with a head"])
def test_weights_are_read_as_they_lie_on_disk(tiny_config, write_wavlm, capfd, layout):
    kind = WavLMForCTC if layout == "with a head" else WavLMModel
    dtype = torch.float16 if layout == "half" else torch.float32
    folder, weights = write_wavlm(kind=kind, dtype=dtype)
    if layout == "bin":  # as microsoft/wavlm-large is stored, old names of the weight norm included
        names = {"parametrizations.weight.original0": "weight_g"}
        names["parametrizations.weight.original1"] = "weight_v"
        old = {}
        for name, weight in weights.items():
            for new_name, old_name in names.items():
                name = name.replace(new_name, old_name)
            old[name] = weight
        torch.save(old, folder / "pytorch_model.bin")
        (folder / "model.safetensors").unlink()
    capfd.readouterr()
    wavlm = load_encoder(tiny_config(acoustic=str(folder)))
    assert capfd.readouterr() == ("", "")
    loaded = wavlm.wavlm.state_dict()
    assert loaded.keys() == weights.keys()
    for name, weight in weights.items():
        assert loaded[name].dtype == torch.float32
        assert torch.equal(loaded[name], weight.float())


def test_an_fp16_checkpoint_trains_in_fp32(tiny_config, write_wavlm, make_batch):
    folder, _ = write_wavlm(dtype=torch.float16)
    wavlm = load_encoder(tiny_config(acoustic=str(folder)))
    waveforms, sample_mask, _, _ = make_batch()
    frames, _ = wavlm(waveforms, sample_mask)
    assert frames.dtype == torch.float32
    frames.sum().backward()
    grads = [weight.grad for weight in wavlm.parameters() if weight.grad is not None]
    assert {grad.dtype for grad in grads} == {torch.float32}


def test_the_tiny_one_follows_torchs_seed(tiny_config):
    def weights(seed):
        torch.manual_seed(seed)
        return torch.cat([weight.flatten() for weight in load_encoder(tiny_config()).parameters()])

    assert torch.equal(weights(0), weights(0))
    assert not torch.equal(weights(0), weights(1))


def damage(folder, kind):
    config = json.loads((folder / "config.json").read_text())
    weights = folder / "model.safetensors"
    if kind == "no config":
        (folder / "config.json").unlink()
    elif kind == "no JSON":
        (folder / "config.json").write_text("{")
    elif kind == "other model":
        (folder / "config.json").write_text('{"model_type": "bert"}')
    elif kind == "adapter":
        (folder / "config.json").write_text(json.dumps(config | {"add_adapter": True}))
    elif kind == "wrong type":
        (folder / "config.json").write_text(json.dumps(config | {"hidden_size": "16"}))
    elif kind == "other shape":
        (folder / "config.json").write_text(json.dumps(config | {"hidden_size": 32}))
    elif kind == "layer missing":
        (folder / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}))
    elif kind == "too large":
        (folder / "config.json").write_text(json.dumps(config | {"hidden_size": 2**16}))
    elif kind == "not finite":
        model = WavLMModel.from_pretrained(folder)
        model.encoder.layer_norm.bias.data[3] = torch.nan
        model.save_pretrained(folder)
    elif kind == "no state":
        weights.unlink()
        torch.save([1], folder / "pytorch_model.bin")
    elif kind == "no weights":
        weights.unlink()
    elif kind == "cut short":
        weights.write_bytes(weights.read_bytes()[:1000])
    elif kind == "code":
        weights.unlink()
        torch.save({"weight": Bomb()}, folder / "pytorch_model.bin")


class Bomb:
    def __reduce__(self):
        return warnings.warn, ("a file was unpickled",)  # an error in this suite


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("no config", r"config.json: cannot be read as JSON \(.*No such file"),
        ("no JSON", r"config.json: cannot be read as JSON \(Expecting"),
        ("other model", r"config.json: model_type 'bert'; the encoder can be one of wavlm"),
        ("adapter", r"config.json: add_adapter is set"),
        (
            "wrong type",
            r"config.json: hidden_size '16': must be a whole number from 1 to 65536; copy",
        ),
        ("other shape", r"wavlm: weight .* has shape \(16,.*config.json gives \(32,"),
        (
            "layer missing",
            r"wavlm: weight encoder.layers.2.* and \d+ others of the encoder missing",
        ),
        ("too large", r"config.json gives [\d,]+ weights, the files hold [\d,]+ bytes"),
        ("not finite", r"wavlm: weight encoder.layer_norm.bias is not finite; name"),
        ("no state", r"wavlm: the encoder cannot be loaded \("),
        (
            "no weights",
            r"wavlm: the encoder cannot be loaded \(Error no file named model.safetensors",
        ),
        ("cut short", r"wavlm: the encoder cannot be loaded \("),
        ("code", r"wavlm: pytorch_model.bin holds more than weights and is not unpickled"),
    ],
)
def test_what_is_no_wavlm_is_refused_in_one_line(tiny_config, write_wavlm, capfd, kind, message):
    folder, _ = write_wavlm()
    damage(folder, kind)
    capfd.readouterr()
    with pytest.raises(CheckpointError, match=message) as error:
        load_encoder(tiny_config(acoustic=str(folder)))
    assert "\n" not in str(error.value)
    assert capfd.readouterr() == ("", "")
