"""The state of a training: everything that an exact resume needs, in one file.

No generator is stored: all random numbers are drawn from the seed, the epoch and the step.
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lemf.runtime.output import open_output
from msfser.ccc import CccMoments, ccc_moments
from msfser.config.files import format_config, make_config
from msfser.errors import CheckpointError, DataError, first_line
from msfser.manifest import DIMENSIONS
from msfser.model.msf_ser import MsfSer

_LARGEST_CCC = 1.0 + 1e-9
STATE_NAME = Path("last") / "state.pt"


class Interrupted(KeyboardInterrupt):
    """Raised when a run is asked to stop, after its state is written."""


@dataclass
class TrainingState:
    """The progress of a run.

    Attributes
    ----------
    step : int
        Steps taken.
    epoch, step_in_epoch : int
        The current epoch, from 0, and its steps taken.
    best_epoch : int
        The epoch whose model is kept, from 1; 0 before the first epoch ends.
    best_ccc : list of 3 float
        CCC of that model on the development set; empty without one.
    best_uar : list of float
        UAR of its emotions there; empty without a head for them.
    moments : dict of str to list of 3 float
        `CccMoments` of the training utterances of the current epoch.
    """

    step: int = 0
    epoch: int = 0
    step_in_epoch: int = 0
    best_epoch: int = 0
    best_ccc: list[float] = field(default_factory=list)
    best_uar: list[float] = field(default_factory=list)
    moments: dict[str, list[float]] = field(default_factory=lambda: _to_lists(_no_moments()))

    def __post_init__(self) -> None:
        self._unread: list[tuple[int, Tensor, Tensor]] = []

    @property
    def train_ccc(self) -> NDArray[np.float64]:
        """CCC of the training utterances of the epoch so far, each predicted in its own step."""
        self.read_predictions()
        return self._moments().ccc()

    @property
    def train_bias(self) -> NDArray[np.float64]:
        """Mean prediction minus mean label of the same utterances, on the scale 0 to 1."""
        self.read_predictions()
        moments = self._moments()
        return moments.prediction_mean - moments.label_mean

    def add_step(self, predictions: Tensor, labels: Tensor) -> None:
        """Count a step and its utterances; a GPU may still be computing the predictions."""
        self._unread.append((self.step, predictions, labels))
        self.step += 1
        self.step_in_epoch += 1

    def read_predictions(self) -> None:
        """Add the predictions of all counted steps to the moments, waiting for a GPU.

        Raises
        ------
        DataError
            Predictions are not finite.
        """
        for step, predictions, labels in self._unread:
            values = predictions.double().cpu().numpy()
            if not np.isfinite(values).all():
                raise DataError(
                    f"step {step}: predictions are not finite; lower train.lr, set "
                    "train.max_grad_norm, or train.precision to fp32"
                )
            moments = ccc_moments(values, labels.double().numpy())
            self.moments = _to_lists(self._moments() + moments)
        self._unread = []

    def judge(
        self, development_ccc: NDArray[np.float64] | None, development_uar: float | None = None
    ) -> bool:
        """Decide whether the model of this epoch is the best so far, and store its scores if so.

        Models are compared by the mean CCC of the dimensions that have labels, or by the UAR of the
        emotions where none has; without a development set, the last epoch is the best.
        """
        found = [] if development_ccc is None else development_ccc.tolist()
        uar = [] if development_uar is None else [development_uar]
        has_ccc = not all(math.isnan(value) for value in found)
        now, before = (found, self.best_ccc) if has_ccc else (uar, self.best_uar)
        if found and self.best_epoch and not _mean(now) > _mean(before):
            return False
        self.best_epoch = self.epoch + 1
        self.best_ccc, self.best_uar = found, uar
        return True

    def end_epoch(self) -> None:
        """Count the epoch, and begin the next one."""
        self.epoch += 1
        self.step_in_epoch = 0
        self.moments = _to_lists(_no_moments())

    def _moments(self) -> CccMoments:
        return CccMoments(**{name: np.array(value) for name, value in self.moments.items()})


def _no_moments() -> CccMoments:
    nothing = np.empty((0, len(DIMENSIONS)))
    return ccc_moments(nothing, nothing)


def _to_lists(moments: CccMoments) -> dict[str, list[float]]:
    return {name: value.tolist() for name, value in vars(moments).items()}


def _mean(values: list[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else -math.inf


def write_state(
    folder: Path,
    model: MsfSer,
    optimiser: torch.optim.Optimizer,
    state: TrainingState,
    settings: str,
) -> None:
    """Write the state of a run in place of the one before, whole or not at all.

    Parameters
    ----------
    folder : Path
        Of the run.
    model, optimiser, state
    settings : str
        All settings of the run, as TOML.

    Raises
    ------
    DataError
        Predictions are not finite, so the model cannot be used.
    lemf.LemfError
        The file cannot be written.
    """
    state.read_predictions()
    content: dict[str, Any] = {
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "at": asdict(state),
        "settings": settings,
    }
    content["digest"] = _compute_digest(content)  # in the same file: no kill comes between them
    with open_output(folder / STATE_NAME, force=True) as stream:
        torch.save(content, stream)


def restore_state(
    folder: Path,
    model: MsfSer,
    optimiser: torch.optim.Optimizer,
    settings: str,
    *,
    n_steps: int,
    epochs: int,
) -> TrainingState:
    """Restore model and optimiser from the state that was written last.

    Parameters
    ----------
    folder : Path
        Of the run.
    model, optimiser
    settings : str
        As in `write_state`.
    n_steps, epochs : int
        Of the whole run.

    Returns
    -------
    TrainingState
        That of a new run where no state was written.

    Raises
    ------
    CheckpointError
        The file is damaged, or is the state of another run.
    """
    path = folder / STATE_NAME
    if not path.exists():
        return TrainingState()
    try:
        with ZipFile(path) as archive:
            if spoilt := archive.testzip():  # torch verifies no checksum
                raise ValueError(f"checksum of {spoilt}")
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        state = TrainingState(**content["at"])
        before = make_config(tomllib.loads(content.get("settings", settings)))  # none: earlier
        fault = _other_settings(format_config(before), settings)
        fault = fault or _wrong_progress(state, n_steps, epochs)
        if not fault:
            if "digest" in content and content["digest"] != _compute_digest(content):
                raise ValueError("changed since it was written: its digest is of other content")
            _check_values(state, content["model"], content["optimiser"]["state"])
            model.load_state_dict(content["model"])
            groups = optimiser.state_dict()["param_groups"]  # by the settings, which are the same
            optimiser.load_state_dict({**content["optimiser"], "param_groups": groups})
            for weight, averages in optimiser.state.items():
                if any(averages[name].shape != weight.shape for name in ("exp_avg", "exp_avg_sq")):
                    raise ValueError("averages of AdamW of another shape")
            return state
    except Exception as error:  # torch raises errors of many types for a damaged file
        raise CheckpointError(
            f"{path}: damaged ({first_line(error)}); train again in another folder"
        ) from error
    raise CheckpointError(
        f"{path}: the state of another run ({fault}); put back that of this run, or train again in "
        "another folder"
    )


def _compute_digest(content: Mapping[str, Any]) -> str:
    """Compute a hash of weights, averages of AdamW, progress and settings."""
    tensors = {f"model {name}": weight for name, weight in content["model"].items()}
    for number, averages in content["optimiser"]["state"].items():
        tensors |= {f"optimiser {number} {name}": one for name, one in averages.items()}
    digest = hashlib.blake2b(repr((content["at"], content["settings"])).encode())
    for name, tensor in tensors.items():
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def _check_values(
    state: TrainingState,
    weights: Mapping[str, Tensor],
    optimiser: Mapping[int, Mapping[str, Tensor]],
) -> None:
    """Check types and values of what a file holds, and raise ValueError for any fault."""
    whole = state.step, state.epoch, state.step_in_epoch, state.best_epoch
    if any(type(number) is not int for number in whole):
        raise ValueError("progress that is not in whole numbers")
    moments = list(state.moments.values())
    if (
        state.moments.keys() != _to_lists(_no_moments()).keys()
        or any(
            type(number) is not float
            for values in (state.best_ccc, state.best_uar, *moments)
            for number in values
        )
        or np.shape(moments)[1] != len(DIMENSIONS)
        or not np.isfinite(moments).all()
        or any(
            abs(value) > _LARGEST_CCC for value in (*state.best_ccc, *state.best_uar)
        )  # NaN: no labels
        or len(state.best_uar) > 1
    ):
        raise ValueError("CCC that is not in numbers")
    tensors = dict(weights)
    for number, averages in optimiser.items():
        tensors |= {f"{name} {number} of the optimiser": one for name, one in averages.items()}
        if not 1 <= averages["step"] <= state.step or bool((averages["exp_avg_sq"] < 0).any()):
            raise ValueError(f"averages {number} of AdamW of another step")
    for name, tensor in tensors.items():
        if not tensor.is_floating_point() or not bool(tensor.isfinite().all()):
            raise ValueError(f"{name} that is not in finite numbers")
    n_averaged = max((int(averages["step"]) for averages in optimiser.values()), default=0)
    if n_averaged != state.step:
        raise ValueError(f"step {state.step} with averages of AdamW of step {n_averaged}")


def _other_settings(there: str, here: str) -> str:
    """Name the first setting of another run that differs; ``""`` for none."""
    lines = zip_longest(there.splitlines(), here.splitlines(), fillvalue="none")
    return next((f"{old}, not {new}" for old, new in lines if old != new), "")


def _wrong_progress(state: TrainingState, n_steps: int, epochs: int) -> str:
    """Describe numbers that a run of so many steps and epochs does not have."""
    n_per_epoch = n_steps // epochs
    in_epoch = state.step - state.epoch * n_per_epoch
    if state.step_in_epoch != in_epoch or not 0 <= in_epoch <= n_per_epoch or state.epoch < 0:
        return f"step {state.step}, {state.step_in_epoch} in epoch {state.epoch + 1}"
    if state.step > n_steps:
        return f"step {state.step} of {n_steps}"
    if not bool(state.epoch) <= state.best_epoch <= state.epoch or len(state.best_ccc) not in (
        0,
        len(DIMENSIONS),
    ):
        return f"best epoch {state.best_epoch} with {len(state.best_ccc)} values of CCC"
    return ""
