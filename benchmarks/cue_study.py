"""What each cue is worth, alone, added and left out, and how far the choice of cues can be trusted.

    python benchmarks/cue_study.py LABELS [--pitch harvest|praat]

LABELS is a file that `lemf evaluate` takes. Prints Markdown tables:

1. each cue alone;
2. the cue set `listeners` without each of its cues, with each further one, with other weights;
3. the same set where each constant of its definitions is another;
4. what was tried and left out: vowels alone, durations against the mean of the same phone in other
   speakers' readings, a correction for final lengthening, cues standardised over all words of the
   speaker;
5. how far the measures can go: the ratings themselves as scores, and with noise added;
6. the *choice* judged: for each sentence the best of all sets of one to four equally weighted cues
   is chosen on the sentences that share neither speaker nor text with it.

One standard error of a top-1 near 0.77 on 62 sentences is 0.05.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from importlib import import_module
from itertools import chain, combinations

import numpy as np

from lemf import Settings
from lemf.agreement import judge, rating_margin, top_n, top_word, within_segment
from lemf.config import CUE_SETS, PITCH_METHODS
from lemf.frames import FloatArray
from lemf.labels import read_labels
from lemf.measurement import Measurement, measure
from lemf.pipeline import score_measurement
from lemf.rated_sentences import RatedSentence, rate_sentences
from lemf.textgrid import IntervalTier, read_textgrid
from lemf.tiers import is_silence
from lemf.zscore import zscore

LISTENERS = dict(CUE_SETS["listeners"])
MEASURES = ("top1", "clear_top1", "segment", "top3", "spearman", "within_text", "auc")
HEADS = ("top-1", "top-1, clear", "segment", "top-3", "Spearman", "within text", "AUC")
CONSTANTS = (
    ("pooling", "_SYLLABLE_FRAMES", (40, 50, 80)),
    ("sentence_contours", "LEAST_PERIODICITY", (0.0, 0.3, 0.6)),
    ("sentence_contours", "LEAST_ENERGY", (0.1, 0.15, 0.25)),
    ("sentence_contours", "LARGEST_STEP_ST", (1.0, 4.0)),
    ("sentence_contours", "EDGE_FRAMES", (0, 4)),
    ("sentence_contours", "FARTHEST_ST", (8.0, 24.0)),
    ("sentence_contours", "LOUDNESS_EXPONENT", (0.3, 1.0)),
    ("sentence_contours", "AROUND_FRAMES", (100, 400)),
    ("pitch_cues", "CONTRAST_SCALES_S", ((0.1,), (0.2,), (0.1, 0.2), (0.05, 0.1, 0.2))),
    ("duration_cues", "_LONGEST", (1, 3)),
)
MOST_CUES = 4
VOWELS = tuple("aeiouyAEIOUYVQ@2369{}&")  # how their labels begin in SAMPA
FINAL_SHARE = 0.7  # of a phone's length that is not final lengthening


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labels")
    parser.add_argument("--pitch", choices=PITCH_METHODS, default="harvest")
    options = parser.parse_args()
    settings = Settings(cues="all", pitch=options.pitch)
    labels = read_labels(options.labels)
    sentences = rate_sentences(labels, [settings]).judged
    print(f"{len(sentences)} sentences, pitch by {options.pitch}\n")

    print_head("each cue alone")
    for name in CUE_SETS["all"]:
        print_row(name, judged(sentences, {name: 1.0}))
    print_head("`listeners` and its neighbours")
    print_row("**listeners**", judged(sentences, LISTENERS))
    for name in LISTENERS:
        print_row(f"without {name}", judged(sentences, LISTENERS | {name: 0.0}))
    for name in CUE_SETS["all"]:
        if name not in LISTENERS:
            print_row(f"with {name}", judged(sentences, LISTENERS | {name: 1.0}))
    for name in LISTENERS:
        for weight in (0.5, 2.0):
            print_row(f"{weight:g} {name}", judged(sentences, LISTENERS | {name: weight}))
    settings = Settings(cues="listeners", pitch=options.pitch)
    by_id = {label.id: label for label in labels}
    measured = [measure(by_id[one.id].audio, by_id[one.id].textgrid, settings) for one in sentences]
    print_constants(sentences, measured, settings)
    print_tried(sentences, measured, settings)
    print_ceiling(sentences)
    print_choice(sentences)


def print_head(title: str) -> None:
    """Print the head of a table."""
    print(f"\n| {title} | {' | '.join(HEADS)} |\n| --- |{' ---: |' * len(HEADS)}")


def print_row(name: str, measures: Mapping[str, float]) -> None:
    """Print a row of a table."""
    print(f"| {name} | {' | '.join(f'{measures[one]:.2f}' for one in MEASURES)} |", flush=True)


def judged(sentences: Sequence[RatedSentence], weights: Mapping[str, float]) -> Mapping[str, float]:
    """Give the measures of weighted cues."""
    return summary(sentences, [weighted(one, weights) for one in sentences])


def weighted(sentence: RatedSentence, weights: Mapping[str, float]) -> FloatArray:
    """Give the sum of weighted cues of each word."""
    z = sentence.scored.z[0]
    total: FloatArray = np.sum([weight * z[name] for name, weight in weights.items()], axis=0)
    return total


def summary(
    sentences: Sequence[RatedSentence], scores: Sequence[FloatArray]
) -> Mapping[str, float]:
    """Give the measures of scores."""
    return judge(
        scores, [one.ratings for one in sentences], [one.text for one in sentences]
    ).summary()


def print_constants(
    sentences: Sequence[RatedSentence], measured: Sequence[Measurement], settings: Settings
) -> None:
    """Score again with each constant changed, one at a time."""
    print_head("`listeners` with another constant")
    rows = []
    for module_name, constant, values in CONSTANTS:
        module = import_module(f"lemf.{module_name}")
        own = getattr(module, constant)
        for value in values:
            setattr(module, constant, value)
            scores = [
                np.array([word.score for word in score_measurement(one, settings).words])
                for one in measured
            ]
            rows.append(summary(sentences, scores))
            print_row(f"{constant.strip('_')} {value} for {own}", rows[-1])
        setattr(module, constant, own)
    for name, pool in (("lowest", np.min), ("**median**", np.median), ("highest", np.max)):
        print_row(
            f"{name} of these {len(rows)}",
            {one: float(pool([row[one] for row in rows])) for one in MEASURES},
        )


def print_tried(
    sentences: Sequence[RatedSentence], measured: Sequence[Measurement], settings: Settings
) -> None:
    """Replace durations or the standardising by what might be better."""
    print_head("`listeners`, otherwise")
    shares = [[word.cues for word in score_measurement(one, settings).words] for one in measured]
    values = [
        {name: np.array([word[name].value for word in words]) for name in LISTENERS}
        for words in shares
    ]
    phones = [phones_of(one) for one in measured]
    shortened = [
        [[(label, d_s * FINAL_SHARE) for label, d_s in p] if p is words[-1] else p for p in words]
        for words in phones
    ]
    for name, lengths in (
        ("the longest vowel of the word", [[longest_vowel(p) for p in words] for words in phones]),
        ("phones against their mean in other speakers", surprises(sentences, phones)),
        (
            f"phones of the last word counted as {FINAL_SHARE} of their length",
            [[[d_s for _, d_s in word] for word in words] for words in shortened],
        ),
    ):
        others = [
            np.sum([zscore(cue) for key, cue in one.items() if key != "long_phones"], axis=0)
            for one in values
        ]
        longest = [np.array([two_longest(word) for word in words]) for words in lengths]
        scores = [rest + zscore(own) for rest, own in zip(others, longest, strict=True)]
        print_row(name, summary(sentences, scores))
    over_speaker = []
    for one, own in zip(sentences, values, strict=True):
        score = np.zeros(len(one.ratings))
        for name in LISTENERS:
            of_speaker = [
                theirs[name]
                for other, theirs in zip(sentences, values, strict=True)
                if other.speaker == one.speaker
            ]
            pooled = np.concatenate(of_speaker)
            score += np.nan_to_num((own[name] - np.nanmean(pooled)) / np.nanstd(pooled))
        over_speaker.append(score)
    print_row("standardised over the words of the speaker", summary(sentences, over_speaker))


def surprises(
    sentences: Sequence[RatedSentence], phones: Sequence[Sequence[Sequence[tuple[str, float]]]]
) -> list[list[list[float]]]:
    """Give the ln duration of each phone above the mean of its label in other speakers."""
    known: dict[str, list[tuple[str | None, float]]] = {}
    for one, words in zip(sentences, phones, strict=True):
        for label, duration_s in chain.from_iterable(words):
            known.setdefault(label, []).append((one.speaker, np.log(duration_s)))

    def surprise(speaker: str | None, label: str, duration_s: float) -> float:
        expected = [value for other, value in known[label] if other != speaker]
        return float(np.log(duration_s) - np.mean(expected)) if expected else 0.0

    return [
        [[surprise(one.speaker, *phone) for phone in word] for word in words]
        for one, words in zip(sentences, phones, strict=True)
    ]


def longest_vowel(phones: Sequence[tuple[str, float]]) -> list[float]:
    """Give the duration of the longest vowel of a word, of its longest phone if it has none."""
    vowels = [d_s for label, d_s in phones if label.startswith(VOWELS)]
    return sorted(vowels or [d_s for _, d_s in phones])[-1:]


def two_longest(durations: Sequence[float]) -> float:
    """Give the mean of the two longest; NaN of none."""
    return float(np.mean(np.sort(durations)[-2:])) if len(durations) else np.nan


def phones_of(measured: Measurement) -> list[list[tuple[str, float]]]:
    """Give label and duration of the phones of each word."""
    tiers = read_textgrid(measured.textgrid).tiers
    (tier,) = (t for t in tiers if isinstance(t, IntervalTier) and t.name == "phones")
    labelled = [i for i in tier.intervals if not is_silence(i.label)]
    (words,) = measured.alignment.sentences
    return [
        [
            (i.label, i.end_s - i.start_s)
            for i in labelled
            if word.start_s <= (i.start_s + i.end_s) / 2 < word.end_s
        ]
        for word in words
    ]


def print_ceiling(sentences: Sequence[RatedSentence]) -> None:
    """Judge the ratings themselves, as if they were scores."""
    print_head("the ratings as scores")
    rng = np.random.default_rng(0)
    for deviation in (0.0, 0.2, 0.3, 0.4):
        drawn = [
            summary(sentences, [r + deviation * rng.normal(size=len(r)) for r in ratings])
            for ratings in [[one.ratings for one in sentences]] * (20 if deviation else 1)
        ]
        means = {name: float(np.mean([one[name] for one in drawn])) for name in MEASURES}
        print_row(f"noise of {deviation:g} added" if deviation else "as they are", means)


def print_choice(sentences: Sequence[RatedSentence]) -> None:
    """Choose cues without the speaker and the text of each sentence, and judge the choice."""
    names = tuple(CUE_SETS["all"])
    sets = list(chain.from_iterable(combinations(names, n) for n in range(1, MOST_CUES + 1)))
    hits = np.array([[hit_rates(one, cues) for one in sentences] for cues in sets])
    scores, chosen = [], []
    for one in sentences:
        others = np.array(
            [other.speaker != one.speaker and other.text != one.text for other in sentences]
        )
        best = sets[int(np.nanmean(hits[:, others], axis=1).sum(axis=1).argmax())]
        chosen.append(best)
        scores.append(weighted(one, dict.fromkeys(best, 1.0)))
    print_head(f"chosen among {len(sets)} sets")
    print_row("speaker and text left out", summary(sentences, scores))
    in_all = hits.mean(axis=1)[:, 0]
    print(f"\nbest top-1 of a set, with no sentence left out: {in_all.max():.2f}")
    for cues in sorted(dict.fromkeys(chosen), key=chosen.count, reverse=True):
        print(f"chosen for {chosen.count(cues)} sentences: {', '.join(cues)}")


def hit_rates(sentence: RatedSentence, cues: Sequence[str]) -> tuple[float, ...]:
    """Give top-1, top-1 where the raters were clear, in the segment, in the top-3."""
    scores = weighted(sentence, dict.fromkeys(cues, 1.0))
    top = top_word(sentence.ratings)
    first = top_n(scores, top, 1)
    clear = first if rating_margin(sentence.ratings) >= 0.3 else np.nan
    return first, clear, within_segment(scores, top), top_n(scores, top, 3)


if __name__ == "__main__":
    main()
