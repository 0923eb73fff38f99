"""One sentence: the cues of its words, then their scores, ranks and the segment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from lemf.arrays import FloatArray
from lemf.config import CUE_SETS, Settings
from lemf.contours.contours import Contours
from lemf.cues.paper_cues import word_flags
from lemf.cues.phone_norms import PhoneNorms
from lemf.cues.sentence_contours import SentenceContours, cut_sentence
from lemf.cues.word_cues import word_cues
from lemf.cues.zscore import is_constant
from lemf.reading.alignment import Alignment, Word
from lemf.scoring.decision import (
    DecisionModel,
    SentenceDecision,
    WordDecision,
    log_odds_parts,
    probability,
)
from lemf.scoring.measures import ClearF0, measure_flags, measure_words
from lemf.scoring.ranking import (
    contributions,
    emphasis_score,
    emphasis_segment,
    is_flat,
    rank_words,
)
from lemf.scoring.word_emphasis import CueShare, Segment, SentenceEmphasis, WordEmphasis

_VOICELESS = frozenset({"no_frame", "unvoiced", "unclear_pitch"})  # flags of a word without F0
_FEWEST_WORDS = 5  # of a sentence whose accents are decided without a flag

Standardise = Callable[[str, FloatArray], FloatArray]  # (cue, values) -> z-scores


@dataclass(frozen=True, eq=False)
class SentenceCues:
    """The cues of the words of a sentence, each (words,) float64, and each word's flags."""

    values: Mapping[str, FloatArray]
    flags: list[tuple[str, ...]]

    def with_flags(self, flags: Iterable[tuple[str, ...]]) -> SentenceCues:
        """Return these cues with further flags of each word."""
        return replace(self, flags=[(*a, *b) for a, b in zip(self.flags, flags, strict=True)])


def find_vowels(alignment: Alignment, settings: Settings) -> frozenset[str]:
    """Find the labels of vowels in a recording, if a cue of the set needs them."""
    if not settings.needs_vowels:
        return frozenset()
    from lemf.cues.alphabets import vowel_labels

    words = (word for sentence in alignment.sentences for word in sentence)
    return vowel_labels([phone.label for phone in word.phones] for word in words)


def measure_cues(
    words: tuple[Word, ...],
    contours: Contours,
    settings: Settings,
    recording_s: float,
    expected: PhoneNorms,
    vowels: Collection[str] = (),
    further: Iterable[str] = (),
) -> SentenceCues:
    """Pool the contours and phones of each word.

    Parameters
    ----------
    words : tuple of Word
        Words of one sentence.
    contours : Contours
        Contours of the recording, with detail where the settings need it.
    settings : Settings
    recording_s : float
        Length of the recording in seconds.
    expected : PhoneNorms
        Expected durations of phones.
    vowels : collection of str
        The labels of vowels, where the settings need them.
    further : iterable of str
        Cues that a decision reads beyond those of the cue set.

    Returns
    -------
    SentenceCues
        The paper's three cues, those of the cue set, and the further ones.
    """
    sentence = cut_sentence(words, contours) if settings.needs_detail else None
    names = dict.fromkeys((*CUE_SETS["paper"], *settings.cue_weights, *further))
    values = word_cues(names, words, contours, sentence, expected, vowels)
    flags = word_flags(words, contours, recording_s)
    if sentence and settings.has_extra_cues:
        flags = _flags_of_clarity(flags, sentence, settings.cue_weights)
    return SentenceCues(values, flags)


def score_sentence(
    index: int,
    words: tuple[Word, ...],
    cues: SentenceCues,
    standardise: Standardise,
    weights: Mapping[str, float],
) -> SentenceEmphasis:
    """Standardise, weigh and rank the words of a sentence.

    Parameters
    ----------
    index : int
        Number of the sentence in the recording.
    words : tuple of Word
    cues : SentenceCues
        Cues of these words.
    standardise : function
        Returns the z-scores of a cue by its name and values.
    weights : mapping of cue to float

    Returns
    -------
    SentenceEmphasis
    """
    # Scores, ranks and segment
    values, flags = cues.values, cues.flags
    compared = dict.fromkeys((*CUE_SETS["paper"], *weights))  # a decision reads others as measured
    z = {name: standardise(name, values[name]) for name in compared}
    scores = emphasis_score(z, weights)
    ranks = rank_words(scores)
    segment = emphasis_segment(int(ranks.argmin()), len(words))

    # The words with their cues
    shares = _shares(values, z, weights)
    measured = [values[name].tolist() for name in ("pitch", "energy", "duration")]
    standardised = [z[name].tolist() for name in ("pitch", "energy", "duration")]
    totals, places = scores.tolist(), ranks.tolist()
    scored = tuple(
        WordEmphasis(
            index=i,
            word=word.text,
            start_s=word.start_s,
            end_s=word.end_s,
            pitch=measured[0][i],
            energy=measured[1][i],
            duration=measured[2][i],
            z_pitch=standardised[0][i],
            z_energy=standardised[1][i],
            z_duration=standardised[2][i],
            cues=shares[i],
            score=totals[i],
            rank=places[i],
            flags=flags[i],
        )
        for i, word in enumerate(words)
    )

    # The sentence around them
    return SentenceEmphasis(
        index=index,
        text=_text(words),
        start_s=words[0].start_s,
        end_s=words[-1].end_s,
        flags=_sentence_flags({name: values[name] for name in weights}, scores),
        words=scored,
        segment=Segment(
            words=tuple(segment),
            text=_text(words[segment.start : segment.stop]),
            start_s=words[segment.start].start_s,
            end_s=words[segment.stop - 1].end_s,
        ),
    )


