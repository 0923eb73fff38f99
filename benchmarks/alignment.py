"""Measure how far the edges of aligned words and phones are from those measured by hand.

    LEMF_SPEECH_DATA=... python benchmarks/alignment.py

Each row of the table aligns recordings by models that are trained here, by the functions of
aligner_seed.py and of lemf, without what the row says is left out. The edges of the English grids
come from another program, whose own errors count in; the last lines say how much later they lie.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from aligner_seed import Utterance, read_speech, read_utterance, train_seed

import lemf
from lemf.aligner.acoustics.graph import fit_graph
from lemf.aligner.acoustics.mfcc import Moments, measure_moments
from lemf.aligner.acoustics.models import PhoneModels
from lemf.aligner.acoustics.training import (
    Statistics,
    add_statistics,
    align_and_accumulate,
    estimate,
)
from lemf.aligner.espeak import open_espeak
from lemf.aligner.forced import AlignedWord, find_word_path, read_times
from lemf.corpus.alignment.run import N_TRAINING
from lemf.reading.silence_labels import is_silence

Words = Mapping[str, Sequence[AlignedWord]]


def read_english(data: Path, folder: str = "libritts") -> list[Utterance]:
    """Read the English recordings with grids: those of a folder, read aloud or spontaneous."""
    utterances = []
    with open_espeak() as espeak:
        for path in sorted((data / folder).glob("*.wav")):
            words = spans_of(lemf.read_textgrid(path.with_suffix(".TextGrid")), "words")
            text = " ".join(label for *_, label in words)
            spans_s = [(start_s, end_s) for start_s, end_s, _ in words]
            utterances.append(read_utterance(path, path.stem[:2], text, "en-us", espeak, spans_s))
    return utterances


def spans_of(grid: lemf.TextGrid, name: str) -> list[tuple[float, float, str]]:
    """Return the spoken intervals of the first tier of that name."""
    tier = next(tier for tier in grid.tiers if tier.name == name)
    return [
        (interval.start_s, interval.end_s, interval.label)
        for interval in tier.intervals
        if not is_silence(interval.label)
    ]


def align(
    utterances: Iterable[Utterance], models: PhoneModels, moments: Mapping[str, Moments]
) -> Words:
    """Align warped recordings, each by itself but where its speaker's moments are known."""
    return {
        one.name: read_times(
            find_word_path(one.features(moments.get(one.speaker)), one.phones, models),
            one.words,
            one.duration_s,
        )
        for one in utterances
    }


def learn(
    utterances: Iterable[Utterance], features: dict[str, np.ndarray], models: PhoneModels
) -> Iterator[Statistics]:
    """Align recordings and sum their frames."""
    for one in utterances:
        frames = features[one.name]
        yield align_and_accumulate(frames, fit_graph(one.phones, len(frames)), models)


def train_corpus(
    utterances: Sequence[Utterance], models: PhoneModels
) -> tuple[PhoneModels, dict[str, Moments]]:
    """Train on warped recordings as `lemf align` does, from models that there are."""
    moments: dict[str, Moments] = {}
    for one in utterances:
        own = measure_moments(one.cepstra)
        moments[one.speaker] = moments[one.speaker] + own if one.speaker in moments else own
    features = {one.name: one.features(moments[one.speaker]) for one in utterances}
    seed = models
    for _ in range(N_TRAINING):
        models = estimate(add_statistics(learn(utterances, features, models)), seed)
    return models, moments


def train_alone(utterances: Sequence[Utterance], models: PhoneModels) -> PhoneModels:
    """Train on recordings of which other models give only the first alignment."""
    features = {one.name: one.features() for one in utterances}
    for _ in range(N_TRAINING):
        learnt = add_statistics(learn(utterances, features, models))
        models = estimate(learnt, projection=models.projection)
    return models


def print_row(label: str, errors_s: Sequence[float]) -> None:
    """Print the median in ms, and the shares within 20 and 50 and beyond 100 ms."""
    errors = np.abs(errors_s)
    within = " ".join(f"{np.mean(errors <= most_s + 1e-9):6.3f}" for most_s in (0.02, 0.05))
    beyond = np.mean(errors > 0.1 + 1e-9)
    print(f"{label:72} {1000 * np.median(errors):5.1f} {within} {beyond:7.4f} {len(errors):6}")


def word_errors(utterances: Iterable[Utterance], words: Words) -> list[float]:
    """Return the errors of the edges of words, in seconds."""
    return [
        found - known
        for one in utterances
        for word, (start_s, end_s) in zip(words[one.name], one.spans_s, strict=True)
        for found, known in ((word.start_s, start_s), (word.end_s, end_s))
    ]


