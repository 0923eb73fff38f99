"""Where a training stands: everything that an exact resume needs, in one file.

Nothing random is kept: all chance is drawn from the seed, the epoch and the step.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lemf.runtime.output import open_output
from msfser.ccc import CccMoments, ccc_moments
from msfser.errors import CheckpointError, DataError
from msfser.manifest import DIMENSIONS
from msfser.model.msf_ser import MsfSer

STATE_NAME = Path("last") / "state.pt"


class Interrupted(KeyboardInterrupt):
    """A run was asked to stop, and has kept where it stands."""


@dataclass
class Position:
    """Where a run stands.

    Attributes
    ----------
    step : int
        Steps done.
    epoch, step_in_epoch : int
        The epoch that is under way, from 0, and its steps done.
    best_epoch : int
        The epoch whose model is kept, from 1; 0 as long as there is none.
    best_ccc : list of 3 float
        CCC of that model on the development set; empty without one.
    """

    step: int = 0
    epoch: int = 0
    step_in_epoch: int = 0
    best_epoch: int = 0
    best_ccc: list[float] = field(default_factory=list)
    moments: dict[str, list[float]] = field(default_factory=lambda: _to_lists(_no_moments()))

    def __post_init__(self) -> None:
        self._unread: list[tuple[int, Tensor, Tensor]] = []

    @property
    def train_ccc(self) -> NDArray[np.float64]:
        """CCC of the training utterances of the epoch so far, each as it was predicted then."""
        self.read_predictions()
        return self._moments().ccc()

    def add_step(self, predictions: Tensor, labels: Tensor) -> None:
        """Count a step and its utterances; on a GPU, what it predicted may still be computed."""
        self._unread.append((self.step, predictions, labels))
        self.step += 1
        self.step_in_epoch += 1

    def read_predictions(self) -> None:
        """Wait for the predictions of all steps that were counted, and look at them.

        Raises
        ------
        DataError
            They are not finite.
        """
        for step, predictions, labels in self._unread:
            said = predictions.double().cpu().numpy()
            if not np.isfinite(said).all():
                raise DataError(
                    f"step {step}: predictions are not finite; lower train.lr, set "
                    "train.max_grad_norm, or train.precision to fp32"
                )
            values = ccc_moments(said, labels.double().numpy())
            self.moments = _to_lists(self._moments() + values)
        self._unread = []

    def judge(self, development_ccc: NDArray[np.float64] | None) -> bool:
        """Say whether the model of this epoch is the best so far, and remember it if so.

        The mean over the dimensions counts, those without a label left out; without a development
        set, the last epoch is the best.
        """
        if development_ccc is not None and self.best_epoch:
            best = _mean(self.best_ccc)
            if not _mean(development_ccc.tolist()) > best:
                return False
        self.best_epoch = self.epoch + 1
        self.best_ccc = [] if development_ccc is None else development_ccc.tolist()
        return True

    def end_epoch(self) -> None:
        """Go on to the next epoch."""
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
    folder: Path, model: MsfSer, optimiser: torch.optim.Optimizer, at: Position
) -> None:
    """Keep the state of a run in the place of the one before, whole or not at all.

    Raises
    ------
    DataError
        Predictions are not finite, and the model is spoilt.
    """
    at.read_predictions()
    state = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "at": asdict(at)}
    with open_output(folder / STATE_NAME, force=True) as stream:
        torch.save(state, stream)


def restore_state(folder: Path, model: MsfSer, optimiser: torch.optim.Optimizer) -> Position:
    """Put model and optimiser into the state that was kept last.

    Returns
    -------
    Position
        The start, where no state was kept.

    Raises
    ------
    CheckpointError
        The file is damaged.
    """
    path = folder / STATE_NAME
    if not path.exists():
        return Position()
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        return Position(**state["at"])
    except Exception as error:  # whatever torch meets in a file that is none of its own
        reason = str(error).strip().partition("\n")[0]
        raise CheckpointError(
            f"{path}: damaged ({reason}); train anew in another folder"
        ) from error
