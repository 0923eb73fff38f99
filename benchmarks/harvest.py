"""Compare Harvest with pyworld's: speed, equality, time and memory over the length.

    python benchmarks/harvest.py FOLDER [--every N] [--altered] [--threads]
    python benchmarks/harvest.py FOLDER --lengths [S ...] [--pyworld-to S] [-o FIGURE]
    perf record python benchmarks/harvest.py FOLDER [--every N] --alone avx512

FOLDER holds recordings of speech (wav, flac), searched in depth. The first table compares the two
on each utterance of 2 to 15 s (of every Nth recording), one thread, CPU time, in turn: by each
instruction set of the processor and by the numpy fallback, and with Praat's autocorrelation (a
frame each 5 ms, 75 to 600 Hz). --altered counts the frames that
differ where the signal is at another scale, holds exact zeros or is clipped. --threads compares two
threads with one, and with what two busy loops gain at the same time. --lengths follows the time and
the peak memory from 10 s to 1 h, each in a process of its own: `lemf` reads a file of 16 kHz in
pieces, pyworld takes it whole as far as it gets.
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
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from busy_loops import print_gains, time_busy

import lemf
from lemf.contours.harvest.fallback import harvest_numpy
from lemf.contours.pitch import HARVEST_IS_COMPILED

LENGTHS_S = (10, 30, 60, 120, 300, 900, 3600)
LONGEST_FOR_PYWORLD_S = 300  # it takes 6 GB there
HZ = 1e-6
ROUNDS = 7
ROUNDS_OF_FILE = 3
BUSY_ADDITIONS = 10_000_000


def main() -> None:
    """Print the tables and draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1)
    for question in ("--altered", "--threads"):
        parser.add_argument(question, action="store_true")
    parser.add_argument("--lengths", metavar="S", type=int, nargs="*", help="in seconds")
    parser.add_argument("--pyworld-to", type=int, default=LONGEST_FOR_PYWORLD_S, metavar="S")
    parser.add_argument("--alone", metavar="SET", help="only track, by one instruction set")
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure_child(options.child[0], options.folder)))
        return
    if options.alone:
        track_alone(options.folder, options.every, options.alone)
        return
    compare(options.folder, options.every)
    if options.altered:
        count_altered(options.folder)
    if options.threads:
        compare_threads(options.folder)
    if options.lengths is not None:
        lengths_s = options.lengths or LENGTHS_S
        rows = follow_lengths(options.folder, lengths_s, options.pyworld_to)
        if options.output:
            draw(rows, options.output)


def recordings(folder: Path) -> list[Path]:
    """All recordings below the folder."""
    return sorted(path for suffix in ("wav", "flac") for path in folder.rglob(f"*.{suffix}"))


def read(path: Path) -> tuple[np.ndarray, int]:
    """Return the mean of the channels, and the rate."""
    audio = lemf.read_audio(path, channel="mix")
    (samples,) = audio.slices([(0, audio.n_samples)])
    return np.ascontiguousarray(samples), audio.rate_hz


