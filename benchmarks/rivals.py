"""Detect emphasised words by lemf and by what else can be had, in one table.

    python benchmarks/rivals.py LABELS [--cut 2.0] [--scores NAME=FILE ...] [--write FOLDER]

LABELS is a file with ratings that `lemf evaluate` takes; a word is emphasised if it is rated at
the cut or above. Each system gives one number per word; P(emphasised) is a logistic function of it
whose slope and intercept were fitted without the speaker and the text of the sentence. Prints
Markdown; 95 % intervals by a bootstrap over sentences. A rival that is not installed is named with
the reason: `emphases_scores.py`, `wavelet_scores.py` and `autorpt_scores.py` say how to install
theirs. `--scores` adds a system from a file such as `lemf evaluate` reads (WhiStress, EmphaClass, a
language model ...); `--write` writes the scores of the rivals in that form.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import lemf
from lemf.agreement import calibration, detection
from lemf.agreement.bootstrap import bootstrap_interval
from lemf.agreement.external_systems import baseline_scores, match_scores, read_scores
from lemf.agreement.fitting.logistic import fit_logistic
from lemf.agreement.folds import make_folds
from lemf.agreement.labels.files import Label, read_labels
from lemf.agreement.labels.rated_sentences import RatedSentence, rate_sentences
from lemf.agreement.measures import rating_margin, top_n, top_word
from lemf.arrays import BoolArray, FloatArray

Score = Callable[[Label], Sequence[float] | FloatArray]
CUES = ("paper", "listeners")
N_GROUPS = 6  # of speakers and of texts, as in lemf fit
THRESHOLD = 0.5  # of P, from which a word is decided
RIDGE = 1e-3  # a word, on the slope
N_RESAMPLES = 1000
SEED = 0
MEASURES = ("F1", "PR-AUC", "ROC-AUC", "ECE", "none or some", "none, one, several", "top-1")


def main() -> None:
    """Score, calibrate, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labels")
    parser.add_argument("--cut", type=float, default=2.0, help="rating of an emphasised word")
    parser.add_argument("--scores", action="append", default=[], metavar="NAME=FILE")
    parser.add_argument("--write", type=Path, help="folder for the rivals' scores")
    options = parser.parse_args()
    labels = read_labels(options.labels)
    rated = rate_sentences(labels, [lemf.Settings(cues=cues) for cues in CUES])
    sentences = sorted((*rated.judged, *rated.tied), key=lambda one: one.id)
    systems = {
        f"lemf, {cues}": [one.scored.scores[i] for one in sentences] for i, cues in enumerate(CUES)
    }
    systems |= score_rivals(labels, sentences, options.write)
    for text in options.scores:
        name, path = text.split("=", 1)
        found, unjudged = match_scores(name, read_scores(path), sentences)
        if unjudged:
            raise SystemExit(f"{path}: {unjudged[0].id}: {unjudged[0].reason}; score every word")
        systems[name] = [values for values in found if values is not None]
    for name, scores in baseline_scores(sentences, sentences).items():
        systems[f"*{name}*"] = scores
    print_table(systems, sentences, options.cut)


def score_rivals(
    labels: Sequence[Label], sentences: Sequence[RatedSentence], folder: Path | None
) -> dict[str, list[FloatArray]]:
    """Return the scores of the rivals that are installed; say why others are not."""
    by_id = {label.id: label for label in labels}
    systems = {}
    for name, load in RIVALS.items():
        try:
            score = load()
            scores = [np.array(score(by_id[one.recording]), dtype=float) for one in sentences]
        except (ImportError, OSError) as error:
            print(f"{name}: left out: {error}", file=sys.stderr)
            continue
        systems[name] = scores
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{name.replace(' ', '_').replace(',', '')}.csv"
            with path.open("w", newline="", encoding="utf-8") as stream:
                writer = csv.writer(stream, lineterminator="\n")
                writer.writerow(["id", "index", "score"])
                for one, values in zip(sentences, scores, strict=True):
                    writer.writerows([one.recording, i, value] for i, value in enumerate(values))
    return systems


def load_wavelet() -> Score:
    """Return the wavelet prosody toolkit."""
    import wavelet_scores

    return wavelet_scores.load_wavelet()


def load_emphases() -> Score:
    """Return the neural network of emphases."""
    import emphases_scores

    score = emphases_scores.load_neural()
    return lambda label: [value for _, value in score(label)]


def load_autorpt() -> Score:
    """Return AutoRPT's two networks."""
    import autorpt_scores

    return autorpt_scores.AutoRPT().score_words


