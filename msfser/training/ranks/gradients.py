"""Sums of gradients over micro-batches and processes, which travel while backward still runs.

Gradients are collected in buckets, the last layers' first, as backward yields them. A bucket whose
gradients are complete is summed over the processes at once, in the background. All processes sum
their buckets in the same order, as a sum needs; a layer that LayerDrop has skipped keeps none
waiting, since the graph tells beforehand which weights it reaches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from msfser.config.settings import Reduction
from msfser.errors import RanksError
from msfser.training.ranks.ranks import PendingSum, Ranks

_LARGEST_BUCKET = 1 << 22  # gradients: 32 MiB in fp64
_SMALLEST_BUCKET = 1 << 13  # a sum of fewer takes as long
_N_BUCKETS = 8  # where neither limit is met: the last bucket alone is not hidden


@dataclass(eq=False)
class _Bucket:
    """Gradients that are summed over the processes together.

    Attributes
    ----------
    sums : (weights,) float64 Tensor
    places : list of int
        Of its parameters.
    missing : int
        Parameters whose last gradient has not come yet.
    sent : Tensor or None
        What is being summed over the processes: `sums`, or a copy of fewer bits.
    """

    sums: Tensor
    places: list[int]
    missing: int = 0
    sent: Tensor | None = None


class GradientSums:
    """Sums of gradients over micro-batches and processes, in fp64: the same in whatever order.

    In fp32, the order would change the last bits, which AdamW enlarges where a gradient is near 0.

    Parameters
    ----------
    model : Module
    ranks : Ranks
    reduction : {"fp64", "bf16"}
        Numbers that travel between the processes. With ``"bf16"``, the sum of each process is
        rounded to 8 bits before, which makes a quarter of the bytes.
    """

    def __init__(self, model: nn.Module, ranks: Ranks, reduction: Reduction = "fp64") -> None:
        # In the order in which backward yields them, as nearly as is known beforehand
        self._trained = [p for p in reversed([*model.parameters()]) if p.requires_grad]
        self._ranks = ranks
        self._rounded = reduction == "bf16" and ranks.size > 1
        sizes = [parameter.numel() for parameter in self._trained]
        flat = torch.zeros(sum(sizes), dtype=torch.float64, device=self._trained[0].device)
        self._sums = torch.split(flat, sizes)
        self._n_found = torch.zeros(len(sizes), dtype=torch.int32)
        self._buckets = [
            _Bucket(flat[start:stop], places) for start, stop, places in _cut_buckets(sizes)
        ]
        self._bucket_of = {place: bucket for bucket in self._buckets for place in bucket.places}
        self._n_sent = 0
        self._pending: list[PendingSum] = []
        self._last = False  # whether this backward is the last one of the step

    def add_gradients(self, values: Tensor, gradient: Tensor | None = None, *, last: bool) -> None:
        """Run backward, and add the gradients of the model to the sums.

        Parameters
        ----------
        values : Tensor
            Output of the model, or its loss.
        gradient : Tensor, optional
            Gradient of the step's loss with respect to `values`; 1 for a loss.
        last : bool
            Whether this process has no further micro-batch in the step.
        """
        self._last = last and self._ranks.size > 1
        if self._last:
            reached = _reached(values)
            for bucket in self._buckets:
                bucket.missing = sum(self._trained[place] in reached for place in bucket.places)
            with self._all_or_none():
                self._send_complete()
        hooks = [
            parameter.register_post_accumulate_grad_hook(self._hook(place))  # type: ignore[no-untyped-call]
            for place, parameter in enumerate(self._trained)
        ]
        try:
            with self._all_or_none():
                values.backward(gradient)  # type: ignore[no-untyped-call]
        finally:
            for hook in hooks:
                hook.remove()

    @contextmanager
    def _all_or_none(self) -> Iterator[None]:
        """Where one sum fails, wait until the others have, too."""
        try:
            yield
        except RanksError:
            for pending in self._pending:
                pending.abandon()
            raise

    def set_gradients(self) -> None:
        """Set the gradients of the model to the sums over all processes.

        A weight that no micro-batch gives a gradient, such as those of a layer that LayerDrop skips
        in all of them, has none: the optimiser leaves that weight as it is, where a gradient of 0
        would let it decay.
        """
        self._finish_sums()
        found = self._n_found.tolist()
        for parameter, total, n in zip(self._trained, self._sums, found, strict=True):
            parameter.grad = total.view_as(parameter).to(parameter.dtype) if n else None

    def _finish_sums(self) -> None:
        """Wait for the sums over all processes; start first what this one had no gradient for."""
        with self._all_or_none():
            for bucket in self._buckets:
                bucket.missing = 0
            self._send_complete()
            for pending in self._pending:
                pending.wait()
        if self._rounded:
            for bucket in self._buckets:
                if bucket.sent is not None:
                    bucket.sums.copy_(bucket.sent)

    def _hook(self, place: int) -> Callable[[Tensor], None]:
        def take(parameter: Tensor) -> None:
            if parameter.grad is None:
                return
            self._sums[place].add_(parameter.grad.flatten())
            self._n_found[place] += 1
            parameter.grad = None
            if self._last:
                self._bucket_of[place].missing -= 1
                self._send_complete()

        return take

    def _send_complete(self) -> None:
        """Start to sum the buckets that are complete, in their order."""
        while self._n_sent < len(self._buckets):
            bucket = self._buckets[self._n_sent]
            if bucket.missing > 0:
                return
            if bucket is self._buckets[-1]:  # all gradients are counted, and travel beside the last
                self._pending.append(self._ranks.start_sum(self._n_found))
            bucket.sent = bucket.sums.bfloat16() if self._rounded else bucket.sums
            self._pending.append(self._ranks.start_sum(bucket.sent))
            self._n_sent += 1


def _cut_buckets(sizes: list[int]) -> Iterator[tuple[int, int, list[int]]]:
    """Cut parameters into buckets; yield the first and last + 1 weight and the places of each."""
    full = min(max(sum(sizes) // _N_BUCKETS, _SMALLEST_BUCKET), _LARGEST_BUCKET)
    start = stop = 0
    places: list[int] = []
    for place, size in enumerate(sizes):
        places.append(place)
        stop += size
        if stop - start >= full or place == len(sizes) - 1:
            yield start, stop, places
            start, places = stop, []


def _reached(values: Tensor) -> set[Tensor]:
    """Find the parameters that backward from `values` gives a gradient."""
    found: set[Tensor] = set()
    nodes = [values.grad_fn]
    seen = {*nodes}
    while nodes:
        node = nodes.pop()
        if node is None:
            continue
        if (parameter := getattr(node, "variable", None)) is not None:
            found.add(parameter)
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                nodes.append(following)
    return found