def phone_errors(utterances: Iterable[Utterance], words: Words) -> list[float]:
    """Return the errors of the edges of phones that were spoken and measured, in seconds."""
    errors = []
    for one in utterances:
        for word, phones, spans in zip(words[one.name], one.phones, one.phone_spans_s, strict=True):
            spoken = list(word.phones)
            for name, span in list(zip(phones, spans, strict=True))[::-1]:
                if spoken and spoken[-1].name == name:
                    phone = spoken.pop()
                    if span:
                        errors += [phone.start_s - span[0], phone.end_s - span[1]]
    return errors


def left_out(
    measured: Sequence[Utterance], others: Sequence[Utterance], *names: str, train: bool = False
) -> Words:
    """Align each recording by models without those that share, say, its speaker or its text.

    With `train`, the models are trained on what is left out, without the measurements.
    """
    keys = sorted({tuple(getattr(one, name) for name in names) for one in measured})
    work = partial(leave_out, measured, others, names, train)
    with ProcessPoolExecutor() as pool:
        return {name: words for part in pool.map(work, keys) for name, words in part.items()}


def leave_out(
    measured: Sequence[Utterance],
    others: Sequence[Utterance],
    names: Sequence[str],
    train: bool,
    key: Sequence[str],
) -> Words:
    """Leave out what shares one of the values, and align what shares all."""
    shares = {
        one.name: [getattr(one, name) == value for name, value in zip(names, key, strict=True)]
        for one in measured
    }
    models = train_seed([one for one in measured if not any(shares[one.name])], others)
    kept_back = [one.warped(models) for one in measured if all(shares[one.name])]
    models, moments = train_corpus(kept_back, models) if train else (models, {})
    return align(kept_back, models, moments)


def main() -> None:
    """Print the table."""
    data = Path(os.environ["LEMF_SPEECH_DATA"])
    german, ljspeech = read_speech()
    english = read_english(data)
    print(f"{'':72} {'ms':>5} {'<= 20':>6} {'<= 50':>6} {'> 100':>7} {'edges':>6}")
    praat = {
        one.name: [
            AlignedWord(label, 0, start_s, end_s, (), 1.0)
            for start_s, end_s, label in spans_of(
                lemf.read_textgrid(data / "emodb" / "textgrid-praat" / f"{one.name}.TextGrid"),
                "word",
            )
        ]
        for one in german
    }
    print_row("German, Praat's aligner", word_errors(german, praat))
    seed = train_seed(german, ljspeech)
    warped = [one.warped(seed) for one in german]
    rows = {"each alone": align(warped, seed, {})}
    models, moments = train_corpus(warped, seed)
    rows["the corpus trained on itself"] = align(warped, models, moments)
    rows["each alone, speaker left out of the seed"] = left_out(german, ljspeech, "speaker")
    rows["each alone, text left out"] = left_out(german, ljspeech, "text")
    rows["each alone, speaker and text left out"] = left_out(german, ljspeech, "speaker", "text")
    rows["speaker left out of the seed, trained on the speaker"] = left_out(
        german, ljspeech, "speaker", train=True
    )
    foreign = train_alone(ljspeech, seed)
    warped = [one.warped(foreign) for one in german]
    rows["each alone, by models of English alone"] = align(warped, foreign, {})
    models, moments = train_corpus(warped, foreign)
    rows["the corpus trained on itself from models of English alone"] = align(
        warped, models, moments
    )
    for label, words in rows.items():
        print_row(f"German words, {label}", word_errors(german, words))
        print_row(f"German phones, {label}", phone_errors(german, words))
    spontaneous = [one.warped(seed) for one in read_english(data, "mfa")]
    print_row(
        "English words, spontaneous speech, each alone",
        word_errors(spontaneous, align(spontaneous, seed, {})),
    )
    english = [one.warped(seed) for one in english]
    alone = align(english, seed, {})
    print_row("English words, each alone", word_errors(english, alone))
    models, moments = train_corpus([*(one.warped(seed) for one in ljspeech), *english], seed)
    print_row(
        "English words, trained with LJSpeech",
        word_errors(english, align(english, models, moments)),
    )
    for one in english:
        later_ms = [-1000 * error_s for error_s in word_errors([one], alone)]
        starts_ms, ends_ms = np.median(later_ms[::2]), np.median(later_ms[1::2])
        print(f"{one.name}: later by {starts_ms:.1f} ms (starts), {ends_ms:.1f} ms (ends), median")


if __name__ == "__main__":
    main()
