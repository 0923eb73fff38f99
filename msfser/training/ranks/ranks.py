"""Several processes that train one model, one per GPU, and the sums over them.

A run on several processes is started by ``torchrun``. Gradients are summed, not averaged: each
process holds its share of one and the same loss.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TypeVar

import torch
import torch.distributed
from torch import Tensor
from torch.distributed import PrefixStore, TCPStore  # type: ignore[attr-defined]

from lemf import LemfError
from msfser.errors import ConfigError, RanksError, first_line
from msfser.training.ranks.watch import RESTART, RankWatch
from msfser.training.state import Interrupted

_FoundT = TypeVar("_FoundT")

_LIMIT_NAME = "MSFSER_RANK_TIMEOUT_S"  # environment variable, like those of torchrun
_LIMIT_S = 600.0
_ABANDONED = timedelta(seconds=5.0)  # in which a connection that is lost is found lost
_MARGIN_S = 60.0  # in which the watch ends the processes, before gloo or NCCL would


@dataclass(frozen=True, eq=False)
class Ranks:
    """The number of this process among those that train one model."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0  # on this machine: the number of its GPU
    watch: RankWatch | None = None  # None for a process alone

    @property
    def first(self) -> bool:
        """Whether this process writes, prints and evaluates."""
        return self.rank == 0

    def check(self, accumulation: int) -> None:
        """Check that every process has a micro-batch in a step.

        Raises
        ------
        ConfigError
            There are fewer micro-batches than processes.
        """
        if accumulation < self.size:
            raise ConfigError(
                f"train.accumulation {accumulation}: {self.size} processes share the micro-batches "
                f"of a step; set {self.size} or, to share them evenly, a multiple"
            )

    def add_up(self, tensor: Tensor) -> None:
        """Replace a tensor by its sum over all processes."""
        if self.watch is not None:
            with self.watch.sum():
                torch.distributed.all_reduce(tensor)

    def start_sum(self, tensor: Tensor) -> PendingSum:
        """Start to replace a tensor by its sum over all processes, in the background.

        All processes must start the same sums in the same order.
        """
        if self.watch is None:
            return PendingSum(None, None)
        try:
            return PendingSum(self.watch, torch.distributed.all_reduce(tensor, async_op=True))
        except RuntimeError as error:  # of gloo or NCCL, where a connection is lost
            raise self.watch.explain(error) from None

    def any(self, asked: bool) -> bool:
        """Return whether any of the processes asks for something, such as to stop."""
        count = torch.tensor(int(asked))
        self.add_up(count)
        return bool(count)

    def gather(self, found: _FoundT) -> list[_FoundT]:
        """Return what each process has found, in their order, however long each needs for it."""
        if self.watch is None:
            return [found]
        everything = [found] * self.size
        self.wait()
        with self.watch.sum():
            torch.distributed.all_gather_object(everything, found)
        return everything

    def wait(self) -> None:
        """Wait until all processes have reached this call, however long they need."""
        if self.watch is not None:
            self.watch.wait()


@dataclass(frozen=True, eq=False)
class PendingSum:
    """A sum over all processes that is computed in the background; None where one is alone."""

    watch: RankWatch | None
    work: torch.distributed.Work | None

    def wait(self) -> None:
        """Wait until the sum is computed."""
        if self.watch is not None and self.work is not None:
            with self.watch.sum():
                self.work.wait()

    def abandon(self) -> None:
        """Wait until a sum has failed, too, that was started beside one that has.

        The group of processes cannot be left in order while its threads still compute.
        """
        if self.work is not None:
            with suppress(RuntimeError):
                self.work.wait(_ABANDONED)


ALONE = Ranks()


@contextmanager
def joined_ranks(ranks: Ranks | None = None) -> Iterator[Ranks]:
    """Join the processes that ``torchrun`` has started; without it, this process is alone.

    A process joins once for all its runs: `ranks` that have been joined already are yielded.

    Raises
    ------
    ConfigError
        The processes cannot meet.
    RanksError
        Another process has ended, and so does this one.
    """
    if ranks is not None:
        yield ranks
        return
    if os.environ.get("WORLD_SIZE", "1") == "1":
        yield ALONE
        return
    joined, watch = _join()
    try:
        yield joined
    except RanksError:
        raise
    except torch.distributed.DistError as error:  # of NCCL, which reports faults later
        raise watch.explain(error) from None
    except Interrupted:  # in all processes at the same step
        watch.leave()
        raise
    except LemfError as error:
        watch.end(first_line(error))
        raise
    except BaseException as error:
        watch.end(f"{type(error).__name__} {first_line(error)}".rstrip() + f"; {RESTART}")
        raise
    else:
        watch.leave()
    finally:
        watch.stop()
        torch.distributed.destroy_process_group()


def _join() -> tuple[Ranks, RankWatch]:
    """Meet the other processes, and watch them from then on."""
    try:
        limit_s = float(os.environ.get(_LIMIT_NAME, _LIMIT_S))
        timeout = timedelta(seconds=limit_s + _MARGIN_S)
        local_rank = int(os.environ.get("LOCAL_RANK", "0"))
        rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
        address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
        if local_rank < torch.cuda.device_count():
            torch.cuda.set_device(local_rank)  # else all would take some of the first GPU's memory
        nccl = torch.cuda.is_available() and torch.distributed.is_nccl_available()
        # Meet in a store of rank 0, or of torchrun; the watch tells who has not come.
        connect = partial(TCPStore, address, port, wait_for_workers=False, timeout=timeout)
        hosts = rank == 0 and os.environ.get("TORCHELASTIC_USE_AGENT_STORE") != "True"
        attempt = f"msfser {os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}"
        watch = RankWatch(PrefixStore(attempt, connect(is_master=hosts)), rank, size, limit_s)
        watch.meet(limit_s + _MARGIN_S)
        # An own connection: in that of the group, one call may block all others for long.
        torch.distributed.init_process_group(
            "cpu:gloo,cuda:nccl" if nccl else "gloo",
            store=PrefixStore(f"{attempt} group", connect(is_master=False)),
            rank=rank,
            world_size=size,
            timeout=timeout,
        )
    except (RuntimeError, ValueError, OverflowError, KeyError) as error:
        raise ConfigError(
            f"the ranks cannot meet ({first_line(error)}); start them with torchrun, all at once"
        ) from error
    return Ranks(rank, size, local_rank, watch), watch
