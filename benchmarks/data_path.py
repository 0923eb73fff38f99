"""How fast clips come to a training: decoded whole, only where the crop lies, or from a cache.

    python benchmarks/data_path.py                      # 2,000 clips of FLAC, made on the fly
    python benchmarks/data_path.py --clips 200 --rounds 1

Nothing is trained: the steps of an epoch are loaded and dropped. Lengths are those of MSP-Podcast
(2.5 to 11 s), no clip is kept in memory, as in a corpus larger than that. All rows are measured in
turn, several times, and the median is printed. The first batches of all rows are compared.
"""

import argparse
import hashlib
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
import torch
from training import RATE_HZ, draw_tone

from msfser.data import batching
from msfser.data.batching import ClipReader
from msfser.data.cache import ClipCache
from msfser.data.clips import Samples, WaveStatistics, normalise, read_clip
from msfser.data.examples import Examples
from msfser.data.scan import scan_clips
from msfser.training.steps.augmentation import Augmentation, Masking
from msfser.training.steps.batches import TrainingStep, load_steps
from msfser.training.steps.order import training_steps

STATISTICS = WaveStatistics(0.0, 0.1)
LONG_S, CROP_S = 60.0, 12.0  # of the second table
COPIED = "the same, copied to be handed over"


class WholeReader(ClipReader):
    """Decodes every clip whole and checks its levels, as msfser did at first."""

    def read_into(self, out: Samples, wav: Path, start: int, n_samples: int) -> None:
        """Read a whole clip, and cut it."""
        samples = normalise(read_clip(wav).samples, "global", STATISTICS)
        out[:] = samples[start : start + len(out)]


def main() -> None:
    """Make the clips, measure both tables, print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clips", type=int, default=2000)
    parser.add_argument("--long-clips", type=int, default=60, help=f"of {LONG_S:g} s")
    parser.add_argument("--workers", type=int, default=2, help="processes that read audio")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{platform.processor() or platform.machine()}, torch {torch.__version__}\n")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        wavs = make_clips(folder / "clips", chosen.clips)
        measure_epochs(wavs, folder / "cache", chosen.workers, chosen.rounds)
        measure_crops(folder / "long", chosen.long_clips, chosen.rounds)


def make_clips(folder: Path, n_clips: int) -> list[Path]:
    """Write clips of FLAC with lengths like those of MSP-Podcast."""
    folder.mkdir()
    generator = np.random.default_rng(0)
    wavs = []
    for number in range(n_clips):
        duration_s = 2.5 + 8.5 * generator.beta(1.4, 2.4)  # mean 5.6 s
        wavs.append(folder / f"{number:05}.flac")
        soundfile.write(wavs[-1], draw_tone(duration_s, generator), RATE_HZ, "PCM_16")
    return wavs


def measure_epochs(wavs: list[Path], cache_folder: Path, workers: int, rounds: int) -> None:
    """Print the first table: the look at all clips before the first step, and epochs."""
    cache = ClipCache(cache_folder)
    scan_s = [timed(lambda: scan_clips(wavs))]
    scan_s.append(timed(lambda: scan_clips(wavs, cache=cache)))
    scan_s.append(timed(lambda: scan_clips(wavs, cache=cache)))
    n_samples = scan_clips(wavs, cache=cache).n_samples
    labels = np.zeros((len(wavs), 3), np.float32)
    examples = Examples([wav.stem for wav in wavs], wavs, n_samples, labels, {}, {})
    sizes = [sum(path.stat().st_size for path in wavs)]
    sizes.append(sum(path.stat().st_size for path in cache_folder.rglob("*.clip")))
    print(
        f"{len(wavs):,} clips, {n_samples.sum() / RATE_HZ / 3600:.2f} h: {sizes[0] / 1e6:,.0f} MB "
        f"of FLAC, {sizes[1] / 1e6:,.0f} MB in the cache; median of {rounds} rounds\n"
    )
    decoded = ClipReader("global", STATISTICS, kept_bytes=0)
    cached = ClipReader("global", STATISTICS, cache=cache)
    readers = f"{workers} reader processes"
    rows: list[tuple[str, ClipReader, int, int]] = [  # the last: the row that it is compared with
        ("epoch, decoded whole, levels measured", WholeReader("global", STATISTICS), 0, 1),
        ("epoch, decoded", decoded, 0, 1),
        ("epoch, from the cache", cached, 0, 1),
        (f"epoch, decoded, {readers}", decoded, workers, 3),
        (f"epoch, from the cache, {readers}", cached, workers, 3),
        (f"{COPIED}, {readers}", cached, workers, 3),
    ]
    spent_s: list[list[float]] = [[] for _ in rows]
    digests = set()
    for number in range(rounds):
        for times_s, (name, reader, n_readers, _) in zip(spent_s, rows, strict=True):
            with copied(name.startswith(COPIED)):
                if number == 0:
                    digests.add(digest(load(examples, reader, n_readers, 4)))
                times_s.append(timed(partial(consume, load(examples, reader, n_readers))))
    if len(digests) != 1:
        raise SystemExit("the batches of the rows differ")
    medians_s = [statistics.median(times_s) for times_s in spent_s]
    print("| data path alone | s | clips/s | |\n| --- | ---: | ---: | ---: |")
    looks = ("first look, decoded", "the same, into the cache", "that of the next run")
    for name, elapsed_s in zip(looks, scan_s, strict=True):
        print_row(name, len(wavs), elapsed_s, scan_s[0])
    for (name, *_, other), elapsed_s in zip(rows, medians_s, strict=True):
        print_row(name, len(wavs), elapsed_s, medians_s[other])
    print()


def print_row(name: str, n_clips: int, elapsed_s: float, other_s: float) -> None:
    """Print how long some work took, and how many times as fast as another it was."""
    print(f"| {name} | {elapsed_s:.2f} | {n_clips / elapsed_s:,.0f} | {other_s / elapsed_s:.1f}x |")


@contextmanager
def copied(is_copied: bool) -> Iterator[None]:
    """Make batches in memory of the reader process, from which they are copied to be seen."""
    make_zeros = batching._zeros
    if is_copied:
        batching._zeros = lambda shape, dtype: torch.zeros(shape, dtype=dtype)
    try:
        yield
    finally:
        batching._zeros = make_zeros


def load(
    examples: Examples, reader: ClipReader, workers: int, n_steps: int | None = None
) -> Iterator[TrainingStep]:
    """Load the steps of an epoch."""
    nothing = Masking(0.0, 1, 0)
    augmentation = Augmentation(
        int(CROP_S * RATE_HZ), "random", nothing, nothing, 1, 0.0, (10, 3), (5, 2), 0
    )
    steps = training_steps(examples.n_samples, 32, 50, 0, 0)[:n_steps]
    return load_steps(examples, steps, reader, augmentation, 0, accumulation=1, workers=workers)


def consume(steps: Iterator[TrainingStep]) -> None:
    """Take all steps."""
    for step in steps:
        del step


def digest(steps: Iterator[TrainingStep]) -> str:
    """Compute a hash of the samples of steps."""
    found = hashlib.blake2b()
    for step in steps:
        for batch in step.batches:
            found.update(batch.waveforms.numpy().tobytes())
    return found.hexdigest()


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that some work takes."""
    started_s = time.perf_counter()
    work()
    return time.perf_counter() - started_s


