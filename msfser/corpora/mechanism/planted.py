"""What may be planted in the mechanism corpus besides its causes; nothing by default.

A class of emotion for valence, one of them far more frequent than the others in training; voices
that are livelier by habit, which listeners do not hear as arousal; raters who agree on lively
melodies more than on flat ones; and peaks of F0 that come early or late in the words, which
listeners hear as dominance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from msfser.errors import ConfigError

CLASSES = {1.0: "elated", 0.5: "content", -0.5: "weary", -1.0: "desperate"}  # by polarity
COMMON = 1.0  # polarity of the class that is frequent where classes are imbalanced
MISLED = 0.3  # share of the utterances whose words do not tell the class
N_RATERS = 7
SPREAD_EDGES = (1.6, 0.4)  # of the raters at the flattest and the liveliest melody, times the mean

PEAK_SEMITONES = 0.7  # by which the two halves of a content word differ at most from its mean F0

MARKERS = {False: "seriously", True: "jokingly"}  # how a first turn begins, by what it does

_MOST = {
    "class_imbalance": 1000.0,
    "speaker_shift": 2.0,
    "rater_spread": 2.0,
    "contour_shape": 2.5,
    "context_flip": 1.0,
}


@dataclass(frozen=True, kw_only=True)
class Planted:
    """What is planted; the same seed without it gives the bytes of the plain corpus.

    Attributes
    ----------
    class_imbalance : float
        How many times as frequent the class "elated" is as each other in training; development
        and test are balanced, and so is everything at 1. The class is the `emotion` of an utterance
        and makes its valence. The stressed word is of the class in 7 of 10 utterances, in the
        others of any class, so that a model that has seen few of a class takes its words for
        misleading. 0: the corpus has no classes.
    speaker_shift : float
        Standard deviation between the voices of development and test, in points of arousal, of a
        liveliness of melody and tempo that is a habit of the voice and no arousal: half of the
        voices speak with so many points more, half with so many less. What they vary beside the
        habit is smaller in turn, so that melody and tempo stay within those of the training, whose
        voices have no habits.
    rater_spread : float
        Mean standard deviation of the votes of `N_RATERS` raters, in points. That of an utterance
        falls along a line with its melody, from 1.6 times to 0.4 times the mean; the labels are the
        means of the votes. 0: one label without raters.
    contour_shape : float
        Points of dominance of an early peak of F0 in the content words over a peak in the middle;
        a late peak takes as many away. The situation has what is left of its 2.5 points. 0: all
        peaks are in the middle.
    context_flip : float
        Share of the first turns that begin with "jokingly", the others with "seriously". Utterances
        are then turns of dialogues of two; valence of a second turn has the other sign, about the
        middle of the scale, where the first began with "jokingly". 0: no dialogues.

    Raises
    ------
    ConfigError
        A number is out of range.
    """

    class_imbalance: float = 0.0
    speaker_shift: float = 0.0
    rater_spread: float = 0.0
    contour_shape: float = 0.0
    context_flip: float = 0.0

    def __post_init__(self) -> None:
        for name, most in _MOST.items():
            value = getattr(self, name)
            if not (math.isfinite(value) and 0 <= value <= most):
                raise ConfigError(f"{name.replace('_', ' ')} {value:g}: must be 0 to {most:g}")
        if 0 < self.class_imbalance < 1:
            raise ConfigError(
                f"class imbalance {self.class_imbalance:g}: 0 for no classes, 1 for balanced ones, "
                "or more"
            )

    @property
    def shown(self) -> str:
        """What is planted, such as ``"speaker shift 1"``; ``""`` for nothing."""
        return ", ".join(
            f"{field.name.replace('_', ' ')} {value:g}"
            for field in fields(self)
            if (value := getattr(self, field.name))
        )


NOTHING = Planted()


def class_weights(planted: Planted, split: str) -> dict[float, float]:
    """Return how often each class is drawn in a split, by polarity, relative to the others."""
    imbalance = planted.class_imbalance if split == "train" else 1.0
    return {polarity: imbalance if polarity == COMMON else 1.0 for polarity in CLASSES}


def habit_points(planted: Planted, speaker: int, first_lively: bool) -> float:
    """Return the habit of a voice in points of arousal.

    Of every four voices, the first two or the last two are lively, a woman and a man: gender does
    not tell the habit.
    """
    lively = (speaker // 2 % 2 == 0) == first_lively
    return planted.speaker_shift if lively else -planted.speaker_shift


def spread_points(planted: Planted, melody_share: float) -> float:
    """Return the standard deviation of the raters in points.

    Parameters
    ----------
    planted : Planted
    melody_share : float
        Place of the F0 range of the sentence among all, from 0, the flattest, to 1.
    """
    flat, lively = SPREAD_EDGES
    return planted.rater_spread * (flat + (lively - flat) * melody_share)
