"""The sentences of the mechanism corpus: their causes, and the labels that follow.

A sentence has nine words, ``n C n C n C n C n``: four content words, each with a polarity, between
neutral words, so that the emphasis segment of a content word holds no other. One content word is
stressed. Valence follows from the polarity of the stressed word, arousal from melody and tempo,
dominance from a situation that only the extended semantics show. All causes are independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

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
SPLITS = (  # name, first place in the cycle, speakers
    ("train", 0, range(24)),
    ("development", 16, range(24, 30)),
    ("test", 19, range(30, 40)),
)

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


def standardise(value: float, bounds: tuple[float, float]) -> float:
    """Compute the z-score of a value under the uniform distribution between two bounds."""
    low, high = bounds
    return (value - (low + high) / 2) / ((high - low) / 12**0.5)
