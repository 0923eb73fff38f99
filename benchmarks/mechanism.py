"""What the mechanism corpus costs and tells: speed, lemf's hits, what of the labels is audible.

    python benchmarks/mechanism.py DIR

DIR holds a corpus that `msfser corpus mechanism` made. The labels are fitted by least squares on
the duration of the recording and the spread of its F0, on the training split, and predicted on the
test split, whose speakers are others.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet

import lemf
from lemf.runtime.cores import count_cores
from lemf.runtime.workers import Failure, local_workers, run_tasks
from msfser.corpora.mechanism.drawing import draw_sentence
from msfser.corpora.mechanism.speech import plan_prosody, synthesise
from msfser.manifest import DIMENSIONS, label_array, read_manifest

PERCENTILES = (5, 10, 25, 50, 75, 90, 95)
MEDIAN = PERCENTILES.index(50)
N_TIMED = 100


def measure(files: tuple[Path, Path]) -> tuple[int, list[float]]:
    """Find the word that lemf ranks first, and measure the spread of F0 in semitones."""
    emphasis = lemf.score(*files)
    (sentence,) = emphasis.sentences
    top = min(sentence.words, key=lambda word: word.rank).index
    contours = emphasis.contours
    inside = (contours.times_s >= sentence.start_s) & (contours.times_s < sentence.end_s)
    f0_hz = contours.f0_hz[inside & (contours.f0_hz > 0)]
    if not len(f0_hz):  # Harvest found no voice: all zero, the indicator too
        return top, [0.0] * (len(PERCENTILES) + 1)
    semitones = 12 * np.log2(f0_hz)
    spread = np.percentile(semitones, PERCENTILES)
    spread -= spread[MEDIAN]
    return top, [*np.delete(spread, MEDIAN), semitones.std(), 1.0]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder

    started_s = time.process_time()
    for index in range(N_TIMED):
        sentence = draw_sentence(0, index)
        synthesise(plan_prosody(sentence, 0), sentence.speaker)
    print(f"synthesis: {N_TIMED / (time.process_time() - started_s):.0f} utterances/s of a core")

    manifest = read_manifest(folder)
    truth = pyarrow.parquet.read_table(folder / "truth.parquet").to_pylist()
    files = [(manifest.wav_path(u), folder / str(u.alignment)) for u in manifest.utterances]
    measured = {}
    with local_workers(count_cores()) as workers:
        for pair, found in run_tasks(workers, measure, files):
            if isinstance(found, Failure):
                raise SystemExit(f"{pair[0]}: {found.reason}")
            measured[pair] = found
    tops, spreads = zip(*map(measured.__getitem__, files), strict=True)
    hits = sum(top == row["stressed_word_index"] for top, row in zip(tops, truth, strict=True))
    print(f"lemf finds the stressed word: {hits:,} of {len(truth):,}")

    durations_s = [u.duration_s for u in manifest.utterances]
    heard = np.column_stack((spreads, durations_s, np.ones(len(durations_s))))
    labels = label_array(manifest.utterances)
    train = np.array([u.split == "train" for u in manifest.utterances])
    test = np.array([u.split == "test" for u in manifest.utterances])
    predicted = heard[test] @ np.linalg.lstsq(heard[train], labels[train])[0]
    errors = np.mean((labels[test] - predicted) ** 2, axis=0)
    for name, r2 in zip(DIMENSIONS, 1 - errors / labels[test].var(axis=0), strict=True):
        print(f"R2 of {name} from F0 spread and duration: {r2:+.3f}")


if __name__ == "__main__":
    main()
