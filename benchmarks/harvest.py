"""Our Harvest against pyworld's: speed, equality, time and memory over the length.

    python benchmarks/harvest.py FOLDER [--lengths] [-o FIGURE]

FOLDER holds recordings of speech (wav, flac), searched in depth. The first table compares the two
on each utterance of 2 to 15 s, one thread, CPU time, in turn. With --lengths, a second one follows
the time and the peak memory from 10 s to 1 h, each in a process of its own: `lemf` reads a file of
16 kHz in pieces, pyworld takes it whole as far as it gets.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import soundfile

import lemf
from lemf.pitch import HARVEST_IS_COMPILED

LENGTHS_S = (10, 30, 60, 120, 300, 900, 3600)
LONGEST_FOR_PYWORLD_S = 300  # it takes 7 GB there and fails at 600 s
HZ = 1e-6


def main() -> None:
    """Print the tables and draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lengths", action="store_true")
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure_child(options.child[0], options.folder)))
        return
    compare(options.folder)
    if options.lengths:
        rows = follow_lengths(options.folder)
        if options.output:
            draw(rows, options.output)


def recordings(folder: Path) -> list[Path]:
    """All recordings below the folder."""
    return sorted(path for suffix in ("wav", "flac") for path in folder.rglob(f"*.{suffix}"))


def read(path: Path) -> tuple[np.ndarray, int]:
    """Give the mean of the channels, and the rate."""
    audio = lemf.read_audio(path, channel="mix")
    (samples,) = audio.slices([(0, audio.n_samples)])
    return np.ascontiguousarray(samples), audio.rate_hz


def pyworld_harvest(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """Track F0 by the reference."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pyworld

    return pyworld.harvest(samples, rate_hz)[0]


def compare(folder: Path) -> None:
    """Time both on each utterance of 2 to 15 s and count where they differ."""
    ratios, speeds, n_frames, n_voicing, n_off, largest = [], [], 0, 0, 0, 0.0
    for path in recordings(folder):
        if not 2 <= soundfile.info(path).duration <= 15:
            continue
        samples, rate_hz = read(path)
        started = time.process_time()
        expected = pyworld_harvest(samples, rate_hz)
        middle = time.process_time()
        found, _ = lemf.harvest(samples, rate_hz)
        ended = time.process_time()
        ratios.append((middle - started) / (ended - middle))
        speeds.append((ended - middle) / (len(samples) / rate_hz))
        both = (expected > 0) & (found > 0)
        off = np.abs(found - expected)[both]
        n_frames += len(expected)
        n_voicing += int(np.sum((expected > 0) != (found > 0)))
        n_off += int(np.sum(off > HZ))
        largest = max(largest, float(off.max(initial=0.0)))
    low, median, high = np.percentile(ratios, [5, 50, 95])
    print(f"{len(ratios)} utterances of 2 to 15 s, compiled: {HARVEST_IS_COMPILED}")
    print("| what | figure |")
    print("| --- | --- |")
    print(
        f"| times faster than pyworld, median (5 % to 95 %) | {median:.1f} ({low:.1f}-{high:.1f}) |"
    )
    print(f"| CPU seconds a second of audio, median | {np.median(speeds):.4f} |")
    print(f"| frames | {n_frames} |")
    print(f"| frames of other voicing | {n_voicing} |")
    print(f"| voiced frames that differ by over 1e-6 Hz | {n_off} |")
    print(f"| largest difference | {largest:.1e} Hz |")


def follow_lengths(folder: Path) -> list[dict[str, float]]:
    """Measure longer and longer recordings, each in a process of its own."""
    speech = [read(path) for path in recordings(folder)]
    rate_hz = 16000
    same = np.concatenate([samples for samples, rate in speech if rate == rate_hz])
    rows = []
    print("\n| length | tool | CPU s per s | peak memory |")
    print("| ---: | --- | ---: | ---: |")
    with tempfile.TemporaryDirectory() as scratch:
        for length_s in LENGTHS_S:
            wav = Path(scratch) / "a.wav"
            soundfile.write(wav, np.resize(same, length_s * rate_hz), rate_hz)
            for tool in ("lemf", "pyworld"):
                if tool == "pyworld" and length_s > LONGEST_FOR_PYWORLD_S:
                    continue
                child = [sys.executable, __file__, str(wav), "--child", tool, str(length_s)]
                done = subprocess.run(child, capture_output=True, check=True, text=True)
                row = {"length_s": length_s, "tool": tool, **json.loads(done.stdout)}
                rows.append(row)
                per_s = row["cpu_s"] / length_s
                print(
                    f"| {length_s} s | {tool} | {per_s:.4f} | {row['peak_mb']:.0f} MB |", flush=True
                )
    return rows


def measure_child(tool: str, wav: Path) -> dict[str, float]:
    """CPU seconds of F0 and energy (lemf) or F0 (pyworld), and the peak memory of the process."""
    from lemf.config import Settings
    from lemf.contours import measure_contours

    if tool == "lemf":
        started = time.process_time()
        measure_contours(lemf.read_audio(wav), Settings())
    else:
        samples, rate_hz = soundfile.read(wav)
        started = time.process_time()
        pyworld_harvest(samples, rate_hz)
    cpu_s = time.process_time() - started
    return {"cpu_s": cpu_s, "peak_mb": peak_memory_mb()}


def peak_memory_mb() -> float:
    """Give this process's own peak; the usual counter inherits that of the parent on Linux."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def draw(rows: list[dict[str, float]], path: Path) -> None:
    """Draw time and memory over the length, both axes logarithmic."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.4), layout="constrained")
    panels = figure.subplots(1, 2)
    for tool, colour in (("lemf", "#0072B2"), ("pyworld", "#D55E00")):
        own = [row for row in rows if row["tool"] == tool]
        lengths = [row["length_s"] for row in own]
        per_s = [row["cpu_s"] / row["length_s"] for row in own]
        panels[0].plot(lengths, per_s, "o-", color=colour, label=tool)
        panels[1].plot(lengths, [row["peak_mb"] for row in own], "o-", color=colour, label=tool)
    for panel, label in zip(panels, ("CPU s per s of audio", "peak memory (MB)"), strict=True):
        panel.set(xscale="log", yscale="log", xlabel="length (s)", ylabel=label)
        panel.grid(color="0.9")
        panel.legend(frameon=False)
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
