"""The folder of a training run.

``config.toml`` all settings resolved; ``log.jsonl`` one line every ten steps and every epoch;
``last/`` the state to resume from; ``best/`` the model of the best epoch; ``metrics.json``;
``figures/curves.png``; ``skipped.csv`` the utterances that could not be used, with the reason;
``data.parquet`` what the run is trained on; ``start.parquet``, with ``train.init``, what the model
was trained on that it starts from.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from lemf.runtime.console import say
from lemf.runtime.locks import hold_lock
from msfser.ccc import FloatArray
from msfser.config.files import PARTS, format_config, read_config
from msfser.config.settings import Config
from msfser.data.facts import ClipFacts
from msfser.errors import CheckpointError, ConfigError, DataError
from msfser.evaluation.provenance.start import find_start, write_start
from msfser.evaluation.runs import CONFIG_NAME, DATA_NAME
from msfser.manifest import DIMENSIONS
from msfser.outputs import (
    FIGURES_NAME,
    METRICS_NAME,
    SKIPPED_NAME,
    format_csv,
    make_folder,
    render_figure,
    replace_output,
)
from msfser.training.data.record import (
    DataRecord,
    columns_read,
    find_difference,
    read_record,
    write_record,
)
from msfser.training.figure import draw_curves
from msfser.training.state import STATE_NAME, TrainingState

LOG_NAME = "log.jsonl"
CURVES_NAME = Path(FIGURES_NAME) / "curves.png"


def refuse_taken(folder: Path, *, resume: bool) -> None:
    """Check before any work that the folder of a new run holds no run.

    Raises
    ------
    ConfigError
        The folder holds a run, and `resume` is not set.
    """
    if (folder / CONFIG_NAME).exists() and not resume:
        raise ConfigError(
            f"{folder}: holds a run already; continue it with --resume, or name another"
        )


@contextmanager
def open_run(folder: Path, config: Config, data: DataRecord, *, resume: bool) -> Iterator[None]:
    """Open the folder of a new or resumed run, and keep other processes out of it.

    Raises
    ------
    ConfigError
        A new run in a folder that holds one; a run that is resumed with other settings.
    DataError
        A run that is resumed with other data.
    lemf.LemfError
        The folder cannot be written, or another process trains in it.
    """
    for name in (STATE_NAME, CURVES_NAME):
        make_folder((folder / name).parent)
    with hold_lock(folder / ".lock"):
        path = folder / CONFIG_NAME
        refuse_taken(folder, resume=resume)
        if not path.exists():
            write_record(folder / DATA_NAME, data)
            if config.train.init:
                write_start(folder, find_start(config.train.init))
            replace_output(path, format_config(config).encode())
        elif not check_same_run(folder, config, data):
            write_record(folder / DATA_NAME, data)
        yield


def check_same_run(folder: Path, config: Config, data: DataRecord) -> bool:
    """Check that a run was trained with these settings on these data.

    Returns
    -------
    bool
        False, and a note is printed, where the run has no record of its data.

    Raises
    ------
    ConfigError
        Other settings.
    DataError
        Other data.
    """
    if changed := find_changed_setting(read_config(folder / CONFIG_NAME), config):
        name, old, new = changed
        raise ConfigError(
            f"{folder / CONFIG_NAME}: {name} was {old!r} and is {new!r}; use the same settings"
        )
    path = folder / DATA_NAME
    before = read_record(path, columns_read(config.model, config.train))
    if before is None:
        say(
            f"note: {path} is missing or older, as in runs of earlier versions: whether the data "
            "are still those of this run is not checked"
        )
        return False
    if found := find_difference(before, data):
        what, where = found
        raise DataError(
            f"{path}: the {what} differ from those of this run: {where}; restore them, or train "
            "in another folder"
        )
    return True


def known_clips(folder: Path) -> dict[str, ClipFacts]:
    """Return what was found of the recordings when the run in a folder began."""
    record = read_record(folder / DATA_NAME)
    return {} if record is None else record.clips()


def find_changed_setting(before: Config, now: Config) -> tuple[str, object, object] | None:
    """Return the name of the first setting that differs and its two values; None without one.

    The cache is no such setting.
    """
    before, now = before.without_cache(), now.without_cache()
    for part in PARTS:
        old, new = vars(getattr(before, part)), vars(getattr(now, part))
        for key, value in old.items():
            if new[key] != value:
                return f"{part}.{key}", value, new[key]
    return None


class Log:
    """``log.jsonl``, cut back to the step where a resumed run starts; TensorBoard on request.

    Parameters
    ----------
    folder : Path
    step : int
        Where the run starts.
    tensorboard : bool
    """

    def __init__(self, folder: Path, step: int, *, tensorboard: bool = False) -> None:
        self._path = folder / LOG_NAME
        self._started_s = time.monotonic()
        kept = [line for line in read_log(folder) if line["step"] <= step]
        text = "".join(json.dumps(line) + "\n" for line in kept)
        replace_output(self._path, text.encode())
        self._board = _open_board(folder) if tensorboard else None

    def add_step(self, state: TrainingState, lr: float) -> None:
        """Write the running CCC of the epoch."""
        self._add("step", state, {"train_ccc": state.train_ccc}, {"lr": lr})

    def add_epoch(
        self,
        state: TrainingState,
        development_ccc: FloatArray | None,
        development_uar: float | None = None,
        *,
        kept: bool,
    ) -> None:
        """Write the CCC of an epoch, UAR of emotions, if any, and whether its model is kept."""
        values = {"train_ccc": state.train_ccc, "development_ccc": development_ccc}
        more = {} if development_uar is None else {"development_uar": _rounded(development_uar)}
        self._add("epoch", state, values, {**more, "kept": kept})

    def _add(
        self,
        kind: str,
        state: TrainingState,
        values: Mapping[str, FloatArray | None],
        more: Mapping[str, Any],
    ) -> None:
        line = {
            "kind": kind,
            "epoch": state.epoch + 1,
            "step": state.step,
            **{
                name: None if value is None else [_rounded(number) for number in value]
                for name, value in values.items()
            },
            **more,
            "seconds": round(time.monotonic() - self._started_s, 1),
        }
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")
        if self._board is not None:
            for name, value in values.items():
                for dimension, number in zip(
                    DIMENSIONS, () if value is None else value, strict=False
                ):
                    self._board.add_scalar(f"{kind} {name}/{dimension}", number, state.step)
            self._board.flush()


def _open_board(folder: Path) -> Any:  # noqa: ANN401 - tensorboard has no types
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise ConfigError("--tensorboard needs tensorboard: pip install tensorboard") from None
    return SummaryWriter(str(folder / "tensorboard"))


def read_log(folder: Path) -> list[dict[str, Any]]:
    """Read the lines of the log, without a last line that a kill cut off."""
    try:
        text = (folder / LOG_NAME).read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    lines = []
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            break
        if not isinstance(entry, dict) or not {"kind", "epoch", "step"} <= entry.keys():
            break
        lines.append(entry)
    return lines


def check_logged(folder: Path, state: TrainingState) -> None:
    """Check that the log of a run tells of the same best epoch as the state that it goes on from.

    What the log does not tell is not checked: a lost log, or the lines that a power failure took.

    Raises
    ------
    CheckpointError
        The log tells of another epoch, or of other CCC.
    """
    ended = {
        line["epoch"]: line
        for line in read_log(folder)
        if line.get("kind") == "epoch" and line["epoch"] <= state.epoch
    }
    best = ended.get(state.best_epoch)
    if best is None:
        return
    last_kept = max((epoch for epoch, line in ended.items() if line.get("kept")), default=0)
    logged, known = best.get("development_ccc") or [], [_rounded(value) for value in state.best_ccc]
    if best["step"] * state.epoch != state.best_epoch * (state.step - state.step_in_epoch):
        fault = f"epoch {state.best_epoch} ended at step {best['step']} there"
    elif last_kept != state.best_epoch:
        fault = f"best epoch {state.best_epoch}, and {last_kept} there"
    elif logged != known:
        fault = f"CCC {known} of the best epoch, and {logged} there"
    else:
        return
    raise CheckpointError(
        f"{folder / STATE_NAME}: does not fit {folder / LOG_NAME} ({fault}); put back that of this "
        "run, or train again in another folder"
    )


def finish_run(folder: Path, state: TrainingState, skipped: Mapping[str, str]) -> dict[str, Any]:
    """Write the results of a run: metrics, curves, and the utterances that could not be used.

    Returns
    -------
    dict
        The content of ``metrics.json``: ``epochs``, ``steps``, ``best_epoch`` (from 1) and, with a
        development set, ``development`` with CCC of each dimension and their ``average``, and
        with ``uar`` of the emotions where a head learns them.
    """
    metrics: dict[str, Any] = {
        "epochs": state.epoch,
        "steps": state.step,
        "best_epoch": state.best_epoch,
        "skipped": len(skipped),
    }
    if state.best_ccc:
        values = (*state.best_ccc, float(np.mean(state.best_ccc)))
        names = (*DIMENSIONS, "average")
        metrics["development"] = dict(zip(names, map(_rounded, values), strict=True))
        if state.best_uar:
            metrics["development"]["uar"] = _rounded(state.best_uar[0])
    replace_output(folder / METRICS_NAME, json.dumps(metrics, indent=1).encode() + b"\n")
    epochs = [line for line in read_log(folder) if line["kind"] == "epoch"]
    if epochs:
        curves = render_figure(draw_curves(epochs, state.best_epoch))
        replace_output(folder / CURVES_NAME, curves)
    if skipped:
        rows = format_csv([("id", "reason"), *skipped.items()])
        replace_output(folder / SKIPPED_NAME, rows)
    return metrics


def _rounded(value: float) -> float | None:
    """Round to six decimals; None for NaN, which JSON lacks."""
    return None if np.isnan(value) else round(float(value), 6)
