"""What `lemf batch` costs: speed over cores, share of all but F0, memory, start of a resumed run.

    python benchmarks/batch.py FOLDER [TEXTGRIDS] [--files N]

FOLDER holds speech with TextGrids beside it, or in the tree TEXTGRIDS; it is repeated by symbolic
links to N files (400). Linux only: memory and processor time of workers come from /proc.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
from busy_loops import print_gains, time_busy

import lemf
import lemf.contours.contours
from lemf.corpus.listing import list_recordings
from lemf.corpus.manifest import Recording
from lemf.corpus.parquet import schema_of, to_stream
from lemf.corpus.parts import Part, Parts
from lemf.corpus.plan import make_plan, stamp_of
from lemf.corpus.recording import FileTask, score_file

LEMF = [sys.executable, "-m", "lemf"]
ROUNDS = 5
BUSY_ADDITIONS = 60_000_000
PR_SET_CHILD_SUBREAPER = 36
IN_OPEN = 0x20  # inotify
N_OPEN = 4096  # recordings that are not done
EXAMPLE = Path(__file__).parents[1] / "examples" / "really"


def main() -> None:
    """Print one table per question."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("textgrids", nargs="?")
    parser.add_argument("--files", type=int, default=400)
    arguments = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)  # so that workers are waited for here
    recordings = list_recordings(arguments.folder, arguments.textgrids).recordings
    usable = [recording for recording in recordings if recording.textgrid]
    with tempfile.TemporaryDirectory() as scratch:
        corpus = Path(scratch) / "corpus"
        repeat(usable, corpus, arguments.files)
        measure_speed(corpus)
        measure_shares(usable)
        measure_memory(Path(scratch) / "long")
        for n_files in (10_000, 100_000, 200_000):
            measure_resume(Path(scratch) / f"done-{n_files}", n_files)


def repeat(recordings: list[Recording], corpus: Path, n_files: int) -> None:
    """Make a folder of symbolic links."""
    corpus.mkdir()
    for number in range(n_files):
        recording = recordings[number % len(recordings)]
        stem = corpus / f"{number:06d}"
        audio, textgrid = Path(recording.audio).resolve(), Path(recording.textgrid).resolve()
        Path(f"{stem}{audio.suffix}").symlink_to(audio)
        Path(f"{stem}.TextGrid").symlink_to(textgrid)


def measure_speed(corpus: Path) -> None:
    """Compare two processes with one, and with what two busy loops gain at the same time.

    Others may use the machine: each round takes one and two of both kinds there and back again, and
    gives one ratio, so that a load that grows or shrinks meanwhile weighs on all alike.
    """
    audio_s = sum(soundfile.info(path).duration for path in corpus.glob("*.wav"))
    gains, busy_gains, runs = [], [], {1: [], 2: []}
    for _ in range(ROUNDS):
        wall, busy = {1: 0.0, 2: 0.0}, {1: 0.0, 2: 0.0}
        for n in (1, 2, 2, 1):
            runs[n].append(run_batch(corpus, n))
            wall[n] += runs[n][-1][0]
            busy[n] += time_busy(n, BUSY_ADDITIONS)
        gains.append(wall[1] / wall[2])
        busy_gains.append(2 * busy[1] / busy[2])
    per_s = {n: np.median(np.array(runs[n]), axis=0) / audio_s for n in runs}
    n_files = len(list(corpus.glob("*.wav")))
    print(f"{n_files} files, {audio_s:.0f} s of audio, whole commands, {ROUNDS} rounds")
    print("| what | median (lowest to highest) |\n| --- | --- |")
    print(f"| one process, wall over audio (RTF) | {per_s[1][0]:.4f} |")
    print(f"| one process, processor time over audio | {per_s[1][1]:.4f} |")
    print(f"| two processes, wall over audio | {per_s[2][0]:.4f} |")
    print(f"| two processes, processor time over audio | {per_s[2][1]:.4f} |")
    print_gains("two processes against one", gains, busy_gains)
    print(flush=True)


def run_batch(corpus: Path, jobs: int) -> tuple[float, float]:
    """Return the wall and processor seconds of a whole command, its workers included."""
    output = corpus.with_suffix(".parquet")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    command = [*LEMF, "batch", str(corpus), "-o", str(output), "--force", "--jobs", str(jobs)]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    wall = time.perf_counter() - started
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure_shares(recordings: list[Recording]) -> None:
    """Print the share of F0 in the processor time of a file; rows to Arrow included."""
    spent = 0.0
    original = lemf.contours.contours.f0_contour

    def timed(*arguments: object, **options: object) -> np.ndarray:
        nonlocal spent
        started = time.process_time()
        f0_hz = original(*arguments, **options)
        spent += time.process_time() - started
        return f0_hz

    lemf.contours.contours.f0_contour = timed
    folder = str(Path.cwd())
    tasks = [FileTask(0, recording, 0, lemf.Settings(), folder, False) for recording in recordings]
    schema = schema_of("words", lemf.Settings())
    totals = []
    for _ in range(ROUNDS + 1):
        spent, started = 0.0, time.process_time()
        for task in tasks:
            to_stream(score_file(task).words, schema)
        totals.append((time.process_time() - started, spent))
    lemf.contours.contours.f0_contour = original
    total, f0 = np.median(np.array(totals[1:]), axis=0)
    print("| processor time of a file | share |\n| --- | ---: |")
    print(f"| F0 | {f0 / total:.1%} |\n| everything else | {1 - f0 / total:.1%} |\n")


