"""How the time and the memory of each command grow with its input.

    python benchmarks/growth.py [COMMAND ...] [--sizes 1000 10000 100000]

Every command runs on synthetic input of each size, which stays in a scratch folder meanwhile; its
usual sizes are in CASES. Prints the processor time of all processes of the command, the peak memory
of the largest, and the exponent between a size and the one before: 1.00 where time is proportional
to the input, less where start-up weighs. The exit code is 1 if an exponent is over 1.05. Linux
only.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

import lemf
from lemf.contours.measurement import measure
from lemf.corpus.outputs import Summary, describe_output
from lemf.corpus.parquet import open_tables, schema_of, to_stream
from lemf.corpus.plan import describe_settings
from lemf.corpus.tables import feature_row

RATE_HZ = 8000
SLOT_S = 0.2  # a word with two phones
PER_SENTENCE = 12  # slots, of which the last two are a pause
LABELS = ("one", "two", "three", "four", "five")
EXAMPLE = Path(__file__).parents[1] / "examples" / "really"
MOST = 1.05  # exponent
ROWS_AT_ONCE = 1000
PR_SET_CHILD_SUBREAPER = 36


class Case(NamedTuple):
    """A command: its unit, its usual sizes, and what makes its input and names its arguments."""

    unit: str
    sizes: tuple[int, ...]
    prepare: Callable[[Path, int], list[str]]


def main() -> None:
    """Print one table of all commands."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commands", nargs="*", metavar="COMMAND", help=", ".join(CASES))
    parser.add_argument("--sizes", nargs="+", type=int)
    options = parser.parse_args()
    if unknown := set(options.commands) - CASES.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are: {', '.join(CASES)}")
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)  # so that workers are waited for here
    print("| command | input | CPU s | MB | exponent |\n| --- | ---: | ---: | ---: | ---: |")
    grows = False
    for name in options.commands or CASES:
        grows |= print_growth(name, options.sizes or CASES[name].sizes)
    sys.exit(grows)


def print_growth(name: str, sizes: list[int] | tuple[int, ...]) -> bool:
    """Print the rows of a command; return whether it grows faster than its input."""
    case, measured = CASES[name], []
    for size in sorted(sizes):
        with tempfile.TemporaryDirectory() as scratch:
            cpu_s, peak_mb = run(case.prepare(Path(scratch), size), Path(scratch))
        measured.append((size, cpu_s))
        exponent = exponents(measured)[-1] if len(measured) > 1 else math.nan
        shown = "" if math.isnan(exponent) else f"{exponent:.2f}"
        print(
            f"| {name} | {size:,} {case.unit} | {cpu_s:.1f} | {peak_mb:.0f} | {shown} |", flush=True
        )
    return any(one > MOST for one in exponents(measured))


def exponents(measured: list[tuple[int, float]]) -> list[float]:
    """Compute d log(time) / d log(size) between the neighbours of (size, seconds)."""
    return [math.log(b[1] / a[1]) / math.log(b[0] / a[0]) for a, b in pairwise(measured)]


