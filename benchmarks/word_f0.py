"""Gross errors of F0 maxima of words, on real speech whose F0 is imposed and so known.

    python benchmarks/word_f0.py [FOLDER] [--melody calm|lively|own] [--seed N]
    python benchmarks/word_f0.py [FOLDER] --as-recorded

reads EmoDB and LibriTTS in the folder of real speech (by default LEMF_SPEECH_DATA), resynthesises
each recording by WORLD with imposed melodies (`imposed_f0.py`), and spoils it: creaky in the second
half of a third of the words, white and pink noise at 10 dB, the telephone. An error is gross from
20 %. Words count that have at least 50 ms of audible imposed F0. Prints Markdown, with 95 %
bootstrap intervals over recordings.

With --as-recorded, nothing is imposed: in how many words do two trackers differ by over 20 %?

The rules of `f0_hz` were chosen with seed 0 and a melody a recording on the speakers 03, 08 and 09
of EmoDB; the tables show other draws, and the other speakers apart. No shared recording has F0
measured by hand. Needs parselmouth, pyworld, swift-f0 and scipy
(`pip install 'lemf[praat,swift,world]' scipy`).
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from imposed_f0 import MELODIES, Melody, analyse, draw_creak, draw_melody, synthesise, true_maxima
from numpy.typing import NDArray
from spoilt_speech import Recording, added, noise, telephone

import lemf
from lemf.agreement.bootstrap import bootstrap_interval
from lemf.arrays import FloatArray
from lemf.config import PitchMethod, Settings
from lemf.contours.contours import Contours, measure_contours
from lemf.cues.paper_cues import pitch
from lemf.cues.sentence_contours import clear_semitones
from lemf.reading.alignment import Word, align
from lemf.reading.audio import Audio
from lemf.reading.frames import frames_of
from lemf.scoring.measures import find_clear_f0, measure_flags, measure_words

TRACKERS: tuple[PitchMethod, ...] = ("harvest", "praat", "swift")
CONDITIONS = ("clean", "creak", "white 10 dB", "pink 10 dB", "telephone")
GROSS = 0.2
LEAST_S = 0.05
N_VARIANTS = 39  # of the rules of `f0_hz` that were compared
CHOSEN_ON = ("03", "08", "09")
N_DRAWS = 1000


@dataclass(frozen=True, eq=False)
class Tried:
    """The words of one recording in one condition: the truth, and what each system finds, in Hz."""

    name: str
    condition: str
    truth_hz: FloatArray
    found_hz: dict[str, FloatArray]
    is_brief: dict[str, NDArray[np.bool_]]


def list_recordings(folder: Path) -> list[tuple[Path, Path]]:
    """Return the recordings with their TextGrids."""
    emodb = sorted((folder / "emodb/wav").glob("*.wav"))
    grids = folder / "emodb/textgrid"
    pairs = [(wav, grids / f"{wav.stem}.TextGrid") for wav in emodb]
    return pairs + [(w, w.with_suffix(".TextGrid")) for w in sorted(folder.glob("libritts/*.wav"))]


def try_recording(
    wav: Path, textgrid: Path, melodies: Sequence[Melody], seed: int
) -> Iterator[Tried]:
    """Resynthesise a recording, spoil it, and find the maxima of its words."""
    audio = lemf.read_audio(wav, channel="mix")
    (samples,) = audio.slices([(0, audio.n_samples)])
    grid = lemf.read_textgrid(textgrid)
    (words,) = align(grid, Settings(), audio.duration_s).sentences
    words_s = np.array([(word.start_s, word.end_s) for word in words])
    voice = analyse(np.array(samples), audio.rate_hz)
    for number, melody in enumerate(melodies):
        rng = np.random.default_rng([seed, number, *wav.stem.encode()])
        f0_hz = draw_melody(voice, words_s, melody, rng)
        clean = synthesise(voice, f0_hz, np.zeros(len(f0_hz), dtype=bool), rng)
        truth_hz = true_maxima(voice, f0_hz, clean, words_s, least_s=LEAST_S)
        creaky = synthesise(voice, f0_hz, draw_creak(voice, words_s, rng), rng)
        edges = [round(edge_s * audio.rate_hz) for edge_s in (words_s[0, 0], words_s[-1, 1])]
        one = Recording(clean, audio.rate_hz, grid, np.zeros(len(words)), "", slice(*edges))
        pink = np.fft.rfft(rng.normal(size=len(clean)))
        pink /= np.sqrt(np.maximum(np.arange(len(pink)), 1))
        spoilt = (
            one,
            Recording(creaky, audio.rate_hz, grid, one.ratings, "", one.spoken),
            noise(10)(one, rng),
            added(one, np.fft.irfft(pink, len(clean)), 10),
            telephone(one, rng),
        )
        for condition, heard in zip(CONDITIONS, spoilt, strict=True):
            found, brief = find_maxima(heard, words)
            yield Tried(wav.stem, condition, truth_hz, found, brief)


def find_maxima(
    heard: Recording, words: tuple[Word, ...]
) -> tuple[dict[str, FloatArray], dict[str, NDArray[np.bool_]]]:
    """Find the F0 maximum of each word by each system, and which are flagged as brief."""
    audio = Audio.from_samples(heard.samples, heard.rate_hz)
    found, brief = {}, {}
    clear_of_listeners = {}
    for tracker in TRACKERS:
        contours = measure_contours(audio, Settings(pitch=tracker), with_detail=True)
        found[f"maximum, {tracker}"] = np.exp(pitch(words, contours))
        if tracker == "harvest":
            clear_of_listeners["clear frames of `listeners`, harvest"] = cue_maxima(words, contours)
        clear = find_clear_f0(words, contours, tracker)
        name = f"**`f0_hz`**, {tracker}"
        found[name] = np.array([m.f0_hz for m in measure_words(words, clear, heard.rate_hz)])
        brief[name] = np.array(["brief_pitch" in flags for flags in measure_flags(clear)])
    return found | clear_of_listeners, brief


def cue_maxima(words: Sequence[Word], contours: Contours) -> FloatArray:
    """Find the highest F0 among the frames that the cues of `listeners` read."""
    spans = [frames_of(word.start_s, word.end_s, contours.times_s) for word in words]
    inside = slice(min(s.start for s in spans), max(s.stop for s in spans))
    assert contours.detail is not None
    f0_hz = np.zeros(len(contours.f0_hz))
    f0_hz[inside] = contours.f0_hz[inside] * np.isfinite(
        clear_semitones(
            contours.f0_hz[inside], contours.energy[inside], contours.detail.periodicity[inside]
        )
    )
    maxima = np.array([f0_hz[span].max(initial=0.0) for span in spans])
    return np.where(maxima > 0, maxima, np.nan)


def print_table(title: str, tried: Sequence[Tried]) -> None:
    """Print the gross errors of the words that a system finds, and the share that it does not."""
    n_words = sum(np.isfinite(one.truth_hz).sum() for one in tried) // len(CONDITIONS)
    n_files = len({one.name for one in tried})
    print(f"\n{title}: {n_words} words of {n_files} recordings\n")
    print("| % gross errors [95 %], none | " + " | ".join(CONDITIONS) + " |")
    print("| --- " * (1 + len(CONDITIONS)) + "|")
    for system in sorted(tried[0].found_hz, key=lambda name: name.startswith("**")):
        cells = []
        for condition in CONDITIONS:
            rows = [one for one in tried if one.condition == condition]
            cells.append(format_cell(count_errors(rows, system)))
        print(f"| {system} | " + " | ".join(cells) + " |")


def count_errors(rows: Sequence[Tried], system: str) -> FloatArray:
    """Count gross errors, words found and words, a row per recording, shape (recordings, 3)."""
    counts: dict[str, FloatArray] = {}
    for one in rows:
        known = np.isfinite(one.truth_hz)
        error = one.found_hz[system][known] / one.truth_hz[known] - 1
        found = np.isfinite(error)
        gross = np.abs(error[found]) > GROSS
        count = np.array([gross.sum(), found.sum(), known.sum()], dtype=float)
        counts[one.name] = counts.get(one.name, 0) + count
    return np.array(list(counts.values()))


def format_cell(counts: FloatArray) -> str:
    """Format the share of gross errors with its interval, and the share of words without F0."""
    n_gross, n_found, n_words = counts.sum(axis=0)
    rng = np.random.default_rng(0)
    drawn = counts[rng.integers(len(counts), size=(N_DRAWS, len(counts)))].sum(axis=1)
    low, high = bootstrap_interval(100 * drawn[:, 0] / np.maximum(drawn[:, 1], 1))
    none = 100 * (1 - n_found / n_words)
    return f"{100 * n_gross / max(n_found, 1):.1f} [{low:.1f}, {high:.1f}], {none:.1f}"


def print_flagged(tried: Sequence[Tried]) -> None:
    """Print the errors of `f0_hz` with and without `brief_pitch`, and those in clean speech."""
    print("\n| `f0_hz` by | with `brief_pitch` | without | too low, off the telephone | median |")
    print("| --- | --- | --- | --- | --- |")
    for system in tried[0].is_brief:
        shares = [
            f"{100 * np.mean(is_gross):.1f} % of {len(is_gross)}"
            for is_gross in (
                np.abs(errors_of(tried, system, flagged=flagged)) > GROSS
                for flagged in (True, False)
            )
        ]
        off = errors_of([one for one in tried if one.condition != "telephone"], system)
        clean = np.abs(errors_of([one for one in tried if one.condition == "clean"], system))
        low = f"{np.sum(off < -GROSS)} of {np.sum(np.abs(off) > GROSS)} gross errors"
        cents = f"{1200 * np.log2(1 + np.median(clean)):.0f} cents"
        print(f"| {system} | {shares[0]} | {shares[1]} | {low} | {cents} |")


def errors_of(tried: Sequence[Tried], system: str, *, flagged: bool | None = None) -> FloatArray:
    """Compute the relative errors of the words found: all, the brief ones, or the others."""
    kept = []
    for one in tried:
        errors = one.found_hz[system] / one.truth_hz - 1
        chosen = True if flagged is None else one.is_brief[system] == flagged
        kept.append(errors[np.isfinite(errors) & chosen])
    return np.concatenate(kept)


def print_agreement(recordings: Sequence[tuple[Path, Path]]) -> None:
    """Print in how many words, as recorded, two trackers differ grossly."""
    rows: dict[str, list[FloatArray]] = {}
    for wav, textgrid in recordings:
        audio = lemf.read_audio(wav, channel="mix")
        (samples,) = audio.slices([(0, audio.n_samples)])
        grid = lemf.read_textgrid(textgrid)
        (words,) = align(grid, Settings(), audio.duration_s).sentences
        ratings = np.zeros(len(words))
        whole = Recording(np.array(samples), audio.rate_hz, grid, ratings, "", slice(None))
        for system, found_hz in find_maxima(whole, words)[0].items():
            rows.setdefault(system, []).append(found_hz)
    print("\n| as recorded: over 20 % apart, of words that both find | maximum | `f0_hz` |")
    print("| --- | --- | --- |")
    for one, other in combinations(TRACKERS, 2):
        cells = []
        for kind in ("maximum", "**`f0_hz`**"):
            ratio = np.concatenate(rows[f"{kind}, {one}"]) / np.concatenate(
                rows[f"{kind}, {other}"]
            )
            apart = np.abs(12 * np.log2(ratio[np.isfinite(ratio)])) > 12 * np.log2(1 + GROSS)
            cells.append(f"{100 * apart.mean():.1f} % of {len(apart)}")
        print(f"| {one} and {other} | " + " | ".join(cells) + " |")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=os.environ.get("LEMF_SPEECH_DATA"))
    parser.add_argument("--melody", choices=MELODIES, help="only this one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--as-recorded", action="store_true", help="compare trackers instead")
    options = parser.parse_args()
    if options.folder is None:
        parser.error("name a FOLDER, or set LEMF_SPEECH_DATA")
    recordings = list_recordings(Path(options.folder))
    if options.as_recorded:
        print_agreement(recordings)
        return
    melodies = (options.melody,) if options.melody else MELODIES
    tried = [
        one
        for wav, textgrid in recordings
        for one in try_recording(wav, textgrid, melodies, options.seed)
    ]
    print(f"melodies: {', '.join(melodies)}; {N_VARIANTS} variants of the rules were compared")
    own = [one for one in tried if one.name.startswith(CHOSEN_ON)]
    print_table("speakers on which the rules were chosen", own)
    print_table("other speakers", [one for one in tried if not one.name.startswith(CHOSEN_ON)])
    print_flagged(tried)


if __name__ == "__main__":
    main()
