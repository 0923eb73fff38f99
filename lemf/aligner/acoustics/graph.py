"""The states through which a recording of a text goes, and which state may follow which.

Each phone has three parts in a row, each of one or more states that sound alike. Silence may come
before, after and between words; a vowel at the start of a word may have a glottal stop before; a
schwa before a sonorant may be left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lemf.aligner.acoustics.mfcc import FRAME_PERIOD_S
from lemf.aligner.acoustics.phone_features import VOWELS
from lemf.arrays import IntArray
from lemf.errors import AlignerError

N_PARTS = 3  # of a phone, each with a Gaussian of its own
N_REPEATS = 2  # states of a part, hence the frames that it lasts at least
SILENCE = ""
GLOTTAL_STOP = "ʔ"
ANY_SOUND = "spn"  # of a word of which no phone is known, as MFA names it
_SONORANTS = frozenset("nmlŋɲɾrɹɫʎʁ")


@dataclass(frozen=True, eq=False)
class Graph:
    """States in the order of the text; each is entered from itself and from states before it.

    Attributes
    ----------
    names : tuple of str
        Name of each unit: a phone, `SILENCE`, `GLOTTAL_STOP` or `ANY_SOUND`.
    words : (units,) int64
        The word of each unit, counted from 0; -1 of silence.
    units, parts : (states,) int64
        The unit of each state, and the part of the phone that it belongs to.
    follows : (states,) bool
        Whether a state is entered from the one just before.
    jumps : (jumps, 2) int64
        Other pairs of a state and one that it is entered from.
    starts, ends : (some,) int64
        States in which a recording may start and end.
    """

    names: tuple[str, ...]
    words: IntArray
    units: IntArray
    parts: IntArray
    follows: np.ndarray
    jumps: IntArray
    starts: IntArray
    ends: IntArray

    @property
    def least_frames(self) -> int:
        """The frames of the shortest way through the graph."""
        shortest = np.full(len(self.units), len(self.units))
        shortest[self.starts] = 1
        sources: list[list[int]] = [
            [state - 1] if follows else [] for state, follows in enumerate(self.follows)
        ]
        for state, source in self.jumps:
            sources[state].append(source)
        for state, before in enumerate(sources):
            if before:
                shortest[state] = min(shortest[state], shortest[before].min() + 1)
        return int(shortest[self.ends].min())


def build_graph(phones_of_words: Sequence[Sequence[str]], n_repeats: int = N_REPEATS) -> Graph:
    """Build the graph of a text.

    Parameters
    ----------
    phones_of_words : sequence of sequences of str
        The names of the phones of each word; a word without phones may sound like anything.
    n_repeats : int
        States of each part of a phone.

    Returns
    -------
    Graph
    """
    builder = _Builder(N_PARTS * n_repeats)
    builder.add(SILENCE, -1)
    for word, phones in enumerate(phones_of_words):
        if word > 0:
            builder.add(SILENCE, -1, optional=True)
        if phones and phones[0][0] in VOWELS:
            builder.add(GLOTTAL_STOP, word, optional=True)
        for place, phone in enumerate(phones or [ANY_SOUND]):
            following = phones[place + 1] if place + 1 < len(phones) else SILENCE
            builder.add(phone, word, optional=phone == "ə" and following[:1] in _SONORANTS)
        if word == 0:
            builder.open_start()
    ends = list(builder.frontier)
    builder.add(SILENCE, -1)
    return builder.graph([*ends, *builder.frontier])


def fit_graph(
    phones_of_words: Sequence[Sequence[str]],
    n_frames: int,
    choices: Sequence[int] = (N_REPEATS, 1),
) -> Graph:
    """Build the graph of a text for a recording, with shorter phones if it is spoken fast.

    `choices` are the numbers of states of each part of a phone, of which the first that fits is
    taken.

    Raises
    ------
    AlignerError
        The recording is too short even so.
    """
    for n_repeats in choices:
        graph = build_graph(phones_of_words, n_repeats)
        if graph.least_frames <= n_frames:
            return graph
    raise AlignerError(
        f"{len(phones_of_words)} words take at least {graph.least_frames * FRAME_PERIOD_S:.2f} s, "
        f"the recording lasts {n_frames * FRAME_PERIOD_S:.2f} s; give the text of this recording"
    )


class _Builder:
    """Adds units one after the other; the next is entered from the states of the `frontier`."""

    def __init__(self, n_states: int) -> None:
        self._n_states = n_states  # of a unit
        self.frontier: list[int] = []
        self._names: list[str] = []
        self._words: list[int] = []
        self._entries: list[list[int]] = []
        self._openings: list[int] = []

    def add(self, name: str, word: int, *, optional: bool = False) -> None:
        self._names.append(name)
        self._words.append(word)
        self._entries.append(list(self.frontier))
        last = self._n_states * len(self._names) - 1
        self.frontier = [*self.frontier, last] if optional else [last]

    def open_start(self) -> None:
        """Mark the units that may follow the first silence: the recording may start there."""
        size = self._n_states
        self._openings = [
            size * unit for unit, entries in enumerate(self._entries) if size - 1 in entries
        ]

    def graph(self, ends: list[int]) -> Graph:
        n_units, size = len(self._names), self._n_states
        follows = np.ones(size * n_units, bool)
        follows[0] = False
        jumps = []
        for unit, entries in enumerate(self._entries):
            first = size * unit
            follows[first] = first - 1 in entries
            jumps += [(first, entry) for entry in entries if entry != first - 1]
        return Graph(
            tuple(self._names),
            np.array(self._words),
            np.repeat(np.arange(n_units), size),
            np.tile(np.arange(size) * N_PARTS // size, n_units),
            follows,
            np.array(jumps, np.int64).reshape(-1, 2),
            np.array([0, *self._openings]),
            np.array(ends),
        )
