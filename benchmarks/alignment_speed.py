"""What lemf's aligner costs: processor time over the duration of the recordings, on one thread.

    OMP_NUM_THREADS=1 python benchmarks/alignment_speed.py FOLDER [--rounds N]

FOLDER is the shared data. The sentences of LJSpeech are aligned one after the other, each by
itself, as `lemf.align` does, beside Praat's pitch alone on the same files (a frame each
5 ms, 75 to 600 Hz); the median of the rounds is printed. What espeak-ng takes to pronounce the
texts, in processes of its own, is counted too. Needs parselmouth.
"""

import argparse
import os
import statistics
from collections.abc import Callable
from pathlib import Path

import parselmouth
import soundfile
from aligner_seed import read_ljspeech_texts

import lemf


def main() -> None:
    """Print one row per program."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    folder = options.folder / "ljspeech"
    texts = read_ljspeech_texts(folder)
    wavs = sorted(folder.glob("*.wav"))
    duration_s = sum(soundfile.info(wav).duration for wav in wavs)
    rows = {
        "lemf's aligner": lambda wav: lemf.align(wav, texts[wav.stem], language="en"),
        "Praat's pitch alone": track_by_praat,
    }
    spent_s: dict[str, list[float]] = {name: [] for name in rows}
    for align_or_track in rows.values():
        align_or_track(wavs[0])  # what is read once
    for _ in range(options.rounds):
        for name, align_or_track in rows.items():
            spent_s[name].append(measure_cpu_s(align_or_track, wavs))
    print(f"{len(wavs)} recordings, {duration_s:.0f} s; median of {options.rounds} rounds\n")
    print("| | CPU s per s |\n| --- | ---: |")
    for name, times_s in spent_s.items():
        print(f"| {name} | {statistics.median(times_s) / duration_s:.4f} |")


def track_by_praat(wav: Path) -> object:
    """Compute F0 by Praat's autocorrelation."""
    return parselmouth.Sound(str(wav)).to_pitch_ac(0.005, 75.0, pitch_ceiling=600.0)


def measure_cpu_s(work: Callable[[Path], object], wavs: list[Path]) -> float:
    """Return the processor time of some work on all recordings, that of ended children included."""
    before = os.times()
    for wav in wavs:
        work(wav)
    after = os.times()
    return sum(after[:4]) - sum(before[:4])


if __name__ == "__main__":
    main()
