import contextlib
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msfser.config.files import format_config, make_config, read_config
from msfser.config.presets import PRESETS
from msfser.config.settings import Config, DataConfig, ModelConfig, TrainConfig
from msfser.errors import ConfigError


def test_the_default_is_the_papers():
    config = make_config({})
    assert config == PRESETS["paper"] == Config()
    assert (config.train.lr, config.train.batch_size, config.train.accumulation) == (1e-5, 32, 4)
    assert config.train.ccc_scope == "step"
    assert config.train.epochs == 20
    assert (config.model.fusion, config.model.intra) == ("fm_moe", "gated")
    assert config.model.head_dropout == 0.5
    assert config.model.freeze_cnn


def test_files_of_the_paper_keep_their_bytes():
    before = Path(__file__).with_name("paper.toml")  # of the first version with these settings
    assert format_config(Config()) == before.read_text()
    assert read_config(before) == Config()


def test_a_later_setting_is_written_where_it_is_changed():
    text = format_config(make_config({}, ["model.lora_rank=8"]))
    assert "lora_rank = 8" in text
    assert "lora_alpha" not in text
    assert make_config(tomllib.loads(text)).model.lora_rank == 8


def test_the_challenge_is_the_public_baseline():
    config = PRESETS["challenge"]
    assert config.model.semantics == ()
    assert config.train.batch_size // config.train.accumulation == 8
    assert config.train.ccc_scope == "micro"
    assert (config.data.crop_s, config.data.crop, config.data.wave_norm) == (12.0, "head", "global")


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_written_is_read(tmp_path, name):
    path = tmp_path / "config.toml"
    path.write_text(format_config(PRESETS[name]))
    assert read_config(path) == PRESETS[name]


@given(st.floats(1e-9, 1), st.integers(0, 2**31), st.text(st.characters(categories=["L", "Zs"])))
def test_any_value_comes_back(lr, seed, folder):
    config = replace(Config(), train=TrainConfig(lr=lr, seed=seed), data=DataConfig(folder=folder))
    assert make_config(tomllib.loads(format_config(config))) == config


def test_a_file_changes_its_preset_and_the_command_line_the_file(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text('preset = "tiny"\n[train]\nlr = 2\nepochs = 3\n')
    config = read_config(
        path,
        ["train.epochs=5", "data.folder=my corpus", "model.semantics=['gs']", "model.intra=none"],
    )
    assert config.model.acoustic == "tiny"
    assert (config.train.lr, config.train.epochs) == (2.0, 5)
    assert config.data.folder == "my corpus"
    assert config.model.semantics == ("gs",)
    assert read_config(path, preset="paper").model.acoustic == "microsoft/wavlm-large"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["train.lrr=1"], "unknown key 'train.lrr'; did you mean train.lr?"),
        (["training.lr=1"], "--set training.lr=1: write part.key=value"),
        (["train.lr"], "write part.key=value"),
        (["train.lr=fast"], 'train.lr "fast": must be of type float'),
        (["train.epochs=1.5"], "train.epochs 1.5: must be of type int"),
        (["train.epochs=true"], "train.epochs true: must be of type int"),
        (["train.epochs=0"], "train.epochs 0: must be 1 or more"),
        (["train.lr=nan"], "train.lr nan: must be"),
        (["model.head_dropout=1.0"], "model.head_dropout 1: must be 0 to 0.999"),
        (["model.fusion=moe"], "model.fusion 'moe': must be one of 'none', 'concat'"),
        (["model.semantics='gs'"], "model.semantics"),
        (["model.semantics=['gs','gs']"], "each at most once"),
        (["model.semantics=['gs','asr']"], "model.semantics 'asr': must be one of"),
        (["model.semantics=['gs']"], "model.intra 'gated': needs both GS and LES"),
        (["model.intra=none"], "model.intra 'none': GS and LES need"),
        (["model.fusion=none"], "model.fusion 'none': with semantics"),
        (["model.semantics=[]", "model.intra=none"], "model.fusion 'fm_moe': with semantics []"),
        (["train.lr=2024-01-01"], 'train.lr "2024-01-01": must be of type float'),
        (["model.fusion=07:30:00"], 'model.fusion "07:30:00": must be one of'),
        (["model.semantics=[1979-05-27]"], 'model.semantics "1979-05-27": must be one of'),
        (["train.epochs=1" + "0" * 400], "train.epochs 1000"),
        (["train.lr=1" + "0" * 400], "train.lr 1000"),
        (["train.seed=0x" + "f" * 5000], "train.seed a very large int: must be 0 to 9,223,372,"),
        (["train.seed=18446744073709551616"], "must be 0 to 9,223,372,036,854,775,807"),
        (["model.head_dim=1000000000"], "model.head_dim 1000000000: must be 1 to 65,536"),
        (["data.crop_s=1e308"], "data.crop_s 1e+308: must be 0.25 to 86,400"),
        (["train.device=meta"], "train.device \"meta\": must be 'auto', 'cpu', 'cuda' or 'cuda:N'"),
        (["train.device=cuda:-1"], "train.device"),
        (["train.lr=1e-4\ntrain.epochs=3"], "more than one value; use --set for each"),
        (["train.lr=1e-4\n[model]\nhead_dim=3"], "more than one value; use --set for each"),
        (["model.semantics=" + "[" * 5000 + "]" * 5000], "nested too deep"),
        (["model.lora_rank=-1"], "model.lora_rank -1: must be 0 or more"),
        (["model.lora_projections=['q']"], "model.lora_projections 'q': must be one of 'query'"),
        (["model.lora_rank=8", "model.lora_projections=[]"], "needs one or more"),
        (["train.accumulation=5"], "does not divide train.batch_size 32"),
        (["train.accumulation=32", "train.ccc_scope=micro"], "a micro-batch needs 2"),
    ],
)
def test_what_cannot_be_is_refused_by_name(changes, message):
    with pytest.raises(ConfigError) as error:
        make_config({}, changes)
    assert message in str(error.value)


