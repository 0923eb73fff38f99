"""CCC of steps and epochs in lines, for the progress of a training."""

from __future__ import annotations

from msfser.ccc import FloatArray
from msfser.manifest import DIMENSIONS
from msfser.training.state import TrainingState


def format_step(state: TrainingState) -> str:
    """Format the running CCC of the epoch, pooled over its steps."""
    return f"epoch {state.epoch + 1}: training {format_ccc(state.train_ccc)}"


def format_epoch(state: TrainingState, development_ccc: FloatArray | None, *, kept: bool) -> str:
    """Format the CCC of an epoch that ends, and whether its model is kept."""
    text = format_step(state)
    if development_ccc is not None:
        text += f", development {format_ccc(development_ccc)}"
    return text + (", kept" if kept else "")


def format_ccc(values: FloatArray) -> str:
    """Format CCC of the three dimensions as ``V 0.512 A 0.733 D 0.401``."""
    return " ".join(
        f"{name[0].upper()} {value:.3f}" for name, value in zip(DIMENSIONS, values, strict=True)
    )
