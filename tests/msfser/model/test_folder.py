"""A trained model on disk, whole or refused."""

import json
import shutil
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

import safetensors.torch  # noqa: E402

import msfser  # noqa: E402
from lemf import LemfError  # noqa: E402
from msfser.config.les_settings import LesSettings  # noqa: E402
from msfser.config.model_facts import ModelFacts  # noqa: E402
from msfser.config.presets import PRESETS  # noqa: E402
from msfser.config.settings import ModelConfig  # noqa: E402
from msfser.errors import CheckpointError, ConfigError  # noqa: E402
from msfser.model.folder import (  # noqa: E402
    CONFIG_NAME,
    check_text_encoder,
    read_model_folder,
)
from msfser.model.msf_ser import MsfSer, build_model  # noqa: E402

FACTS = ModelFacts(
    label_bounds=(1.0, 7.0),
    corpus="msp-podcast",
    corpus_version="1.12",
    wave_mean=-1e-5,
    wave_std=0.07,
    text_encoder="roberta-large",
    text_encoder_revision="abc",
)
TINY = PRESETS["tiny"].model


@pytest.fixture
def model():
    torch.manual_seed(0)
    return build_model(TINY, FACTS).eval()


@pytest.fixture
def folder(tmp_path, model):
    model.save_pretrained(tmp_path / "best")
    return tmp_path / "best"


def test_what_is_saved_is_loaded(folder, model):
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]
    loaded = msfser.MsfSer.from_pretrained(folder)
    assert loaded.facts == FACTS
    assert loaded.config == TINY
    assert not loaded.training
    waveforms, mask = torch.randn(2, 5000), torch.ones(2, 5000, dtype=torch.bool)
    texts = {name: torch.randn(2, 64) for name in TINY.semantics}
    present = {name: torch.ones(2, dtype=torch.bool) for name in TINY.semantics}
    expected = model(waveforms, mask, texts, present).values
    assert torch.equal(loaded(waveforms, mask, texts, present).values, expected)


def test_it_needs_neither_the_acoustic_model_nor_the_place_it_came_from(tmp_path, model, folder):
    content = json.loads((folder / "config.json").read_text())
    content["model"]["acoustic"] = "microsoft/wavlm-large"  # not read again
    (folder / "config.json").write_text(json.dumps(content))
    folder.rename(tmp_path / "elsewhere")
    loaded = msfser.MsfSer.from_pretrained(tmp_path / "elsewhere")
    assert all(torch.equal(loaded.state_dict()[n], w) for n, w in model.state_dict().items())


def test_weights_in_half_precision_become_fp32(folder, model):
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    save_file({name: weight.half() for name, weight in load_file(path).items()}, path)
    assert {w.dtype for w in msfser.MsfSer.from_pretrained(folder).parameters()} == {torch.float32}


def test_a_model_is_replaced_only_when_asked_to(tmp_path, model, folder):
    before = (folder / "model.safetensors").read_bytes()
    with pytest.raises(LemfError, match="best: holds a model already; name another folder"):
        model.save_pretrained(folder)
    with torch.no_grad():
        model.pooling.attention += 1
    model.save_pretrained(folder, force=True)
    assert (folder / "model.safetensors").read_bytes() != before
    assert torch.equal(
        msfser.MsfSer.from_pretrained(folder).pooling.attention, model.pooling.attention
    )
    (tmp_path / "file").write_text("")
    with pytest.raises(LemfError, match="file: the folder cannot be made"):
        model.save_pretrained(tmp_path / "file")


def test_a_full_disk_leaves_the_old_model(folder, model, monkeypatch):
    before = (folder / "model.safetensors").read_bytes()

    def fail(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lemf.runtime.output.os.fsync", fail)
    with torch.no_grad():
        model.pooling.attention += 1
    with pytest.raises(LemfError, match="No space left"):
        model.save_pretrained(folder, force=True)
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]
    assert (folder / "model.safetensors").read_bytes() == before


def test_weights_start_another_model_of_the_same_shape(folder, model):
    torch.manual_seed(1)
    other = build_model(TINY)
    stored = read_model_folder(str(folder))
    other.load_weights(stored)
    assert all(torch.equal(other.state_dict()[n], w) for n, w in model.state_dict().items())
    narrow = build_model(ModelConfig(**{**vars(TINY), "head_dim": 32}))
    with pytest.raises(
        CheckpointError,
        match=r"best: a model of another shape: weight .* is \(64,\) there and \(32,\)",
    ):
        narrow.load_weights(stored)
    film = build_model(ModelConfig(**{**vars(TINY), "fusion": "film"}))
    with pytest.raises(CheckpointError, match=r"is missing there and \(64,\) here"):
        film.load_weights(stored)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"extra": 1}, r"config.json: unknown key 'extra'; the model was written by msfser"),
        ({"model": {"head": 1}}, r"config.json: unknown key 'model.head'"),
        ({"model": {"head_dim": "x"}}, r'config.json: model.head_dim "x": must be of type int'),
        ({"model": {"head_dim": 32}}, r"another shape: weight .* is \(64,\) there and \(32,\)"),
        ({"facts": {"rating": 1}}, r"config.json: unknown key 'facts.rating'"),
        ({"facts": {"label_bounds": [7, 1]}}, r"facts.label_bounds \(7, 1\): must be two numbers"),
        ({"facts": {"wave_std": float("nan")}}, r"facts.wave_std nan: must be a number"),
        (
            {"wavlm": {"hidden_size": 65}},
            r"wavlm.num_attention_heads 4: must divide hidden_size 65",
        ),
        ({"wavlm": {"num_hidden_layers": 3}}, r"another shape: weight acoustic.* is missing there"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused_in_one_line(folder, change, message):
    content = json.loads((folder / "config.json").read_text())
    for key, value in change.items():
        content[key] = content[key] | value if isinstance(value, dict) else value
    (folder / "config.json").write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match=message) as error:
        msfser.MsfSer.from_pretrained(folder)
    assert "\n" not in str(error.value)


