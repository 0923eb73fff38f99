"""Phrase boundaries found by their strength and by pauses alone, where they are known.

    python benchmarks/phrase_breaks.py [--emodb FOLDER]

Speech of espeak-ng with commas and full stops, and the same texts without (all pauses shortened to
30 ms, of which the TextGrid knows nothing); pairs of recordings of EmoDB joined at the end of the
first, without a pause or with 30 ms. For each text or pair, the threshold with the best F1 is taken
from the other texts of other languages, or from pairs of other speakers and other texts. The forms
of the cues were chosen (of some 40, by F1) on the first four languages and on pairs of EmoDB; the
other languages had no part in it. EmoDB lies in the folder emodb of LEMF_SPEECH_DATA.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

import lemf
from lemf.agreement.bootstrap import bootstrap_interval
from lemf.aligner.espeak import Espeak, open_espeak
from lemf.contours.measurement import measure
from lemf.reading.alignment import Word
from lemf.scoring.breaks import MAJOR, MINOR, measure_breaks

FloatArray = NDArray[np.float64]
PAUSE_S = 0.030
TINY_S = 1e-3
N_DRAWS = 1000
PAIRS_PER_SPEAKER = 16
CHOSEN_ON = ("en", "de", "fr", "es")
TEXTS = {
    "en": (
        "When the rain had stopped, the children ran into the garden. Nobody had seen the dog.",
        "After the meeting, we talked about money. The results were better, which was a surprise.",
        "If you open the window, the cat will run away. My brother, who lives in London, agrees.",
        "The train was late again. We waited at the station, drank coffee, and read the papers.",
    ),
    "de": (
        "Als der Regen aufhörte, liefen die Kinder in den Garten. Niemand hatte den Hund gesehen.",
        "Nach der Sitzung sprachen wir über Geld. Alles war besser, was den Leiter überraschte.",
        "Wenn du das Fenster öffnest, läuft die Katze weg. Mein Bruder, der hier wohnt, weiß es.",
        "Der Zug kam zu spät. Wir warteten am Bahnhof, tranken Kaffee, und lasen die Zeitung.",
    ),
    "fr": (
        "Quand la pluie a cessé, les enfants ont couru dehors. Personne n'avait vu le chien.",
        "Après la réunion, nous avons parlé de voyages. Tout allait mieux, ce qui a surpris Paul.",
        "Le train était en retard. Nous avons attendu à la gare, bu un café, et lu le journal.",
    ),
    "es": (
        "Cuando dejó de llover, los niños corrieron al jardín. Nadie había visto al perro.",
        "Después de la reunión, hablamos de dinero. Todo iba mejor, lo que sorprendió al jefe.",
        "El tren llegó tarde otra vez. Esperamos en la estación, tomamos café, y leímos el diario.",
    ),
    "it": (
        "Quando smise di piovere, i bambini corsero in giardino. Nessuno aveva visto il cane.",
        "Dopo la riunione, abbiamo parlato di soldi. Tutto andava meglio, e il capo era contento.",
        "Il treno era in ritardo. Abbiamo aspettato lì, bevuto un caffè, e letto il giornale.",
    ),
    "nl": (
        "Toen de regen ophield, renden de kinderen naar de tuin. Niemand had de hond gezien.",
        "Na de vergadering, spraken wij over geld. Alles ging beter, wat de baas verraste.",
        "De trein kwam te laat. Wij wachtten op het station, dronken koffie, en lazen de krant.",
    ),
    "pt": (
        "Quando a chuva parou, as crianças correram para o jardim. Ninguém tinha visto o cão.",
        "Depois da reunião, falamos de dinheiro. Tudo estava melhor, e o chefe ficou contente.",
        "O comboio chegou tarde outra vez. Esperámos na estação, bebemos café, e lemos o jornal.",
    ),
    "sv": (
        "När regnet slutade, sprang barnen ut i trädgården. Ingen hade sett den gamla hunden.",
        "Efter mötet, talade vi om pengar. Allt gick bättre, vilket gjorde chefen glad.",
        "Tåget kom för sent igen. Vi väntade på stationen, drack lite kaffe, och läste tidningen.",
    ),
}


@dataclass(frozen=True, eq=False)
class Speech:
    """The words of a recording but the last: the cues of the breaks after them, and the truth.

    `group` is the language or the speaker, `texts` are what is said.
    """

    group: str
    texts: frozenset[str]
    systems: dict[str, FloatArray]
    is_break: NDArray[np.bool_]


def read_speech(
    group: str,
    texts: frozenset[str],
    sound: tuple[FloatArray, int],
    tiers: dict[str, list[lemf.Interval]],
    last_words: Sequence[int],
) -> Speech:
    """Measure the breaks after the words of a sound; `last_words` are those before a break."""
    samples, rate_hz = sound
    end_s = len(samples) / rate_hz
    grid = lemf.TextGrid(
        0.0,
        end_s,
        tuple(lemf.IntervalTier(name, 0.0, end_s, tuple(held)) for name, held in tiers.items()),
        "<speech>",
    )
    measured = measure(samples, grid, lemf.Settings(), rate_hz=rate_hz, with_detail=True)
    words: tuple[Word, ...] = measured.alignment.sentences[0]
    breaks = measure_breaks(measured)[:-1]
    systems = {
        "pause alone": np.array([one.pause_s for one in breaks]),
        "word duration": np.array([word.end_s - word.start_s for word in words[:-1]]),
        "lengthening alone": np.nan_to_num([one.lengthening for one in breaks]),
        "reset alone": np.nan_to_num([one.reset_st for one in breaks]),
        "strength": np.array([one.strength for one in breaks]),
    }
    is_break = np.isin(np.arange(len(breaks)), last_words)
    return Speech(group, texts, systems, is_break)


def synthesise(espeak: Espeak, language: str, text: str, *, punctuated: bool) -> Speech:
    """Speak a text, shorten its pauses to 30 ms, and let the words meet in their middle."""
    words = text.split()
    said = words if punctuated else [word.strip(",.") for word in words]
    spoken = espeak.speak(said, language)
    rate_hz, phones = spoken.rate_hz, spoken.phones
    edges, pieces, reached = [], [], round(phones[0].start_s * rate_hz)
    removed = reached
    starts = [phone.start_s for phone in phones]
    ends = [phone.end_s for phone in phones]
    for place, phone in enumerate(phones):
        gap_s = starts[place + 1] - ends[place] if place + 1 < len(phones) else 0.0
        middle = round((ends[place] + min(gap_s, PAUSE_S) / 2) * rate_hz)
        edges.append((phone, (middle - removed) / rate_hz))
        if gap_s > PAUSE_S:
            resumed = round((starts[place + 1] - PAUSE_S / 2) * rate_hz)
            pieces.append(spoken.sound[reached:middle])
            reached, removed = resumed, removed + resumed - middle
    pieces.append(spoken.sound[reached : edges_end(edges, removed, rate_hz)])
    tiers: dict[str, list[lemf.Interval]] = {"words": [], "phones": []}
    numbers: list[int] = []
    start_s = 0.0
    for phone, end_s in edges:
        if end_s <= start_s:
            continue
        tiers["phones"].append(lemf.Interval(start_s, end_s, phone.name))
        if numbers and numbers[-1] == phone.word:
            word = tiers["words"].pop()
            tiers["words"].append(lemf.Interval(word.start_s, end_s, word.label))
        else:
            tiers["words"].append(lemf.Interval(start_s, end_s, said[phone.word]))
            numbers.append(phone.word)
        start_s = end_s
    last = [k for k, number in enumerate(numbers) if punctuated and words[number][-1] in ",."]
    sound = np.concatenate(pieces), rate_hz
    return read_speech(language, frozenset([text]), sound, tiers, last)


def edges_end(edges: Sequence[tuple[object, float]], removed: int, rate_hz: int) -> int:
    """Return the sample of the synthesiser's sound at which the last phone ends."""
    return round(edges[-1][1] * rate_hz) + removed


