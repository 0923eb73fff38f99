"""Where the time of one `lemf.score` goes: Harvest, energy, all the rest, on 5, 15 and 60 s.

    python benchmarks/stages.py [FOLDER]

FOLDER holds wavs of speech, strung together to the lengths; without it the shipped example is
repeated. Start-up is left aside: everything is imported and run once before it is timed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile

import lemf
import lemf.contours.contours

LENGTHS_S = (5, 15, 60)
RUNS = 5
WORD_S = 0.4
EXAMPLES = Path(__file__).parents[1] / "examples"


def main() -> None:
    """Print one row per length: seconds in all, and shares of Harvest, energy and the rest."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLES
    speech, rate_hz = string_together(sorted(folder.glob("*.wav")), max(LENGTHS_S))
    print(f"{folder.name}, {rate_hz} Hz, CPU time, median of {RUNS} runs")
    print("| length | total | Harvest | energy | everything else | all but Harvest |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as scratch:
        for length_s in LENGTHS_S:
            wav, textgrid = Path(scratch) / "a.wav", Path(scratch) / "a.TextGrid"
            soundfile.write(wav, speech[: length_s * rate_hz], rate_hz)
            lemf.write_textgrid(regular_grid(length_s), textgrid, force=True)
            runs = [time_stages(wav, textgrid) for _ in range(RUNS + 1)][1:]
            total, harvest, energy = np.median(np.array(runs), axis=0)
            rest = total - harvest - energy
            shares = (harvest, energy, rest, energy + rest)
            row = " | ".join(f"{share / total:.1%}" for share in shares)
            print(f"| {length_s} s | {total:.2f} s | {row} |")


def string_together(paths: list[Path], length_s: int) -> tuple[np.ndarray, int]:
    """Repeat the recordings until they fill the length."""
    rate_hz = soundfile.info(paths[0]).samplerate
    speech = np.concatenate([soundfile.read(path)[0] for path in paths])
    return np.tile(speech, length_s * rate_hz // len(speech) + 1)[: length_s * rate_hz], rate_hz


def regular_grid(length_s: int) -> lemf.TextGrid:
    """Return a grid of words of 0.4 s with four phones each."""
    tiers = []
    for name, step_s in (("words", WORD_S), ("phones", WORD_S / 4)):
        edges = [round(i * step_s, 6) for i in range(int(length_s / step_s + 1e-9) + 1)]
        intervals = [lemf.Interval(*edge, "a") for edge in pairwise(edges)]
        if edges[-1] < length_s:
            intervals.append(lemf.Interval(edges[-1], float(length_s), ""))
        tiers.append(lemf.IntervalTier(name, 0.0, float(length_s), tuple(intervals)))
    return lemf.TextGrid(0.0, float(length_s), tuple(tiers))


def time_stages(wav: Path, textgrid: Path) -> tuple[float, float, float]:
    """Return the CPU seconds of one run in all, in Harvest and in the energy."""
    spent = {"f0_contour": 0.0, "frame_energy": 0.0}
    originals = {name: getattr(lemf.contours.contours, name) for name in spent}
    for name, function in originals.items():
        setattr(lemf.contours.contours, name, timed(name, function, spent))
    started = time.process_time()
    lemf.score(wav, textgrid)
    total = time.process_time() - started
    for name, function in originals.items():
        setattr(lemf.contours.contours, name, function)
    return total, spent["f0_contour"], spent["frame_energy"]


def timed(
    name: str, function: Callable[..., np.ndarray], spent: dict[str, float]
) -> Callable[..., np.ndarray]:
    """Add the CPU time of each call to `spent`."""

    def call(*arguments: object, **options: object) -> np.ndarray:
        started = time.process_time()
        result = function(*arguments, **options)
        spent[name] += time.process_time() - started
        return result

    return call


if __name__ == "__main__":
    main()
