"""Which sentences are judged by weights learnt on which others: neither speaker nor text shared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Literal, NamedTuple

import numpy as np

from lemf.frames import IntArray

LeftOut = Literal["speaker and text", "speaker", "text", "sentence"]


class Fold(NamedTuple):
    """Indices of the sentences that are judged, and of those that are learnt from."""

    test: IntArray
    train: IntArray


def what_to_leave_out(speakers: Sequence[str | None], texts: Sequence[str]) -> LeftOut:
    """Say what judged sentences and those learnt from can be kept from sharing.

    Parameters
    ----------
    speakers : sequence of str or None
        Of each sentence; where one is not known, speakers cannot be left out.
    texts : sequence of str
    """
    several_speakers = None not in speakers and len(set(speakers)) > 1
    if len(set(texts)) > 1:
        return "speaker and text" if several_speakers else "text"
    return "speaker" if several_speakers else "sentence"


def make_folds(
    speakers: Sequence[str | None], texts: Sequence[str], *, n_groups: int
) -> list[Fold]:
    """Split sentences so that each is judged once, by others of other speakers and other texts.

    Parameters
    ----------
    speakers : sequence of str or None
    texts : sequence of str
    n_groups : int
        Speakers and texts are put into at most so many groups each, which are left out together.

    Returns
    -------
    list of Fold
        One for each pair of a group of speakers and a group of texts that holds a sentence. Those
        that share one of them with the judged ones are in neither part. `train` may be empty.
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
    """Put each name, the most frequent ones first, into the group with the fewest sentences."""
    sizes = [0] * n_groups
    group_of: dict[Hashable, int] = {}
    for name, count in Counter(names).most_common():
        group_of[name] = sizes.index(min(sizes))
        sizes[group_of[name]] += count
    return np.array([group_of[name] for name in names])
