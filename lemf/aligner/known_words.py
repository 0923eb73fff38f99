"""The phones of words whose times are known, such as those that a recogniser has written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from lemf.aligner.acoustics.graph import build_graph
from lemf.aligner.acoustics.mfcc import FRAME_PERIOD_S
from lemf.aligner.acoustics.models import read_seed
from lemf.aligner.align import compute_features, cover, note_unreadable
from lemf.aligner.espeak import open_espeak
from lemf.aligner.forced import find_phone_path, group_phones, read_times
from lemf.aligner.transcript import TranscriptWord, spoken_form
from lemf.arrays import FloatArray
from lemf.reading.audio import Audio
from lemf.reading.textgrid import Interval, IntervalTier, TextGrid

_TOGETHER = 30  # words whose phones are found at a time
_MARGIN = 10  # frames before and after the words, which their features take into account
_Span = tuple[float, float, str]  # of a phone: start and end in seconds, name


def add_phones(
    recording: Audio, textgrid: TextGrid, words: Sequence[Interval], tier_name: str, language: str
) -> TextGrid:
    """Add a tier of the phones of words, each inside the time of its word.

    Parameters
    ----------
    recording : Audio
    textgrid : TextGrid
    words : sequence of Interval
        The words that are spoken, in the order of time.
    tier_name : str
        Name of the new tier.
    language : str
        As in `align`.

    Returns
    -------
    TextGrid

    Raises
    ------
    AlignerError
        The language is unknown.
    MissingPackageError
        The extra ``align`` is not installed.
    """
    labels = [spoken_form(word.label) or " ".join(word.label.split()) for word in words]
    with open_espeak() as espeak:
        spoken = espeak.speak(labels, language, sound=False)
        unreadable = espeak.find_unreadable(labels, language)
    phones = group_phones(spoken, len(words))
    for place in unreadable:
        phones[place] = []
    features = compute_features(recording)
    spans: list[_Span] = []
    for begin in range(0, len(words), _TOGETHER):
        end = begin + _TOGETHER
        spans += _find_spans(features, words[begin:end], phones[begin:end])
    tier = IntervalTier(
        tier_name, textgrid.start_s, textgrid.end_s, cover(spans, textgrid.start_s, textgrid.end_s)
    )
    note = f"the phones are lemf's, found inside the given words ({language})"
    unread = note_unreadable([labels[place] for place in unreadable])
    return replace(textgrid, tiers=(*textgrid.tiers, tier), notes=(*textgrid.notes, note, *unread))


def _find_spans(
    features: FloatArray, words: Sequence[Interval], phones: Sequence[Sequence[str]]
) -> list[_Span]:
    """Find the phones of some words that follow each other."""
    first = max(round(words[0].start_s / FRAME_PERIOD_S) - _MARGIN, 0)
    last = round(words[-1].end_s / FRAME_PERIOD_S) + 1 + _MARGIN
    inside = features[first:last]
    begin_s = first * FRAME_PERIOD_S
    if build_graph(phones, n_repeats=1).least_frames > len(inside):
        return [
            span for word, names in zip(words, phones, strict=True) for span in _share(word, names)
        ]
    path = find_phone_path(
        inside,
        phones,
        read_seed(),
        [(word.start_s - begin_s, word.end_s - begin_s) for word in words],
    )
    texts = [TranscriptWord(word.label, word.label, 0) for word in words]
    aligned = read_times(path, texts, len(inside) * FRAME_PERIOD_S)
    spans: list[_Span] = []
    for word, found, names in zip(words, aligned, phones, strict=True):
        starts = [word.start_s, *(phone.start_s + begin_s for phone in found.phones[1:])]
        edges = [*(min(max(edge, word.start_s), word.end_s) for edge in starts), word.end_s]
        if any(after <= before for before, after in pairwise(edges)):
            spans += _share(word, names)  # too short for its phones
        else:
            labels = [phone.name for phone in found.phones]
            spans += zip(edges[:-1], edges[1:], labels, strict=True)
    return spans


def _share(word: Interval, phones: Sequence[str]) -> list[_Span]:
    """Return the phones of a word, each with an equal part of its time."""
    names = phones or ["spn"]
    step_s = (word.end_s - word.start_s) / len(names)
    edges = [word.start_s + place * step_s for place in range(len(names))]
    return list(zip(edges, [*edges[1:], word.end_s], names, strict=True))
