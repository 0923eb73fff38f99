"""Scores of external systems, from a file, and of the baselines, which do not use the audio."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lemf.agreement.labels.rated_sentences import RatedSentence, Unjudged
from lemf.arrays import FloatArray
from lemf.errors import CorpusError, shown
from lemf.reading.rows import MANIFEST_SUFFIXES, is_index, read_rows

BASELINES = {
    "chance": "all words alike",
    "last word": "the later, the higher",
    "letters": "letters in the word",
    "word duration": "length of the word in seconds",
    "text memoriser": "mean rating of the word in the readings of the same text by other speakers",
}


def baseline_scores(
    sentences: Sequence[RatedSentence], rated: Sequence[RatedSentence]
) -> dict[str, list[FloatArray]]:
    """Compute the scores of `BASELINES`.

    Parameters
    ----------
    sentences : sequence of RatedSentence
        Sentences to score.
    rated : sequence of RatedSentence
        Sentences whose ratings the text memoriser knows.

    Returns
    -------
    dict of str to list of (words,) float64
        One array per sentence. Where a text has no other reading, the memoriser's scores are all 0.
    """
    return {
        "chance": [np.zeros(len(s.ratings)) for s in sentences],
        "last word": [np.arange(len(s.ratings), dtype=np.float64) for s in sentences],
        "letters": [np.array([float(len(word)) for word in s.scored.words]) for s in sentences],
        "word duration": [s.scored.lengths_s for s in sentences],
        "text memoriser": _memorised(sentences, rated),
    }


def _memorised(
    sentences: Sequence[RatedSentence], rated: Sequence[RatedSentence]
) -> list[FloatArray]:
    readings: dict[tuple[str, int], list[RatedSentence]] = {}
    for one in rated:
        readings.setdefault((one.text, len(one.ratings)), []).append(one)
    return [
        _mean_of_others(one, readings.get((one.text, len(one.ratings)), ())) for one in sentences
    ]


def _mean_of_others(sentence: RatedSentence, readings: Sequence[RatedSentence]) -> FloatArray:
    others = [
        other.ratings
        for other in readings
        if other is not sentence and (other.speaker is None or other.speaker != sentence.speaker)
    ]
    mean: FloatArray = np.mean(others, axis=0) if others else np.zeros(len(sentence.ratings))
    return mean


SCORE_SUFFIXES = (*MANIFEST_SUFFIXES, ".parquet")
_NUMBERS = ("score", "probability", "emphasised")  # what a file may say of a word, one or more
_COLUMNS = ("id", "index", "sentence", *_NUMBERS)
_BINARY = {"0": 0.0, "1": 1.0, "false": 0.0, "true": 1.0}
ScoreKey = tuple[str, int | None, int]  # recording, sentence if given, word
Scores = dict[ScoreKey, float]


class ExternalSystem(NamedTuple):
    """What a system says of each word; NaN where it says nothing.

    Attributes
    ----------
    scores : dict of (id, sentence or None, index) to float
        What ranks the words: the scores, or else P, or else 1 and 0.
    probabilities, decisions : dict of (id, sentence or None, index) to float
        P(emphasised); 1 for a word that is taken as emphasised, else 0. Empty without the column.
    """

    scores: Scores
    probabilities: Scores
    decisions: Scores


def read_system(source: str | Path) -> ExternalSystem:
    """Read what a system says from a .csv, .jsonl or .parquet with one row per word.

    A row has ``id`` (the recording's, as in the labels), ``index`` (of the word, from 0) and one
    or more of ``score``, ``probability`` (P(emphasised)) and ``emphasised`` (1 or 0). With a
    column ``sentence``, ``index`` counts inside that sentence of the recording, else over all its
    words. The tables of ``lemf batch`` are such files.

    Parameters
    ----------
    source : str or Path

    Returns
    -------
    ExternalSystem

    Raises
    ------
    CorpusError
        The file cannot be read, a row is wrong, or a word occurs twice.
    """
    table = read_rows(source, suffixes=SCORE_SUFFIXES, required=_COLUMNS[:2], only=_COLUMNS)
    if not table.rows:
        raise CorpusError(f"{source}: no score found; write one row per word")
    known = [name for name in _NUMBERS if name in table.columns]
    if not known:
        raise CorpusError(
            f"{source}: no column score, probability or emphasised; it has "
            f"{', '.join(table.columns)}"
        )
    read: dict[str, Scores] = {name: {} for name in _NUMBERS}
    for place, row in table.rows:
        if not isinstance(row.get("id"), str):
            raise CorpusError(f"{place}: no id; name the recording as the labels do")
        sentence = _index(place, "sentence", row["sentence"]) if "sentence" in row else None
        key = (str(row["id"]), sentence, _index(place, "index", row.get("index")))
        if key in read[known[0]]:
            raise CorpusError(
                f"{place}: word {key[2]} of {key[0]} occurs twice; keep one row per word"
            )
        for name in known:
            read[name][key] = _number(place, name, row.get(name))
    return ExternalSystem(read[known[0]], read["probability"], read["emphasised"])


def read_scores(source: str | Path) -> Scores:
    """Read the scores of a system alone; parameters and errors as in `read_system`."""
    return read_system(source).scores


def match_scores(
    name: str, scores: Scores, sentences: Sequence[RatedSentence]
) -> tuple[list[FloatArray | None], list[Unjudged]]:
    """Find the scores of each sentence.

    Parameters
    ----------
    name : str
        Name of the system.
    scores : dict
        As `read_scores` returns them.
    sentences : sequence of RatedSentence

    Returns
    -------
    list of (words,) float64 or None
        None for a sentence with a word that has no score, or with more scores than words.
    list of Unjudged
        The sentences with None.

    Raises
    ------
    CorpusError
        The system scored none of the recordings.
    """
    ids = {recording for recording, _, _ in scores}
    if not any(sentence.recording in ids for sentence in sentences):
        example = sentences[0].recording if sentences else "none"
        raise CorpusError(
            f"{name}: scores for ids such as {shown(min(ids))}, labels for ids such as "
            f"{shown(example)}; give the scores the ids of the labels"
        )
    found: list[FloatArray | None] = []
    unjudged = []
    counts = Counter((recording, number) for recording, number, _ in scores)
    for sentence in sentences:
        if misfit := _misfit(counts, sentence):
            found.append(None)
            unjudged.append(Unjudged(sentence.id, f"scores by {name} do not fit", misfit))
            continue
        values = np.array([_find(scores, sentence, i) for i in range(len(sentence.ratings))])
        if np.isfinite(values).all():
            found.append(values)
            continue
        found.append(None)
        words = [sentence.scored.words[i] for i in np.flatnonzero(~np.isfinite(values))]
        unjudged.append(Unjudged(sentence.id, f"no score by {name}", ", ".join(words)))
    return found, unjudged


def _misfit(counts: Counter[tuple[str, int | None]], sentence: RatedSentence) -> str:
    """Describe scores for more words than the TextGrid has, which belong to other words."""
    for number, n_words in (
        (sentence.number, len(sentence.ratings)),
        (None, sentence.n_recording_words),
    ):
        if (n_scores := counts[sentence.recording, number]) > n_words:
            return f"{n_scores} scores for {n_words} words"
    return ""


def _find(scores: Scores, sentence: RatedSentence, word: int) -> float:
    inside = (sentence.recording, sentence.number, word)
    return scores.get(
        inside, scores.get((sentence.recording, None, sentence.first_word + word), math.nan)
    )


def _index(place: str, what: str, value: object) -> int:
    text = str(value)
    if not is_index(text):
        raise CorpusError(f"{place}: {what} {shown(value)} is not a whole number; count from 0")
    return int(text)


def _number(place: str, name: str, value: object) -> float:
    if value is None:
        return math.nan
    if name == "emphasised":
        if (known := _BINARY.get(str(value).lower().removesuffix(".0"))) is None:
            raise CorpusError(f"{place}: emphasised {shown(value)}; give 1 or 0")
        return known
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        raise CorpusError(
            f"{place}: {name} {shown(value)} is not a number; leave it empty for none"
        ) from None
    if name == "probability" and not (math.isnan(number) or 0 <= number <= 1):
        raise CorpusError(f"{place}: probability {number:g}; give a number from 0 to 1")
    return number
