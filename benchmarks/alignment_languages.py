"""Measure the aligner on speech of another synthesiser, whose times are known, in many languages.

    python benchmarks/alignment_languages.py FOLDER [--languages it cs] [--variants] [--aligner X]

Festival speaks the sentences of alignment_languages.csv with the voices that Debian packages (see
VOICES; `apt-get install festival` and the packages that are named where a voice is missing) into
FOLDER, with the times of the words beside each recording. Each recording is then aligned alone, as
it is, played faster and slower (which changes tempo, pitch and formants alike), and with noise of
the same spectrum. The table counts the edges of words.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import numpy as np
import soundfile
import soxr

from lemf.aligner.align import align
from lemf.aligner.transcript import read_words
from lemf.errors import LemfError

TEXTS = Path(__file__).with_name("alignment_languages.csv")


@dataclass(frozen=True)
class Voice:
    """A voice of Festival: its language, the encoding of its texts, the packages that bring it.

    `last` is a phone that the voice adds to words that end in a consonant, and no speaker does.
    """

    name: str
    language: str
    encoding: str
    packages: str
    last: str = ""


VOICES = (
    Voice("lp_diphone", "it", "latin-1", "festvox-italp16k"),
    Voice("pc_diphone", "it", "latin-1", "festvox-itapc16k"),
    Voice("czech_ph", "cs", "iso-8859-2", "festvox-czech-ph"),
    Voice("czech_dita", "cs", "iso-8859-2", "festvox-czech-dita"),
    Voice("hy_fi_mv_diphone", "fi", "latin-1", "festvox-suopuhe-mv"),
    Voice("suo_fi_lj_diphone", "fi", "latin-1", "festvox-suopuhe-lj"),
    Voice("msu_ru_nsh_clunits", "ru", "utf-8", "festvox-ru"),
    Voice("hindi_NSK_diphone", "hi", "utf-8", "festival-hi festvox-hi-nsk", last="a"),
    Voice("upc_ca_ona_hts", "ca", "iso-8859-15", "festival-ca festvox-ca-ona-hts"),
    Voice("marathi_NSK_diphone", "mr", "utf-8", "festival-mr festvox-mr-nsk", last="a"),
    Voice("telugu_NSK_diphone", "te", "utf-8", "festival-te festvox-te-nsk", last="a"),
    Voice("kal_diphone", "en-us", "ascii", "festvox-kallpc16k"),
    Voice("cmu_us_slt_arctic_hts", "en-us", "ascii", "festvox-us-slt-hts"),
)
SPEEDS = {"as spoken": 1.0, "faster, higher": 1.15, "slower, lower": 0.87}
NOISE, SNR_DB = "noise at 15 dB", 15.0
SPEAK = """
(set! utterance (SynthText "{text}"))
(utt.save.wave utterance "{path}")
(format t "\\nUTTERANCE\\n")
(mapcar
  (lambda (word)
    (format t "%s\\t%f\\t%f\\t%s\\n"
      (item.name word) (item.feat word 'word_start) (item.feat word 'word_end)
      (item.feat word "R:SylStructure.daughtern.daughtern.name")))
  (utt.relation.items utterance 'Word))
"""


@dataclass(frozen=True)
class Sentence:
    """A recording, its text, and the start and end of each word in seconds.

    `are_known` tells which of these edges count: (words, 2) bool.
    """

    path: Path
    voice: Voice
    text: str
    spans_s: tuple[tuple[float, float], ...]
    are_known: np.ndarray


def speak(voice: Voice, texts: Sequence[str], folder: Path) -> list[Sentence]:
    """Speak texts by Festival, and write each recording with its text and its words in CTM."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{voice.name}-{number:02}.wav" for number in range(1, len(texts) + 1)]
    script = folder / f"{voice.name}.scm"
    requests = [SPEAK.format(text=text, path=path) for text, path in zip(texts, paths, strict=True)]
    script.write_bytes(f"(voice_{voice.name})\n{''.join(requests)}".encode(voice.encoding))
    result = subprocess.run(["festival", "-b", str(script)], capture_output=True, check=False)
    if result.returncode != 0 or b"ERROR" in result.stderr:
        print(f"{voice.name} does not speak: apt-get install {voice.packages}", file=sys.stderr)
        return []
    answers = result.stdout.decode(voice.encoding).split("UTTERANCE\n")[1:]
    sentences = []
    for path, text, answer in zip(paths, texts, answers, strict=True):
        rows = [line.split("\t") for line in answer.splitlines() if line.count("\t") == 3]
        spans_s = tuple((float(start), float(end)) for _, start, end, _ in rows)
        written = read_words(text)
        if len(spans_s) != len(written):
            print(f"{path.name}: Festival reads other words: {rows}", file=sys.stderr)
            continue
        path.with_suffix(".txt").write_text(text + "\n", encoding="utf-8")
        path.with_suffix(".ctm").write_text(
            "".join(
                f"{path.stem} 1 {start:.4f} {end - start:.4f} {word.text}\n"
                for word, (start, end) in zip(written, spans_s, strict=True)
            ),
            encoding="utf-8",
        )
        ends = np.array([last != voice.last for _, _, _, last in rows])
        are_known = np.stack([np.append(True, ends[:-1]), ends], axis=1)
        sentences.append(Sentence(path, voice, text, spans_s, are_known))
    return sentences


def vary(samples: np.ndarray, rate_hz: int) -> Iterator[tuple[str, np.ndarray, float]]:
    """Yield each variant's name, samples, and how many times faster it is."""
    for name, speed in SPEEDS.items():
        yield name, soxr.resample(samples, rate_hz * speed, rate_hz), speed
    random = np.random.default_rng(0)
    spectrum = np.abs(np.fft.rfft(samples))
    noise = np.fft.irfft(spectrum * np.exp(2j * np.pi * random.random(len(spectrum))), len(samples))
    noise *= np.sqrt(np.mean(samples**2) / np.mean(noise**2)) / 10 ** (SNR_DB / 20)
    yield NOISE, samples + noise, 1.0


def measure(sentence: Sentence, aligner: str) -> list[tuple[Sentence, str, np.ndarray]]:
    """Align all variants of a sentence; compute the errors of the edges in ms, (edges,)."""
    samples, rate_hz = soundfile.read(sentence.path)
    measured = []
    for name, varied, speed in vary(samples, rate_hz):
        try:
            grid = align(
                varied,
                sentence.text,
                language=sentence.voice.language,
                rate_hz=rate_hz,
                aligner=aligner,
            )
        except LemfError as error:
            print(f"{sentence.path.name}, {name}: {error}", file=sys.stderr)
            continue
        words = next(tier for tier in grid.tiers if tier.name == "words")
        found = [(word.start_s, word.end_s) for word in words.intervals if word.label]
        if len(found) != len(sentence.spans_s):
            print(f"{sentence.path.name}, {name}: {len(found)} words found", file=sys.stderr)
            continue
        errors = np.abs(np.array(found) - np.array(sentence.spans_s) / speed)
        measured.append((sentence, name, 1000 * errors[sentence.are_known]))
    return measured


def format_row(name: str, errors_ms: Iterable[np.ndarray]) -> str:
    """Format the errors of edges as a row of the table."""
    errors = np.concatenate(list(errors_ms))
    within, beyond = np.mean(errors <= 50), np.mean(errors > 100)
    return (
        f"| {name} | {len(errors)} | {np.median(errors):.0f} | {np.quantile(errors, 0.9):.0f} "
        f"| {within:.2f} | {beyond:.3f} |"
    )


def main() -> None:
    """Speak, align and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--languages", nargs="*", help="codes; all by default")
    parser.add_argument("--variants", action="store_true", help="also one row per variant")
    parser.add_argument("--voices", action="store_true", help="also one row per voice")
    parser.add_argument("--aligner", choices=("espeak", "praat", "mfa"), default="espeak")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    if shutil.which("festival") is None:
        parser.error("Festival is missing: apt-get install festival")
    with TEXTS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    sentences = [
        sentence
        for voice in VOICES
        if not options.languages or voice.language in options.languages
        for sentence in speak(
            voice,
            [row["text"] for row in rows if row["language"] == voice.language],
            options.folder / voice.language,
        )
    ]
    with ProcessPoolExecutor(options.jobs) as pool:
        measured = [
            part
            for parts in pool.map(measure, sentences, repeat(options.aligner))
            for part in parts
        ]
    print("| | word edges | median (ms) | 90 % (ms) | within 50 ms | beyond 100 ms |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for language in dict.fromkeys(sentence.voice.language for sentence, _, _ in measured):
        here = [part for part in measured if part[0].voice.language == language]
        print(format_row(language, (errors for _, _, errors in here)))
        if options.variants:
            for variant in dict.fromkeys(name for _, name, _ in here):
                print(format_row(f"- {variant}", (e for _, name, e in here if name == variant)))
        if options.voices:
            for voice in dict.fromkeys(sentence.voice.name for sentence, _, _ in here):
                print(format_row(f"- {voice}", (e for s, _, e in here if s.voice.name == voice)))
    print(format_row("all", (errors for _, _, errors in measured)))


if __name__ == "__main__":
    main()
