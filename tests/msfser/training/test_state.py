"""The state of a run, restored whole or refused in one line."""

import json
import random
from dataclasses import replace

import pytest
import torch

from msfser.config.files import format_config
from msfser.config.presets import PRESETS
from msfser.errors import CheckpointError
from msfser.model.msf_ser import build_model
from msfser.training.run_folder import LOG_NAME, check_logged
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


def test_values_that_a_run_could_have_are_refused_where_they_were_not_written(folder):
    """The file holds a digest of its content; one of an earlier version holds none."""
    for change in (
        lambda content: content["model"]["pooling.attention"].mul_(2),
        lambda content: content["optimiser"]["state"][3]["exp_avg"].mul_(2),
        lambda content: content["at"]["moments"]["n"].__setitem__(0, 3.0),
    ):
        before = (folder / STATE_NAME).read_bytes()
        content = torch.load(folder / STATE_NAME)
        change(content)
        torch.save(content, folder / STATE_NAME)
        with pytest.raises(CheckpointError, match="changed since it was written") as error:
            restore(folder, *make())
        assert "\n" not in str(error.value)
        del content["digest"]
        torch.save(content, folder / STATE_NAME)
        assert restore(folder, *make()).step == 1
        content["at"] |= {"step": 2, "step_in_epoch": 2}
        torch.save(content, folder / STATE_NAME)
        with pytest.raises(CheckpointError, match="step 2 with averages of AdamW of step 1"):
            restore(folder, *make())
        (folder / STATE_NAME).write_bytes(before)


def test_a_state_that_does_not_fit_the_log_is_refused(tmp_path):
    def log(*lines):
        keys = ("epoch", "step", "development_ccc", "kept")
        rows = [{"kind": "epoch", **dict(zip(keys, line, strict=True))} for line in lines]
        (tmp_path / LOG_NAME).write_text("".join(json.dumps(row) + "\n" for row in rows))

    first, second = (1, 4, [0.1, None, 0.3], True), (2, 8, [0.0, None, 0.3], False)
    state = TrainingState(step=9, epoch=2, step_in_epoch=1, best_epoch=1)
    state.best_ccc = [0.1000000001, float("nan"), 0.3]
    check_logged(tmp_path, state)  # no log
    for lines in (
        [first, second],
        [second],  # the first was lost
        [first, second, (3, 12, [0.5, None, 0.5], True)],  # killed before the state was written
    ):
        log(*lines)
        check_logged(tmp_path, state)
    check_logged(tmp_path, TrainingState(step=4, step_in_epoch=4))  # stopped before epoch 1 ended
    log(first, second)
    for change, fault in (
        ({"best_ccc": [0.99, 0.99, 0.99]}, r"CCC \[0.99, 0.99, 0.99\] of the best epoch, and"),
        ({"best_ccc": [float("nan")] * 3}, "CCC .* of the best epoch, and"),
        ({"best_epoch": 2}, "best epoch 2, and 1 there"),
        ({"step": 11, "step_in_epoch": 1}, "epoch 1 ended at step 4 there"),
    ):
        with pytest.raises(CheckpointError, match=rf"state\.pt: does not fit .*{fault}"):
            check_logged(tmp_path, replace(state, **change))


def test_of_a_pickle_only_its_content_is_told(folder):
    torch.save({"model": random.Random(0), "settings": SETTINGS}, folder / STATE_NAME)
    with pytest.raises(CheckpointError) as error:
        restore(folder, *make())
    assert str(error.value) == (
        f"{folder / STATE_NAME}: damaged (the file holds more than weights, and is not unpickled); "
        "train again in another folder"
    )


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
