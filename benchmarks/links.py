"""The same bytes from very many files by local processes and on a cluster, with time and memory.

    python benchmarks/links.py FOLDER [TEXTGRIDS] [--files N] [--workers N] [--keep SCRATCH]

FOLDER holds speech with TextGrids beside it, or in the tree TEXTGRIDS. The beginnings of its words,
0.12 s each with their TextGrids, are repeated by links to N files (200,000), which `lemf batch`
scores with 2 processes of this machine, then with N dask workers (4) of one thread, F0 by Praat's
method. Prints processor time, wall time and the peak memory of the main process of each, and ends
with exit code 1 where a table differs. Linux only; needs lemf[batch,cluster] and parselmouth.
"""

from __future__ import annotations

import argparse
import ctypes
import filecmp
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import soundfile

import lemf
from lemf.corpus.listing import list_recordings

LENGTH_S = 0.12
PER_FOLDER = 500
MOST_LINKS = 60_000  # to one file; some systems allow no more
PR_SET_CHILD_SUBREAPER = 36
TABLES = ("scores.parquet", "sentences.parquet")


class Cost(NamedTuple):
    """What a command took; memory is that of its main process."""

    wall_s: float
    main_cpu_s: float
    cpu_s: float  # with all workers
    peak_mb: float


def main() -> None:
    """Print one row per way to run, and whether the tables are the same."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("textgrids", nargs="?")
    parser.add_argument("--files", type=int, default=200_000)
    parser.add_argument("--workers", type=int, default=4, help="of dask")
    parser.add_argument("--keep", type=Path, metavar="SCRATCH", help="a new folder for all files")
    options = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)  # so that workers are waited for here
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with ExitStack() as stack:
        scratch = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cuts = list(cut_words(options.folder, options.textgrids, scratch / "cuts"))
        link(cuts, scratch / "links", options.files)
        print(f"{options.files:,} links to {len(cuts)} recordings of {LENGTH_S} s")
        print("| workers | wall s | CPU s of the main process | CPU s in all | MB |")
        print("| --- | ---: | ---: | ---: | ---: |", flush=True)
        show("2 processes", score(scratch, "local", ["--jobs", "2"]))
        with cluster(scratch / "scheduler.json", options.workers) as address:
            on_cluster = score(scratch, "cluster", ["--cluster", address])
        show(f"{options.workers} dask workers", on_cluster)
        same = all(
            filecmp.cmp(scratch / "local" / one, scratch / "cluster" / one, shallow=False)
            for one in TABLES
        )
    print("the same bytes" if same else "other bytes")
    sys.exit(not same)


def show(name: str, cost: Cost) -> None:
    """Print a row."""
    times_s = f"{cost.wall_s:.0f} | {cost.main_cpu_s:.0f} | {cost.cpu_s:.0f}"
    print(f"| {name} | {times_s} | {cost.peak_mb:.0f} |", flush=True)


def cut_words(folder: str, textgrids: str | None, output: Path) -> Iterator[Path]:
    """Write the beginnings of all words that are long enough; yield the stems of the files."""
    output.mkdir(parents=True)
    for recording in list_recordings(folder, textgrids).recordings:
        if recording.textgrid is None:
            continue
        samples, rate_hz = soundfile.read(recording.audio)
        tiers = {one.name: one for one in lemf.read_textgrid(recording.textgrid).tiers}
        for number, word in enumerate(tiers["words"].intervals):
            if not word.label or word.end_s - word.start_s < LENGTH_S:
                continue
            stem = output / f"{Path(recording.audio).stem}-{number}"
            start = round(word.start_s * rate_hz)
            cut = samples[start : start + round(LENGTH_S * rate_hz)]
            soundfile.write(f"{stem}.wav", cut, rate_hz)
            short = tuple(
                lemf.IntervalTier(name, 0.0, LENGTH_S, clip(tiers[name], word.start_s))
                for name in ("words", "phones")
            )
            lemf.write_textgrid(lemf.TextGrid(0.0, LENGTH_S, short), f"{stem}.TextGrid")
            yield stem


def clip(tier: lemf.IntervalTier, start_s: float) -> tuple[lemf.Interval, ...]:
    """Return the intervals of a stretch of a tier, which starts at 0."""
    edges_s = (
        (max(one.start_s - start_s, 0.0), min(one.end_s - start_s, LENGTH_S), one.label)
        for one in tier.intervals
    )
    return tuple(lemf.Interval(*one) for one in edges_s if one[0] < one[1])


def link(stems: list[Path], corpus: Path, n_files: int) -> None:
    """Make a corpus of links to the recordings, in turns."""
    if n_files > MOST_LINKS * len(stems):
        sys.exit(f"{len(stems)} recordings are too few for {n_files:,} links")
    for number in range(n_files):
        below = corpus / f"{number // PER_FOLDER:04d}"
        if number % PER_FOLDER == 0:
            below.mkdir(parents=True)
        for suffix in (".wav", ".TextGrid"):
            os.link(f"{stems[number % len(stems)]}{suffix}", below / f"{number:06d}{suffix}")


def score(scratch: Path, name: str, workers: list[str]) -> Cost:
    """Score the links into a folder of this name; return what it took."""
    output = scratch / name
    output.mkdir()
    arguments = ["batch", str(scratch / "links"), "-o", str(output / TABLES[0])]
    arguments += ["--sentence-table", str(output / TABLES[1]), "--pitch", "praat", *workers]
    before = spent_by_cluster(scratch)
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "lemf", *arguments], stderr=sys.stderr)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"lemf batch ended with {os.waitstatus_to_exitcode(status)}")
    wall_s = time.perf_counter() - started
    main_cpu_s = usage.ru_utime + usage.ru_stime
    cpu_s = main_cpu_s + spent_by_cluster(scratch) - before
    while "--jobs" in workers:  # its processes end with it
        try:
            spent = os.wait4(-1, 0)[2]
        except ChildProcessError:
            break
        cpu_s += spent.ru_utime + spent.ru_stime
    return Cost(wall_s, main_cpu_s, cpu_s, usage.ru_maxrss / 1000)


@contextmanager
def cluster(scheduler_file: Path, n_workers: int) -> Iterator[str]:
    """Start a scheduler and workers of one thread on this machine; yield the address."""
    from distributed import Client

    dask = [sys.executable, "-m", "dask"]
    about = ["--scheduler-file", str(scheduler_file), "--no-dashboard"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    one_thread = ["--nthreads", "1", "--no-nanny"]
    commands = [[*dask, "scheduler", *about, "--port", "0"]]
    commands += n_workers * [[*dask, "worker", *about, *one_thread]]
    processes = [subprocess.Popen(one, cwd=scheduler_file.parent, **quiet) for one in commands]
    scheduler_file.with_suffix(".pids").write_text(" ".join(str(one.pid) for one in processes))
    try:
        while not scheduler_file.exists():
            time.sleep(0.1)
        with Client(scheduler_file=str(scheduler_file)) as client:
            client.wait_for_workers(n_workers, timeout=120)
            address = str(client.scheduler.address)
        yield address
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait()


def spent_by_cluster(scratch: Path) -> float:
    """Return the processor seconds of the scheduler and the workers; 0 without any."""
    pids = scratch / "scheduler.pids"
    if not pids.exists():
        return 0.0
    stats = [Path(f"/proc/{pid}/stat").read_text() for pid in pids.read_text().split()]
    ticks = sum(int(one) for stat in stats for one in stat.rpartition(")")[2].split()[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
