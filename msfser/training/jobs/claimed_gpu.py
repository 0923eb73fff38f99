"""A GPU of its own for each of several trainings that run side by side on one machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import torch

from lemf import OutputError
from lemf.runtime.locks import hold_lock
from msfser.training.ranks.ranks import ALONE, Ranks


@contextmanager
def claimed_gpu(folder: Path, jobs: int, ranks: Ranks = ALONE) -> Iterator[Ranks]:
    """Claim a GPU while the ``with`` block runs; where all are claimed, it is shared.

    The claim is a lock in the folder, which the system releases however the process ends.

    Parameters
    ----------
    folder : Path
        Of the output that all trainings share.
    jobs : int
        Trainings at the same time; one alone claims nothing.
    ranks : Ranks
        Of this process, yielded where nothing is claimed.

    Yields
    ------
    Ranks
        A process alone, whose ``local_rank`` is the number of the GPU.
    """
    n_gpus = torch.cuda.device_count()
    with ExitStack() as stack:
        if jobs > 1 and n_gpus > 1:
            for number in range(jobs):
                with suppress(OutputError):  # another process holds this number
                    stack.enter_context(hold_lock(folder / f".job{number}.lock"))
                    ranks = Ranks(local_rank=number % n_gpus)
                    torch.cuda.set_device(ranks.local_rank)
                    break
        yield ranks
