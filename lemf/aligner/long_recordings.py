"""Where in a recording the text is spoken: pieces to align, and the sound that the text lacks.

Music, noise or other speech may come before, between and after, and the recording may be long: it
is read in windows, each from a word whose place is settled, so that time and memory grow with its
length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np

from lemf.aligner.acoustics.graph import build_graph, fit_graph
from lemf.aligner.acoustics.mfcc import FRAME_PERIOD_S
from lemf.aligner.acoustics.models import PhoneModels
from lemf.aligner.acoustics.open_path import find_open_path
from lemf.aligner.acoustics.phone_loop import score_free_phones
from lemf.aligner.acoustics.training import Statistics, add_statistics, align_and_accumulate
from lemf.arrays import FloatArray, IntArray
from lemf.runtime.progress import Watch, no_watch

_WINDOW = 8000  # frames: 40 s
_SETTLED = 5000  # frames of a window after which the next may begin
_MOST_SEARCHED = 0.11  # phones per frame of a window: 22 per second
_FREE_PENALTY = 120.0  # per phone of other sound
_OTHER_PENALTY = 250.0  # where other sound begins between sentences, before and after all
_INSIDE_PENALTY = 400.0  # inside a sentence
_LEAST_OTHER = 80  # frames of other sound that are not a part of words: 0.4 s
_LOUD = 90  # percentile of the level of other sound, which is silence if below that of words
_LONGEST_PIECE = 3000  # frames after which a piece ends at a pause: 15 s
_SILENT, _OTHER = -1, -2


@dataclass(frozen=True)
class Piece:
    """A stretch of a recording, in frames, and the words from `first` to before `last`."""

    start: int
    end: int
    first: int
    last: int


@dataclass(frozen=True)
class Pieces:
    """Where a text is spoken.

    Attributes
    ----------
    spoken : tuple of Piece
        Stretches to align, which together have all words of the text.
    unwritten : tuple of Piece
        Sound that is not in the text, before the word `first`; no words.
    unspoken : tuple of Piece
        Words that do not sound, and the stretch between those around that do.
    """

    spoken: tuple[Piece, ...]
    unwritten: tuple[Piece, ...]
    unspoken: tuple[Piece, ...]


def find_pieces(
    features: FloatArray,
    phones: Sequence[Sequence[str]],
    sentences: Sequence[int],
    models: PhoneModels,
    watch: Watch = no_watch,
) -> Pieces:
    """Find the pieces of a recording in which its text is spoken.

    Parameters
    ----------
    features : (frames, 26) float64
    phones : sequence of sequences of str
        The names of the phones of each word.
    sentences : sequence of int
        The sentence of each word.
    models : PhoneModels
    watch : Watch
        Is told the seconds that were searched.

    Returns
    -------
    Pieces
    """
    inside = np.diff(np.array(sentences), prepend=-1, append=-1) == 0
    penalties = np.where(inside, _INSIDE_PENALTY, _OTHER_PENALTY)
    words = _words_of_frames(features, phones, penalties, models, watch)
    n_frames, n_words = len(words), len(phones)
    runs = [0, *(np.flatnonzero(np.diff(words)) + 1).tolist(), n_frames]
    before = np.maximum.accumulate(words.clip(min=-1))  # the last word up to each frame
    after = np.minimum.accumulate(np.where(words < 0, n_words, words)[::-1])[::-1]
    level = features[:, 0]
    of_words = float(level[words >= 0].mean()) if np.any(words >= 0) else 0.0
    spoken: list[Piece] = []
    unwritten: list[Piece] = []
    unspoken: list[Piece] = []
    start = first = 0
    word_end = 0
    for run_start, run_end in pairwise(runs):
        word, next_word = int(words[run_start]), int(after[run_start])
        done = int(before[run_start]) + 1
        if word >= 0:
            if word > (unspoken_from := int(before[run_start - 1]) + 1 if run_start else 0):
                unspoken.append(Piece(word_end, run_start, unspoken_from, word))
            word_end = run_end
            continue
        is_other = word == _OTHER and run_end - run_start >= _LEAST_OTHER
        if next_word > done:
            continue
        if is_other and np.percentile(level[run_start:run_end], _LOUD) > of_words:
            unwritten.append(Piece(run_start, run_end, done, done))
        if is_other or (run_start - start > _LONGEST_PIECE and done < n_words):
            end = run_start if is_other else (run_start + run_end) // 2
            if done > first:
                spoken.append(Piece(start, end, first, done))
            start, first = run_end if is_other else end, done
    if (done := int(before[-1]) + 1) < n_words:
        unspoken.append(Piece(word_end, n_frames, done, n_words))
    if first < n_words:
        spoken.append(Piece(start, n_frames, first, n_words))
    return Pieces(tuple(spoken), tuple(unwritten), tuple(unspoken))


def learn_from(
    features: FloatArray,
    phones: Sequence[Sequence[str]],
    sentences: Sequence[int],
    models: PhoneModels,
) -> Statistics:
    """Align a recording and sum the frames of its states, piece by piece if it is long.

    Parameters
    ----------
    features, phones, sentences, models
        As in `find_pieces`.

    Returns
    -------
    Statistics

    Raises
    ------
    AlignerError
        The recording is too short for its words.
    """
    pieces = [Piece(0, len(features), 0, len(phones))]
    if len(features) > _WINDOW:
        pieces = list(find_pieces(features, phones, sentences, models).spoken)
    learnt = []
    for piece in pieces:
        inside = features[piece.start : piece.end]
        graph = fit_graph(phones[piece.first : piece.last], len(inside))
        learnt.append(align_and_accumulate(inside, graph, models))
    return add_statistics(learnt)


def seconds_of(n_frames: int) -> int:
    """Return the seconds that frames last, rounded, as progress shows them."""
    return round(n_frames * FRAME_PERIOD_S)


def _words_of_frames(
    features: FloatArray,
    phones: Sequence[Sequence[str]],
    penalties: FloatArray,
    models: PhoneModels,
    watch: Watch,
) -> IntArray:
    """Find the word of each frame, `_SILENT` or `_OTHER`."""
    found = np.full(len(features), _SILENT)
    counts = [0, *accumulate(len(one) for one in phones)]
    start = first = 0
    while start < len(features) and first < len(phones):
        watch(seconds_of(start), seconds_of(len(features)), note="finding the text")
        end = min(start + _WINDOW, len(features))
        last = int(np.searchsorted(counts, counts[first] + _MOST_SEARCHED * (end - start), "right"))
        last = min(max(last, first + 1), len(phones))
        to_end = end == len(features)
        words = _words_of_window(
            features[start:end], phones[first:last], penalties[first : last + 1], models, to_end
        )
        words = np.where(words >= 0, first + words, words)
        if to_end:
            found[start:end] = words
            break
        changes = 1 + np.flatnonzero(np.diff(words[: _SETTLED + 1]))
        settled = int(changes[-1]) if len(changes) else _SETTLED
        found[start : start + settled] = words[:settled]
        begins = int(words[settled])
        first = begins if begins > first else max(first, int(words[:settled].max()) + 1)
        start += settled
    else:
        found[start:] = _OTHER
    return found


def _words_of_window(
    features: FloatArray,
    phones: Sequence[Sequence[str]],
    penalties: FloatArray,
    models: PhoneModels,
    to_end: bool,
) -> IntArray:
    graph = build_graph(phones, 1)
    scores = models.score(features)
    other = score_free_phones(scores, (_FREE_PENALTY,))[:, 0]
    path = find_open_path(scores, models.columns(graph), graph, other, penalties, to_end=to_end)
    words = graph.words[graph.units[path.clip(min=0)]]
    return np.where(path < 0, _OTHER, words)
