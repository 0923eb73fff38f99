"""Scores that need no listening: what any figure of agreement has to be compared with.

They know where a word stands, how it is spelt, how long it lasts, or how others read the text.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lemf.frames import FloatArray
from lemf.rated_sentences import RatedSentence

BASELINES = {
    "chance": "all words alike",
    "last word": "the later, the higher",
    "letters": "letters in the word",
    "word duration": "length of the word in seconds",
    "text memoriser": "mean rating of the word in the readings of the same text by other speakers",
}


def baseline_scores(
    sentences: Sequence[RatedSentence], rated: Sequence[RatedSentence]
) -> dict[str, list[FloatArray]]:
    """Give the scores of `BASELINES`.

    Parameters
    ----------
    sentences : sequence of RatedSentence
        Those to be scored.
    rated : sequence of RatedSentence
        Those that the text memoriser has read.

    Returns
    -------
    dict of str to list of (words,) float64
        An array a sentence. Where a text has no other reading, the memoriser's are all 0.
    """
    return {
        "chance": [np.zeros(len(s.ratings)) for s in sentences],
        "last word": [np.arange(len(s.ratings), dtype=np.float64) for s in sentences],
        "letters": [np.array([float(len(word)) for word in s.scored.words]) for s in sentences],
        "word duration": [s.scored.lengths_s for s in sentences],
        "text memoriser": [_memorised(s, rated) for s in sentences],
    }


def _memorised(sentence: RatedSentence, rated: Sequence[RatedSentence]) -> FloatArray:
    others = [
        other.ratings
        for other in rated
        if other.text == sentence.text
        and len(other.ratings) == len(sentence.ratings)
        and other is not sentence
        and (other.speaker is None or other.speaker != sentence.speaker)
    ]
    mean: FloatArray = np.mean(others, axis=0) if others else np.zeros(len(sentence.ratings))
    return mean
