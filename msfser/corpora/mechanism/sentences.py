"""The sentences of the mechanism corpus: causes drawn from a seed, and labels that follow.

A sentence has nine words, ``n C n C n C n C n``: four content words, each with a polarity, between
neutral words, so that the emphasis segment of a content word holds no other. One content word is
stressed. Valence follows from the polarity of the stressed word, arousal from melody and tempo,
dominance from a situation that only the extended semantics show. All causes are independent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
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

LABEL_BOUNDS = (1.0, 7.0)  # the scale of MSP-Podcast
LABEL_CENTRE = 4.0

F0_RANGE_SEMITONES = (1.0, 9.0)  # uniform: swing of F0 between neutral and content words
TEMPO = (0.75, 1.35)  # uniform: factor on the speed of speaking
STRESS_SEMITONES = (2.5, 4.0)  # uniform, like the next two: added to the stressed word
STRESS_DB = (2.5, 4.0)
STRESS_DURATION = (0.18, 0.30)

F0_RANGE_WEIGHT = 0.75  # arousal, for one standard deviation
TEMPO_WEIGHT = 0.75
POLARITY_WEIGHT = 2.5  # valence, from polarity -1 to 1
SITUATION_WEIGHT = 2.5  # dominance, from status -1 to 1
LABEL_NOISE = 0.4  # half width of the uniform noise; no label can leave the bounds

CONTENT_WORDS = {
    1.0: ("joy", "love", "triumph", "delight", "victory", "laughter"),
    0.5: ("comfort", "sunshine", "garden", "music", "holiday", "gift"),
    -0.5: ("delay", "doubt", "rain", "boredom", "traffic", "dust"),
    -1.0: ("grief", "horror", "ruin", "hatred", "agony", "betrayal"),
}
NEUTRAL_WORDS = ("and", "then", "with", "or", "while", "near", "after", "before")
POLARITIES = {word: polarity for polarity, words in CONTENT_WORDS.items() for word in words}
N_CONTENT = 4
N_WORDS = 2 * N_CONTENT + 1  # word 2 p + 1 is content word p, the others are neutral

SITUATIONS = (  # from the lowest status of the speaker to the highest, in equal steps
    "a visit to the headmaster",
    "a first day as an apprentice",
    "a job interview for a junior post",
    "a request at a public counter",
    "a walk through a foreign town",
    "a chat with a neighbour",
    "a phone call between colleagues",
    "a guided tour of a museum",
    "a lesson for a school class",
    "a briefing of a rescue team",
    "a verdict read in a courtroom",
    "a roll call before a regiment",
)
STATUS = tuple(float(status) for status in np.linspace(-1.0, 1.0, len(SITUATIONS)))

# Of every 24 sentences, 16 are for training, 3 for development, 5 for test, so that a small corpus
# is the beginning of a larger one. Speakers are drawn within the split: none is in two splits.
CYCLE = 24
_SPLITS = (  # name, first place in the cycle, speakers
    ("train", 0, range(24)),
    ("development", 16, range(24, 30)),
    ("test", 19, range(30, 40)),
)

Stream = Literal[
    "causes", "speaker", "speech", "description", "class", "votes", "habit", "peak", "turn"
]
_STREAMS: tuple[Stream, ...] = get_args(Stream)

Votes = tuple[tuple[float, float, float], ...]  # valence, arousal, dominance of each rater


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """A voice: F0 register in Hz, factor on the formants, spectral tilt in dB per octave."""

    name: str
    gender: str
    register_hz: float
    formant_scale: float
    tilt_db: float


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """The causes of one utterance and the labels that follow from them.

    Attributes
    ----------
    index : int
        From 0; determines everything else, together with the seed.
    split : str
    speaker : Speaker
    words : tuple of str
        Nine words; those at odd indices are content words.
    stressed_position : int
        Which content word is stressed, 0 to 3.
    stress_semitones, stress_db, stress_duration : float
        Added to F0, level and duration of the stressed word; the last as a share of the duration.
    f0_range_semitones, tempo : float
        Swing of F0 between neutral and content words; factor on the speed.
    situation : int
        Index into `SITUATIONS`.
    noise : (float, float, float)
        Added to valence, arousal, dominance.
    habit : float
        Liveliness of the voice that is no arousal, in points of arousal.
    emotion : str or None
        The class; None where the corpus has no classes.
    felt_polarity : float or None
        That of the class, -1 to 1, which makes valence in place of the stressed word's.
    vote_spread : float
        Standard deviation of the raters in points; 0 without raters.
    peak : float
        Where F0 peaks in the content words: 1 early, 0 in the middle, -1 late.
    peak_weight : float
        Points of dominance of an early peak.
    votes : tuple of (float, float, float)
        Of each rater, within `LABEL_BOUNDS`; empty without raters.
    dialogue : str or None
        Named by its first turn; None where there are no dialogues.
    turn : int
        0 for the first of a dialogue, 1 for the second.
    flipped : bool
        Whether the first turn gives valence of this one the other sign.
    """

    index: int
    split: str
    speaker: Speaker
    words: tuple[str, ...]
    stressed_position: int
    stress_semitones: float
    stress_db: float
    stress_duration: float
    f0_range_semitones: float
    tempo: float
    situation: int
    noise: tuple[float, float, float]
    habit: float = 0.0
    emotion: str | None = None
    felt_polarity: float | None = None
    vote_spread: float = 0.0
    peak: float = 0.0
    peak_weight: float = 0.0
    votes: Votes = ()
    dialogue: str | None = None
    turn: int = 0
    flipped: bool = False

    @property
    def id(self) -> str:
        """Name of the utterance and of its files."""
        return f"m{self.index:05d}"

    @property
    def stressed_word(self) -> int:
        """Index of the stressed word among all nine."""
        return 2 * self.stressed_position + 1

    @property
    def polarities(self) -> tuple[float, ...]:
        """Polarity of each content word, -1 to 1."""
        return tuple(POLARITIES[word] for word in self.words[1::2])

    @cached_property
    def truth(self) -> tuple[float, float, float]:
        """Valence, arousal, dominance as the causes make them, on the scale of `LABEL_BOUNDS`."""
        felt = self.felt_polarity
        if felt is None:
            felt = self.polarities[self.stressed_position]
        effects = (
            POLARITY_WEIGHT * felt * (-1.0 if self.flipped else 1.0),
            F0_RANGE_WEIGHT * standardise(self.f0_range_semitones, F0_RANGE_SEMITONES)
            + TEMPO_WEIGHT * standardise(self.tempo, TEMPO)
            - self.habit,
            (SITUATION_WEIGHT - self.peak_weight) * STATUS[self.situation]
            + self.peak_weight * self.peak,
        )
        valence, arousal, dominance = (
            LABEL_CENTRE + effect + noise for effect, noise in zip(effects, self.noise, strict=True)
        )
        return valence, arousal, dominance

    @cached_property
    def labels(self) -> tuple[float, float, float]:
        """Valence, arousal, dominance: the means of the votes where there are raters."""
        if not self.votes:
            return self.truth
        valence, arousal, dominance = np.mean(self.votes, axis=0).tolist()
        return valence, arousal, dominance


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
    first_place = next(first for name, first, _ in _SPLITS if name == sentence.split)
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
    split, _, speakers = next(s for s in reversed(_SPLITS) if index % CYCLE >= s[1])
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


def standardise(value: float, bounds: tuple[float, float]) -> float:
    """Compute the z-score of a value under the uniform distribution between two bounds."""
    low, high = bounds
    return (value - (low + high) / 2) / ((high - low) / 12**0.5)
