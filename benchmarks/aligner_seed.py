"""Train the models that ship with the aligner, lemf/aligner/seed.npz.

    LEMF_SPEECH_DATA=... python benchmarks/aligner_seed.py

Speech: 70 German sentences of six actors (Berlin Database of Emotional Speech, CC0-1.0) with words
measured by hand, and 32 English sentences of one speaker (LJSpeech, public domain) with texts;
those that are not in the shared folder stand in ljspeech_texts.csv.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import lemf
from lemf.aligner.acoustics.graph import GLOTTAL_STOP, N_PARTS, build_graph
from lemf.aligner.acoustics.mfcc import FRAME_PERIOD_S, measure_moments, standardise
from lemf.aligner.acoustics.models import PhoneModels, pack_models
from lemf.aligner.acoustics.training import Statistics, accumulate, add_statistics, estimate
from lemf.aligner.align import cepstra_of
from lemf.aligner.espeak import Espeak, open_espeak
from lemf.aligner.forced import find_phones, find_words, phones_of_words
from lemf.aligner.transcript import TranscriptWord, read_words
from lemf.runtime.output import write_output

SEED = Path(lemf.__file__).parent / "aligner" / "acoustics" / "seed.npz"
HAND_ITERATIONS, ITERATIONS = 5, 6


@dataclass(frozen=True, eq=False)
class Utterance:
    """A recording with its text; `spans_s` are those of its words where they are known."""

    name: str
    speaker: str
    text: str
    words: tuple[TranscriptWord, ...]
    phones: list[list[str]]
    cepstra: np.ndarray
    duration_s: float
    spans_s: list[tuple[float, float]] | None

    @property
    def features(self) -> np.ndarray:
        """Standardised by the recording alone, as where one recording is aligned."""
        return standardise(self.cepstra, measure_moments(self.cepstra))


def read_emodb(data: Path, espeak: Espeak) -> list[Utterance]:
    """Read the German sentences."""
    lines = (data / "emodb" / "metadata.jsonl").read_text(encoding="utf-8").splitlines()
    utterances = []
    for line in sorted(map(json.loads, lines), key=lambda entry: entry["id"]):
        spans_s = [(word["start"], word["end"]) for word in line["words"]]
        path = data / "emodb" / line["file"]
        utterances.append(
            read_utterance(path, line["speaker"], line["text"], "de", espeak, spans_s)
        )
    return utterances


def read_ljspeech(data: Path, espeak: Espeak) -> list[Utterance]:
    """Read the English sentences."""
    texts = {}
    for path in (Path(__file__).parent / "ljspeech_texts.csv", data / "ljspeech" / "metadata.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file, delimiter="|", quoting=csv.QUOTE_NONE):
                texts[row[0]] = row[-1]
    return [
        read_utterance(data / "ljspeech" / f"{name}.wav", "LJ", text, "en-us", espeak, None)
        for name, text in sorted(texts.items())
    ]


def read_utterance(
    path: Path,
    speaker: str,
    text: str,
    language: str,
    espeak: Espeak,
    spans_s: list[tuple[float, float]] | None,
) -> Utterance:
    """Read a recording and the phones of its text."""
    audio = lemf.read_audio(path)
    words = read_words(text)
    spoken = espeak.speak([word.spoken for word in words], language, sound=False)
    phones = phones_of_words(spoken, len(words))
    return Utterance(
        path.stem, speaker, text, words, phones, cepstra_of(audio), audio.duration_s, spans_s
    )


def train_seed(utterances: Sequence[Utterance]) -> PhoneModels:
    """Train on words measured by hand first, then on all."""
    measured = [utterance for utterance in utterances if utterance.spans_s]
    models = estimate(add_statistics(map(_cut_evenly, measured)))
    for _ in range(HAND_ITERATIONS):
        models = estimate(add_statistics(_statistics(measured, models)))
    for _ in range(ITERATIONS):
        models = estimate(add_statistics(_statistics(utterances, models)))
    return models


def _statistics(utterances: Iterable[Utterance], models: PhoneModels) -> Iterable[Statistics]:
    for one in utterances:
        features = one.features
        path = (
            find_phones(features, one.phones, models, one.spans_s)
            if one.spans_s
            else find_words(features, one.phones, models)
        )
        yield accumulate(features, path.graph, path.states)


def _cut_evenly(utterance: Utterance) -> Statistics:
    """Sum the frames of phones that share the time of their word evenly."""
    graph, features = build_graph(utterance.phones), utterance.features
    spoken = [
        unit
        for unit, (name, word) in enumerate(zip(graph.names, graph.words, strict=True))
        if word >= 0 and name != GLOTTAL_STOP
    ]
    states = np.full(len(features), -1)
    for word, (start_s, end_s) in enumerate(utterance.spans_s):
        first, last = round(start_s / FRAME_PERIOD_S), round(end_s / FRAME_PERIOD_S)
        units = [unit for unit in spoken if graph.words[unit] == word]
        own = np.concatenate([N_PARTS * unit + np.arange(N_PARTS) for unit in units])
        places = (np.arange(first, last) - first) * len(own) // max(last - first, 1)
        states[first:last] = own[places][: len(states) - first]
    silent = np.flatnonzero(states < 0)
    states[silent] = np.arange(len(silent)) * N_PARTS // max(len(silent), 1)  # of the first unit
    order = np.argsort(states, kind="stable")
    return accumulate(features[order], graph, states[order])


def read_speech() -> tuple[list[Utterance], list[Utterance]]:
    """Read the German and the English sentences."""
    data = Path(os.environ["LEMF_SPEECH_DATA"])
    with open_espeak() as espeak:
        return read_emodb(data, espeak), read_ljspeech(data, espeak)


if __name__ == "__main__":
    emodb, ljspeech = read_speech()
    content = pack_models(train_seed([*emodb, *ljspeech]))
    write_output(SEED, content, force=True)
    print(f"{SEED.name}: {len(content)} bytes")
