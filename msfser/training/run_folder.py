"""The folder of a training run.

``config.toml`` everything resolved; ``log.jsonl`` a line every ten steps and every epoch; ``last/``
where it stands; ``best/`` the model of the best epoch; ``metrics.json``; ``figures/curves.png``;
``skipped.csv`` the utterances that could not be used, with the reason.
"""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lemf.runtime.locks import hold_lock
from lemf.runtime.output import remove_partials, write_output
from msfser.config.files import format_config, read_config
from msfser.config.settings import Config
from msfser.errors import ConfigError
from msfser.manifest import DIMENSIONS
from msfser.training.figure import render_curves
from msfser.training.state import STATE_NAME, Position

CONFIG_NAME = "config.toml"
LOG_NAME = "log.jsonl"
METRICS_NAME = "metrics.json"
BEST_NAME = "best"
CURVES_NAME = Path("figures") / "curves.png"
SKIPPED_NAME = "skipped.csv"


def refuse_taken(folder: Path, *, resume: bool) -> None:
    """Refuse, before any work, a new run in a folder that holds one.

    Raises
    ------
    ConfigError
        It does.
    """
    if (folder / CONFIG_NAME).exists() and not resume:
        raise ConfigError(f"{folder}: holds a run already; --resume goes on, or name another")


@contextmanager
def open_run(folder: Path, config: Config, *, resume: bool) -> Iterator[None]:
    """Make the folder of a run, or open the one to be resumed; keep other processes out of it.

    Raises
    ------
    ConfigError
        A new run in a folder that holds one; a resumed one with other settings, or that is none.
    lemf.LemfError
        The folder cannot be written, or another process trains in it.
    """
    try:
        (folder / STATE_NAME.parent).mkdir(parents=True, exist_ok=True)
        (folder / CURVES_NAME.parent).mkdir(exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be made ({error.strerror})") from error
    with hold_lock(folder / ".lock"):
        path = folder / CONFIG_NAME
        refuse_taken(folder, resume=resume)
        if not path.exists():
            write_output(path, format_config(config).encode())
        else:
            before = read_config(path)
            if before != config:
                raise ConfigError(f"{path}: {_difference(before, config)}; resume with the same")
        remove_partials(folder / STATE_NAME)
        yield


def _difference(before: Config, now: Config) -> str:
    for part in ("model", "data", "train"):
        then, here = vars(getattr(before, part)), vars(getattr(now, part))
        for key, value in then.items():
            if here[key] != value:
                return f"{part}.{key} was {value!r} and is {here[key]!r}"
    return "other settings"


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
        write_output(self._path, text.encode(), force=True)
        self._board = _open_board(folder) if tensorboard else None

    def add_step(self, at: Position, lr: float) -> None:
        """Add the running CCC of the epoch."""
        self._add("step", at.epoch + 1, at.step, {"train_ccc": at.train_ccc}, {"lr": lr})

    def add_epoch(
        self, at: Position, development_ccc: NDArray[np.float64] | None, *, kept: bool
    ) -> None:
        """Add what came of an epoch."""
        values = {"train_ccc": at.train_ccc, "development_ccc": development_ccc}
        self._add("epoch", at.epoch + 1, at.step, values, {"kept": kept})

    def _add(
        self,
        kind: str,
        epoch: int,
        step: int,
        values: Mapping[str, NDArray[np.float64] | None],
        more: Mapping[str, Any],
    ) -> None:
        line = {
            "kind": kind,
            "epoch": epoch,
            "step": step,
            **{name: _plain(value) for name, value in values.items()},
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
                    self._board.add_scalar(f"{kind} {name}/{dimension}", number, step)
            self._board.flush()


def _open_board(folder: Path) -> Any:  # noqa: ANN401 - typed nowhere
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise ConfigError("--tensorboard needs tensorboard: pip install tensorboard") from None
    return SummaryWriter(str(folder / "tensorboard"))


def read_log(folder: Path) -> list[dict[str, Any]]:
    """Give the lines of the log; a last one that was cut off by a kill does not count."""
    try:
        text = (folder / LOG_NAME).read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    lines = []
    for line in text.splitlines():
        try:
            lines.append(json.loads(line))
        except ValueError:
            break
    return lines


def finish_run(folder: Path, at: Position, skipped: Mapping[str, str]) -> dict[str, Any]:
    """Write what came of a run: metrics, curves, and what could not be used.

    Returns
    -------
    dict
        What ``metrics.json`` holds: ``epochs``, ``steps``, ``best_epoch`` (from 1) and, with a
        development set, ``development`` with CCC of each dimension and their ``average``.
    """
    metrics: dict[str, Any] = {
        "epochs": at.epoch,
        "steps": at.step,
        "best_epoch": at.best_epoch,
        "skipped": len(skipped),
    }
    if at.best_ccc:
        values = _plain(np.array(at.best_ccc)) or []
        metrics["development"] = dict(zip(DIMENSIONS, values, strict=True))
        metrics["development"]["average"] = _plain(np.array([np.mean(at.best_ccc)]))[0]  # type: ignore[index]
    write_output(folder / METRICS_NAME, json.dumps(metrics, indent=1).encode() + b"\n", force=True)
    epochs = [line for line in read_log(folder) if line["kind"] == "epoch"]
    if epochs:
        write_output(folder / CURVES_NAME, render_curves(epochs, at.best_epoch), force=True)
    if skipped:
        rows = io.StringIO(newline="")
        csv.writer(rows, lineterminator="\n").writerows([("id", "reason"), *skipped.items()])
        write_output(folder / SKIPPED_NAME, rows.getvalue().encode(), force=True)
    return metrics


def read_metrics(folder: Path) -> dict[str, Any] | None:
    """Give what a finished run left in ``metrics.json``; None where there is no such thing."""
    try:
        content = json.loads((folder / METRICS_NAME).read_bytes())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _plain(values: NDArray[np.float64] | None) -> list[float | None] | None:
    """Give numbers that JSON knows, None for NaN."""
    if values is None:
        return None
    return [None if np.isnan(value) else round(float(value), 6) for value in values]
