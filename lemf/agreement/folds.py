"""Sentences to judge and sentences to learn from, which share neither speaker nor text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Literal, NamedTuple

import numpy as np

from lemf.arrays import IntArray

LeftOut = Literal["speaker and text", "speaker", "text", "sentence"]


class Fold(NamedTuple):
    """Indices of the sentences that are judged, and of those that are learnt from."""

    test: IntArray
    train: IntArray


def what_to_leave_out(speakers: Sequence[str | None], texts: Sequence[str]) -> LeftOut:
    """Choose what the judged sentences must not share with those that are learnt from.

    Parameters
    ----------
    speakers : sequence of str or None
        Speaker of each sentence; if any is unknown, speakers cannot be left out.
    texts : sequence of str
        Text of each sentence.
    """
    several_speakers = None not in speakers and len(set(speakers)) > 1
    if len(set(texts)) > 1:
        return "speaker and text" if several_speakers else "text"
    return "speaker" if several_speakers else "sentence"


def make_folds(
    speakers: Sequence[str | None], texts: Sequence[str], *, n_groups: int
) -> list[Fold]:
    """Split sentences so that each is judged once, by weights from other speakers and texts.

    Parameters
    ----------
    speakers : sequence of str or None
    texts : sequence of str
    n_groups : int
        Largest number of groups of speakers, and of texts; a group is left out as a whole.

    Returns
    -------
    list of Fold
        One for each pair of a group of speakers and a group of texts with a sentence. Sentences
        that share only one of the two with the judged ones are in neither part. `train` may be
        empty.
    """
    left_out = what_to_leave_out(speakers, texts)
    n_sentences = len(texts)
    if left_out == "sentence":
        group = np.arange(n_sentences) % n_groups
        pairs = [(group == g, group != g) for g in range(min(n_groups, n_sentences))]
    else:
        by_speaker = _group(speakers if "speaker" in left_out else ["all"] * n_sentences, n_groups)
        by_text = _group(texts if "text" in left_out else ["all"] * n_sentences, n_groups)
        pairs = [
            (
                (by_speaker == g) & (by_text == h),
                ((by_speaker != g) | ("speaker" not in left_out))
                & ((by_text != h) | ("text" not in left_out)),
            )
            for g in range(by_speaker.max() + 1)
            for h in range(by_text.max() + 1)
        ]
    return [
        Fold(np.flatnonzero(test), np.flatnonzero(train)) for test, train in pairs if test.any()
    ]


def _group(names: Sequence[Hashable], n_groups: int) -> IntArray:
    """Assign each name, the most frequent ones first, to the group with the fewest sentences."""
    sizes = [0] * n_groups
    group_of: dict[Hashable, int] = {}
    for name, count in Counter(names).most_common():
        group_of[name] = sizes.index(min(sizes))
        sizes[group_of[name]] += count
    return np.array([group_of[name] for name in names])
