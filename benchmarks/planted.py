"""What a method gains where its cause is planted, and loses where nothing is.

    python benchmarks/planted.py speaker -o planted --seeds 3
    python benchmarks/planted.py speaker -o plain --seeds 3 --strength 0
    python benchmarks/planted.py imbalance -o imbalance --seeds 3
    python benchmarks/planted.py raters -o raters --seeds 3

For each seed, a mechanism corpus and a model of the preset `tiny`, one core, some minutes; a second
call keeps what is there.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from msfser.ablation.demo import encode_by_words, make_texts
from msfser.commands.cli import main as msfser
from msfser.corpora.mechanism.files import write_mechanism
from msfser.corpora.mechanism.planted import Planted
from msfser.manifest import MANIFEST_NAME

PLANTED = {
    "speaker": ("speaker_shift", 1.0),
    "imbalance": ("class_imbalance", 20.0),
    "raters": ("rater_spread", 0.6),
}


def make_world(folder: Path, name: str, strength: float, seed: int, n_utterances: int) -> Path:
    """Write a corpus with its texts and their vectors, unless it is there; return its folder."""
    corpus = folder / f"corpus{seed}"
    if not (corpus / "features").exists():
        if not (corpus / MANIFEST_NAME).exists():
            planted = Planted(**{PLANTED[name][0]: strength})
            write_mechanism(
                corpus, n_utterances=n_utterances, seed=seed, planted=planted, jobs=1, force=True
            )
        make_texts(corpus, 1, print)
        encode_by_words(corpus, folder / f"encoder{seed}")
    return corpus


def train(corpus: Path, run: Path, seed: int, *changes: str) -> Path:
    """Train a model of the preset `tiny`, unless the run is there; return its folder."""
    if not (run / "metrics.json").exists():
        settings = [part for change in changes for part in ("--set", change)]
        begun = ["--resume"] if (run / "config.toml").exists() else []
        call("train", "--data", corpus, "-o", run, "--preset", "tiny", *begun,
             "--set", f"train.seed={seed}", *settings)  # fmt: skip
    return run


def evaluate(run: Path, output: Path, *options: str) -> dict[str, dict[str, object]]:
    """Evaluate a run on the test split; return the scores of all utterances by measure."""
    call("evaluate", run, "--split", "test", "-o", output, "--force", *options)
    metrics = json.loads((output / "metrics.json").read_text())
    (total,) = (row for row in metrics["scores"] if row["by"] == "all" and row["scope"] == "test")
    return total


def call(*arguments: object) -> None:
    """Run a command of msfser in this process; its errors end the benchmark."""
    msfser([str(argument) for argument in arguments], standalone_mode=False)


def main() -> None:
    """Run one of the worlds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("world", choices=PLANTED)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--strength", type=float)
    parser.add_argument("--utterances", type=int, default=2400)
    options = parser.parse_args()
    strength = PLANTED[options.world][1] if options.strength is None else options.strength
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        corpus = make_world(options.output, options.world, strength, seed, options.utterances)
        run = train(corpus, options.output / f"run{seed}", seed)
        print(evaluate(run, options.output / f"evaluation{seed}"))


if __name__ == "__main__":
    main()
