"""What a corpus teaches the models of its phones: sums over recordings, packed for the parts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from lemf.aligner.acoustics.mfcc import Moments
    from lemf.aligner.acoustics.models import PhoneModels
    from lemf.aligner.acoustics.training import Statistics


def read_moments(heard: str) -> Moments | None:
    """Return the moments in what `hear_file` returned; None where the text does not fit."""
    from lemf.aligner.acoustics.mfcc import Moments

    content = json.loads(heard)
    if not content.get("fits"):
        return None
    n_frames, sums, squares = content["moments"]
    return Moments(n_frames, np.array(sums), np.array(squares))


def pack_statistics(learnt: Sequence[Statistics]) -> bytes:
    """Add what was learnt from recordings, in their order, and return the sum as bytes."""
    from lemf.aligner.acoustics.training import add_statistics

    if not learnt:
        return b"null"
    total = add_statistics(learnt)
    states = {name: sums.tolist() for name, sums in sorted(total.states.items())}
    return json.dumps([states, total.log_likelihood, total.n_frames]).encode()


def estimate_models(learnt: Iterable[bytes]) -> PhoneModels | None:
    """Return the models that sums in their order give; None where nothing was learnt."""
    from lemf.aligner.acoustics.models import read_seed
    from lemf.aligner.acoustics.training import Statistics, add_statistics, estimate

    sums = [content for content in map(json.loads, learnt) if content is not None]
    if not sums:
        return None
    statistics = add_statistics(
        Statistics({name: np.array(rows) for name, rows in states.items()}, *others)
        for states, *others in sums
    )
    return estimate(statistics, read_seed())
