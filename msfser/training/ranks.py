"""Several processes that train one model, one per GPU, and the sums over them.

A run on several processes is started by ``torchrun``. Gradients are summed, not averaged: each
process holds its share of one and the same loss.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed
from torch import Tensor, nn

from msfser.errors import ConfigError


@dataclass(frozen=True)
class Ranks:
    """The number of this process among those that train one model."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0  # on this machine: the number of its GPU

    @property
    def first(self) -> bool:
        """Whether this process writes, prints and evaluates."""
        return self.rank == 0

    def check(self, accumulation: int) -> None:
        """Check that every process has the same number of micro-batches in a step.

        Raises
        ------
        ConfigError
            The micro-batches cannot be shared evenly.
        """
        if accumulation % self.size:
            raise ConfigError(
                f"train.accumulation {accumulation}: {self.size} processes share the micro-batches "
                f"of a step; set a multiple of {self.size}"
            )

    def add_up(self, tensor: Tensor) -> None:
        """Replace a tensor by its sum over all processes."""
        if self.size > 1:
            torch.distributed.all_reduce(tensor)

    def add_up_gradients(self, model: nn.Module) -> None:
        """Replace all gradients by their sums; a missing gradient counts as 0."""
        if self.size == 1:
            return
        trained = [p for p in model.parameters() if p.requires_grad]
        flat = torch.cat(
            [(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in trained]
        )
        torch.distributed.all_reduce(flat)
        gradients = torch.split(flat, [p.numel() for p in trained])
        for parameter, gradient in zip(trained, gradients, strict=True):
            parameter.grad = gradient.view_as(parameter)

    def any(self, asked: bool, device: torch.device) -> bool:
        """Return whether any of the processes asks for something, such as to stop."""
        if self.size == 1:
            return asked
        count = torch.tensor(float(asked), device=device)
        torch.distributed.all_reduce(count)
        return bool(count)

    def wait(self) -> None:
        """Wait until all processes have reached this call."""
        if self.size > 1:
            torch.distributed.barrier()


@contextmanager
def joined_ranks() -> Iterator[Ranks]:
    """Join the processes that ``torchrun`` has started; without it, this process is alone."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Ranks()
        return
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    if local_rank < torch.cuda.device_count():
        torch.cuda.set_device(local_rank)  # else all would take some of the first GPU's memory
    nccl = torch.cuda.is_available() and torch.distributed.is_nccl_available()
    torch.distributed.init_process_group("cpu:gloo,cuda:nccl" if nccl else "gloo")
    try:
        yield Ranks(torch.distributed.get_rank(), torch.distributed.get_world_size(), local_rank)
    finally:
        torch.distributed.destroy_process_group()
