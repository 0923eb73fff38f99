"""How much faster two processes are than one, and how much of their sums backward hides.

    python benchmarks/ranks_speed.py                         # two cores; several minutes
    python benchmarks/ranks_speed.py --rounds 5 --steps 2

Times steps of the preset `tiny` on a synthetic corpus in three processes of one thread each: one
alone, and two that train one model by gloo. They take turns, round by round, so that other work on
the machine slows all alike. A step takes as long as the slower of the two; what is not hidden of
their sums is what the one waits that comes last.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from training import make_inputs
from transformers.utils import logging

from msfser.config.files import make_config
from msfser.config.presets import PRESETS
from msfser.config.settings import Config
from msfser.data.batching import ClipReader
from msfser.model.msf_ser import build_model
from msfser.training.data.prepare import prepare_data
from msfser.training.ranks.gradients import GradientSums
from msfser.training.ranks.ranks import ALONE, Ranks, joined_ranks
from msfser.training.run import make_augmentation
from msfser.training.step import make_optimiser, take_step
from msfser.training.steps.batches import TrainingStep, load_steps
from msfser.training.steps.order import training_steps

WAYS = (
    "one process",
    "one process, 2 parts",
    "two, half a step each, no sums",
    "two processes",
    "two, sums after backward",
)
UTTERANCES = 128  # of the corpus; 32 per step
CROP_S = 3.0


@dataclass(frozen=True)
class Timed:
    """Seconds of the steps of a round, and of the sums in them that backward does not hide.

    Times are those that passed; `cpu_s` are those of each processor, which other work leaves alone.
    """

    step_s: list[float]
    cpu_s: list[tuple[float, ...]]
    shown_s: list[float]


class TimedSums(GradientSums):
    """Sums of gradients that are timed, and perhaps begin only when backward has ended."""

    after_backward = False
    shown_s: list[float] = []  # noqa: RUF012 - of all steps of this process

    def add_gradients(self, *arguments: Any, last: bool) -> None:  # noqa: ANN401
        """Run backward; see `GradientSums`."""
        super().add_gradients(*arguments, last=last and not self.after_backward)

    def _finish_sums(self) -> None:
        """Wait for the sums, and note how long."""
        begun_s = time.perf_counter()
        super()._finish_sums()
        self.shown_s.append(time.perf_counter() - begun_s)


def main() -> None:
    """Start the processes, let them take turns, and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--steps", type=int, default=4, help="of a process and a round")
    parser.add_argument("--work", metavar="FOLDER", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.work:
        work(Path(chosen.work))
        return
    logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        make_inputs(folder, "tiny", UTTERANCES, PRESETS["tiny"].model.text_dim)
        alone, *two = start(folder, 1) + start(folder, 2)
        found: dict[str, list[Timed]] = {way: [] for way in WAYS}
        for number in range(chosen.rounds + 1):
            for way in WAYS:
                group = [alone] if way.startswith("one") else two
                timed = take_turn(group, way, chosen.steps)
                if number:  # the first warms up
                    found[way].append(timed)
        for process in (alone, *two):  # they leave together
            assert process.stdin is not None
            process.stdin.close()
        for process in (alone, *two):
            process.wait()
    print_tables(found)


def print_tables(found: dict[str, list[Timed]]) -> None:
    """Print the time of a step, and the share of the sums that backward hides."""
    print("| | s per step, median | least | of the processor, median | against one process |")
    print("| --- | ---: | ---: | ---: | ---: |")
    one_s = 0.0
    for way, rounds in found.items():
        step_s = [s for timed in rounds for s in timed.step_s]
        of_ranks_s = np.array([s for timed in rounds for s in timed.cpu_s])  # (steps, processes)
        cpu_s = float(np.median(of_ranks_s, axis=0).max())
        one_s = one_s or cpu_s
        print(
            f"| {way} | {np.median(step_s):.3f} | {min(step_s):.3f} | {cpu_s:.3f} | "
            f"{cpu_s / one_s:.2f} |"
        )
    during, after = ([s for timed in found[way] for s in timed.shown_s] for way in WAYS[3:])
    print("\n| of the sums | ms, median | least |\n| --- | ---: | ---: |")
    print(f"| all of them | {1e3 * np.median(after):.1f} | {1e3 * min(after):.1f} |")
    print(f"| not hidden by backward | {1e3 * np.median(during):.1f} | {1e3 * min(during):.1f} |")
    print(
        f"| share hidden | {1 - np.median(during) / np.median(after):.2f} | "
        f"{1 - min(during) / min(after):.2f} |"
    )


def start(folder: Path, n_ranks: int) -> list[subprocess.Popen[str]]:
    """Start processes of one thread each that wait for their turns."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    group = {"WORLD_SIZE": str(n_ranks), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    return [
        subprocess.Popen(
            [sys.executable, __file__, "--work", str(folder)],
            env={**os.environ, **group, "RANK": str(rank), "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(n_ranks)
    ]


def take_turn(group: list[subprocess.Popen[str]], way: str, n_steps: int) -> Timed:
    """Run steps in the processes of a group, while the others wait."""
    for process in group:
        assert process.stdin is not None
        process.stdin.write(json.dumps([way, n_steps]) + "\n")
        process.stdin.flush()
    answers = [json.loads(process.stdout.readline()) for process in group if process.stdout]
    step_s, cpu_s, shown_s = zip(*answers, strict=True)
    return Timed(
        [max(of_ranks) for of_ranks in zip(*step_s, strict=True)],
        [*zip(*cpu_s, strict=True)],
        [min(of_ranks) for of_ranks in zip(*shown_s, strict=True)],
    )


def work(folder: Path) -> None:
    """Take the steps that are asked for, each timed from a start in common."""
    torch.set_num_threads(1)
    import msfser.training.step

    msfser.training.step.GradientSums = TimedSums  # type: ignore[misc]
    with joined_ranks() as ranks:
        configs = {
            n_parts: make_config(
                {},
                [
                    f"data.folder={str(folder / 'corpus')!r}",
                    f"train.accumulation={n_parts}",
                    f"data.crop_s={CROP_S}",
                    "train.device='cpu'",
                ],
                preset="tiny",
            )
            for n_parts in {1: (1, 2), 2: (2,)}[ranks.size]
        }
        steps = {n_parts: read_steps(config, ranks) for n_parts, config in configs.items()}
        config = configs[2]
        torch.manual_seed(0)
        model = build_model(config.model).train()
        optimiser = make_optimiser(model, config.train)
        taken = 0
        for line in sys.stdin:
            way, n_steps = json.loads(line)
            n_parts = 1 if way == "one process" else 2
            TimedSums.after_backward = way.endswith("after backward")
            TimedSums.shown_s.clear()
            step_s, cpu_s = [], []
            for step in islice(cycle(steps[n_parts]), n_steps):
                ranks.any(False)  # wait for the other
                together = ranks
                if way == WAYS[2]:
                    size = step.sizes[ranks.rank]
                    own = step.labels[:size] if ranks.first else step.labels[-size:]
                    step, together = TrainingStep((size,), step.batches, own), ALONE
                begun_s, cpu_begun_s = time.perf_counter(), time.process_time()
                take_step(model, optimiser, step, configs[n_parts].train, taken, 10**6, together)
                step_s.append(time.perf_counter() - begun_s)
                cpu_s.append(time.process_time() - cpu_begun_s)
                taken += 1
            print(json.dumps([step_s, cpu_s, TimedSums.shown_s]), flush=True)


def read_steps(config: Config, ranks: Ranks) -> list[TrainingStep]:
    """Read the steps of an epoch, as one of the processes holds them."""
    data = prepare_data(config.data, config.model)
    train = config.train
    with torch.random.fork_rng():
        augmentation = make_augmentation(config, build_model(config.model))
    return list(
        load_steps(
            data.train,
            training_steps(data.train.n_samples, train.batch_size, 1, train.seed, 0),
            ClipReader(config.data.wave_norm, data.statistics),
            augmentation,
            0,
            accumulation=train.accumulation,
            rank=ranks.rank,
            n_ranks=ranks.size,
        )
    )


if __name__ == "__main__":
    main()
