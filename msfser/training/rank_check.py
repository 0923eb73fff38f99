"""The check before the first step that all processes train the same model on the same data."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import torch
from torch import Tensor

from msfser.config.settings import Config
from msfser.errors import DataError
from msfser.training.data.record import find_difference
from msfser.training.run import TrainingRun
from msfser.training.run_folder import find_changed_setting
from msfser.training.state import TrainingState

_HASH_BYTES = 16


def check_same_data(run: TrainingRun) -> None:
    """Check that settings and data are those of the first process.

    Folders may differ, as on machines without a common disk, if what they hold is the same.

    Raises
    ------
    DataError
        In all processes: the first difference by name.
    """
    records = run.ranks.gather(run.data.record)
    settings = run.ranks.gather(_common_settings(run.config))
    for rank in range(1, run.ranks.size):
        if changed := find_changed_setting(settings[0], settings[rank]):
            name, old, new = changed
            raise DataError(_refusal(rank, "settings", f"{name} is {new!r}, not {old!r}"))
        if found := find_difference(records[0], records[rank]):
            raise DataError(_refusal(rank, *found))


def check_same_start(run: TrainingRun, state: TrainingState) -> None:
    """Check that the weights and the progress are those of the first process.

    Raises
    ------
    DataError
        In all processes: the first difference by name.
    """
    if run.ranks.size == 1:
        return
    first, *others = run.ranks.gather(_facts(run, state))
    for rank, facts in enumerate(others, 1):
        for name in (*first, *facts):
            if first.get(name) != facts.get(name):
                raise DataError(_refusal(rank, "model and progress", f"first {name}"))


def _refusal(rank: int, what: str, where: str) -> str:
    return (
        f"the {what} of rank {rank} differ from those of rank 0: {where}; give all ranks the same "
        "settings, corpus and run"
    )


def _common_settings(config: Config) -> Config:
    """Return the settings without those that may differ between machines."""
    return replace(
        config,
        model=replace(config.model, acoustic=""),
        data=replace(config.data, folder="", workers=0, cache=""),
        train=replace(config.train, device="auto", init=""),
    )


def _facts(run: TrainingRun, state: TrainingState) -> dict[str, object]:
    """Return values and hashes of all that the next step starts from, by name."""
    wavlm = run.model.acoustic.config.to_dict() | {"_name_or_path": ""}
    optimiser: Mapping[int, Mapping[str, Any]] = run.optimiser.state_dict()["state"]
    return {
        "progress": asdict(state),
        **{f"{name} of WavLM's configuration": repr(value) for name, value in wavlm.items()},
        **{f"weight {name}": _hash(value) for name, value in run.model.state_dict().items()},
        **{
            f"{name} {number} of the optimiser": _hash(value)
            for number, values in optimiser.items()
            for name, value in values.items()
        },
    }


def _hash(value: object) -> bytes:
    if not isinstance(value, Tensor):
        return repr(value).encode()
    content = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data
    return hashlib.blake2b(content, digest_size=_HASH_BYTES).digest()
