"""Words beyond whose edges there is speech, and sentences too uncertain to judge.

An aligner that is wrong about where a word ends often leaves a piece of it outside. Such a piece is
sound that touches the edge of a word and belongs to no other. Longer sound is something else: a
word or a noise that the TextGrid does not name, or another voice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lemf.arrays import BoolArray, FloatArray
from lemf.config import Settings
from lemf.reading.alignment import Word
from lemf.reading.frames import frames_of_each
from lemf.scoring.word_emphasis import SentenceEmphasis

BEYOND = "sound_beyond"
UNCERTAIN = "uncertain_alignment"
LEAST_BEYOND_S = 0.03  # of sound at an edge; grids by hand leave 15 ms
MOST_BEYOND_S = 0.25
LEAST_SILENCE = 0.05  # of the frames of a recording
UNCERTAIN_SHARE = 1 / 3  # of the words of a sentence
_ALIGNMENT_DOUBTS = frozenset(
    ("stretched_phone", "minimum_phones", "no_sound", "doubtful_alignment", BEYOND)
)
_ROUNDING_S = 1e-6


def edge_flags(
    sentences: Sequence[Sequence[Word]],
    times_s: FloatArray,
    sound_s: FloatArray,
    settings: Settings,
) -> list[list[tuple[str, ...]]]:
    """Find the words beyond whose edges sound goes on where no word is.

    With cues beyond the paper's only, and where 5 % of the recording or more are silent: in noise
    all is sound. Where the speakers of a TextGrid have tiers of their own,
    the sound around a word may be another's, and around the sentences of a tier that of words
    outside: neither is judged.

    Parameters
    ----------
    sentences : sequence of sequences of Word
        All sentences of a recording, in the order of time.
    times_s : (frames,) float64
    sound_s : (some,) float64
        The times at which there is sound, from `find_sound`.
    settings : Settings

    Returns
    -------
    list of lists of tuple of str
        ``sound_beyond`` or nothing, for every word of every sentence: 30 to 250 ms of sound
        without a pause touch one of its edges, and no word is there.
    """
    if not settings.has_extra_cues or settings.speaker is not None:
        return [[()] * len(sentence) for sentence in sentences]
    words = [word for sentence in sentences for word in sentence]
    found: BoolArray = np.zeros(len(words), dtype=bool)
    heard = np.isin(times_s, sound_s, assume_unique=True)
    if len(heard) and heard.mean() <= 1 - LEAST_SILENCE:
        lengths_s = sound_beyond(words, times_s, heard)
        if settings.sentences_tier is not None:
            stops = np.cumsum([len(sentence) for sentence in sentences])
            lengths_s[stops - [len(sentence) for sentence in sentences], 0] = 0.0
            lengths_s[stops - 1, 1] = 0.0
        least, most = LEAST_BEYOND_S - _ROUNDING_S, MOST_BEYOND_S + _ROUNDING_S
        found = np.any((lengths_s >= least) & (lengths_s <= most), axis=1)
    flags = iter([(BEYOND,) if one else () for one in found])
    return [[next(flags) for _ in sentence] for sentence in sentences]


def sound_beyond(words: Sequence[Word], times_s: FloatArray, heard: BoolArray) -> FloatArray:
    """Measure how long sound goes on beyond the edges of words, up to the next word.

    Parameters
    ----------
    words : sequence of Word
        In the order of time.
    times_s : (frames,) float64
    heard : (frames,) bool
        Whether there is sound.

    Returns
    -------
    (words, 2) float64
        Seconds of sound without a pause before the start and after the end.
    """
    period_s = float(times_s[1] - times_s[0]) if len(times_s) > 1 else 0.0
    starts = [*(word.start_s for word in words), np.inf]
    ends = [-np.inf, *(word.end_s for word in words)]
    lengths_s = np.zeros((len(words), 2))
    gaps = frames_of_each(list(zip(ends, starts, strict=True)), times_s)
    for gap, span in enumerate(gaps):
        inside = heard[span]
        if gap < len(words):
            lengths_s[gap, 0] = _leading(inside[::-1]) * period_s
        if gap > 0:
            lengths_s[gap - 1, 1] = _leading(inside) * period_s
    return lengths_s


def flag_uncertain(sentence: SentenceEmphasis, settings: Settings) -> SentenceEmphasis:
    """Flag a sentence whose alignment is doubtful at a third of its words or more.

    With cues beyond the paper's only.
    """
    doubtful = [not _ALIGNMENT_DOUBTS.isdisjoint(word.flags) for word in sentence.words]
    if not settings.has_extra_cues or np.mean(doubtful) < UNCERTAIN_SHARE - _ROUNDING_S:
        return sentence
    return replace(sentence, flags=(*sentence.flags, UNCERTAIN))


def edge_notes(sentences: Sequence[SentenceEmphasis]) -> list[str]:
    """Write a note on sentences too uncertain to judge, and one on words with sound beyond."""
    notes = []
    if n_uncertain := sum(UNCERTAIN in sentence.flags for sentence in sentences):
        which = "the sentence is"
        if len(sentences) > 1:
            which = f"{n_uncertain} of {len(sentences)} sentences are"
        notes.append(
            f"{which} too uncertain to judge ({UNCERTAIN}): the alignment is doubtful at a third "
            "of the words or more; correct the TextGrid, or align anew with lemf align"
        )
    words = [word for sentence in sentences for word in sentence.words]
    if beyond := [word for word in words if BEYOND in word.flags]:
        first = beyond[0]
        notes.append(
            f"words beyond whose edges sound goes on ({BEYOND}): {len(beyond)} of {len(words)}, "
            f"such as {first.word} ({first.start_s:.2f}-{first.end_s:.2f} s); look there"
        )
    return notes


def _leading(heard: BoolArray) -> int:
    """Count the frames with sound before the first one without."""
    return len(heard) if heard.all() else int(np.argmin(heard))