def test_files_that_are_missing_or_damaged(tmp_path, folder):
    def refused(match):
        with pytest.raises(CheckpointError, match=match) as error:
            msfser.MsfSer.from_pretrained(folder)
        assert "\n" not in str(error.value)

    (folder / "model.safetensors").write_bytes(b"no weights")
    refused(r"model.safetensors: damaged or no safetensors file")
    (folder / "model.safetensors").unlink()
    refused(r"model.safetensors: no such file; the model is incomplete")
    (folder / "config.json").write_text("[]")
    refused(r"config.json: not the configuration of a model of msfser")
    (folder / "config.json").write_text("{")
    refused(r"config.json: cannot be read as JSON")
    (folder / "config.json").unlink()
    refused(r"config.json: no such file; name the folder of a trained model, such as RUN/best")
    with pytest.raises(CheckpointError, match=r"nowhere: no such folder"):
        msfser.MsfSer.from_pretrained(tmp_path / "nowhere")


def test_texts_of_another_encoder_are_refused():
    known = {"name": "roberta-large", "revision": "abc", "dim": TINY.text_dim}
    check_text_encoder(TINY, FACTS, **known)
    unknown = ModelFacts(text_encoder="roberta-large")  # by its size alone
    check_text_encoder(TINY, unknown, **known | {"revision": "other"})
    for facts, change in (
        (FACTS, {"revision": "fed" * 4}),
        (FACTS, {"dim": 8}),
        (unknown, {"dim": 8}),
    ):
        with pytest.raises(CheckpointError) as error:
            check_text_encoder(TINY, facts, **known | change)
        assert "the model learned from the texts of roberta-large" in str(error.value)
        assert "name that one with --encoder" in str(error.value)


@pytest.mark.parametrize("wrong", [{"wave_norm": "loud"}, {"wave_std": 0.0}, {"label_bounds": 3}])
def test_facts_are_checked(wrong):
    with pytest.raises(ConfigError, match="facts"):
        ModelFacts(**wrong)


def test_how_les_was_found_is_written_where_it_is_not_the_usual_way(tmp_path):
    known = json.loads(saved_config(tmp_path / "usual", FACTS))["facts"]
    assert "les" not in known
    found = LesSettings(cues="listeners", when="emphasised", threshold=0.3)
    facts = replace(FACTS, les=found)
    written = json.loads(saved_config(tmp_path / "other", facts))["facts"]
    assert written == known | {"les": {"cues": "listeners", "when": "emphasised", "threshold": 0.3}}
    assert read_model_folder(str(tmp_path / "other")).facts == facts


def saved_config(folder, facts):
    build_model(TINY, facts).save_pretrained(folder)
    return (folder / "config.json").read_text()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"when": "never"}, "les.when 'never'"),
        ({"cues": "nope"}, "unknown cue set 'nope'"),
        ({"when": "emphasised"}, "decides by the cue set 'listeners', not 'paper'"),
        ({"cues": "listeners", "when": "emphasised", "threshold": "x"}, "threshold 'x'"),
        ({"other": 1}, "les.other: unknown"),
    ],
)
def test_how_les_was_found_is_checked(wrong, message):
    with pytest.raises(ConfigError, match=message):
        ModelFacts(les=wrong)


HOSTILE = [
    ("model", "head_dim", 60_000), ("wavlm", "hidden_size", 10**9), ("wavlm", "hidden_size", 0),
    ("wavlm", "num_hidden_layers", 10**9), ("wavlm", "num_attention_heads", 0),
    ("wavlm", "hidden_act", "x"), ("wavlm", "conv_dim", [10**9]),
    ("facts", "wave_mean", 10**200), ("facts", "corpus", [1]), ("facts", "text_encoder", None),
]  # fmt: skip


@pytest.mark.parametrize(("part", "key", "value"), HOSTILE)
def test_a_configuration_that_does_not_fit_its_weights_is_one_line(
    run_folder, tmp_path, part, key, value
):
    folder = shutil.copytree(run_folder / "best", tmp_path / "model")
    content = json.loads((folder / CONFIG_NAME).read_text())
    content[part][key] = value
    (folder / CONFIG_NAME).write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match="model"):
        MsfSer.from_pretrained(folder)


def test_a_deep_configuration_and_weights_that_are_no_numbers(run_folder, tmp_path):
    folder = shutil.copytree(run_folder / "best", tmp_path / "model")
    weights = safetensors.torch.load_file(folder / "model.safetensors")
    name = min(weights)
    for bad in (torch.full_like(weights[name], torch.nan), weights[name].to(torch.int32)):
        safetensors.torch.save_file({**weights, name: bad}, folder / "model.safetensors")
        with pytest.raises(CheckpointError, match=f"weight {name} holds"):
            MsfSer.from_pretrained(folder)
    (folder / CONFIG_NAME).write_text("[" * 100_000)
    with pytest.raises(CheckpointError, match="nested too deep"):
        MsfSer.from_pretrained(folder)