def measure_crops(folder: Path, n_clips: int, rounds: int) -> None:
    """Print the second table: random crops of long recordings."""
    folder.mkdir()
    generator = np.random.default_rng(0)
    starts = generator.integers(int((LONG_S - CROP_S) * RATE_HZ), size=n_clips)
    n_samples, n_kept = int(LONG_S * RATE_HZ), int(CROP_S * RATE_HZ)
    print(f"| {CROP_S:g} s of {LONG_S:g} s, ms a clip | whole, then cut | by seek | |")
    print("| --- | ---: | ---: | ---: |")
    for kind in ("FLAC", "WAV"):
        wavs = []
        for number in range(n_clips):
            wavs.append(folder / f"{number:03}.{kind.lower()}")
            soundfile.write(wavs[-1], draw_tone(LONG_S, generator), RATE_HZ, "PCM_16")
        readers = [
            reader("global", STATISTICS, kept_bytes=0) for reader in (WholeReader, ClipReader)
        ]
        spent: list[list[float]] = [[], []]
        for _ in range(rounds):
            crops: list[list[Samples]] = [[], []]
            for times, reader, found in zip(spent, readers, crops, strict=True):
                found += [np.empty(n_kept, np.float32) for _ in wavs]
                started_s = time.perf_counter()
                for out, wav, start in zip(found, wavs, starts, strict=True):
                    reader.read_into(out, wav, int(start), n_samples)
                times.append((time.perf_counter() - started_s) / n_clips * 1000)
            if any(a.tobytes() != b.tobytes() for a, b in zip(*crops, strict=True)):
                raise SystemExit(f"{kind}: the crops differ")
        whole_ms, seek_ms = map(statistics.median, spent)
        print(f"| {kind} | {whole_ms:.1f} | {seek_ms:.1f} | {whole_ms / seek_ms:.1f}x |")


if __name__ == "__main__":
    main()