def join_pairs(folder: Path) -> Iterator[Speech]:
    """Join recordings of one speaker and emotion, in turn without a pause and with 30 ms."""
    rows = [json.loads(line) for line in (folder / "metadata.jsonl").read_text().splitlines()]
    rng = np.random.default_rng(0)
    for speaker in sorted({row["speaker"] for row in rows}):
        own = [row for row in rows if row["speaker"] == speaker]
        pairs = [
            (a, b)
            for a in own
            for b in own
            if a["emotion"] == b["emotion"] and a["text"] != b["text"]
        ]
        for number, place in enumerate(rng.permutation(len(pairs))[:PAIRS_PER_SPEAKER]):
            yield join(folder, *pairs[place], PAUSE_S * (number % 2))


def join(folder: Path, first: dict[str, str], second: dict[str, str], pause_s: float) -> Speech:
    """Join two recordings from the first word of each to its last; the words meet in the pause."""
    sound, tiers, rate_hz = read_words(folder, first)
    after, tiers_after, _ = read_words(folder, second)
    edge_s = len(sound) / rate_hz + pause_s / 2
    shift_s = len(sound) / rate_hz + pause_s
    n_first = len(tiers["words"])
    joined = {
        name: [
            *stretched(tiers[name], 0.0, 0.0, edge_s, stop_s=len(sound) / rate_hz),
            *stretched(tiers_after[name], shift_s, edge_s, np.inf, stop_s=np.inf),
        ]
        for name in tiers
    }
    samples = np.concatenate([sound, np.zeros(round(pause_s * rate_hz)), after])
    texts = frozenset([first["text"], second["text"]])
    return read_speech(first["speaker"], texts, (samples, rate_hz), joined, [n_first - 1])


