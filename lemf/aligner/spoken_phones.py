"""The phones that a synthesiser speaks, and whose of the words they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lemf.arrays import FloatArray

_OTHER_PHONE = 0.8  # cost of an unlike phone where two spoken texts are compared; of a gap, 1


@dataclass(frozen=True)
class SpokenPhone:
    """A phone of the synthesiser, in seconds of its sound; `word` counts the words from 0."""

    name: str
    word: int
    start_s: float
    end_s: float


@dataclass(frozen=True, eq=False)
class SpokenText:
    """What the synthesiser said: the phones, and the sound as (samples,) float64 at `rate_hz`."""

    phones: tuple[SpokenPhone, ...]
    sound: FloatArray
    rate_hz: int


def find_owners(names: Sequence[str], known: Sequence[tuple[str, int]]) -> list[int]:
    """Find the word of each phone by the same text spoken with its words apart.

    Parameters
    ----------
    names : sequence of str
        Phones of the text.
    known : sequence of (str, int)
        Phones of the text with its words apart, and the word of each; the words ascend.

    Returns
    -------
    list of int
        One word per name, ascending: of the counterpart in the alignment of both with the fewest
        changes, or of the next counterpart if a phone has none, as in a liaison.
    """
    if not known:
        return [0] * len(names)
    n_head = _n_equal(names, known)
    n_tail = _n_equal(names[n_head:][::-1], known[n_head:][::-1])
    head = [word for _, word in known[:n_head]]
    tail = [word for _, word in known[len(known) - n_tail :]]
    names, known = names[n_head : len(names) - n_tail], known[n_head : len(known) - n_tail]
    last = tail[0] if tail else (known[-1][1] if known else head[-1])
    return [*head, *_trace(names, known, _costs(names, known), last), *tail]


def _n_equal(names: Sequence[str], known: Sequence[tuple[str, int]]) -> int:
    n_equal = 0
    for name, (other, _) in zip(names, known, strict=False):
        if name != other:
            break
        n_equal += 1
    return n_equal


def _costs(names: Sequence[str], known: Sequence[tuple[str, int]]) -> FloatArray:
    """Compute the edit distances of all beginnings, (names + 1, known + 1)."""
    costs = np.empty((len(names) + 1, len(known) + 1))
    gaps = np.arange(len(known) + 1.0)
    costs[0] = gaps
    others = np.array([other for other, _ in known])
    for row, name in enumerate(names):
        unlike = np.where(others == name, 0, _OTHER_PHONE)
        costs[row + 1, 0] = row + 1
        costs[row + 1, 1:] = np.minimum(costs[row, 1:] + 1, costs[row, :-1] + unlike)
        costs[row + 1] = np.minimum.accumulate(costs[row + 1] - gaps) + gaps
    return costs


def _trace(
    names: Sequence[str], known: Sequence[tuple[str, int]], costs: FloatArray, last: int
) -> list[int]:
    row, column, word, owners = len(names), len(known), last, [last] * len(names)
    while row > 0:
        same = row and column and names[row - 1] == known[column - 1][0]
        diagonal = costs[row - 1, column - 1] + (0 if same else _OTHER_PHONE) if column else np.inf
        if np.isclose(costs[row, column], diagonal):
            row, column, word = row - 1, column - 1, known[column - 1][1]
            owners[row] = word
        elif column and np.isclose(costs[row, column], costs[row, column - 1] + 1):
            column -= 1
        else:
            row -= 1
            owners[row] = word
    return owners
