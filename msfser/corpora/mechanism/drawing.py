"""The causes of the sentences of the mechanism corpus, drawn from a seed, with what is planted."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

import numpy as np

from msfser.corpora.mechanism.planted import (
    CLASSES,
    MARKERS,
    MISLED,
    N_RATERS,
    NOTHING,
    Planted,
    class_weights,
    habit_points,
    spread_points,
)
from msfser.corpora.mechanism.sentences import (
    CONTENT_WORDS,
    CYCLE,
    F0_RANGE_SEMITONES,
    F0_RANGE_WEIGHT,
    LABEL_BOUNDS,
    LABEL_NOISE,
    N_CONTENT,
    N_WORDS,
    NEUTRAL_WORDS,
    POLARITIES,
    SITUATIONS,
    SPLITS,
    STRESS_DB,
    STRESS_DURATION,
    STRESS_SEMITONES,
    TEMPO,
    TEMPO_WEIGHT,
    Sentence,
    Speaker,
)

Stream = Literal[
    "causes", "speaker", "speech", "description", "class", "votes", "habit", "peak", "turn"
]
_STREAMS: tuple[Stream, ...] = get_args(Stream)


def draw_sentence(seed: int, index: int, planted: Planted = NOTHING) -> Sentence:
    """Draw the causes of one utterance, which depend only on the numbers and on what is planted.

    Parameters
    ----------
    seed, index : int
        Not negative.
    planted : Planted

    Returns
    -------
    Sentence
    """
    plain = _draw_plain(seed, index)
    found = plain
    if planted.class_imbalance:
        found = _with_class(found, seed, class_weights(planted, found.split))
    if planted.speaker_shift:
        found = _with_habit(found, seed, planted)
    if planted.contour_shape:
        peak = float(random_stream("peak", seed, index).uniform(-1.0, 1.0))
        found = replace(found, peak=peak, peak_weight=planted.contour_shape)
    if planted.context_flip:
        found = _as_turn(found, seed, planted.context_flip)
    if planted.rater_spread:
        low, high = F0_RANGE_SEMITONES
        share = (plain.f0_range_semitones - low) / (high - low)
        found = _with_votes(found, seed, spread_points(planted, share))
    return found


def _with_class(sentence: Sentence, seed: int, weights: dict[float, float]) -> Sentence:
    """Draw the class, and a stressed word that is of this class in most utterances."""
    rng = random_stream("class", seed, sentence.index)
    chances = np.array(list(weights.values()))
    polarity = list(weights)[int(rng.choice(len(weights), p=chances / chances.sum()))]
    said = polarity
    if rng.random() < MISLED:
        said = list(weights)[int(rng.integers(len(weights)))]
    words = list(sentence.words)
    words[sentence.stressed_word] = str(rng.choice(CONTENT_WORDS[said]))
    return replace(sentence, words=tuple(words), emotion=CLASSES[polarity], felt_polarity=polarity)


def _with_habit(sentence: Sentence, seed: int, planted: Planted) -> Sentence:
    """Add the habit of a voice of development or test, half of its points by melody, half by tempo.

    The sentence varies less beside it, so that both stay within their usual limits.
    """
    if sentence.split == "train":
        return sentence
    number = int(sentence.speaker.name[1:])
    first_lively = bool(random_stream("habit", seed, number // 4).integers(2))
    habit = habit_points(planted, number, first_lively)
    moved = []
    for value, weight, (low, high) in (
        (sentence.f0_range_semitones, F0_RANGE_WEIGHT, F0_RANGE_SEMITONES),
        (sentence.tempo, TEMPO_WEIGHT, TEMPO),
    ):
        step = habit / 2 / weight * (high - low) / 12**0.5
        middle, half = (low + high) / 2, (high - low) / 2
        moved.append(middle + step + (value - middle) * (1 - abs(step) / half))
    return replace(sentence, f0_range_semitones=moved[0], tempo=moved[1], habit=habit)


def _as_turn(sentence: Sentence, seed: int, share: float) -> Sentence:
    """Make an utterance the first or second turn of a dialogue within its split."""
    first_place = next(first for name, first, _ in SPLITS if name == sentence.split)
    turn = (sentence.index % CYCLE - first_place) % 2
    first = sentence.index - turn
    jokes = bool(random_stream("turn", seed, first).random() < share)
    words = sentence.words if turn else (MARKERS[jokes], *sentence.words[1:])
    return replace(
        sentence,
        words=words,
        dialogue=f"d{first:05d}",
        turn=turn,
        flipped=jokes and turn == 1,
    )


def _with_votes(sentence: Sentence, seed: int, spread: float) -> Sentence:
    """Draw the votes of the raters about the truth."""
    rng = random_stream("votes", seed, sentence.index)
    votes = rng.normal(sentence.truth, spread, size=(N_RATERS, 3))
    rows = np.clip(votes, *LABEL_BOUNDS).tolist()
    return replace(sentence, vote_spread=spread, votes=tuple((v, a, d) for v, a, d in rows))


def _draw_plain(seed: int, index: int) -> Sentence:
    rng = random_stream("causes", seed, index)
    split, _, speakers = next(s for s in reversed(SPLITS) if index % CYCLE >= s[1])
    words = [NEUTRAL_WORDS[i] for i in rng.integers(len(NEUTRAL_WORDS), size=N_WORDS)]
    content = tuple(POLARITIES)
    words[1::2] = [content[i] for i in rng.integers(len(content), size=N_CONTENT)]
    valence, arousal, dominance = rng.uniform(-LABEL_NOISE, LABEL_NOISE, size=3)
    return Sentence(
        index=index,
        split=split,
        speaker=draw_speaker(seed, int(rng.choice(speakers))),
        words=tuple(words),
        stressed_position=int(rng.integers(N_CONTENT)),
        stress_semitones=float(rng.uniform(*STRESS_SEMITONES)),
        stress_db=float(rng.uniform(*STRESS_DB)),
        stress_duration=float(rng.uniform(*STRESS_DURATION)),
        f0_range_semitones=float(rng.uniform(*F0_RANGE_SEMITONES)),
        tempo=float(rng.uniform(*TEMPO)),
        situation=int(rng.integers(len(SITUATIONS))),
        noise=(float(valence), float(arousal), float(dominance)),
    )


def draw_speaker(seed: int, number: int) -> Speaker:
    """Draw a voice; even numbers are women, odd numbers men.

    Parameters
    ----------
    seed, number : int
        Not negative.

    Returns
    -------
    Speaker
    """
    rng = random_stream("speaker", seed, number)
    female = number % 2 == 0
    register_hz = (170.0, 230.0) if female else (105.0, 145.0)
    formant_scale = (1.10, 1.20) if female else (0.95, 1.05)
    return Speaker(
        name=f"s{number:02d}",
        gender="female" if female else "male",
        register_hz=float(np.exp(rng.uniform(*np.log(register_hz)))),
        formant_scale=float(rng.uniform(*formant_scale)),
        tilt_db=float(rng.uniform(5.0, 10.0)),
    )


def random_stream(stream: Stream, seed: int, number: int) -> np.random.Generator:
    """Return the random generator for one purpose of one utterance or speaker."""
    return np.random.default_rng([seed, number, _STREAMS.index(stream)])
