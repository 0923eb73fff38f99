"""What an evaluation says: each system, its measures and intervals, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lemf.agreement.bootstrap import Intervals
from lemf.agreement.evaluation.detect import Detection
from lemf.agreement.labels.rated_sentences import Unjudged
from lemf.option_choices import Grouping


@dataclass(frozen=True, eq=False)
class GroupAgreement:
    """The measures over the sentences of one speaker or one emotion."""

    name: str
    n_sentences: int
    measures: Mapping[str, float]


@dataclass(frozen=True, kw_only=True, eq=False)
class SystemAgreement:
    """How far one system agrees with the listeners.

    Attributes
    ----------
    name : str
    baseline : bool
        Whether the system is a baseline, which does not use the audio.
    measures : mapping of str to float
        `measures.MEASURES`; NaN where no sentence counts for the measure.
    intervals : mapping of unit to mapping of str to (float, float)
        95 % bootstrap intervals of the measures over sentences, and over speakers where two or
        more are known.
    difference, difference_intervals : mapping
        The same for the measures minus those of the first system, draw by draw; empty for the
        first system and for baselines.
    groups : mapping of grouping to tuple of GroupAgreement
    n_tied : int
        Sentences in which several words share the highest score.
    """

    name: str
    baseline: bool
    measures: Mapping[str, float]
    intervals: Intervals
    difference: Mapping[str, float]
    difference_intervals: Intervals
    groups: Mapping[Grouping, tuple[GroupAgreement, ...]]
    n_tied: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluation:
    """All systems on the same sentences.

    Attributes
    ----------
    systems : tuple of SystemAgreement
        In the given order, then the baselines.
    n_sentences, n_clear, n_texts : int
        Sentences judged by the order of their words; 0 where none has one top word, and then all
        measures of `systems` are NaN; of them, those with a clear margin; different texts among
        them.
    n_speakers : int or None
        None where the speaker of any sentence is unknown.
    unjudged : tuple of Unjudged
        What was left out, for all systems alike.
    notes : tuple of (str, str)
        Recording, and what a user should know about it.
    clear_margin : float
    n_resamples, seed : int
    detection : Detection or None
        Which words are emphasised, where that was asked; on all sentences without a missing
        rating, those with several or no emphasised words, too.
    """

    systems: tuple[SystemAgreement, ...]
    n_sentences: int
    n_clear: int
    n_texts: int
    n_speakers: int | None
    unjudged: tuple[Unjudged, ...]
    notes: tuple[tuple[str, str], ...]
    clear_margin: float
    n_resamples: int
    seed: int
    detection: Detection | None = None
