"""Fit the decisions that lemf ships, and judge them on speakers and texts that were left out.

    LEMF_SPEECH_DATA=... python benchmarks/decision.py [--figure reliability.png]

Fits a slope of the score of `listeners`, an intercept, and perhaps the excursion in semitones and
the spectral balance in decibels, to the 70 sentences of EmoDB that listeners rated: emphasis from
2.0 on, accent from 1.5 on. Which of the measures take part is chosen inside each fold, whose
sentences share neither speaker nor text with those that it judges. Prints the models as
`lemf/scoring/decision_models.py` holds them; then, on the grids by hand, those of Praat's aligner
and those of lemf, how well the words are told: with 95 % bootstrap intervals over sentences. More
rows judge the models of grids by hand on the automatic grids of the sentences left out, and the
score alone, with a slope and an intercept.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

import lemf
from lemf.agreement.calibration import reliability
from lemf.agreement.fitting.decision import VARIANTS, FittedDecision, fit_words
from lemf.agreement.fitting.held_out import judge_held_out
from lemf.agreement.fitting.labelled_words import LabelledWords, read_words

CUTS = {"emphasis": 2.0, "accent": 1.5}
SETTINGS = lemf.Settings(cues="listeners", decide="off")
MEASURES = {  # by their names in `HeldOut`
    "f1": "F1",
    "pr_auc": "PR-AUC",
    "ece": "ECE",
    "none_or_some_auc": "none or some",
    "none_one_several": "none, one, several",
}


def print_row(grids: str, name: str, fitted: FittedDecision) -> None:
    """Print the measures of the probabilities of sentences left out, with their intervals."""
    found = judge_held_out(fitted)
    cells = []
    for key in MEASURES:
        low, high = found.intervals["sentences"][key]
        known = not np.isnan(found.measures[key])  # accents: no sentence is without one
        cells.append(f"{found.measures[key]:.2f} [{low:.2f}, {high:.2f}]" if known else "-")
    print(f"| {grids} | {name} | {' | '.join(cells)} | {found.perfect_ece:.3f} |", flush=True)


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
    alone = {  # a slope of the score and an intercept
        (grids, name): fit_words(sentences, SETTINGS, name=name, variants=[()])
        for (grids, name), sentences in words.items()
    }
    by_hand_elsewhere = {  # what a model of grids by hand, as shipped, does on automatic ones
        (grids, name): fit_words(words["hand", name], SETTINGS, name=name, judged=sentences)
        for (grids, name), sentences in words.items()
        if grids != "hand"
    }
    for name, cut in CUTS.items():
        print(describe(fits["hand", name], cut))
    print(f"\n| grids | decision | {' | '.join(MEASURES.values())} | ECE of a perfect model |")
    print("| --- " * (len(MEASURES) + 3) + "|")
    for rows, how in (
        (fits, ""),
        (by_hand_elsewhere, ", fitted on grids by hand"),
        (alone, ", score alone"),
    ):
        for (grids, name), fitted in rows.items():
            print_row(grids, name + how, fitted)
    if chosen.figure is not None:
        draw_reliability(fits["hand", "emphasis"], chosen.figure)


if __name__ == "__main__":
    main()
