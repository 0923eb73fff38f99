"""One recording and the phones of its text -> where each word and each phone is spoken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lemf.aligner.acoustics.graph import N_PARTS, N_REPEATS, Graph, fit_graph
from lemf.aligner.acoustics.mfcc import FRAME_PERIOD_S
from lemf.aligner.acoustics.models import PhoneModels
from lemf.aligner.acoustics.viterbi import find_path
from lemf.aligner.spoken_phones import SpokenText
from lemf.aligner.transcript import TranscriptWord
from lemf.arrays import FloatArray, IntArray

_STRANGE = 1e4  # by which a frame is less likely in another word than its own


@dataclass(frozen=True)
class AlignedPhone:
    """A phone in seconds of the recording."""

    name: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class AlignedWord:
    """A word in seconds of the recording.

    `phones` cover it from its start to its end. `confidence` goes from 0 to 1.
    """

    text: str
    sentence: int
    start_s: float
    end_s: float
    phones: tuple[AlignedPhone, ...]
    confidence: float


@dataclass(frozen=True)
class AlignedText:
    """The words of a recording of `duration_s` seconds, in their order and without overlap.

    `confidence` is that of the whole text; `notes` hold what a user should know.
    """

    words: tuple[AlignedWord, ...]
    duration_s: float
    confidence: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ForcedPath:
    """The likeliest way of a recording through its text.

    Attributes
    ----------
    graph : Graph
    states : (frames,) int64
        The state of each frame.
    scores : (frames, columns) float64
        Logarithms of the likelihoods of all states of all models (`PhoneModels.score`).
    columns : (states,) int64
        The column of each state of the graph.
    """

    graph: Graph
    states: IntArray
    scores: FloatArray
    columns: IntArray

    @property
    def forced(self) -> FloatArray:
        """The logarithm of the likelihood of each frame on the path, (frames,) float64."""
        return self.scores[np.arange(len(self.states)), self.columns[self.states]]


def group_phones(spoken: SpokenText, n_words: int) -> list[list[str]]:
    """List the names of the phones of each word."""
    phones: list[list[str]] = [[] for _ in range(n_words)]
    for phone in spoken.phones:
        phones[phone.word].append(phone.name)
    return phones


def find_word_path(
    features: FloatArray, phones: Sequence[Sequence[str]], models: PhoneModels
) -> ForcedPath:
    """Find the words of a recording.

    Parameters
    ----------
    features : (frames, 26) float64
        As `mfcc.standardise` returns them.
    phones : sequence of sequences of str
        The names of the phones of each word.
    models : PhoneModels

    Returns
    -------
    ForcedPath

    Raises
    ------
    AlignerError
        The recording is too short for the words.
    """
    graph = fit_graph(phones, len(features))
    scores, columns = models.score(features), models.columns(graph)
    states, _ = find_path(scores, columns, graph)
    return ForcedPath(graph, states, scores, columns)


def find_phone_path(
    features: FloatArray,
    phones: Sequence[Sequence[str]],
    models: PhoneModels,
    spans_s: Sequence[tuple[float, float]],
) -> ForcedPath:
    """Find the phones of words whose times are known.

    Parameters
    ----------
    features, phones, models
        As in `find_word_path`.
    spans_s : sequence of (start, end)
        Of each word, in seconds.

    Returns
    -------
    ForcedPath
        Frames outside the words are silent. Where a word is too short for its phones, it takes
        frames around.
    """
    n_repeats = min(
        (int((end_s - start_s) / FRAME_PERIOD_S) // (N_PARTS * max(len(of_word), 1)))
        for of_word, (start_s, end_s) in zip(phones, spans_s, strict=True)
    )
    graph = fit_graph(phones, len(features), choices=(max(1, min(n_repeats, N_REPEATS)), 1))
    scores, columns = models.score(features), models.columns(graph)
    of_frames = np.full(len(features), -1)
    for word, (start_s, end_s) in enumerate(spans_s):
        first, last = (round(time_s / FRAME_PERIOD_S) for time_s in (start_s, end_s))
        of_frames[first:last] = word
    strange = of_frames[:, None] != graph.words[graph.units]
    given = scores[:, columns] - _STRANGE * strange
    states, _ = find_path(given, np.arange(len(columns)), graph)
    return ForcedPath(graph, states, scores, columns)


def read_times(
    path: ForcedPath,
    words: Sequence[TranscriptWord],
    duration_s: float | None,
    *,
    start: int = 0,
) -> tuple[AlignedWord, ...]:
    """Read where words and phones are from a path; the confidence of each is 1.

    Parameters
    ----------
    path : ForcedPath
    words : sequence of TranscriptWord
    duration_s : float, optional
        Of the recording; the last frame ends there. Without, the recording goes on.
    start : int
        The frame of the recording at which the path starts.

    Returns
    -------
    tuple of AlignedWord
    """
    units = path.graph.units[path.states]
    firsts = np.flatnonzero(np.diff(units, prepend=-1))
    edges_s = np.round((start + np.append(firsts, len(units)) - 0.5) * FRAME_PERIOD_S, 4)
    edges_s[0] = max(edges_s[0], 0.0)
    if duration_s is not None:
        edges_s[-1] = duration_s
    phones: list[list[AlignedPhone]] = [[] for _ in words]
    for unit, start_s, end_s in zip(
        units[firsts].tolist(), edges_s[:-1].tolist(), edges_s[1:].tolist(), strict=True
    ):
        word = int(path.graph.words[unit])
        if word >= 0:
            phones[word].append(AlignedPhone(path.graph.names[unit], start_s, end_s))
    return tuple(
        AlignedWord(word.text, word.sentence, own[0].start_s, own[-1].end_s, tuple(own), 1.0)
        for word, own in zip(words, phones, strict=True)
    )