def read_words(
    folder: Path, row: dict[str, str]
) -> tuple[FloatArray, dict[str, list[lemf.Interval]], int]:
    """Read a recording from its first word to its last, its words and phones, and its rate."""
    samples, rate_hz = soundfile.read(folder / row["file"])
    grid = lemf.read_textgrid(folder / "textgrid" / f"{row['id']}.TextGrid")
    tiers = {
        tier.name: [one for one in tier.intervals if one.label.strip()]
        for tier in grid.tiers
        if isinstance(tier, lemf.IntervalTier) and tier.name in ("words", "phones")
    }
    start = round(tiers["words"][0].start_s * rate_hz)
    end = min(round(tiers["words"][-1].end_s * rate_hz), len(samples))
    cut = {
        name: [
            lemf.Interval(
                max(one.start_s - start / rate_hz, 0.0),
                min(one.end_s, end / rate_hz) - start / rate_hz,
                one.label,
            )
            for one in held
            if one.start_s < end / rate_hz and one.end_s > start / rate_hz
        ]
        for name, held in tiers.items()
    }
    return samples[start:end], cut, rate_hz


def stretched(
    held: Sequence[lemf.Interval], shift_s: float, first_s: float, last_s: float, *, stop_s: float
) -> list[lemf.Interval]:
    """Shift intervals; what starts at 0 then starts at `first_s`, what ends last at `last_s`."""
    return [
        lemf.Interval(
            first_s if one.start_s < TINY_S else one.start_s + shift_s,
            last_s if abs(one.end_s - stop_s) < TINY_S else one.end_s + shift_s,
            one.label,
        )
        for one in held
    ]


def f1(found: NDArray[np.bool_], is_break: NDArray[np.bool_]) -> float:
    """Compute F1; 0 where nothing is found that is a break."""
    hits = np.sum(found & is_break)
    return float(2 * hits / max(np.sum(found) + np.sum(is_break), 1))


def best_threshold(values: FloatArray, is_break: NDArray[np.bool_]) -> float:
    """Find the threshold with the best F1, the highest of equals."""
    thresholds = np.unique(values)[::-1]
    return float(max(thresholds, key=lambda one: f1(values >= one, is_break)))


def find_breaks(speech: Sequence[Speech], system: str) -> list[NDArray[np.bool_]]:
    """Find the breaks of each recording by the threshold that is best for quite other ones."""
    found = []
    for one in speech:
        others = [o for o in speech if o.group != one.group and not o.texts & one.texts]
        threshold = best_threshold(
            np.concatenate([o.systems[system] for o in others]),
            np.concatenate([o.is_break for o in others]),
        )
        found.append(one.systems[system] >= threshold)
    return found


def print_rows(title: str, speech: Sequence[Speech], shown: Callable[[Speech], bool]) -> None:
    """Print precision, recall and F1 of each system with the interval of F1 over recordings."""
    chosen = [k for k, one in enumerate(speech) if shown(one)]
    truth = [speech[k].is_break for k in chosen]
    n_words, n_breaks = sum(map(len, truth)), sum(int(one.sum()) for one in truth)
    print(f"\n{title}: {len(chosen)} recordings, {n_words} words, {n_breaks} breaks\n")
    print("| system | precision | recall | F1 | 95 % |\n| --- | --- | --- | --- | --- |")
    rows = {name: find_breaks(speech, name) for name in speech[0].systems}
    rows[f"strength from {MINOR:g} (minor)"] = [s.systems["strength"] >= MINOR for s in speech]
    rows[f"strength from {MAJOR:g} (major)"] = [s.systems["strength"] >= MAJOR for s in speech]
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(chosen), size=(N_DRAWS, len(chosen)))
    for name, all_found in rows.items():
        found = [all_found[k] for k in chosen]
        counts = np.array(
            [(np.sum(f & t), np.sum(f), np.sum(t)) for f, t in zip(found, truth, strict=True)]
        )
        hits, n_found, n_true = counts.sum(axis=0)
        sums = counts[drawn].sum(axis=1)
        draws = 2 * sums[:, 0] / np.maximum(sums[:, 1] + sums[:, 2], 1)
        low, high = bootstrap_interval(draws)
        print(
            f"| {name} | {hits / max(n_found, 1):.2f} | {hits / n_true:.2f} | "
            f"{2 * hits / max(n_found + n_true, 1):.2f} | {low:.2f} to {high:.2f} |"
        )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--emodb", type=Path, help="folder of EmoDB")
    folder = parser.parse_args().emodb
    if folder is None and "LEMF_SPEECH_DATA" in os.environ:
        folder = Path(os.environ["LEMF_SPEECH_DATA"], "emodb")
    with open_espeak() as espeak:
        speech = [
            synthesise(espeak, language, text, punctuated=punctuated)
            for language, texts in TEXTS.items()
            for text in texts
            for punctuated in (True, False)
        ]
    print_rows("espeak-ng, languages of the choice", speech, lambda one: one.group in CHOSEN_ON)
    print_rows("espeak-ng, other languages", speech, lambda one: one.group not in CHOSEN_ON)
    if folder is None:
        print("\njoined phrases skipped: no --emodb and no LEMF_SPEECH_DATA")
        return
    print_rows("EmoDB, joined phrases", list(join_pairs(folder)), lambda one: True)


if __name__ == "__main__":
    main()
