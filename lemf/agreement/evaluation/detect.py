"""Which words are emphasised: systems and baselines in the measures of detection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lemf.agreement.bootstrap import MOST_UNDEFINED, Intervals, Spread
from lemf.agreement.calibration import Reliability, perfect_calibration_error, reliability
from lemf.agreement.detection import best_threshold
from lemf.agreement.evaluation.detection_spread import By, WordJudgement, spread_detection
from lemf.agreement.evaluation.rater_agreement import Raters, judge_raters
from lemf.agreement.external_systems import baseline_scores
from lemf.agreement.folds import Fold, LeftOut, make_folds, what_to_leave_out
from lemf.agreement.labels.rated_sentences import RatedSentence, known_speakers
from lemf.agreement.raters import reaches
from lemf.arrays import BoolArray, FloatArray
from lemf.config import DEFAULT_THRESHOLD, N_RESAMPLES
from lemf.runtime.progress import Watch, no_watch

_N_GROUPS = 6  # of speakers and of texts, as in lemf fit
CONTENT_WORDS = "content words"  # the baseline beside those of the order of the words
_CONTENT_LETTERS = 4  # a word with as many is taken as a content word


class Difference(NamedTuple):
    """The measures of a system minus those of another one, and their 95 % intervals."""

    measures: Mapping[str, float]
    intervals: Intervals


@dataclass(frozen=True, kw_only=True, eq=False)
class SystemDetection:
    """How well one system tells which words are emphasised.

    Attributes
    ----------
    name : str
    baseline : bool
    by : {"probability", "decision", "score"}
        Whether a word is taken as emphasised by P, by what the system's file says, or by the score
        with the highest F1 on the sentences learnt from.
    thresholds : (float, float)
        Lowest and highest threshold over the folds; twice the same for P, NaN for a decision.
    measures : mapping of str to float
        `DETECTION_MEASURES`; ``brier`` and ``ece`` are NaN without P. ``top_emphasised`` is the
        share of the sentences with an emphasised word whose highest score is on one.
    intervals : mapping of unit to mapping of str to (float, float)
        95 % bootstrap intervals of the measures over sentences, and over speakers where two or
        more are known.
    differences : mapping of str to Difference
        By the name of what is subtracted: the first system and each baseline; empty for baselines.
    perfect_ece : float
        What a perfect model has as ``ece`` with these P on average; NaN without P.
    reliability : Reliability or None
        None without P.
    """

    name: str
    baseline: bool
    by: By
    thresholds: tuple[float, float]
    measures: Mapping[str, float]
    intervals: Intervals
    differences: Mapping[str, Difference]
    perfect_ece: float
    reliability: Reliability | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Detection:
    """All systems on the same sentences, whose words are emphasised from a rating on.

    Attributes
    ----------
    cut : float
        Words with this rating or a higher one are emphasised.
    n_sentences, n_none, n_one, n_several, n_words, n_emphasised : int
    left_out : {"speaker and text", "speaker", "text", "sentence"}
        What thresholds of scores were chosen without.
    n_resamples, seed : int
        Of the bootstrap; the seed of the simulation of `perfect_ece`, too.
    systems : tuple of SystemDetection
    raters : Raters or None
        Where several raters labelled the words.
    """

    cut: float
    n_sentences: int
    n_none: int
    n_one: int
    n_several: int
    n_words: int
    n_emphasised: int
    left_out: LeftOut
    n_resamples: int
    seed: int
    systems: tuple[SystemDetection, ...]
    raters: Raters | None = None


def detect(
    sentences: Sequence[RatedSentence],
    scores: Mapping[str, Sequence[FloatArray]],
    probabilities: Mapping[str, Sequence[FloatArray]],
    decisions: Mapping[str, Sequence[BoolArray]] | None = None,
    *,
    cut: float,
    thresholds: Mapping[str, float] | None = None,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
    watch: Watch = no_watch,
) -> Detection:
    """Judge systems and baselines by the words that are emphasised.

    Parameters
    ----------
    sentences : sequence of RatedSentence
        One or more.
    scores : mapping of name to sequence of (words,) float64
        One array per sentence.
    probabilities : mapping of name to sequence of (words,) float64
        P(emphasised) of the systems that have it, which then counts instead of the score.
    decisions : mapping of name to sequence of (words,) bool, optional
        The words that a system without P takes as emphasised.
    cut : float
        Words with this rating or a higher one are emphasised.
    thresholds : mapping of name to float, optional
        P from which on a word is taken as emphasised, by default 0.5.
    n_resamples, seed : int
        Of the bootstrap; the seed of the simulation of a perfect model's calibration error, too.
    watch : Watch
        Called after every system and baseline.

    Returns
    -------
    Detection
        The systems in the given order, then the baselines.
    """
    emphasised = tuple(reaches(sentence.ratings, cut) for sentence in sentences)
    counts = [int(one.sum()) for one in emphasised]
    speakers = known_speakers(sentences)
    folds = make_folds(
        [sentence.speaker for sentence in sentences],
        [sentence.text for sentence in sentences],
        n_groups=_N_GROUPS,
    )
    content = [
        np.array([float(len(word) >= _CONTENT_LETTERS) for word in sentence.scored.words])
        for sentence in sentences
    ]
    baselines = baseline_scores(sentences, sentences) | {CONTENT_WORDS: content}

    # What each system takes as emphasised, and by what
    judgements: dict[str, WordJudgement] = {}
    spans: dict[str, tuple[float, float]] = {}
    for name, given in (dict(scores) | baselines).items():
        known = probabilities.get(name) if name not in baselines else None
        said = (decisions or {}).get(name) if name not in baselines else None
        by: By = "probability" if known else "decision" if said else "score"
        numbers = known or given
        if known:
            levels = [(thresholds or {}).get(name, DEFAULT_THRESHOLD)] * len(sentences)
        elif said:
            levels = [np.nan] * len(sentences)
        else:
            levels = _learn_thresholds(given, emphasised, folds)
        predicted = said if said and not known else list(map(np.greater_equal, numbers, levels))
        judgements[name] = WordJudgement(
            tuple(numbers), tuple(given), tuple(predicted), emphasised, by
        )
        finite = [level for level in levels if np.isfinite(level)] or [np.nan]
        spans[name] = (float(min(finite)), float(max(finite)))

    # Measures, intervals and differences
    spreads: dict[str, Spread] = {}
    for name, one in judgements.items():
        watch(len(spreads), len(judgements))
        spreads[name] = spread_detection(one, speakers, n_resamples=n_resamples, seed=seed)
    watch(len(spreads), len(judgements))
    first = next(iter(scores))
    systems = []
    for name, one in judgements.items():
        others = [] if name in baselines else [first, *baselines]
        is_p = one.by == "probability"
        x, y = np.concatenate(one.numbers), np.concatenate(emphasised)
        systems.append(
            SystemDetection(
                name=name,
                baseline=name in baselines,
                by=one.by,
                thresholds=spans[name],
                measures=spreads[name].measures,
                intervals=spreads[name].intervals(MOST_UNDEFINED),
                differences={
                    other: _difference(spreads[name], spreads[other])
                    for other in others
                    if other != name
                },
                perfect_ece=perfect_calibration_error(x, seed=seed) if is_p else np.nan,
                reliability=reliability(x, y) if is_p else None,
            )
        )
    taken = {name: one.predicted for name, one in judgements.items()}
    return Detection(
        cut=cut,
        n_sentences=len(sentences),
        n_none=sum(n == 0 for n in counts),
        n_one=sum(n == 1 for n in counts),
        n_several=sum(n > 1 for n in counts),
        n_words=sum(map(len, emphasised)),
        n_emphasised=sum(counts),
        left_out=what_to_leave_out(
            [sentence.speaker for sentence in sentences],
            [sentence.text for sentence in sentences],
        ),
        n_resamples=n_resamples,
        seed=seed,
        systems=tuple(systems),
        raters=judge_raters(sentences, taken, cut, n_resamples=n_resamples, seed=seed),
    )


def _difference(spread: Spread, other: Spread) -> Difference:
    minus = spread.minus(other)
    return Difference(minus.measures, minus.intervals(MOST_UNDEFINED))


def _learn_thresholds(
    scores: Sequence[FloatArray], emphasised: Sequence[BoolArray], folds: Sequence[Fold]
) -> list[float]:
    """Learn the threshold of each sentence on others; NaN, so no word is taken, without any."""
    levels = [np.nan] * len(scores)
    for fold in folds:
        if len(fold.train):
            level = best_threshold(
                np.concatenate([scores[i] for i in fold.train]),
                np.concatenate([emphasised[i] for i in fold.train]),
            )
            for i in fold.test:
                levels[i] = level
    return levels
