"""What each cue is worth, alone, added and left out, and how far the choice of cues can be trusted.

    python benchmarks/cue_study.py LABELS [--pitch harvest|praat]

LABELS is a file that `lemf evaluate` takes. Prints Markdown tables:

1. each cue alone;
2. the cue set `listeners` without each of its cues, with each further one, with other weights;
3. the same set where each constant of its definitions is another;
4. what was tried and left out: the longest vowel, durations against those of the same phone,
   without final lengthening, and cues standardised over all words of the speaker or of all;
5. how far the measures can go: the ratings themselves as scores, and with noise added;
6. the *choice* judged: for each sentence the best of all sets of one to four equally weighted cues
   is chosen on the sentences that share neither speaker nor text with it.

One standard error of a top-1 near 0.77 on 62 sentences is 0.05.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from itertools import chain, combinations

import numpy as np

from lemf import Settings
from lemf.agreement.labels.files import read_labels
from lemf.agreement.labels.rated_sentences import RatedSentence, rate_sentences
from lemf.agreement.measures import judge, rating_margin, top_n, top_word, within_segment
from lemf.arrays import FloatArray
from lemf.config import CUE_SETS, PITCH_METHODS
from lemf.contours.measurement import Measurement, measure
from lemf.pipeline import score_measurement
from lemf.scoring.norms import gather_norms

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
INSTEAD = ("vowel_duration", "lengthening", "nonfinal_phones")


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
    """Return the measures of weighted cues."""
    return summary(sentences, [weighted(one, weights) for one in sentences])


def weighted(sentence: RatedSentence, weights: Mapping[str, float]) -> FloatArray:
    """Return the sum of weighted cues of each word."""
    z = sentence.scored.z[0]
    total: FloatArray = np.sum([weight * z[name] for name, weight in weights.items()], axis=0)
    return total


def summary(
    sentences: Sequence[RatedSentence], scores: Sequence[FloatArray]
) -> Mapping[str, float]:
    """Return the measures of scores."""
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
        module = import_module(f"lemf.cues.{module_name}")
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
    """Replace the durations, or the words over which the cues are standardised."""
    print_head("`listeners`, otherwise")
    for name in INSTEAD:
        weights = LISTENERS | {"long_phones": 0.0, name: 1.0}
        print_row(f"{name} for long_phones", judged(sentences, weights))
    recordings = {one.id: own for one, own in zip(sentences, measured, strict=True)}
    speakers = {one.id: one.speaker or "" for one in sentences}
    in_all = replace(settings, cues="all", weights=dict.fromkeys(CUE_SETS["all"], 0.0) | LISTENERS)
    expecting = replace(
        in_all, weights={**in_all.cue_weights, "long_phones": 0.0, "lengthening": 1.0}
    )
    for name, kept in (("listeners", in_all), ("lengthening for long_phones", expecting)):
        for scope, group_of in (("speaker", speakers.__getitem__), ("corpus", lambda name: "")):
            norms = gather_norms(recordings.items, kept, group_of)
            scored = [
                score_measurement(own, replace(kept, normalise=scope), norms[group_of(key)])
                for key, own in recordings.items()
            ]
            scores = [np.array([word.score for word in one.words]) for one in scored]
            print_row(f"{name}, over the {scope}", summary(sentences, scores))


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
    """Return top-1, top-1 where the raters were clear, in the segment, in the top-3."""
    scores = weighted(sentence, dict.fromkeys(cues, 1.0))
    top = top_word(sentence.ratings)
    first = top_n(scores, top, 1)
    clear = first if rating_margin(sentence.ratings) >= 0.3 else np.nan
    return first, clear, within_segment(scores, top), top_n(scores, top, 3)


if __name__ == "__main__":
    main()
