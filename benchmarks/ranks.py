"""Whether several processes train the model of one: the same weights, whatever is killed.

    python benchmarks/ranks.py                    # 1, 2 and 4 processes, then 10 kills of a process
    python benchmarks/ranks.py --kills 30 --epochs 90

Makes a mechanism corpus, trains the preset `tiny` on it with LayerDrop, dropout, SpecAugment and
steps that divide unevenly; kills one of two processes at random moments by `kill -9`, resumes after
each, and compares the weights in the end.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

SETTINGS = (
    "train.batch_size=12",  # of 32 utterances: the last step of an epoch has eight
    "train.accumulation=4",
    "train.device='cpu'",
    "model.head_dim=16",
    "model.film_dim=16",
    "model.spec_augment=true",
    "model.layerdrop=0.5",
    "data.crop='random'",
    "data.crop_s=0.5",
)
UTTERANCES = 48


def make_corpus(folder: Path) -> Path:
    """Make a corpus with texts and vectors by stopping `msfser demo` once they are there."""
    demo = [sys.executable, "-m", "msfser", "demo", "-o", folder, "--utterances", str(UTTERANCES)]
    subprocess.run([*demo, "--set", "train.epochs=1"], check=True, capture_output=True)
    return folder / "corpus"


def start(n_ranks: int, corpus: Path, run: Path, epochs: int) -> subprocess.Popen[str]:
    """Start or resume a run under torchrun."""
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone",
        "--nproc-per-node", n_ranks, "-m", "msfser", "train", "--preset", "tiny",
        "--data", corpus, "-o", run, "--resume", "--set", f"train.epochs={epochs}",
        *(part for setting in SETTINGS for part in ("--set", setting)),
    ]  # fmt: skip
    return subprocess.Popen(
        [str(part) for part in command],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def find_ranks(torchrun: subprocess.Popen[str], n_ranks: int) -> list[int]:
    """Wait until torchrun has started its processes, and return their numbers (Linux only)."""
    while True:
        children = Path(f"/proc/{torchrun.pid}/task/{torchrun.pid}/children").read_text()
        if len(found := [*map(int, children.split())]) == n_ranks or torchrun.poll() is not None:
            return found
        time.sleep(0.01)


def finish(torchrun: subprocess.Popen[str]) -> list[str]:
    """Wait for the end of a run, and return the errors of its processes."""
    said = torchrun.communicate()[1]
    return [line for line in said.splitlines() if line.startswith("Error: ")]


def count_epochs(run: Path) -> int:
    """Count the epochs that a run has logged."""
    log = run / "log.jsonl"
    return log.read_text().count('"kind": "epoch"') if log.exists() else 0


def weights(run: Path) -> dict[str, torch.Tensor]:
    """Read the weights that a run ended with."""
    loaded: dict[str, torch.Tensor] = torch.load(run / "last" / "state.pt")["model"]
    return loaded


def difference(run: Path, other: Path) -> float:
    """Return the largest difference of a weight."""
    one, two = weights(run), weights(other)
    return max(float((one[name] - two[name]).abs().max()) for name in one)


def main() -> None:
    """Compare the processes, then kill them, and print both."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    random.seed(chosen.seed)
    folder = Path(tempfile.mkdtemp())
    try:
        corpus = make_corpus(folder / "demo")
        print("| processes | largest difference of a weight | seconds |")
        print("| ---: | ---: | ---: |")
        undisturbed_s: dict[int, float] = {}
        for n_ranks in (1, 2, 4):
            started_s = time.monotonic()
            finish(start(n_ranks, corpus, folder / f"run{n_ranks}", chosen.epochs))
            took_s = time.monotonic() - started_s
            undisturbed_s[n_ranks] = took_s
            off = difference(folder / f"run{n_ranks}", folder / "run1")
            print(f"| {n_ranks} | {off:.1e} | {took_s:.1f} |", flush=True)
        killed = folder / "killed"
        for number in range(chosen.kills):
            run = start(2, corpus, killed, chosen.epochs)
            ranks = find_ranks(run, 2)
            after_s = random.uniform(0.0, undisturbed_s[2] / 2)
            time.sleep(after_s)
            if run.poll() is None:
                os.kill(random.choice(ranks), signal.SIGKILL)
            at = f"{after_s:.1f} s, epoch {count_epochs(killed) + 1}"
            print(f"\nkill {number + 1}, {at}: {' '.join(finish(run)) or 'no word'}", flush=True)
        finish(start(2, corpus, killed, chosen.epochs))
        off = difference(killed, folder / "run1")
        print(f"\nAfter {chosen.kills} kills, the weights differ by {off:.1e} at most.")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
