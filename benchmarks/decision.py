"""Fit the decisions that lemf ships, and judge them on speakers and texts that were left out.

    LEMF_SPEECH_DATA=... python benchmarks/decision.py [--figure reliability.png]

Fits a slope of the score of `listeners`, an intercept, and perhaps the excursion in semitones and
the spectral balance in decibels, to the 70 sentences of EmoDB that listeners rated: emphasis from
2.0 on, accent from 1.5 on. Which of the measures take part is chosen inside each fold, whose
sentences share neither speaker nor text with those that it judges. Prints the models as
`lemf/scoring/decision_models.py` holds them; then, on the grids by hand, those of Praat's aligner
and those of lemf, how well the words are told: with 95 % bootstrap intervals over sentences.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import lemf
from lemf.agreement.calibration import (
    calibration_error,
    perfect_calibration_error,
    reliability,
)
from lemf.agreement.detection import (
    average_precision,
    count_accuracy,
    none_or_some_auc,
    precision_recall,
)
from lemf.agreement.fitting.decision import VARIANTS, FittedDecision, fit_words
from lemf.agreement.fitting.labelled_words import LabelledWords, read_words

Numbers = NDArray[np.float64]
CUTS = {"emphasis": 2.0, "accent": 1.5}
SETTINGS = lemf.Settings(cues="listeners", decide="off")
N_RESAMPLES = 1000
MEASURES: dict[str, Callable[[Sequence[Numbers], Sequence[NDArray[np.bool_]]], float]] = {
    "F1": lambda p, y: precision_recall(np.concatenate(p) >= 0.5, np.concatenate(y)).f1,
    "PR-AUC": lambda p, y: average_precision(np.concatenate(p), np.concatenate(y)),
    "ECE": lambda p, y: calibration_error(np.concatenate(p), np.concatenate(y)),
    "none or some": none_or_some_auc,
    "none, one, several": lambda p, y: count_accuracy([one >= 0.5 for one in p], y),
}


def with_interval(
    measure: Callable[[Sequence[Numbers], Sequence[NDArray[np.bool_]]], float],
    held_out: Sequence[Numbers],
    emphasised: Sequence[NDArray[np.bool_]],
) -> str:
    """Format a measure with its bootstrap interval over sentences."""
    generator = np.random.default_rng(0)
    values = []
    for _ in range(N_RESAMPLES):
        drawn = generator.integers(len(held_out), size=len(held_out))
        values.append(measure([held_out[i] for i in drawn], [emphasised[i] for i in drawn]))
    if np.isnan(values).all():  # accents: no sentence is without one
        return "-"
    low, high = np.nanquantile(values, [0.025, 0.975])
    return f"{measure(held_out, emphasised):.2f} [{low:.2f}, {high:.2f}]"


def print_row(grids: str, name: str, fitted: FittedDecision) -> None:
    """Print the measures of the probabilities of sentences left out."""
    emphasised = [one.emphasised for one in fitted.sentences]
    cells = [with_interval(one, fitted.held_out, emphasised) for one in MEASURES.values()]
    everything = np.concatenate(fitted.held_out)
    perfect = perfect_calibration_error(everything)
    print(f"| {grids} | {name} | {' | '.join(cells)} | {perfect:.3f} |", flush=True)


def describe(fitted: FittedDecision, cut: float) -> str:
    """Format a model and the choices of its folds."""
    model = fitted.model
    chosen = ", ".join(
        f"{' + '.join(names) or 'score alone'} in {n}" for names, n in fitted.chosen.items()
    )
    absolute = ", ".join(f'"{cue}": {value:.4f}' for cue, value in model.absolute.items())
    means, floors = (
        ", ".join(f'"{cue}": {value:.2f}' for cue, value in values.items())
        for values in (model.means, model.floors)
    )
    return (
        f"{model.name} (ratings from {cut}): intercept={model.intercept:.3f}, "
        f"slope={model.slope:.4f}, absolute={{{absolute}}}, means={{{means}}}, "
        f"floors={{{floors}}}\n"
        f"    {len(VARIANTS)} sets of measures were tried in each of {fitted.n_folds} folds "
        f"({fitted.left_out} left out): {chosen}"
    )


def align_alone(labels: Sequence[lemf.Label], folder: Path) -> list[lemf.Label]:
    """Align each recording by itself, by the models that ship."""
    found = []
    for label in labels:
        text = " ".join(label.words or ())
        grid = lemf.align(label.audio, text, language="de", force_fit=True)
        path = folder / f"{label.id}.TextGrid"
        lemf.write_textgrid(grid, path)
        found.append(replace(label, textgrid=str(path)))
    return found


def draw_reliability(fitted: FittedDecision, path: Path) -> None:
    """Draw the share of emphasised words over their probability, left out."""
    from matplotlib.figure import Figure

    emphasised = np.concatenate([one.emphasised for one in fitted.sentences])
    found = reliability(np.concatenate(fitted.held_out), emphasised)
    figure = Figure(figsize=(4.5, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1.0)
    axes.plot(found.mean_probability, found.share_emphasised, "o-", color="#0072b2")
    for p, share, n in zip(
        found.mean_probability, found.share_emphasised, found.n_words, strict=True
    ):
        if n:
            axes.annotate(f"{n}", (p, share), xytext=(5, -10), textcoords="offset points", size=8)
    axes.set_xlabel("probability of emphasis")
    axes.set_ylabel("share of emphasised words")
    axes.set_title("Speakers and texts left out; counts of words", loc="left", size=9)
    figure.savefig(path, dpi=150, metadata={"Software": "lemf"})


def main() -> None:
    """Fit, judge and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--figure", type=Path)
    chosen = parser.parse_args()
    folder = Path(os.environ["LEMF_SPEECH_DATA"]) / "emodb"
    by_hand = lemf.read_labels(folder / "metadata.jsonl")
    praat = [
        replace(one, textgrid=str(folder / "textgrid-praat" / Path(one.textgrid).name))
        for one in by_hand
    ]
    with tempfile.TemporaryDirectory() as scratch:
        sources = {"hand": by_hand, "Praat": praat, "lemf": align_alone(by_hand, Path(scratch))}
        words: dict[tuple[str, str], tuple[LabelledWords, ...]] = {
            (grids, name): read_words(labels, SETTINGS, cut=cut)[0]
            for grids, labels in sources.items()
            for name, cut in CUTS.items()
        }
    fits = {key: fit_words(sentences, SETTINGS, name=key[1]) for key, sentences in words.items()}
    for name, cut in CUTS.items():
        print(describe(fits["hand", name], cut))
    print(f"\n| grids | decision | {' | '.join(MEASURES)} | ECE of a perfect model |")
    print("| --- " * (len(MEASURES) + 3) + "|")
    for (grids, name), fitted in fits.items():
        print_row(grids, name, fitted)
    if chosen.figure is not None:
        draw_reliability(fits["hand", "emphasis"], chosen.figure)


if __name__ == "__main__":
    main()
