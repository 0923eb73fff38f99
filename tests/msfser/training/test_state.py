"""The state of a run, restored whole or refused in one line."""

import random
from dataclasses import replace

import pytest
import torch

from msfser.config.files import format_config
from msfser.config.settings import PRESETS
from msfser.errors import CheckpointError
from msfser.model.msf_ser import build_model
from msfser.training.state import STATE_NAME, TrainingState, restore_state, write_state
from msfser.training.step import make_optimiser

AUDIO = {"semantics": (), "intra": "none", "fusion": "none", "head_dim": 8}
CONFIG = replace(PRESETS["tiny"], model=replace(PRESETS["tiny"].model, **AUDIO))
SETTINGS = format_config(CONFIG)


def make():
    torch.manual_seed(0)
    model = build_model(CONFIG.model)
    return model, make_optimiser(model, CONFIG.train)


def restore(folder, model, optimiser):
    return restore_state(folder, model, optimiser, SETTINGS, n_steps=24, epochs=12)


@pytest.fixture
def folder(tmp_path):
    model, optimiser = make()
    for weight in model.parameters():
        weight.grad = torch.ones_like(weight)
    optimiser.step()
    (tmp_path / STATE_NAME).parent.mkdir()
    write_state(tmp_path, model, optimiser, TrainingState(step=1, step_in_epoch=1), SETTINGS)
    return tmp_path


def test_a_state_is_restored_and_settings_of_the_optimiser_are_those_of_the_run(folder):
    path = folder / STATE_NAME
    content = torch.load(path)
    for group in content["optimiser"]["param_groups"]:
        group |= {"betas": (0.1, 0.1), "weight_decay": 9.0, "maximize": True}
    torch.save(content, path)
    model, optimiser = make()
    expected = optimiser.state_dict()["param_groups"]
    assert restore(folder, model, optimiser).step == 1
    assert optimiser.state_dict()["param_groups"] == expected
    assert all(torch.equal(content["model"][n], w) for n, w in model.state_dict().items())


CASES = {
    "at": [("step", True), ("step", 1.0), ("epoch", 2**70), ("best_epoch", 1), ("best_ccc", "abc"),
           ("best_ccc", [1.0, 0.0, 7.0]), ("moments", {}), ("moments", None), ("x", 1)],
    "model": [("pooling.attention", None), ("x", 1),
              ("pooling.attention", torch.tensor(torch.nan))],
    "optimiser": [("state", {}), ("state", None), ("state", {0: {}}), ("state", {0: {"step": 1}})],
}  # fmt: skip


@pytest.mark.parametrize(
    ("part", "key", "value"), [(part, *case) for part, cases in CASES.items() for case in cases]
)
def test_values_that_no_run_has_are_refused(folder, part, key, value):
    content = torch.load(folder / STATE_NAME)
    content[part][key] = value
    torch.save(content, folder / STATE_NAME)
    with pytest.raises(CheckpointError, match=r"state\.pt: (damaged|the state of another run) \("):
        restore(folder, *make())


@pytest.mark.parametrize(("name", "value"), [
    ("step", 0.0), ("step", 2.0), ("step", torch.nan), ("exp_avg", torch.inf), ("exp_avg_sq", -1.0),
])  # fmt: skip
def test_averages_of_another_step_or_out_of_reach_are_refused(folder, name, value):
    content = torch.load(folder / STATE_NAME)
    content["optimiser"]["state"][3][name].fill_(value)
    torch.save(content, folder / STATE_NAME)
    with pytest.raises(CheckpointError, match=r"state\.pt: damaged \("):
        restore(folder, *make())
    content["optimiser"]["state"][3][name] = torch.ones(7, 7)
    torch.save(content, folder / STATE_NAME)
    with pytest.raises(CheckpointError, match=r"state\.pt: damaged \("):
        restore(folder, *make())


def test_a_bit_that_flipped_in_a_weight_is_found(folder):
    content = (folder / STATE_NAME).read_bytes()
    rng = random.Random(0)
    found = 0
    for _ in range(20):
        spoilt = bytearray(content)
        spoilt[rng.randrange(len(content) // 4, len(content) // 2)] ^= 1 << rng.randrange(8)
        (folder / STATE_NAME).write_bytes(spoilt)
        try:
            restore(folder, *make())
        except CheckpointError:
            found += 1
    assert found >= 18  # the others lie between the weights
