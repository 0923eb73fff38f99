"""What the tables of the mechanism corpus say of a sentence: truth, votes, manifest."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from operator import attrgetter

from msfser.corpora.mechanism.sentences import N_CONTENT, STATUS, Sentence
from msfser.manifest import DIMENSIONS, Utterance
from msfser.parquet import Column
from msfser.ratings import Rating

AUDIO, ALIGNMENT = "audio", "alignment"  # folders

TRUTH_COLUMNS: tuple[Column[Sentence], ...] = (
    ("id", "string", attrgetter("id")),
    ("split", "string", attrgetter("split")),
    ("speaker", "string", attrgetter("speaker.name")),
    ("f0_range_semitones", "float64", attrgetter("f0_range_semitones")),
    ("tempo", "float64", attrgetter("tempo")),
    ("stressed_position", "int64", attrgetter("stressed_position")),
    ("stressed_word_index", "int64", attrgetter("stressed_word")),
    ("stressed_word", "string", lambda sentence: sentence.words[sentence.stressed_word]),
    ("stress_semitones", "float64", attrgetter("stress_semitones")),
    ("stress_db", "float64", attrgetter("stress_db")),
    ("stress_duration", "float64", attrgetter("stress_duration")),
    *(
        (f"polarity_{i}", "float64", lambda sentence, i=i: sentence.polarities[i])
        for i in range(N_CONTENT)
    ),
    ("situation", "int64", attrgetter("situation")),
    ("status", "float64", lambda sentence: STATUS[sentence.situation]),
    *(
        (f"noise_{name}", "float64", lambda sentence, d=d: sentence.noise[d])
        for d, name in enumerate(DIMENSIONS)
    ),
)

PLANTED_COLUMNS: tuple[Column[Sentence], ...] = (  # where anything is planted
    ("habit", "float64", attrgetter("habit")),
    ("emotion", "string", attrgetter("emotion")),
    ("vote_spread", "float64", attrgetter("vote_spread")),
    ("peak", "float64", attrgetter("peak")),
    ("flipped", "bool", attrgetter("flipped")),
)


def to_ratings(sentences: Sequence[Sentence]) -> Iterator[Rating]:
    """Yield the votes on sentences."""
    for sentence in sentences:
        for number, (valence, arousal, dominance) in enumerate(sentence.votes, 1):
            yield Rating(
                id=sentence.id,
                rater=f"r{number}",
                valence=valence,
                arousal=arousal,
                dominance=dominance,
                emotion=sentence.emotion,
            )


def to_utterance(sentence: Sentence, duration_s: float) -> Utterance:
    """Return the row of a sentence in the manifest."""
    valence, arousal, dominance = sentence.labels
    return Utterance(
        id=sentence.id,
        wav=f"{AUDIO}/{sentence.id}.wav",
        alignment=f"{ALIGNMENT}/{sentence.id}.TextGrid",
        transcript=" ".join(sentence.words),
        speaker=sentence.speaker.name,
        gender=sentence.speaker.gender,
        emotion=sentence.emotion,
        valence=valence,
        arousal=arousal,
        dominance=dominance,
        split=sentence.split,
        duration_s=duration_s,
        dialogue=sentence.dialogue,
        start_s=math.nan if sentence.dialogue is None else 10.0 * sentence.turn,
    )
