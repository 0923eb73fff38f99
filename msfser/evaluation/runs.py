"""The folders of runs that `msfser train` made, and how their models are used."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from msfser.config.files import read_config
from msfser.config.settings import Config
from msfser.data.batching import ClipReader
from msfser.data.cache import ClipCache, open_cache
from msfser.data.clips import WaveStatistics
from msfser.errors import CheckpointError
from msfser.manifest import DIMENSIONS
from msfser.model.fm_moe import FmMoe
from msfser.model.folder import CONFIG_NAME as MODEL_CONFIG_NAME
from msfser.model.folder import WEIGHTS_NAME
from msfser.model.msf_ser import MsfSer
from msfser.outputs import METRICS_NAME

CONFIG_NAME = "config.toml"
BEST_NAME = "best"
DATA_NAME = "data.parquet"  # what the run was trained on: msfser.training.data.record


@dataclass(frozen=True, eq=False)
class Run:
    """A trained run, as its folder holds it.

    Attributes
    ----------
    folder : Path
    config : Config
    model : MsfSer
        The best model, with its facts.
    """

    folder: Path
    config: Config
    model: MsfSer

    @property
    def cache(self) -> ClipCache | None:
        """The cache of the training, where its folder still is."""
        return open_cache(self.config.data.cache, make=False)


def make_reader(model: MsfSer, cache: ClipCache | None = None) -> ClipReader:
    """Return a reader that standardises clips as in the training of a model."""
    facts = model.facts
    statistics = WaveStatistics(facts.wave_mean, facts.wave_std)
    return ClipReader(facts.wave_norm, statistics, cache=cache)


def expert_names(model: MsfSer) -> tuple[str, ...]:
    """Return the names of the experts in the order of the outputs; none without FM-MOE."""
    return model.regressor.expert_names if isinstance(model.regressor, FmMoe) else ()


def routing_weights(model: MsfSer) -> Tensor:
    """Return the weights pi of equation 7, (3, experts) float32; no column without FM-MOE."""
    if not isinstance(model.regressor, FmMoe):
        return torch.empty(len(DIMENSIONS), 0)
    return model.regressor.routing().detach().cpu()


def model_folder(name: str) -> str:
    """Return the folder of the best model of a run; any other name is returned as it is."""
    best = Path(name) / BEST_NAME
    return str(best) if best.is_dir() else name


def holds_model(folder: Path) -> bool:
    """Return whether a folder is that of a run or of a model."""
    best = folder / BEST_NAME
    model = best if best.is_dir() else folder
    return all((model / name).is_file() for name in (MODEL_CONFIG_NAME, WEIGHTS_NAME))


def find_runs(folders: Sequence[Path]) -> list[Path]:
    """Find the folders of runs: those that are named, and those inside a folder that is named.

    Raises
    ------
    CheckpointError
        A folder holds neither a run nor runs.
    """
    runs: list[Path] = []
    for folder in folders:
        if (folder / CONFIG_NAME).is_file():
            inside = [folder]
        else:
            inside = sorted(path.parent for path in folder.glob(f"*/{CONFIG_NAME}"))
        if not inside:
            raise CheckpointError(
                f"{folder}: no run here ({CONFIG_NAME} is missing); name a folder that msfser "
                "train made, or the folder of several"
            )
        runs += [run for run in inside if run not in runs]
    return runs


def read_metrics(folder: Path) -> dict[str, Any] | None:
    """Read the ``metrics.json`` of a finished run; None for a run that is not finished."""
    try:
        content = json.loads((folder / METRICS_NAME).read_bytes())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def open_run(folder: Path, device: torch.device) -> Run:
    """Read the settings of a run, and load its best model.

    Raises
    ------
    MsfserError
        The settings or the model are missing or damaged.
    """
    config = read_config(folder / CONFIG_NAME)
    if not (folder / BEST_NAME).is_dir():
        raise CheckpointError(
            f"{folder / BEST_NAME}: no model yet; let msfser train finish an epoch (--resume)"
        )
    return Run(folder, config, MsfSer.from_pretrained(folder / BEST_NAME).to(device))
