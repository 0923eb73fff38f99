"""Measure what edges that are off cost, and whether durations that count less there help.

    LEMF_SPEECH_DATA=... python benchmarks/uncertain_edges.py

The sentences of EmoDB are scored by the cues of `listeners` on grids measured by hand, by those of
Praat's aligner, of a prototype and of lemf, each recording alone. Prints, for every rule by which
the z-score of `long_phones` counts less, how often the top word is that of the listeners (62
sentences without a tie) and the F1 of emphasis, fitted without the speaker and the text (70); with
oracles, which know from the grids by hand what edges are off. Then what the flag `sound_beyond`
tells, and what further pronunciations do to the top word, where lemf's aligner may choose them.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import lemf
from lemf.agreement.detection import precision_recall
from lemf.agreement.fitting.decision import CANDIDATES, LabelledWords, fit_words
from lemf.aligner.acoustics import graph
from lemf.scoring.doubts import find_sound
from lemf.scoring.edges import BEYOND, UNCERTAIN

Numbers = NDArray[np.float64]
SETTINGS = lemf.Settings(cues="listeners", decide="off")
ALL = lemf.Settings(cues="all", decide="off")
OFF_S = 0.05
BUILD_GRAPH = graph.build_graph
VARIANTS = ("as they ship", "n as m or ng", "... plosives left out", "... final t left out")
_LABIALS, _VELARS = "pb", "k\u0261"
_PLOSIVES = f"{_LABIALS}td{_VELARS}"


@dataclass(frozen=True)
class Scored:
    """A sentence on one kind of grid, and how far the edges of its words are off."""

    label: lemf.Label
    emphasis: lemf.Emphasis
    values: Mapping[str, Numbers]
    off_s: Numbers
    durations_by_hand: Numbers

    @property
    def top(self) -> int | None:
        """The word of the highest rating; None where there are several."""
        ratings = self.label.ratings
        return int(np.argmax(ratings)) if np.sum(ratings == ratings.max()) == 1 else None

    def flagged(self, flag: str) -> NDArray[np.bool_]:
        """Return which words have a flag."""
        return np.array([flag in word.flags for word in self.emphasis.words])


Rule = Callable[[Scored], Numbers]  # -> what the duration of each word adds to its score


def z_of(emphasis: lemf.Emphasis, cue: str) -> Numbers:
    """Return the z-scores of a cue."""
    return np.array([word.cues[cue].z for word in emphasis.words])


def score_grids(
    labels: Sequence[lemf.Label], grids: Sequence[Path], by_hand: Sequence[Scored] | None
) -> list[Scored]:
    """Score the sentences on grids."""
    found = []
    for number, (label, grid) in enumerate(zip(labels, grids, strict=True)):
        emphasis = lemf.score(label.audio, grid, SETTINGS)
        everything = lemf.score(label.audio, grid, ALL)
        values = {
            cue: np.array([word.cues[cue].value for word in everything.words]) for cue in CANDIDATES
        }
        truth = emphasis if by_hand is None else by_hand[number].emphasis
        off_s = [
            max(abs(a.start_s - b.start_s), abs(a.end_s - b.end_s))
            for a, b in zip(emphasis.words, truth.words, strict=True)
        ]
        by_hand_z = z_of(truth, "long_phones")
        found.append(Scored(label, emphasis, values, np.array(off_s), by_hand_z))
    return found


def scores_of(one: Scored, rule: Rule) -> Numbers:
    """Compute the scores of a sentence where durations count by a rule."""
    others = [z_of(one.emphasis, cue) for cue in SETTINGS.cue_weights if cue != "long_phones"]
    return np.sum(others, axis=0) + rule(one)


def judge(sentences: Sequence[Scored], rule: Rule) -> str:
    """Format top-1 and the F1 of emphasis."""
    right = [one.top == np.argmax(scores_of(one, rule)) for one in sentences if one.top is not None]
    words = [
        LabelledWords(
            scores_of(one, rule),
            one.values,
            one.label.ratings >= 2.0 - 1e-9,
            one.label.speaker,
            one.label.text,
        )
        for one in sentences
    ]
    fitted = fit_words(words, SETTINGS)
    emphasised = np.concatenate([one.emphasised for one in words])
    f1 = precision_recall(np.concatenate(fitted.held_out) >= 0.5, emphasised).f1
    return f"{sum(right)} (.{round(100 * np.mean(right)):02d}), F1 .{round(100 * f1):02d}"


def times(factors: Callable[[Scored], Numbers | float]) -> Rule:
    """Return the rule that the z-scores of durations are multiplied."""
    return lambda one: factors(one) * z_of(one.emphasis, "long_phones")


def less_where(which: Callable[[Scored], NDArray[np.bool_]], factor: float) -> Rule:
    """Return the rule that durations of some words count less."""
    return times(lambda one: np.where(which(one), factor, 1.0))


def confidences(one: Scored) -> Numbers:
    """Return the confidences of the words, 1 where the aligner tells none."""
    labels = [
        interval.label
        for tier in lemf.read_textgrid(one.emphasis.textgrid).tiers
        if tier.name == "confidence" and isinstance(tier, lemf.IntervalTier)
        for interval in tier.intervals
    ]
    found = [float(label) for label in labels if label]
    return np.array(found or [1.0] * len(one.emphasis.words))


def silence_inside_s(one: Scored) -> Numbers:
    """Return how long each word is silent at its edges."""
    sound_s = find_sound(one.emphasis.words, one.emphasis.contours)  # type: ignore[arg-type]
    found = []
    for word in one.emphasis.words:
        inside = sound_s[(sound_s >= word.start_s) & (sound_s < word.end_s)]
        ends = (inside[0] - word.start_s, word.end_s - inside[-1]) if len(inside) else (1.0,)
        found.append(max(ends))
    return np.array(found)


def dips_db(one: Scored) -> Numbers:
    """Return how far the level falls within 60 ms of the edges between words, the larger one."""
    contours, words = one.emphasis.contours, one.emphasis.words
    level_db = 20 * np.log10(np.maximum(contours.energy, 1e-6))
    level_db = np.convolve(level_db, np.full(5, 0.2), "same")
    dips = np.zeros(len(words))
    for number in range(len(words) - 1):
        edge_s = (words[number].end_s + words[number + 1].start_s) / 2
        frame = int(np.searchsorted(contours.times_s, edge_s))
        dip = level_db[frame] - level_db[max(frame - 12, 0) : frame + 13].min()
        dips[number : number + 2] = np.maximum(dips[number : number + 2], dip)
    return dips


RULES: dict[str, Rule] = {
    "as it is": times(lambda _: 1.0),
    "all durations times 0.5": times(lambda _: 0.5),
    "all durations times 0.75": times(lambda _: 0.75),
    "all durations times 1.25": times(lambda _: 1.25),
    "times the confidence": times(confidences),
    "confidence below .5: none": less_where(lambda one: confidences(one) < 0.5, 0.0),
    "`sound_beyond`: half": less_where(lambda one: one.flagged(BEYOND), 0.5),
    "`sound_beyond`: none": less_where(lambda one: one.flagged(BEYOND), 0.0),
    "80 ms of silence at an edge: half": less_where(lambda one: silence_inside_s(one) >= 0.08, 0.5),
    "80 ms of silence at an edge: none": less_where(lambda one: silence_inside_s(one) >= 0.08, 0.0),
    "level 6 dB lower beside an edge: half": less_where(lambda one: dips_db(one) >= 6, 0.5),
    "level 10 dB lower beside an edge: half": less_where(lambda one: dips_db(one) >= 10, 0.5),
    "1 / (1 + that / 6 dB)": times(lambda one: 1 / (1 + dips_db(one) / 6)),
    "oracle, edge over 50 ms off: half": less_where(lambda one: one.off_s > OFF_S, 0.5),
    "oracle, edge over 50 ms off: none": less_where(lambda one: one.off_s > OFF_S, 0.0),
    "oracle, edge over 30 ms off: half": less_where(lambda one: one.off_s > 0.03, 0.5),
    "oracle, edge over 80 ms off: half": less_where(lambda one: one.off_s > 0.08, 0.5),
    "durations by hand, other cues as they are": lambda one: one.durations_by_hand,
}


def build_variants(n_repeats: int, words: Sequence[Sequence[str]], which: int) -> graph.Graph:
    """Build the graph of a text whose words may be pronounced as in fast speech.

    From 1 on, n after a schwa may be m after p or b, and the nasal of k after k or g; from 2 on,
    the plosive before may be left out, too; from 3 on, a t at the end of a word.
    """
    builder = graph._Builder(graph.N_PARTS * n_repeats)
    builder.add(graph.SILENCE, -1)
    for word, known in enumerate(words):
        phones = [*known] or [graph.ANY_SOUND]
        if word > 0:
            builder.add(graph.SILENCE, -1, optional=True)
        if phones[0][0] in graph.VOWELS:
            builder.add(graph.GLOTTAL_STOP, word, optional=True)
        for place, phone in enumerate(phones):
            before, after = ["", *phones][place], [*phones, "", ""][place + 1 : place + 3]
            two_before = ["", "", *phones][place]
            if phone == "n" and before == "ə" and two_before[:1] in (*_LABIALS, *_VELARS):
                start = [*builder.frontier]
                builder.add(phone, word)
                ends, builder.frontier = [*builder.frontier], start
                builder.add("m" if two_before[0] in _LABIALS else "ŋ", word)
                builder.frontier = [*ends, *builder.frontier]
                continue
            schwa = phone == "ə" and after[0][:1] in graph._SONORANTS
            plosive = which >= 2 and place > 0 and after == ["ə", "n"] and phone[0] in _PLOSIVES
            final = which >= 3 and place > 0 and phone == "t" and place == len(phones) - 1
            builder.add(phone, word, optional=schwa or plosive or final)
        if word == 0:
            builder.open_start()
    ends = [*builder.frontier]
    builder.add(graph.SILENCE, -1)
    return builder.graph([*ends, *builder.frontier])


def align_alone(labels: Sequence[lemf.Label], folder: Path, which: int = 0) -> list[Path]:
    """Align each recording by itself, with some pronunciations; 0 are those that ship."""
    graph.build_graph = BUILD_GRAPH
    if which:
        graph.build_graph = lambda words, n_repeats=graph.N_REPEATS: build_variants(
            n_repeats, words, which
        )
    paths = []
    for label in labels:
        grid = lemf.align(label.audio, " ".join(label.words or ()), language="de", force_fit=True)
        paths.append(folder / f"{label.id}.{which}.TextGrid")
        lemf.write_textgrid(grid, paths[-1], force=True)
    graph.build_graph = BUILD_GRAPH
    return paths


def print_flags(name: str, sentences: Sequence[Scored]) -> None:
    """Print how many words have the flag, and how many of them have an edge that is off."""
    flagged = np.concatenate([one.flagged(BEYOND) for one in sentences])
    off = np.concatenate([one.off_s for one in sentences]) > OFF_S
    uncertain = sum(UNCERTAIN in one.emphasis.sentences[0].flags for one in sentences)
    share = f"{off[flagged].mean():.2f}" if flagged.any() else "-"
    as_it_is = RULES["as it is"]
    right = [
        one.top == np.argmax(scores_of(one, as_it_is))
        for one in sentences
        if one.top is not None and one.flagged(BEYOND).any()
    ]
    print(
        f"| {name} | {off.mean():.2f} | {flagged.sum()} of {len(off)} | {share} | "
        f"{sum(right)} of {len(right)} | {uncertain} |"
    )


def main() -> None:
    """Print the tables."""
    folder = Path(os.environ["LEMF_SPEECH_DATA"]) / "emodb"
    labels = lemf.read_labels(folder / "metadata.jsonl")
    labels = [one for one in labels if not np.isnan(one.ratings).any()]
    by_hand = score_grids(labels, [Path(one.textgrid) for one in labels], None)
    grids = {"by hand": by_hand}
    with tempfile.TemporaryDirectory() as scratch:
        for name, place in (("Praat's aligner", "praat"), ("a prototype", "espeak")):
            paths = [folder / f"textgrid-{place}" / Path(one.textgrid).name for one in labels]
            grids[name] = score_grids(labels, paths, by_hand)
        grids["lemf, each alone"] = score_grids(labels, align_alone(labels, Path(scratch)), by_hand)
        print(f"| durations | {' | '.join(grids)} |\n" + "| --- " * (len(grids) + 1) + "|")
        for rule, multiply in RULES.items():
            cells = [judge(sentences, multiply) for sentences in grids.values()]
            print(f"| {rule} | {' | '.join(cells)} |", flush=True)
        print(
            "\n| grids | words with an edge over 50 ms off | with `sound_beyond` | of these off |",
            end="",
        )
        print(
            " right tops of their sentences | uncertain sentences |"
            + "\n| --- "
            + "| --- " * 5
            + "|"
        )
        for name, sentences in grids.items():
            print_flags(name, sentences)
        print("\n| pronunciations | top-1, F1 | edges within 20 ms |\n| --- | --- | --- |")
        for which, name in enumerate(VARIANTS):
            found = score_grids(labels, align_alone(labels, Path(scratch), which), by_hand)
            ends = [
                abs(a.end_s - b.end_s)
                for one, truth in zip(found, by_hand, strict=True)
                for a, b in zip(one.emphasis.words[:-1], truth.emphasis.words[:-1], strict=True)
            ]
            near = f"{np.mean(np.array(ends) < 0.02):.3f}"
            print(f"| {name} | {judge(found, RULES['as it is'])} | {near} |", flush=True)


if __name__ == "__main__":
    main()
