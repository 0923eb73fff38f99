"""The extended semantics of the mechanism corpus: the six categories of table 1 of the paper.

The scenario names the situation, from which dominance follows. All other phrases are drawn
independently of the causes, so that nothing here depends on valence or arousal.
"""

from __future__ import annotations

from msfser.corpora.mechanism.drawing import random_stream
from msfser.corpora.mechanism.sentences import SITUATIONS, Sentence

_FREE_EMOTIONS = ("an open feeling", "a mixed mood", "a mood of its own", "a feeling hard to name")
_EXPLANATIONS = (
    "The voice leaves the feeling open.",
    "Several readings fit what is heard.",
    "Nothing settles how the speaker feels.",
    "The feeling may only be guessed.",
)
_PARALINGUISTICS = (
    "clear articulation",
    "a close microphone",
    "a quiet room",
    "no laughter",
    "no audible breaths",
    "one speaker throughout",
)
_N_PARALINGUISTICS = 2


def describe(sentence: Sentence, seed: int) -> dict[str, str | list[str]]:
    """Return the description that a listener who knows the situation might write.

    Parameters
    ----------
    sentence : Sentence
    seed : int
        Of the corpus.

    Returns
    -------
    dict
        ``id``, ``free_emotion``, ``emotion`` (always ``"Unknown"``), ``explanation``, ``scenario``,
        ``paralinguistics`` (a list), ``gender``.
    """
    rng = random_stream("description", seed, sentence.index)
    heard = rng.choice(_PARALINGUISTICS, size=_N_PARALINGUISTICS, replace=False)
    return {
        "id": sentence.id,
        "free_emotion": str(rng.choice(_FREE_EMOTIONS)),
        "emotion": "Unknown",
        "explanation": str(rng.choice(_EXPLANATIONS)),
        "scenario": SITUATIONS[sentence.situation],
        "paralinguistics": [str(phrase) for phrase in heard],
        "gender": sentence.speaker.gender,
    }