def load_praat(what: str) -> Callable[[], Score]:
    """Return the word's highest F0 in semitones, or intensity in dB, or both, in z."""

    def load() -> Score:
        import parselmouth

        from lemf.cues.zscore import zscore
        from lemf.reading.alignment import align

        def score(label: Label) -> FloatArray:
            sound = parselmouth.Sound(label.audio)
            pitch, intensity = sound.to_pitch(), sound.to_intensity()
            with np.errstate(divide="ignore"):
                f0_st = 12 * np.log2(pitch.selected_array["frequency"])
            tracks = {
                "F0": (pitch.xs(), np.where(np.isfinite(f0_st), f0_st, np.nan)),
                "intensity": (intensity.xs(), intensity.values[0]),
            }
            grid = lemf.read_textgrid(label.textgrid)
            (words,) = align(grid, lemf.Settings(), sound.duration).sentences
            total = np.zeros(len(words))
            for name in tracks if what == "both" else (what,):
                times_s, values = tracks[name]
                inside = [
                    values[(times_s >= word.start_s) & (times_s < word.end_s)] for word in words
                ]
                maxima = [np.max(one[np.isfinite(one)], initial=-np.inf) for one in inside]
                total += zscore(np.where(np.isfinite(maxima), maxima, np.nan))
            return total

        return score

    return load


RIVALS: dict[str, Callable[[], Score]] = {
    "wavelet toolkit": load_wavelet,
    "emphases": load_emphases,
    "AutoRPT": load_autorpt,
    "Praat, F0": load_praat("F0"),
    "Praat, intensity": load_praat("intensity"),
    "Praat, both": load_praat("both"),
}


def held_out_probabilities(
    scores: Sequence[FloatArray],
    emphasised: Sequence[BoolArray],
    speakers: Sequence[str | None],
    texts: Sequence[str],
) -> list[FloatArray]:
    """Return P(emphasised) by logistic functions fitted without the speaker and the text."""
    probabilities = [np.full(len(one), np.nan) for one in scores]
    for fold in make_folds(speakers, texts, n_groups=N_GROUPS):
        x = np.concatenate([scores[i] for i in fold.train])
        y = np.concatenate([emphasised[i] for i in fold.train])
        intercept, (slope,) = fit_logistic(x[:, None], y, ridge=RIDGE * len(x))
        for i in fold.test:
            probabilities[i] = 1 / (1 + np.exp(-(intercept + slope * scores[i])))
    return probabilities


def measure_detection(
    probabilities: Sequence[FloatArray], emphasised: Sequence[BoolArray]
) -> list[float]:
    """Return the MEASURES of labels that are 0 or 1, without top-1."""
    p, y = np.concatenate(probabilities), np.concatenate(emphasised)
    decided = [one >= THRESHOLD for one in probabilities]
    return [
        detection.precision_recall(p >= THRESHOLD, y).f1,
        detection.average_precision(p, y),
        detection.roc_auc(p, y),
        calibration.calibration_error(p, y),
        detection.none_or_some_auc(probabilities, emphasised),
        detection.count_accuracy(decided, emphasised),
    ]


def measure_top(scores: FloatArray, ratings: FloatArray) -> float:
    """Return top-1 of a sentence; NaN where two words are rated highest."""
    if rating_margin(ratings) <= 0:
        return np.nan
    return top_n(scores, top_word(ratings), 1)


def print_table(
    systems: dict[str, list[FloatArray]], sentences: Sequence[RatedSentence], cut: float
) -> None:
    """Calibrate each system and print its measures with their intervals."""
    emphasised = [one.ratings >= cut for one in sentences]
    speakers = [one.speaker for one in sentences]
    texts = [one.text for one in sentences]
    ratings = [one.ratings for one in sentences]
    drawn = np.random.default_rng(SEED).integers(len(sentences), size=(N_RESAMPLES, len(sentences)))
    words, positives = sum(map(len, ratings)), int(sum(one.sum() for one in emphasised))
    print(f"{len(sentences)} sentences, {words} words, {positives} of them rated {cut:g} or more\n")
    print(f"| system | {' | '.join(MEASURES)} |\n| --- |{' --- |' * len(MEASURES)}")
    for name, scores in systems.items():
        p = held_out_probabilities(scores, emphasised, speakers, texts)
        tops = np.array([measure_top(*pair) for pair in zip(scores, ratings, strict=True)])
        rows = np.array(
            [
                [
                    *measure_detection([p[i] for i in draw], [emphasised[i] for i in draw]),
                    np.nanmean(tops[draw]),
                ]
                for draw in [np.arange(len(sentences)), *drawn]
            ]
        )
        cells = []
        for values in rows.T:
            low, high = bootstrap_interval(values[1:])
            cells.append(f"{values[0]:.2f} [{low:.2f}, {high:.2f}]")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
