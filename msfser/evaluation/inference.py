"""Inference on many utterances, with results that do not depend on the batches.

Long recordings are cut into windows of equal length, each predicted by itself; the prediction of a
recording is the mean over its windows, weighted by their lengths.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from lemf.runtime.progress import Watch, no_watch
from msfser.ccc import FloatArray
from msfser.config.settings import RATE_HZ, Precision
from msfser.data.batching import Batch, collate, sorted_batches
from msfser.data.clips import Samples
from msfser.data.examples import Examples
from msfser.data.windows import Windows, cut_windows
from msfser.errors import ConfigError
from msfser.manifest import DIMENSIONS
from msfser.model.msf_ser import MsfSer
from msfser.model.prediction import Prediction

VARIANCES = ("aleatoric", "epistemic")
RATER_SPREAD = "rater_spread"  # the variance of votes, of a model with a head for it
DROPOUT = "dropout"  # the variance between passes with dropout

_FoundT = TypeVar("_FoundT")

_LARGEST_BATCH = 64
_BATCH_S = 240.0  # of audio, padding counted
_SHORT_BATCH_S = 60.0  # on a CPU, whose caches are small


@dataclass(frozen=True, eq=False)
class Outputs:
    """The outputs of a model: one row per window, or per recording.

    Attributes
    ----------
    values : (rows, 3) float64
        In the order of `DIMENSIONS`, on the scale from 0 to 1.
    gate : (rows,) float64 or None
        Mean of the gate g of equation 4: 1 is all LES, 0 all GS; None without gated fusion.
    expert_values : (rows, experts, 3) float64 or None
        Prediction of each expert alone; None without FM-MOE.
    embeddings : (rows, dim) float32 or None
        Pooled acoustic features; None if they are not kept.
    variances : dict of str to (rows, 3) float64
        Of a model that predicts evidence: ``"aleatoric"``, how far raters differ, and
        ``"epistemic"``, how unsure the model is of their mean; empty for others.
    emotions : (rows, emotions) float64 or None
        Probability of each emotion; None without a head for it.
    """

    values: FloatArray
    gate: FloatArray | None
    expert_values: FloatArray | None
    embeddings: NDArray[np.float32] | None
    variances: dict[str, FloatArray] = field(default_factory=dict)
    emotions: FloatArray | None = None


class Processes(Protocol):
    """Processes that share out the batches, such as those of a training."""

    @property
    def rank(self) -> int:
        """Number of this process, from 0."""

    @property
    def size(self) -> int:
        """Number of processes."""

    def gather(self, found: _FoundT) -> list[_FoundT]:
        """Return what each process has found, in their order."""


@contextmanager
def tf32_products(precision: Precision) -> Iterator[None]:
    """Allow NVIDIA GPUs to round the factors of fp32 products to 10 bits, with "tf32" only.

    By default, torch does so in convolutions only. CPUs have no TF32.
    """
    matrices, convolutions = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matrices.allow_tf32, convolutions.allow_tf32
    matrices.allow_tf32 = convolutions.allow_tf32 = precision == "tf32"
    try:
        yield
    finally:
        matrices.allow_tf32, convolutions.allow_tf32 = before


def run_model(
    model: MsfSer,
    examples: Examples,
    read: Callable[[Path], Samples],
    *,
    device: torch.device,
    precision: Precision = "fp32",
    processes: Processes | None = None,
    dropout_passes: int = 0,
    watch: Watch = no_watch,
) -> Outputs:
    """Run a model over examples, long ones in windows; parameters as in `run_windows`.

    Returns
    -------
    Outputs
        One row per example: the mean over its windows.
    """
    windows = cut_windows(examples.n_samples)
    outputs = run_windows(
        model,
        examples,
        windows,
        read,
        device=device,
        precision=precision,
        processes=processes,
        dropout_passes=dropout_passes,
        watch=watch,
    )
    return mean_over_windows(outputs, windows)


def mean_over_windows(outputs: Outputs, windows: Windows) -> Outputs:
    """Average the windows of each recording, weighted by their lengths."""
    firsts = np.flatnonzero(np.diff(windows.recordings, prepend=-1))

    def mean(values: NDArray[Any]) -> FloatArray:
        weights = windows.lengths.reshape(-1, *[1] * (values.ndim - 1))
        sums: FloatArray = np.add.reduceat(values * weights, firsts)
        return sums / np.add.reduceat(weights, firsts)

    experts, embeddings = outputs.expert_values, outputs.embeddings
    return Outputs(
        mean(outputs.values),
        None if outputs.gate is None else mean(outputs.gate),
        None if experts is None else mean(experts),
        None if embeddings is None else mean(embeddings).astype(np.float32),
        {kind: mean(variance) for kind, variance in outputs.variances.items()},
        None if outputs.emotions is None else mean(outputs.emotions),
    )


def run_windows(
    model: MsfSer,
    examples: Examples,
    windows: Windows,
    read: Callable[[Path], Samples],
    *,
    device: torch.device,
    precision: Precision = "fp32",
    keep_embeddings: bool = False,
    processes: Processes | None = None,
    dropout_passes: int = 0,
    watch: Watch = no_watch,
) -> Outputs:
    """Run a model over windows of examples, after putting it into evaluation mode.

    Parameters
    ----------
    model : MsfSer
        On `device`.
    examples : Examples
    windows : Windows
        From `cut_windows`.
    read : function
        Returns the standardised samples of a recording, (samples,) float32.
    device : torch.device
    precision : {"fp32", "tf32", "bf16"}
    keep_embeddings : bool
    processes : Processes, optional
        Each runs every n-th of the batches, which are those of one process, and returns all rows.
    watch : function
        Called with the number of windows done, and the total.

    Returns
    -------
    Outputs
        One row per window.
    """
    # batches of windows
    model.eval()
    batch_s = _SHORT_BATCH_S if device.type == "cpu" else _BATCH_S
    batches = sorted_batches(windows.lengths, _LARGEST_BATCH, int(batch_s * RATE_HZ))
    if not batches:
        return Outputs(np.empty((0, len(DIMENSIONS))), None, None, None)
    # outputs of each batch
    read_once = lru_cache(maxsize=1)(read)  # windows of one length of a recording come together
    rows: dict[str, list[torch.Tensor]] = {}  # left on the device: no batch waits for a copy
    done = 0
    rank, size = (processes.rank, processes.size) if processes else (0, 1)
    for index in batches[rank::size]:
        clips = [
            read_once(examples.wavs[windows.recordings[w]])[windows.starts[w] : windows.stops[w]]
            for w in index
        ]
        starts = windows.starts[index]
        batch = collate(examples, windows.recordings[index], clips, starts).to(device)
        with (
            torch.no_grad(),
            tf32_products(precision),
            torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"),
        ):
            predicted = _run_batch(model, batch)
            passes = _pass_with_dropout(model, batch, dropout_passes, int(index[0]))
        outputs = {
            "values": predicted.values if passes is None else passes.mean(dim=0),
            RATER_SPREAD: predicted.side.get("spread"),
            "emotions": predicted.side["emotion"].softmax(dim=1)
            if "emotion" in predicted.side
            else None,
            DROPOUT: None if passes is None else passes.var(dim=0),
            "gate": None if predicted.gate is None else predicted.gate.mean(dim=1),
            "expert_values": predicted.expert_values,
            "embeddings": predicted.embedding if keep_embeddings else None,
            **{
                kind: None if predicted.evidence is None else getattr(predicted.evidence, kind)
                for kind in VARIANCES
            },
        }
        for name, value in outputs.items():
            if value is not None:
                rows.setdefault(name, []).append(value)
        done += len(index)
        watch(done, len(windows.recordings))
    # rows of all processes, in the order of the windows
    here = {name: torch.cat(parts).double().cpu().numpy() for name, parts in rows.items()}
    everywhere = [part for part in (processes.gather(here) if processes else [here]) if part]
    order = np.argsort(np.concatenate([w for k in range(size) for w in batches[k::size]]))
    found = {
        name: np.concatenate([part[name] for part in everywhere])[order] for name in everywhere[0]
    }
    embeddings = found.get("embeddings")
    return Outputs(
        found["values"],
        found.get("gate"),
        found.get("expert_values"),
        None if embeddings is None else embeddings.astype(np.float32),
        {kind: found[kind] for kind in (*VARIANCES, RATER_SPREAD, DROPOUT) if kind in found},
        found.get("emotions"),
    )


def _run_batch(model: MsfSer, batch: Batch) -> Prediction:
    predicted: Prediction = model(
        batch.waveforms,
        batch.sample_mask,
        batch.texts,
        batch.present,
        contours=batch.contours,
    )
    return predicted


def _pass_with_dropout(
    model: MsfSer, batch: Batch, n_passes: int, place: int
) -> torch.Tensor | None:
    """Predict a batch several times with dropout in fusion and heads; None for no passes.

    The dropout of each pass is drawn from its number and the place of the first window, so that the
    same recordings give the same values. WavLM stays without dropout.

    Returns
    -------
    (passes, batch, 3) float32 Tensor or None
    """
    if not n_passes:
        return None
    layers = dropout_layers(model)
    values = []
    with torch.random.fork_rng(
        devices=[torch.device(batch.waveforms.device)] if batch.waveforms.is_cuda else []
    ):
        for layer in layers:
            layer.train()
        try:
            for number in range(n_passes):
                seed = np.random.SeedSequence([place, number]).generate_state(1)[0]
                torch.manual_seed(int(seed))
                found = _run_batch(model, batch)
                values.append(found.values)
        finally:
            model.eval()
    return torch.stack(values)


def dropout_layers(model: MsfSer) -> list[torch.nn.Dropout]:
    """Return the dropout layers of fusion and heads that drop anything."""
    return [
        layer
        for name, layer in model.named_modules()
        if isinstance(layer, torch.nn.Dropout) and layer.p > 0 and not name.startswith("acoustic.")
    ]


def check_dropout(model: MsfSer, n_passes: int) -> None:
    """Check that passes with dropout can differ.

    Raises
    ------
    ConfigError
        One pass only, or no layer of fusion or heads drops anything.
    """
    if n_passes == 1:
        raise ConfigError("--mc-dropout 1: name 2 passes or more, such as 20")
    if n_passes and not dropout_layers(model):
        raise ConfigError(
            "--mc-dropout: the model was trained without dropout in fusion and heads; leave it out"
        )