def test_the_line_names_the_file(tmp_path):
    path = tmp_path / "config.toml"
    with pytest.raises(ConfigError, match=r"config.toml: cannot be read"):
        read_config(path)
    path.write_text("[train\n")
    with pytest.raises(ConfigError, match=r"config.toml: not TOML"):
        read_config(path)
    path.write_text("[train]\nepoch = 1\n")
    with pytest.raises(ConfigError, match=r"config.toml: unknown key 'train.epoch'; did you mean"):
        read_config(path)
    path.write_text("x = " + "[" * 5000)
    with pytest.raises(ConfigError, match=r"config.toml: not TOML \(nested too deep\)"):
        read_config(path)
    path.write_text("preset = 2024-01-01\n")
    with pytest.raises(ConfigError, match=r"preset \"2024-01-01\": must be one of"):
        read_config(path)
    path.write_text("optimizer = 1\n")
    with pytest.raises(ConfigError, match=r"unknown key 'optimizer'; there are: model, data"):
        read_config(path)
    path.write_text("model = 1\n")
    with pytest.raises(ConfigError, match=r"model: must be a table"):
        read_config(path)
    path.write_text('preset = "huge"\n')
    with pytest.raises(ConfigError, match=r"preset 'huge': must be one of"):
        read_config(path)


def test_a_config_needs_no_text_model_without_semantics():
    ModelConfig(semantics=(), intra="none", fusion="none")


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(10**300, 10**400) | st.floats()
    | st.text() | st.dates() | st.times() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
_KEYS = [
    (name, setting)
    for name, part in (("model", ModelConfig), ("data", DataConfig), ("train", TrainConfig))
    for setting in part.__dataclass_fields__
]


@given(st.sampled_from(_KEYS), _VALUES)
def test_any_value_of_any_key_is_taken_or_refused_in_one_line(key, value):
    part, name = key
    with contextlib.suppress(ConfigError):
        config = make_config({part: {name: value}})
        assert make_config(tomllib.loads(format_config(config))) == config


@given(st.sampled_from(["preset", "model", "data", "train"]), _VALUES)
def test_any_value_in_the_place_of_a_table(key, value):
    with contextlib.suppress(ConfigError):
        make_config({key: value})
