"""Measure the time and memory of `lemf align` on long recordings with their text in one piece.

    LEMF_SPEECH_DATA=... python benchmarks/alignment_long.py [--minutes 2 10 30 120]

The sentences of LJSpeech follow each other with half a second of silence between, again and again
until the recording is long enough. Each recording is aligned by a process of its own, whose user
time and greatest resident memory are printed, those of espeak-ng's process counted in, and the
share of sentences that start within 0.2 s of where they were put.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from aligner_seed import read_ljspeech

import lemf
from lemf.aligner.espeak import open_espeak

PAUSE_S, NEAR_S = 0.5, 0.2
ALIGN = [sys.executable, "-m", "lemf", "align"]


def join_sentences(
    minutes: float, data: Path, folder: Path
) -> tuple[Path, Path, list[tuple[int, float]]]:
    """Write a recording and its text; return them, and each sentence's first word and its start."""
    with open_espeak() as espeak:
        sentences = list(read_ljspeech(data, espeak))
    sounds = [soundfile.read(data / "ljspeech" / f"{one.name}.wav") for one in sentences]
    rate_hz = sounds[0][1]
    audio, text = folder / f"{minutes:g}.wav", folder / f"{minutes:g}.txt"
    texts: list[str] = []
    starts: list[tuple[int, float]] = []
    n_words = n_samples = number = 0
    with soundfile.SoundFile(audio, "w", rate_hz, 1) as file:
        while n_samples < 60 * minutes * rate_hz:
            one, (samples, _) = sentences[number % len(sentences)], sounds[number % len(sentences)]
            starts.append((n_words, n_samples / rate_hz))
            texts.append(one.text)
            file.write(np.append(samples, np.zeros(int(PAUSE_S * rate_hz))))
            n_samples, n_words, number = file.tell(), n_words + len(one.words), number + 1
    text.write_text(" ".join(texts), encoding="utf-8")
    return audio, text, starts


def main() -> None:
    """Print one row per recording."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, nargs="*", default=[2, 10, 30, 120])
    options = parser.parse_args()
    data = Path(os.environ["LEMF_SPEECH_DATA"])
    print("| minutes | words | user time (s) | user time / duration | memory (MB) | in place |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as name:
        for minutes in options.minutes:
            audio, text, starts = join_sentences(minutes, data, Path(name))
            grid_path = audio.with_suffix(".TextGrid")
            command = [*ALIGN, str(audio), str(text), "--language", "en-us", "-o", str(grid_path)]
            process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
            message = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            if status:
                print(f"| {minutes:g} | {message.strip()} |", flush=True)
                continue
            words = next(t for t in lemf.read_textgrid(grid_path).tiers if t.name == "words")
            spoken = [interval.start_s for interval in words.intervals if interval.label]
            near = np.mean([abs(spoken[word] - start_s) < NEAR_S for word, start_s in starts])
            duration_s = soundfile.info(audio).duration
            print(
                f"| {minutes:g} | {len(spoken)} | {usage.ru_utime:.1f} "
                f"| {usage.ru_utime / duration_s:.4f} | {usage.ru_maxrss / 1024:.0f} "
                f"| {near:.3f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
