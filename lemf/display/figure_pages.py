"""Sentences that no page can hold, cut into pages at pauses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lemf.reading.alignment import Word
    from lemf.scoring.word_emphasis import SentenceEmphasis, WordEmphasis

_LONGEST_S, _MOST_WORDS = 90.0, 250  # that the widest page can hold, upright in small letters
_PAGE_S, _PAGE_WORDS = 45.0, 125  # of the pages of a longer sentence


def cut_pages(words: Sequence[Word] | Sequence[WordEmphasis]) -> list[slice]:
    """Cut a sentence into pages, each at the longest pause of the page's second half.

    Parameters
    ----------
    words : sequence of Word or WordEmphasis
        The words of the sentence in the order of time.

    Returns
    -------
    list of slice
        The words of each page: all where they are at most 250 and at most 90 s pass from the first
        to the last; else at most 125 and 45 s, or one longer word.
    """
    if len(words) <= _MOST_WORDS and words[-1].end_s - words[0].start_s <= _LONGEST_S:
        return [slice(0, len(words))]
    pages = []
    first = 0
    while first < len(words):
        end = first + 1
        while (
            end < min(len(words), first + _PAGE_WORDS)
            and words[end].end_s - words[first].start_s <= _PAGE_S
        ):
            end += 1
        if end < len(words):
            candidates = range(first + (end - first + 1) // 2, end + 1)
            pauses_s = {i: round(words[i].start_s - words[i - 1].end_s, 3) for i in candidates}
            end = max(candidates, key=lambda i: (pauses_s[i], i))
        pages.append(slice(first, end))
        first = end
    return pages


def page_of(sentence: SentenceEmphasis, cut: slice) -> SentenceEmphasis:
    """Return some words of a sentence as a sentence, whose segment is that of the whole."""
    words = sentence.words[cut]
    return replace(
        sentence,
        text=" ".join(word.word for word in words),
        start_s=words[0].start_s,
        end_s=words[-1].end_s,
        words=words,
    )