def decide_sentence(
    sentence: SentenceEmphasis,
    measures: Mapping[str, FloatArray],
    model: DecisionModel,
    threshold: float,
) -> SentenceEmphasis:
    """Decide which words of a scored sentence are emphasised.

    Parameters
    ----------
    sentence : SentenceEmphasis
    measures : mapping of cue to (words,) float64
        The absolute measures of the model.
    model : DecisionModel
    threshold : float
        A word is emphasised whose probability is as high or higher.

    Returns
    -------
    SentenceEmphasis
        With its decision, and that of each word.
    """
    added = {
        cue: np.array([word.cues[cue].contribution for word in sentence.words])
        for cue in sentence.words[0].cues
    }
    parts = log_odds_parts(added, measures, model)
    log_odds = np.sum(list(parts.values()), axis=0)
    probabilities = probability(log_odds)
    words = tuple(
        replace(
            word,
            decision=WordDecision(
                probability=float(probabilities[i]),
                emphasised=bool(probabilities[i] >= threshold),
                log_odds=float(log_odds[i]),
                parts={name: float(part[i]) for name, part in parts.items()},
            ),
        )
        for i, word in enumerate(sentence.words)
    )
    found = tuple(int(i) for i in np.flatnonzero(probabilities >= threshold))
    kind = "none" if not found else "one" if len(found) == 1 else "several"
    flags = sentence.flags
    if model.name == "accent" and len(words) < _FEWEST_WORDS:
        flags = (*flags, "few_words")
    return replace(sentence, words=words, flags=flags, decision=SentenceDecision(kind, found))


def add_measures(
    sentence: SentenceEmphasis, words: tuple[Word, ...], clear: ClearF0, rate_hz: int
) -> SentenceEmphasis:
    """Return a scored sentence whose words have their measures, and the flags of these."""
    measures = measure_words(words, clear, rate_hz)
    measured = zip(sentence.words, measures, measure_flags(clear), strict=True)
    return replace(
        sentence,
        words=tuple(
            replace(word, measures=values, flags=(*word.flags, *found))
            for word, values, found in measured
        ),
    )


def flag_voice(sentence: SentenceEmphasis, clear: ClearF0) -> SentenceEmphasis:
    """Flag a scored sentence without any clear voice, or whose fundamental Harvest misses.

    Returns
    -------
    SentenceEmphasis
        With ``unheard`` where no word has clear F0 and nothing says that there is a voice, with
        ``missing_fundamental`` where there is one and Harvest finds it in few of the loud frames.
    """
    silent = all(not _VOICELESS.isdisjoint(word.flags) for word in sentence.words)
    if clear.is_missing and clear.is_voice:
        found = "missing_fundamental"
    elif clear.is_missing or (silent and not np.isfinite(clear.f0_hz).any()):
        found = "unheard"
    else:
        return sentence
    return replace(sentence, flags=(*sentence.flags, found))


def _shares(
    values: Mapping[str, FloatArray], z: Mapping[str, FloatArray], weights: Mapping[str, float]
) -> list[dict[str, CueShare]]:
    added = contributions(z, weights)
    shares: list[dict[str, CueShare]] = [{} for _ in next(iter(values.values()))]
    for name, weight in weights.items():
        columns = (values[name].tolist(), z[name].tolist(), added[name].tolist())
        for share, (value, standardised, part) in zip(
            shares, zip(*columns, strict=True), strict=True
        ):
            share[name] = CueShare(value, standardised, weight, part)
    return shares


def _flags_of_clarity(
    flags: list[tuple[str, ...]], sentence: SentenceContours, weights: Mapping[str, float]
) -> list[tuple[str, ...]]:
    """Flag words without a clear frame; drop `unvoiced` if the paper's pitch is not in the set."""
    dropped = () if "pitch" in weights else ("unvoiced",)
    return [
        (
            *(flag for flag in found if flag not in dropped),
            *(() if sentence.clear[span].any() or span.start == span.stop else ("unclear_pitch",)),
        )
        for found, span in zip(flags, sentence.spans, strict=True)
    ]


def _sentence_flags(values: Mapping[str, FloatArray], scores: FloatArray) -> tuple[str, ...]:
    flags = []
    if len(scores) == 1:
        flags.append("one_word")
    else:
        flags += [f"constant_{name}" for name, cue in values.items() if is_constant(cue)]
    if is_flat(scores):
        flags.append("flat")
    return tuple(flags)


def _text(words: tuple[Word, ...]) -> str:
    return " ".join(word.text for word in words)