def run(arguments: list[str], folder: Path) -> tuple[float, float]:
    """Return the CPU seconds of a command and its workers, and the MB of the largest process."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", *arguments]
    with (folder / "stderr").open("wb") as stderr:
        main_pid = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=stderr
        ).pid
    cpu_s = peak_kb = 0.0
    while True:
        try:
            pid, status, usage = os.wait4(-1, 0)
        except ChildProcessError:
            return cpu_s, peak_kb / 1000
        cpu_s += usage.ru_utime + usage.ru_stime
        peak_kb = max(peak_kb, usage.ru_maxrss)
        if pid == main_pid and status:
            said = (folder / "stderr").read_text(errors="replace")
            sys.exit(
                f"{' '.join(arguments)} ended with {os.waitstatus_to_exitcode(status)}: {said}"
            )


def write_recording(stem: Path, n_words: int) -> None:
    """Write sentences of ten words, each another tone, and their TextGrid."""
    rng = np.random.default_rng(0)
    n_slots = n_words + n_words // (PER_SENTENCE - 2) * 2
    edges_s = np.round(np.arange(n_slots + 1) * SLOT_S, 6).tolist()
    is_word = [i % PER_SENTENCE < PER_SENTENCE - 2 for i in range(n_slots)]
    size = round(SLOT_S * RATE_HZ)
    place_s = np.arange(size) / RATE_HZ
    with soundfile.SoundFile(f"{stem}.wav", "w", RATE_HZ, 1) as sound:
        for word in is_word:
            f0_hz, loud = rng.uniform(100, 250), rng.uniform(0.05, 0.2) if word else 0.0
            voice = sum(np.sin(2 * np.pi * k * f0_hz * place_s) / k for k in range(1, 6))
            sound.write(loud * voice * np.hanning(size) + rng.normal(0, 1e-4, size))
    words, phones = [], []
    for i, ((start_s, end_s), word) in enumerate(zip(pairwise(edges_s), is_word, strict=True)):
        label = LABELS[i % len(LABELS)] if word else ""
        middle_s = round(start_s + SLOT_S * rng.uniform(0.3, 0.7), 6)
        words.append(lemf.Interval(start_s, end_s, label))
        phones += [
            lemf.Interval(start_s, middle_s, "n" if word else ""),
            lemf.Interval(middle_s, end_s, "AH1" if word else ""),
        ]
    tiers = (("words", words), ("phones", phones))
    tiers = tuple(lemf.IntervalTier(name, 0.0, edges_s[-1], tuple(one)) for name, one in tiers)
    lemf.write_textgrid(lemf.TextGrid(0.0, edges_s[-1], tiers), f"{stem}.TextGrid")


def one_recording(*arguments: str) -> Callable[[Path, int], list[str]]:
    """Return what writes a recording of so many words."""

    def prepare(folder: Path, n_words: int) -> list[str]:
        write_recording(folder / "a", n_words)
        return ["lemf", arguments[0], "a.wav", "--sentences", "pause:0.3", *arguments[1:]]

    return prepare


def corpus(folder: Path, n_files: int, n_words: int) -> None:
    """Make recordings, of which all but every 10,000th are links."""
    for number in range(n_files):
        below = folder / "corpus" / f"{number // 500:04d}"
        below.mkdir(parents=True, exist_ok=True)
        stem = below / f"{number:06d}"
        if number % 10_000 == 0:
            first = stem
            write_recording(stem, n_words)
            continue
        for suffix in (".wav", ".TextGrid"):
            os.link(f"{first}{suffix}", f"{stem}{suffix}")


def for_batch(folder: Path, n_files: int) -> list[str]:
    """Make a corpus of recordings of 0.4 s for lemf batch."""
    corpus(folder, n_files, 2)
    return ["lemf", "batch", "corpus", "-o", "scores.parquet", "--jobs", "2"]


def with_features(*arguments: str) -> Callable[[Path, int], list[str]]:
    """Return what writes the features of so many recordings of ten words."""

    def prepare(folder: Path, n_rows: int) -> list[str]:
        write_recording(folder / "a", 10)
        settings = lemf.Settings()
        measured = measure(folder / "a.wav", folder / "a.TextGrid", settings, with_detail=True)
        summary = Summary(n_rows, 0, 10 * n_rows, measured.duration_s * n_rows)
        about = describe_output(describe_settings(settings), summary, None)
        schema = schema_of("features", settings)
        tables = {"features": folder / "features.parquet"}
        with open_tables(tables, settings, about, force=True) as open_ones:
            for first in range(0, n_rows, ROWS_AT_ONCE):
                numbers = range(first, min(first + ROWS_AT_ONCE, n_rows))
                rows = [feature_row(f"{number:06d}", measured) for number in numbers]
                open_ones["features"].add(to_stream(rows, schema))
        return ["lemf", arguments[0], "features.parquet", *arguments[1:]]

    return prepare


def with_labels(*arguments: str) -> Callable[[Path, int], list[str]]:
    """Return what writes ratings of recordings of five words by ten speakers."""

    def prepare(folder: Path, n_files: int) -> list[str]:
        corpus(folder, n_files, 5)
        rng = np.random.default_rng(1)
        with (folder / "labels.jsonl").open("w") as stream:
            for number in range(n_files):
                stem = f"corpus/{number // 500:04d}/{number:06d}"
                row = {
                    "audio": f"{stem}.wav",
                    "textgrid": f"{stem}.TextGrid",
                    "ratings": rng.permutation(5).tolist(),
                    "text": f"text {number % 100}",
                    "speaker": f"speaker {number % 10}",
                }
                stream.write(json.dumps(row) + "\n")
        return ["lemf", arguments[0], "labels.jsonl", *arguments[1:], "--jobs", "2"]

    return prepare


def for_align(folder: Path, n_times: int) -> list[str]:
    """Repeat the example of six words with its text."""
    samples, rate_hz = soundfile.read(f"{EXAMPLE}.wav")
    soundfile.write(folder / "a.wav", np.tile(samples, n_times), rate_hz)
    words = next(
        one for one in lemf.read_textgrid(f"{EXAMPLE}.TextGrid").tiers if one.name == "words"
    )
    text = " ".join(one.label for one in words.intervals if one.label)
    (folder / "a.txt").write_text(f"{text}. " * n_times)
    return ["lemf", "align", "a.wav", "a.txt", "--language", "en", "-o", "a.TextGrid"]


def for_table(folder: Path, n_rows: int) -> list[str]:
    """Make a table of recordings with labels."""
    corpus(folder, n_rows, 2)
    rng = np.random.default_rng(2)
    with (folder / "table.csv").open("w") as stream:
        stream.write("wav,transcript,speaker,valence,arousal,dominance\n")
        for number in range(n_rows):
            labels = ",".join(f"{one:.2f}" for one in rng.uniform(1, 5, 3))
            stream.write(
                f"corpus/{number // 500:04d}/{number:06d}.wav,one two,s{number % 100},{labels}\n"
            )
    bounds = ["--label-bounds", "1,5", "--split", "speaker"]
    return ["msfser", "corpus", "table", "table.csv", *bounds, "-o", "out"]


CASES = {
    "score": Case("words", (1_000, 10_000, 100_000), one_recording("score", "--cues", "listeners")),
    "plot": Case("words", (100, 1_000, 10_000), one_recording("plot", "-o", "a.pdf")),
    "report": Case("words", (1_000, 10_000), one_recording("report", "-o", "a.html")),
    "report of features": Case(
        "files", (1_000, 10_000, 100_000), with_features("report", "-o", "pages")
    ),
    "batch": Case("files", (1_000, 10_000, 100_000), for_batch),
    "rescore": Case(
        "files",
        (1_000, 10_000, 100_000),
        with_features("rescore", "--cues", "listeners", "-o", "scores.parquet"),
    ),
    "evaluate": Case(
        "files", (1_000, 10_000), with_labels("evaluate", "--cues", "listeners", "--cut", "3")
    ),
    "fit": Case("files", (1_000, 10_000), with_labels("fit", "-o", "weights.json")),
    "align": Case("times 2.1 s", (10, 100, 1_000), for_align),
    "corpus table": Case("rows", (1_000, 10_000, 100_000), for_table),
}


if __name__ == "__main__":
    main()