def measure_memory(corpus: Path) -> None:
    """Print the peak memory of each process over files of 15 s."""
    corpus.mkdir()
    samples, rate_hz = soundfile.read(f"{EXAMPLE}.wav")
    samples = np.tile(samples, 15 * rate_hz // len(samples) + 1)[: 15 * rate_hz]
    edges = [round(0.4 * i, 6) for i in range(38)]
    intervals = tuple(lemf.Interval(*edge, "a") for edge in pairwise(edges))
    tiers = tuple(lemf.IntervalTier(name, 0.0, 15.0, intervals) for name in ("words", "phones"))
    for number in range(16):
        soundfile.write(corpus / f"{number}.wav", samples, rate_hz)
        lemf.write_textgrid(lemf.TextGrid(0.0, 15.0, tiers), corpus / f"{number}.TextGrid")
    peaks: dict[str, int] = {}
    command = [*LEMF, "batch", str(corpus), "-o", f"{corpus}.parquet", "--jobs", "2"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            for role, peak in peaks_of(process.pid):
                peaks[role] = max(peak, peaks.get(role, 0))
            time.sleep(0.02)
    print(f"| peak memory, files of 15 s at {rate_hz} Hz | MB |\n| --- | ---: |")
    for role in ("worker", "main process"):
        print(f"| {role} | {peaks[role] / 1000:.0f} |")
    print()


def peaks_of(main_pid: int) -> Iterator[tuple[str, int]]:
    """Return the role and the peak memory in kB of the processes of a run."""
    parents, peaks = {}, {}
    for path in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":", 1) for line in path.read_text().splitlines())
        except OSError:
            continue
        pid = int(fields["Pid"])
        parents[pid] = int(fields["PPid"])
        peaks[pid] = int(fields.get("VmHWM", "0 kB").split()[0])
    for pid, peak in peaks.items():
        if pid == main_pid:
            yield "main process", peak
        elif parents.get(parents[pid]) == main_pid:  # a child of the fork server
            yield "worker", peak


def measure_resume(corpus: Path, n_files: int) -> None:
    """Print when a resumed run starts work, and what memory its main process then has had."""
    seconds, cpu_s, peaks_mb = zip(*time_resume(corpus, *make_done(corpus, n_files)), strict=True)
    middle, low, high = statistics.median(seconds), min(seconds), max(seconds)
    print(
        f"{n_files:,} files done: a resumed run starts work after {middle:.2f} s "
        f"({low:.2f} to {high:.2f}), {statistics.median(cpu_s):.2f} s of processor time in the "
        f"main process, whose memory reaches {max(peaks_mb):.0f} MB",
        flush=True,
    )


def make_done(corpus: Path, n_files: int) -> tuple[str, int]:
    """Make a corpus of links of which `n_files` are done, and 4,096 more are not.

    Returns
    -------
    str
        The recording that comes next.
    int
        Number of parts.
    """
    for number in range(n_files + N_OPEN):
        folder = corpus / f"{number // 500:04d}"
        folder.mkdir(exist_ok=True, parents=True)
        stem = folder / f"{number:06d}"
        for suffix in (".wav", ".TextGrid"):
            if number % 50_000 == 0:  # a file can have no more links on some systems
                first = stem
                shutil.copy(f"{EXAMPLE}{suffix}", f"{stem}{suffix}")
            else:
                os.link(f"{first}{suffix}", f"{stem}{suffix}")
    plan = make_plan(list_recordings(corpus)[0], lemf.Settings())
    parts = Parts(Path(f"{corpus}.parquet.parts"))
    parts.start(plan.identity)
    empty = {"words": to_stream([], schema_of("words", lemf.Settings()))}
    n_parts = n_files // plan.shard_size
    for shard in range(n_parts):
        stamps = [stamp_of(plan.recordings[number]) for number in plan.files_of(shard)]
        parts.write(shard, Part(stamps, n_files=len(stamps), tables=empty))
    return plan.recordings[n_parts * plan.shard_size].audio, n_parts


def time_resume(corpus: Path, recording: str, n_parts: int) -> Iterator[tuple[float, float, float]]:
    """Time a resumed run from its start to the first recording that a worker opens.

    Yields the seconds, the processor time of the main process until then, and its peak memory in
    MB 10 s later, when it has checked all files that are done.
    """
    parts = Parts(Path(f"{corpus}.parquet.parts"))
    for _ in range(5):
        opened = watch_opening(recording)
        started = time.perf_counter()
        command = [*LEMF, "batch", str(corpus), "-o", f"{corpus}.parquet", "--jobs", "2"]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        os.read(opened, 4096)
        seconds = time.perf_counter() - started
        spent = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        os.close(opened)
        time.sleep(10)
        peak_kb = dict(peaks_of(process.pid))["main process"]
        yield seconds, sum(map(int, spent)) / os.sysconf("SC_CLK_TCK"), peak_kb / 1000
        process.kill()
        process.wait()
        time.sleep(0.5)
        parts.forget(shard for shard in parts.done() if shard >= n_parts)


def watch_opening(path: str) -> int:
    """Return a descriptor that has something to read as soon as a file is opened (inotify)."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.inotify_init1(0)
    if libc.inotify_add_watch(descriptor, os.fsencode(path), IN_OPEN) < 0:
        raise OSError(ctypes.get_errno(), "the file cannot be watched", path)
    return int(descriptor)


if __name__ == "__main__":
    main()
