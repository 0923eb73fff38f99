"""Train the models that ship with the aligner, lemf/aligner/acoustics/seed.npz.

    LEMF_SPEECH_DATA=... python benchmarks/aligner_seed.py

Speech: 70 German sentences of six actors (Berlin Database of Emotional Speech, CC0-1.0) with words
and phones measured by hand, and 32 English sentences of one speaker (LJSpeech, public domain) with
texts; those that are not in the shared folder stand in ljspeech_texts.csv.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import starmap
from pathlib import Path

import numpy as np

import lemf
from lemf.aligner.acoustics.graph import (
    GLOTTAL_STOP,
    N_PARTS,
    SILENCE,
    Graph,
    build_graph,
)
from lemf.aligner.acoustics.mfcc import (
    FRAME_PERIOD_S,
    Moments,
    measure_moments,
    multiply,
    standardise,
    warp,
)
from lemf.aligner.acoustics.models import PhoneModels, around, pack_models
from lemf.aligner.acoustics.phone_features import phone_distance
from lemf.aligner.acoustics.training import (
    Statistics,
    accumulate,
    add_statistics,
    estimate,
)
from lemf.aligner.acoustics.viterbi import find_path
from lemf.aligner.acoustics.vocal_tract import fit_vocal_tract
from lemf.aligner.align import cepstra_of
from lemf.aligner.espeak import Espeak, open_espeak
from lemf.aligner.forced import find_word_path, group_phones
from lemf.aligner.transcript import TranscriptWord, read_words
from lemf.runtime.output import write_output

SEED = Path(lemf.__file__).parent / "aligner" / "acoustics" / "seed.npz"
WORD_PASSES, PHONE_PASSES = 2, 5
PLAIN_PASSES = 3  # of those by phones, without a projection
N_PROJECTIONS, RIDGE = 16, 1e-3
# The labels by hand, in IPA
MARKED = {
    "i": "iː", "e": "eː", "o": "oː", "u": "uː", "y": "yː", "I": "ɪ", "E": "ɛ", "O": "ɔ", "U": "ʊ",
    "Y": "ʏ", "9": "œ", "2": "øː", "@": "ə", "6": "ɐ", "4": "ɾ", "aI": "aɪ", "OY": "ɔø", "aU": "aʊ",
    "aO": "aʊ", "@O": "oː", "N": "ŋ", "S": "ʃ", "C": "ç", "X": "r", "?": GLOTTAL_STOP, "B": "b",
    "L": "l", "V": "v", "g": "ɡ", "E6": "ɛɐ", "I6": "ɪɐ", "i6": "iɐ", "@6": "ɐ", "I@": "ɪə",
}  # fmt: skip
TOLERANCE_S = 0.005  # by which a phone may be longer than measured
MISSING_PHONE, MOST_UNLIKE = 1.2, 2.5  # costs where spoken phones are compared with those of a text
FAR_OFF = 1e3  # by which a frame is less likely in another phone than that measured

Span = tuple[float, float]
StatePath = tuple[np.ndarray, Graph, np.ndarray]  # features, graph, and the state of each frame


@dataclass(frozen=True, eq=False)
class Utterance:
    """A recording with its text.

    `spans_s` are those of its words, and `phone_spans_s` those of the phones of each word, where
    they were measured.
    """

    name: str
    speaker: str
    text: str
    words: tuple[TranscriptWord, ...]
    phones: list[list[str]]
    cepstra: np.ndarray
    duration_s: float
    spans_s: list[Span] | None = None
    phone_spans_s: list[list[Span | None]] | None = None

    def features(self, moments: Moments | None = None) -> np.ndarray:
        """Standardise by the moments of the speaker, or by the recording alone."""
        return standardise(self.cepstra, moments or measure_moments(self.cepstra))

    def warped(self, models: PhoneModels) -> Utterance:
        """Even out the vocal tract, as `lemf.align` does."""
        factor = fit_vocal_tract(self.cepstra, models)
        return replace(self, cepstra=warp(self.cepstra, factor))


def read_speech() -> tuple[list[Utterance], list[Utterance]]:
    """Read the German and the English sentences."""
    data = Path(os.environ["LEMF_SPEECH_DATA"])
    with open_espeak() as espeak:
        return list(read_emodb(data, espeak)), list(read_ljspeech(data, espeak))


def read_emodb(data: Path, espeak: Espeak) -> Iterator[Utterance]:
    """Read the German sentences, with the words and phones measured by hand."""
    lines = (data / "emodb" / "metadata.jsonl").read_text(encoding="utf-8").splitlines()
    for entry in sorted(map(json.loads, lines), key=lambda entry: entry["id"]):
        spans_s = [(word["start"], word["end"]) for word in entry["words"]]
        grid = lemf.read_textgrid(data / "emodb" / "textgrid" / f"{entry['id']}.TextGrid")
        (tier,) = (tier for tier in grid.tiers if tier.name == "phones")
        path = data / "emodb" / entry["file"]
        plain = read_utterance(path, entry["speaker"], entry["text"], "de", espeak, spans_s)
        measured = join_phones(tier.intervals)
        matched = [
            match_phones(phones, [one for one in measured if start <= (one[0] + one[1]) / 2 <= end])
            for phones, (start, end) in zip(plain.phones, spans_s, strict=True)
        ]
        yield Utterance(**{**vars(plain), "phone_spans_s": matched})


def read_ljspeech(data: Path, espeak: Espeak) -> Iterator[Utterance]:
    """Read the English sentences."""
    for name, text in sorted(read_ljspeech_texts(data / "ljspeech").items()):
        yield read_utterance(data / "ljspeech" / f"{name}.wav", "LJ", text, "en-us", espeak)


def read_ljspeech_texts(folder: Path) -> dict[str, str]:
    """Read the texts of LJSpeech by name: its own, and those that the repository adds."""
    texts = {}
    for path in (Path(__file__).with_name("ljspeech_texts.csv"), folder / "metadata.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file, delimiter="|", quoting=csv.QUOTE_NONE):
                texts[row[0]] = row[-1]
    return texts


def read_utterance(
    path: Path,
    speaker: str,
    text: str,
    language: str,
    espeak: Espeak,
    spans_s: list[Span] | None = None,
) -> Utterance:
    """Read a recording and the phones of its text."""
    audio, words = lemf.read_audio(path), read_words(text)
    spoken = espeak.speak([word.spoken for word in words], language, sound=False)
    phones = group_phones(spoken, len(words))
    cepstra = cepstra_of(audio)
    return Utterance(path.stem, speaker, text, words, phones, cepstra, audio.duration_s, spans_s)


def join_phones(intervals: Sequence[lemf.Interval]) -> list[tuple[float, float, str]]:
    """Join the closure, burst and aspiration of stops, and marks of the voice with their phone."""
    joined: list[tuple[float, float, str]] = []
    for interval in intervals:
        label = interval.label.strip()
        base = label.lstrip("_!").removesuffix("asp")
        touches = joined and abs(joined[-1][1] - interval.start_s) < 1e-4
        mark = label[:1] in ("+", "-") or label in ("hoe", "!")
        if touches and label and (mark or (base != label and joined[-1][2] == base)):
            joined[-1] = (joined[-1][0], interval.end_s, joined[-1][2])
        elif label and not mark:
            joined.append((interval.start_s, interval.end_s, base))
    return joined


def match_phones(
    phones: Sequence[str], measured: Sequence[tuple[float, float, str]]
) -> list[Span | None]:
    """Return where each phone of a word was measured; None where it was not spoken."""
    unlike = [
        [min(phone_distance(one, MARKED.get(label, label)), MOST_UNLIKE) for *_, label in measured]
        for one in phones
    ]
    costs = np.zeros((len(phones) + 1, len(measured) + 1))
    costs[0] = MISSING_PHONE * np.arange(len(measured) + 1)
    costs[:, 0] = MISSING_PHONE * np.arange(len(phones) + 1)
    for i in range(len(phones)):
        for j in range(len(measured)):
            around = min(costs[i, j + 1], costs[i + 1, j]) + MISSING_PHONE
            costs[i + 1, j + 1] = min(costs[i, j] + unlike[i][j], around)
    spans: list[Span | None] = [None] * len(phones)
    i, j = len(phones), len(measured)
    while i and j:
        if costs[i, j] == costs[i - 1, j - 1] + unlike[i - 1][j - 1]:
            i, j = i - 1, j - 1
            spans[i] = measured[j][:2]
        elif costs[i, j] == costs[i, j - 1] + MISSING_PHONE:
            j -= 1
        else:
            i -= 1
    return spans


def train_seed(measured: Sequence[Utterance], others: Sequence[Utterance]) -> PhoneModels:
    """Train on what was measured by hand, words first, then on all, and again with a projection."""
    features = {one.name: one.features() for one in [*measured, *others]}
    models = estimate(add_statistics(cut_evenly(one, features[one.name]) for one in measured))
    for _ in range(WORD_PASSES):
        paths = find_measured(measured, features, models, phones=False)
        models = estimate(add_statistics(starmap(accumulate, paths)))
    for number in range(PHONE_PASSES):
        paths = [
            *find_measured(measured, features, models),
            *find_others(others, features, models),
        ]
        projection = models.projection if number < PLAIN_PASSES else discriminate(paths)
        extended = [
            (np.hstack([frames, multiply(around(frames), projection)]), graph, path)
            for frames, graph, path in paths
        ]
        models = estimate(add_statistics(starmap(accumulate, extended)), projection=projection)
    return models


def discriminate(paths: Sequence[StatePath]) -> np.ndarray:
    """Find the projections of the cepstra around a frame that tell the parts of phones apart best.

    Linear discriminant analysis; each projection has a variance of 1 over all frames.
    """
    frames = np.concatenate([around(features) for features, _, _ in paths])
    names = [
        f"{graph.names[graph.units[state]]} {graph.parts[state]}"
        for _, graph, path in paths
        for state in path
    ]
    _, classes, counts = np.unique(names, return_inverse=True, return_counts=True)
    means = np.stack([np.bincount(classes, column) for column in frames.T], axis=1)
    means /= counts[:, None]
    apart = frames - means[classes]
    within = apart.T @ apart / len(frames) + RIDGE * np.eye(frames.shape[1])
    apart = means - frames.mean(axis=0)
    between = (apart * counts[:, None]).T @ apart / len(frames)
    spreads, axes = np.linalg.eigh(within)
    whitening = axes / np.sqrt(spreads)
    shares, axes = np.linalg.eigh(whitening.T @ between @ whitening)
    best = (whitening @ axes)[:, ::-1][:, :N_PROJECTIONS] / np.sqrt(
        1 + shares[::-1][:N_PROJECTIONS]
    )
    largest = best[np.abs(best).argmax(axis=0), np.arange(N_PROJECTIONS)]
    return (best * np.sign(largest)).astype(np.float16).astype(float)  # as they are stored


def find_others(
    utterances: Iterable[Utterance], features: dict[str, np.ndarray], models: PhoneModels
) -> Iterator[StatePath]:
    """Align recordings of which only the text is known."""
    for one in utterances:
        path = find_word_path(features[one.name], one.phones, models)
        yield features[one.name], path.graph, path.states


def find_measured(
    utterances: Iterable[Utterance],
    features: dict[str, np.ndarray],
    models: PhoneModels,
    *,
    phones: bool = True,
) -> Iterator[StatePath]:
    """Align recordings whose words, or words and phones, were measured."""
    for one in utterances:
        frames, graph = features[one.name], build_graph(one.phones, n_repeats=1)
        scores = models.score(frames)[:, models.columns(graph)] - costs_off(
            one, graph, len(frames), phones
        )
        path, _ = find_path(scores, np.arange(len(graph.units)), graph)
        yield frames, graph, path


def costs_off(one: Utterance, graph: Graph, n_frames: int, phones: bool) -> np.ndarray:
    """Return what it costs each frame to be in each state, (frames, states)."""
    times_s = np.arange(n_frames) * FRAME_PERIOD_S
    words = graph.words[graph.units]
    costs = np.zeros((n_frames, len(words)))
    spans = [(words == word, span, 0.0025) for word, span in enumerate(one.spans_s)]
    for word, of_phones in enumerate(one.phone_spans_s if phones else []):
        units = np.flatnonzero(graph.words == word)[-len(of_phones) :]
        spans += [
            (graph.units == unit, span, TOLERANCE_S)
            for unit, span in zip(units, of_phones, strict=True)
            if span
        ]
    for states, (start_s, end_s), tolerance_s in spans:
        outside = (times_s < start_s - tolerance_s) | (times_s > end_s + tolerance_s)
        costs[np.ix_(outside, states)] += FAR_OFF
        inside = (times_s > start_s + 2 * tolerance_s) & (times_s < end_s - 2 * tolerance_s)
        costs[np.ix_(inside, ~states)] += FAR_OFF
    return costs


def cut_evenly(one: Utterance, features: np.ndarray) -> Statistics:
    """Sum the frames of phones that share the time of their word evenly."""
    graph = build_graph(one.phones, n_repeats=1)
    states = np.full(len(features), -1)
    for word, (start_s, end_s) in enumerate(one.spans_s):
        units = np.flatnonzero(graph.words == word)[-len(one.phones[word]) :]
        own = np.concatenate([N_PARTS * unit + np.arange(N_PARTS) for unit in units])
        first, last = round(start_s / FRAME_PERIOD_S), round(end_s / FRAME_PERIOD_S)
        places = np.arange(last - first) * len(own) // max(last - first, 1)
        states[first:last] = own[places][: max(len(states) - first, 0)]
    silent = np.flatnonzero(states < 0)
    assert graph.names[0] == SILENCE
    states[silent] = np.arange(len(silent)) * N_PARTS // max(len(silent), 1)
    order = np.argsort(states, kind="stable")
    return accumulate(features[order], graph, states[order])


if __name__ == "__main__":
    content = pack_models(train_seed(*read_speech()))
    write_output(SEED, content, force=True)
    print(f"{SEED.name}: {len(content)} bytes")
