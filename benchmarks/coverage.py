"""Coverage of the intervals of CCC: how often they hold the true value, by simulation.

    python benchmarks/coverage.py

prints the table in docs/evaluation.md. Labels and predictions are normal, with three dimensions of
a true CCC of 0.45, 0.78 and 0.95; a fifth of their variance is the speaker's, or half where the
numbers of utterances are uneven.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np

from lemf import bootstrap_interval
from msfser.ccc import FloatArray, ccc
from msfser.evaluation.intervals import ccc_draws, ccc_intervals, count_units
from msfser.evaluation.scores import with_average

SLOPES = np.array([0.36, 0.64, 0.9025])  # of predictions on labels; squared correlations
BIASES = np.array([0.5, 0.0, 0.0])
NOISES = np.sqrt(SLOPES * (1 - SLOPES))
TRUE = with_average(2 * SLOPES / (1 + SLOPES**2 + NOISES**2 + BIASES**2))
N_UNITS = (5, 6, 8, 10, 20, 30, 50)


@dataclass(frozen=True)
class Situation:
    """What is drawn: speakers of so many utterances, on average where `uneven`."""

    name: str
    share: float = 0.0  # of the variance that is the speaker's
    utterances: int = 1  # per speaker
    uneven: bool = False
    folds: int = 1  # of equally many speakers


SITUATIONS = (
    Situation("utterances"),
    Situation("speakers of 20", share=0.2, utterances=20),
    Situation("uneven speakers", share=0.5, utterances=20, uneven=True),
    Situation("speakers of 20, mean of 5 folds", share=0.2, utterances=20, folds=5),
)


def draw_fold(
    situation: Situation, n_speakers: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, list[str]]:
    """Draw labels, predictions and speakers."""
    sizes = np.full(n_speakers, situation.utterances)
    if situation.uneven:
        sizes = rng.geometric(1 / situation.utterances, n_speakers)
    speakers = np.repeat(np.arange(n_speakers), sizes)
    of_speaker = np.sqrt(situation.share) * rng.standard_normal((2, n_speakers, 3))
    alone = np.sqrt(1 - situation.share) * rng.standard_normal((2, len(speakers), 3))
    labels, noise = of_speaker[:, speakers] + alone
    return labels, SLOPES * labels + NOISES * noise + BIASES, [f"s{i}" for i in speakers]


def simulate(
    situation: Situation, n_units: int, *, trials: int, n_resamples: int, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Compute the share of trials whose interval holds the true value.

    Returns
    -------
    percentiles, student : (4,) float64
        Of the percentiles of the draws, and of `ccc_intervals`; three dimensions and their average.
    """
    rng = np.random.default_rng(seed)
    values, percentiles, student = np.empty((3, trials, 4, 2))
    for trial in range(trials):
        parts, counts = [], []
        for fold in range(situation.folds):
            labels, predictions, speakers = draw_fold(situation, n_units // situation.folds, rng)
            drawn = ccc_draws(
                predictions, labels, speakers, n_resamples=n_resamples, seed=trial + fold
            )
            counts.append(count_units(labels, speakers).min())
            parts.append(with_average(np.vstack([ccc(predictions, labels), drawn])))
        value, *draws = np.mean(parts, axis=0)
        values[trial] = value[:, np.newaxis]
        percentiles[trial] = [bootstrap_interval(column) for column in np.transpose(draws)]
        student[trial] = ccc_intervals(
            value, np.array(draws), np.full(4, np.sum(counts)), situation.folds
        )
    # A fold of few speakers has a lower CCC than all speakers: its expectation is the true value.
    true = TRUE if situation.folds == 1 else values[..., 0].mean(axis=0)
    return tuple(
        ((bounds[..., 0] <= true) & (bounds[..., 1] >= true)).mean(axis=0)
        for bounds in (percentiles, student)
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    print("| n | " + " | ".join(situation.name for situation in SITUATIONS) + " |")
    print("| --: |" + " --: |" * len(SITUATIONS))
    for n_units in N_UNITS:
        cells = []
        for situation in SITUATIONS:
            if n_units < 2 * situation.folds or n_units % situation.folds:
                cells.append("")
                continue
            shares = simulate(
                situation,
                n_units,
                trials=arguments.trials,
                n_resamples=arguments.resamples,
                seed=arguments.seed,
            )
            before, now = (f"{s[:3].mean():.2f} {s[3]:.2f}" for s in shares)
            cells.append(f"{before} → **{now}**")
        print(f"| {n_units} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
