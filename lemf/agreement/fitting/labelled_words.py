"""Labels -> the words of their sentences, scored, measured and labelled as emphasised or not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from lemf.agreement.labels.files import Label
from lemf.agreement.labels.rated_sentences import RatedSentence, Unjudged, rate_sentences
from lemf.arrays import BoolArray, FloatArray
from lemf.config import CUT, CUT_OF_RATERS, OFF, Settings
from lemf.errors import SettingsError
from lemf.runtime.progress import Watch, no_watch

CANDIDATES = ("pitch_range", "spectral_balance")  # in st and dB: another recording changes neither


class LabelledWords(NamedTuple):
    """The words of one sentence: what is known of them, and what is to be told from that.

    Attributes
    ----------
    scores : (words,) float64
    measures : mapping of cue to (words,) float64
        Absolute measures, such as `CANDIDATES`; NaN where one could not be measured.
    emphasised : (words,) bool
    speaker : str or None
    text : str
    """

    scores: FloatArray
    measures: dict[str, FloatArray]
    emphasised: BoolArray
    speaker: str | None
    text: str


def read_words(
    labels: Sequence[Label],
    settings: Settings,
    *,
    cut: float,
    measures: Iterable[str] = CANDIDATES,
    jobs: int = 1,
    watch: Watch = no_watch,
) -> tuple[tuple[LabelledWords, ...], tuple[Unjudged, ...]]:
    """Score the recordings of labels.

    Parameters
    ----------
    labels : sequence of Label
    settings : Settings
        Those of the scores.
    cut : float
        Least rating of an emphasised word.
    measures : iterable of str
        Cues that are measured beside the scores.
    jobs : int
    watch : Watch

    Returns
    -------
    words : tuple of LabelledWords
        The sentences in the order of recordings.
    unused : tuple of Unjudged
        Recordings that failed, and sentences without a rating for every word.

    Raises
    ------
    CorpusError
        No sentence can be used.
    """
    measured = replace(settings, cues="all", weights=None, decide=OFF)
    rated = rate_sentences(labels, [settings, measured], jobs=jobs, watch=watch)
    used = {one.id for one in rated.complete}
    unused = tuple(one for one in rated.unjudged if one.id not in used)
    names = tuple(dict.fromkeys(measures))
    words = tuple(_words(one, cut, names) for one in rated.complete)
    return words, unused


def _words(sentence: RatedSentence, cut: float, measures: Sequence[str]) -> LabelledWords:
    values = sentence.scored.values[1]
    return LabelledWords(
        sentence.scored.scores[0],
        {cue: values[cue] for cue in measures},
        sentence.ratings >= cut - 1e-9,
        sentence.speaker,
        sentence.text,
    )


def usual_cut(labels: Sequence[Label]) -> float:
    """Return the least rating of an emphasised word: 1, or half of several raters.

    Raises
    ------
    SettingsError
        There are other ratings than 0 and 1.
    """
    if not all(label.is_binary for label in labels):
        raise SettingsError(
            "other ratings than 0 and 1; also say with --cut RATING (cut=RATING) from which one on "
            "words are emphasised"
        )
    return CUT_OF_RATERS if any(label.raters for label in labels) else CUT
