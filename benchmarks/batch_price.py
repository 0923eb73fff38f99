"""What `lemf batch` costs a file, beside Praat's pitch alone on the same files.

    python benchmarks/batch_price.py FOLDER [TEXTGRIDS] [--files N] [--rounds N]

FOLDER holds speech with TextGrids beside it, or in the tree TEXTGRIDS. Needs parselmouth. The
stages run in this process, on one thread, one after the other in each round, so that another load
of the machine weighs on all alike; times are processor time, ratios are taken inside a round. With
--commands, whole commands on N and 2 N links tell what a file costs besides, and the start.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import parselmouth
import soundfile
from batch import PR_SET_CHILD_SUBREAPER, repeat, run_batch

import lemf
from lemf.contours.contours import measure_contours
from lemf.corpus.listing import list_recordings
from lemf.corpus.manifest import Recording
from lemf.corpus.parquet import schema_of, to_stream
from lemf.corpus.recording import FileTask, score_file
from lemf.reading.audio import read_audio

PITCH = {"time_step": 0.005, "pitch_floor": 75.0, "pitch_ceiling": 600.0}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("textgrids", nargs="?")
    parser.add_argument("--files", type=int, default=40, help="at most")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--commands", type=int, metavar="N", help="also time whole commands")
    options = parser.parse_args()
    listed = list_recordings(options.folder, options.textgrids).recordings
    recordings = [one for one in listed if one.textgrid][: options.files]
    audio_s = sum(soundfile.info(one.audio).duration for one in recordings)
    steps = make_steps(recordings)
    for step in steps.values():
        step()
    rounds = [{name: seconds(step) for name, step in steps.items()} for _ in range(options.rounds)]
    print(f"{len(recordings)} files, {audio_s:.0f} s of audio, {options.rounds} rounds")
    print("| what | CPU s per s of audio | over Praat's pitch (lowest to highest) |")
    print("| --- | ---: | ---: |")
    for name in steps:
        ratios = [one[name] / one["Praat's pitch"] for one in rounds]
        middle = statistics.median(one[name] for one in rounds) / audio_s
        print(f"| {name} | {middle:.4f} | {show(ratios)} |")
    for name, part in (("contours of listeners", "contours of paper"), ("listeners", "paper")):
        print(f"{name} over {part}: {show([one[name] / one[part] for one in rounds])}")
    rest = [(one["paper"] - one["Harvest"]) / one["paper"] for one in rounds]
    print(f"share of all but Harvest, cues paper: {statistics.median(rest):.0%}")
    if options.commands:
        time_commands(recordings, options.commands, steps["Praat's pitch"])


def make_steps(recordings: list[Recording]) -> dict[str, Callable[[], None]]:
    """Return what is compared, by name; Praat's pitch and Harvest have the samples in memory."""
    settings = {name: lemf.Settings(cues=name) for name in ("paper", "listeners")}
    audio = [read_audio(one.audio) for one in recordings]
    samples = [next(one.slices([(0, one.n_samples)])) for one in audio]
    sounds = [
        parselmouth.Sound(values, one.rate_hz) for values, one in zip(samples, audio, strict=True)
    ]

    def praat() -> None:
        for sound in sounds:
            sound.to_pitch_ac(**PITCH)

    def harvest() -> None:
        for values, one in zip(samples, audio, strict=True):
            lemf.harvest(values, one.rate_hz)

    def contours(name: str) -> None:
        for one in audio:
            measure_contours(one, settings[name], with_detail=settings[name].needs_detail)

    def batch(name: str) -> None:
        schema = schema_of("words", settings[name])
        folder = str(Path.cwd())
        for one in recordings:
            result = score_file(FileTask(0, one, 0, settings[name], folder, False))
            to_stream(result.words, schema)

    return {
        "Praat's pitch": praat,
        "Harvest": harvest,
        "contours of paper": lambda: contours("paper"),
        "contours of listeners": lambda: contours("listeners"),
        "paper": lambda: batch("paper"),
        "listeners": lambda: batch("listeners"),
    }


def seconds(step: Callable[[], None]) -> float:
    """Return the processor time of a step."""
    started = time.process_time()
    step()
    return time.process_time() - started


def show(ratios: list[float]) -> str:
    """Format the median, lowest and highest of ratios."""
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"


def time_commands(recordings: list[Recording], n_files: int, praat: Callable[[], None]) -> None:
    """Print what a file costs in whole commands: the difference of N files and 2 N."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)  # so that workers are waited for here
    n_files = -(-n_files // len(recordings)) * len(recordings)
    spent = {}
    with tempfile.TemporaryDirectory() as scratch:
        for n in (n_files, 2 * n_files):
            corpus = Path(scratch) / f"corpus-{n}"
            repeat(recordings, corpus, n)
            spent[n] = run_batch(corpus, 1)[1]
    added = spent[2 * n_files] - spent[n_files]
    alone = seconds(praat) * n_files / len(recordings)
    print(
        f"whole commands, {n_files} and {2 * n_files} links: {added / alone:.2f} times Praat's "
        f"pitch for a further file; {spent[n_files] - added:.1f} s to start and end"
    )


if __name__ == "__main__":
    sys.exit(main())
