"""The model over many utterances, without gradients: the same numbers whatever the batches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from lemf.runtime.progress import Watch, no_watch
from msfser.config.settings import Precision
from msfser.data.batching import collate, sorted_batches
from msfser.data.clips import RATE_HZ, Samples
from msfser.data.examples import Examples, IntArray
from msfser.errors import ConfigError
from msfser.manifest import DIMENSIONS
from msfser.model.msf_ser import MsfSer


@contextmanager
def tf32_products(precision: Precision) -> Iterator[None]:
    """Let NVIDIA GPUs round the factors of fp32 products to 10 bits with "tf32", and only then.

    Left alone, torch does so in convolutions and not elsewhere. CPUs do not know TF32.
    """
    matrices, convolutions = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matrices.allow_tf32, convolutions.allow_tf32
    matrices.allow_tf32 = convolutions.allow_tf32 = precision == "tf32"
    try:
        yield
    finally:
        matrices.allow_tf32, convolutions.allow_tf32 = before


LONGEST_S = 30.0  # longer clips are heard in windows of equal length, up to this

_LARGEST_BATCH = 64
_BATCH_S = 240.0  # of audio, padding counted
_SHORT_BATCH_S = 60.0  # on a CPU, whose caches are small


class Clips(Protocol):
    """Where samples come from: a `ClipReader`, or clips in memory."""

    def read(self, wav: Path) -> Samples:
        """Give the samples of a recording, shape (samples,) float32."""


@dataclass(frozen=True, eq=False)
class Outputs:
    """What the model says of utterances; of a long one, the mean over its windows.

    Attributes
    ----------
    values : (utterances, 3) float64
        In the order of `DIMENSIONS`, on the scale from 0 to 1.
    gate : (utterances,) float64 or None
        Mean of the gate g of equation 4: 1 is all LES, 0 all GS.
    expert_values : (utterances, experts, 3) float64 or None
        What each expert says on its own.
    routing : (3, experts) float64 or None
        Weights pi of equation 7.
    embeddings : (utterances, dim) float32 or None
        Pooled acoustic features.
    """

    values: NDArray[np.float64]
    gate: NDArray[np.float64] | None
    expert_values: NDArray[np.float64] | None
    routing: NDArray[np.float64] | None
    embeddings: NDArray[np.float32] | None


@dataclass(frozen=True)
class _Windows:
    """Stretches of utterances: `place` in the examples, first and last sample."""

    places: IntArray
    starts: IntArray
    stops: IntArray


def choose_device(name: str, *, local_rank: int = 0) -> torch.device:
    """Give the device of a name; ``"auto"`` is a GPU where there is one.

    Parameters
    ----------
    name : str
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    local_rank : int
        Which GPU to take where the name leaves it open.

    Raises
    ------
    ConfigError
        No such device.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(f"cuda:{local_rank}" if name == "cuda" else name)
    except RuntimeError:
        raise ConfigError(f"device {name!r}: must be 'auto', 'cpu', 'cuda' or 'cuda:N'") from None
    n_gpus = torch.cuda.device_count()
    if device.type == "cuda" and (device.index or 0) >= n_gpus:
        gpus = "1 GPU" if n_gpus == 1 else f"{n_gpus} GPUs"
        raise ConfigError(
            f"device {(str(device) if local_rank else name)!r}: this machine has {gpus} that torch "
            "can use; set 'cpu' or 'auto'"
        )
    return device


def run_model(
    model: MsfSer,
    examples: Examples,
    reader: Clips,
    *,
    device: torch.device,
    precision: Precision = "fp32",
    longest_s: float = LONGEST_S,
    without_expert: str | None = None,
    keep_embeddings: bool = False,
    watch: Watch = no_watch,
) -> Outputs:
    """Run a model over examples; it is put into evaluation mode.

    Parameters
    ----------
    model : MsfSer
        On `device`.
    examples : Examples
    reader : Clips
    device : torch.device
    precision : {"fp32", "tf32", "bf16"}
    longest_s : float
        Windows of long clips are no longer than this.
    without_expert : str, optional
        Expert that is left out, its weight shared by the others.
    keep_embeddings : bool
    watch : function
        Called with how many windows are done, and of how many.

    Returns
    -------
    Outputs
    """
    model.eval()
    windows = _cut_windows(examples.n_samples, int(longest_s * RATE_HZ))
    lengths = windows.stops - windows.starts
    batch_s = _SHORT_BATCH_S if device.type == "cpu" else _BATCH_S
    rows: dict[str, list[torch.Tensor]] = {}  # left on the device, which need not wait for them
    order: list[IntArray] = []
    routing, done = None, 0
    for index in sorted_batches(lengths, _LARGEST_BATCH, int(batch_s * RATE_HZ)):
        places = windows.places[index]
        clips = [
            reader.read(examples.wavs[windows.places[w]])[windows.starts[w] : windows.stops[w]]
            for w in index
        ]
        batch = collate(examples, places, clips).to(device)
        with (
            torch.no_grad(),
            tf32_products(precision),
            torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"),
        ):
            said = model(
                batch.waveforms,
                batch.sample_mask,
                batch.texts,
                batch.present,
                without_expert=without_expert,
            )
        outputs = {"values": said.values, "expert_values": said.expert_values}
        outputs["gate"] = None if said.gate is None else said.gate.mean(dim=1)
        outputs["embeddings"] = said.embedding if keep_embeddings else None
        for name, value in outputs.items():
            if value is not None:
                rows.setdefault(name, []).append(value)
        routing = said.routing
        order.append(index)
        done += len(index)
        watch(done, len(lengths))
    if not order:
        return Outputs(np.empty((0, len(DIMENSIONS))), None, None, None, None)
    ordered = np.concatenate(order)
    means = {
        name: _mean_over_windows(
            torch.cat(parts).double().cpu().numpy(),
            windows.places[ordered],
            lengths[ordered],
            len(examples),
        )
        for name, parts in rows.items()
    }
    embeddings = means.get("embeddings")
    return Outputs(
        means["values"],
        means.get("gate"),
        means.get("expert_values"),
        None if routing is None else routing.double().cpu().numpy(),
        None if embeddings is None else embeddings.astype(np.float32),
    )


def _cut_windows(n_samples: IntArray, longest: int) -> _Windows:
    """Cut every utterance into the fewest windows of equal length that are not too long."""
    places, starts, stops = [], [], []
    for place, n in enumerate(n_samples):
        n_windows = max(-(-int(n) // longest), 1)
        edges = np.linspace(0, int(n), n_windows + 1).astype(np.int64)
        places += [place] * n_windows
        starts += list(edges[:-1])
        stops += list(edges[1:])
    return _Windows(*(np.array(column, dtype=np.int64) for column in (places, starts, stops)))


def _mean_over_windows(
    values: NDArray[np.float64], places: IntArray, lengths: IntArray, n_utterances: int
) -> NDArray[np.float64]:
    """Average the windows of each utterance, weighted by their lengths."""
    weights = lengths.astype(np.float64).reshape(-1, *[1] * (values.ndim - 1))
    sums = np.zeros((n_utterances, *values.shape[1:]))
    totals = np.zeros((n_utterances, *[1] * (values.ndim - 1)))
    np.add.at(sums, places, values * weights)
    np.add.at(totals, places, weights)
    return sums / totals