def pyworld_harvest(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """Track F0 by the reference."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pyworld

    return pyworld.harvest(samples, rate_hz)[0]


def utterances(folder: Path, every: int = 1) -> Iterator[tuple[np.ndarray, int]]:
    """Read each recording of 2 to 15 s, or of every `every`-th."""
    for path in recordings(folder)[::every]:
        if 2 <= soundfile.info(path).duration <= 15:
            yield read(path)


def cpu_s(track: Callable[[], object]) -> float:
    """Return the CPU seconds of a call."""
    started = time.process_time()
    track()
    return time.process_time() - started


def trackers(samples: np.ndarray, rate_hz: int) -> dict[str, Callable[[], object]]:
    """Return what is timed beside pyworld, by name."""
    import parselmouth

    sound = parselmouth.Sound(samples, rate_hz)
    tracks: dict[str, Callable[[], object]] = {
        "Praat": lambda: sound.to_pitch_ac(0.005, 75.0, pitch_ceiling=600.0)
    }
    if HARVEST_IS_COMPILED:
        import lemf._harvest as compiled

        for name in compiled.instruction_sets():
            tracks[name] = partial(compiled.harvest, samples, rate_hz, 71.0, 800.0, 1, name)
    tracks["numpy"] = lambda: harvest_numpy(samples, rate_hz)
    return tracks


def compare(folder: Path, every: int) -> None:
    """Time all on each utterance of 2 to 15 s and count where lemf and pyworld differ."""
    times: list[dict[str, float]] = []  # CPU seconds per second of speech
    n_frames, n_voicing, n_off, largest = 0, 0, 0, 0.0
    for samples, rate_hz in utterances(folder, every):
        duration_s = len(samples) / rate_hz
        tracks = trackers(samples, rate_hz)
        rounds = [
            {name: cpu_s(track) for name, track in tracks.items() if name != "numpy"}
            for _ in range(ROUNDS_OF_FILE)
        ]
        row = {name: float(np.median([r[name] for r in rounds])) for name in rounds[0]}
        row["numpy"] = cpu_s(tracks["numpy"])
        started = time.process_time()
        expected = pyworld_harvest(samples, rate_hz)
        row["pyworld"] = time.process_time() - started
        times.append({name: seconds / duration_s for name, seconds in row.items()})
        found, _ = lemf.harvest(samples, rate_hz)
        both = (expected > 0) & (found > 0)
        off = np.abs(found - expected)[both]
        n_frames += len(expected)
        n_voicing += int(np.sum((expected > 0) != (found > 0)))
        n_off += int(np.sum(off > HZ))
        largest = max(largest, float(off.max(initial=0.0)))
    print(f"{len(times)} utterances of 2 to 15 s, compiled: {HARVEST_IS_COMPILED}")
    print("| tool | CPU s per s | times faster than pyworld (5 % to 95 %) | time over Praat's |")
    print("| --- | ---: | ---: | ---: |")
    for name in times[0]:
        per_s = np.median([row[name] for row in times])
        low, faster, high = np.percentile(
            [row["pyworld"] / row[name] for row in times], [5, 50, 95]
        )
        over_praat = np.median([row[name] / row["Praat"] for row in times])
        ratio = f"{faster:.1f} ({low:.1f}-{high:.1f})"
        print(f"| {name} | {per_s:.4f} | {ratio} | {over_praat:.2f} |")
    print("\n| lemf against pyworld | figure |")
    print("| --- | --- |")
    print(f"| frames | {n_frames} |")
    print(f"| frames of other voicing | {n_voicing} |")
    print(f"| voiced frames that differ by over 1e-6 Hz | {n_off} |")
    print(f"| largest difference | {largest:.1e} Hz |", flush=True)


def track_alone(folder: Path, every: int, instruction_set: str) -> None:
    """Track each utterance some times by one instruction set, for a profiler."""
    import lemf._harvest as compiled

    for samples, rate_hz in utterances(folder, every):
        for _ in range(ROUNDS):
            compiled.harvest(samples, rate_hz, 71.0, 800.0, 1, instruction_set)


def count_altered(folder: Path) -> None:
    """Count the frames that differ where WORLD's ripple or its rounding decides."""
    n_frames: dict[str, int] = {}
    n_off: dict[str, int] = {}
    for samples, rate_hz in utterances(folder):
        for name, altered in alterations(samples, rate_hz):
            expected = pyworld_harvest(altered, rate_hz)
            found, _ = lemf.harvest(altered, rate_hz)
            off = ((expected > 0) != (found > 0)) | (np.abs(found - expected) > HZ)
            n_frames[name] = n_frames.get(name, 0) + len(off)
            n_off[name] = n_off.get(name, 0) + int(off.sum())
    print("\n| signal | frames | that differ |")
    print("| --- | ---: | ---: |")
    for name, count in n_frames.items():
        print(f"| {name} | {count} | {n_off[name]} |", flush=True)


def alterations(samples: np.ndarray, rate_hz: int) -> Iterator[tuple[str, np.ndarray]]:
    """Return signals made of the first 3 s, by name."""
    samples = samples[: 3 * rate_hz]
    zeros, half = np.zeros(rate_hz // 4), len(samples) // 2
    yield "times 32,768, whole numbers", np.round(32768 * samples)
    yield "times 0.0001", 1e-4 * samples
    yield "0.25 s of zeros at both ends", np.concatenate([zeros, samples, zeros])
    yield "0.25 s of zeros inside", np.concatenate([samples[:half], zeros, samples[half:]])
    yield (
        "clipped at the 5 % and 95 % percentiles",
        np.clip(samples, *np.percentile(samples, (5, 95))),
    )


def compare_threads(folder: Path) -> None:
    """Time a minute of speech in one thread and in two, in turn with one busy loop and with two."""
    rate_hz = 16000
    speech = [samples for samples, rate in utterances(folder) if rate == rate_hz]
    samples = np.resize(np.concatenate(speech), 60 * rate_hz)
    gains, busy_gains = [], []
    for _ in range(ROUNDS):
        one, two = (time_threads(samples, rate_hz, n) for n in (1, 2))
        alone, together = (time_busy(n, BUSY_ADDITIONS) for n in (1, 2))
        gains.append(one / two)
        busy_gains.append(2 * alone / together)
    print(f"\n| 60 s of speech, wall time, {ROUNDS} rounds | median (lowest to highest) |")
    print("| --- | --- |")
    print_gains("two threads against one", gains, busy_gains)


def time_threads(samples: np.ndarray, rate_hz: int, threads: int) -> float:
    """Return the wall seconds of Harvest."""
    started = time.perf_counter()
    lemf.harvest(samples, rate_hz, threads=threads)
    return time.perf_counter() - started


def follow_lengths(
    folder: Path, lengths_s: Sequence[int], pyworld_to_s: int
) -> list[dict[str, float]]:
    """Measure longer and longer recordings, each in a process of its own."""
    speech = [read(path) for path in recordings(folder)]
    rate_hz = 16000
    same = np.concatenate([samples for samples, rate in speech if rate == rate_hz])
    rows = []
    print("\n| length | tool | CPU s per s | peak memory |")
    print("| ---: | --- | ---: | ---: |")
    with tempfile.TemporaryDirectory() as scratch:
        for length_s in lengths_s:
            wav = Path(scratch) / "a.wav"
            soundfile.write(wav, np.resize(same, length_s * rate_hz), rate_hz)
            for tool in ("lemf", "pyworld"):
                if tool == "pyworld" and length_s > pyworld_to_s:
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
    """Return CPU seconds of F0 and energy (lemf) or F0 (pyworld), and the peak memory."""
    from lemf.config import Settings
    from lemf.contours.contours import measure_contours

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
    """Return the peak of this process; the usual counter inherits that of the parent on Linux."""
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
