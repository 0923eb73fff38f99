"""Systems and baselines by the order of the words: who finds the one that listeners heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lemf.agreement.bootstrap import Spread, draw_spread
from lemf.agreement.evaluation.results import Evaluation, GroupAgreement, SystemAgreement
from lemf.agreement.external_systems import baseline_scores
from lemf.agreement.labels.rated_sentences import (
    RatedSentence,
    RatedSentences,
    Unjudged,
    known_speakers,
    nothing_to_judge,
)
from lemf.agreement.measures import CLEAR_MARGIN, MEASURES, Judgement, judge, rating_margin
from lemf.arrays import FloatArray
from lemf.config import N_RESAMPLES
from lemf.errors import CorpusError
from lemf.option_choices import GROUPINGS, Grouping
from lemf.runtime.progress import Watch, no_watch
from lemf.scoring.ranking import rounded


def evaluate(
    sentences: RatedSentences,
    scores: Mapping[str, Sequence[FloatArray | None]],
    *,
    unjudged: Sequence[Unjudged] = (),
    clear_margin: float = CLEAR_MARGIN,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
    may_be_unranked: bool = False,
    watch: Watch = no_watch,
) -> Evaluation:
    """Evaluate systems and the baselines, which use no audio, on the sentences that all scored.

    Parameters
    ----------
    sentences : RatedSentences
    scores : mapping of name to sequence of (words,) float64 or None
        One array for each of ``sentences.judged``; None where the system has no scores.
    unjudged : sequence of Unjudged
        The sentences without scores, and why.
    clear_margin : float
        Lead of the highest rating over the next from which a sentence counts as clear.
    n_resamples, seed : int
        Number of draws and seed of the bootstrap.
    may_be_unranked : bool
        Whether all measures may be NaN, where no sentence has one top word.
    watch : Watch
        Called after every system and baseline.

    Returns
    -------
    Evaluation

    Raises
    ------
    CorpusError
        There is no sentence that can be judged, unless `may_be_unranked`.
    """
    # Sentences that all systems scored
    complete = [
        i
        for i in range(len(sentences.judged))
        if all(one[i] is not None for one in scores.values())
    ]
    left_out = (*sentences.unjudged, *unjudged)
    if not complete and not may_be_unranked:
        error = nothing_to_judge(left_out)
        if not sentences.judged and sentences.complete:
            raise CorpusError(f"{error}; with a cut (--cut LEVEL) each word is judged instead")
        raise error
    judged = [sentences.judged[i] for i in complete]
    given = {
        name: [array for i in complete if (array := one[i]) is not None]
        for name, one in scores.items()
    }

    # Measures, intervals and differences to the first system
    baselines = baseline_scores(judged, (*sentences.judged, *sentences.tied))
    speakers = known_speakers(judged)
    systems: list[SystemAgreement] = []
    first: Spread | None = None
    named = given | baselines
    for name, arrays in named.items():
        watch(len(systems), len(named))
        if not complete:
            systems.append(_unranked(name, baseline=name in baselines))
            continue
        judgement = judge(
            arrays,
            [s.ratings for s in judged],
            [s.text for s in judged],
            clear_margin=clear_margin,
        )
        spread = draw_spread(judgement, speakers, n_resamples=n_resamples, seed=seed)
        differs = None if first is None or name in baselines else spread.minus(first)
        first = first or spread
        systems.append(
            SystemAgreement(
                name=name,
                baseline=name in baselines,
                measures=spread.measures,
                intervals=spread.intervals(),
                difference=differs.measures if differs else {},
                difference_intervals=differs.intervals() if differs else {},
                groups=_by_groups(judgement, judged),
                n_tied=sum(_is_tied(one) for one in arrays),
            )
        )

    watch(len(systems), len(named))

    # What they were judged on
    return Evaluation(
        systems=tuple(systems),
        n_sentences=len(judged),
        n_clear=sum(rating_margin(s.ratings) >= clear_margin for s in judged),
        n_texts=len({s.text for s in judged}),
        n_speakers=None if speakers is None or not judged else len(set(speakers)),
        unjudged=left_out,
        notes=sentences.notes,
        clear_margin=clear_margin,
        n_resamples=n_resamples,
        seed=seed,
    )


def _unranked(name: str, *, baseline: bool) -> SystemAgreement:
    """Return the system with NaN for every measure."""
    return SystemAgreement(
        name=name,
        baseline=baseline,
        measures=dict.fromkeys(MEASURES, np.nan),
        intervals={"sentences": dict.fromkeys(MEASURES, (np.nan, np.nan))},
        difference={},
        difference_intervals={},
        groups=dict.fromkeys(GROUPINGS, ()),
        n_tied=0,
    )


def _by_groups(
    judgement: Judgement, sentences: Sequence[RatedSentence]
) -> dict[Grouping, tuple[GroupAgreement, ...]]:
    by: dict[Grouping, tuple[GroupAgreement, ...]] = {}
    for grouping in GROUPINGS:
        names = [getattr(sentence, grouping) for sentence in sentences]
        known = sorted({name for name in names if name is not None})
        number_of = {name: number for number, name in enumerate(known)}
        numbers = np.array([number_of.get(name, -1) for name in names], dtype=np.int64)
        by[grouping] = tuple(
            GroupAgreement(
                name, int((numbers == i).sum()), judgement.summary((numbers == i).astype(np.int64))
            )
            for i, name in enumerate(known)
        )
    return by


def _is_tied(scores: FloatArray) -> bool:
    return bool(np.count_nonzero(rounded(scores) == rounded(scores).max()) > 1)
