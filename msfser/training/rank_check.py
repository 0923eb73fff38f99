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
from msfser.training.data_record import find_difference
from msfser.training.run import TrainingRun
from msfser.training.run_folder import find_changed_setting
from msfser.training.state import TrainingState

_HASH_BYTES = 16


def check_same_start(run: TrainingRun, state: TrainingState) -> None:
    """Check that settings, data, weights and progress are those of the first process.

    Folders may differ, as on machines without a common disk, if what they hold is the same.

    Raises
    ------
    DataError
        In all processes: the first difference by name.
    """
    if run.ranks.size == 1:
        return
    records = run.ranks.gather(run.data.record)
    starts = run.ranks.gather((_common_settings(run.config), _facts(run, state)))
    settings, facts = starts[0]
    for rank, (record, (other_settings, other_facts)) in enumerate(
        zip(records, starts, strict=True)
    ):
        difference = find_changed_setting(settings, other_settings)
        what = "settings"
        if not difference and (found := find_difference(records[0], record)):
            what, difference = found
        if not difference:
            names = [*facts, *other_facts]
            difference = next((n for n in names if facts.get(n) != other_facts.get(n)), "")
            what, difference = "states", f"first {difference}" if difference else ""
        if difference:
            raise DataError(
                f"the {what} of rank {rank} differ from those of rank 0: {difference}; "
                "give all ranks the same settings, corpus and run"
            )


def _common_settings(config: Config) -> Config:
    """Return the settings without those that may differ between machines."""
    return replace(
        config,
        model=replace(config.model, acoustic=""),
        data=replace(config.data, folder="", workers=0),
        train=replace(config.train, device="", init=""),
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
