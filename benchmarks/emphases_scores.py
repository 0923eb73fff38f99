"""Scores of emphases 0.0.2 by its own checkpoint, as a file for `lemf evaluate --scores`.

    pip install 'lemf[ser]' librosa pypar yapecs && pip install --no-deps emphases==0.0.2
    python benchmarks/emphases_scores.py LABELS -o emphases.csv

emphases cannot be imported with current versions of all that it asks for. Its mel model, the
default, needs little of that; the rest is stood in for.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from unittest.mock import MagicMock

import numpy as np
import pypar
import soundfile
import soxr
import torch
from numpy.typing import NDArray

import lemf
from lemf.agreement.labels.files import Label, read_labels

RATE_HZ = 16000  # of the model
UNUSED = (
    "GPUtil",
    "huggingface_hub",
    "penn",
    "pyfoal",
    "reseval",
    "torchaudio",
    "torchutil",
)


def main() -> None:
    """Read labels, score their recordings, write one row per word."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labels")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    score_words = load_neural()
    with arguments.output.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["id", "index", "word", "score"])
        for label in read_labels(arguments.labels):
            for i, (word, score) in enumerate(score_words(label)):
                writer.writerow([label.id, i, word, score])


Scorer = Callable[[Label], list[tuple[str, float]]]  # words of the tier ``words`` with a score


def load_neural() -> Scorer:
    """Return the neural network with the weights that the package holds."""
    emphases = import_emphases()
    checkpoint = Path(emphases.__file__).parent / "assets" / "checkpoints" / "checkpoint.pt"
    model = emphases.Model()
    model.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["model"])
    model.eval()

    def score(label: Label) -> list[tuple[str, float]]:
        samples, rate_hz, alignment, names = _read(label)
        samples = torch.from_numpy(soxr.resample(samples, rate_hz, RATE_HZ, quality="VHQ"))
        scores: list[float] = []
        with torch.no_grad():
            for features, bounds in emphases.preprocess(alignment, samples[None], RATE_HZ):
                lengths = torch.tensor([features.shape[-1]]), torch.tensor([bounds.shape[-1]])
                logits = model(features, lengths[0], bounds, lengths[1])[0]
                scores += emphases.postprocess(logits)[0].tolist()
        return _spoken(names, scores)

    return score


def import_emphases() -> ModuleType:
    """Import emphases; what it needs for other things is stood in for."""
    arguments, sys.argv = sys.argv, sys.argv[:1]  # emphases reads it when it is imported
    sys.modules.update({name: MagicMock() for name in UNUSED})
    sys.modules["coverage"] = None  # type: ignore[assignment]  # numba would take the script
    if find_spec("pycwt") is None:  # the wavelet transform needs it, the network does not
        sys.modules["pycwt"] = MagicMock()
    import emphases

    sys.argv = arguments
    return emphases


def _read(label: Label) -> tuple[NDArray[np.float32], int, pypar.Alignment, list[str]]:
    samples, rate_hz = soundfile.read(label.audio, dtype="float32")
    (tier,) = (t for t in lemf.read_textgrid(label.textgrid).tiers if t.name == "words")
    names = [interval.label or pypar.SILENCE for interval in tier.intervals]
    alignment = pypar.Alignment(
        [
            # both look at words only, so one phone a word will do
            pypar.Word(name, [pypar.Phoneme(name, interval.start_s, interval.end_s)])
            for name, interval in zip(names, tier.intervals, strict=True)
        ]
    )
    return samples, rate_hz, alignment, names


def _spoken(names: list[str], scores: list[float]) -> list[tuple[str, float]]:
    return [
        (name, score) for name, score in zip(names, scores, strict=True) if name != pypar.SILENCE
    ]


if __name__ == "__main__":
    main()
